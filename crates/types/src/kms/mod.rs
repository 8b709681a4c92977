//! Cloud KMS' vocabulary: the names of key rings, keys and versions, and the enumerations of the v1 API
//! (Cloud KMS, "Object hierarchy", `google.cloud.kms.v1`).

mod algorithm;
mod name;
mod state;

pub use algorithm::{Algorithm, Purpose};
pub use name::{CryptoKeyName, CryptoKeyVersionName, KeyRingName, KmsNameError};
pub use state::VersionState;

/// Not a value of an enumeration of Cloud KMS.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a {kind} of Cloud KMS")]
pub struct KmsValueError {
    /// Of which enumeration.
    kind: &'static str,
    text: String,
}

impl KmsValueError {
    fn new(kind: &'static str, text: &str) -> Self {
        let text = crate::text::shorten(text);
        Self { kind, text }
    }
}
