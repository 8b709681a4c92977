//! Digests: the content-derived names of blobs and manifests (image-spec, `descriptor.md`, "Digests").

use std::fmt;

/// A hash algorithm that content may be addressed by. image-spec registers these two as well-known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Algorithm {
    /// `sha256`
    Sha256,
    /// `sha512`
    Sha512,
}

impl Algorithm {
    /// Parses `sha256` or `sha512`.
    pub fn parse(text: &str) -> Result<Self, DigestError> {
        match text {
            "sha256" => Ok(Self::Sha256),
            "sha512" => Ok(Self::Sha512),
            other => Err(DigestError::UnsupportedAlgorithm(crate::text::shorten(
                other,
            ))),
        }
    }

    /// The name as it stands before the colon.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Sha512 => "sha512",
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A digest: algorithm and hash value. Written in one way only (lower-case hex of the right length),
/// so equal content never has two names.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Digest {
    /// A SHA-256 value.
    Sha256([u8; 32]),
    /// A SHA-512 value.
    Sha512([u8; 64]),
}

/// Why a text is not a digest.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DigestError {
    /// There is no `ALGORITHM:` in front.
    #[error("a digest is written ALGORITHM:HEX, for example sha256:e3b0c442…")]
    NoAlgorithm,
    /// The algorithm is none that this registry stores.
    #[error("digest algorithm {0:?} is not supported: use sha256 or sha512")]
    UnsupportedAlgorithm(String),
    /// The hex part has a wrong length or character.
    #[error("a {algorithm} digest has {expected} lower-case hex digits after the colon")]
    Hex {
        /// The algorithm that was named.
        algorithm: Algorithm,
        /// How many digits it takes.
        expected: usize,
    },
}

impl Digest {
    /// Parses `ALGORITHM:HEX`. Upper-case hex is refused: it would be a second name for the same bytes.
    pub fn parse(text: &str) -> Result<Self, DigestError> {
        let (algorithm, hex) = text.split_once(':').ok_or(DigestError::NoAlgorithm)?;
        match Algorithm::parse(algorithm)? {
            Algorithm::Sha256 => decode(hex, Algorithm::Sha256).map(Self::Sha256),
            Algorithm::Sha512 => decode(hex, Algorithm::Sha512).map(Self::Sha512),
        }
    }

    /// The algorithm of this digest.
    pub fn algorithm(&self) -> Algorithm {
        match self {
            Self::Sha256(_) => Algorithm::Sha256,
            Self::Sha512(_) => Algorithm::Sha512,
        }
    }

    /// The raw hash value: 32 or 64 bytes.
    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::Sha256(bytes) => bytes,
            Self::Sha512(bytes) => bytes,
        }
    }

    /// The hash value in lower-case hex, without the algorithm.
    pub fn hex(&self) -> String {
        hex::encode(self.bytes())
    }

    /// Builds a digest from an algorithm and the raw output of its hash function.
    /// `None` when the length is not that algorithm's.
    pub fn from_bytes(algorithm: Algorithm, bytes: &[u8]) -> Option<Self> {
        match algorithm {
            Algorithm::Sha256 => bytes.try_into().ok().map(Self::Sha256),
            Algorithm::Sha512 => bytes.try_into().ok().map(Self::Sha512),
        }
    }
}

fn decode<const N: usize>(hex: &str, algorithm: Algorithm) -> Result<[u8; N], DigestError> {
    let refused = DigestError::Hex {
        algorithm,
        expected: N * 2,
    };
    if hex.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Err(refused);
    }
    let mut bytes = [0; N];
    hex::decode_to_slice(hex, &mut bytes).map_err(|_| refused)?;
    Ok(bytes)
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut buffer = [0; 128];
        let text = &mut buffer[..self.bytes().len() * 2];
        if hex::encode_to_slice(self.bytes(), text).is_err() {
            return Err(fmt::Error);
        }
        write!(
            f,
            "{}:{}",
            self.algorithm(),
            std::str::from_utf8(text).map_err(|_| fmt::Error)?
        )
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::str::FromStr for Digest {
    type Err = DigestError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl serde::Serialize for Digest {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Digest {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str> as serde::Deserialize>::deserialize(from)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_digest_reads_back_as_it_was_written(bytes: [u8; 32], long in proptest::collection::vec(any::<u8>(), 64)) {
            let short = Digest::Sha256(bytes);
            prop_assert_eq!(Digest::parse(&short.to_string()), Ok(short));
            let long = Digest::from_bytes(Algorithm::Sha512, &long).expect("64 bytes");
            prop_assert_eq!(Digest::parse(&long.to_string()), Ok(long));
        }

        #[test]
        fn whatever_parses_is_written_back_unchanged(text in "(sha256|sha512|md5)?:?[0-9a-fA-F]{0,130}") {
            if let Ok(digest) = Digest::parse(&text) {
                prop_assert_eq!(digest.to_string(), text);
            }
        }
    }

    #[test]
    fn refusals_name_the_reason() {
        let hex = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert!(Digest::parse(&format!("sha256:{hex}")).is_ok());
        assert_eq!(Digest::parse(hex), Err(DigestError::NoAlgorithm));
        let md5 = Digest::parse("md5:d41d8cd98f00b204e9800998ecf8427e");
        assert_eq!(md5, Err(DigestError::UnsupportedAlgorithm("md5".into())));
        for wrong in [
            hex.to_uppercase(),
            hex[1..].to_owned(),
            format!("{hex}00"),
            "zz".repeat(32),
        ] {
            assert!(matches!(
                Digest::parse(&format!("sha256:{wrong}")),
                Err(DigestError::Hex { expected: 64, .. })
            ));
        }
    }
}
