//! Rows of Cloud KMS: key rings, keys, versions. None of the first two is ever deleted.

pub mod crypto_keys;
pub mod key_rings;
pub mod versions;
