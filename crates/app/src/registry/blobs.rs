//! Pulling and deleting blobs.

use bytes::Bytes;
use wharf_types::{Digest, Repository};

use crate::{App, Caller, Error};

/// A blob's content, ready to be read.
pub enum BlobContent {
    /// A small one, whole.
    Inline(Bytes),
    /// A large one, to be read in pieces.
    Object(wharf_store::blobs::Reader),
}

impl App {
    /// `HEAD` of a blob: its size. `storage.objects.get` or `storage.objects.create`.
    pub async fn stat_blob(
        &self,
        caller: &Caller,
        repository: &Repository,
        digest: &Digest,
    ) -> Result<u64, Error> {
        let _ = (caller, repository, digest);
        unimplemented!()
    }

    /// `GET` of a blob: its size and its content. `storage.objects.get`.
    pub async fn open_blob(
        &self,
        caller: &Caller,
        repository: &Repository,
        digest: &Digest,
    ) -> Result<(u64, BlobContent), Error> {
        let _ = (caller, repository, digest);
        unimplemented!()
    }

    /// Takes a blob out of a repository. Refused while a manifest of the repository holds it.
    pub async fn delete_blob(
        &self,
        caller: &Caller,
        repository: &Repository,
        digest: &Digest,
    ) -> Result<(), Error> {
        let _ = (caller, repository, digest);
        unimplemented!()
    }
}
