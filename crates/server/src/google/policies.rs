//! Policies of the registry, projects and service accounts (`google.iam.v1`): read, replaced, tested.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use wharf_app::iam::accounts::AccountReference;
use wharf_types::wire::policies::{
    GetIamPolicyRequest, SetIamPolicyRequest, TestIamPermissionsRequest, TestIamPermissionsResponse,
};
use wharf_types::{Permission, Policy, Resource, RoleName};

use super::accounts::reference;
use super::call::{Answer, Call};
use super::kms;
use super::organizations;
use super::query::Mask;
use super::refusal::Refusal;

/// Length of a role's id, which the name of a role with a condition must keep.
const ROLE_ID_LENGTH_MAX: usize = 64;

/// What a path names that has a policy.
#[derive(Clone, Copy)]
pub(super) enum Named<'a> {
    /// An organization's id.
    Organization(&'a str),
    /// A project's id or number.
    Project(&'a str),
    /// A service account, in its project.
    ServiceAccount(&'a str, &'a str),
    /// A key ring, at its location of its project.
    KeyRing(&'a str, &'a str, &'a str),
    /// A key, in its ring.
    CryptoKey(&'a str, &'a str, &'a str, &'a str),
}

/// `:getIamPolicy`. The version may stand in the body (projects) or in the query (service accounts).
pub(super) async fn get(call: &Call, name: Named<'_>) -> Answer {
    let request: GetIamPolicyRequest = call.body()?;
    let version = match request.options {
        Some(options) => Some(i64::from(options.requested_policy_version)),
        None => call.query.number("options.requestedPolicyVersion")?,
    };
    let version = requested_version(version)?;
    let resource = resource(call, name).await?;
    let policy = call.app.get_policy(&call.caller, &resource).await?;
    call.answer(&for_version(policy, version))
}

/// `:setIamPolicy`
pub(super) async fn set(call: &Call, name: Named<'_>) -> Answer {
    let request: SetIamPolicyRequest = call.body()?;
    let mask = Mask::parse(
        request.update_mask.as_deref(),
        &["bindings", "etag", "version"],
    )?;
    if !mask.has("bindings") {
        return Err(Refusal::field(
            "updateMask",
            "nothing of a policy can be changed but its bindings: name them",
        ));
    }
    let mut policy = request.policy;
    if !mask.has("etag") {
        policy.etag = None;
    }
    check_version(&policy)?;
    let resource = resource(call, name).await?;
    let policy = call.app.set_policy(&call.caller, &resource, policy).await?;
    call.answer(&policy)
}

/// `:testIamPermissions`
pub(super) async fn test(call: &Call, name: Named<'_>) -> Answer {
    let request: TestIamPermissionsRequest = call.body()?;
    let resource = resource(call, name).await?;
    let permissions = held(
        call,
        &resource,
        request.permissions.iter().map(String::as_str),
    )
    .await?;
    call.answer(&TestIamPermissionsResponse { permissions })
}

/// Those of the permissions that the caller has. One that this registry does not know is held by nobody; a pattern is
/// refused, as at Google.
pub(super) async fn held(
    call: &Call,
    resource: &Resource,
    names: impl Iterator<Item = &str>,
) -> Result<Vec<String>, Refusal> {
    let mut permissions = Vec::new();
    for name in names {
        if name.contains('*') {
            return Err(Refusal::field(
                "permissions",
                "a pattern cannot be tested: name each permission",
            ));
        }
        permissions.extend(Permission::parse(name));
    }
    let held = call
        .app
        .test_permissions(&call.caller, resource, permissions)
        .await?;
    Ok(held.iter().map(ToString::to_string).collect())
}

/// The resource that a path names.
async fn resource(call: &Call, name: Named<'_>) -> Result<Resource, Refusal> {
    match name {
        Named::Organization(id) => organizations::check(id).map(|()| Resource::Organization),
        Named::Project(project) => Ok(Resource::Project(call.project(project).await?)),
        Named::KeyRing(project, location, ring) => Ok(Resource::KeyRing(
            kms::key_ring(call, project, location, ring).await?,
        )),
        Named::CryptoKey(project, location, ring, key) => Ok(Resource::CryptoKey(
            kms::crypto_key(call, [project, location, ring, key]).await?,
        )),
        Named::ServiceAccount(project, account) => {
            let email = match reference(call, project, account).await? {
                AccountReference::Email(email) => email,
                by_id @ AccountReference::UniqueId(_) => {
                    call.app.get_account(&call.caller, &by_id).await?.email
                }
            };
            Ok(Resource::ServiceAccount(email))
        }
    }
}

/// The version that a caller asks for: 0, 1 or 3.
pub(super) fn requested_version(version: Option<i64>) -> Result<i64, Refusal> {
    match version.unwrap_or_default() {
        version @ (0 | 1 | 3) => Ok(version),
        _ => Err(Refusal::field(
            "requestedPolicyVersion",
            "policies have the versions 1 and, with conditions, 3",
        )),
    }
}

/// A policy for a caller that understands this version. One that does not know of conditions sees, as at Google, roles of
/// other names in their place: so it cannot take them for unconditional ones, nor write them back without their conditions.
pub(super) fn for_version(mut policy: Policy, version: i64) -> Policy {
    if version >= 3 {
        return policy;
    }
    for binding in &mut policy.bindings {
        if let Some(condition) = binding.condition.take() {
            let mut hasher = DefaultHasher::new();
            condition.hash(&mut hasher);
            let suffix = format!("_withcond_{:016x}", hasher.finish());
            binding.role = renamed(&binding.role, &suffix);
        }
    }
    policy.with_version()
}

fn renamed(role: &RoleName, suffix: &str) -> RoleName {
    let (folder, id) = role.as_str().rsplit_once('/').unwrap_or(("roles", ""));
    let length = id.len().min(ROLE_ID_LENGTH_MAX - suffix.len());
    #[expect(
        clippy::expect_used,
        reason = "the id keeps to letters, digits, dots and underscores, and to its length"
    )]
    RoleName::parse(&format!("{folder}/{}{suffix}", &id[..length])).expect("a role's name")
}

