//! Bytes: large blobs, each one file under an opaque key that is chosen when its upload starts and never used again.
//!
//! Nothing here is renamed or copied. A file without a row is nothing: the garbage collector removes it.

mod file;
mod hasher;
mod key;
mod reader;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

pub use hasher::Hasher;
pub use key::ObjectKey;
pub use reader::{Piece, Reader, STRETCH_SIZE_MAX, Stretch};
pub use writer::{Lease, Writer};

use crate::Error;
use crate::folder::sync as sync_folder;
use file::Buffers;
use reader::Pool;

/// Bytes of uploads that wait in memory for the disk, over all uploads. Further ones wait at the socket.
const UNWRITTEN_MAX: usize = 48 * 1024 * 1024;

/// Where large blobs lie. Cheap to clone.
#[derive(Clone)]
pub struct Blobs {
    folder: Arc<Path>,
    unwritten: Arc<Semaphore>,
    pool: Arc<Pool>,
    buffers: Arc<Buffers>,
}

impl Blobs {
    /// Opens the blob store in a data folder, and makes it if it is not there.
    pub fn open(data: &Path) -> Result<Self, Error> {
        let folder = data.join("blobs");
        for shard in 0..=u8::MAX {
            let path = folder.join(format!("{shard:02x}"));
            std::fs::create_dir_all(&path)
                .map_err(Error::file(format!("making {}", path.display())))?;
        }
        sync_folder(&folder)?;
        sync_folder(data)?;
        Ok(Self {
            folder: folder.into(),
            unwritten: Arc::new(Semaphore::new(UNWRITTEN_MAX)),
            pool: Arc::default(),
            buffers: Arc::default(),
        })
    }

    /// Begins an object. Its file is made by the first bytes.
    pub fn create(&self, key: &ObjectKey, hasher: Hasher) -> Writer {
        self.resume(key, 0, hasher)
    }

    /// Continues an object after `size` bytes, whose hash is in `hasher`. What lies beyond them is cut off.
    pub fn resume(&self, key: &ObjectKey, size: u64, hasher: Hasher) -> Writer {
        let (unwritten, buffers) = (self.unwritten.clone(), self.buffers.clone());
        Writer::new(self.path(key), size, hasher, unwritten, buffers)
    }

    /// Whether the first `size` bytes of an object are there and are those that `hasher` took in: a power cut can leave an
    /// object that is shorter than its upload's row says, or has holes. Reads them all.
    pub async fn has_prefix(
        &self,
        key: &ObjectKey,
        size: u64,
        hasher: &Hasher,
    ) -> Result<bool, Error> {
        let (path, expected) = (self.path(key), hasher.digest());
        run(move || {
            let file = match std::fs::File::open(&path) {
                Ok(file) => file,
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(false),
                Err(error) => {
                    return Err(Error::file(format!("opening {}", path.display()))(error));
                }
            };
            let mut hasher = Hasher::new(expected.algorithm());
            let read = writer::hash_into(&mut hasher, std::io::Read::take(file, size))
                .map_err(Error::file(format!("reading {}", path.display())))?;
            Ok(read == size && hasher.digest() == expected)
        })
        .await
    }

    /// Opens an object for reading. `None` when it is not there.
    pub async fn read(&self, key: &ObjectKey) -> Result<Option<Reader>, Error> {
        let (path, pool) = (self.path(key), self.pool.clone());
        run(move || match std::fs::File::open(&path) {
            Ok(file) => Ok(Some(Reader::new(file, pool))),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::file(format!("opening {}", path.display()))(error)),
        })
        .await
    }

    /// Removes an object. That it is gone already is no error.
    pub async fn remove(&self, key: &ObjectKey) -> Result<(), Error> {
        let path = self.path(key);
        run(move || match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(Error::file(format!("removing {}", path.display()))(error))
            }
            _ => Ok(()),
        })
        .await
    }

    /// The objects of one of the 256 shards that were last written before `before`.
    pub async fn list(
        &self,
        shard: u8,
        before: std::time::SystemTime,
    ) -> Result<Vec<ObjectKey>, Error> {
        let path = self.folder.join(format!("{shard:02x}"));
        run(move || {
            let doing = || Error::file(format!("listing {}", path.display()));
            let mut keys = Vec::new();
            for entry in std::fs::read_dir(&path).map_err(doing())? {
                let entry = entry.map_err(doing())?;
                let written = entry.metadata().and_then(|metadata| metadata.modified());
                let key = entry.file_name().to_str().and_then(ObjectKey::parse);
                if let (Ok(written), Some(key)) = (written, key)
                    && written < before
                {
                    keys.push(key);
                }
            }
            Ok(keys)
        })
        .await
    }

    fn path(&self, key: &ObjectKey) -> PathBuf {
        self.folder.join(key.shard()).join(key.as_str())
    }
}

/// Runs file work on a blocking thread.
async fn run<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    match spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        Err(_) => Err(Error::Closed),
    }
}

#[cfg(test)]
mod tests;
