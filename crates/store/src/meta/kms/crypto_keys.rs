//! Keys: what they are for, and which version is their primary one.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use wharf_types::kms::{Algorithm, CryptoKeyName, KeyRingName, Purpose};

use crate::Error;
use crate::meta::{Change, Row, Transaction};

/// A key as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CryptoKey {
    /// `projects/P/locations/L/keyRings/R/cryptoKeys/K`
    pub name: CryptoKeyName,
    /// What it is for.
    pub purpose: Purpose,
    /// The algorithm of versions to come.
    pub algorithm: Algorithm,
    /// For people.
    pub labels: BTreeMap<String, String>,
    /// How long a version stays the primary one.
    pub rotation_period: Option<Duration>,
    /// When the next version becomes the primary one.
    pub next_rotation_at: Option<Timestamp>,
    /// From the request of a destruction to the destruction.
    pub destroy_delay: Duration,
    /// The version that encrypts.
    pub primary_version: Option<u32>,
    /// The highest number that a version was ever given.
    pub last_version: u32,
    /// When it was created.
    pub created_at: Timestamp,
}

fn read(row: &Row<'_>) -> Result<CryptoKey, Error> {
    Ok(CryptoKey {
        name: row.parsed(0)?,
        purpose: row.parsed(1)?,
        algorithm: row.parsed(2)?,
        labels: serde_json::from_str(&row.text(3)?)
            .map_err(|error| Error::Corrupt(format!("labels of a key: {error}")))?,
        rotation_period: row.optional_integer(4)?.map(duration).transpose()?,
        next_rotation_at: row.optional_time(5)?,
        destroy_delay: duration(row.integer(6)?)?,
        primary_version: row.optional_integer(7)?.map(number).transpose()?,
        last_version: number(row.integer(8)?)?,
        created_at: row.time(9)?,
    })
}

fn duration(micros: i64) -> Result<Duration, Error> {
    u64::try_from(micros)
        .map(Duration::from_micros)
        .map_err(|_| Error::Corrupt("a duration is negative".to_owned()))
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

pub(super) fn number(integer: i64) -> Result<u32, Error> {
    u32::try_from(integer)
        .map_err(|_| Error::Corrupt(format!("{integer} is not the number of a version")))
}

fn labels_text(labels: &BTreeMap<String, String>) -> Result<String, Error> {
    serde_json::to_string(labels).map_err(|error| Error::Corrupt(error.to_string()))
}

/// Reads a key.
pub fn find(
    transaction: &Transaction<'_>,
    name: &CryptoKeyName,
) -> Result<Option<CryptoKey>, Error> {
    transaction.find(
        "SELECT name, purpose, algorithm, labels, rotation_period, next_rotation_at, destroy_delay,
         primary_version, last_version, created_at FROM crypto_keys WHERE name = $1",
        &[name.as_str().into()],
        read,
    )
}

/// A ring's keys in order of name, after `after`; `limit` at most.
pub fn list(
    transaction: &Transaction<'_>,
    ring: &KeyRingName,
    after: Option<&CryptoKeyName>,
    limit: usize,
) -> Result<Vec<CryptoKey>, Error> {
    transaction.list(
        "SELECT name, purpose, algorithm, labels, rotation_period, next_rotation_at, destroy_delay,
         primary_version, last_version, created_at FROM crypto_keys
         WHERE key_ring = $1 AND name > $2 ORDER BY name LIMIT $3",
        &[
            ring.as_str().into(),
            after.map_or("", CryptoKeyName::as_str).into(),
            i64::try_from(limit).unwrap_or(i64::MAX).into(),
        ],
        read,
    )
}

/// How many keys a ring has.
pub fn count(transaction: &Transaction<'_>, ring: &KeyRingName) -> Result<usize, Error> {
    let count = transaction.find(
        "SELECT COUNT(*) FROM crypto_keys WHERE key_ring = $1",
        &[ring.as_str().into()],
        |row| row.count(0),
    )?;
    Ok(usize::try_from(count.unwrap_or(0)).unwrap_or(usize::MAX))
}

/// Keys whose next rotation is due at `now`, the longest overdue first; `limit` at most.
pub fn due(
    transaction: &Transaction<'_>,
    now: Timestamp,
    limit: usize,
) -> Result<Vec<CryptoKey>, Error> {
    transaction.list(
        "SELECT name, purpose, algorithm, labels, rotation_period, next_rotation_at, destroy_delay,
         primary_version, last_version, created_at FROM crypto_keys
         WHERE next_rotation_at IS NOT NULL AND next_rotation_at <= $1
         ORDER BY next_rotation_at LIMIT $2",
        &[now.into(), i64::try_from(limit).unwrap_or(i64::MAX).into()],
        read,
    )
}

/// Inserts a new key; [`Error::Conflict`] when its name is taken.
pub fn insert(transaction: &Transaction<'_>, key: &CryptoKey) -> Result<(), Error> {
    transaction.execute(
        "INSERT INTO crypto_keys
         (name, key_ring, purpose, algorithm, labels, rotation_period, next_rotation_at, destroy_delay,
          primary_version, last_version, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        &[
            key.name.as_str().into(),
            key.name.ring().as_str().into(),
            key.purpose.as_str().into(),
            key.algorithm.as_str().into(),
            (&labels_text(&key.labels)?).into(),
            key.rotation_period.map(micros).into(),
            key.next_rotation_at.into(),
            micros(key.destroy_delay).into(),
            key.primary_version.map(i64::from).into(),
            i64::from(key.last_version).into(),
            key.created_at.into(),
        ],
    )?;
    transaction.changed(Change::CryptoKey(key.name.clone()));
    Ok(())
}

/// Writes what can change of a key: labels, algorithm, rotation, primary version and the count of versions.
pub fn update(transaction: &Transaction<'_>, key: &CryptoKey) -> Result<(), Error> {
    transaction.execute(
        "UPDATE crypto_keys SET algorithm = $2, labels = $3, rotation_period = $4, next_rotation_at = $5,
         primary_version = $6, last_version = $7 WHERE name = $1",
        &[
            key.name.as_str().into(),
            key.algorithm.as_str().into(),
            (&labels_text(&key.labels)?).into(),
            key.rotation_period.map(micros).into(),
            key.next_rotation_at.into(),
            key.primary_version.map(i64::from).into(),
            i64::from(key.last_version).into(),
        ],
    )?;
    transaction.changed(Change::CryptoKey(key.name.clone()));
    Ok(())
}
