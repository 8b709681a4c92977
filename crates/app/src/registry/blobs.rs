//! Pulling and deleting blobs.

use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;
use quick_cache::Weighter;
use wharf_store::meta::images::blobs::{self, Blob, Place};
use wharf_store::meta::images::repositories;
use wharf_store::meta::{Change, Durability};
use wharf_types::permission::{OBJECTS_CREATE, OBJECTS_DELETE, OBJECTS_GET};
use wharf_types::{Digest, Object, Repository};

use crate::{App, Caller, Error, Missing};

pub use wharf_store::blobs::{Piece, Reader, STRETCH_SIZE_MAX, Stretch};

/// Bytes up to which the content of a small blob stays in memory: configs, which every pull asks for.
const KEPT_SIZE_MAX: u64 = 16 * 1024;

/// A blob's content, ready to be read.
pub enum BlobContent {
    /// A small one, whole.
    Inline(Bytes),
    /// A large one, to be read in pieces.
    Object(Reader),
}

/// Bytes of memory for blobs that were asked for lately.
const CACHE_SIZE_MAX: u64 = 16 * 1024 * 1024;

type Key = (Repository, Digest);

/// A blob as it is kept in memory.
#[derive(Debug)]
struct Known {
    blob: Blob,
    content: Option<Bytes>,
}

#[derive(Clone)]
struct Weight;

impl Weighter<Key, Arc<Known>> for Weight {
    fn weight(&self, _: &Key, known: &Arc<Known>) -> u64 {
        300 + known
            .content
            .as_ref()
            .map_or(0, |content| content.len() as u64)
    }
}

/// Blobs that were asked for lately. Only links that exist, so a blob that comes in need not be announced.
pub(super) struct Cache(quick_cache::sync::Cache<Key, Arc<Known>, Weight>);

impl Default for Cache {
    fn default() -> Self {
        Self(quick_cache::sync::Cache::with_weighter(
            16_384,
            CACHE_SIZE_MAX,
            Weight,
        ))
    }
}

impl Cache {
    /// Drops what a commit changed.
    pub(super) fn forget(&self, change: &Change) {
        if let Change::Blob(repository, digest) = change {
            self.0.remove(&(repository.clone(), *digest));
        }
    }
}

impl App {
    /// `HEAD` of a blob: its size. `storage.objects.get` or `storage.objects.create`.
    pub async fn stat_blob(
        &self,
        caller: &Caller,
        repository: &Repository,
        digest: &Digest,
    ) -> Result<u64, Error> {
        let object = repository.object(Object::Blob(*digest));
        self.authorize(caller, &[OBJECTS_GET, OBJECTS_CREATE], &object)
            .await?;
        Ok(self.find_blob(repository, digest).await?.blob.size)
    }

    /// `GET` of a blob: its size and its content. `storage.objects.get`.
    pub async fn open_blob(
        &self,
        caller: &Caller,
        repository: &Repository,
        digest: &Digest,
    ) -> Result<(u64, BlobContent), Error> {
        let object = repository.object(Object::Blob(*digest));
        self.authorize(caller, &[OBJECTS_GET], &object).await?;
        self.read_blob(repository, digest).await
    }

    /// The size and content of a blob that somebody may read.
    pub(super) async fn read_blob(
        &self,
        repository: &Repository,
        digest: &Digest,
    ) -> Result<(u64, BlobContent), Error> {
        let known = self.find_blob(repository, digest).await?;
        let content = match (&known.content, &known.blob.place) {
            (Some(content), _) => Some(BlobContent::Inline(content.clone())),
            (None, Place::Row) => self
                .blob_row(known.blob.id, *digest)
                .await?
                .map(BlobContent::Inline),
            (None, Place::Object(key)) => self.blobs.read(key).await?.map(BlobContent::Object),
        };
        // Without content, the blob was deleted between the two looks.
        let content = content.ok_or_else(|| Error::not_found(Missing::Blob, digest))?;
        Ok((known.blob.size, content))
    }

    /// Takes a blob out of a repository. Refused while a manifest of the repository holds it.
    pub async fn delete_blob(
        &self,
        caller: &Caller,
        repository: &Repository,
        digest: &Digest,
    ) -> Result<(), Error> {
        let object = repository.object(Object::Blob(*digest));
        self.authorize(caller, &[OBJECTS_DELETE], &object).await?;
        let (repository, digest) = (repository.clone(), *digest);
        self.meta
            .write(Durability::Machine, move |t| {
                let absent = || Error::not_found(Missing::Blob, digest);
                let id = repositories::find(t, &repository)?.ok_or_else(absent)?;
                if blobs::is_held(t, id, &digest)? {
                    return Err(Error::Unsupported(format!(
                        "blob {digest} is part of a manifest of {}: delete that first",
                        repository.name()
                    )));
                }
                match blobs::unlink(t, &repository, id, &digest, Timestamp::now())? {
                    true => Ok(()),
                    false => Err(absent()),
                }
            })
            .await
    }

    /// Finds a blob of a repository, from memory if it is known.
    async fn find_blob(
        &self,
        repository: &Repository,
        digest: &Digest,
    ) -> Result<Arc<Known>, Error> {
        let key = (repository.clone(), *digest);
        let fill = match self.registry.blobs.0.get_value_or_guard_async(&key).await {
            Ok(known) => return Ok(known),
            Err(fill) => fill,
        };
        let (repository, digest) = key;
        let known = self
            .meta
            .read(move |t| {
                let Some(blob) = blobs::find(t, &repository, &digest)? else {
                    return Err(Error::not_found(Missing::Blob, digest));
                };
                let content = match blob.place {
                    Place::Row if blob.size <= KEPT_SIZE_MAX => {
                        blobs::content(t, blob.id, &digest)?.map(Bytes::from)
                    }
                    _ => None,
                };
                Ok(Arc::new(Known { blob, content }))
            })
            .await?;
        // Fails when a commit dropped the entry meanwhile: then the next request looks again.
        let _ = fill.insert(known.clone());
        Ok(known)
    }

    async fn blob_row(&self, id: i64, digest: Digest) -> Result<Option<Bytes>, Error> {
        Ok(self
            .meta
            .read(move |t| blobs::content(t, id, &digest))
            .await?
            .map(Bytes::from))
    }
}
