//! Workload identity pools.

use jiff::Timestamp;
use wharf_types::ProjectId;
use wharf_types::federation::PoolId;

use crate::Error;
use crate::meta::{Change, Row, Transaction};

/// A pool as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pool {
    /// The project it belongs to.
    pub project: ProjectId,
    /// Its id in the project.
    pub id: PoolId,
    /// For people.
    pub display_name: String,
    /// For people.
    pub description: String,
    /// Whether its providers accept no tokens, and what they accepted is worth nothing.
    pub disabled: bool,
    /// When it was created.
    pub created_at: Timestamp,
    /// When its deletion was requested.
    pub deleted_at: Option<Timestamp>,
}

fn read(row: &Row<'_>) -> Result<Pool, Error> {
    Ok(Pool {
        project: row.parsed(0)?,
        id: row.parsed(1)?,
        display_name: row.text(2)?,
        description: row.text(3)?,
        disabled: row.boolean(4)?,
        created_at: row.time(5)?,
        deleted_at: row.optional_time(6)?,
    })
}

/// Reads a pool, deleted or not.
pub fn find(
    transaction: &Transaction<'_>,
    project: &ProjectId,
    id: &PoolId,
) -> Result<Option<Pool>, Error> {
    transaction.find(
        "SELECT project, id, display_name, description, disabled, created_at, deleted_at
         FROM workload_identity_pools WHERE project = $1 AND id = $2",
        &[project.as_str().into(), id.as_str().into()],
        read,
    )
}

/// A project's pools in order of id, deleted ones too.
pub fn list(transaction: &Transaction<'_>, project: &ProjectId) -> Result<Vec<Pool>, Error> {
    transaction.list(
        "SELECT project, id, display_name, description, disabled, created_at, deleted_at
         FROM workload_identity_pools WHERE project = $1 ORDER BY id",
        &[project.as_str().into()],
        read,
    )
}

/// Inserts a new pool; [`Error::Conflict`] when its id is taken, be it by a deleted one.
pub fn insert(transaction: &Transaction<'_>, pool: &Pool) -> Result<(), Error> {
    transaction.execute(
        "INSERT INTO workload_identity_pools
         (project, id, display_name, description, disabled, created_at, deleted_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        &[
            pool.project.as_str().into(),
            pool.id.as_str().into(),
            (&pool.display_name).into(),
            (&pool.description).into(),
            pool.disabled.into(),
            pool.created_at.into(),
            pool.deleted_at.into(),
        ],
    )?;
    transaction.changed(Change::Pool(pool.project.clone(), pool.id.clone()));
    Ok(())
}

/// Writes what can change of a pool: texts, whether it is disabled, and its deletion.
pub fn update(transaction: &Transaction<'_>, pool: &Pool) -> Result<(), Error> {
    transaction.execute(
        "UPDATE workload_identity_pools
         SET display_name = $3, description = $4, disabled = $5, deleted_at = $6
         WHERE project = $1 AND id = $2",
        &[
            pool.project.as_str().into(),
            pool.id.as_str().into(),
            (&pool.display_name).into(),
            (&pool.description).into(),
            pool.disabled.into(),
            pool.deleted_at.into(),
        ],
    )?;
    transaction.changed(Change::Pool(pool.project.clone(), pool.id.clone()));
    Ok(())
}

/// Takes a pool away for good, with its providers.
pub fn remove(
    transaction: &Transaction<'_>,
    project: &ProjectId,
    id: &PoolId,
) -> Result<(), Error> {
    transaction.execute(
        "DELETE FROM workload_identity_pools WHERE project = $1 AND id = $2",
        &[project.as_str().into(), id.as_str().into()],
    )?;
    transaction.changed(Change::Pool(project.clone(), id.clone()));
    Ok(())
}
