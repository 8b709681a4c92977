//! Policies made ready for decisions, and the memory of them.

use std::sync::Arc;

use quick_cache::sync::Cache;
use wharf_store::meta::access::{policies, roles};
use wharf_store::meta::{Change, Meta, Transaction};
use wharf_types::kms::{CryptoKeyName, KeyRingName};
use wharf_types::permission::PermissionSet;
use wharf_types::principal::BasicRole;
use wharf_types::role::PredefinedRole;
use wharf_types::{
    Binding, BucketName, Member, Policy, Principal, ProjectId, Resource, RoleName,
    ServiceAccountEmail,
};

use super::condition::{Conditions, Parsed};
use crate::Error;
use crate::memory::remembered;

/// Policies that are remembered of each kind of resource, and custom roles.
const REMEMBERED_MAX: usize = 10_000;
/// Room for the registry's one policy: a cache for a single value may find it too large for a part of itself.
const ORGANIZATION_ROOM: usize = 64;

/// The policy of a resource, ready for decisions.
#[derive(Debug)]
pub(crate) struct Rules {
    /// Whose policy it is.
    pub(crate) on: Resource,
    /// Its bindings, in order.
    pub(super) rules: Vec<Rule>,
    /// The custom roles that it names.
    pub(super) custom_roles: Vec<RoleName>,
    /// The projects whose owners, editors or viewers it names.
    pub(super) projects: Vec<ProjectId>,
}

/// A binding, ready for decisions.
#[derive(Debug)]
pub(crate) struct Rule {
    /// As written.
    pub(crate) binding: Binding,
    pub(super) role: Grants,
    pub(super) condition: Option<Parsed>,
    /// Places of the members that are service accounts, in order of their address.
    accounts: Vec<usize>,
    /// Places of the others.
    others: Vec<usize>,
}

/// What a role carries.
#[derive(Debug)]
pub(super) enum Grants {
    /// A predefined role: these, for ever.
    Always(PermissionSet),
    /// A custom role: what it carries at the time.
    Custom(RoleName),
}

impl Rules {
    /// `None` as a policy: the resource never had one.
    pub(super) fn new(on: Resource, policy: Option<Policy>, conditions: &Conditions) -> Self {
        let policy = policy.unwrap_or_else(|| initial_policy(&on));
        let rules: Vec<_> = policy
            .bindings
            .into_iter()
            .map(|binding| Rule::new(binding, conditions))
            .collect();
        let mut custom_roles: Vec<_> = rules
            .iter()
            .filter_map(|rule| match &rule.role {
                Grants::Custom(name) => Some(name.clone()),
                Grants::Always(_) => None,
            })
            .collect();
        custom_roles.sort_unstable();
        custom_roles.dedup();
        let mut projects: Vec<_> = rules
            .iter()
            .flat_map(|rule| &rule.binding.members)
            .filter_map(|member| match member {
                Member::ProjectRole(_, project) => Some(project.clone()),
                _ => None,
            })
            .collect();
        projects.sort_unstable();
        projects.dedup();
        Self {
            on,
            rules,
            custom_roles,
            projects,
        }
    }

    /// Whether the principal holds a basic role by this policy, by its own name: what `projectOwner:P` and its like
    /// mean.
    pub(super) fn gives_basic(&self, role: BasicRole, principal: &Principal) -> bool {
        self.rules.iter().any(|rule| {
            rule.binding.role.as_str() == role.role()
                && rule.condition.is_none()
                && rule.named(principal, |_, _| false).is_some()
        })
    }
}

