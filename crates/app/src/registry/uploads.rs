//! Uploads: how blobs come in.
//!
//! A session is a row that names its repository and principal and has the hash over what came so far; so it goes on after a
//! restart. The bytes stay in the row while they are few, and lie in an object when they are more. Whoever works on a
//! session holds its lease; the work itself runs in a task of its own, so that a client that goes away cannot stop it
//! between the bytes and the row.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use futures_util::Stream;
use jiff::Timestamp;
use uuid::Uuid;
use wharf_store::blobs::{Hasher, ObjectKey};
use wharf_store::meta::Durability;
use wharf_store::meta::images::{blobs, repositories, uploads};
use wharf_types::error::OciCode;
use wharf_types::permission::{OBJECTS_CREATE, OBJECTS_GET};
use wharf_types::range::ContentRange;
use wharf_types::{Algorithm, Digest, Object, Repository, limits};

use super::intake::{Intake, Received};
use crate::{App, Caller, Error, Missing, Restriction};

/// Repositories of a project that are tried as the source of an automatic mount.
const MOUNT_SOURCES_MAX: i64 = 16;

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
pub trait Body: Stream<Item = Result<Bytes, std::io::Error>> + Send + Unpin + 'static {}
impl<T: Stream<Item = Result<Bytes, std::io::Error>> + Send + Unpin + 'static> Body for T {}

/// The sessions that a request is working on.
#[derive(Clone, Default)]
pub(super) struct Sessions(Arc<Mutex<HashSet<Uuid>>>);

/// The right to work on a session; dropped, it is free again.
pub(super) struct Lease {
    sessions: Sessions,
    id: Uuid,
}

impl Sessions {
    fn lease(&self, id: Uuid) -> Option<Arc<Lease>> {
        let mut busy = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        busy.insert(id).then(|| {
            Arc::new(Lease {
                sessions: self.clone(),
                id,
            })
        })
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.sessions
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&self.id);
    }
}

impl App {
    /// Opens an upload. `algorithm` is the `digest-algorithm` parameter.
    pub async fn start_upload(
        &self,
        caller: &Caller,
        repository: &Repository,
        algorithm: Option<Algorithm>,
    ) -> Result<Upload, Error> {
        self.authorize_push(caller, repository).await?;
        let upload = uploads::Upload {
            id: Uuid::new_v4(),
            repository: repository.clone(),
            principal: caller.principal.to_string(),
            object: ObjectKey::random(),
            content: None,
            size: 0,
            hasher: Hasher::new(algorithm.unwrap_or(Algorithm::Sha256)),
        };
        let id = upload.id;
        self.meta
            .write(Durability::Process, move |t| {
                if uploads::count_of(t, &upload.principal)? >= limits::UPLOADS_PER_PRINCIPAL_MAX {
                    return Err(Error::Exhausted {
                        message: format!(
                            "{} has {} open uploads: finish or cancel some",
                            upload.principal,
                            limits::UPLOADS_PER_PRINCIPAL_MAX
                        ),
                        retry_after: std::time::Duration::from_secs(60),
                    });
                }
                Ok(uploads::insert(t, &upload, Timestamp::now())?)
            })
            .await?;
        Ok(Upload { id, offset: 0 })
    }

    /// Mounts a blob that the caller may read elsewhere: in `from`, or anywhere in the project if that is not named.
    /// A blob of another project is not mounted: projects share no bytes.
    ///
    /// What may be read there, the policies alone say: a registry token names the repositories that its client spoke of,
    /// and where a blob lies in the project, the client need not know. To push includes to mount.
    pub async fn mount_blob(
        &self,
        caller: &Caller,
        repository: &Repository,
        digest: &Digest,
        from: Option<&Repository>,
    ) -> Result<Mount, Error> {
        self.authorize_push(caller, repository).await?;
        let sources = match from {
            Some(from) if from.bucket.project == repository.bucket.project => vec![from.clone()],
            Some(_) => Vec::new(),
            None => {
                let (project, digest) = (repository.bucket.project.clone(), *digest);
                self.meta
                    .read::<_, Error, _>(move |t| {
                        Ok(blobs::find_in_project(
                            t,
                            project.as_str(),
                            &digest,
                            MOUNT_SOURCES_MAX,
                        )?)
                    })
                    .await?
            }
        };
        let reader = without_scopes(caller);
        for source in sources {
            let object = source.object(Object::Blob(*digest));
            if self.is_allowed(&reader, OBJECTS_GET, &object).await?
                && self.mount_from(source, repository, digest).await?
            {
                return Ok(Mount::Mounted);
            }
        }
        self.start_upload(caller, repository, Some(digest.algorithm()))
            .await
            .map(Mount::Upload)
    }

