//! What the fuzz targets call: parsers that nobody else outside this room needs. Only there with `--cfg fuzzing`.

use secrecy::ExposeSecret as _;
use wharf_types::ServiceAccountEmail;

use super::{jwt, key_file};

/// A key file as it was read.
#[derive(Debug, PartialEq, Eq)]
pub struct SentKey {
    /// The key's id.
    pub key_id: String,
    /// Whose it is.
    pub account: ServiceAccountEmail,
    /// The private key: what the file says, checked by nobody yet.
    pub private_key: String,
}

/// Reads the password of `_json_key`.
pub fn key_file(password: &str) -> Result<SentKey, String> {
    key_file::read(password).map(SentKey::from)
}

/// Reads the password of `_json_key_base64`.
pub fn key_file_base64(password: &str) -> Result<SentKey, String> {
    key_file::read_base64(password).map(SentKey::from)
}

impl From<key_file::SentKeyFile> for SentKey {
    fn from(file: key_file::SentKeyFile) -> Self {
        Self {
            private_key: file.private_key.expose_secret().to_owned(),
            key_id: file.key_id,
            account: file.account,
        }
    }
}

/// Reads the head of a JWT. Whether it was taken for one of ours, or for one that a key signed.
pub fn jwt_head(token: &str) -> Result<bool, &'static str> {
    jwt::head(token).map(|signed| signed == jwt::Signed::Ours)
}

/// Judges the times of an assertion's claims: when it expires.
pub fn assertion_expiry(claims: &str, now: i64) -> Option<i64> {
    let claims: jwt::Assertion = serde_json::from_str(claims).ok()?;
    claims.expiry(now).ok()
}
