//! Repositories.

use wharf_types::{Location, Repository};

use crate::Error;
use crate::meta::{Change, Row, Transaction};

/// The key of a repository's rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RepositoryId(pub i64);

fn location_text(location: Option<&Location>) -> &str {
    location.map_or("", Location::as_str)
}

pub(super) fn repository(row: &Row<'_>, bucket: usize) -> Result<Repository, Error> {
    Ok(Repository {
        bucket: row.parsed(bucket)?,
        image: row.parsed(bucket + 1)?,
    })
}

/// Finds a repository.
pub fn find(
    transaction: &Transaction<'_>,
    repository: &Repository,
) -> Result<Option<RepositoryId>, Error> {
    transaction.find(
        "SELECT id FROM repositories WHERE bucket = $1 AND image = $2",
        &[
            (&repository.bucket.to_string()).into(),
            repository.image.as_str().into(),
        ],
        |row| Ok(RepositoryId(row.integer(0)?)),
    )
}

/// Finds a repository or makes it. [`Error::Conflict`] when its bucket is not there.
pub fn ensure(
    transaction: &Transaction<'_>,
    repository: &Repository,
) -> Result<RepositoryId, Error> {
    if let Some(id) = find(transaction, repository)? {
        return Ok(id);
    }
    transaction.changed(Change::Repository(repository.clone()));
    transaction
        .insert(
            "INSERT INTO repositories (bucket, image, location, name, created_at) \
             VALUES ($1, $2, $3, $4, $5) RETURNING id",
            &[
                (&repository.bucket.to_string()).into(),
                repository.image.as_str().into(),
                location_text(repository.bucket.location.as_ref()).into(),
                (&repository.name().to_string()).into(),
                jiff::Timestamp::now().into(),
            ],
        )
        .map(RepositoryId)
}

/// Forgets a repository in which nothing is left, neither manifest nor blob.
pub fn delete_if_empty(
    transaction: &Transaction<'_>,
    repository: &Repository,
    id: RepositoryId,
) -> Result<(), Error> {
    let deleted = transaction.execute(
        "DELETE FROM repositories WHERE id = $1 \
         AND NOT EXISTS (SELECT 1 FROM manifests WHERE repository = $1) \
         AND NOT EXISTS (SELECT 1 FROM repository_blobs WHERE repository = $1)",
        &[id.0.into()],
    )?;
    if deleted == 1 {
        transaction.changed(Change::Repository(repository.clone()));
    }
    Ok(())
}

/// Repositories of a location that hold a manifest, in byte order of `PROJECT/IMAGE` after `last`.
pub fn list(
    transaction: &Transaction<'_>,
    location: Option<&Location>,
    last: &str,
    limit: i64,
) -> Result<Vec<Repository>, Error> {
    transaction.list(
        "SELECT r.bucket, r.image FROM repositories r WHERE r.location = $1 AND r.name > $2 \
         AND EXISTS (SELECT 1 FROM manifests m WHERE m.repository = r.id) ORDER BY r.name LIMIT $3",
        &[location_text(location).into(), last.into(), limit.into()],
        |row| repository(row, 0),
    )
}

/// The first repository of a location that holds a manifest and whose `PROJECT/IMAGE` is `from` or after it, and before `before`.
pub fn first_between(
    transaction: &Transaction<'_>,
    location: Option<&Location>,
    from: &str,
    before: &str,
) -> Result<Option<String>, Error> {
    transaction.find(
        "SELECT r.name FROM repositories r WHERE r.location = $1 AND r.name >= $2 AND r.name < $3 \
         AND EXISTS (SELECT 1 FROM manifests m WHERE m.repository = r.id) ORDER BY r.name LIMIT 1",
        &[location_text(location).into(), from.into(), before.into()],
        |row| row.text(0),
    )
}
