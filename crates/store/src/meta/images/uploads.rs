//! Uploads that are under way.

use jiff::Timestamp;
use uuid::Uuid;
use wharf_types::{BucketName, Repository};

use crate::Error;
use crate::blobs::{Hasher, ObjectKey};
use crate::meta::{Row, Transaction, Value};

/// An upload as stored.
#[derive(Clone, Debug)]
pub struct Upload {
    /// Its name.
    pub id: Uuid,
    /// Where the blob is to be.
    pub repository: Repository,
    /// Who opened it.
    pub principal: String,
    /// The key of its bytes, unless they are few.
    pub object: ObjectKey,
    /// The bytes received, if they are few. None: they are in the object, or there are none.
    pub content: Option<Vec<u8>>,
    /// Bytes received.
    pub size: u64,
    /// The hash over them.
    pub hasher: Hasher,
}

/// What a chunk changed.
#[derive(Clone, Copy, Debug)]
pub struct Progress<'p> {
    /// Bytes received.
    pub size: u64,
    /// The bytes, if they are few.
    pub content: Option<&'p [u8]>,
    /// The saved hash over them.
    pub hash: &'p [u8],
}

fn size(bytes: u64) -> Result<i64, Error> {
    i64::try_from(bytes).map_err(|_| Error::Corrupt("a size beyond 2^63".to_owned()))
}

fn upload(row: &Row<'_>) -> Result<Upload, Error> {
    Ok(Upload {
        id: row.parsed(0)?,
        repository: Repository {
            bucket: row.parsed(1)?,
            image: row.parsed(2)?,
        },
        principal: row.text(3)?,
        object: row.parsed(4)?,
        content: row.optional_bytes(5)?,
        size: row.count(6)?,
        hasher: Hasher::restore(&row.bytes(7)?)
            .ok_or_else(|| Error::Corrupt("the hash state of an upload".to_owned()))?,
    })
}

/// Opens an upload.
pub fn insert(transaction: &Transaction<'_>, upload: &Upload, now: Timestamp) -> Result<(), Error> {
    transaction.execute(
        "INSERT INTO uploads (id, bucket, image, principal, object, content, size, hash, created_at, touched_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)",
        &[
            (&upload.id.to_string()).into(),
            (&upload.repository.bucket.to_string()).into(),
            upload.repository.image.as_str().into(),
            (&upload.principal).into(),
            upload.object.as_str().into(),
            upload.content.as_deref().into(),
            size(upload.size)?.into(),
            (&upload.hasher.save()).into(),
            now.into(),
        ],
    )?;
    Ok(())
}

/// Reads an upload.
pub fn find(transaction: &Transaction<'_>, id: Uuid) -> Result<Option<Upload>, Error> {
    transaction.find(
        "SELECT id, bucket, image, principal, object, content, size, hash FROM uploads WHERE id = $1",
        &[(&id.to_string()).into()],
        upload,
    )
}

/// How many uploads somebody has open.
pub fn count_of(transaction: &Transaction<'_>, principal: &str) -> Result<i64, Error> {
    Ok(transaction
        .find(
            "SELECT count(*) FROM uploads WHERE principal = $1",
            &[principal.into()],
            |row| row.integer(0),
        )?
        .unwrap_or(0))
}

/// Notes a chunk, if the upload still stands at `before` bytes. Answers whether it did.
pub fn advance(
    transaction: &Transaction<'_>,
    id: Uuid,
    before: u64,
    progress: Progress<'_>,
    now: Timestamp,
) -> Result<bool, Error> {
    let touched = transaction.execute(
        "UPDATE uploads SET size = $1, content = $2, hash = $3, touched_at = $4 WHERE id = $5 AND size = $6",
        &[
            size(progress.size)?.into(),
            progress.content.into(),
            Value::Bytes(progress.hash),
            now.into(),
            (&id.to_string()).into(),
            size(before)?.into(),
        ],
    )?;
    Ok(touched == 1)
}

/// Ends an upload. Answers whether it was there.
pub fn delete(transaction: &Transaction<'_>, id: Uuid) -> Result<bool, Error> {
    Ok(transaction.execute(
        "DELETE FROM uploads WHERE id = $1",
        &[(&id.to_string()).into()],
    )? == 1)
}

/// Uploads to a bucket.
pub fn list_in_bucket(
    transaction: &Transaction<'_>,
    bucket: &BucketName,
    limit: i64,
) -> Result<Vec<(Uuid, ObjectKey)>, Error> {
    transaction.list(
        "SELECT id, object FROM uploads WHERE bucket = $1 LIMIT $2",
        &[(&bucket.to_string()).into(), limit.into()],
        |row| Ok((row.parsed(0)?, row.parsed(1)?)),
    )
}

/// Uploads that nobody touched since before `before`, the oldest first.
pub fn list_idle(
    transaction: &Transaction<'_>,
    before: Timestamp,
    limit: i64,
) -> Result<Vec<(Uuid, ObjectKey)>, Error> {
    transaction.list(
        "SELECT id, object FROM uploads WHERE touched_at < $1 ORDER BY touched_at LIMIT $2",
        &[before.into(), limit.into()],
        |row| Ok((row.parsed(0)?, row.parsed(1)?)),
    )
}
