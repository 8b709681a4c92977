//! Deleting manifests and tags. Blobs are in [`super::blobs`].

use wharf_types::{Reference, Repository};

use crate::{App, Caller, Error};

impl App {
    /// Deletes a tag, or a manifest with all its tags (OCI), or a manifest that has neither tag nor parent
    /// (projects with `strict_deletes`).
    pub async fn delete_manifest(
        &self,
        caller: &Caller,
        repository: &Repository,
        reference: &Reference,
    ) -> Result<(), Error> {
        let _ = (caller, repository, reference);
        unimplemented!()
    }
}
