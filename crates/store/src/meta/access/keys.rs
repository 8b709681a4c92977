//! Service account keys: public halves only.

use jiff::Timestamp;
use wharf_types::ServiceAccountEmail;

use crate::Error;
use crate::meta::{Change, Row, Transaction};

/// A service account key as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceAccountKey {
    /// 40 hex digits: `private_key_id` of the key file, `kid` of its JWTs.
    pub id: String,
    /// Whose it is.
    pub account: ServiceAccountEmail,
    /// SubjectPublicKeyInfo, DER.
    pub public_key: Vec<u8>,
    /// Whether its holder made the key pair.
    pub uploaded: bool,
    /// Whether it is refused.
    pub disabled: bool,
    /// From when it is valid.
    pub valid_after: Timestamp,
    /// Until when it is valid.
    pub valid_before: Timestamp,
    /// When it last proved itself, to the hour.
    pub last_used_at: Option<Timestamp>,
}

fn read(row: &Row<'_>) -> Result<ServiceAccountKey, Error> {
    Ok(ServiceAccountKey {
        id: row.text(0)?,
        account: row.parsed(1)?,
        public_key: row.bytes(2)?,
        uploaded: row.boolean(3)?,
        disabled: row.boolean(4)?,
        valid_after: row.time(5)?,
        valid_before: row.time(6)?,
        last_used_at: row.optional_time(7)?,
    })
}

/// Reads a key.
pub fn find(transaction: &Transaction<'_>, id: &str) -> Result<Option<ServiceAccountKey>, Error> {
    transaction.find(
        "SELECT id, account, public_key, uploaded, disabled, valid_after, valid_before, last_used_at
         FROM service_account_keys WHERE id = $1",
        &[id.into()],
        read,
    )
}

/// All keys of an account, in order of id.
pub fn list(
    transaction: &Transaction<'_>,
    account: &ServiceAccountEmail,
) -> Result<Vec<ServiceAccountKey>, Error> {
    transaction.list(
        "SELECT id, account, public_key, uploaded, disabled, valid_after, valid_before, last_used_at
         FROM service_account_keys WHERE account = $1 ORDER BY id",
        &[account.as_str().into()],
        read,
    )
}

/// Inserts a new key; [`Error::Conflict`] when its id is taken.
pub fn insert(transaction: &Transaction<'_>, key: &ServiceAccountKey) -> Result<(), Error> {
    transaction.execute(
        "INSERT INTO service_account_keys
         (id, account, public_key, uploaded, disabled, valid_after, valid_before, last_used_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        &[
            (&key.id).into(),
            key.account.as_str().into(),
            (&key.public_key).into(),
            key.uploaded.into(),
            key.disabled.into(),
            key.valid_after.into(),
            key.valid_before.into(),
            key.last_used_at.into(),
        ],
    )?;
    transaction.changed(Change::Account(key.account.clone()));
    Ok(())
}

/// Disables or enables a key.
pub fn set_disabled(
    transaction: &Transaction<'_>,
    key: &ServiceAccountKey,
    disabled: bool,
) -> Result<(), Error> {
    transaction.execute(
        "UPDATE service_account_keys SET disabled = $2 WHERE id = $1",
        &[(&key.id).into(), disabled.into()],
    )?;
    transaction.changed(Change::Account(key.account.clone()));
    Ok(())
}

/// Deletes a key.
pub fn delete(transaction: &Transaction<'_>, key: &ServiceAccountKey) -> Result<(), Error> {
    transaction.execute(
        "DELETE FROM service_account_keys WHERE id = $1",
        &[(&key.id).into()],
    )?;
    transaction.changed(Change::Account(key.account.clone()));
    Ok(())
}

/// Notes that a key was used. Changes nothing that is decided by, so no cache has to forget anything.
pub fn touch(transaction: &Transaction<'_>, id: &str, used_at: Timestamp) -> Result<(), Error> {
    transaction.execute(
        "UPDATE service_account_keys SET last_used_at = $2 WHERE id = $1",
        &[id.into(), used_at.into()],
    )?;
    Ok(())
}
