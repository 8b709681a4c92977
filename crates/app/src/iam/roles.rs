//! Roles: the predefined ones and a project's own.

use wharf_store::meta::access::{projects, roles};
use wharf_store::meta::{Durability, Transaction};
use wharf_types::error::OciCode;
use wharf_types::permission::{
    ROLES_CREATE, ROLES_DELETE, ROLES_GET, ROLES_LIST, ROLES_UNDELETE, ROLES_UPDATE,
};
use wharf_types::role::PredefinedRole;
use wharf_types::{Etag, Permission, ProjectId, Resource, RoleName, limits};

pub use wharf_store::meta::access::roles::CustomRole;

use crate::{App, Caller, Error, Missing, clock};

/// How far a role has come. One that is `DISABLED` grants nothing.
const STAGES: [&str; 6] = ["ALPHA", "BETA", "GA", "DEPRECATED", "DISABLED", "EAP"];

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

impl RoleContent {
    fn check(&self) -> Result<(), Error> {
        if let Some(title) = &self.title {
            super::text::check("title", title, limits::DISPLAY_NAME_LENGTH_MAX)?;
        }
        if let Some(text) = &self.description {
            super::text::check("description", text, limits::DESCRIPTION_LENGTH_MAX)?;
        }
        if let Some(stage) = &self.stage
            && !STAGES.contains(&stage.as_str())
        {
            return Err(invalid(format!(
                "{:?} is not a stage of a role: use one of {}",
                wharf_types::text::shorten(stage),
                STAGES.join(", ")
            )));
        }
        let count = self.permissions.as_ref().map_or(0, Vec::len);
        if count > limits::ROLE_PERMISSIONS_MAX {
            return Err(invalid(format!(
                "the role has {count} permissions, more than the {} that are allowed",
                limits::ROLE_PERMISSIONS_MAX
            )));
        }
        Ok(())
    }

    fn apply(self, role: &mut CustomRole) {
        if let Some(title) = self.title {
            role.title = title;
        }
        if let Some(text) = self.description {
            role.description = text;
        }
        if let Some(stage) = self.stage {
            role.stage = stage;
        }
        if let Some(mut permissions) = self.permissions {
            permissions.sort_unstable();
            permissions.dedup();
            role.permissions = permissions;
        }
    }
}

impl App {
    /// Any role; custom ones need `iam.roles.get`. One that is deleted is there too, for as long as its name is taken.
    pub async fn get_role(&self, caller: &Caller, name: &RoleName) -> Result<Role, Error> {
        if name.custom_parts().is_none() {
            return match PredefinedRole::find(name.as_str()) {
                Some(role) => Ok(Role::Predefined(role)),
                None => Err(Error::not_found(Missing::Role, name)),
            };
        }
        self.authorize_role(caller, ROLES_GET, name).await?;
        let name = name.clone();
        self.meta
            .read(move |transaction| Ok(Role::Custom(find(transaction, &name)?)))
            .await
    }

    /// A project's custom roles, in order of name.
    pub async fn list_roles(
        &self,
        caller: &Caller,
        project: &ProjectId,
        show_deleted: bool,
    ) -> Result<Vec<CustomRole>, Error> {
        let resource = Resource::Project(project.clone());
        self.authorize(caller, &[ROLES_LIST], &resource).await?;
        let project = project.clone();
        self.meta
            .read(move |transaction| {
                if projects::find(transaction, &project)?.is_none() {
                    return Err(Error::not_found(Missing::Project, &project));
                }
                let mut roles = roles::list(transaction, &project)?;
                roles.retain(|role| show_deleted || role.deleted_at.is_none());
                Ok(roles)
            })
            .await
    }

    /// `queryGrantableRoles`: the roles that can stand in the policy of a resource, in order of name. The project's own
    /// are among them if the caller may list them.
    pub async fn grantable_roles(
        &self,
        caller: &Caller,
        resource: &Resource,
    ) -> Result<Vec<Role>, Error> {
        let is_grantable = |role: &&PredefinedRole| role.misfit(resource).is_none();
        let mut grantable = Vec::new();
        if let Some(project) = resource.project() {
            let on = Resource::Project(project.clone());
            if self.is_allowed(caller, ROLES_LIST, &on).await? {
                let own = self
                    .meta
                    .read(move |transaction| Ok::<_, Error>(roles::list(transaction, &project)?))
                    .await?;
                grantable.extend(
                    own.into_iter()
                        .filter(|role| role.deleted_at.is_none())
                        .map(Role::Custom),
                );
            }
        }
        // `projects/…` comes before `roles/…`.
        let predefined = PredefinedRole::all().iter().filter(is_grantable);
        grantable.extend(predefined.map(Role::Predefined));
        Ok(grantable)
    }

