//! The schema, brought forward step by step. A step never changes once it was released.

use rusqlite::Connection;

use crate::Error;

/// Step N brings version N-1 to version N. Each file of the folder is one step.
const STEPS: &[&str] = &[
    include_str!("../../migrations/sqlite/0001_foundation.sql"),
    include_str!("../../migrations/sqlite/0002_kms.sql"),
    include_str!("../../migrations/sqlite/0003_signing_keys.sql"),
    include_str!("../../migrations/sqlite/0004_image_folders.sql"),
    include_str!("../../migrations/sqlite/0005_federation.sql"),
];

/// Brings the schema to the newest version, each step in a transaction of its own.
pub(super) fn run(connection: &Connection) -> Result<(), Error> {
    let found: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let known = i64::try_from(STEPS.len()).unwrap_or(i64::MAX);
    if found > known {
        return Err(Error::Newer { found, known });
    }
    for (version, step) in (1_i64..).zip(STEPS) {
        if version > found {
            connection.execute_batch(&format!(
                "BEGIN IMMEDIATE; {step}; PRAGMA user_version = {version}; COMMIT"
            ))?;
            tracing::info!(version, "metadata schema migrated");
        }
    }
    Ok(())
}
