//! Uploads: how blobs come in.

use bytes::Bytes;
use futures_util::Stream;
use uuid::Uuid;
use wharf_types::range::ContentRange;
use wharf_types::{Algorithm, Digest, Repository};

use crate::{App, Caller, Error};

/// An open upload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Upload {
    /// Its name in the `Location`.
    pub id: Uuid,
    /// Bytes received.
    pub offset: u64,
}

/// The outcome of a mount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mount {
    /// The blob is in the repository now.
    Mounted,
    /// It could not be mounted: send it by this upload.
    Upload(Upload),
}

/// The body of a request, frame by frame. An error means that the client went away.
pub trait Body: Stream<Item = Result<Bytes, std::io::Error>> + Send + Unpin {}
impl<T: Stream<Item = Result<Bytes, std::io::Error>> + Send + Unpin> Body for T {}

impl App {
    /// Opens an upload. `algorithm` is the `digest-algorithm` parameter.
    pub async fn start_upload(
        &self,
        caller: &Caller,
        repository: &Repository,
        algorithm: Option<Algorithm>,
    ) -> Result<Upload, Error> {
        let _ = (caller, repository, algorithm);
        unimplemented!()
    }

    /// Mounts a blob that the caller may read elsewhere: in `from`, or anywhere in the project if that is not named.
    pub async fn mount_blob(
        &self,
        caller: &Caller,
        repository: &Repository,
        digest: &Digest,
        from: Option<&Repository>,
    ) -> Result<Mount, Error> {
        let _ = (caller, repository, digest, from);
        unimplemented!()
    }

    /// Appends a chunk. What was received before a broken body stays.
    pub async fn append_upload(
        &self,
        caller: &Caller,
        repository: &Repository,
        id: Uuid,
        range: Option<ContentRange>,
        body: impl Body,
    ) -> Result<Upload, Error> {
        let _ = (caller, repository, id, range, body);
        unimplemented!()
    }

    /// Appends the last chunk, if there is one, checks the digest and makes the blob exist.
    pub async fn finish_upload(
        &self,
        caller: &Caller,
        repository: &Repository,
        id: Uuid,
        digest: &Digest,
        range: Option<ContentRange>,
        body: impl Body,
    ) -> Result<(), Error> {
        let _ = (caller, repository, id, digest, range, body);
        unimplemented!()
    }

    /// The whole of an upload in one request: `POST …/blobs/uploads/?digest=`.
    pub async fn put_blob(
        &self,
        caller: &Caller,
        repository: &Repository,
        digest: &Digest,
        body: impl Body,
    ) -> Result<(), Error> {
        let _ = (caller, repository, digest, body);
        unimplemented!()
    }

    /// How far an upload is.
    pub async fn upload_status(
        &self,
        caller: &Caller,
        repository: &Repository,
        id: Uuid,
    ) -> Result<Upload, Error> {
        let _ = (caller, repository, id);
        unimplemented!()
    }

    /// Gives an upload up.
    pub async fn cancel_upload(
        &self,
        caller: &Caller,
        repository: &Repository,
        id: Uuid,
    ) -> Result<(), Error> {
        let _ = (caller, repository, id);
        unimplemented!()
    }
}
