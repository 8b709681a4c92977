//! The bytes of an upload on their way in: in memory while they are few, in an object when they are more.

use std::sync::Arc;

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
        }
    }

    /// Continues where the row of an upload stands.
    pub(super) fn resume(blobs: Blobs, upload: &uploads::Upload, lease: Lease) -> Self {
        let hasher = upload.hasher.clone();
        let place = match &upload.content {
            Some(content) => Place::Memory(BytesMut::from(content.as_slice())),
            None if upload.size == 0 => Place::Memory(BytesMut::new()),
            None => {
                let writer = blobs.resume(&upload.object, upload.size, hasher.clone());
                Place::Object(Box::new(writer.with_lease(lease.clone())))
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
            lease: Some(lease),
            place,
            received,
        }
    }

    /// Takes in a body of `length_max` bytes at most.
    pub(super) async fn take(&mut self, mut body: impl Body, length_max: u64) -> Result<(), Error> {
        let mut length = 0;
        while let Some(frame) = body.next().await {
            let frame = frame.map_err(|error| Error::BrokenBody(error.to_string()))?;
            length += frame.len() as u64;
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
            self.add(frame).await?;
        }
        Ok(())
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
                if let Some(lease) = &self.lease {
                    writer = writer.with_lease(Arc::clone(lease));
                }
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

    /// How far it was at the last [`Intake::flush`].
    pub(super) fn received(&self) -> &Received {
        &self.received
    }

    /// The digest of all bytes, read once more if they were hashed by another algorithm.
    pub(super) async fn digest(&mut self, algorithm: Algorithm) -> Result<Digest, Error> {
        match &mut self.place {
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