impl Rule {
    fn new(binding: Binding, conditions: &Conditions) -> Self {
        let role = match PredefinedRole::find(binding.role.as_str()) {
            Some(role) => Grants::Always(role.permissions().collect()),
            None if binding.role.custom_parts().is_some() => Grants::Custom(binding.role.clone()),
            None => Grants::Always(PermissionSet::default()),
        };
        let condition = binding
            .condition
            .as_ref()
            .map(|condition| conditions.get(&condition.expression));
        let (mut accounts, others): (Vec<_>, Vec<_>) = (0..binding.members.len())
            .partition(|place| account_at(&binding.members, *place).is_some());
        accounts.sort_by_key(|place| account_at(&binding.members, *place));
        Self {
            binding,
            role,
            condition,
            accounts,
            others,
        }
    }

    /// The place of a member that names the principal. `has_basic` tells whether the principal holds a basic role on a
    /// project.
    pub(super) fn named(
        &self,
        principal: &Principal,
        has_basic: impl Fn(BasicRole, &ProjectId) -> bool,
    ) -> Option<usize> {
        let members = &self.binding.members;
        if let Principal::ServiceAccount(email) = principal
            && let Ok(index) = self
                .accounts
                .binary_search_by(|place| account_at(members, *place).cmp(&Some(email)))
        {
            return Some(self.accounts[index]);
        }
        self.others
            .iter()
            .copied()
            .find(|place| names(&members[*place], principal, &has_basic))
    }
}

/// Whether a member names the principal.
pub(super) fn names(
    member: &Member,
    principal: &Principal,
    has_basic: &impl Fn(BasicRole, &ProjectId) -> bool,
) -> bool {
    match member {
        Member::ProjectRole(role, project) => has_basic(*role, project),
        member => member.names(principal),
    }
}

fn account_at(members: &[Member], place: usize) -> Option<&ServiceAccountEmail> {
    match &members[place] {
        Member::ServiceAccount(email) => Some(email),
        _ => None,
    }
}

/// The policy of a resource until it is given another. A bucket has Cloud Storage's: the project's owners and editors
/// administer it, its viewers see it. Every other resource has an empty one.
pub(super) fn initial_policy(resource: &Resource) -> Policy {
    let Resource::Bucket(bucket) = resource else {
        return Policy::default().with_version();
    };
    let binding = |role: &str, holders: &[BasicRole]| {
        Some(Binding {
            role: RoleName::parse(role).ok()?,
            members: holders
                .iter()
                .map(|holder| Member::ProjectRole(*holder, bucket.project.clone()))
                .collect(),
            condition: None,
        })
    };
    Policy {
        bindings: [
            binding(
                "roles/storage.legacyBucketOwner",
                &[BasicRole::Editor, BasicRole::Owner],
            ),
            binding("roles/storage.legacyBucketReader", &[BasicRole::Viewer]),
        ]
        .into_iter()
        .flatten()
        .collect(),
        ..Policy::default()
    }
    .with_version()
}

/// What is remembered of policies and custom roles.
pub(super) struct Memory {
    organization: Cache<(), Arc<Rules>>,
    projects: Cache<ProjectId, Arc<Rules>>,
    buckets: Cache<BucketName, Arc<Rules>>,
    accounts: Cache<ServiceAccountEmail, Arc<Rules>>,
    key_rings: Cache<KeyRingName, Arc<Rules>>,
    crypto_keys: Cache<CryptoKeyName, Arc<Rules>>,
    roles: Cache<RoleName, PermissionSet>,
    pub(super) conditions: Arc<Conditions>,
}

impl Default for Memory {
    fn default() -> Self {
        Self {
            organization: Cache::new(ORGANIZATION_ROOM),
            projects: Cache::new(REMEMBERED_MAX),
            buckets: Cache::new(REMEMBERED_MAX),
            accounts: Cache::new(REMEMBERED_MAX),
            key_rings: Cache::new(REMEMBERED_MAX),
            crypto_keys: Cache::new(REMEMBERED_MAX),
            roles: Cache::new(REMEMBERED_MAX),
            conditions: Arc::default(),
        }
    }
}

