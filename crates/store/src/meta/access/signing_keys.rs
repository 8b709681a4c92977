//! Keys by which the registry signs: its own. Those by which it signs for an account are among the account's
//! ([`super::keys`]).

use jiff::Timestamp;

use crate::Error;
use crate::meta::{Row, Transaction};

/// A signing key as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SigningKey {
    /// 40 hex digits: `kid` of what it signs.
    pub id: String,
    /// SubjectPublicKeyInfo, DER.
    pub public_key: Vec<u8>,
    /// PKCS#8, sealed.
    pub sealed_private_key: Vec<u8>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Until when its public half is published.
    pub expires_at: Timestamp,
}

pub(super) fn read(row: &Row<'_>) -> Result<SigningKey, Error> {
    Ok(SigningKey {
        id: row.text(0)?,
        public_key: row.bytes(1)?,
        sealed_private_key: row.bytes(2)?,
        created_at: row.time(3)?,
        expires_at: row.time(4)?,
    })
}

/// All keys, the oldest first.
pub fn list(transaction: &Transaction<'_>) -> Result<Vec<SigningKey>, Error> {
    transaction.list(
        "SELECT id, public_key, sealed_private_key, created_at, expires_at
         FROM signing_keys ORDER BY created_at, id",
        &[],
        read,
    )
}

/// Inserts a new key; [`Error::Conflict`] when its id is taken.
pub fn insert(transaction: &Transaction<'_>, key: &SigningKey) -> Result<(), Error> {
    transaction.execute(
        "INSERT INTO signing_keys (id, public_key, sealed_private_key, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5)",
        &[
            (&key.id).into(),
            (&key.public_key).into(),
            (&key.sealed_private_key).into(),
            key.created_at.into(),
            key.expires_at.into(),
        ],
    )?;
    Ok(())
}

/// Deletes the keys that expired before `now`.
pub fn delete_expired(transaction: &Transaction<'_>, now: Timestamp) -> Result<(), Error> {
    transaction.execute(
        "DELETE FROM signing_keys WHERE expires_at <= $1",
        &[now.into()],
    )?;
    Ok(())
}
