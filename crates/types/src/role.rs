//! Roles: names, and the predefined ones as data (Google IAM, "Roles and permissions").

use crate::name::ProjectId;
use crate::permission::Permission;
use crate::resource::Resource;
use crate::text::shorten;

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

const AR_READ: [&str; 9] = [
    "artifactregistry.dockerimages.*",
    "artifactregistry.repositories.downloadArtifacts",
    "artifactregistry.repositories.get",
    "artifactregistry.repositories.list",
    "artifactregistry.tags.get",
    "artifactregistry.tags.list",
    "artifactregistry.versions.get",
    "artifactregistry.versions.list",
    "resourcemanager.projects.get",
];

/// Sorted by name. What each means on a registry request is told in `docs/access.md`.
static PREDEFINED: &[PredefinedRole] = &[
    PredefinedRole {
        name: "roles/artifactregistry.admin",
        title: "Artifact Registry Administrator",
        description: "Administrator access to create and manage repositories.",
        patterns: &["artifactregistry.*"],
    },
    PredefinedRole {
        name: "roles/artifactregistry.createOnPushRepoAdmin",
        title: "Artifact Registry Create-on-Push Repository Administrator",
        description: "Manages artifacts, and creates the bucket on the first push.",
        patterns: &[
            AR_READ[0],
            AR_READ[1],
            AR_READ[2],
            AR_READ[3],
            AR_READ[7],
            AR_READ[5],
            "artifactregistry.repositories.uploadArtifacts",
            "artifactregistry.repositories.deleteArtifacts",
            "artifactregistry.repositories.createOnPush",
            "artifactregistry.tags.*",
            "artifactregistry.versions.*",
        ],
    },
    PredefinedRole {
        name: "roles/artifactregistry.createOnPushWriter",
        title: "Artifact Registry Create-on-Push Writer",
        description: "Pushes and pulls, and creates the bucket on the first push.",
        patterns: &[
            AR_READ[0],
            AR_READ[1],
            AR_READ[2],
            AR_READ[3],
            AR_READ[4],
            AR_READ[5],
            AR_READ[6],
            AR_READ[7],
            "artifactregistry.repositories.uploadArtifacts",
            "artifactregistry.repositories.createOnPush",
            "artifactregistry.tags.create",
            "artifactregistry.tags.update",
        ],
    },
    PredefinedRole {
        name: "roles/artifactregistry.reader",
        title: "Artifact Registry Reader",
        description: "Pulls images and lists them.",
        patterns: &[
            AR_READ[0], AR_READ[1], AR_READ[2], AR_READ[3], AR_READ[4], AR_READ[5], AR_READ[6],
            AR_READ[7],
        ],
    },
    PredefinedRole {
        name: "roles/artifactregistry.repoAdmin",
        title: "Artifact Registry Repository Administrator",
        description: "Pushes, pulls and deletes images.",
        patterns: &[
            AR_READ[0],
            AR_READ[1],
            AR_READ[2],
            AR_READ[3],
            "artifactregistry.repositories.uploadArtifacts",
            "artifactregistry.repositories.deleteArtifacts",
            "artifactregistry.tags.*",
            "artifactregistry.versions.*",
        ],
    },
    PredefinedRole {
        name: "roles/artifactregistry.writer",
        title: "Artifact Registry Writer",
        description: "Pushes and pulls images; deletes none.",
        patterns: &[
            AR_READ[0],
            AR_READ[1],
            AR_READ[2],
            AR_READ[3],
            AR_READ[4],
            AR_READ[5],
            AR_READ[6],
            AR_READ[7],
            "artifactregistry.repositories.uploadArtifacts",
            "artifactregistry.tags.create",
            "artifactregistry.tags.update",
        ],
    },
    PredefinedRole {
        name: "roles/browser",
        title: "Browser",
        description: "Sees projects and their policies, not what is in them.",
        patterns: &[
            "resourcemanager.projects.get",
            "resourcemanager.projects.list",
            "resourcemanager.projects.getIamPolicy",
        ],
    },
    PredefinedRole {
        name: "roles/cloudkms.admin",
        title: "Cloud KMS Admin",
        description: "Manages key rings, keys and versions; encrypts, decrypts and signs with none of them.",
        patterns: &[
            "cloudkms.cryptoKeyVersions.create",
            "cloudkms.cryptoKeyVersions.destroy",
            "cloudkms.cryptoKeyVersions.get",
            "cloudkms.cryptoKeyVersions.list",
            "cloudkms.cryptoKeyVersions.restore",
            "cloudkms.cryptoKeyVersions.update",
            "cloudkms.cryptoKeys.*",
            "cloudkms.keyRings.*",
            "cloudkms.locations.*",
            "resourcemanager.projects.get",
        ],
    },
    PredefinedRole {
        name: "roles/cloudkms.cryptoKeyDecrypter",
        title: "Cloud KMS CryptoKey Decrypter",
        description: "Decrypts.",
        patterns: &[
            "cloudkms.cryptoKeyVersions.useToDecrypt",
            "cloudkms.locations.*",
            "resourcemanager.projects.get",
        ],
    },
    PredefinedRole {
        name: "roles/cloudkms.cryptoKeyEncrypter",
        title: "Cloud KMS CryptoKey Encrypter",
        description: "Encrypts.",
        patterns: &[
            "cloudkms.cryptoKeyVersions.useToEncrypt",
            "cloudkms.locations.*",
            "resourcemanager.projects.get",
        ],
    },
    PredefinedRole {
        name: "roles/cloudkms.cryptoKeyEncrypterDecrypter",
        title: "Cloud KMS CryptoKey Encrypter/Decrypter",
        description: "Encrypts and decrypts.",
        patterns: &[
            "cloudkms.cryptoKeyVersions.useToDecrypt",
            "cloudkms.cryptoKeyVersions.useToEncrypt",
            "cloudkms.locations.*",
            "resourcemanager.projects.get",
        ],
    },
    PredefinedRole {
        name: "roles/cloudkms.publicKeyViewer",
        title: "Cloud KMS CryptoKey Public Key Viewer",
        description: "Reads public keys.",
        patterns: &[
            "cloudkms.cryptoKeyVersions.viewPublicKey",
            "cloudkms.locations.*",
            "resourcemanager.projects.get",
        ],
    },
    PredefinedRole {
        name: "roles/cloudkms.signer",
        title: "Cloud KMS CryptoKey Signer",
        description: "Signs.",
        patterns: &[
            "cloudkms.cryptoKeyVersions.useToSign",
            "cloudkms.locations.*",
            "resourcemanager.projects.get",
        ],
    },
    PredefinedRole {
        name: "roles/cloudkms.signerVerifier",
        title: "Cloud KMS CryptoKey Signer/Verifier",
        description: "Signs, verifies, and reads public keys.",
        patterns: &[
            "cloudkms.cryptoKeyVersions.useToSign",
            "cloudkms.cryptoKeyVersions.useToVerify",
            "cloudkms.cryptoKeyVersions.viewPublicKey",
            "cloudkms.locations.*",
            "resourcemanager.projects.get",
        ],
    },
    PredefinedRole {
        name: "roles/cloudkms.verifier",
        title: "Cloud KMS CryptoKey Verifier",
        description: "Verifies, and reads public keys.",
        patterns: &[
            "cloudkms.cryptoKeyVersions.useToVerify",
            "cloudkms.cryptoKeyVersions.viewPublicKey",
            "cloudkms.locations.*",
            "resourcemanager.projects.get",
        ],
    },
    PredefinedRole {
        name: "roles/cloudkms.viewer",
        title: "Cloud KMS Viewer",
        description: "Sees key rings, keys and versions, and uses none.",
        patterns: &[
            "cloudkms.cryptoKeyVersions.get",
            "cloudkms.cryptoKeyVersions.list",
            "cloudkms.cryptoKeys.get",
            "cloudkms.cryptoKeys.list",
            "cloudkms.keyRings.get",
            "cloudkms.keyRings.list",
            "cloudkms.locations.*",
            "resourcemanager.projects.get",
        ],
    },
    PredefinedRole {
        name: "roles/compute.viewer",
        title: "Compute Viewer",
        description: "Sees the regions and zones that things are said to be in.",
        patterns: &["compute.*", "resourcemanager.projects.get"],
    },
    PredefinedRole {
        name: "roles/editor",
        title: "Editor",
        description: "Sees, pushes, changes and deletes everything but the policies of projects and accounts, and keys.",
        patterns: &[
            "artifactregistry.dockerimages.*",
            "artifactregistry.repositories.create",
            "artifactregistry.repositories.createOnPush",
            "artifactregistry.repositories.delete",
            "artifactregistry.repositories.deleteArtifacts",
            "artifactregistry.repositories.downloadArtifacts",
            "artifactregistry.repositories.get",
            "artifactregistry.repositories.getIamPolicy",
            "artifactregistry.repositories.list",
            "artifactregistry.repositories.update",
            "artifactregistry.repositories.uploadArtifacts",
            "artifactregistry.tags.*",
            "artifactregistry.versions.*",
            "cloudkms.cryptoKeyVersions.create",
            "cloudkms.cryptoKeyVersions.destroy",
            "cloudkms.cryptoKeyVersions.get",
            "cloudkms.cryptoKeyVersions.list",
            "cloudkms.cryptoKeyVersions.restore",
            "cloudkms.cryptoKeyVersions.update",
            "cloudkms.cryptoKeys.create",
            "cloudkms.cryptoKeys.get",
            "cloudkms.cryptoKeys.getIamPolicy",
            "cloudkms.cryptoKeys.list",
            "cloudkms.cryptoKeys.update",
            "cloudkms.keyRings.create",
            "cloudkms.keyRings.get",
            "cloudkms.keyRings.getIamPolicy",
            "cloudkms.keyRings.list",
            "cloudkms.locations.*",
            "compute.*",
            "iam.roles.get",
            "iam.roles.list",
            "iam.serviceAccountKeys.get",
            "iam.serviceAccountKeys.list",
            "iam.serviceAccounts.actAs",
            "iam.serviceAccounts.create",
            "iam.serviceAccounts.delete",
            "iam.serviceAccounts.disable",
            "iam.serviceAccounts.enable",
            "iam.serviceAccounts.get",
            "iam.serviceAccounts.getIamPolicy",
            "iam.serviceAccounts.list",
            "iam.serviceAccounts.update",
            "logging.logEntries.list",
            "resourcemanager.projects.get",
            "resourcemanager.projects.getIamPolicy",
            "resourcemanager.projects.list",
            "resourcemanager.projects.update",
            "serviceusage.services.*",
            "storage.buckets.create",
            "storage.buckets.delete",
            "storage.buckets.get",
            "storage.buckets.list",
            "storage.buckets.update",
            "storage.objects.*",
        ],
    },
    PredefinedRole {
        name: "roles/iam.roleAdmin",
        title: "Role Administrator",
        description: "Manages a project's custom roles.",
        patterns: &[
            "iam.roles.*",
            "resourcemanager.projects.get",
            "resourcemanager.projects.getIamPolicy",
        ],
    },
    PredefinedRole {
        name: "roles/iam.roleViewer",
        title: "Role Viewer",
        description: "Sees a project's custom roles.",
        patterns: &[
            "iam.roles.get",
            "iam.roles.list",
            "resourcemanager.projects.get",
            "resourcemanager.projects.getIamPolicy",
        ],
    },
    PredefinedRole {
        name: "roles/iam.securityAdmin",
        title: "Security Admin",
        description: "Reads and replaces every policy.",
        patterns: &[
            "cloudkms.cryptoKeys.getIamPolicy",
            "cloudkms.cryptoKeys.list",
            "cloudkms.cryptoKeys.setIamPolicy",
            "cloudkms.keyRings.getIamPolicy",
            "cloudkms.keyRings.list",
            "cloudkms.keyRings.setIamPolicy",
            "iam.roles.get",
            "iam.roles.list",
            "iam.serviceAccountKeys.list",
            "iam.serviceAccounts.get",
            "iam.serviceAccounts.getIamPolicy",
            "iam.serviceAccounts.list",
            "iam.serviceAccounts.setIamPolicy",
            "resourcemanager.projects.get",
            "resourcemanager.projects.getIamPolicy",
            "resourcemanager.projects.list",
            "resourcemanager.projects.setIamPolicy",
            "storage.buckets.getIamPolicy",
            "storage.buckets.list",
            "storage.buckets.setIamPolicy",
        ],
    },
    PredefinedRole {
        name: "roles/iam.serviceAccountAdmin",
        title: "Service Account Admin",
        description: "Manages service accounts.",
        patterns: &[
            "iam.serviceAccounts.create",
            "iam.serviceAccounts.delete",
            "iam.serviceAccounts.disable",
            "iam.serviceAccounts.enable",
            "iam.serviceAccounts.get",
            "iam.serviceAccounts.getIamPolicy",
            "iam.serviceAccounts.list",
            "iam.serviceAccounts.setIamPolicy",
            "iam.serviceAccounts.update",
            "resourcemanager.projects.get",
            "resourcemanager.projects.list",
        ],
    },
    PredefinedRole {
        name: "roles/iam.serviceAccountKeyAdmin",
        title: "Service Account Key Admin",
        description: "Manages keys of service accounts.",
        patterns: &[
            "iam.serviceAccountKeys.*",
            "iam.serviceAccounts.get",
            "iam.serviceAccounts.list",
            "resourcemanager.projects.get",
            "resourcemanager.projects.list",
        ],
    },
    PredefinedRole {
        name: "roles/iam.serviceAccountOpenIdTokenCreator",
        title: "Service Account OpenID Connect Identity Token Creator",
        description: "Gets ID tokens of service accounts.",
        patterns: &["iam.serviceAccounts.getOpenIdToken"],
    },
    PredefinedRole {
        name: "roles/iam.serviceAccountTokenCreator",
        title: "Service Account Token Creator",
        description: "Gets tokens of service accounts, and signs as they do.",
        patterns: &[
            "iam.serviceAccounts.get",
            "iam.serviceAccounts.getAccessToken",
            "iam.serviceAccounts.getOpenIdToken",
            "iam.serviceAccounts.implicitDelegation",
            "iam.serviceAccounts.list",
            "iam.serviceAccounts.signBlob",
            "iam.serviceAccounts.signJwt",
            "resourcemanager.projects.get",
            "resourcemanager.projects.list",
        ],
    },
    PredefinedRole {
        name: "roles/iam.serviceAccountUser",
        title: "Service Account User",
        description: "Lets workloads run as service accounts.",
        patterns: &[
            "iam.serviceAccounts.actAs",
            "iam.serviceAccounts.get",
            "iam.serviceAccounts.list",
            "resourcemanager.projects.get",
            "resourcemanager.projects.list",
        ],
    },
    PredefinedRole {
        name: "roles/iam.serviceAccountViewer",
        title: "View Service Accounts",
        description: "Sees service accounts, their keys' metadata and their policies.",
        patterns: &[
            "iam.serviceAccountKeys.get",
            "iam.serviceAccountKeys.list",
            "iam.serviceAccounts.get",
            "iam.serviceAccounts.getIamPolicy",
            "iam.serviceAccounts.list",
            "resourcemanager.projects.get",
            "resourcemanager.projects.list",
        ],
    },
    PredefinedRole {
        name: "roles/iam.workloadIdentityUser",
        title: "Workload Identity User",
        description: "Gets tokens of a service account as a workload of a cluster.",
        patterns: &[
            "iam.serviceAccounts.get",
            "iam.serviceAccounts.getAccessToken",
            "iam.serviceAccounts.getOpenIdToken",
            "iam.serviceAccounts.list",
        ],
    },
    PredefinedRole {
        name: "roles/logging.privateLogViewer",
        title: "Private Logs Viewer",
        description: "Reads all of the audit log: what was changed, and who pulled, looked, got a token or failed to log in.",
        patterns: &[
            "logging.logEntries.list",
            "logging.privateLogEntries.list",
            "resourcemanager.projects.get",
        ],
    },
    PredefinedRole {
        name: "roles/logging.viewer",
        title: "Logs Viewer",
        description: "Reads the audit log's records of what was changed.",
        patterns: &["logging.logEntries.list", "resourcemanager.projects.get"],
    },
    PredefinedRole {
        name: "roles/owner",
        title: "Owner",
        description: "Everything.",
        patterns: &["*"],
    },
    PredefinedRole {
        name: "roles/resourcemanager.projectCreator",
        title: "Project Creator",
        description: "Creates projects.",
        patterns: &["resourcemanager.projects.create"],
    },
    PredefinedRole {
        name: "roles/resourcemanager.projectDeleter",
        title: "Project Deleter",
        description: "Deletes projects.",
        patterns: &["resourcemanager.projects.delete"],
    },
    PredefinedRole {
        name: "roles/resourcemanager.projectIamAdmin",
        title: "Project IAM Admin",
        description: "Reads and replaces a project's policy.",
        patterns: &[
            "resourcemanager.projects.get",
            "resourcemanager.projects.getIamPolicy",
            "resourcemanager.projects.setIamPolicy",
        ],
    },
    PredefinedRole {
        name: "roles/serviceusage.serviceUsageAdmin",
        title: "Service Usage Admin",
        description: "Enables and sees the services of a project.",
        patterns: &["resourcemanager.projects.get", "serviceusage.services.*"],
    },
    PredefinedRole {
        name: "roles/serviceusage.serviceUsageViewer",
        title: "Service Usage Viewer",
        description: "Sees the services of a project.",
        patterns: &[
            "resourcemanager.projects.get",
            "serviceusage.services.get",
            "serviceusage.services.list",
        ],
    },
    PredefinedRole {
        name: "roles/storage.admin",
        title: "Storage Admin",
        description: "Full control of buckets and images: also creates the bucket with the first push.",
        patterns: &[
            "storage.*",
            "resourcemanager.projects.get",
            "resourcemanager.projects.list",
        ],
    },
    PredefinedRole {
        name: "roles/storage.legacyBucketOwner",
        title: "Storage Legacy Bucket Owner",
        description: "Reads and changes a bucket and its policy; creates, lists and deletes what is in it.",
        patterns: &[
            "storage.buckets.get",
            "storage.buckets.getIamPolicy",
            "storage.buckets.setIamPolicy",
            "storage.buckets.update",
            "storage.objects.create",
            "storage.objects.delete",
            "storage.objects.list",
        ],
    },
    PredefinedRole {
        name: "roles/storage.legacyBucketReader",
        title: "Storage Legacy Bucket Reader",
        description: "Reads a bucket's metadata and lists what is in it.",
        patterns: &["storage.buckets.get", "storage.objects.list"],
    },
    PredefinedRole {
        name: "roles/storage.legacyBucketWriter",
        title: "Storage Legacy Bucket Writer",
        description: "Pushes to an existing bucket.",
        patterns: &[
            "storage.buckets.get",
            "storage.objects.create",
            "storage.objects.delete",
            "storage.objects.list",
        ],
    },
    PredefinedRole {
        name: "roles/storage.legacyObjectOwner",
        title: "Storage Legacy Object Owner",
        description: "Reads and changes objects.",
        patterns: &["storage.objects.get", "storage.objects.update"],
    },
    PredefinedRole {
        name: "roles/storage.legacyObjectReader",
        title: "Storage Legacy Object Reader",
        description: "Pulls images by their exact name; lists none.",
        patterns: &["storage.objects.get"],
    },
    PredefinedRole {
        name: "roles/storage.objectAdmin",
        title: "Storage Object Admin",
        description: "Pushes to an existing bucket, pulls, and deletes images.",
        patterns: &[
            "storage.objects.*",
            "resourcemanager.projects.get",
            "resourcemanager.projects.list",
        ],
    },
    PredefinedRole {
        name: "roles/storage.objectCreator",
        title: "Storage Object Creator",
        description: "Pushes to an existing bucket; moves no existing tag and reads nothing.",
        patterns: &[
            "storage.objects.create",
            "resourcemanager.projects.get",
            "resourcemanager.projects.list",
        ],
    },
    PredefinedRole {
        name: "roles/storage.objectUser",
        title: "Storage Object User",
        description: "Pushes to an existing bucket, pulls, and deletes images.",
        patterns: &[
            "storage.objects.*",
            "resourcemanager.projects.get",
            "resourcemanager.projects.list",
        ],
    },
    PredefinedRole {
        name: "roles/storage.objectViewer",
        title: "Storage Object Viewer",
        description: "Pulls images and lists them.",
        patterns: &[
            "storage.objects.get",
            "storage.objects.list",
            "resourcemanager.projects.get",
            "resourcemanager.projects.list",
        ],
    },
    PredefinedRole {
        name: "roles/viewer",
        title: "Viewer",
        description: "Sees and pulls everything, changes nothing.",
        patterns: &[
            "artifactregistry.dockerimages.*",
            "artifactregistry.repositories.downloadArtifacts",
            "artifactregistry.repositories.get",
            "artifactregistry.repositories.getIamPolicy",
            "artifactregistry.repositories.list",
            "artifactregistry.tags.get",
            "artifactregistry.tags.list",
            "artifactregistry.versions.get",
            "artifactregistry.versions.list",
            "cloudkms.cryptoKeyVersions.get",
            "cloudkms.cryptoKeyVersions.list",
            "cloudkms.cryptoKeys.get",
            "cloudkms.cryptoKeys.list",
            "cloudkms.keyRings.get",
            "cloudkms.keyRings.list",
            "cloudkms.locations.*",
            "compute.*",
            "iam.roles.get",
            "iam.roles.list",
            "iam.serviceAccountKeys.get",
            "iam.serviceAccountKeys.list",
            "iam.serviceAccounts.get",
            "iam.serviceAccounts.getIamPolicy",
            "iam.serviceAccounts.list",
            "logging.logEntries.list",
            "resourcemanager.projects.get",
            "resourcemanager.projects.getIamPolicy",
            "resourcemanager.projects.list",
            "serviceusage.services.get",
            "serviceusage.services.list",
            "storage.buckets.get",
            "storage.buckets.list",
            "storage.objects.get",
            "storage.objects.list",
        ],
    },
];

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