impl Memory {
    /// Drops what a commit changed.
    pub(super) fn forget(&self, change: &Change) {
        match change {
            Change::Policy(Resource::Organization) => drop(self.organization.remove(&())),
            Change::Policy(Resource::Project(id)) => drop(self.projects.remove(id)),
            Change::Policy(Resource::Bucket(name)) => drop(self.buckets.remove(name)),
            Change::Policy(Resource::ServiceAccount(email)) => drop(self.accounts.remove(email)),
            Change::Policy(Resource::KeyRing(ring)) => drop(self.key_rings.remove(ring)),
            Change::Policy(Resource::CryptoKey(key)) => drop(self.crypto_keys.remove(key)),
            Change::Role(name) => drop(self.roles.remove(name)),
            _ => {}
        }
    }

    /// The registry's own policy.
    pub(super) async fn organization(&self, meta: &Meta) -> Result<Arc<Rules>, Error> {
        let read = self.read(meta, Resource::Organization);
        remembered(&self.organization, &(), read).await
    }

    /// The policy of a project.
    pub(super) async fn project(&self, meta: &Meta, id: &ProjectId) -> Result<Arc<Rules>, Error> {
        if let Some(rules) = self.projects.get(id) {
            return Ok(rules);
        }
        let read = self.read(meta, Resource::Project(id.clone()));
        remembered(&self.projects, id, read).await
    }

    /// The policy of a bucket.
    pub(super) async fn bucket(&self, meta: &Meta, name: &BucketName) -> Result<Arc<Rules>, Error> {
        if let Some(rules) = self.buckets.get(name) {
            return Ok(rules);
        }
        let read = self.read(meta, Resource::Bucket(name.clone()));
        remembered(&self.buckets, name, read).await
    }

    /// The policy of a service account.
    pub(super) async fn account(
        &self,
        meta: &Meta,
        email: &ServiceAccountEmail,
    ) -> Result<Arc<Rules>, Error> {
        let read = self.read(meta, Resource::ServiceAccount(email.clone()));
        remembered(&self.accounts, email, read).await
    }

    /// The policy of a key ring.
    pub(super) async fn key_ring(
        &self,
        meta: &Meta,
        ring: &KeyRingName,
    ) -> Result<Arc<Rules>, Error> {
        if let Some(rules) = self.key_rings.get(ring) {
            return Ok(rules);
        }
        let read = self.read(meta, Resource::KeyRing(ring.clone()));
        remembered(&self.key_rings, ring, read).await
    }

    /// The policy of a key.
    pub(super) async fn crypto_key(
        &self,
        meta: &Meta,
        key: &CryptoKeyName,
    ) -> Result<Arc<Rules>, Error> {
        if let Some(rules) = self.crypto_keys.get(key) {
            return Ok(rules);
        }
        let read = self.read(meta, Resource::CryptoKey(key.clone()));
        remembered(&self.crypto_keys, key, read).await
    }

    async fn read(&self, meta: &Meta, on: Resource) -> Result<Arc<Rules>, Error> {
        let conditions = self.conditions.clone();
        meta.read(move |transaction| {
            let stored = policies::find(transaction, &on)?;
            Ok(Arc::new(Rules::new(
                on,
                stored.map(|stored| stored.policy),
                &conditions,
            )))
        })
        .await
    }

    /// What a custom role carries now.
    pub(super) async fn role(&self, meta: &Meta, name: &RoleName) -> Result<PermissionSet, Error> {
        if let Some(permissions) = self.roles.get(name) {
            return Ok(permissions);
        }
        let wanted = name.clone();
        let read = meta.read(move |transaction| custom_role(transaction, &wanted));
        remembered(&self.roles, name, read).await
    }
}

/// A role that is deleted or disabled carries nothing.
fn custom_role(transaction: &Transaction<'_>, name: &RoleName) -> Result<PermissionSet, Error> {
    Ok(match roles::find(transaction, name)? {
        Some(role) if role.deleted_at.is_none() && role.stage != "DISABLED" => {
            role.permissions.into_iter().collect()
        }
        _ => PermissionSet::default(),
    })
}
