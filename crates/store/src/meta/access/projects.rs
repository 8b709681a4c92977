//! Projects.

use std::collections::BTreeMap;

use jiff::Timestamp;
use wharf_types::ProjectId;

use crate::Error;
use crate::meta::{Change, Row, Transaction, Value};

/// A project as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Project {
    /// The id that people chose.
    pub id: ProjectId,
    /// The number that Google's clients show beside it.
    pub number: u64,
    /// For people.
    pub display_name: String,
    /// For people's tools.
    pub labels: BTreeMap<String, String>,
    /// Whether deletes follow Google's strict rules instead of OCI's.
    pub strict_deletes: bool,
    /// Counts changes; the etag.
    pub generation: i64,
    /// When it was created.
    pub created_at: Timestamp,
    /// When its deletion was requested.
    pub deleted_at: Option<Timestamp>,
}

fn read(row: &Row<'_>) -> Result<Project, Error> {
    Ok(Project {
        id: row.parsed(0)?,
        number: row.count(1)?,
        display_name: row.text(2)?,
        labels: serde_json::from_str(&row.text(3)?)
            .map_err(|error| Error::Corrupt(format!("labels of a project: {error}")))?,
        strict_deletes: row.boolean(4)?,
        generation: row.integer(5)?,
        created_at: row.time(6)?,
        deleted_at: row.optional_time(7)?,
    })
}

fn labels_text(labels: &BTreeMap<String, String>) -> Result<String, Error> {
    serde_json::to_string(labels).map_err(|error| Error::Corrupt(error.to_string()))
}

fn number_value(number: u64) -> Result<i64, Error> {
    i64::try_from(number).map_err(|_| Error::Corrupt(format!("project number {number}")))
}

/// Reads a project, deleted or not.
pub fn find(transaction: &Transaction<'_>, id: &ProjectId) -> Result<Option<Project>, Error> {
    transaction.find(
        "SELECT id, number, display_name, labels, strict_deletes, generation, created_at, deleted_at
         FROM projects WHERE id = $1",
        &[id.as_str().into()],
        read,
    )
}

/// Reads a project by its number, deleted or not.
pub fn find_by_number(
    transaction: &Transaction<'_>,
    number: u64,
) -> Result<Option<Project>, Error> {
    let Ok(number) = i64::try_from(number) else {
        return Ok(None);
    };
    transaction.find(
        "SELECT id, number, display_name, labels, strict_deletes, generation, created_at, deleted_at
         FROM projects WHERE number = $1",
        &[number.into()],
        read,
    )
}

/// Projects in order of id, after `after`; `limit` at most.
pub fn list(
    transaction: &Transaction<'_>,
    after: Option<&ProjectId>,
    limit: usize,
) -> Result<Vec<Project>, Error> {
    transaction.list(
        "SELECT id, number, display_name, labels, strict_deletes, generation, created_at, deleted_at
         FROM projects WHERE id > $1 ORDER BY id LIMIT $2",
        &[
            after.map_or("", ProjectId::as_str).into(),
            i64::try_from(limit).unwrap_or(i64::MAX).into(),
        ],
        read,
    )
}

/// Inserts a new project; [`Error::Conflict`] when its id or number is taken.
pub fn insert(transaction: &Transaction<'_>, project: &Project) -> Result<(), Error> {
    transaction.execute(
        "INSERT INTO projects
         (id, number, display_name, labels, strict_deletes, generation, created_at, deleted_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        &[
            project.id.as_str().into(),
            number_value(project.number)?.into(),
            (&project.display_name).into(),
            (&labels_text(&project.labels)?).into(),
            project.strict_deletes.into(),
            project.generation.into(),
            project.created_at.into(),
            project.deleted_at.into(),
        ],
    )?;
    transaction.changed(Change::Project(project.id.clone()));
    Ok(())
}

/// Writes what can change of a project: names, labels, rules, generation and deletion.
pub fn update(transaction: &Transaction<'_>, project: &Project) -> Result<(), Error> {
    transaction.execute(
        "UPDATE projects SET display_name = $2, labels = $3, strict_deletes = $4, generation = $5, deleted_at = $6
         WHERE id = $1",
        &[
            project.id.as_str().into(),
            (&project.display_name).into(),
            (&labels_text(&project.labels)?).into(),
            project.strict_deletes.into(),
            project.generation.into(),
            project.deleted_at.map_or(Value::Null, Value::from),
        ],
    )?;
    transaction.changed(Change::Project(project.id.clone()));
    Ok(())
}
