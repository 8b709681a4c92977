//! Permissions, as data: every one that this registry decides on or that its roles carry.

use crate::resource::Resource;
use crate::text::shorten;

/// A permission: `SERVICE.RESOURCE.VERB`. Only those of the table exist.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Permission(&'static str);

/// Not a permission that this registry knows.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not a permission of this registry; `wharf iam roles describe ROLE` lists those of a role"
)]
pub struct PermissionError(String);

impl Permission {
    /// Looks a permission up by its name.
    pub fn parse(text: &str) -> Result<Self, PermissionError> {
        match ALL.binary_search(&text) {
            Ok(index) => Ok(Self(ALL[index])),
            Err(_) => Err(PermissionError(shorten(text))),
        }
    }

    /// The name.
    pub const fn as_str(self) -> &'static str {
        self.0
    }

    /// Every permission, in order of name.
    pub fn all() -> impl Iterator<Item = Self> {
        ALL.iter().map(|name| Self(name))
    }

    /// What it is about: `SERVICE.RESOURCE`.
    pub fn of(self) -> &'static str {
        self.0.rsplit_once('.').map_or(self.0, |(of, _)| of)
    }

    /// Whether it only looks: `get`, `list`, `getIamPolicy`, `downloadArtifacts`.
    pub fn is_read(self) -> bool {
        let verb = self.0.rsplit('.').next().unwrap_or_default();
        matches!(verb, "get" | "list" | "getIamPolicy" | "downloadArtifacts")
    }

    /// Whether it is ever decided on this resource, or on what is inside it and inherits its policy.
    pub fn is_decided_on(self, resource: &Resource) -> bool {
        let is_of = |services: &[&str]| services.iter().any(|name| self.0.starts_with(name));
        match resource {
            Resource::Organization => true,
            Resource::Project(_) => self != PROJECTS_CREATE,
            Resource::Bucket(_) => {
                is_of(&["storage.", "artifactregistry."])
                    && self != BUCKETS_CREATE
                    && self != BUCKETS_LIST
            }
            Resource::Object { .. } => is_of(&["storage.objects.", "artifactregistry."]),
            Resource::ServiceAccount(_) => {
                is_of(&["iam.serviceAccount"]) && self != ACCOUNTS_CREATE && self != ACCOUNTS_LIST
            }
            Resource::KeyRing(_) => {
                is_of(&["cloudkms.cryptoKey", "cloudkms.keyRings."])
                    && self != KEY_RINGS_CREATE
                    && self != KEY_RINGS_LIST
            }
            Resource::CryptoKey(_) => {
                is_of(&["cloudkms.cryptoKey"])
                    && self != CRYPTO_KEYS_CREATE
                    && self != CRYPTO_KEYS_LIST
            }
            Resource::CryptoKeyVersion(_) => {
                is_of(&["cloudkms.cryptoKeyVersions."]) && self != VERSIONS_LIST
            }
        }
    }

    /// Its place in the table: the bit that stands for it in a [`PermissionSet`].
    fn index(self) -> usize {
        ALL.binary_search(&self.0).unwrap_or(ALL.len())
    }

    /// The Artifact Registry permission that grants the same on a registry request, if there is one:
    /// people who come from there keep their roles.
    pub fn equivalent(self) -> Option<Self> {
        Some(match self {
            OBJECTS_GET => Self("artifactregistry.repositories.downloadArtifacts"),
            OBJECTS_LIST => Self("artifactregistry.tags.list"),
            OBJECTS_CREATE => Self("artifactregistry.repositories.uploadArtifacts"),
            OBJECTS_UPDATE => Self("artifactregistry.tags.update"),
            OBJECTS_DELETE => Self("artifactregistry.repositories.deleteArtifacts"),
            BUCKETS_CREATE => Self("artifactregistry.repositories.createOnPush"),
            BUCKETS_GET => Self("artifactregistry.repositories.get"),
            BUCKETS_LIST => Self("artifactregistry.repositories.list"),
            _ => return None,
        })
    }
}

crate::string_traits!(Permission, PermissionError);

