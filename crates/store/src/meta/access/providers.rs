//! Providers of workload identity pools.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use wharf_types::ProjectId;
use wharf_types::federation::{PoolId, ProviderId};

use crate::Error;
use crate::meta::{Change, Row, Transaction};

/// A provider as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provider {
    /// The project of its pool.
    pub project: ProjectId,
    /// Its pool.
    pub pool: PoolId,
    /// Its id in the pool.
    pub id: ProviderId,
    /// For people.
    pub display_name: String,
    /// For people.
    pub description: String,
    /// Whether it accepts no tokens, and what it accepted is worth nothing.
    pub disabled: bool,
    /// The URL that tokens name as their issuer.
    pub issuer: String,
    /// The audiences that tokens may name; none: the provider's own name.
    pub audiences: Vec<String>,
    /// The issuer's public keys as JSON, where the issuer is not asked for them.
    pub jwks: Option<String>,
    /// Which expression over a token's claims gives which attribute.
    pub mapping: BTreeMap<String, String>,
    /// The expression that a token must make true.
    pub condition: Option<String>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When its deletion was requested.
    pub deleted_at: Option<Timestamp>,
}

fn read(row: &Row<'_>) -> Result<Provider, Error> {
    Ok(Provider {
        project: row.parsed(0)?,
        pool: row.parsed(1)?,
        id: row.parsed(2)?,
        display_name: row.text(3)?,
        description: row.text(4)?,
        disabled: row.boolean(5)?,
        issuer: row.text(6)?,
        audiences: from_json(&row.text(7)?)?,
        jwks: row.optional_text(8)?,
        mapping: from_json(&row.text(9)?)?,
        condition: row.optional_text(10)?,
        created_at: row.time(11)?,
        deleted_at: row.optional_time(12)?,
    })
}

fn from_json<T: DeserializeOwned>(text: &str) -> Result<T, Error> {
    serde_json::from_str(text)
        .map_err(|error| Error::Corrupt(format!("a workload identity provider: {error}")))
}

fn json(value: &impl Serialize) -> Result<String, Error> {
    serde_json::to_string(value).map_err(|error| Error::Corrupt(error.to_string()))
}

/// Reads a provider, deleted or not.
pub fn find(
    transaction: &Transaction<'_>,
    project: &ProjectId,
    pool: &PoolId,
    id: &ProviderId,
) -> Result<Option<Provider>, Error> {
    transaction.find(
        "SELECT project, pool, id, display_name, description, disabled, issuer, audiences, jwks, mapping, condition,
                created_at, deleted_at
         FROM workload_identity_providers WHERE project = $1 AND pool = $2 AND id = $3",
        &[
            project.as_str().into(),
            pool.as_str().into(),
            id.as_str().into(),
        ],
        read,
    )
}

/// A pool's providers in order of id, deleted ones too.
pub fn list(
    transaction: &Transaction<'_>,
    project: &ProjectId,
    pool: &PoolId,
) -> Result<Vec<Provider>, Error> {
    transaction.list(
        "SELECT project, pool, id, display_name, description, disabled, issuer, audiences, jwks, mapping, condition,
                created_at, deleted_at
         FROM workload_identity_providers WHERE project = $1 AND pool = $2 ORDER BY id",
        &[project.as_str().into(), pool.as_str().into()],
        read,
    )
}

/// Inserts a new provider; [`Error::Conflict`] when its id is taken, be it by a deleted one.
pub fn insert(transaction: &Transaction<'_>, provider: &Provider) -> Result<(), Error> {
    transaction.execute(
        "INSERT INTO workload_identity_providers
         (project, pool, id, display_name, description, disabled, issuer, audiences, jwks, mapping, condition,
          created_at, deleted_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        &[
            provider.project.as_str().into(),
            provider.pool.as_str().into(),
            provider.id.as_str().into(),
            (&provider.display_name).into(),
            (&provider.description).into(),
            provider.disabled.into(),
            (&provider.issuer).into(),
            (&json(&provider.audiences)?).into(),
            provider.jwks.as_ref().into(),
            (&json(&provider.mapping)?).into(),
            provider.condition.as_ref().into(),
            provider.created_at.into(),
            provider.deleted_at.into(),
        ],
    )?;
    changed(transaction, provider);
    Ok(())
}

/// Writes what can change of a provider: all but its name and when it was created.
pub fn update(transaction: &Transaction<'_>, provider: &Provider) -> Result<(), Error> {
    transaction.execute(
        "UPDATE workload_identity_providers
         SET display_name = $4, description = $5, disabled = $6, issuer = $7, audiences = $8, jwks = $9, mapping = $10,
             condition = $11, deleted_at = $12
         WHERE project = $1 AND pool = $2 AND id = $3",
        &[
            provider.project.as_str().into(),
            provider.pool.as_str().into(),
            provider.id.as_str().into(),
            (&provider.display_name).into(),
            (&provider.description).into(),
            provider.disabled.into(),
            (&provider.issuer).into(),
            (&json(&provider.audiences)?).into(),
            provider.jwks.as_ref().into(),
            (&json(&provider.mapping)?).into(),
            provider.condition.as_ref().into(),
            provider.deleted_at.into(),
        ],
    )?;
    changed(transaction, provider);
    Ok(())
}

/// Takes a provider away for good.
pub fn remove(transaction: &Transaction<'_>, provider: &Provider) -> Result<(), Error> {
    transaction.execute(
        "DELETE FROM workload_identity_providers WHERE project = $1 AND pool = $2 AND id = $3",
        &[
            provider.project.as_str().into(),
            provider.pool.as_str().into(),
            provider.id.as_str().into(),
        ],
    )?;
    changed(transaction, provider);
    Ok(())
}

fn changed(transaction: &Transaction<'_>, provider: &Provider) {
    transaction.changed(Change::Pool(
        provider.project.clone(),
        provider.pool.clone(),
    ));
}
