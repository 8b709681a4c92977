//! Service account keys: public halves only.

use jiff::Timestamp;
use wharf_types::ServiceAccountEmail;

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
