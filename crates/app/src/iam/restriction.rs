//! What a credential allows at most: the scopes of a registry token, the OAuth scopes of an access token.

use wharf_types::permission::{
    BUCKETS_CREATE, BUCKETS_DELETE, OBJECTS_CREATE, OBJECTS_DELETE, OBJECTS_GET, OBJECTS_LIST,
    OBJECTS_UPDATE,
};
use wharf_types::scope::{Actions, OauthFloor, Scope, ScopeTarget};
use wharf_types::{Object, Permission, Resource};

use crate::Restriction;

impl Restriction {
    /// Whether a credential with this restriction may be used for something, if the policies grant it.
    pub(super) fn allows(&self, permission: Permission, resource: &Resource) -> bool {
        match self {
            Self::None => true,
            Self::Registry(scopes) => scopes
                .iter()
                .any(|scope| scope_allows(scope, permission, resource)),
            Self::Oauth(floor) => floor_allows(*floor, permission),
        }
    }
}

/// A registry token is for the registry: pulling, pushing and deleting in the repositories that it names, and the
/// bucket that a first push makes. It administers nothing.
fn scope_allows(scope: &Scope, permission: Permission, resource: &Resource) -> bool {
    let needed = match permission {
        OBJECTS_GET | OBJECTS_LIST => Actions::PULL,
        OBJECTS_CREATE | OBJECTS_UPDATE | BUCKETS_CREATE => Actions::PUSH,
        OBJECTS_DELETE => Actions::DELETE,
        _ => return false,
    };
    let is_target = match (&scope.target, resource) {
        (ScopeTarget::Repository(repository), Resource::Object { bucket, image, .. }) => {
            repository.project == bucket.project && Some(&repository.image) == image.as_ref()
        }
        (ScopeTarget::Repository(repository), Resource::Project(project)) => {
            permission == BUCKETS_CREATE && repository.project == *project
        }
        // `repository:PROJECT:pull` is what gcloud asks for before it lists the images of a project.
        (ScopeTarget::Project(project), Resource::Object { bucket, image, .. }) => {
            *project == bucket.project && image.is_none()
        }
        // The catalog asks for each repository whether the caller may list it.
        (
            ScopeTarget::Catalog,
            Resource::Object {
                object: Object::Listing,
                ..
            },
        ) => return permission == OBJECTS_LIST,
        _ => false,
    };
    is_target && scope.actions.contain(needed)
}

