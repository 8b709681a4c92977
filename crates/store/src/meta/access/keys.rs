//! Service account keys: public halves, and sealed private ones of those by which the registry signs for an account.

use jiff::Timestamp;
use wharf_types::ServiceAccountEmail;

use super::signing_keys::{self, SigningKey};
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
    /// Where it comes from.
    pub origin: KeyOrigin,
    /// Whether it is refused.
    pub disabled: bool,
    /// From when it is valid.
    pub valid_after: Timestamp,
    /// Until when it is valid.
    pub valid_before: Timestamp,
    /// When it last proved itself, to the hour.
    pub last_used_at: Option<Timestamp>,
}

/// Where a key comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyOrigin {
    /// The registry made it and gave the private half away, in a key file.
    KeyFile,
    /// Its holder made it and uploaded the public half.
    Uploaded,
    /// The registry made it to sign for the account, and keeps the private half.
    SystemManaged,
}

impl ServiceAccountKey {
    /// Whether the registry alone has the private half.
    pub fn is_system_managed(&self) -> bool {
        self.origin == KeyOrigin::SystemManaged
    }
}

fn read(row: &Row<'_>) -> Result<ServiceAccountKey, Error> {
    Ok(ServiceAccountKey {
        id: row.text(0)?,
        account: row.parsed(1)?,
        public_key: row.bytes(2)?,
        origin: match (row.boolean(8)?, row.boolean(3)?) {
            (true, _) => KeyOrigin::SystemManaged,
            (false, true) => KeyOrigin::Uploaded,
            (false, false) => KeyOrigin::KeyFile,
        },
        disabled: row.boolean(4)?,
        valid_after: row.time(5)?,
        valid_before: row.time(6)?,
        last_used_at: row.optional_time(7)?,
    })
}

/// Reads a key.
pub fn find(transaction: &Transaction<'_>, id: &str) -> Result<Option<ServiceAccountKey>, Error> {
    transaction.find(
        "SELECT id, account, public_key, uploaded, disabled, valid_after, valid_before, last_used_at,
         sealed_private_key IS NOT NULL
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
        "SELECT id, account, public_key, uploaded, disabled, valid_after, valid_before, last_used_at,
         sealed_private_key IS NOT NULL
         FROM service_account_keys WHERE account = $1 ORDER BY id",
        &[account.as_str().into()],
        read,
    )
}

/// Inserts a new key whose private half is somebody else's; [`Error::Conflict`] when its id is taken.
pub fn insert(transaction: &Transaction<'_>, key: &ServiceAccountKey) -> Result<(), Error> {
    transaction.execute(
        "INSERT INTO service_account_keys
         (id, account, public_key, uploaded, disabled, valid_after, valid_before, last_used_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        &[
            (&key.id).into(),
            key.account.as_str().into(),
            (&key.public_key).into(),
            (key.origin == KeyOrigin::Uploaded).into(),
            key.disabled.into(),
            key.valid_after.into(),
            key.valid_before.into(),
            key.last_used_at.into(),
        ],
    )?;
    transaction.changed(Change::Account(key.account.clone()));
    Ok(())
}

/// The keys by which the registry signs for an account, the oldest first.
pub fn list_sealed(
    transaction: &Transaction<'_>,
    account: &ServiceAccountEmail,
) -> Result<Vec<SigningKey>, Error> {
    transaction.list(
        "SELECT id, public_key, sealed_private_key, valid_after, valid_before
         FROM service_account_keys
         WHERE account = $1 AND sealed_private_key IS NOT NULL ORDER BY valid_after, id",
        &[account.as_str().into()],
        signing_keys::read,
    )
}

/// Inserts a new key by which the registry signs for an account; [`Error::Conflict`] when its id is taken.
pub fn insert_sealed(
    transaction: &Transaction<'_>,
    account: &ServiceAccountEmail,
    key: &SigningKey,
) -> Result<(), Error> {
    transaction.execute(
        "INSERT INTO service_account_keys
         (id, account, public_key, uploaded, disabled, valid_after, valid_before, sealed_private_key)
         VALUES ($1, $2, $3, 0, 0, $4, $5, $6)",
        &[
            (&key.id).into(),
            account.as_str().into(),
            (&key.public_key).into(),
            key.created_at.into(),
            key.expires_at.into(),
            (&key.sealed_private_key).into(),
        ],
    )?;
    transaction.changed(Change::Account(account.clone()));
    Ok(())
}

/// Deletes the keys by which the registry signed for an account and that expired before `now`.
pub fn delete_expired_sealed(
    transaction: &Transaction<'_>,
    account: &ServiceAccountEmail,
    now: Timestamp,
) -> Result<(), Error> {
    transaction.execute(
        "DELETE FROM service_account_keys
         WHERE account = $1 AND sealed_private_key IS NOT NULL AND valid_before <= $2",
        &[account.as_str().into(), now.into()],
    )?;
    transaction.changed(Change::Account(account.clone()));
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
