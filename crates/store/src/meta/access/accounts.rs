//! Service accounts.

use jiff::Timestamp;
use wharf_types::{ProjectId, ServiceAccountEmail};

use crate::Error;
use crate::meta::{Change, Row, Transaction};

/// A service account as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceAccount {
    /// Its address, which is its name.
    pub email: ServiceAccountEmail,
    /// 21 digits, never used again.
    pub unique_id: String,
    /// The project it belongs to.
    pub project: ProjectId,
    /// For people.
    pub display_name: String,
    /// For people.
    pub description: String,
    /// Whether all its credentials are refused.
    pub disabled: bool,
    /// Counts changes; the etag.
    pub generation: i64,
    /// When it was created.
    pub created_at: Timestamp,
}

fn read(row: &Row<'_>) -> Result<ServiceAccount, Error> {
    Ok(ServiceAccount {
        email: row.parsed(0)?,
        unique_id: row.text(1)?,
        project: row.parsed(2)?,
        display_name: row.text(3)?,
        description: row.text(4)?,
        disabled: row.boolean(5)?,
        generation: row.integer(6)?,
        created_at: row.time(7)?,
    })
}

/// Reads an account by its address.
pub fn find(
    transaction: &Transaction<'_>,
    email: &ServiceAccountEmail,
) -> Result<Option<ServiceAccount>, Error> {
    transaction.find(
        "SELECT email, unique_id, project, display_name, description, disabled, generation, created_at
         FROM service_accounts WHERE email = $1",
        &[email.as_str().into()],
        read,
    )
}

/// Reads an account by its 21-digit id.
pub fn find_by_unique_id(
    transaction: &Transaction<'_>,
    unique_id: &str,
) -> Result<Option<ServiceAccount>, Error> {
    transaction.find(
        "SELECT email, unique_id, project, display_name, description, disabled, generation, created_at
         FROM service_accounts WHERE unique_id = $1",
        &[unique_id.into()],
        read,
    )
}

/// A project's accounts in order of address, after `after`; `limit` at most.
pub fn list(
    transaction: &Transaction<'_>,
    project: &ProjectId,
    after: Option<&ServiceAccountEmail>,
    limit: usize,
) -> Result<Vec<ServiceAccount>, Error> {
    transaction.list(
        "SELECT email, unique_id, project, display_name, description, disabled, generation, created_at
         FROM service_accounts WHERE project = $1 AND email > $2 ORDER BY email LIMIT $3",
        &[
            project.as_str().into(),
            after.map_or("", ServiceAccountEmail::as_str).into(),
            i64::try_from(limit).unwrap_or(i64::MAX).into(),
        ],
        read,
    )
}

/// How many accounts a project has.
pub fn count(transaction: &Transaction<'_>, project: &ProjectId) -> Result<usize, Error> {
    let count = transaction.find(
        "SELECT COUNT(*) FROM service_accounts WHERE project = $1",
        &[project.as_str().into()],
        |row| row.count(0),
    )?;
    Ok(usize::try_from(count.unwrap_or(0)).unwrap_or(usize::MAX))
}

/// Inserts a new account; [`Error::Conflict`] when its address or unique id is taken.
pub fn insert(transaction: &Transaction<'_>, account: &ServiceAccount) -> Result<(), Error> {
    transaction.execute(
        "INSERT INTO service_accounts
         (email, unique_id, project, display_name, description, disabled, generation, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        &[
            account.email.as_str().into(),
            (&account.unique_id).into(),
            account.project.as_str().into(),
            (&account.display_name).into(),
            (&account.description).into(),
            account.disabled.into(),
            account.generation.into(),
            account.created_at.into(),
        ],
    )?;
    transaction.changed(Change::Account(account.email.clone()));
    Ok(())
}

/// Writes what can change of an account: texts, `disabled` and the generation.
pub fn update(transaction: &Transaction<'_>, account: &ServiceAccount) -> Result<(), Error> {
    transaction.execute(
        "UPDATE service_accounts SET display_name = $2, description = $3, disabled = $4, generation = $5
         WHERE email = $1",
        &[
            account.email.as_str().into(),
            (&account.display_name).into(),
            (&account.description).into(),
            account.disabled.into(),
            account.generation.into(),
        ],
    )?;
    transaction.changed(Change::Account(account.email.clone()));
    Ok(())
}

/// Deletes an account with its keys and tells whether it was there.
pub fn delete(transaction: &Transaction<'_>, email: &ServiceAccountEmail) -> Result<bool, Error> {
    let deleted = transaction.execute(
        "DELETE FROM service_accounts WHERE email = $1",
        &[email.as_str().into()],
    )?;
    transaction.changed(Change::Account(email.clone()));
    Ok(deleted > 0)
}
