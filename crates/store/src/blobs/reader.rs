//! Reading an object: large pieces straight from the page cache, without a change of threads; what is not there yet is
//! read on a blocking thread.

use std::fs::File;
use std::io::IoSliceMut;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use futures_util::Stream;
use rustix::io::{Errno, ReadWriteFlags};

use super::run;
use crate::Error;

/// Bytes of a piece.
const PIECE_SIZE: usize = 256 * 1024;
/// Bytes of a stretch at most.
pub const STRETCH_SIZE_MAX: usize = 512 * 1024;
/// Buffers that are kept for the next piece.
const POOL_MAX: usize = 64;

/// Buffers of [`PIECE_SIZE`] that go round, so that none is cleared or allocated for each piece.
#[derive(Default)]
pub(super) struct Pool(Mutex<Vec<Vec<u8>>>);

impl Pool {
    fn take(self: &Arc<Self>) -> Buffer {
        let bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop();
        Buffer {
            bytes: bytes.unwrap_or_else(|| vec![0; PIECE_SIZE]),
            length: 0,
            pool: self.clone(),
        }
    }
}

/// A piece; its memory returns to the pool once it was sent.
struct Buffer {
    bytes: Vec<u8>,
    length: usize,
    pool: Arc<Pool>,
}

impl AsRef<[u8]> for Buffer {
    fn as_ref(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let mut idle = self.pool.0.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < POOL_MAX {
            idle.push(std::mem::take(&mut self.bytes));
        }
    }
}

/// Bytes of an object that are in the page cache, for whoever has the kernel send them.
pub struct Stretch {
    /// The object's file.
    pub file: Arc<File>,
    /// Where they begin.
    pub offset: u64,
    /// How many there are: at most [`STRETCH_SIZE_MAX`].
    pub length: usize,
}

/// The next bytes of an object that is sent.
pub enum Piece {
    /// They had to be read from the disk, and here they are.
    Bytes(Bytes),
    /// They are in memory.
    Stretch(Stretch),
}

/// An object being read. Stays readable when the object is removed meanwhile.
pub struct Reader {
    file: Arc<File>,
    pool: Arc<Pool>,
}

impl Reader {
    pub(super) fn new(file: File, pool: Arc<Pool>) -> Self {
        Self {
            file: Arc::new(file),
            pool,
        }
    }

    /// Bytes `[start, start + length)` of the object, in pieces. An object that ends before is an error.
    pub fn read(self, start: u64, length: u64) -> impl Stream<Item = Result<Bytes, Error>> + Send {
        futures_util::stream::try_unfold((self, start, length), |(reader, at, left)| async move {
            if left == 0 {
                return Ok(None);
            }
            let wanted = usize::try_from(left).unwrap_or(PIECE_SIZE).min(PIECE_SIZE);
            let piece = reader.piece(at, wanted).await?;
            let length = piece.len() as u64;
            Ok(Some((piece, (reader, at + length, left - length))))
        })
    }

    /// The same bytes for whoever has the kernel send them: those that are not in memory are read, so that sending never
    /// waits for the disk.
    pub fn send(self, start: u64, length: u64) -> impl Stream<Item = Result<Piece, Error>> + Send {
        futures_util::stream::try_unfold((self, start, length), |(reader, at, left)| async move {
            if left == 0 {
                return Ok(None);
            }
            let wanted = usize::try_from(left).unwrap_or(usize::MAX);
            let stretch = reader.stretch(at, wanted.min(STRETCH_SIZE_MAX));
            let (piece, length) = match stretch {
                Some(stretch) => {
                    let length = stretch.length;
                    (Piece::Stretch(stretch), length)
                }
                None => {
                    let bytes = reader.piece(at, wanted.min(PIECE_SIZE)).await?;
                    let length = bytes.len();
                    (Piece::Bytes(bytes), length)
                }
            };
            let length = length as u64;
            Ok(Some((piece, (reader, at + length, left - length))))
        })
    }

    /// A stretch, if its first and its last byte are in memory: then those between nearly always are.
    fn stretch(&self, offset: u64, length: usize) -> Option<Stretch> {
        let is_cached = |at| {
            let read = read_at(&self.file, at, &mut [0], ReadWriteFlags::NOWAIT);
            matches!(read, Ok(1))
        };
        let last = offset + (length as u64).checked_sub(1)?;
        (is_cached(offset) && is_cached(last)).then(|| Stretch {
            file: self.file.clone(),
            offset,
            length,
        })
    }

    async fn piece(&self, at: u64, wanted: usize) -> Result<Bytes, Error> {
        let mut buffer = self.pool.take();
        let length = match read_at(
            &self.file,
            at,
            &mut buffer.bytes[..wanted],
            ReadWriteFlags::NOWAIT,
        ) {
            Ok(length) => {
                buffer.length = length;
                length
            }
            // Not in the page cache, or a file system that cannot tell.
            Err(Errno::AGAIN | Errno::OPNOTSUPP | Errno::INTR) => {
                let file = self.file.clone();
                buffer = run(move || {
                    buffer.length = retry(|| {
                        read_at(
                            &file,
                            at,
                            &mut buffer.bytes[..wanted],
                            ReadWriteFlags::empty(),
                        )
                    })
                    .map_err(failed)?;
                    Ok(buffer)
                })
                .await?;
                buffer.length
            }
            Err(error) => return Err(failed(error)),
        };
        if length == 0 {
            return Err(Error::Corrupt(format!(
                "an object ends at {at} bytes, before its size"
            )));
        }
        Ok(Bytes::from_owner(buffer))
    }
}

fn read_at(file: &File, at: u64, buffer: &mut [u8], flags: ReadWriteFlags) -> Result<usize, Errno> {
    rustix::io::preadv2(file, &mut [IoSliceMut::new(buffer)], at, flags)
}

fn retry(mut read: impl FnMut() -> Result<usize, Errno>) -> Result<usize, Errno> {
    loop {
        match read() {
            Err(Errno::INTR) => {}
            result => return result,
        }
    }
}

fn failed(error: Errno) -> Error {
    Error::file("reading an object")(error.into())
}
