//! Roles (IAM v1).

use http::Method;
use wharf_types::wire::roles::{CreateRoleRequest, ListRolesResponse, Role};
use wharf_types::{ProjectId, RoleName};

use crate::Client;
use crate::client::{Call, Page};
use crate::error::Error;

/// Roles asked for in one page.
const PAGE_SIZE: usize = 1_000;

impl Page for ListRolesResponse {
    type Item = Role;

    fn split(self) -> (Vec<Role>, Option<String>) {
        (self.roles, self.next_page_token)
    }
}

/// Which of a role's fields an update sends: those that are present.
fn mask(role: &Role) -> String {
    let names = [
        role.title.is_some().then_some("title"),
        role.description.is_some().then_some("description"),
        (role.included_permissions.is_some()).then_some("includedPermissions"),
        role.stage.is_some().then_some("stage"),
    ];
    let names: Vec<_> = names.into_iter().flatten().collect();
    names.join(",")
}

/// `v1/roles/NAME` or `v1/projects/P/roles/ID`
fn path(name: &str) -> impl Iterator<Item = &str> {
    ["v1"].into_iter().chain(name.split('/'))
}

impl Client {
    /// The predefined roles, or a project's own; in order of name.
    pub async fn list_roles(
        &self,
        project: Option<&ProjectId>,
        show_deleted: bool,
    ) -> Result<Vec<Role>, Error> {
        let call = match project {
            Some(project) => Call::get(["v1", "projects", project.as_str(), "roles"]),
            None => Call::get(["v1", "roles"]),
        };
        let mut call = call.query("pageSize", &PAGE_SIZE);
        if show_deleted {
            call = call.query("showDeleted", &true);
        }
        self.pages::<ListRolesResponse>(call).await
    }

    /// Reads a role with its permissions.
    pub async fn get_role(&self, name: &RoleName) -> Result<Role, Error> {
        self.call(Call::get(path(name.as_str()))).await
    }

    /// Creates a project's own role.
    pub async fn create_role(
        &self,
        project: &ProjectId,
        id: &str,
        role: Role,
    ) -> Result<Role, Error> {
        let request = CreateRoleRequest {
            role_id: id.to_owned(),
            role,
        };
        let call = Call::post(["v1", "projects", project.as_str(), "roles"]);
        self.call(call.json(&request)).await
    }

    /// Changes what `role` has; its etag, when it has one, must still be the role's.
    pub async fn update_role(&self, name: &RoleName, role: &Role) -> Result<Role, Error> {
        let call = Call::new(Method::PATCH, path(name.as_str())).query("updateMask", &mask(role));
        self.call(call.json(role)).await
    }

    /// Deletes a role: it grants nothing from now on, and can be restored for seven days.
    pub async fn delete_role(&self, name: &RoleName) -> Result<Role, Error> {
        self.call(Call::new(Method::DELETE, path(name.as_str())))
            .await
    }

    /// Restores a deleted role.
    pub async fn undelete_role(&self, name: &RoleName) -> Result<Role, Error> {
        let name = format!("{name}:undelete");
        self.call(Call::post(path(&name))).await
    }
}
