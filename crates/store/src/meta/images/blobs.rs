//! Blobs: a project's content, and which of its repositories show it.

use jiff::Timestamp;
use wharf_types::{BucketName, Digest, Repository};

use super::repositories::{self, RepositoryId, repository};
use crate::Error;
use crate::blobs::ObjectKey;
use crate::meta::{Change, Row, Transaction, Value};

/// Where the bytes of a blob are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// In its row: [`content`] reads them.
    Row,
    /// In the blob store.
    Object(ObjectKey),
}

/// A blob as a repository shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blob {
    /// The key of its row.
    pub id: i64,
    /// Its size in bytes.
    pub size: u64,
    /// Where its bytes are.
    pub place: Place,
}

/// The bytes of a new blob.
#[derive(Clone, Copy, Debug)]
pub enum NewBytes<'b> {
    /// A few, to be kept in the row.
    Inline(&'b [u8]),
    /// An object that is on stable storage already.
    Object(&'b ObjectKey),
}

fn blob(row: &Row<'_>) -> Result<Blob, Error> {
    Ok(Blob {
        id: row.integer(0)?,
        size: row.count(1)?,
        place: match row.optional_text(2)? {
            Some(key) => Place::Object(key.parse().map_err(Error::Corrupt)?),
            None => Place::Row,
        },
    })
}

/// Finds a blob in a repository.
pub fn find(
    transaction: &Transaction<'_>,
    repository: &Repository,
    digest: &Digest,
) -> Result<Option<Blob>, Error> {
    transaction.find(
        "SELECT b.id, b.size, b.object FROM repositories r \
         JOIN repository_blobs l ON l.repository = r.id JOIN blobs b ON b.id = l.blob \
         WHERE r.bucket = $1 AND r.image = $2 AND l.digest = $3",
        &[
            (&repository.bucket.to_string()).into(),
            repository.image.as_str().into(),
            (&digest.to_string()).into(),
        ],
        blob,
    )
}

/// Finds a blob anywhere in a project, with up to `limit` of the repositories that show it.
pub fn find_in_project(
    transaction: &Transaction<'_>,
    project: &str,
    digest: &Digest,
    limit: i64,
) -> Result<Vec<Repository>, Error> {
    transaction.list(
        "SELECT r.bucket, r.image FROM blobs b JOIN repository_blobs l ON l.blob = b.id \
         JOIN repositories r ON r.id = l.repository WHERE b.project = $1 AND b.digest = $2 \
         ORDER BY l.repository LIMIT $3",
        &[project.into(), (&digest.to_string()).into(), limit.into()],
        |row| repository(row, 0),
    )
}

/// The bytes of a blob that lie in its row. The digest is asked for because keys of deleted rows are given out again.
pub fn content(
    transaction: &Transaction<'_>,
    id: i64,
    digest: &Digest,
) -> Result<Option<Vec<u8>>, Error> {
    Ok(transaction
        .find(
            "SELECT content FROM blobs WHERE id = $1 AND digest = $2",
            &[id.into(), (&digest.to_string()).into()],
            |row| row.optional_bytes(0),
        )?
        .flatten())
}

/// Finds a blob in a repository whose key is known.
pub fn find_linked(
    transaction: &Transaction<'_>,
    id: RepositoryId,
    digest: &Digest,
) -> Result<Option<Blob>, Error> {
    transaction.find(
        "SELECT b.id, b.size, b.object FROM repository_blobs l JOIN blobs b ON b.id = l.blob \
         WHERE l.repository = $1 AND l.digest = $2",
        &[id.0.into(), (&digest.to_string()).into()],
        blob,
    )
}

/// Makes a blob exist in a repository. Where the project has its bytes already, those stay and the new object is doomed.
pub fn put(
    transaction: &Transaction<'_>,
    repository: &Repository,
    id: RepositoryId,
    digest: &Digest,
    size: u64,
    bytes: NewBytes<'_>,
    now: Timestamp,
) -> Result<(), Error> {
    let project = repository.bucket.project.as_str();
    let text = digest.to_string();
    let (object, content) = match bytes {
        NewBytes::Inline(content) => (Value::Null, Value::Bytes(content)),
        NewBytes::Object(key) => (Value::Text(key.as_str()), Value::Null),
    };
    let size = i64::try_from(size).map_err(|_| Error::Corrupt("a size beyond 2^63".to_owned()))?;
    let inserted = transaction.find(
        "INSERT INTO blobs (project, digest, size, object, content, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (project, digest) DO NOTHING RETURNING id",
        &[
            project.into(),
            (&text).into(),
            size.into(),
            object,
            content,
            now.into(),
        ],
        |row| row.integer(0),
    )?;
    let blob = match inserted {
        Some(blob) => blob,
        None => {
            if let NewBytes::Object(key) = bytes {
                doom(transaction, key, now)?;
            }
            transaction
                .find(
                    "SELECT id FROM blobs WHERE project = $1 AND digest = $2",
                    &[project.into(), (&text).into()],
                    |row| row.integer(0),
                )?
                .ok_or_else(|| Error::Corrupt(format!("blob {text} is there and is not")))?
        }
    };
    link(transaction, repository, id, digest, blob, now)
}

/// Shows a blob of the project in a repository. A link that waits for the garbage collector begins a new grace period.
pub fn link(
    transaction: &Transaction<'_>,
    repository: &Repository,
    id: RepositoryId,
    digest: &Digest,
    blob: i64,
    now: Timestamp,
) -> Result<(), Error> {
    transaction.execute(
        "INSERT INTO repository_blobs (repository, digest, blob, idle_since) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (repository, digest) DO UPDATE SET idle_since = excluded.idle_since \
         WHERE repository_blobs.idle_since IS NOT NULL",
        &[id.0.into(), (&digest.to_string()).into(), blob.into(), now.into()],
    )?;
    transaction.changed(Change::Blob(repository.clone(), *digest));
    Ok(())
}

/// Whether a manifest of the repository holds the blob.
pub fn is_held(
    transaction: &Transaction<'_>,
    id: RepositoryId,
    digest: &Digest,
) -> Result<bool, Error> {
    transaction.exists(
        "SELECT 1 FROM manifest_blobs WHERE repository = $1 AND blob = $2 LIMIT 1",
        &[id.0.into(), (&digest.to_string()).into()],
    )
}

/// Takes a blob out of a repository; the last link takes the blob with it, and the last blob the repository. Answers whether it was there.
pub fn unlink(
    transaction: &Transaction<'_>,
    repository: &Repository,
    id: RepositoryId,
    digest: &Digest,
    now: Timestamp,
) -> Result<bool, Error> {
    let blob = transaction.find(
        "DELETE FROM repository_blobs WHERE repository = $1 AND digest = $2 RETURNING blob",
        &[id.0.into(), (&digest.to_string()).into()],
        |row| row.integer(0),
    )?;
    let Some(blob) = blob else { return Ok(false) };
    transaction.changed(Change::Blob(repository.clone(), *digest));
    if !transaction.exists(
        "SELECT 1 FROM repository_blobs WHERE blob = $1 LIMIT 1",
        &[blob.into()],
    )? {
        let object = transaction.find(
            "DELETE FROM blobs WHERE id = $1 RETURNING object",
            &[blob.into()],
            |row| row.optional_text(0),
        )?;
        if let Some(key) = object.flatten() {
            doom(transaction, &key.parse().map_err(Error::Corrupt)?, now)?;
        }
    }
    repositories::delete_if_empty(transaction, repository, id)?;
    Ok(true)
}

/// A link that no manifest holds any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Idle {
    /// The repository.
    pub repository: Repository,
    /// Its key.
    pub id: RepositoryId,
    /// The blob.
    pub digest: Digest,
}

