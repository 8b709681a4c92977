//! Deleting manifests and tags. Blobs are in [`super::blobs`].

use jiff::Timestamp;
use wharf_store::meta::access::projects;
use wharf_store::meta::images::repositories::RepositoryId;
use wharf_store::meta::images::{manifests, repositories, tags};
use wharf_store::meta::{Durability, Transaction};
use wharf_types::permission::OBJECTS_DELETE;
use wharf_types::{Digest, Reference, Repository};

use crate::{App, Caller, Error, Missing};

/// Indexes that a refusal names.
const PARENTS_NAMED_MAX: i64 = 5;

impl App {
    /// Deletes a tag, or a manifest by its digest. `storage.objects.delete`.
    ///
    /// A tag goes alone: its manifest stays and can be pulled by digest. A manifest takes its tags along; in a project
    /// with `strict_deletes`, as Google had it, one that has tags is refused instead. In neither does a manifest go that an
    /// index holds: the index would be broken for those who pull it. Referrers of a deleted manifest stay.
    pub async fn delete_manifest(
        &self,
        caller: &Caller,
        repository: &Repository,
        reference: &Reference,
    ) -> Result<(), Error> {
        let object = repository.referenced(reference);
        self.authorize(caller, &[OBJECTS_DELETE], &object).await?;
        let (repository, reference) = (repository.clone(), reference.clone());
        self.meta
            .write(Durability::Machine, move |transaction| {
                let absent = || Error::not_found(Missing::Manifest, &reference);
                let id = repositories::find(transaction, &repository)?.ok_or_else(absent)?;
                let deleted = match &reference {
                    Reference::Tag(tag) => tags::delete(transaction, &repository, id, tag)?,
                    Reference::Digest(digest) => {
                        check(transaction, &repository, id, digest)?;
                        manifests::delete(transaction, &repository, id, digest, Timestamp::now())?
                    }
                };
                if deleted { Ok(()) } else { Err(absent()) }
            })
            .await
    }
}

/// Whether a manifest may go.
fn check(
    transaction: &Transaction<'_>,
    repository: &Repository,
    id: RepositoryId,
    digest: &Digest,
) -> Result<(), Error> {
    let is_strict = projects::find(transaction, &repository.bucket.project)?
        .is_some_and(|project| project.strict_deletes);
    if is_strict {
        let tags = tags::of_manifest(transaction, id, digest)?;
        if !tags.is_empty() {
            return Err(Error::DanglingTag {
                digest: *digest,
                tags,
            });
        }
    }
    let parents = manifests::parents(transaction, id, digest, PARENTS_NAMED_MAX)?;
    match parents.first() {
        None => Ok(()),
        Some(_) if is_strict => Err(Error::DanglingParent {
            digest: *digest,
            parents,
        }),
        Some(parent) => Err(Error::Unsupported(format!(
            "manifest {digest} is part of the index {parent} in {}: delete that first",
            repository.name()
        ))),
    }
}

#[cfg(test)]
mod tests;
