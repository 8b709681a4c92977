//! What a verb answers when it does not do what was asked. Faces map each variant once to their dialect.

use std::time::Duration;

use wharf_types::error::OciCode;
use wharf_types::{Digest, Permission, Principal, Resource, Tag};

/// Why a verb did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The credential is missing, malformed, expired, revoked or unknown. Says which, never more than the caller knew.
    #[error("{0}")]
    Unauthenticated(String),
    /// The caller lacks a permission.
    #[error(transparent)]
    Denied(Box<Denied>),
    /// The thing is not there.
    #[error("{kind} {name} is not there")]
    NotFound {
        /// What kind of thing.
        kind: Missing,
        /// Its name.
        name: String,
    },
    /// A thing of that name is there already.
    #[error("{0} exists already")]
    AlreadyExists(String),
    /// The request is malformed. The code is for the registry protocol.
    #[error("{message}")]
    Invalid {
        /// The registry protocol's code.
        code: OciCode,
        /// What is wrong and what would be right.
        message: String,
    },
    /// A compare-and-set lost: read again, change again, write again.
    #[error(
        "{0} was changed by somebody else meanwhile: read it again, apply the change to that, and write it"
    )]
    Conflict(String),
    /// Well-formed, but not possible in this state.
    #[error("{0}")]
    FailedPrecondition(String),
    /// An upload is in use by another request, or the chunk does not begin where the upload stands.
    #[error("the upload has {offset} bytes, the next chunk begins there")]
    UploadOutOfOrder {
        /// Bytes received.
        offset: u64,
    },
    /// Larger than allowed.
    #[error("{what} is larger than {limit} bytes")]
    TooLarge {
        /// What.
        what: &'static str,
        /// The limit in bytes.
        limit: u64,
    },
    /// The range lies outside the content.
    #[error("the range lies outside the {size} bytes of the content")]
    RangeNotSatisfiable {
        /// Bytes of the content.
        size: u64,
    },
    /// A bound on how much one caller may hold or ask for.
    #[error("{message}")]
    Exhausted {
        /// Which bound.
        message: String,
        /// When to try again.
        retry_after: Duration,
    },
    /// Google's strict deletes: the manifest has tags.
    #[error("manifest {digest} still has {} tag(s): delete them first", tags.len())]
    DanglingTag {
        /// The manifest.
        digest: Digest,
        /// Its tags.
        tags: Vec<Tag>,
    },
    /// Google's strict deletes: an index holds the manifest.
    #[error("manifest {digest} is part of {}: delete that first", parents.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))]
    DanglingParent {
        /// The manifest.
        digest: Digest,
        /// The indexes.
        parents: Vec<Digest>,
    },
    /// Not offered.
    #[error("{0}")]
    Unsupported(String),
    /// The disk is full: nothing was lost, nothing can be added.
    #[error("the registry's disk is full: nothing was stored")]
    DiskFull,
    /// The client went away or sent less than it announced.
    #[error("the request's body ended early: {0}")]
    BrokenBody(String),
    /// Our fault. Logged where it is answered; its text does not leave the process.
    #[error("internal error")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// What kind of thing is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// A repository.
    Repository,
    /// A manifest.
    Manifest,
    /// A blob.
    Blob,
    /// An upload.
    Upload,
    /// A project.
    Project,
    /// A service.
    Service,
    /// A region.
    Region,
    /// A zone.
    Zone,
    /// A bucket.
    Bucket,
    /// An object of a bucket.
    Object,
    /// A service account.
    ServiceAccount,
    /// A service account key.
    Key,
    /// A role.
    Role,
    /// A key ring of KMS.
    KeyRing,
    /// A key of KMS.
    CryptoKey,
    /// A version of a key of KMS.
    CryptoKeyVersion,
    /// A workload identity pool.
    WorkloadIdentityPool,
    /// A provider of a workload identity pool.
    WorkloadIdentityProvider,
}

impl std::fmt::Display for Missing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Repository => "repository",
            Self::Manifest => "manifest",
            Self::Blob => "blob",
            Self::Upload => "upload",
            Self::Project => "project",
            Self::Service => "service",
            Self::Region => "region",
            Self::Zone => "zone",
            Self::Bucket => "bucket",
            Self::Object => "object",
            Self::ServiceAccount => "service account",
            Self::Key => "service account key",
            Self::Role => "role",
            Self::KeyRing => "key ring",
            Self::CryptoKey => "key",
            Self::CryptoKeyVersion => "key version",
            Self::WorkloadIdentityPool => "workload identity pool",
            Self::WorkloadIdentityProvider => "workload identity pool provider",
        })
    }
}

/// A refusal, with all that is needed to understand it.
#[derive(Debug, thiserror::Error)]
#[error("{explanation}")]
pub struct Denied {
    /// Who asked.
    pub principal: Principal,
    /// What lacked.
    pub permission: Permission,
    /// On what.
    pub resource: Resource,
    /// Whether the caller may know that the resource exists. If not, the text is that of an absent one:
    /// "permission … denied on resource … (or it may not exist)".
    pub visible: bool,
    /// One sentence for the caller: permission, resource and principal, and the nearest binding if `visible`.
    pub explanation: String,
}

impl Error {
    /// Something malformed, with the registry protocol's code for it.
    pub fn invalid(code: OciCode, message: impl Into<String>) -> Self {
        Self::Invalid {
            code,
            message: message.into(),
        }
    }

    /// Something that is not there.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "names and references to names alike"
    )]
    pub fn not_found(kind: Missing, name: impl ToString) -> Self {
        Self::NotFound {
            kind,
            name: name.to_string(),
        }
    }

    /// Our fault.
    pub fn internal(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Internal(error.into())
    }
}

impl From<wharf_store::Error> for Error {
    fn from(error: wharf_store::Error) -> Self {
        use wharf_store::Error as Store;
        match error {
            // What whoever starts the registry can mend, said as it is.
            Store::InUse(_) | Store::Newer { .. } => Self::FailedPrecondition(error.to_string()),
            error if error.is_disk_full() => Self::DiskFull,
            error => Self::Internal(error.into()),
        }
    }
}