/// Cloud Storage, "OAuth 2.0 scopes": `read_write` covers objects, and creating and deleting buckets, not policies.
fn floor_allows(floor: OauthFloor, permission: Permission) -> bool {
    match floor {
        OauthFloor::Full => true,
        OauthFloor::ReadWrite => {
            permission.is_read()
                || matches!(
                    permission,
                    OBJECTS_CREATE
                        | OBJECTS_UPDATE
                        | OBJECTS_DELETE
                        | BUCKETS_CREATE
                        | BUCKETS_DELETE
                )
        }
        OauthFloor::ReadOnly => permission.is_read(),
        OauthFloor::Nothing => false,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use wharf_types::permission::{
        BUCKETS_SET_IAM_POLICY, KEYS_CREATE, PROJECTS_GET, PROJECTS_SET_IAM_POLICY,
    };

    use super::*;

    const FOLDER: &str = "projects/_/buckets/artifacts.my-project.appspot.com/objects/containers/repositories/library/";

    fn token(scopes: &str) -> Restriction {
        Restriction::Registry(Scope::parse_list([scopes]).into())
    }

    fn object(path: &str) -> Resource {
        Resource::parse(&format!("{FOLDER}{path}")).unwrap()
    }

    #[test]
    fn a_registry_token_is_good_for_its_repositories_and_actions_only() {
        let (web, api) = (object("web/tag_v1"), object("api/tag_v1"));
        let project = Resource::parse("projects/my-project").unwrap();
        let pull = token("repository:my-project/web:pull");
        assert!(pull.allows(OBJECTS_GET, &web) && pull.allows(OBJECTS_LIST, &web));
        for permission in [OBJECTS_CREATE, OBJECTS_UPDATE, OBJECTS_DELETE] {
            assert!(!pull.allows(permission, &web), "{permission}");
        }
        assert!(!pull.allows(OBJECTS_GET, &api));
        assert!(!pull.allows(OBJECTS_GET, &object("web/deeper/tag_v1")));
        assert!(!pull.allows(BUCKETS_CREATE, &project));
        let push = token("repository:my-project/web:push");
        assert!(!push.allows(OBJECTS_GET, &web));
        for permission in [OBJECTS_CREATE, OBJECTS_UPDATE, OBJECTS_DELETE] {
            assert!(push.allows(permission, &web), "{permission}");
            assert!(!push.allows(permission, &api), "{permission}");
        }
        assert!(push.allows(BUCKETS_CREATE, &project));
        let other = Resource::parse("projects/your-project").unwrap();
        assert!(!push.allows(BUCKETS_CREATE, &other));
        let delete = token("repository:my-project/web:delete");
        assert!(delete.allows(OBJECTS_DELETE, &web));
        assert!(!delete.allows(OBJECTS_CREATE, &web) && !delete.allows(OBJECTS_GET, &web));
        assert!(!token("").allows(OBJECTS_GET, &web));
    }

    #[test]
    fn a_registry_token_administers_nothing() {
        let all = token("repository:my-project/web:* repository:my-project:* registry:catalog:*");
        for name in [
            "organizations/0",
            "projects/my-project",
            "projects/_/buckets/artifacts.my-project.appspot.com",
        ] {
            let resource = Resource::parse(name).unwrap();
            for permission in Permission::all().filter(|one| *one != BUCKETS_CREATE) {
                assert!(!all.allows(permission, &resource), "{permission} on {name}");
            }
        }
        assert!(!all.allows(BUCKETS_SET_IAM_POLICY, &object("web/tag_v1")));
    }

    #[test]
    fn listing_scopes_list_and_no_more() {
        let (root, web) = (object(""), object("web/"));
        let catalog = token("registry:catalog:*");
        assert!(catalog.allows(OBJECTS_LIST, &web) && catalog.allows(OBJECTS_LIST, &root));
        assert!(!catalog.allows(OBJECTS_GET, &object("web/tag_v1")));
        assert!(!catalog.allows(OBJECTS_CREATE, &web));
        let project = token("repository:my-project:pull");
        assert!(project.allows(OBJECTS_LIST, &root));
        assert!(!project.allows(OBJECTS_LIST, &web));
        assert!(!project.allows(OBJECTS_GET, &object("web/tag_v1")));
    }

    #[test]
    fn oauth_scopes_are_a_ceiling() {
        let web = object("web/tag_v1");
        let allowed = |floor, permission| Restriction::Oauth(floor).allows(permission, &web);
        assert!(allowed(OauthFloor::ReadOnly, OBJECTS_GET));
        assert!(allowed(OauthFloor::ReadOnly, PROJECTS_GET));
        assert!(!allowed(OauthFloor::ReadOnly, OBJECTS_CREATE));
        assert!(allowed(OauthFloor::ReadWrite, OBJECTS_CREATE));
        assert!(!allowed(OauthFloor::ReadWrite, PROJECTS_SET_IAM_POLICY));
        assert!(!allowed(OauthFloor::ReadWrite, KEYS_CREATE));
        for permission in Permission::all() {
            assert!(allowed(OauthFloor::Full, permission));
            assert!(!allowed(OauthFloor::Nothing, permission));
            assert!(
                !allowed(OauthFloor::ReadOnly, permission)
                    || allowed(OauthFloor::ReadWrite, permission)
            );
        }
    }
}
