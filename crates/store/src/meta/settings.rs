//! Small named values of the installation: sealed secrets, marks of work done.

use super::{Transaction, Value};
use crate::Error;

/// Reads a setting.
pub fn find(transaction: &Transaction<'_>, name: &str) -> Result<Option<Vec<u8>>, Error> {
    transaction.find(
        "SELECT value FROM settings WHERE name = $1",
        &[name.into()],
        |row| row.bytes(0),
    )
}

/// Creates or replaces a setting.
pub fn put(transaction: &Transaction<'_>, name: &str, value: &[u8]) -> Result<(), Error> {
    transaction.execute(
        "INSERT INTO settings (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        &[name.into(), Value::Bytes(value)],
    )?;
    Ok(())
}
