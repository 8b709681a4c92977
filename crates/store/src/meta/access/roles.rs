//! Custom roles.

use jiff::Timestamp;
use wharf_types::{Permission, ProjectId, RoleName};

use crate::Error;
use crate::meta::{Change, Row, Transaction};

/// A custom role as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomRole {
    /// `projects/P/roles/ID`
    pub name: RoleName,
    /// The project it belongs to.
    pub project: ProjectId,
    /// For people.
    pub title: String,
    /// For people.
    pub description: String,
    /// `ALPHA`, `BETA`, `GA`, …
    pub stage: String,
    /// What it carries.
    pub permissions: Vec<Permission>,
    /// Counts changes; the etag.
    pub generation: i64,
    /// When its deletion was requested.
    pub deleted_at: Option<Timestamp>,
}

fn read(row: &Row<'_>) -> Result<CustomRole, Error> {
    let corrupt = |error: serde_json::Error| Error::Corrupt(format!("a role: {error}"));
    let permissions: Vec<String> = serde_json::from_str(&row.text(5)?).map_err(corrupt)?;
    Ok(CustomRole {
        name: row.parsed(0)?,
        project: row.parsed(1)?,
        title: row.text(2)?,
        description: row.text(3)?,
        stage: row.text(4)?,
        // A permission that this version does not know is asked for by nothing.
        permissions: permissions
            .iter()
            .filter_map(|name| Permission::parse(name).ok())
            .collect(),
        generation: row.integer(6)?,
        deleted_at: row.optional_time(7)?,
    })
}

fn permissions_text(permissions: &[Permission]) -> Result<String, Error> {
    serde_json::to_string(permissions).map_err(|error| Error::Corrupt(error.to_string()))
}

/// Reads a role, deleted or not.
pub fn find(transaction: &Transaction<'_>, name: &RoleName) -> Result<Option<CustomRole>, Error> {
    transaction.find(
        "SELECT name, project, title, description, stage, permissions, generation, deleted_at
         FROM roles WHERE name = $1",
        &[name.as_str().into()],
        read,
    )
}

/// A project's roles in order of name, deleted ones too.
pub fn list(transaction: &Transaction<'_>, project: &ProjectId) -> Result<Vec<CustomRole>, Error> {
    transaction.list(
        "SELECT name, project, title, description, stage, permissions, generation, deleted_at
         FROM roles WHERE project = $1 ORDER BY name",
        &[project.as_str().into()],
        read,
    )
}

/// How many roles a project has that are not deleted.
pub fn count(transaction: &Transaction<'_>, project: &ProjectId) -> Result<usize, Error> {
    let count = transaction.find(
        "SELECT COUNT(*) FROM roles WHERE project = $1 AND deleted_at IS NULL",
        &[project.as_str().into()],
        |row| row.count(0),
    )?;
    Ok(usize::try_from(count.unwrap_or(0)).unwrap_or(usize::MAX))
}

/// Inserts a new role; [`Error::Conflict`] when its name is taken, be it by a deleted one.
pub fn insert(transaction: &Transaction<'_>, role: &CustomRole) -> Result<(), Error> {
    transaction.execute(
        "INSERT INTO roles
         (name, project, title, description, stage, permissions, generation, deleted_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        &[
            role.name.as_str().into(),
            role.project.as_str().into(),
            (&role.title).into(),
            (&role.description).into(),
            (&role.stage).into(),
            (&permissions_text(&role.permissions)?).into(),
            role.generation.into(),
            role.deleted_at.into(),
        ],
    )?;
    transaction.changed(Change::Role(role.name.clone()));
    Ok(())
}

/// Writes what can change of a role: texts, stage, permissions, generation and deletion.
pub fn update(transaction: &Transaction<'_>, role: &CustomRole) -> Result<(), Error> {
    transaction.execute(
        "UPDATE roles SET title = $2, description = $3, stage = $4, permissions = $5, generation = $6,
         deleted_at = $7 WHERE name = $1",
        &[
            role.name.as_str().into(),
            (&role.title).into(),
            (&role.description).into(),
            (&role.stage).into(),
            (&permissions_text(&role.permissions)?).into(),
            role.generation.into(),
            role.deleted_at.into(),
        ],
    )?;
    transaction.changed(Change::Role(role.name.clone()));
    Ok(())
}
