//! Roles: names, and the predefined ones as data (Google IAM, "Roles and permissions").

mod predefined;

use crate::name::ProjectId;
use crate::permission::Permission;
use crate::resource::Resource;
use crate::text::shorten;
use predefined::PREDEFINED;

/// The name of a role: `roles/NAME` (predefined) or `projects/P/roles/ID` (custom).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RoleName(Box<str>);

/// Not a role's name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not a role: use roles/NAME, for example roles/storage.objectViewer, or projects/PROJECT/roles/ID"
)]
pub struct RoleNameError(String);

impl RoleName {
    /// Parses a role's name. That it is well-formed does not say that the role exists.
    pub fn parse(text: &str) -> Result<Self, RoleNameError> {
        let id = match text.strip_prefix("roles/") {
            Some(id) => Some(id),
            None => text
                .strip_prefix("projects/")
                .and_then(|rest| rest.split_once("/roles/"))
                .filter(|(project, _)| ProjectId::parse(project).is_ok())
                .map(|(_, id)| id),
        };
        match id {
            Some(id) if is_role_id(id) => Ok(Self(text.into())),
            _ => Err(RoleNameError(shorten(text))),
        }
    }

    /// The name of a project's custom role.
    pub fn custom(project: &ProjectId, id: &str) -> Result<Self, RoleNameError> {
        Self::parse(&format!("projects/{project}/roles/{id}"))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The project and id of a custom role.
    pub fn custom_parts(&self) -> Option<(ProjectId, &str)> {
        let (project, id) = self.0.strip_prefix("projects/")?.split_once("/roles/")?;
        Some((ProjectId::parse(project).ok()?, id))
    }

    /// Whether it is `roles/owner`, `roles/editor` or `roles/viewer`: those take no condition.
    pub fn is_basic(&self) -> bool {
        is_basic(&self.0)
    }
}
crate::string_traits!(RoleName, RoleNameError);

fn is_basic(name: &str) -> bool {
    matches!(name, "roles/owner" | "roles/editor" | "roles/viewer")
}

fn is_role_id(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.'))
}

/// A predefined role.
#[derive(Debug)]
pub struct PredefinedRole {
    /// `roles/…`
    pub name: &'static str,
    /// For people.
    pub title: &'static str,
    /// For people.
    pub description: &'static str,
    /// What it carries: exact permissions, or `PREFIX.*`.
    patterns: &'static [&'static str],
}

impl PredefinedRole {
    /// Finds a predefined role by its full name.
    pub fn find(name: &str) -> Option<&'static Self> {
        PREDEFINED.iter().find(|role| role.name == name)
    }

    /// Every predefined role, in order of name.
    pub fn all() -> &'static [Self] {
        PREDEFINED
    }

    /// Why the policy of a resource cannot bind it; none if it can.
    pub fn misfit(&self, resource: &Resource) -> Option<&'static str> {
        let is_of_bucket = matches!(resource, Resource::Bucket(_));
        if !self.permissions().any(|one| one.is_decided_on(resource)) {
            Some("it carries nothing that is decided there")
        } else if self.name.starts_with("roles/storage.legacy") && !is_of_bucket {
            Some("the legacy roles of Cloud Storage are bound on single buckets")
        } else if is_basic(self.name) && is_of_bucket {
            Some("the basic roles are bound on whole projects")
        } else {
            None
        }
    }

    /// The narrowest role for a permission that people are told of: the one that changes least elsewhere, then least at
    /// all, then the one that is about little else. The `legacy` ones are for old scripts.
    pub fn least_with(permission: Permission) -> Option<&'static Self> {
        let breadth = |role: &&Self| {
            let is_elsewhere = |other: &Permission| other.of() != permission.of();
            let changes: Vec<_> = role.permissions().filter(|p| !p.is_read()).collect();
            (
                changes.iter().filter(|other| is_elsewhere(other)).count(),
                changes.len(),
                role.permissions().filter(is_elsewhere).count(),
                role.permissions().count(),
            )
        };
        PREDEFINED
            .iter()
            .filter(|role| !role.name.contains("legacy"))
            .filter(|role| role.permissions().any(|other| other == permission))
            .min_by_key(breadth)
    }

    /// Its permissions, in order of name.
    pub fn permissions(&self) -> impl Iterator<Item = Permission> + '_ {
        Permission::all().filter(|permission| {
            self.patterns
                .iter()
                .any(|pattern| match pattern.strip_suffix('*') {
                    Some(prefix) => permission.as_str().starts_with(prefix),
                    None => permission.as_str() == *pattern,
                })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_names_a_permission_and_the_table_is_sorted() {
        assert!(PREDEFINED.is_sorted_by(|a, b| a.name < b.name));
        for role in PREDEFINED {
            assert!(RoleName::parse(role.name).is_ok());
            assert!(role.permissions().next().is_some(), "{}", role.name);
            for pattern in role.patterns {
                let known = match pattern.strip_suffix('*') {
                    Some(prefix) => Permission::all().any(|p| p.as_str().starts_with(prefix)),
                    None => Permission::parse(pattern).is_ok(),
                };
                assert!(known, "{} names {pattern}", role.name);
            }
        }
    }

    #[test]
    fn a_puller_can_pull_and_nothing_more() {
        let viewer = PredefinedRole::find("roles/storage.objectViewer").expect("predefined");
        let names: Vec<_> = viewer.permissions().map(Permission::as_str).collect();
        assert_eq!(
            names,
            [
                "resourcemanager.projects.get",
                "resourcemanager.projects.list",
                "storage.objects.get",
                "storage.objects.list"
            ]
        );
    }

    #[test]
    fn the_least_role_of_a_permission_is_the_one_to_tell_people() {
        let least = |permission| PredefinedRole::least_with(permission).map(|role| role.name);
        for (permission, role) in [
            (crate::permission::OBJECTS_GET, "roles/storage.objectViewer"),
            (
                crate::permission::OBJECTS_CREATE,
                "roles/storage.objectCreator",
            ),
            (
                crate::permission::OBJECTS_DELETE,
                "roles/storage.objectAdmin",
            ),
            (crate::permission::BUCKETS_CREATE, "roles/storage.admin"),
            (crate::permission::BUCKETS_LIST, "roles/viewer"),
            (crate::permission::PROJECTS_GET, "roles/browser"),
            (
                crate::permission::ACCOUNTS_GET,
                "roles/iam.serviceAccountViewer",
            ),
            (
                crate::permission::ACCOUNTS_SET_IAM_POLICY,
                "roles/iam.serviceAccountAdmin",
            ),
        ] {
            assert_eq!(least(permission), Some(role));
        }
    }

    #[test]
    fn role_names() {
        for good in [
            "roles/owner",
            "roles/storage.objectViewer",
            "projects/my-project/roles/puller_1",
        ] {
            assert!(RoleName::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "owner",
            "roles/",
            "projects/x/roles/y",
            "projects/my-project/roles/a-b",
            "roles/a/b",
        ] {
            assert!(RoleName::parse(bad).is_err(), "{bad}");
        }
    }
}
