//! Writing an object: frames are gathered into batches; while one batch is hashed and written on a blocking thread, the
//! next one comes in.

use std::any::Any;
use std::fs::File;
use std::io::Read;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinHandle;

use super::file::{Buffers, ObjectFile};
use super::{Hasher, run, sync_folder};
use crate::Error;

/// Bytes of a batch. Large enough that the change of threads costs nothing, small enough for many uploads at once.
const BATCH_SIZE: usize = 512 * 1024;
/// Write-back of the file is started each time so many bytes were written, so that the final sync is short.
const WRITE_BACK_EVERY: u64 = 32 * 1024 * 1024;

/// Kept alive while anything may still be written: whoever waits for its drop knows that the file is at rest,
/// also when the writer itself was dropped in the middle.
pub type Lease = Arc<dyn Any + Send + Sync>;

/// An object being written. Not durable before [`Writer::sync`].
pub struct Writer {
    path: PathBuf,
    /// Bytes taken in, written or not.
    size: u64,
    batch: Vec<Bytes>,
    batch_size: usize,
    unwritten: Arc<Semaphore>,
    lease: Option<Lease>,
    state: State,
}

enum State {
    /// Nothing is going on; the file is opened by the first batch.
    Idle(Box<Disk>),
    /// A batch is being written.
    Busy(JoinHandle<Result<Box<Disk>, Error>>),
    /// A write failed: nothing more can be added.
    Failed,
}

/// What the blocking thread works on.
struct Disk {
    path: PathBuf,
    file: Option<ObjectFile>,
    buffers: Arc<Buffers>,
    /// Bytes in the file.
    written: u64,
    hasher: Hasher,
    written_back: u64,
    write_back: Option<std::thread::JoinHandle<()>>,
}

impl Writer {
    pub(super) fn new(
        path: PathBuf,
        size: u64,
        hasher: Hasher,
        unwritten: Arc<Semaphore>,
        buffers: Arc<Buffers>,
    ) -> Self {
        let disk = Disk {
            path: path.clone(),
            file: None,
            buffers,
            written: size,
            hasher,
            written_back: size,
            write_back: None,
        };
        Self {
            path,
            size,
            batch: Vec::new(),
            batch_size: 0,
            unwritten,
            lease: None,
            state: State::Idle(Box::new(disk)),
        }
    }

    /// Holds on to `lease` until the last byte is written or given up.
    pub fn set_lease(&mut self, lease: Option<Lease>) {
        self.lease = lease;
    }

    /// Bytes taken in so far.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Takes in bytes; waits when the disk is behind.
    pub async fn write(&mut self, bytes: Bytes) -> Result<(), Error> {
        self.size += bytes.len() as u64;
        self.batch_size += bytes.len();
        self.batch.push(bytes);
        if self.batch_size >= BATCH_SIZE {
            self.hand_over().await?;
        }
        Ok(())
    }

    /// Writes all that was taken in to the file (not to stable storage) and answers the hash over it.
    pub async fn flush(&mut self) -> Result<Hasher, Error> {
        if !self.batch.is_empty() {
            self.hand_over().await?;
        }
        let mut disk = self.disk().await?;
        if disk.file.is_some() {
            disk = run(move || disk.flush().map(|()| disk)).await?;
        }
        let hasher = disk.hasher.clone();
        self.state = State::Idle(disk);
        Ok(hasher)
    }

    /// Brings the flushed object to stable storage: its bytes and its entry in the folder.
    pub async fn sync(mut self) -> Result<(), Error> {
        self.flush().await?;
        let mut disk = self.disk().await?;
        run(move || disk.sync()).await
    }

    /// The digest of the flushed object by another algorithm than it was hashed with: reads it again.
    pub async fn rehash(&mut self, mut hasher: Hasher) -> Result<Hasher, Error> {
        self.flush().await?;
        let path = self.path.clone();
        run(move || {
            File::open(&path)
                .and_then(|file| hash_into(&mut hasher, file))
                .map_err(Error::file(format!("reading {}", path.display())))?;
            Ok(hasher)
        })
        .await
    }

