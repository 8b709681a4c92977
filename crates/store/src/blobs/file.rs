//! The file of an object that is being written. Whole blocks go past the page cache straight to the disk; what is left of
//! less than a block, and all that comes after it, goes through the cache.
//!
//! Copying a layer into the page cache costs as much processor time as hashing it, and where a virtual machine's memory is
//! given back to its host, twice that. It would also push out of the cache what nodes pull just now.

use std::fs::File;
use std::io::{IoSlice, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};

/// Offsets, lengths and memory of direct writes are multiples of this: no disk in use has larger blocks.
const BLOCK_SIZE: usize = 4096;
/// Bytes of one direct write at most.
const WRITE_SIZE_MAX: usize = 1024 * 1024;
/// Buffers that are kept for the next write.
const BUFFERS_MAX: usize = 8;

/// Memory that begins on a block. Kept between writes, since fresh memory costs a fault for each page.
struct Buffer {
    memory: Vec<u8>,
    begin: usize,
}

impl Buffer {
    fn new() -> Self {
        let memory = vec![0; WRITE_SIZE_MAX + BLOCK_SIZE];
        let begin = memory.as_ptr().align_offset(BLOCK_SIZE);
        Self { memory, begin }
    }

    fn bytes(&mut self) -> &mut [u8] {
        &mut self.memory[self.begin..][..WRITE_SIZE_MAX]
    }
}

/// Buffers that nobody uses at the moment.
#[derive(Default)]
pub(super) struct Buffers(Mutex<Vec<Buffer>>);

impl Buffers {
    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Buffer>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self) -> Buffer {
        let idle = self.idle().pop();
        idle.unwrap_or_else(Buffer::new)
    }

    fn give_back(&self, buffer: Buffer) {
        let mut idle = self.idle();
        if idle.len() < BUFFERS_MAX {
            idle.push(buffer);
        }
    }
}

/// A file that grows at its end.
pub(super) struct ObjectFile {
    file: Arc<File>,
    /// Whether writes go past the page cache.
    is_direct: bool,
    /// The end of what was appended, if it does not fill a block: not written yet.
    rest: Vec<u8>,
}

impl ObjectFile {
    /// Opens or makes the file, cut off at `size`. One that is shorter is an error.
    pub(super) fn open(path: &Path, size: u64) -> std::io::Result<Self> {
        let is_direct = size.is_multiple_of(BLOCK_SIZE as u64);
        let open = |flags: OFlags| {
            File::options()
                .write(true)
                .create(true)
                .truncate(false)
                .custom_flags(flags.bits().cast_signed())
                .open(path)
        };
        let (mut file, is_direct) = match is_direct.then(|| open(OFlags::DIRECT)) {
            Some(Ok(file)) => (file, true),
            // Also where the file system has no direct writes.
            _ => (open(OFlags::empty())?, false),
        };
        if file.metadata()?.len() < size {
            return Err(std::io::Error::new(
                std::io::ErrorKind::UnexpectedEof,
                "the file is shorter than its upload",
            ));
        }
        file.set_len(size)?;
        std::io::Seek::seek(&mut file, std::io::SeekFrom::Start(size))?;
        Ok(Self {
            file: Arc::new(file),
            is_direct,
            rest: Vec::new(),
        })
    }

    /// Appends bytes. The last of them may not be in the file before [`ObjectFile::flush`].
    pub(super) fn append(&mut self, pieces: &[Bytes], buffers: &Buffers) -> std::io::Result<()> {
        if self.is_direct {
            let mut buffer = buffers.take();
            let result = self.append_direct(pieces, buffer.bytes());
            buffers.give_back(buffer);
            result
        } else {
            let mut slices: Vec<_> = pieces.iter().map(|bytes| IoSlice::new(bytes)).collect();
            write_all(&self.file, &mut slices)
        }
    }

    fn append_direct(&mut self, pieces: &[Bytes], buffer: &mut [u8]) -> std::io::Result<()> {
        let mut filled = self.rest.len();
        buffer[..filled].copy_from_slice(&self.rest);
        self.rest.clear();
        for mut piece in pieces.iter().map(AsRef::<[u8]>::as_ref) {
            while !piece.is_empty() {
                let fitting = piece.len().min(buffer.len() - filled);
                let (now, later) = piece.split_at(fitting);
                buffer[filled..filled + fitting].copy_from_slice(now);
                filled += fitting;
                piece = later;
                if filled == buffer.len() {
                    self.write(buffer)?;
                    filled = 0;
                }
            }
        }
        let whole = filled - filled % BLOCK_SIZE;
        self.write(&buffer[..whole])?;
        self.rest.extend_from_slice(&buffer[whole..filled]);
        Ok(())
    }

    /// Writes whole blocks; through the page cache where the file system refuses them otherwise.
    fn write(&mut self, mut blocks: &[u8]) -> std::io::Result<()> {
        while !blocks.is_empty() {
            match (&*self.file).write(blocks) {
                Ok(0) => return Err(std::io::ErrorKind::WriteZero.into()),
                Ok(written) => blocks = &blocks[written..],
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error)
                    if self.is_direct && error.kind() == std::io::ErrorKind::InvalidInput =>
                {
                    self.end_direct()?;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Writes what fills no block. From here on everything goes through the page cache.
    pub(super) fn flush(&mut self) -> std::io::Result<()> {
        if self.rest.is_empty() {
            return Ok(());
        }
        self.end_direct()?;
        let rest = std::mem::take(&mut self.rest);
        self.write(&rest)
    }

    fn end_direct(&mut self) -> std::io::Result<()> {
        if self.is_direct {
            fcntl_setfl(&self.file, fcntl_getfl(&self.file)? - OFlags::DIRECT)?;
            self.is_direct = false;
        }
        Ok(())
    }

    /// The file, if what was written to it may wait in the page cache.
    pub(super) fn cached(&self) -> Option<Arc<File>> {
        (!self.is_direct).then(|| self.file.clone())
    }

    /// Brings all that was flushed to stable storage.
    pub(super) fn sync(&self) -> std::io::Result<()> {
        self.file.sync_data()
    }
}

fn write_all(mut file: &File, mut slices: &mut [IoSlice<'_>]) -> std::io::Result<()> {
    IoSlice::advance_slices(&mut slices, 0);
    while !slices.is_empty() {
        match file.write_vectored(slices) {
            Ok(0) => return Err(std::io::ErrorKind::WriteZero.into()),
            Ok(written) => IoSlice::advance_slices(&mut slices, written),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
