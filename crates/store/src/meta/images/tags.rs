//! Tags.

use jiff::Timestamp;
use wharf_types::{Digest, Repository, Tag};

use super::repositories::RepositoryId;
use crate::Error;
use crate::meta::{Change, Transaction};

/// The manifest that a tag points to.
pub fn find(
    transaction: &Transaction<'_>,
    id: RepositoryId,
    tag: &Tag,
) -> Result<Option<Digest>, Error> {
    transaction.find(
        "SELECT digest FROM tags WHERE repository = $1 AND name = $2",
        &[id.0.into(), tag.as_str().into()],
        |row| row.parsed(0),
    )
}

/// Points a tag to a manifest of the repository.
pub fn put(
    transaction: &Transaction<'_>,
    repository: &Repository,
    id: RepositoryId,
    tag: &Tag,
    digest: &Digest,
    now: Timestamp,
) -> Result<(), Error> {
    transaction.execute(
        "INSERT INTO tags (repository, name, digest, updated_at) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (repository, name) DO UPDATE SET digest = excluded.digest, updated_at = excluded.updated_at",
        &[
            id.0.into(),
            tag.as_str().into(),
            (&digest.to_string()).into(),
            now.into(),
        ],
    )?;
    transaction.changed(Change::Tag(repository.clone(), tag.clone()));
    Ok(())
}

/// Deletes a tag. Answers whether it was there.
pub fn delete(
    transaction: &Transaction<'_>,
    repository: &Repository,
    id: RepositoryId,
    tag: &Tag,
) -> Result<bool, Error> {
    let deleted = transaction.execute(
        "DELETE FROM tags WHERE repository = $1 AND name = $2",
        &[id.0.into(), tag.as_str().into()],
    )?;
    transaction.changed(Change::Tag(repository.clone(), tag.clone()));
    Ok(deleted == 1)
}

/// The tags that point to a manifest, in byte order.
pub fn of_manifest(
    transaction: &Transaction<'_>,
    id: RepositoryId,
    digest: &Digest,
) -> Result<Vec<Tag>, Error> {
    transaction.list(
        "SELECT name FROM tags WHERE repository = $1 AND digest = $2 ORDER BY name",
        &[id.0.into(), (&digest.to_string()).into()],
        |row| row.parsed(0),
    )
}

/// Tags in byte order after `last`.
pub fn list(
    transaction: &Transaction<'_>,
    id: RepositoryId,
    last: &str,
    limit: i64,
) -> Result<Vec<Tag>, Error> {
    transaction.list(
        "SELECT name FROM tags WHERE repository = $1 AND name > $2 ORDER BY name LIMIT $3",
        &[id.0.into(), last.into(), limit.into()],
        |row| row.parsed(0),
    )
}

/// The first tags in byte order, each with its manifest.
pub fn list_with_digests(
    transaction: &Transaction<'_>,
    id: RepositoryId,
    limit: i64,
) -> Result<Vec<(Tag, Digest)>, Error> {
    transaction.list(
        "SELECT name, digest FROM tags WHERE repository = $1 ORDER BY name LIMIT $2",
        &[id.0.into(), limit.into()],
        |row| Ok((row.parsed(0)?, row.parsed(1)?)),
    )
}
