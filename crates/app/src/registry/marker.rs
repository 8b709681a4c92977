//! Where a list goes on that stopped at something the caller may not see: sealed, so that it tells no name.

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::Error;

/// Begins a sealed place, and no name.
const SEALED: char = '~';

/// Seals places under a key of this process: after a restart the list begins anew.
pub(super) struct Marker(RandomizedNonceKey);

impl Default for Marker {
    fn default() -> Self {
        let mut key = [0; 32];
        #[expect(
            clippy::expect_used,
            reason = "a system without randomness can serve nobody, and 32 bytes are an AES-256 key"
        )]
        let key = aws_lc_rs::rand::fill(&mut key)
            .and_then(|()| RandomizedNonceKey::new(&AES_256_GCM, &key))
            .expect("the system's random numbers");
        Self(key)
    }
}

impl Marker {
    pub(super) fn is_sealed(text: &str) -> bool {
        text.starts_with(SEALED)
    }

    pub(super) fn seal(&self, place: &str) -> Result<String, Error> {
        let mut text = place.as_bytes().to_vec();
        let nonce = self
            .0
            .seal_in_place_append_tag(Aad::empty(), &mut text)
            .map_err(Error::internal)?;
        let sealed = [nonce.as_ref().as_slice(), text.as_slice()].concat();
        Ok(format!("{SEALED}{}", URL_SAFE_NO_PAD.encode(sealed)))
    }

    /// The place again; `None` when another process sealed it, or nobody did.
    pub(super) fn open(&self, sealed: &str) -> Option<String> {
        let bytes = URL_SAFE_NO_PAD.decode(sealed.strip_prefix(SEALED)?).ok()?;
        let (nonce, text) = bytes.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut text = text.to_vec();
        let place = self.0.open_in_place(nonce, Aad::empty(), &mut text).ok()?;
        String::from_utf8(place.to_vec()).ok()
    }
}
