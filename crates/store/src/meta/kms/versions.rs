//! Versions of keys, with their sealed material.

use jiff::Timestamp;
use wharf_types::kms::{Algorithm, CryptoKeyName, CryptoKeyVersionName, VersionState};

use super::crypto_keys::number;
use crate::Error;
use crate::meta::{Change, Row, Transaction};

/// A version as stored, without its material.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CryptoKeyVersion {
    /// `projects/P/…/cryptoKeys/K/cryptoKeyVersions/N`
    pub name: CryptoKeyVersionName,
    /// What has become of it.
    pub state: VersionState,
    /// How it does what its key is for.
    pub algorithm: Algorithm,
    /// The public half of a pair: SubjectPublicKeyInfo, DER.
    pub public_key: Option<Vec<u8>>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When its material will be destroyed.
    pub destroy_at: Option<Timestamp>,
    /// When its material was destroyed.
    pub destroyed_at: Option<Timestamp>,
}

fn read(row: &Row<'_>) -> Result<CryptoKeyVersion, Error> {
    Ok(CryptoKeyVersion {
        name: CryptoKeyVersionName {
            key: row.parsed(0)?,
            number: number(row.integer(1)?)?,
        },
        state: row.parsed(2)?,
        algorithm: row.parsed(3)?,
        public_key: row.optional_bytes(4)?,
        created_at: row.time(5)?,
        destroy_at: row.optional_time(6)?,
        destroyed_at: row.optional_time(7)?,
    })
}

/// Reads a version.
pub fn find(
    transaction: &Transaction<'_>,
    name: &CryptoKeyVersionName,
) -> Result<Option<CryptoKeyVersion>, Error> {
    transaction.find(
        "SELECT crypto_key, number, state, algorithm, public_key, created_at, destroy_at, destroyed_at
         FROM crypto_key_versions WHERE crypto_key = $1 AND number = $2",
        &[name.key.as_str().into(), i64::from(name.number).into()],
        read,
    )
}

/// A version's sealed material; none once it is destroyed.
pub fn material(
    transaction: &Transaction<'_>,
    name: &CryptoKeyVersionName,
) -> Result<Option<Vec<u8>>, Error> {
    let material = transaction.find(
        "SELECT material FROM crypto_key_versions WHERE crypto_key = $1 AND number = $2",
        &[name.key.as_str().into(), i64::from(name.number).into()],
        |row| row.optional_bytes(0),
    )?;
    Ok(material.flatten())
}

/// A key's versions in order of number, after `after`; `limit` at most.
pub fn list(
    transaction: &Transaction<'_>,
    key: &CryptoKeyName,
    after: u32,
    limit: usize,
) -> Result<Vec<CryptoKeyVersion>, Error> {
    transaction.list(
        "SELECT crypto_key, number, state, algorithm, public_key, created_at, destroy_at, destroyed_at
         FROM crypto_key_versions WHERE crypto_key = $1 AND number > $2 ORDER BY number LIMIT $3",
        &[
            key.as_str().into(),
            i64::from(after).into(),
            i64::try_from(limit).unwrap_or(i64::MAX).into(),
        ],
        read,
    )
}

/// Versions whose destruction is due at `now`, the longest overdue first; `limit` at most.
pub fn due(
    transaction: &Transaction<'_>,
    now: Timestamp,
    limit: usize,
) -> Result<Vec<CryptoKeyVersion>, Error> {
    transaction.list(
        "SELECT crypto_key, number, state, algorithm, public_key, created_at, destroy_at, destroyed_at
         FROM crypto_key_versions WHERE destroy_at IS NOT NULL AND destroy_at <= $1
         ORDER BY destroy_at LIMIT $2",
        &[
            now.into(),
            i64::try_from(limit).unwrap_or(i64::MAX).into(),
        ],
        read,
    )
}

/// Inserts a new version with its sealed material; [`Error::Conflict`] when its number is taken.
pub fn insert(
    transaction: &Transaction<'_>,
    version: &CryptoKeyVersion,
    material: &[u8],
) -> Result<(), Error> {
    transaction.execute(
        "INSERT INTO crypto_key_versions
         (crypto_key, number, state, algorithm, material, public_key, created_at, destroy_at, destroyed_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        &[
            version.name.key.as_str().into(),
            i64::from(version.name.number).into(),
            version.state.as_str().into(),
            version.algorithm.as_str().into(),
            material.into(),
            version.public_key.as_ref().into(),
            version.created_at.into(),
            version.destroy_at.into(),
            version.destroyed_at.into(),
        ],
    )?;
    transaction.changed(Change::CryptoKey(version.name.key.clone()));
    Ok(())
}

/// Writes what can change of a version: its state and the times of its destruction. The material of one that is
/// destroyed is erased in the same statement.
pub fn update(transaction: &Transaction<'_>, version: &CryptoKeyVersion) -> Result<(), Error> {
    transaction.execute(
        "UPDATE crypto_key_versions SET state = $3, destroy_at = $4, destroyed_at = $5,
         material = CASE WHEN $5 IS NULL THEN material ELSE NULL END
         WHERE crypto_key = $1 AND number = $2",
        &[
            version.name.key.as_str().into(),
            i64::from(version.name.number).into(),
            version.state.as_str().into(),
            version.destroy_at.into(),
            version.destroyed_at.into(),
        ],
    )?;
    transaction.changed(Change::CryptoKey(version.name.key.clone()));
    Ok(())
}
