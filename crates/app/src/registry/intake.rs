//! The bytes of an upload on their way in: in memory while they are few, in an object when they are more.

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;
use wharf_store::blobs::{Blobs, Hasher, Lease, ObjectKey, Writer};
use wharf_store::meta::images::blobs::NewBytes;
use wharf_store::meta::images::uploads;
use wharf_types::error::OciCode;
use wharf_types::{Algorithm, Digest, limits};

use super::uploads::Body;
use crate::Error;

/// An upload's bytes and their hash.
pub(super) struct Intake {
    blobs: Blobs,
    key: ObjectKey,
    lease: Option<Lease>,
    place: Place,
    received: Received,
    /// A chunk was refused of which some bytes were taken in: it is not to be noted or continued.
    refused: bool,
}

enum Place {
    Memory(BytesMut),
    Object(Box<Writer>),
}

/// How far an upload is.
#[derive(Clone, Debug)]
pub(super) struct Received {
    /// Bytes.
    pub(super) size: u64,
    /// The bytes, if they are few.
    pub(super) content: Option<Bytes>,
    /// The hash over them.
    pub(super) hasher: Hasher,
}

/// Bytes at rest, ready for their row.
#[derive(Clone, Debug)]
pub(super) struct Stored {
    pub(super) size: u64,
    content: Option<Bytes>,
    key: ObjectKey,
}

impl Stored {
    pub(super) fn bytes(&self) -> NewBytes<'_> {
        match &self.content {
            Some(content) => NewBytes::Inline(content),
            None => NewBytes::Object(&self.key),
        }
    }
}

impl Intake {
    /// Begins with nothing.
    pub(super) fn begin(blobs: Blobs, key: ObjectKey, hasher: Hasher) -> Self {
        let received = Received {
            size: 0,
            content: None,
            hasher,
        };
        Self {
            blobs,
            key,
            lease: None,
            place: Place::Memory(BytesMut::new()),
            received,
            refused: false,
        }
    }

    /// Continues where the row of an upload stands.
    pub(super) fn resume(blobs: Blobs, upload: &uploads::Upload) -> Self {
        let hasher = upload.hasher.clone();
        let place = match &upload.content {
            Some(content) => Place::Memory(BytesMut::from(content.as_slice())),
            None if upload.size == 0 => Place::Memory(BytesMut::new()),
            None => {
                let writer = blobs.resume(&upload.object, upload.size, hasher.clone());
                Place::Object(Box::new(writer))
            }
        };
        let received = Received {
            size: upload.size,
            content: None,
            hasher,
        };
        Self {
            blobs,
            key: upload.object.clone(),
            lease: None,
            place,
            received,
            refused: false,
        }
    }

    /// Holds on to `lease` as long as anything may still be written.
    pub(super) fn hold(&mut self, lease: Lease) {
        if let Place::Object(writer) = &mut self.place {
            writer.set_lease(Some(lease.clone()));
        }
        self.lease = Some(lease);
    }

    /// Lets go of the lease.
    pub(super) fn release(&mut self) {
        if let Place::Object(writer) = &mut self.place {
            writer.set_lease(None);
        }
        self.lease = None;
    }

    /// The key of its object, whether or not there is one yet.
    pub(super) fn key(&self) -> &ObjectKey {
        &self.key
    }

    /// Bytes taken in.
    pub(super) fn size(&self) -> u64 {
        self.received.size
    }

    /// Bytes of it that are in memory between two requests.
    pub(super) fn size_in_memory(&self) -> usize {
        match &self.place {
            Place::Memory(content) => content.len(),
            Place::Object(_) => 0,
        }
    }

