//! Bodies of `getIamPolicy`, `setIamPolicy` and `testIamPermissions` (`google.iam.v1`).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Policy;

/// `POST …:getIamPolicy`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GetIamPolicyRequest {
    /// How the policy is wanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub options: Option<GetPolicyOptions>,
}

/// How a policy is wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GetPolicyOptions {
    /// The highest format version that the caller understands: 0, 1 or 3.
    #[serde(default, alias = "requested_policy_version")]
    pub requested_policy_version: i32,
}

/// `POST …:setIamPolicy`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SetIamPolicyRequest {
    /// What the policy becomes.
    #[serde(default)]
    pub policy: Policy,
    /// Which of its fields count, separated by commas; `bindings,etag` when absent.
    #[serde(
        default,
        alias = "update_mask",
        skip_serializing_if = "Option::is_none"
    )]
    pub update_mask: Option<String>,
}

/// `POST …:testIamPermissions`. Permissions that this registry does not know are held by nobody.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TestIamPermissionsRequest {
    /// The permissions in question.
    #[serde(default)]
    pub permissions: Vec<String>,
}

/// The answer of `testIamPermissions`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TestIamPermissionsResponse {
    /// Those of them that the caller has.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub permissions: Vec<String>,
}

/// `POST iamPolicies:lintPolicy`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct LintPolicyRequest {
    /// `//SERVICE/NAME`; may be absent.
    #[serde(alias = "full_resource_name", skip_serializing_if = "String::is_empty")]
    pub full_resource_name: String,
    /// What is to be checked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub condition: Option<crate::Condition>,
}

/// The answer of `iamPolicies:lintPolicy`; empty when nothing is wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct LintPolicyResponse {
    /// What is wrong.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lint_results: Vec<LintResult>,
}

/// One thing that is wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct LintResult {
    /// `CONDITION`
    pub level: String,
    /// Which check it was.
    pub validation_unit_name: String,
    /// `ERROR`: such a condition is refused.
    pub severity: String,
    /// Which field.
    pub field_name: String,
    /// For people.
    pub debug_message: String,
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn what_gcloud_sends_is_understood() {
        let request: SetIamPolicyRequest = serde_json::from_str(
            r#"{"policy":{"bindings":[{"members":["allUsers"],"role":"roles/viewer","condition":{"title":"t","expression":"true"}}],"etag":"_g==","version":3},"updateMask":"bindings,version,etag"}"#,
        )
        .unwrap();
        assert_eq!(request.policy.etag, Some(crate::Etag(vec![0xfe])));
        assert_eq!(request.policy.bindings.len(), 1);
        let request: SetIamPolicyRequest =
            serde_json::from_str(r#"{"policy":{"etag":"","version":3}}"#).unwrap();
        assert!(request.policy.bindings.is_empty());
        let request: GetIamPolicyRequest =
            serde_json::from_str(r#"{"options":{"requestedPolicyVersion":3}}"#).unwrap();
        assert_eq!(request.options.unwrap().requested_policy_version, 3);
    }
}
