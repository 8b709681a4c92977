//! Buckets.

use std::collections::BTreeMap;

use jiff::Timestamp;
use wharf_types::{BucketName, ProjectId};

use crate::Error;
use crate::meta::{Change, Row, Transaction};

/// A bucket as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// Its name, which knows project and location.
    pub name: BucketName,
    /// For people's tools.
    pub labels: BTreeMap<String, String>,
    /// Counts changes: `metageneration`.
    pub generation: i64,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
}

fn bucket(row: &Row<'_>) -> Result<Bucket, Error> {
    Ok(Bucket {
        name: row.parsed(0)?,
        labels: serde_json::from_str(&row.text(1)?)
            .map_err(|error| Error::Corrupt(format!("labels of a bucket: {error}")))?,
        generation: row.integer(2)?,
        created_at: row.time(3)?,
        updated_at: row.time(4)?,
    })
}

fn labels_text(bucket: &Bucket) -> Result<String, Error> {
    serde_json::to_string(&bucket.labels).map_err(|error| Error::Corrupt(error.to_string()))
}

/// Reads a bucket.
pub fn find(transaction: &Transaction<'_>, name: &BucketName) -> Result<Option<Bucket>, Error> {
    transaction.find(
        "SELECT name, labels, generation, created_at, updated_at FROM buckets WHERE name = $1",
        &[(&name.to_string()).into()],
        bucket,
    )
}

/// Whether a bucket is there.
pub fn exists(transaction: &Transaction<'_>, name: &BucketName) -> Result<bool, Error> {
    transaction.exists(
        "SELECT 1 FROM buckets WHERE name = $1",
        &[(&name.to_string()).into()],
    )
}

/// A project's buckets in order of name.
pub fn list(transaction: &Transaction<'_>, project: &ProjectId) -> Result<Vec<Bucket>, Error> {
    transaction.list(
        "SELECT name, labels, generation, created_at, updated_at FROM buckets \
         WHERE project = $1 ORDER BY name",
        &[project.as_str().into()],
        bucket,
    )
}

/// Creates a bucket. [`Error::Conflict`] when it is there already or its project is not.
pub fn insert(transaction: &Transaction<'_>, bucket: &Bucket) -> Result<(), Error> {
    transaction.execute(
        "INSERT INTO buckets (name, project, labels, generation, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6)",
        &[
            (&bucket.name.to_string()).into(),
            bucket.name.project.as_str().into(),
            (&labels_text(bucket)?).into(),
            bucket.generation.into(),
            bucket.created_at.into(),
            bucket.updated_at.into(),
        ],
    )?;
    transaction.changed(Change::Bucket(bucket.name.clone()));
    Ok(())
}

/// Writes what can change of a bucket: labels, generation and the time of the change.
pub fn update(transaction: &Transaction<'_>, bucket: &Bucket) -> Result<(), Error> {
    transaction.execute(
        "UPDATE buckets SET labels = $2, generation = $3, updated_at = $4 WHERE name = $1",
        &[
            (&bucket.name.to_string()).into(),
            (&labels_text(bucket)?).into(),
            bucket.generation.into(),
            bucket.updated_at.into(),
        ],
    )?;
    transaction.changed(Change::Bucket(bucket.name.clone()));
    Ok(())
}

/// Whether the bucket holds a manifest.
pub fn has_manifests(transaction: &Transaction<'_>, name: &BucketName) -> Result<bool, Error> {
    transaction.exists(
        "SELECT 1 FROM repositories r JOIN manifests m ON m.repository = r.id WHERE r.bucket = $1 LIMIT 1",
        &[(&name.to_string()).into()],
    )
}

/// Deletes a bucket in which nothing is left, neither repository nor upload.
pub fn delete(transaction: &Transaction<'_>, name: &BucketName) -> Result<(), Error> {
    transaction.execute(
        "DELETE FROM buckets WHERE name = $1",
        &[(&name.to_string()).into()],
    )?;
    transaction.changed(Change::Bucket(name.clone()));
    Ok(())
}