    /// Takes in a body of `length_max` bytes at most. What came before a body broke off counts.
    pub(super) async fn take(&mut self, mut body: impl Body, length_max: u64) -> Result<(), Error> {
        let mut length = 0;
        while let Some(frame) = body.next().await {
            let frame = frame.map_err(|error| Error::BrokenBody(error.to_string()))?;
            length += frame.len() as u64;
            let taken = match self.check(&frame, length, length_max) {
                Ok(()) => self.add(frame).await,
                refused => refused,
            };
            if taken.is_err() {
                self.refuse();
                return taken;
            }
        }
        Ok(())
    }

    fn check(&self, frame: &Bytes, length: u64, length_max: u64) -> Result<(), Error> {
        if length > length_max {
            return Err(Error::invalid(
                OciCode::SizeInvalid,
                format!(
                    "the body is longer than the {length_max} bytes that were announced or are allowed"
                ),
            ));
        }
        if self.received.size + frame.len() as u64 > limits::BLOB_SIZE_MAX {
            return Err(Error::TooLarge {
                what: "the blob",
                limit: limits::BLOB_SIZE_MAX,
            });
        }
        Ok(())
    }

    /// Marks what was taken in as not to be noted or continued.
    pub(super) fn refuse(&mut self) {
        self.refused = true;
    }

    pub(super) fn is_refused(&self) -> bool {
        self.refused
    }

    async fn add(&mut self, frame: Bytes) -> Result<(), Error> {
        self.received.size += frame.len() as u64;
        match &mut self.place {
            Place::Memory(content)
                if content.len() + frame.len() <= limits::INLINE_BLOB_SIZE_MAX =>
            {
                self.received.hasher.update(&frame);
                content.extend_from_slice(&frame);
            }
            Place::Memory(content) => {
                let first = std::mem::take(content).freeze();
                // The writer hashes what it writes, so it begins with the hash of nothing.
                let hasher = Hasher::new(self.received.hasher.algorithm());
                let mut writer = self.blobs.create(&self.key, hasher);
                writer.set_lease(self.lease.clone());
                writer.write(first).await?;
                writer.write(frame).await?;
                self.place = Place::Object(Box::new(writer));
            }
            Place::Object(writer) => writer.write(frame).await?,
        }
        Ok(())
    }

    /// Brings all that was taken in to where a restart of the process finds it, and tells how far that is.
    pub(super) async fn flush(&mut self) -> Result<Received, Error> {
        match &mut self.place {
            Place::Memory(content) => {
                self.received.content = Some(Bytes::copy_from_slice(content));
            }
            Place::Object(writer) => {
                self.received.hasher = writer.flush().await?;
                self.received.content = None;
            }
        }
        Ok(self.received.clone())
    }

    /// The digest of all bytes, read once more if they were hashed by another algorithm.
    pub(super) async fn digest(&mut self, algorithm: Algorithm) -> Result<Digest, Error> {
        match &mut self.place {
            Place::Memory(_) if self.received.hasher.algorithm() == algorithm => {
                Ok(self.received.hasher.digest())
            }
            Place::Memory(content) => Ok(Hasher::digest_of(algorithm, content)),
            Place::Object(writer) => {
                let hasher = writer.flush().await?;
                if hasher.algorithm() == algorithm {
                    return Ok(hasher.digest());
                }
                Ok(writer.rehash(Hasher::new(algorithm)).await?.digest())
            }
        }
    }

    /// Gives the bytes up and removes them.
    pub(super) async fn discard(self) -> Result<(), Error> {
        if let Place::Object(mut writer) = self.place {
            // Whatever becomes of a batch that is on its way, it must be over before the file goes.
            let _ = writer.flush().await;
            self.blobs.remove(&self.key).await?;
        }
        Ok(())
    }

    /// Brings the bytes to stable storage, unless they are few: those go into the row.
    pub(super) async fn store(self) -> Result<Stored, Error> {
        let content = match self.place {
            Place::Memory(content) => Some(content.freeze()),
            Place::Object(writer) => {
                writer.sync().await?;
                None
            }
        };
        Ok(Stored {
            size: self.received.size,
            content,
            key: self.key,
        })
    }
}
