//! What a commit changed, for the caches above.

use wharf_types::Digest;
use wharf_types::federation::PoolId;
use wharf_types::kms::CryptoKeyName;
use wharf_types::{
    BucketName, ProjectId, Repository, Resource, RoleName, ServiceAccountEmail, Tag,
};

/// One thing that a committed write changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A tag was created, moved or deleted.
    Tag(Repository, Tag),
    /// A manifest was put or deleted.
    Manifest(Repository, Digest),
    /// A blob was linked to or unlinked from a repository.
    Blob(Repository, Digest),
    /// A repository appeared or vanished.
    Repository(Repository),
    /// A project was created, changed or deleted.
    Project(ProjectId),
    /// A bucket was created, changed or deleted.
    Bucket(BucketName),
    /// The policy of a resource was replaced.
    Policy(Resource),
    /// A service account or one of its keys was created, changed or deleted.
    Account(ServiceAccountEmail),
    /// A custom role was created, changed or deleted.
    Role(RoleName),
    /// A key of KMS or one of its versions was created or changed.
    CryptoKey(CryptoKeyName),
    /// A workload identity pool or one of its providers was created, changed or deleted.
    Pool(ProjectId, PoolId),
}