    /// Creates a custom role. An id is never used again, not even that of a deleted role: policies may still name it.
    pub async fn create_role(
        &self,
        caller: &Caller,
        name: &RoleName,
        content: RoleContent,
    ) -> Result<CustomRole, Error> {
        let project = self.authorize_role(caller, ROLES_CREATE, name).await?;
        content.check()?;
        let mut role = CustomRole {
            name: name.clone(),
            project,
            title: String::new(),
            description: String::new(),
            stage: "GA".to_owned(),
            permissions: Vec::new(),
            generation: 1,
            deleted_at: None,
        };
        content.apply(&mut role);
        self.meta
            .write(Durability::Machine, move |transaction| {
                if projects::find(transaction, &role.project)?
                    .is_none_or(|project| project.deleted_at.is_some())
                {
                    return Err(Error::not_found(Missing::Project, &role.project));
                }
                if let Some(other) = roles::find(transaction, &role.name)? {
                    let deleted = match other.deleted_at {
                        Some(_) => " (deleted; the id of a role is not used again)",
                        None => "",
                    };
                    return Err(Error::AlreadyExists(format!("role {}{deleted}", role.name)));
                }
                check_room(transaction, &role.project)?;
                roles::insert(transaction, &role)?;
                Ok(role.clone())
            })
            .await
    }

    /// Changes what `content` has. If there is an etag, it must be that of the role as it is now.
    pub async fn update_role(
        &self,
        caller: &Caller,
        name: &RoleName,
        content: RoleContent,
        etag: Option<Etag>,
    ) -> Result<CustomRole, Error> {
        self.authorize_role(caller, ROLES_UPDATE, name).await?;
        content.check()?;
        self.change_role(name, etag, move |_, role| {
            if role.deleted_at.is_some() {
                return Err(Error::FailedPrecondition(format!(
                    "role {} was deleted: restore it first",
                    role.name
                )));
            }
            content.clone().apply(role);
            Ok(())
        })
        .await
    }

    /// Marks a custom role deleted: it grants nothing from now on, and can be restored for seven days. If there is an
    /// etag, it must be that of the role as it is now.
    pub async fn delete_role(
        &self,
        caller: &Caller,
        name: &RoleName,
        etag: Option<Etag>,
    ) -> Result<CustomRole, Error> {
        self.authorize_role(caller, ROLES_DELETE, name).await?;
        let now = clock::now();
        self.change_role(name, etag, move |_, role| {
            if role.deleted_at.is_some() {
                return Err(Error::FailedPrecondition(format!(
                    "role {} was deleted already",
                    role.name
                )));
            }
            role.deleted_at = Some(now);
            Ok(())
        })
        .await
    }

    /// Restores a custom role. If there is an etag, it must be that of the role as it is now.
    pub async fn undelete_role(
        &self,
        caller: &Caller,
        name: &RoleName,
        etag: Option<Etag>,
    ) -> Result<CustomRole, Error> {
        self.authorize_role(caller, ROLES_UNDELETE, name).await?;
        let now = clock::now();
        self.change_role(name, etag, move |transaction, role| {
            let Some(deleted_at) = role.deleted_at else {
                return Err(Error::FailedPrecondition(format!(
                    "role {} is not deleted",
                    role.name
                )));
            };
            if now.duration_since(deleted_at).unsigned_abs() > limits::ROLE_RESTORE_MAX {
                return Err(Error::FailedPrecondition(format!(
                    "role {} was deleted more than 7 days ago and cannot be restored",
                    role.name
                )));
            }
            check_room(transaction, &role.project)?;
            role.deleted_at = None;
            Ok(())
        })
        .await
    }

    /// Asks for a permission on the project of a custom role.
    async fn authorize_role(
        &self,
        caller: &Caller,
        permission: Permission,
        name: &RoleName,
    ) -> Result<ProjectId, Error> {
        let Some((project, _)) = name.custom_parts() else {
            return Err(invalid(format!(
                "{name} comes with the registry and cannot be changed: make a role of your own, projects/PROJECT/roles/ID"
            )));
        };
        let resource = Resource::Project(project.clone());
        self.authorize(caller, &[permission], &resource).await?;
        Ok(project)
    }

    /// Changes a role in one transaction, in which its etag is compared as well.
    async fn change_role(
        &self,
        name: &RoleName,
        etag: Option<Etag>,
        change: impl Fn(&Transaction<'_>, &mut CustomRole) -> Result<(), Error> + Send + 'static,
    ) -> Result<CustomRole, Error> {
        let name = name.clone();
        self.meta
            .write(Durability::Machine, move |transaction| {
                let mut role = find(transaction, &name)?;
                if etag
                    .as_ref()
                    .is_some_and(|etag| *etag != Etag::of_generation(role.generation))
                {
                    return Err(Error::Conflict(format!("role {name}")));
                }
                change(transaction, &mut role)?;
                role.generation += 1;
                roles::update(transaction, &role)?;
                Ok(role)
            })
            .await
    }
}

fn invalid(message: String) -> Error {
    Error::invalid(OciCode::Unsupported, message)
}

fn find(transaction: &Transaction<'_>, name: &RoleName) -> Result<CustomRole, Error> {
    roles::find(transaction, name)?.ok_or_else(|| Error::not_found(Missing::Role, name))
}

fn check_room(transaction: &Transaction<'_>, project: &ProjectId) -> Result<(), Error> {
    if roles::count(transaction, project)? < limits::ROLES_PER_PROJECT_MAX {
        return Ok(());
    }
    Err(Error::FailedPrecondition(format!(
        "project {project} has {} custom roles, which is the most: delete one first",
        limits::ROLES_PER_PROJECT_MAX
    )))
}

#[cfg(test)]
mod tests;
