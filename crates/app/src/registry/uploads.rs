//! Uploads: how blobs come in.
//!
//! A session is a row that names its repository and principal and has the hash over what came so far; so it goes on after a
//! restart. The bytes stay in the row while they are few, and lie in an object when they are more. Whoever works on a
//! session holds its lease; the work itself runs in a task of its own, so that a client that goes away cannot stop it
//! between the bytes and the row.
//!
//! What a chunk brought survives the death of the process once it is acknowledged, but not a loss of power: then the session
//! may begin anew, and says so.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::Stream;
use jiff::Timestamp;
use uuid::Uuid;
use wharf_store::blobs::{Hasher, ObjectKey};
use wharf_store::meta::Durability;
use wharf_store::meta::images::{blobs, buckets, repositories, uploads};
use wharf_types::error::OciCode;
use wharf_types::permission::{OBJECTS_CREATE, OBJECTS_GET};
use wharf_types::range::ContentRange;
use wharf_types::{Algorithm, Digest, Object, Repository, limits};

use super::intake::{Intake, Received};
use super::sessions::{Lease, Session};
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
        let session = Session {
            id,
            repository: repository.clone(),
            principal: upload.principal.clone(),
            intake: Intake::resume(self.blobs.clone(), &upload),
            noted: 0,
        };
        self.meta
            .write(Durability::Process, move |t| {
                if !buckets::exists(t, &upload.repository.bucket)? {
                    return Err(Error::not_found(Missing::Bucket, &upload.repository.bucket));
                }
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
        self.registry.sessions.trust(id);
        self.registry.sessions.park(session);
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
        let (lease, mut session) = self.open_session(caller, repository, id).await?;
        let app = self.clone();
        let task = async move {
            let received = app.receive(&mut session, range, body).await;
            let noted = app.note_progress(&mut session).await;
            let offset = session.noted;
            app.registry.sessions.park(session);
            drop(lease);
            received.and(noted).map(|()| Upload { id, offset })
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
        let (lease, mut session) = self.open_session(caller, repository, id).await?;
        let (app, digest) = (self.clone(), *digest);
        let task = async move {
            if let Err(error) = app.receive(&mut session, range, body).await {
                let noted = app.note_progress(&mut session).await;
                app.registry.sessions.park(session);
                drop(lease);
                return noted.and(Err(error));
            }
            if let Err(error) = check(&mut session.intake, &digest).await {
                // Wrong content never becomes right by more of it.
                app.end_upload(id, session.intake.key().clone()).await?;
                return Err(error);
            }
            app.commit(session.repository, digest, session.intake, Some(id))
                .await
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
        // Only where nobody works on it: then it is at rest.
        let upload = match self.registry.sessions.lease(id) {
            Some(_lease) => self.trusted(upload).await?,
            None => upload,
        };
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
        let (_lease, session) = self.open_session(caller, repository, id).await?;
        self.end_upload(id, session.intake.key().clone()).await
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

    /// Takes a session up, from memory or from its row. While another request works on it, its offset is the answer.
    async fn open_session(
        &self,
        caller: &Caller,
        repository: &Repository,
        id: Uuid,
    ) -> Result<(Arc<Lease>, Session), Error> {
        let sessions = &self.registry.sessions;
        let Some(lease) = sessions.lease(id) else {
            let upload = self.find_upload(caller, repository, id).await?;
            return Err(Error::UploadOutOfOrder {
                offset: upload.size,
            });
        };
        let principal = caller.principal.to_string();
        let mut session = match sessions.take(id, repository, &principal) {
            Some(session) => session,
            None => {
                let upload = self.find_upload(caller, repository, id).await?;
                let upload = self.trusted(upload).await?;
                Session {
                    id,
                    repository: repository.clone(),
                    principal,
                    intake: Intake::resume(self.blobs.clone(), &upload),
                    noted: upload.size,
                }
            }
        };
        session.intake.hold(lease.clone());
        Ok((lease, session))
    }

    /// The upload with no more bytes than are there: a power cut can lose what its row knows of. Then it begins anew.
    async fn trusted(&self, mut upload: uploads::Upload) -> Result<uploads::Upload, Error> {
        if self.registry.sessions.is_trusted(upload.id) {
            return Ok(upload);
        }
        let is_whole = upload.size == 0
            || upload.content.is_some()
            || self
                .blobs
                .has_prefix(&upload.object, upload.size, &upload.hasher)
                .await?;
        if !is_whole {
            tracing::warn!(upload = %upload.id, "an upload lost bytes and begins anew");
            let (id, before) = (upload.id, upload.size);
            upload.hasher = Hasher::new(upload.hasher.algorithm());
            upload.size = 0;
            let hash = upload.hasher.save();
            self.meta
                .write::<_, Error, _>(Durability::Process, move |t| {
                    let progress = uploads::Progress {
                        size: 0,
                        content: None,
                        hash: &hash,
                    };
                    uploads::advance(t, id, before, progress, Timestamp::now())?;
                    Ok(())
                })
                .await?;
        }
        self.registry.sessions.trust(upload.id);
        Ok(upload)
    }

    /// Takes in a chunk. What came of a body that broke off stays; a chunk that is refused leaves the session where it was.
    async fn receive(
        &self,
        session: &mut Session,
        range: Option<ContentRange>,
        body: impl Body,
    ) -> Result<(), Error> {
        let before = session.intake.size();
        if range.is_some_and(|range| range.start != before) {
            return Err(Error::UploadOutOfOrder { offset: before });
        }
        let length_max = range.map_or(limits::BLOB_SIZE_MAX, |range| range.length());
        session.intake.take(body, length_max).await?;
        match range {
            Some(range) if session.intake.size() != before + range.length() => {
                session.intake.refuse();
                Err(Error::invalid(
                    OciCode::SizeInvalid,
                    "the body is shorter than its Content-Range",
                ))
            }
            _ => Ok(()),
        }
    }

    /// Notes in the row what was received, unless it was refused.
    async fn note_progress(&self, session: &mut Session) -> Result<(), Error> {
        if session.intake.is_refused() || session.intake.size() == session.noted {
            return Ok(());
        }
        let (id, before) = (session.id, session.noted);
        let received = session.intake.flush().await?;
        let Received { size, .. } = received;
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
            .await?;
        session.noted = size;
        Ok(())
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
        let committed = self
            .meta
            .write(Durability::Machine, move |t| {
                if let Some(id) = session
                    && !uploads::delete(t, id)?
                {
                    return Err(Error::not_found(Missing::Upload, id));
                }
                let now = Timestamp::now();
                let id = match repositories::ensure(t, &repository) {
                    Err(wharf_store::Error::Conflict(_)) => {
                        return Err(Error::not_found(Missing::Bucket, &repository.bucket));
                    }
                    result => result?,
                };
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
            .await;
        if let Some(id) = session {
            self.registry.sessions.forget(id);
        }
        committed
    }

    pub(super) async fn end_upload(&self, id: Uuid, object: ObjectKey) -> Result<(), Error> {
        self.meta
            .write(Durability::Process, move |t| {
                if uploads::delete(t, id)? {
                    blobs::doom(t, &object, Timestamp::now())?;
                }
                Ok::<_, Error>(())
            })
            .await?;
        self.registry.sessions.forget(id);
        Ok(())
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

#[cfg(test)]
mod tests;
