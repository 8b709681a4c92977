//! Repositories.

use wharf_types::Repository;

use crate::Error;
use crate::meta::{Change, Transaction};

/// The key of a repository's rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RepositoryId(pub i64);

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

/// Finds a repository or makes it. Its bucket must be there.
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
            "INSERT INTO repositories (bucket, image, created_at) VALUES ($1, $2, $3) RETURNING id",
            &[
                (&repository.bucket.to_string()).into(),
                repository.image.as_str().into(),
                jiff::Timestamp::now().into(),
            ],
        )
        .map(RepositoryId)
}
