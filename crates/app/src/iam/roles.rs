//! Roles: the predefined ones and a project's own.

pub use wharf_store::meta::access::roles::CustomRole;
use wharf_types::role::PredefinedRole;
use wharf_types::{Etag, Permission, ProjectId, RoleName};

use crate::{App, Caller, Error};

/// A role of either kind.
#[derive(Clone, Debug)]
pub enum Role {
    /// One that comes with the registry.
    Predefined(&'static PredefinedRole),
    /// A project's own.
    Custom(CustomRole),
}

/// What a custom role says.
#[derive(Clone, Debug, Default)]
pub struct RoleContent {
    /// For people.
    pub title: Option<String>,
    /// For people.
    pub description: Option<String>,
    /// `ALPHA`, `BETA`, `GA`, `DEPRECATED`, `DISABLED`, `EAP`.
    pub stage: Option<String>,
    /// What it carries.
    pub permissions: Option<Vec<Permission>>,
}

impl App {
    /// Any role; custom ones need `iam.roles.get`.
    pub async fn get_role(&self, caller: &Caller, name: &RoleName) -> Result<Role, Error> {
        let _ = (caller, name);
        unimplemented!()
    }

    /// A project's custom roles, in order of name.
    pub async fn list_roles(
        &self,
        caller: &Caller,
        project: &ProjectId,
        show_deleted: bool,
    ) -> Result<Vec<CustomRole>, Error> {
        let _ = (caller, project, show_deleted);
        unimplemented!()
    }

    /// Creates a custom role.
    pub async fn create_role(
        &self,
        caller: &Caller,
        name: &RoleName,
        content: RoleContent,
    ) -> Result<CustomRole, Error> {
        let _ = (caller, name, content);
        unimplemented!()
    }

    /// Changes what `content` has.
    pub async fn update_role(
        &self,
        caller: &Caller,
        name: &RoleName,
        content: RoleContent,
        etag: Option<Etag>,
    ) -> Result<CustomRole, Error> {
        let _ = (caller, name, content, etag);
        unimplemented!()
    }

    /// Marks a custom role deleted: it grants nothing from now on, and can be restored for seven days.
    pub async fn delete_role(&self, caller: &Caller, name: &RoleName) -> Result<CustomRole, Error> {
        let _ = (caller, name);
        unimplemented!()
    }

    /// Restores a custom role.
    pub async fn undelete_role(
        &self,
        caller: &Caller,
        name: &RoleName,
    ) -> Result<CustomRole, Error> {
        let _ = (caller, name);
        unimplemented!()
    }
}