    async fn mount_from(
        &self,
        source: Repository,
        repository: &Repository,
        digest: &Digest,
    ) -> Result<bool, Error> {
        let (repository, digest) = (repository.clone(), *digest);
        self.meta
            .write(Durability::Machine, move |t| {
                let Some(blob) = blobs::find(t, &source, &digest)? else {
                    return Ok(false);
                };
                let id = repositories::ensure(t, &repository)?;
                blobs::link(t, &repository, id, &digest, blob.id, Timestamp::now())?;
                Ok(true)
            })
            .await
    }

    /// Appends a chunk. What was received before a broken body stays.
    pub async fn append_upload(
        self: &Arc<Self>,
        caller: &Caller,
        repository: &Repository,
        id: Uuid,
        range: Option<ContentRange>,
        body: impl Body,
    ) -> Result<Upload, Error> {
        self.authorize_push(caller, repository).await?;
        let (lease, upload) = self.lease_upload(caller, repository, id).await?;
        let app = self.clone();
        let task = async move {
            let intake = app.receive(lease, &upload, range, body).await?;
            Ok(Upload {
                id,
                offset: intake.received().size,
            })
        };
        finished(tokio::spawn(task)).await
    }

    /// Appends the last chunk, if there is one, checks the digest and makes the blob exist.
    pub async fn finish_upload(
        self: &Arc<Self>,
        caller: &Caller,
        repository: &Repository,
        id: Uuid,
        digest: &Digest,
        range: Option<ContentRange>,
        body: impl Body,
    ) -> Result<(), Error> {
        self.authorize_push(caller, repository).await?;
        let (lease, upload) = self.lease_upload(caller, repository, id).await?;
        let (app, repository, digest) = (self.clone(), repository.clone(), *digest);
        let task = async move {
            let mut intake = app.receive(lease, &upload, range, body).await?;
            if let Err(error) = check(&mut intake, &digest).await {
                // Wrong content never becomes right by more of it.
                app.end_upload(id, upload.object).await?;
                return Err(error);
            }
            app.commit(repository, digest, intake, Some(id)).await
        };
        finished(tokio::spawn(task)).await
    }

    /// The whole of an upload in one request: `POST …/blobs/uploads/?digest=`.
    pub async fn put_blob(
        self: &Arc<Self>,
        caller: &Caller,
        repository: &Repository,
        digest: &Digest,
        body: impl Body,
    ) -> Result<(), Error> {
        self.authorize_push(caller, repository).await?;
        let (app, repository, digest) = (self.clone(), repository.clone(), *digest);
        let task = async move {
            let (key, hasher) = (ObjectKey::random(), Hasher::new(digest.algorithm()));
            let mut intake = Intake::begin(app.blobs.clone(), key, hasher);
            let checked = match intake.take(body, limits::BLOB_SIZE_MAX).await {
                Ok(()) => check(&mut intake, &digest).await,
                Err(error) => Err(error),
            };
            match checked {
                Ok(()) => app.commit(repository, digest, intake, None).await,
                Err(error) => {
                    intake.discard().await?;
                    Err(error)
                }
            }
        };
        finished(tokio::spawn(task)).await
    }

    /// How far an upload is.
    pub async fn upload_status(
        &self,
        caller: &Caller,
        repository: &Repository,
        id: Uuid,
    ) -> Result<Upload, Error> {
        self.authorize_push(caller, repository).await?;
        let upload = self.find_upload(caller, repository, id).await?;
        Ok(Upload {
            id,
            offset: upload.size,
        })
    }

    /// Gives an upload up.
    pub async fn cancel_upload(
        &self,
        caller: &Caller,
        repository: &Repository,
        id: Uuid,
    ) -> Result<(), Error> {
        self.authorize_push(caller, repository).await?;
        let (_lease, upload) = self.lease_upload(caller, repository, id).await?;
        self.end_upload(id, upload.object).await
    }

    async fn authorize_push(&self, caller: &Caller, repository: &Repository) -> Result<(), Error> {
        self.authorize(
            caller,
            &[OBJECTS_CREATE],
            &repository.object(Object::Listing),
        )
        .await?;
        self.bucket_for_push(caller, &repository.bucket).await
    }

    /// A session answers only to who opened it, and only under its repository; to others it is not there.
    async fn find_upload(
        &self,
        caller: &Caller,
        repository: &Repository,
        id: Uuid,
    ) -> Result<uploads::Upload, Error> {
        self.meta
            .read::<_, Error, _>(move |t| Ok(uploads::find(t, id)?))
            .await?
            .filter(|upload| {
                upload.repository == *repository && upload.principal == caller.principal.to_string()
            })
            .ok_or_else(|| Error::not_found(Missing::Upload, id))
    }

