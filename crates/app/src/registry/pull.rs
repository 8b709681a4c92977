//! Pulling manifests. Blobs are in [`super::blobs`].

use std::sync::Arc;

use bytes::Bytes;
use wharf_types::{Digest, Reference, Repository};

use crate::{App, Caller, Error};

/// A manifest, byte for byte as it was pushed.
#[derive(Clone, Debug)]
pub struct Manifest {
    /// The digest of `content`.
    pub digest: Digest,
    /// Its media type.
    pub media_type: Box<str>,
    /// Its bytes.
    pub content: Bytes,
}

impl App {
    /// `GET` of a manifest: `storage.objects.get`.
    pub async fn get_manifest(
        &self,
        caller: &Caller,
        repository: &Repository,
        reference: &Reference,
    ) -> Result<Arc<Manifest>, Error> {
        let _ = (caller, repository, reference);
        unimplemented!()
    }

    /// `HEAD` of a manifest: `storage.objects.get` or `storage.objects.create`, since pushing clients ask first.
    pub async fn stat_manifest(
        &self,
        caller: &Caller,
        repository: &Repository,
        reference: &Reference,
    ) -> Result<Arc<Manifest>, Error> {
        let _ = (caller, repository, reference);
        unimplemented!()
    }
}