    async fn hand_over(&mut self) -> Result<(), Error> {
        let batch = std::mem::take(&mut self.batch);
        let size = std::mem::take(&mut self.batch_size);
        let permits = u32::try_from(size.min(super::UNWRITTEN_MAX)).unwrap_or(u32::MAX);
        let permit = self
            .unwritten
            .clone()
            .acquire_many_owned(permits)
            .await
            .map_err(|_| Error::Closed)?;
        let disk = self.disk().await?;
        let lease = self.lease.clone();
        self.state = State::Busy(tokio::task::spawn_blocking(move || {
            write_batch(disk, &batch, permit, lease)
        }));
        Ok(())
    }

    async fn disk(&mut self) -> Result<Box<Disk>, Error> {
        match std::mem::replace(&mut self.state, State::Failed) {
            State::Idle(disk) => Ok(disk),
            State::Busy(task) => match task.await {
                Ok(result) => result,
                Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
                Err(_) => Err(Error::Closed),
            },
            State::Failed => Err(Error::Closed),
        }
    }
}

fn write_batch(
    mut disk: Box<Disk>,
    batch: &[Bytes],
    _permit: OwnedSemaphorePermit,
    _lease: Option<Lease>,
) -> Result<Box<Disk>, Error> {
    disk.write(batch)?;
    Ok(disk)
}

impl Disk {
    fn write(&mut self, batch: &[Bytes]) -> Result<(), Error> {
        for bytes in batch {
            self.hasher.update(bytes);
        }
        let (doing, buffers) = (self.doing("writing"), self.buffers.clone());
        self.open()?.append(batch, &buffers).map_err(doing)?;
        self.written += batch.iter().map(|bytes| bytes.len() as u64).sum::<u64>();
        self.start_write_back();
        Ok(())
    }

    fn flush(&mut self) -> Result<(), Error> {
        let doing = self.doing("writing");
        self.open()?.flush().map_err(doing)
    }

    fn open(&mut self) -> Result<&mut ObjectFile, Error> {
        let file = match self.file.take() {
            Some(file) => file,
            None => ObjectFile::open(&self.path, self.written).map_err(self.doing("opening"))?,
        };
        Ok(self.file.insert(file))
    }

    fn doing(&self, what: &str) -> impl FnOnce(std::io::Error) -> Error + use<> {
        Error::file(format!("{what} {}", self.path.display()))
    }

    /// A failure shows in the final sync.
    fn start_write_back(&mut self) {
        let is_running = self
            .write_back
            .as_ref()
            .is_some_and(|thread| !thread.is_finished());
        if is_running || self.written - self.written_back < WRITE_BACK_EVERY {
            return;
        }
        let Some(file) = self.file.as_ref().and_then(ObjectFile::cached) else {
            return;
        };
        self.written_back = self.written;
        self.write_back = std::thread::Builder::new()
            .name("write-back".to_owned())
            .spawn(move || {
                let _ = file.sync_data();
            })
            .ok();
    }

    fn sync(&mut self) -> Result<(), Error> {
        if let Some(thread) = self.write_back.take() {
            let _ = thread.join();
        }
        let doing = self.doing("syncing");
        self.open()?.sync().map_err(doing)?;
        match self.path.parent() {
            Some(folder) => sync_folder(folder),
            None => Ok(()),
        }
    }
}

/// Hashes all that can be read, and tells how much that was.
pub(super) fn hash_into(hasher: &mut Hasher, mut from: impl Read) -> std::io::Result<u64> {
    let mut buffer = vec![0; BATCH_SIZE];
    let mut size = 0;
    loop {
        match from.read(&mut buffer) {
            Ok(0) => return Ok(size),
            Ok(length) => {
                hasher.update(&buffer[..length]);
                size += length as u64;
            }
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