/// Pull: read a manifest, tag or blob.
pub const OBJECTS_GET: Permission = Permission("storage.objects.get");
/// List tags, referrers and images.
pub const OBJECTS_LIST: Permission = Permission("storage.objects.list");
/// Push: upload blobs, put manifests, create tags.
pub const OBJECTS_CREATE: Permission = Permission("storage.objects.create");
/// Move an existing tag to another manifest. Cloud Storage asks for `delete` to overwrite; so holders of
/// [`OBJECTS_DELETE`] may do it too.
pub const OBJECTS_UPDATE: Permission = Permission("storage.objects.update");
/// Delete tags, manifests and blobs.
pub const OBJECTS_DELETE: Permission = Permission("storage.objects.delete");
/// Create a bucket, as the first push to a location does.
pub const BUCKETS_CREATE: Permission = Permission("storage.buckets.create");
/// Delete a bucket.
pub const BUCKETS_DELETE: Permission = Permission("storage.buckets.delete");
/// Read a bucket's metadata.
pub const BUCKETS_GET: Permission = Permission("storage.buckets.get");
/// List a project's buckets.
pub const BUCKETS_LIST: Permission = Permission("storage.buckets.list");
/// Change a bucket's metadata.
pub const BUCKETS_UPDATE: Permission = Permission("storage.buckets.update");
/// Read a bucket's policy.
pub const BUCKETS_GET_IAM_POLICY: Permission = Permission("storage.buckets.getIamPolicy");
/// Replace a bucket's policy.
pub const BUCKETS_SET_IAM_POLICY: Permission = Permission("storage.buckets.setIamPolicy");
/// Create a project.
pub const PROJECTS_CREATE: Permission = Permission("resourcemanager.projects.create");
/// Delete a project.
pub const PROJECTS_DELETE: Permission = Permission("resourcemanager.projects.delete");
/// Read a project; a caller sees in lists just the projects on which this is granted.
pub const PROJECTS_GET: Permission = Permission("resourcemanager.projects.get");
/// List projects.
pub const PROJECTS_LIST: Permission = Permission("resourcemanager.projects.list");
/// Change a project's name, labels and registry settings.
pub const PROJECTS_UPDATE: Permission = Permission("resourcemanager.projects.update");
/// Restore a deleted project.
pub const PROJECTS_UNDELETE: Permission = Permission("resourcemanager.projects.undelete");
/// Read a project's policy.
pub const PROJECTS_GET_IAM_POLICY: Permission = Permission("resourcemanager.projects.getIamPolicy");
/// Replace a project's policy.
pub const PROJECTS_SET_IAM_POLICY: Permission = Permission("resourcemanager.projects.setIamPolicy");
/// Create a service account.
pub const ACCOUNTS_CREATE: Permission = Permission("iam.serviceAccounts.create");
/// Delete a service account.
pub const ACCOUNTS_DELETE: Permission = Permission("iam.serviceAccounts.delete");
/// Disable a service account.
pub const ACCOUNTS_DISABLE: Permission = Permission("iam.serviceAccounts.disable");
/// Enable a service account.
pub const ACCOUNTS_ENABLE: Permission = Permission("iam.serviceAccounts.enable");
/// Read a service account.
pub const ACCOUNTS_GET: Permission = Permission("iam.serviceAccounts.get");
/// List service accounts.
pub const ACCOUNTS_LIST: Permission = Permission("iam.serviceAccounts.list");
/// Change a service account's display name and description.
pub const ACCOUNTS_UPDATE: Permission = Permission("iam.serviceAccounts.update");
/// Read a service account's policy.
pub const ACCOUNTS_GET_IAM_POLICY: Permission = Permission("iam.serviceAccounts.getIamPolicy");
/// Replace a service account's policy.
pub const ACCOUNTS_SET_IAM_POLICY: Permission = Permission("iam.serviceAccounts.setIamPolicy");
/// Get access tokens of a service account.
pub const ACCOUNTS_GET_ACCESS_TOKEN: Permission = Permission("iam.serviceAccounts.getAccessToken");
/// Get ID tokens of a service account.
pub const ACCOUNTS_GET_OPENID_TOKEN: Permission = Permission("iam.serviceAccounts.getOpenIdToken");
/// Act as a service account on the way to another one.
pub const ACCOUNTS_IMPLICIT_DELEGATION: Permission =
    Permission("iam.serviceAccounts.implicitDelegation");
