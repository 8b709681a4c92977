//! Manifests: their bytes, and what they hold on to.

use std::ops::ControlFlow;

use jiff::Timestamp;
use wharf_types::{Digest, Repository, Tag};

use super::repositories::{self, RepositoryId};
use super::tags;
use crate::Error;
use crate::meta::{Change, Row, Transaction, Value};

/// A manifest as it is pulled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// Its digest.
    pub digest: Digest,
    /// Its media type.
    pub media_type: String,
    /// Its bytes as they were pushed.
    pub content: Vec<u8>,
}

/// A manifest to be stored, with what was read off it.
#[derive(Clone, Debug)]
pub struct NewManifest<'m> {
    /// Its digest.
    pub digest: Digest,
    /// Its media type.
    pub media_type: &'m str,
    /// As referrers show it.
    pub artifact_type: Option<&'m str>,
    /// The manifest that it is about.
    pub subject: Option<Digest>,
    /// A JSON object, as referrers show it.
    pub annotations: Option<&'m str>,
    /// Bytes of what it holds on to.
    pub image_size: u64,
    /// When the image was built.
    pub built_at: Option<Timestamp>,
    /// Its bytes.
    pub content: &'m [u8],
    /// The blobs that it holds on to; each is in the repository.
    pub blobs: &'m [Digest],
    /// The manifests that it holds on to; each is in the repository.
    pub children: &'m [Digest],
}

/// What a manifest holds, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// Its own bytes.
    pub content: u64,
    /// Bytes of what it holds on to.
    pub image: u64,
}

/// A manifest as lists show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its digest.
    pub digest: Digest,
    /// Its media type.
    pub media_type: String,
    /// Bytes of what it holds on to.
    pub image_size: u64,
    /// When the image was built.
    pub built_at: Option<Timestamp>,
    /// When it was pushed.
    pub created_at: Timestamp,
}

/// A manifest as referrers show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Referrer {
    /// Its digest.
    pub digest: Digest,
    /// Its media type.
    pub media_type: String,
    /// Its bytes, counted.
    pub size: u64,
    /// Its artifact type.
    pub artifact_type: Option<String>,
    /// A JSON object.
    pub annotations: Option<String>,
}

fn manifest(row: &Row<'_>) -> Result<Manifest, Error> {
    Ok(Manifest {
        digest: row.parsed(0)?,
        media_type: row.text(1)?,
        content: row.bytes(2)?,
    })
}

/// Reads a manifest by its digest.
pub fn find(
    transaction: &Transaction<'_>,
    repository: &Repository,
    digest: &Digest,
) -> Result<Option<Manifest>, Error> {
    transaction.find(
        "SELECT m.digest, m.media_type, m.content FROM repositories r \
         JOIN manifests m ON m.repository = r.id WHERE r.bucket = $1 AND r.image = $2 AND m.digest = $3",
        &[
            (&repository.bucket.to_string()).into(),
            repository.image.as_str().into(),
            (&digest.to_string()).into(),
        ],
        manifest,
    )
}

/// Reads the manifest that a tag points to.
pub fn find_tagged(
    transaction: &Transaction<'_>,
    repository: &Repository,
    tag: &Tag,
) -> Result<Option<Manifest>, Error> {
    transaction.find(
        "SELECT m.digest, m.media_type, m.content FROM repositories r \
         JOIN tags t ON t.repository = r.id \
         JOIN manifests m ON m.repository = t.repository AND m.digest = t.digest \
         WHERE r.bucket = $1 AND r.image = $2 AND t.name = $3",
        &[
            (&repository.bucket.to_string()).into(),
            repository.image.as_str().into(),
            tag.as_str().into(),
        ],
        manifest,
    )
}

/// How large a manifest and its image are; `None` when it is not there.
pub fn sizes(
    transaction: &Transaction<'_>,
    id: RepositoryId,
    digest: &Digest,
) -> Result<Option<Sizes>, Error> {
    transaction.find(
        "SELECT length(content), image_size FROM manifests WHERE repository = $1 AND digest = $2",
        &[id.0.into(), (&digest.to_string()).into()],
        |row| {
            Ok(Sizes {
                content: row.count(0)?,
                image: row.count(1)?,
            })
        },
    )
}

/// Stores a manifest. One that is there already stays, but takes on the media type that it is pushed with now.
pub fn put(
    transaction: &Transaction<'_>,
    repository: &Repository,
    id: RepositoryId,
    new: &NewManifest<'_>,
    now: Timestamp,
) -> Result<(), Error> {
    let digest = new.digest.to_string();
    let known = transaction.find(
        "SELECT media_type FROM manifests WHERE repository = $1 AND digest = $2",
        &[id.0.into(), (&digest).into()],
        |row| row.text(0),
    )?;
    match known {
        Some(media_type) if media_type == new.media_type => return Ok(()),
        Some(_) => {
            for tag in tags::of_manifest(transaction, id, &new.digest)? {
                transaction.changed(Change::Tag(repository.clone(), tag));
            }
            transaction.execute(
                "UPDATE manifests SET media_type = $3, artifact_type = $4 WHERE repository = $1 AND digest = $2",
                &[
                    id.0.into(),
                    (&digest).into(),
                    new.media_type.into(),
                    new.artifact_type.into(),
                ],
            )?;
        }
        None => {
            insert(transaction, id, &digest, new, now)?;
            hold(transaction, id, &digest, new)?;
        }
    }
    transaction.changed(Change::Manifest(repository.clone(), new.digest));
    Ok(())
}

