//! What an encryption answers.
//!
//! One byte of format, the version's number (4 bytes, big end first), 12 bytes from which the message's key is derived
//! (HKDF-SHA-256, expand), 12 bytes of nonce, the AES-256-GCM ciphertext, its tag of 16 bytes. All before the ciphertext is
//! authenticated with it, in front of the caller's own data.
//!
//! Each message has a key of its own, so that a version may encrypt more than the 2³² messages after which random nonces
//! under one key are too likely to meet (NIST SP 800-38D, section 8.3).

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::hkdf::Prk;
use aws_lc_rs::rand;
use zeroize::Zeroizing;

use crate::Error;

/// The first byte of all that this version writes.
const FORMAT: u8 = 1;
const SALT_LENGTH: usize = 12;
const HEAD_LENGTH: usize = 1 + 4 + SALT_LENGTH + NONCE_LEN;
/// What derived keys are for.
const CONTEXT: &[u8] = b"wharfinger kms message key 1";

/// A ciphertext's head, and what follows it.
pub(super) struct Parts<'c> {
    /// The version that encrypted it.
    pub(super) version: u32,
    salt: &'c [u8],
    nonce: [u8; NONCE_LEN],
    head: &'c [u8],
    rest: &'c [u8],
}

impl<'c> Parts<'c> {
    /// Takes a ciphertext apart; none if it is nothing that an encryption answered.
    pub(super) fn of(ciphertext: &'c [u8]) -> Option<Self> {
        let (head, rest) = ciphertext.split_at_checked(HEAD_LENGTH)?;
        let (format, after) = head.split_first()?;
        let (version, after) = after.split_first_chunk::<4>()?;
        let (salt, nonce) = after.split_at_checked(SALT_LENGTH)?;
        let is_ours = *format == FORMAT && rest.len() >= AES_256_GCM.tag_len();
        is_ours.then_some(Self {
            version: u32::from_be_bytes(*version),
            salt,
            nonce: nonce.try_into().ok()?,
            head,
            rest,
        })
    }

    /// The plaintext, if it was encrypted under this secret with this data.
    pub(super) fn decrypt(&self, secret: &Prk, data: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let key = message_key(secret, self.salt).ok()?;
        let mut text = Zeroizing::new(self.rest.to_vec());
        let nonce = Nonce::assume_unique_for_key(self.nonce);
        let length = key
            .open_in_place(nonce, Aad::from([self.head, data].concat()), &mut text)
            .ok()?
            .len();
        text.truncate(length);
        Some(text)
    }
}

/// Encrypts a message under the secret of a version.
pub(super) fn encrypt(
    secret: &Prk,
    version: u32,
    plaintext: &[u8],
    data: &[u8],
) -> Result<Vec<u8>, Error> {
    let mut random = [0; SALT_LENGTH + NONCE_LEN];
    rand::fill(&mut random).map_err(Error::internal)?;
    let mut head = Vec::with_capacity(HEAD_LENGTH + plaintext.len() + AES_256_GCM.tag_len());
    head.push(FORMAT);
    head.extend_from_slice(&version.to_be_bytes());
    head.extend_from_slice(&random);
    let (salt, nonce) = random.split_at(SALT_LENGTH);
    let key = message_key(secret, salt)?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(Error::internal)?;
    let aad = Aad::from([&head, data].concat());
    let mut ciphertext = head;
    // The plaintext is encrypted where it lies: no copy of it stays behind.
    ciphertext.extend_from_slice(plaintext);
    let text = ciphertext
        .get_mut(HEAD_LENGTH..)
        .ok_or_else(|| Error::internal("a ciphertext shorter than its head"))?;
    let tag = key
        .seal_in_place_separate_tag(nonce, aad, text)
        .map_err(Error::internal)?;
    ciphertext.extend_from_slice(tag.as_ref());
    Ok(ciphertext)
}

fn message_key(secret: &Prk, salt: &[u8]) -> Result<LessSafeKey, Error> {
    let info = [CONTEXT, salt];
    let derived = secret
        .expand(&info, &AES_256_GCM)
        .map_err(Error::internal)?;
    Ok(LessSafeKey::new(UnboundKey::from(derived)))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use aws_lc_rs::hkdf::HKDF_SHA256;
    use proptest::prelude::*;

    use super::*;

    fn secret(byte: u8) -> Prk {
        Prk::new_less_safe(HKDF_SHA256, &[byte; 32])
    }

    fn decrypt(secret: &Prk, ciphertext: &[u8], data: &[u8]) -> Option<Vec<u8>> {
        Some(Parts::of(ciphertext)?.decrypt(secret, data)?.to_vec())
    }

    /// The same computed step by step: HMAC for the key (RFC 5869, one block), AES-256-GCM for the message.
    #[test]
    fn a_ciphertext_is_what_the_format_says() {
        use aws_lc_rs::hmac;
        let ciphertext = encrypt(&secret(7), 3, b"plain", b"data").unwrap();
        let (head, rest) = ciphertext.split_at(29);
        assert_eq!(head[..5], [1, 0, 0, 0, 3]);
        let prk = hmac::Key::new(hmac::HMAC_SHA256, &[7; 32]);
        let block = [CONTEXT, &head[5..17], &[1]].concat();
        let key = hmac::sign(&prk, &block);
        let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key.as_ref()).unwrap());
        let nonce = Nonce::try_assume_unique_for_key(&head[17..]).unwrap();
        let mut text = rest.to_vec();
        let aad = Aad::from([head, b"data"].concat());
        assert_eq!(key.open_in_place(nonce, aad, &mut text).unwrap(), b"plain");
    }

    proptest! {
        #[test]
        fn what_was_encrypted_decrypts(
            plaintext in prop::collection::vec(any::<u8>(), 0..200),
            data in prop::collection::vec(any::<u8>(), 0..50),
            version in 1_u32..,
        ) {
            let ciphertext = encrypt(&secret(1), version, &plaintext, &data).unwrap();
            prop_assert_eq!(Parts::of(&ciphertext).unwrap().version, version);
            prop_assert_eq!(decrypt(&secret(1), &ciphertext, &data), Some(plaintext));
            prop_assert_eq!(decrypt(&secret(2), &ciphertext, &data), None);
            let other = [data.as_slice(), b"x"].concat();
            prop_assert_eq!(decrypt(&secret(1), &ciphertext, &other), None);
        }

        #[test]
        fn a_flipped_bit_is_refused(plaintext in prop::collection::vec(any::<u8>(), 0..40), place in any::<prop::sample::Index>(), bit in 0_u8..8) {
            let mut ciphertext = encrypt(&secret(1), 9, &plaintext, b"").unwrap();
            let index = place.index(ciphertext.len());
            ciphertext[index] ^= 1 << bit;
            prop_assert_eq!(decrypt(&secret(1), &ciphertext, b""), None);
        }

        #[test]
        fn any_bytes_are_taken_apart_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            prop_assert_eq!(decrypt(&secret(1), &bytes, b""), None);
        }
    }
}