/// Sign bytes as a service account.
pub const ACCOUNTS_SIGN_BLOB: Permission = Permission("iam.serviceAccounts.signBlob");
/// Sign JWTs as a service account.
pub const ACCOUNTS_SIGN_JWT: Permission = Permission("iam.serviceAccounts.signJwt");
/// Create a key of a service account.
pub const KEYS_CREATE: Permission = Permission("iam.serviceAccountKeys.create");
/// Delete a key.
pub const KEYS_DELETE: Permission = Permission("iam.serviceAccountKeys.delete");
/// Disable a key.
pub const KEYS_DISABLE: Permission = Permission("iam.serviceAccountKeys.disable");
/// Enable a key.
pub const KEYS_ENABLE: Permission = Permission("iam.serviceAccountKeys.enable");
/// Read a key's metadata.
pub const KEYS_GET: Permission = Permission("iam.serviceAccountKeys.get");
/// List keys.
pub const KEYS_LIST: Permission = Permission("iam.serviceAccountKeys.list");
/// Create a custom role.
pub const ROLES_CREATE: Permission = Permission("iam.roles.create");
/// Delete a custom role.
pub const ROLES_DELETE: Permission = Permission("iam.roles.delete");
/// Read a custom role.
pub const ROLES_GET: Permission = Permission("iam.roles.get");
/// List custom roles.
pub const ROLES_LIST: Permission = Permission("iam.roles.list");
/// Restore a deleted custom role.
pub const ROLES_UNDELETE: Permission = Permission("iam.roles.undelete");
/// Change a custom role.
pub const ROLES_UPDATE: Permission = Permission("iam.roles.update");
/// Create a provider of a workload identity pool.
pub const PROVIDERS_CREATE: Permission = Permission("iam.workloadIdentityPoolProviders.create");
/// Delete a provider.
pub const PROVIDERS_DELETE: Permission = Permission("iam.workloadIdentityPoolProviders.delete");
/// Read a provider.
pub const PROVIDERS_GET: Permission = Permission("iam.workloadIdentityPoolProviders.get");
/// List the providers of a pool.
pub const PROVIDERS_LIST: Permission = Permission("iam.workloadIdentityPoolProviders.list");
/// Restore a deleted provider.
pub const PROVIDERS_UNDELETE: Permission = Permission("iam.workloadIdentityPoolProviders.undelete");
/// Change a provider.
pub const PROVIDERS_UPDATE: Permission = Permission("iam.workloadIdentityPoolProviders.update");
/// Create a workload identity pool.
pub const POOLS_CREATE: Permission = Permission("iam.workloadIdentityPools.create");
/// Delete a workload identity pool.
pub const POOLS_DELETE: Permission = Permission("iam.workloadIdentityPools.delete");
/// Read a workload identity pool.
pub const POOLS_GET: Permission = Permission("iam.workloadIdentityPools.get");
/// List workload identity pools.
pub const POOLS_LIST: Permission = Permission("iam.workloadIdentityPools.list");
/// Restore a deleted workload identity pool.
pub const POOLS_UNDELETE: Permission = Permission("iam.workloadIdentityPools.undelete");
/// Change a workload identity pool.
pub const POOLS_UPDATE: Permission = Permission("iam.workloadIdentityPools.update");

/// Read a region.
pub const REGIONS_GET: Permission = Permission("compute.regions.get");
/// List regions.
pub const REGIONS_LIST: Permission = Permission("compute.regions.list");
/// Read a zone.
pub const ZONES_GET: Permission = Permission("compute.zones.get");
/// List zones.
pub const ZONES_LIST: Permission = Permission("compute.zones.list");
/// Disable a service of a project. Always refused for other reasons, but only to who might.
pub const SERVICES_DISABLE: Permission = Permission("serviceusage.services.disable");
/// Enable a service of a project.
pub const SERVICES_ENABLE: Permission = Permission("serviceusage.services.enable");
/// Read a service of a project.
pub const SERVICES_GET: Permission = Permission("serviceusage.services.get");
/// List the services of a project.
pub const SERVICES_LIST: Permission = Permission("serviceusage.services.list");

