//! Roles (IAM v1, `roles`, `projects.roles`, `permissions`).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::proto::proto_enum;
use crate::{Etag, Permission};

proto_enum! {
    /// How far a role has come.
    RoleLaunchStage {
        /// Being tried out.
        Alpha = 0 "ALPHA",
        /// Almost settled.
        Beta = 1 "BETA",
        /// Settled.
        Ga = 2 "GA",
        /// On its way out.
        Deprecated = 4 "DEPRECATED",
        /// Grants nothing.
        Disabled = 5 "DISABLED",
        /// For early users.
        Eap = 6 "EAP",
    }
}

proto_enum! {
    /// How much of each role a list shows.
    RoleView {
        /// No permissions.
        Basic = 0 "BASIC",
        /// With permissions.
        Full = 1 "FULL",
    }
}

/// A role. What is absent in a request is left as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Role {
    /// `roles/NAME` or `projects/P/roles/ID`
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// For people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// For people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What it carries; absent in a basic view.
    #[serde(
        alias = "included_permissions",
        skip_serializing_if = "Option::is_none"
    )]
    pub included_permissions: Option<Vec<Permission>>,
    /// How far it has come.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stage: Option<RoleLaunchStage>,
    /// Names the state that was read; predefined roles have it too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub etag: Option<Etag>,
    /// Whether its deletion was requested.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub deleted: bool,
}

/// `GET roles`, `GET projects/P/roles`, `POST roles:queryGrantableRoles`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ListRolesResponse {
    /// In order of name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<Role>,
    /// Asks for the next page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_page_token: Option<String>,
}

/// `POST projects/P/roles`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct CreateRoleRequest {
    /// The last part of the new role's name.
    #[serde(alias = "role_id")]
    pub role_id: String,
    /// What it says.
    pub role: Role,
}

/// `POST projects/P/roles/R:undelete`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct UndeleteRoleRequest {
    /// Names the state that was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub etag: Option<Etag>,
}

/// `POST roles:queryGrantableRoles`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct QueryGrantableRolesRequest {
    /// `//SERVICE/NAME`
    #[serde(alias = "full_resource_name")]
    pub full_resource_name: String,
    /// How much of each role is wanted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub view: Option<RoleView>,
    /// Roles in one page.
    #[serde(alias = "page_size", skip_serializing_if = "Option::is_none")]
    pub page_size: Option<i32>,
    /// The `next_page_token` of the page before.
    #[serde(alias = "page_token", skip_serializing_if = "Option::is_none")]
    pub page_token: Option<String>,
}

/// `POST permissions:queryTestablePermissions`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct QueryTestablePermissionsRequest {
    /// `//SERVICE/NAME`
    #[serde(alias = "full_resource_name")]
    pub full_resource_name: String,
    /// Permissions in one page.
    #[serde(alias = "page_size", skip_serializing_if = "Option::is_none")]
    pub page_size: Option<i32>,
    /// The `next_page_token` of the page before.
    #[serde(alias = "page_token", skip_serializing_if = "Option::is_none")]
    pub page_token: Option<String>,
}

/// The answer of `permissions:queryTestablePermissions`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct QueryTestablePermissionsResponse {
    /// In order of name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub permissions: Vec<TestablePermission>,
    /// Asks for the next page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_page_token: Option<String>,
}

/// One permission that can be tested on a resource.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TestablePermission {
    /// `SERVICE.RESOURCE.VERB`
    pub name: String,
    /// Always `GA`.
    pub stage: RoleLaunchStage,
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use serde_json::json;

    use super::*;

    #[test]
    fn a_role_is_googles_json() {
        let golden = json!({
            "name": "projects/my-project/roles/puller",
            "title": "Puller",
            "includedPermissions": ["storage.objects.get"],
            "stage": "GA",
            "etag": "AAAAAAAAAAE=",
        });
        let role: Role = serde_json::from_value(golden.clone()).unwrap();
        assert_eq!(serde_json::to_value(&role).unwrap(), golden);
        let request: CreateRoleRequest = serde_json::from_value(json!({
            "roleId": "puller", "role": {"included_permissions": ["storage.objects.get"], "stage": 2},
        }))
        .unwrap();
        assert_eq!(request.role.stage, Some(RoleLaunchStage::Ga));
        assert_eq!(
            request.role.included_permissions,
            Some(vec![crate::permission::OBJECTS_GET])
        );
    }
}