    async fn lease_upload(
        &self,
        caller: &Caller,
        repository: &Repository,
        id: Uuid,
    ) -> Result<(Arc<Lease>, uploads::Upload), Error> {
        let lease = self.registry.sessions.lease(id);
        let upload = self.find_upload(caller, repository, id).await?;
        match lease {
            Some(lease) => Ok((lease, upload)),
            None => Err(Error::UploadOutOfOrder {
                offset: upload.size,
            }),
        }
    }

    /// Takes in a chunk and notes it in the row, also when the body breaks off.
    async fn receive(
        &self,
        lease: Arc<Lease>,
        upload: &uploads::Upload,
        range: Option<ContentRange>,
        body: impl Body,
    ) -> Result<Intake, Error> {
        if range.is_some_and(|range| range.start != upload.size) {
            return Err(Error::UploadOutOfOrder {
                offset: upload.size,
            });
        }
        let length_max = range.map_or(limits::BLOB_SIZE_MAX, |range| range.length());
        let mut intake = Intake::resume(self.blobs.clone(), upload, lease);
        let taken = intake.take(body, length_max).await;
        if let Err(
            error @ (Error::Invalid { .. }
            | Error::TooLarge { .. }
            | Error::Internal(_)
            | Error::DiskFull),
        ) = taken
        {
            // The chunk as a whole is refused: the row still says where the upload stood before.
            return Err(error);
        }
        let received = intake.flush().await?;
        if taken.is_ok() && range.is_some_and(|range| received.size != upload.size + range.length())
        {
            return Err(Error::invalid(
                OciCode::SizeInvalid,
                "the body is shorter than its Content-Range",
            ));
        }
        if received.size != upload.size {
            self.note_progress(upload, received).await?;
        }
        taken.map(|()| intake)
    }

    async fn note_progress(
        &self,
        upload: &uploads::Upload,
        received: Received,
    ) -> Result<(), Error> {
        let (id, before) = (upload.id, upload.size);
        self.meta
            .write(Durability::Process, move |t| {
                let hash = received.hasher.save();
                let progress = uploads::Progress {
                    size: received.size,
                    content: received.content.as_deref(),
                    hash: &hash,
                };
                match uploads::advance(t, id, before, progress, Timestamp::now())? {
                    true => Ok(()),
                    false => Err(Error::not_found(Missing::Upload, id)),
                }
            })
            .await
    }

    /// Makes the blob exist.
    async fn commit(
        &self,
        repository: Repository,
        digest: Digest,
        intake: Intake,
        session: Option<Uuid>,
    ) -> Result<(), Error> {
        let stored = intake.store().await?;
        self.meta
            .write(Durability::Machine, move |t| {
                if let Some(id) = session
                    && !uploads::delete(t, id)?
                {
                    return Err(Error::not_found(Missing::Upload, id));
                }
                let now = Timestamp::now();
                let id = repositories::ensure(t, &repository)?;
                Ok(blobs::put(
                    t,
                    &repository,
                    id,
                    &digest,
                    stored.size,
                    stored.bytes(),
                    now,
                )?)
            })
            .await
    }

    pub(super) async fn end_upload(&self, id: Uuid, object: ObjectKey) -> Result<(), Error> {
        self.meta
            .write(Durability::Process, move |t| {
                if uploads::delete(t, id)? {
                    blobs::doom(t, &object, Timestamp::now())?;
                }
                Ok::<_, Error>(())
            })
            .await
    }
}

/// The caller with all that the policies grant, where a registry token would hold it to its scopes.
fn without_scopes(caller: &Caller) -> Caller {
    let restriction = match &caller.restriction {
        Restriction::Registry(_) => Restriction::None,
        other => other.clone(),
    };
    Caller {
        restriction,
        ..caller.clone()
    }
}

async fn check(intake: &mut Intake, digest: &Digest) -> Result<(), Error> {
    let actual = intake.digest(digest.algorithm()).await?;
    if actual == *digest {
        return Ok(());
    }
    Err(Error::invalid(
        OciCode::DigestInvalid,
        format!("the content received is {actual}, not {digest}"),
    ))
}

async fn finished<T>(task: tokio::task::JoinHandle<Result<T, Error>>) -> Result<T, Error> {
    match task.await {
        Ok(result) => result,
        Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        Err(error) => Err(Error::internal(error)),
    }
}