/// Read the audit log's records of what was changed.
pub const LOG_ENTRIES_LIST: Permission = Permission("logging.logEntries.list");
/// Read all of the audit log: also who pulled, looked, was given a token, or failed to log in.
pub const PRIVATE_LOG_ENTRIES_LIST: Permission = Permission("logging.privateLogEntries.list");

/// Create a key ring.
pub const KEY_RINGS_CREATE: Permission = Permission("cloudkms.keyRings.create");
/// Read a key ring.
pub const KEY_RINGS_GET: Permission = Permission("cloudkms.keyRings.get");
/// List key rings.
pub const KEY_RINGS_LIST: Permission = Permission("cloudkms.keyRings.list");
/// Read a key ring's policy.
pub const KEY_RINGS_GET_IAM_POLICY: Permission = Permission("cloudkms.keyRings.getIamPolicy");
/// Replace a key ring's policy.
pub const KEY_RINGS_SET_IAM_POLICY: Permission = Permission("cloudkms.keyRings.setIamPolicy");
/// Create a key in a ring.
pub const CRYPTO_KEYS_CREATE: Permission = Permission("cloudkms.cryptoKeys.create");
/// Read a key's metadata.
pub const CRYPTO_KEYS_GET: Permission = Permission("cloudkms.cryptoKeys.get");
/// List a ring's keys.
pub const CRYPTO_KEYS_LIST: Permission = Permission("cloudkms.cryptoKeys.list");
/// Change a key: labels, rotation, primary version.
pub const CRYPTO_KEYS_UPDATE: Permission = Permission("cloudkms.cryptoKeys.update");
/// Read a key's policy.
pub const CRYPTO_KEYS_GET_IAM_POLICY: Permission = Permission("cloudkms.cryptoKeys.getIamPolicy");
/// Replace a key's policy.
pub const CRYPTO_KEYS_SET_IAM_POLICY: Permission = Permission("cloudkms.cryptoKeys.setIamPolicy");
/// Create a version of a key.
pub const VERSIONS_CREATE: Permission = Permission("cloudkms.cryptoKeyVersions.create");
/// Schedule the destruction of a version.
pub const VERSIONS_DESTROY: Permission = Permission("cloudkms.cryptoKeyVersions.destroy");
/// Read a version.
pub const VERSIONS_GET: Permission = Permission("cloudkms.cryptoKeyVersions.get");
/// List a key's versions.
pub const VERSIONS_LIST: Permission = Permission("cloudkms.cryptoKeyVersions.list");
/// Take a scheduled destruction back.
pub const VERSIONS_RESTORE: Permission = Permission("cloudkms.cryptoKeyVersions.restore");
/// Enable or disable a version.
pub const VERSIONS_UPDATE: Permission = Permission("cloudkms.cryptoKeyVersions.update");
/// Decrypt.
pub const VERSIONS_USE_TO_DECRYPT: Permission =
    Permission("cloudkms.cryptoKeyVersions.useToDecrypt");
/// Encrypt.
pub const VERSIONS_USE_TO_ENCRYPT: Permission =
    Permission("cloudkms.cryptoKeyVersions.useToEncrypt");
/// Sign, with a private key or a MAC key.
pub const VERSIONS_USE_TO_SIGN: Permission = Permission("cloudkms.cryptoKeyVersions.useToSign");
/// Verify a MAC.
pub const VERSIONS_USE_TO_VERIFY: Permission = Permission("cloudkms.cryptoKeyVersions.useToVerify");
/// Read the public half of a version.
pub const VERSIONS_VIEW_PUBLIC_KEY: Permission =
    Permission("cloudkms.cryptoKeyVersions.viewPublicKey");
