//! Cloud KMS: key rings, keys and their versions, and what is done with them. No key leaves this room.
//!
//! | module | what it does |
//! | --- | --- |
//! | [`key_rings`], [`crypto_keys`], [`versions`] | what there is, and what has become of it |
//! | [`material`] | the secret of a version: made, opened, used |
//! | [`ciphertext`] | the bytes that an encryption answers |
//! | [`cipher`], [`sign`] | encrypt and decrypt; sign, verify, decrypt with a private key |
//! | [`keys`] | keys and opened versions, in memory |
//! | [`schedule`] | rotations and destructions, when they are due |

pub mod cipher;
mod ciphertext;
pub mod crypto_keys;
pub mod key_rings;
mod keys;
mod material;
mod schedule;
pub mod sign;
#[cfg(test)]
mod testing;
pub mod versions;

use wharf_types::error::OciCode;

use crate::Error;

pub(crate) use keys::State;

fn invalid(message: impl Into<String>) -> Error {
    Error::invalid(OciCode::Unsupported, message.into())
}
