//! Cloud KMS' vocabulary: the names of key rings, keys and versions, and the enumerations of the v1 API
//! (Cloud KMS, "Object hierarchy", `google.cloud.kms.v1`).

#[macro_use]
mod value;

mod algorithm;
mod crc32c;
mod name;
mod state;

pub use algorithm::{Algorithm, Purpose};
pub use crc32c::Crc32c;
pub use name::{CryptoKeyName, CryptoKeyVersionName, KeyRingName, KmsNameError};
pub use state::VersionState;
pub use value::KmsValueError;