/// Links that no manifest held since before `before`, the oldest first.
pub fn list_idle(
    transaction: &Transaction<'_>,
    before: Timestamp,
    limit: i64,
) -> Result<Vec<Idle>, Error> {
    transaction.list(
        "SELECT r.bucket, r.image, l.repository, l.digest FROM repository_blobs l \
         JOIN repositories r ON r.id = l.repository \
         WHERE l.idle_since < $1 ORDER BY l.idle_since LIMIT $2",
        &[before.into(), limit.into()],
        idle,
    )
}

fn idle(row: &Row<'_>) -> Result<Idle, Error> {
    Ok(Idle {
        repository: repository(row, 0)?,
        id: RepositoryId(row.integer(2)?),
        digest: row.parsed(3)?,
    })
}

/// Links of a bucket's repositories, whether or not a manifest holds them.
pub fn list_in_bucket(
    transaction: &Transaction<'_>,
    bucket: &BucketName,
    limit: i64,
) -> Result<Vec<Idle>, Error> {
    transaction.list(
        "SELECT r.bucket, r.image, l.repository, l.digest FROM repositories r \
         JOIN repository_blobs l ON l.repository = r.id WHERE r.bucket = $1 LIMIT $2",
        &[(&bucket.to_string()).into(), limit.into()],
        idle,
    )
}

/// Marks an object whose row is gone, so that its bytes are removed.
pub fn doom(transaction: &Transaction<'_>, key: &ObjectKey, now: Timestamp) -> Result<(), Error> {
    transaction.execute(
        "INSERT INTO doomed_objects (object, doomed_at) VALUES ($1, $2) ON CONFLICT (object) DO NOTHING",
        &[key.as_str().into(), now.into()],
    )?;
    Ok(())
}

/// Objects that wait to be removed.
pub fn list_doomed(transaction: &Transaction<'_>, limit: i64) -> Result<Vec<ObjectKey>, Error> {
    transaction.list(
        "SELECT object FROM doomed_objects ORDER BY doomed_at, object LIMIT $1",
        &[limit.into()],
        |row| row.parsed(0),
    )
}

/// Forgets a doomed object whose bytes are gone.
pub fn forget_doomed(transaction: &Transaction<'_>, key: &ObjectKey) -> Result<(), Error> {
    transaction.execute(
        "DELETE FROM doomed_objects WHERE object = $1",
        &[key.as_str().into()],
    )?;
    Ok(())
}

/// Whether any row knows the object.
pub fn is_object_known(transaction: &Transaction<'_>, key: &ObjectKey) -> Result<bool, Error> {
    transaction.exists(
        "SELECT 1 FROM uploads WHERE object = $1 UNION ALL SELECT 1 FROM blobs WHERE object = $1 \
         UNION ALL SELECT 1 FROM doomed_objects WHERE object = $1",
        &[key.as_str().into()],
    )
}