fn insert(
    transaction: &Transaction<'_>,
    id: RepositoryId,
    digest: &str,
    new: &NewManifest<'_>,
    now: Timestamp,
) -> Result<(), Error> {
    let image_size = i64::try_from(new.image_size)
        .map_err(|_| Error::Corrupt("a size beyond 2^63".to_owned()))?;
    transaction.execute(
        "INSERT INTO manifests (repository, digest, media_type, artifact_type, subject, annotations, image_size, \
         built_at, created_at, content) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        &[
            id.0.into(),
            digest.into(),
            new.media_type.into(),
            new.artifact_type.into(),
            new.subject.map(|subject| subject.to_string()).as_ref().into(),
            new.annotations.into(),
            image_size.into(),
            new.built_at.into(),
            now.into(),
            Value::Bytes(new.content),
        ],
    )?;
    Ok(())
}

/// Notes what a manifest holds on to.
fn hold(
    transaction: &Transaction<'_>,
    id: RepositoryId,
    digest: &str,
    new: &NewManifest<'_>,
) -> Result<(), Error> {
    for blob in new.blobs {
        let blob = blob.to_string();
        transaction.execute(
            "INSERT INTO manifest_blobs (repository, manifest, blob) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
            &[id.0.into(), digest.into(), (&blob).into()],
        )?;
        transaction.execute(
            "UPDATE repository_blobs SET idle_since = NULL \
             WHERE repository = $1 AND digest = $2 AND idle_since IS NOT NULL",
            &[id.0.into(), (&blob).into()],
        )?;
    }
    for child in new.children {
        transaction.execute(
            "INSERT INTO manifest_children (repository, parent, child) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
            &[id.0.into(), digest.into(), (&child.to_string()).into()],
        )?;
    }
    Ok(())
}

/// Deletes a manifest with its tags. Blobs that nothing holds any more are idle from now on. Answers whether it was there.
pub fn delete(
    transaction: &Transaction<'_>,
    repository: &Repository,
    id: RepositoryId,
    digest: &Digest,
    now: Timestamp,
) -> Result<bool, Error> {
    let text = digest.to_string();
    for tag in tags::of_manifest(transaction, id, digest)? {
        tags::delete(transaction, repository, id, &tag)?;
    }
    let blobs = transaction.list(
        "SELECT blob FROM manifest_blobs WHERE repository = $1 AND manifest = $2",
        &[id.0.into(), (&text).into()],
        |row| row.text(0),
    )?;
    let deleted = transaction.execute(
        "DELETE FROM manifests WHERE repository = $1 AND digest = $2",
        &[id.0.into(), (&text).into()],
    )?;
    for blob in &blobs {
        transaction.execute(
            "UPDATE repository_blobs SET idle_since = $3 WHERE repository = $1 AND digest = $2 \
             AND NOT EXISTS (SELECT 1 FROM manifest_blobs WHERE repository = $1 AND blob = $2)",
            &[id.0.into(), blob.into(), now.into()],
        )?;
    }
    transaction.changed(Change::Manifest(repository.clone(), *digest));
    repositories::delete_if_empty(transaction, repository, id)?;
    Ok(deleted == 1)
}

/// The indexes that hold a manifest, some of them.
pub fn parents(
    transaction: &Transaction<'_>,
    id: RepositoryId,
    child: &Digest,
    limit: i64,
) -> Result<Vec<Digest>, Error> {
    transaction.list(
        "SELECT parent FROM manifest_children WHERE repository = $1 AND child = $2 ORDER BY parent LIMIT $3",
        &[id.0.into(), (&child.to_string()).into(), limit.into()],
        |row| row.parsed(0),
    )
}

/// Manifests in order of digest.
pub fn list(
    transaction: &Transaction<'_>,
    id: RepositoryId,
    limit: i64,
) -> Result<Vec<Listed>, Error> {
    transaction.list(
        "SELECT digest, media_type, image_size, built_at, created_at FROM manifests \
         WHERE repository = $1 ORDER BY digest LIMIT $2",
        &[id.0.into(), limit.into()],
        |row| {
            Ok(Listed {
                digest: row.parsed(0)?,
                media_type: row.text(1)?,
                image_size: row.count(2)?,
                built_at: row.optional_time(3)?,
                created_at: row.time(4)?,
            })
        },
    )
}

/// Hands over manifests about `subject`, in order of digest after `last`, until `read` has enough.
pub fn scan_referrers(
    transaction: &Transaction<'_>,
    id: RepositoryId,
    subject: &Digest,
    last: &str,
    mut read: impl FnMut(Referrer) -> ControlFlow<()>,
) -> Result<(), Error> {
    transaction.scan(
        "SELECT digest, media_type, length(content), artifact_type, annotations FROM manifests \
         WHERE repository = $1 AND subject = $2 AND digest > $3 ORDER BY digest",
        &[id.0.into(), (&subject.to_string()).into(), last.into()],
        |row| {
            Ok(read(Referrer {
                digest: row.parsed(0)?,
                media_type: row.text(1)?,
                size: row.count(2)?,
                artifact_type: row.optional_text(3)?,
                annotations: row.optional_text(4)?,
            }))
        },
    )
}

/// Whether a manifest is there, and about `subject`.
pub fn is_about(
    transaction: &Transaction<'_>,
    id: RepositoryId,
    digest: &Digest,
    subject: &Digest,
) -> Result<Option<bool>, Error> {
    let subject = subject.to_string();
    transaction.find(
        "SELECT subject FROM manifests WHERE repository = $1 AND digest = $2",
        &[id.0.into(), (&digest.to_string()).into()],
        |row| Ok(row.optional_text(0)?.is_some_and(|found| found == subject)),
    )
}