/// A policy with conditions says that it has them: a caller that does not know of conditions cannot have meant them.
pub(super) fn check_version(policy: &Policy) -> Result<(), Refusal> {
    match policy.version {
        0 | 1 | 3 => {}
        _ => {
            return Err(Refusal::field(
                "policy.version",
                "policies have the versions 1 and, with conditions, 3",
            ));
        }
    }
    let has_condition = policy
        .bindings
        .iter()
        .any(|binding| binding.condition.is_some());
    if has_condition && policy.version != 3 {
        return Err(Refusal::field(
            "policy.version",
            "a policy with conditions has version 3: set it, and read policies with requestedPolicyVersion 3",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use wharf_types::{Condition, Member};

    use super::*;

    fn conditional(role: &str) -> Policy {
        let mut policy = Policy::default();
        let condition = Condition {
            expression: "false".to_owned(),
            title: "never".to_owned(),
            ..Condition::default()
        };
        policy.add(
            RoleName::parse(role).unwrap(),
            Member::AllUsers,
            Some(condition),
        );
        policy.with_version()
    }

    #[test]
    fn a_caller_without_conditions_never_sees_the_role_itself() {
        for role in [
            "roles/storage.objectViewer".to_owned(),
            format!("projects/my-project/roles/{}", "a".repeat(64)),
        ] {
            let policy = conditional(&role);
            assert_eq!(for_version(policy.clone(), 3), policy);
            let shown = for_version(policy, 1);
            assert_eq!(shown.version, 1);
            assert_eq!(shown.bindings[0].condition, None);
            assert_ne!(shown.bindings[0].role.as_str(), role);
            assert!(shown.bindings[0].role.as_str().contains("_withcond_"));
        }
    }

    #[test]
    fn conditions_need_version_3() {
        let mut policy = conditional("roles/storage.objectViewer");
        assert!(check_version(&policy).is_ok());
        policy.version = 1;
        assert!(check_version(&policy).is_err());
        assert!(check_version(&Policy::default()).is_ok());
    }
}
