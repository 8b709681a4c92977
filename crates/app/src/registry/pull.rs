//! Pulling manifests. Blobs are in [`super::blobs`].

use std::hash::Hash;
use std::sync::Arc;

use bytes::Bytes;
use quick_cache::{Equivalent, Weighter};
use wharf_store::meta::images::manifests;
use wharf_store::meta::{Change, Transaction};
use wharf_types::permission::{OBJECTS_CREATE, OBJECTS_GET};
use wharf_types::{Digest, Reference, Repository, Tag};

use crate::{App, Caller, Error, Missing};

/// Bytes of memory for the manifests that tags pointed to lately, and as many for those that were asked for by digest.
const CACHE_SIZE_MAX: u64 = 16 * 1024 * 1024;
/// What an entry takes besides the bytes of its manifest: key, media type, bookkeeping.
const ENTRY_SIZE: u64 = 512;

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

impl From<manifests::Manifest> for Manifest {
    fn from(row: manifests::Manifest) -> Self {
        Self {
            digest: row.digest,
            media_type: row.media_type.into(),
            content: row.content.into(),
        }
    }
}

#[derive(Clone)]
struct Weight;

impl<K> Weighter<K, Arc<Manifest>> for Weight {
    fn weight(&self, _: &K, manifest: &Arc<Manifest>) -> u64 {
        ENTRY_SIZE + manifest.content.len() as u64
    }
}

/// Manifests by one kind of name.
type Named<N> = quick_cache::sync::Cache<(Repository, N), Arc<Manifest>, Weight>;

/// The key of an entry, looked up without copying it.
#[derive(Hash)]
struct Key<'k, N>(&'k Repository, &'k N);

impl<N: Eq + Hash> Equivalent<(Repository, N)> for Key<'_, N> {
    fn equivalent(&self, key: &(Repository, N)) -> bool {
        *self.0 == key.0 && *self.1 == key.1
    }
}

/// Manifests that were asked for lately. What is absent is never remembered, so a first push needs no announcement.
pub(super) struct Cache {
    tagged: Named<Tag>,
    digested: Named<Digest>,
}

impl Default for Cache {
    fn default() -> Self {
        Self {
            tagged: Named::with_weighter(8_192, CACHE_SIZE_MAX, Weight),
            digested: Named::with_weighter(8_192, CACHE_SIZE_MAX, Weight),
        }
    }
}

impl Cache {
    /// Drops what a commit changed, and whatever is being read for it: that may be what was there before.
    pub(super) fn forget(&self, change: &Change) {
        match change {
            Change::Tag(repository, tag) => {
                self.tagged.remove(&Key(repository, tag));
            }
            Change::Manifest(repository, digest) => {
                self.digested.remove(&Key(repository, digest));
            }
            _ => {}
        }
    }
}

impl App {
    /// `GET` of a manifest: `storage.objects.get`.
    pub async fn get_manifest(
        &self,
        caller: &Caller,
        repository: &Repository,
        reference: &Reference,
    ) -> Result<Arc<Manifest>, Error> {
        let object = repository.referenced(reference);
        self.authorize(caller, &[OBJECTS_GET], &object).await?;
        self.find_manifest(repository, reference).await
    }

    /// `HEAD` of a manifest: `storage.objects.get` or `storage.objects.create`, since pushing clients ask first.
    pub async fn stat_manifest(
        &self,
        caller: &Caller,
        repository: &Repository,
        reference: &Reference,
    ) -> Result<Arc<Manifest>, Error> {
        let object = repository.referenced(reference);
        self.authorize(caller, &[OBJECTS_GET, OBJECTS_CREATE], &object)
            .await?;
        self.find_manifest(repository, reference).await
    }

    /// Finds a manifest, from memory if it is known.
    pub(super) async fn find_manifest(
        &self,
        repository: &Repository,
        reference: &Reference,
    ) -> Result<Arc<Manifest>, Error> {
        let cache = &self.registry.manifests;
        match reference {
            Reference::Tag(tag) => {
                self.find_in(&cache.tagged, repository, tag, manifests::find_tagged)
                    .await
            }
            Reference::Digest(digest) => {
                self.find_in(&cache.digested, repository, digest, manifests::find)
                    .await
            }
        }
    }

    async fn find_in<N>(
        &self,
        cache: &Named<N>,
        repository: &Repository,
        name: &N,
        find: Find<N>,
    ) -> Result<Arc<Manifest>, Error>
    where
        N: Clone + Eq + Hash + ToString + Send + Sync + 'static,
    {
        if let Some(manifest) = cache.get(&Key(repository, name)) {
            return Ok(manifest);
        }
        let key = (repository.clone(), name.clone());
        let fill = match cache.get_value_or_guard_async(&key).await {
            Ok(manifest) => return Ok(manifest),
            Err(fill) => fill,
        };
        let (repository, name) = key.clone();
        let manifest = self
            .meta
            .read(
                move |transaction| match find(transaction, &repository, &name)? {
                    Some(manifest) => Ok(Arc::new(Manifest::from(manifest))),
                    None => Err(Error::not_found(Missing::Manifest, name.to_string())),
                },
            )
            .await?;
        // Fails when a commit dropped the entry meanwhile: then the next request looks again.
        let _ = fill.insert(manifest.clone());
        Ok(manifest)
    }
}

type Find<N> = fn(
    &Transaction<'_>,
    &Repository,
    &N,
) -> Result<Option<manifests::Manifest>, wharf_store::Error>;

#[cfg(test)]
mod tests;
