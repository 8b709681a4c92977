//! Key rings.

use jiff::Timestamp;
use wharf_types::ProjectId;
use wharf_types::kms::KeyRingName;

use crate::Error;
use crate::meta::{Row, Transaction};

/// A key ring as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRing {
    /// `projects/P/locations/L/keyRings/R`
    pub name: KeyRingName,
    /// When it was created.
    pub created_at: Timestamp,
}

fn read(row: &Row<'_>) -> Result<KeyRing, Error> {
    Ok(KeyRing {
        name: row.parsed(0)?,
        created_at: row.time(1)?,
    })
}

/// Reads a key ring.
pub fn find(transaction: &Transaction<'_>, name: &KeyRingName) -> Result<Option<KeyRing>, Error> {
    transaction.find(
        "SELECT name, created_at FROM key_rings WHERE name = $1",
        &[name.as_str().into()],
        read,
    )
}

/// The key rings at a location of a project in order of name, after `after`; `limit` at most.
pub fn list(
    transaction: &Transaction<'_>,
    project: &ProjectId,
    location: &str,
    after: Option<&KeyRingName>,
    limit: usize,
) -> Result<Vec<KeyRing>, Error> {
    transaction.list(
        "SELECT name, created_at FROM key_rings
         WHERE project = $1 AND location = $2 AND name > $3 ORDER BY name LIMIT $4",
        &[
            project.as_str().into(),
            location.into(),
            after.map_or("", KeyRingName::as_str).into(),
            i64::try_from(limit).unwrap_or(i64::MAX).into(),
        ],
        read,
    )
}

/// How many key rings a project has, everywhere.
pub fn count(transaction: &Transaction<'_>, project: &ProjectId) -> Result<usize, Error> {
    let count = transaction.find(
        "SELECT COUNT(*) FROM key_rings WHERE project = $1",
        &[project.as_str().into()],
        |row| row.count(0),
    )?;
    Ok(usize::try_from(count.unwrap_or(0)).unwrap_or(usize::MAX))
}

/// Inserts a new key ring; [`Error::Conflict`] when its name is taken.
pub fn insert(transaction: &Transaction<'_>, ring: &KeyRing) -> Result<(), Error> {
    transaction.execute(
        "INSERT INTO key_rings (name, project, location, created_at) VALUES ($1, $2, $3, $4)",
        &[
            ring.name.as_str().into(),
            ring.name.project().as_str().into(),
            ring.name.location().into(),
            ring.created_at.into(),
        ],
    )?;
    Ok(())
}