/// Read a location.
pub const LOCATIONS_GET: Permission = Permission("cloudkms.locations.get");
/// List a project's locations.
pub const LOCATIONS_LIST: Permission = Permission("cloudkms.locations.list");

const SET_WORDS: usize = ALL.len().div_ceil(64);

/// A set of permissions, as small as it can be: a role is looked up in it at every request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PermissionSet([u64; SET_WORDS]);

impl PermissionSet {
    /// Adds a permission.
    pub fn insert(&mut self, permission: Permission) {
        let index = permission.index();
        if let Some(word) = self.0.get_mut(index / 64) {
            *word |= 1 << (index % 64);
        }
    }

    /// Takes a permission out.
    pub fn remove(&mut self, permission: Permission) {
        let index = permission.index();
        if let Some(word) = self.0.get_mut(index / 64) {
            *word &= !(1 << (index % 64));
        }
    }

    /// Whether a permission is in it.
    pub fn contains(&self, permission: Permission) -> bool {
        let index = permission.index();
        self.0
            .get(index / 64)
            .is_some_and(|word| word & (1 << (index % 64)) != 0)
    }

    /// Whether the two have a permission in common.
    pub fn intersects(&self, other: &Self) -> bool {
        self.0.iter().zip(&other.0).any(|(a, b)| a & b != 0)
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl FromIterator<Permission> for PermissionSet {
    fn from_iter<I: IntoIterator<Item = Permission>>(permissions: I) -> Self {
        let mut set = Self::default();
        for permission in permissions {
            set.insert(permission);
        }
        set
    }
}

/// Sorted by name: [`Permission::parse`] searches it.
static ALL: &[&str] = &[
    "artifactregistry.dockerimages.get",
    "artifactregistry.dockerimages.list",
    "artifactregistry.repositories.create",
    "artifactregistry.repositories.createOnPush",
    "artifactregistry.repositories.delete",
    "artifactregistry.repositories.deleteArtifacts",
    "artifactregistry.repositories.downloadArtifacts",
    "artifactregistry.repositories.get",
    "artifactregistry.repositories.getIamPolicy",
    "artifactregistry.repositories.list",
    "artifactregistry.repositories.setIamPolicy",
    "artifactregistry.repositories.update",
    "artifactregistry.repositories.uploadArtifacts",
    "artifactregistry.tags.create",
    "artifactregistry.tags.delete",
    "artifactregistry.tags.get",
    "artifactregistry.tags.list",
    "artifactregistry.tags.update",
    "artifactregistry.versions.delete",
    "artifactregistry.versions.get",
    "artifactregistry.versions.list",
    "cloudkms.cryptoKeyVersions.create",
    "cloudkms.cryptoKeyVersions.destroy",
    "cloudkms.cryptoKeyVersions.get",
    "cloudkms.cryptoKeyVersions.list",
    "cloudkms.cryptoKeyVersions.restore",
    "cloudkms.cryptoKeyVersions.update",
    "cloudkms.cryptoKeyVersions.useToDecrypt",
    "cloudkms.cryptoKeyVersions.useToEncrypt",
    "cloudkms.cryptoKeyVersions.useToSign",
    "cloudkms.cryptoKeyVersions.useToVerify",
    "cloudkms.cryptoKeyVersions.viewPublicKey",
    "cloudkms.cryptoKeys.create",
    "cloudkms.cryptoKeys.get",
    "cloudkms.cryptoKeys.getIamPolicy",
    "cloudkms.cryptoKeys.list",
    "cloudkms.cryptoKeys.setIamPolicy",
    "cloudkms.cryptoKeys.update",
    "cloudkms.keyRings.create",
    "cloudkms.keyRings.get",
    "cloudkms.keyRings.getIamPolicy",
    "cloudkms.keyRings.list",
    "cloudkms.keyRings.setIamPolicy",
    "cloudkms.locations.get",
    "cloudkms.locations.list",
    "compute.regions.get",
    "compute.regions.list",
    "compute.zones.get",
    "compute.zones.list",
    "iam.roles.create",
    "iam.roles.delete",
    "iam.roles.get",
    "iam.roles.list",
    "iam.roles.undelete",
    "iam.roles.update",
    "iam.serviceAccountKeys.create",
    "iam.serviceAccountKeys.delete",
    "iam.serviceAccountKeys.disable",
    "iam.serviceAccountKeys.enable",
    "iam.serviceAccountKeys.get",
    "iam.serviceAccountKeys.list",
    "iam.serviceAccounts.actAs",
    "iam.serviceAccounts.create",
    "iam.serviceAccounts.delete",
    "iam.serviceAccounts.disable",
    "iam.serviceAccounts.enable",
    "iam.serviceAccounts.get",
    "iam.serviceAccounts.getAccessToken",
    "iam.serviceAccounts.getIamPolicy",
    "iam.serviceAccounts.getOpenIdToken",
    "iam.serviceAccounts.implicitDelegation",
    "iam.serviceAccounts.list",
    "iam.serviceAccounts.setIamPolicy",
    "iam.serviceAccounts.signBlob",
    "iam.serviceAccounts.signJwt",
    "iam.serviceAccounts.update",
    "iam.workloadIdentityPoolProviders.create",
    "iam.workloadIdentityPoolProviders.delete",
    "iam.workloadIdentityPoolProviders.get",
    "iam.workloadIdentityPoolProviders.list",
    "iam.workloadIdentityPoolProviders.undelete",
    "iam.workloadIdentityPoolProviders.update",
    "iam.workloadIdentityPools.create",
    "iam.workloadIdentityPools.delete",
    "iam.workloadIdentityPools.get",
    "iam.workloadIdentityPools.list",
    "iam.workloadIdentityPools.undelete",
    "iam.workloadIdentityPools.update",
    "logging.logEntries.list",
    "logging.privateLogEntries.list",
    "resourcemanager.projects.create",
    "resourcemanager.projects.delete",
    "resourcemanager.projects.get",
    "resourcemanager.projects.getIamPolicy",
    "resourcemanager.projects.list",
    "resourcemanager.projects.setIamPolicy",
    "resourcemanager.projects.undelete",
    "resourcemanager.projects.update",
    "serviceusage.services.disable",
    "serviceusage.services.enable",
    "serviceusage.services.get",
    "serviceusage.services.list",
    "storage.buckets.create",
    "storage.buckets.delete",
    "storage.buckets.get",
    "storage.buckets.getIamPolicy",
    "storage.buckets.list",
    "storage.buckets.setIamPolicy",
    "storage.buckets.update",
    "storage.objects.create",
    "storage.objects.delete",
    "storage.objects.get",
    "storage.objects.list",
    "storage.objects.update",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_holds_every_constant_and_equivalent() {
        assert!(ALL.is_sorted_by(|a, b| a < b));
        for permission in [
            OBJECTS_GET,
            OBJECTS_UPDATE,
            BUCKETS_CREATE,
            PROJECTS_GET,
            KEYS_LIST,
            ROLES_UPDATE,
            LOG_ENTRIES_LIST,
            PRIVATE_LOG_ENTRIES_LIST,
        ] {
            assert_eq!(Permission::parse(permission.as_str()), Ok(permission));
        }
        for permission in Permission::all() {
            if let Some(equivalent) = permission.equivalent() {
                assert_eq!(Permission::parse(equivalent.as_str()), Ok(equivalent));
            }
        }
        assert!(Permission::parse("storage.objects.*").is_err());
    }

    #[test]
    fn a_set_holds_exactly_what_was_put_in() {
        let half: PermissionSet = Permission::all().step_by(2).collect();
        for (number, permission) in Permission::all().enumerate() {
            assert_eq!(half.contains(permission), number % 2 == 0, "{permission}");
        }
        let mut one = PermissionSet::default();
        assert!(one.is_empty());
        one.insert(OBJECTS_GET);
        assert!(one.contains(OBJECTS_GET) && !one.contains(OBJECTS_LIST));
        let both: PermissionSet = [OBJECTS_GET, OBJECTS_LIST].into_iter().collect();
        assert!(one.intersects(&both));
        one.remove(OBJECTS_GET);
        assert!(one.is_empty() && !one.intersects(&both));
    }
}
