//! Bytes: large blobs under opaque object keys.

use std::path::Path;

use bytes::Bytes;

use crate::Error;

/// Where large blobs lie.
pub struct Blobs;

/// A blob being read.
pub struct Reader;

impl Blobs {
    /// Opens the blob store in a data folder.
    pub fn open(folder: &Path) -> Result<Self, Error> {
        let _ = folder;
        Ok(Self)
    }
}

impl Reader {
    /// Bytes `[start, start + length)` of the blob, in pieces.
    pub fn read(
        self,
        start: u64,
        length: u64,
    ) -> impl futures_util::Stream<Item = Result<Bytes, Error>> + Send {
        let _ = (start, length);
        futures_util::stream::empty()
    }
}
