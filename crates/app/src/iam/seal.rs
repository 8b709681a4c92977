//! Sealing: secrets in the database are AES-256-GCM ciphertexts under the root key.

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use zeroize::Zeroizing;

use super::root_key::KEY_LENGTH;
use crate::Error;

/// The format of a sealed value: this byte, the nonce, the ciphertext with its tag.
const VERSION: u8 = 1;

/// Seals and opens values. A value is bound to its name: moved to another, it does not open.
pub(crate) struct Seal {
    key: RandomizedNonceKey,
}

impl Seal {
    pub(crate) fn new(key: &[u8; KEY_LENGTH]) -> Result<Self, Error> {
        Ok(Self {
            key: RandomizedNonceKey::new(&AES_256_GCM, key).map_err(Error::internal)?,
        })
    }

    /// Seals the value of a setting.
    pub(crate) fn seal(&self, name: &str, value: &[u8]) -> Result<Vec<u8>, Error> {
        let mut text = Zeroizing::new(value.to_vec());
        // Room for the tag, so that appending it leaves no copy of the value behind.
        text.reserve_exact(AES_256_GCM.tag_len());
        let nonce = self
            .key
            .seal_in_place_append_tag(Aad::from(name), &mut *text)
            .map_err(Error::internal)?;
        let mut sealed = vec![VERSION];
        sealed.extend_from_slice(nonce.as_ref());
        sealed.extend_from_slice(&text);
        Ok(sealed)
    }

    /// Opens the value of a setting. That it does not open means another root key, or that somebody changed it.
    pub(crate) fn open(&self, name: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
        let corrupt = || {
            Error::FailedPrecondition(format!(
                "the setting {name} in the database is not a sealed value that this version knows"
            ))
        };
        let (version, rest) = sealed.split_first().ok_or_else(corrupt)?;
        if *version != VERSION || rest.len() < NONCE_LEN {
            return Err(corrupt());
        }
        let (nonce, text) = rest.split_at(NONCE_LEN);
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| corrupt())?;
        let mut text = Zeroizing::new(text.to_vec());
        let length = self
            .key
            .open_in_place(nonce, Aad::from(name), &mut text)
            .map_err(|_| {
                Error::FailedPrecondition(format!(
                    "the root key does not open {name}: it is not the key that this data folder was made with (or the database was altered); name the right one with --root-key"
                ))
            })?
            .len();
        text.truncate(length);
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn a_value_opens_under_its_own_key_and_name_only() {
        let seal = Seal::new(&[1; KEY_LENGTH]).unwrap();
        let sealed = seal.seal("name", b"value").unwrap();
        assert_ne!(sealed, seal.seal("name", b"value").unwrap(), "fresh nonces");
        assert_eq!(seal.open("name", &sealed).unwrap().as_slice(), b"value");
        assert!(seal.open("other", &sealed).is_err());
        let other = Seal::new(&[2; KEY_LENGTH]).unwrap();
        let refused = other.open("name", &sealed).unwrap_err();
        assert!(refused.to_string().contains("--root-key"), "{refused}");
        for index in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[index] ^= 1;
            assert!(seal.open("name", &altered).is_err(), "byte {index}");
            assert!(seal.open("name", &sealed[..index]).is_err());
        }
    }
}
