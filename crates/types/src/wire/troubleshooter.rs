//! `POST /v1/iam:troubleshoot` (Policy Troubleshooter v1): why somebody may or may not.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::proto::proto_enum;
use crate::{Condition, Policy};

proto_enum! {
    /// Whether access is granted.
    AccessState {
        /// Nobody says.
        Unspecified = 0 "ACCESS_STATE_UNSPECIFIED",
        /// It is.
        Granted = 1 "GRANTED",
        /// It is not.
        NotGranted = 2 "NOT_GRANTED",
        /// A condition could not be evaluated; so it is not.
        UnknownConditional = 3 "UNKNOWN_CONDITIONAL",
        /// The asker may not see the policy that decides.
        UnknownInfoDenied = 4 "UNKNOWN_INFO_DENIED",
    }
}

proto_enum! {
    /// Whether a binding's role carries the permission.
    RolePermission {
        /// Nobody says.
        Unspecified = 0 "ROLE_PERMISSION_UNSPECIFIED",
        /// It does.
        Included = 1 "ROLE_PERMISSION_INCLUDED",
        /// It does not.
        NotIncluded = 2 "ROLE_PERMISSION_NOT_INCLUDED",
    }
}

proto_enum! {
    /// Whether a binding's member names the principal.
    Membership {
        /// Nobody says.
        Unspecified = 0 "MEMBERSHIP_UNSPECIFIED",
        /// It does.
        Included = 1 "MEMBERSHIP_INCLUDED",
        /// It does not.
        NotIncluded = 2 "MEMBERSHIP_NOT_INCLUDED",
    }
}

/// The question.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(rename = "GoogleCloudPolicytroubleshooterV1TroubleshootIamPolicyRequest")]
pub struct TroubleshootIamPolicyRequest {
    /// Who, what, on what.
    #[serde(alias = "access_tuple")]
    pub access_tuple: AccessTuple,
}

/// Who, what, on what.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct AccessTuple {
    /// An address, or a member: `serviceAccount:EMAIL`, `user:EMAIL`, `principal://…`, `allUsers` for somebody without a credential.
    pub principal: String,
    /// `//SERVICE/NAME`, or the name alone.
    #[serde(alias = "full_resource_name")]
    pub full_resource_name: String,
    /// `SERVICE.RESOURCE.VERB`
    pub permission: String,
}

/// The answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "GoogleCloudPolicytroubleshooterV1TroubleshootIamPolicyResponse")]
pub struct TroubleshootIamPolicyResponse {
    /// Whether access is granted.
    pub access: AccessState,
    /// This registry's own: the decision in one sentence, the one that a refusal shows.
    #[serde(default)]
    pub summary: String,
    /// The policies that were looked at, from the resource up.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub explained_policies: Vec<ExplainedPolicy>,
}

/// One policy and what it contributed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExplainedPolicy {
    /// Whether this policy alone grants access.
    pub access: AccessState,
    /// Whose policy it is.
    #[serde(default)]
    pub full_resource_name: String,
    /// The policy itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<Policy>,
    /// Its bindings, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub binding_explanations: Vec<BindingExplanation>,
}

/// One binding and what it contributed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BindingExplanation {
    /// Whether this binding alone grants access.
    pub access: AccessState,
    /// The role.
    pub role: String,
    /// Whether the role carries the permission.
    pub role_permission: RolePermission,
    /// For each member, whether it names the principal.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub memberships: BTreeMap<String, AnnotatedMembership>,
    /// The condition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<Condition>,
    /// This registry's own: why the condition does not hold, or could not be evaluated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition_explanation: Option<String>,
}

/// Whether a member names the principal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AnnotatedMembership {
    /// Whether it does.
    pub membership: Membership,
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use serde_json::json;

    use super::*;

    #[test]
    fn the_answer_is_googles_json_and_a_sentence() {
        let golden = json!({
            "access": "NOT_GRANTED",
            "summary": "…",
            "explainedPolicies": [{
                "access": "NOT_GRANTED",
                "fullResourceName": "//cloudresourcemanager.googleapis.com/projects/my-project",
                "bindingExplanations": [{
                    "access": "NOT_GRANTED",
                    "role": "roles/storage.objectViewer",
                    "rolePermission": "ROLE_PERMISSION_INCLUDED",
                    "memberships": {"allUsers": {"membership": "MEMBERSHIP_INCLUDED"}},
                    "condition": {"expression": "false", "title": "never"},
                    "conditionExplanation": "the condition is false",
                }],
            }],
        });
        let answer: TroubleshootIamPolicyResponse = serde_json::from_value(golden.clone()).unwrap();
        assert_eq!(serde_json::to_value(&answer).unwrap(), golden);
    }
}
