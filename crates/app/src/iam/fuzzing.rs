//! What the fuzz targets call: parsers that nobody else outside this room needs. Only there with `--cfg fuzzing`.

use secrecy::ExposeSecret as _;
use wharf_types::ServiceAccountEmail;
use wharf_types::federation::{PoolId, PoolName};

use super::federation::{Attributes, KeySet, SubjectToken, read_discovery};
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

/// Reads a set of keys: an issuer's, and one that somebody uploads.
pub fn key_set(document: &[u8]) -> Result<(), String> {
    let _ = KeySet::read(document);
    KeySet::read_strictly(document).map(|_| ())
}

/// Reads an issuer's discovery document: where its keys are.
pub fn discovery(document: &[u8], issuer: &str) -> Result<url::Url, String> {
    read_discovery(document, issuer)
}

/// Reads a token of another issuer: when it ends, if its times are good.
pub fn subject_token(text: &str, now: i64) -> Result<Option<i64>, String> {
    SubjectToken::read(text).map(|token| token.expiry(now).ok())
}

/// The principal, and the sets that contain it, that an expression for `google.subject` makes of a token's claims.
pub fn identity(expression: &str, claims: &str) -> Option<(String, Vec<String>)> {
    let claims = serde_json::from_str(claims).ok()?;
    let mapping = [("google.subject".to_owned(), expression.to_owned())].into();
    let pool = PoolName {
        project_number: 7,
        pool: PoolId::parse("main").ok()?,
    };
    let attributes = Attributes::parse(&mapping, Some(expression))
        .or_else(|_| Attributes::parse(&mapping, None))
        .ok()?;
    let identity = attributes.identify(&claims, &pool).ok()?;
    Some((identity.principal, identity.sets))
}
