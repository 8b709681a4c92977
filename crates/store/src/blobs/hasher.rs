//! A hash that can be put away and continued.

use sha2::digest::common::hazmat::{SerializableState, SerializedState};
use sha2::{Digest as _, Sha256, Sha512};
use wharf_types::{Algorithm, Digest};

/// The hash of a blob that is still coming in. Hash state can be saved, so that an upload continues after a restart
/// without reading its bytes again.
#[derive(Clone, Debug)]
pub enum Hasher {
    /// SHA-256
    Sha256(Box<Sha256>),
    /// SHA-512
    Sha512(Box<Sha512>),
}

impl Hasher {
    /// A hash of nothing yet.
    pub fn new(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::Sha256 => Self::Sha256(Box::default()),
            Algorithm::Sha512 => Self::Sha512(Box::default()),
        }
    }

    /// Which hash this is.
    pub fn algorithm(&self) -> Algorithm {
        match self {
            Self::Sha256(_) => Algorithm::Sha256,
            Self::Sha512(_) => Algorithm::Sha512,
        }
    }

    /// Takes in more bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Sha256(hash) => hash.update(bytes),
            Self::Sha512(hash) => hash.update(bytes),
        }
    }

    /// The digest of all bytes so far.
    pub fn digest(&self) -> Digest {
        match self {
            Self::Sha256(hash) => Digest::Sha256(hash.clone().finalize().into()),
            Self::Sha512(hash) => Digest::Sha512(hash.clone().finalize().into()),
        }
    }

    /// The digest of bytes at hand.
    pub fn digest_of(algorithm: Algorithm, bytes: &[u8]) -> Digest {
        match algorithm {
            Algorithm::Sha256 => Digest::Sha256(Sha256::digest(bytes).into()),
            Algorithm::Sha512 => Digest::Sha512(Sha512::digest(bytes).into()),
        }
    }

    /// The state as bytes; their number tells the algorithm. To be kept only where nobody else writes.
    pub fn save(&self) -> Vec<u8> {
        match self {
            Self::Sha256(hash) => hash.serialize().to_vec(),
            Self::Sha512(hash) => hash.serialize().to_vec(),
        }
    }

    /// Continues from a saved state.
    pub fn restore(state: &[u8]) -> Option<Self> {
        if let Ok(state) = SerializedState::<Sha256>::try_from(state) {
            return Sha256::deserialize(&state)
                .ok()
                .map(|hash| Self::Sha256(Box::new(hash)));
        }
        let state = SerializedState::<Sha512>::try_from(state).ok()?;
        Sha512::deserialize(&state)
            .ok()
            .map(|hash| Self::Sha512(Box::new(hash)))
    }
}
