//! Projects (Resource Manager v1 and v3).
//!
//! One thing is this registry's own: a project whose label `wharf-strict-deletes` is `true` deletes by Google's strict rules
//! (a manifest that has tags or is part of an index stays) instead of the distribution-spec's.

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::proto::{Int64, int64, proto_enum};
use crate::Etag;

/// The label of a project that turns Google's strict rules for deletes on: `true` or `false`.
pub const STRICT_DELETES_LABEL: &str = "wharf-strict-deletes";

proto_enum! {
    /// Where in its life a project is.
    LifecycleState {
        /// Nobody says.
        Unspecified = 0 "LIFECYCLE_STATE_UNSPECIFIED",
        /// In use.
        Active = 1 "ACTIVE",
        /// Its deletion was requested: it answers nothing and can be restored.
        DeleteRequested = 2 "DELETE_REQUESTED",
    }
}

/// A project in Resource Manager v1, which gcloud speaks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Project {
    /// The number.
    #[schemars(with = "Int64")]
    #[serde(
        alias = "project_number",
        with = "int64",
        skip_serializing_if = "is_zero"
    )]
    pub project_number: u64,
    /// The id that people chose.
    #[serde(alias = "project_id", skip_serializing_if = "String::is_empty")]
    pub project_id: String,
    /// Where in its life it is.
    #[serde(alias = "lifecycle_state", skip_serializing_if = "Option::is_none")]
    pub lifecycle_state: Option<LifecycleState>,
    /// For people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// When it was created.
    #[serde(alias = "create_time", skip_serializing_if = "Option::is_none")]
    pub create_time: Option<Timestamp>,
    /// For people's tools; see [`STRICT_DELETES_LABEL`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub labels: Option<BTreeMap<String, String>>,
    /// Always the registry itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<ResourceId>,
}

/// The parent of a project in Resource Manager v1.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ResourceId {
    /// `organization`
    #[serde(rename = "type")]
    pub kind: String,
    /// `0`
    pub id: String,
}

/// A project in Resource Manager v3, which client libraries speak.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(rename = "Project")]
pub struct ProjectV3 {
    /// `projects/NUMBER`
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Always `organizations/0`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub parent: String,
    /// The id that people chose.
    #[serde(alias = "project_id", skip_serializing_if = "String::is_empty")]
    pub project_id: String,
    /// Where in its life it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<LifecycleState>,
    /// For people.
    #[serde(alias = "display_name", skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// When it was created.
    #[serde(alias = "create_time", skip_serializing_if = "Option::is_none")]
    pub create_time: Option<Timestamp>,
    /// When its deletion was requested.
    #[serde(alias = "delete_time", skip_serializing_if = "Option::is_none")]
    pub delete_time: Option<Timestamp>,
    /// Names the state that was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub etag: Option<Etag>,
    /// For people's tools; see [`STRICT_DELETES_LABEL`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub labels: Option<BTreeMap<String, String>>,
}

/// `GET projects`, in both versions and in v3's `projects:search`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "ListProjectsResponse")]
pub struct ListProjectsResponse<P> {
    /// In order of id.
    #[serde(default = "Vec::<P>::new", skip_serializing_if = "Vec::is_empty")]
    pub projects: Vec<P>,
    /// Asks for the next page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_page_token: Option<String>,
}

/// The registry itself, as Resource Manager v3 shows an organization.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Organization {
    /// `organizations/0`
    pub name: String,
    /// For people.
    pub display_name: String,
    /// Always in use.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<LifecycleState>,
    /// The same, as v1 has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lifecycle_state: Option<LifecycleState>,
}

/// `POST organizations:search`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct SearchOrganizationsRequest {
    /// Which are wanted. There is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filter: Option<String>,
    /// How many at most.
    #[serde(alias = "page_size", skip_serializing_if = "Option::is_none")]
    pub page_size: Option<i32>,
    /// From where.
    #[serde(alias = "page_token", skip_serializing_if = "Option::is_none")]
    pub page_token: Option<String>,
}

/// `organizations:search`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct SearchOrganizationsResponse {
    /// The one that there is.
    pub organizations: Vec<Organization>,
}

/// `POST projects/P:getAncestry`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(rename = "GetAncestryResponse")]
pub struct AncestryResponse {
    /// From the project up.
    pub ancestor: Vec<Ancestor>,
}

/// One of the resources whose policies hold for a project.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Ancestor {
    /// `project` or `organization`, and its id.
    pub resource_id: ResourceId,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use serde_json::json;

    use super::*;

    #[test]
    fn both_forms_are_googles_json() {
        let golden = json!({
            "projectNumber": "123456789012",
            "projectId": "my-project",
            "lifecycleState": "ACTIVE",
            "name": "My Project",
            "createTime": "2026-01-01T00:00:00Z",
            "labels": {"wharf-strict-deletes": "true"},
            "parent": {"type": "organization", "id": "0"},
        });
        let project: Project = serde_json::from_value(golden.clone()).unwrap();
        assert_eq!(serde_json::to_value(&project).unwrap(), golden);

        let golden = json!({
            "name": "projects/123456789012",
            "parent": "organizations/0",
            "projectId": "my-project",
            "state": "DELETE_REQUESTED",
            "displayName": "My Project",
            "createTime": "2026-01-01T00:00:00Z",
            "deleteTime": "2026-02-01T00:00:00.5Z",
            "etag": "AAAAAAAAAAE=",
        });
        let project: ProjectV3 = serde_json::from_value(golden.clone()).unwrap();
        assert_eq!(serde_json::to_value(&project).unwrap(), golden);
    }

    #[test]
    fn an_empty_list_is_an_empty_object() {
        let list: ListProjectsResponse<Project> = serde_json::from_str("{}").unwrap();
        assert_eq!(serde_json::to_string(&list).unwrap(), "{}");
    }
}
