//! Pushing manifests.

use bytes::Bytes;
use wharf_types::{Digest, Reference, Repository, Tag};

use crate::{App, Caller, Error};

/// A manifest to be stored.
#[derive(Clone, Debug)]
pub struct ManifestPush {
    /// The tag or digest of the path.
    pub reference: Reference,
    /// The `tag` parameters of a put by digest.
    pub tags: Vec<Tag>,
    /// `Content-Type`, if there was one.
    pub media_type: Option<String>,
    /// The bytes.
    pub content: Bytes,
}

/// A manifest that was stored.
#[derive(Clone, Debug)]
pub struct ManifestPushed {
    /// Its digest.
    pub digest: Digest,
    /// Its subject, for `OCI-Subject`.
    pub subject: Option<Digest>,
    /// The tags that point to it now, for `OCI-Tag`: those of `ManifestPush::tags`.
    pub tags: Vec<Tag>,
}

impl App {
    /// Stores a manifest and points its tags to it, in one transaction.
    pub async fn put_manifest(
        &self,
        caller: &Caller,
        repository: &Repository,
        push: ManifestPush,
    ) -> Result<ManifestPushed, Error> {
        let _ = (caller, repository, push);
        unimplemented!()
    }
}
