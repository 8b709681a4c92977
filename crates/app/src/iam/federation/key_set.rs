//! Public keys of an issuer (RFC 7517, RFC 7518), and signatures under them. The algorithms are RSA and ECDSA: never
//! `none`, and never one under a shared secret.

use aws_lc_rs::signature::{self, RsaPublicKeyComponents, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use wharf_types::limits;
use wharf_types::text::shorten;

/// Bytes of the modulus of an RSA key: 2,048 to 8,192 bits.
const MODULUS_SIZES: std::ops::RangeInclusive<usize> = 256..=1_024;

/// How a token may be signed (RFC 7518, section 3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SigningAlgorithm {
    Rs256,
    Rs384,
    Rs512,
    Es256,
    Es384,
    Es512,
}

impl SigningAlgorithm {
    /// Reads the `alg` of a token or key.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "RS256" => Self::Rs256,
            "RS384" => Self::Rs384,
            "RS512" => Self::Rs512,
            "ES256" => Self::Es256,
            "ES384" => Self::Es384,
            "ES512" => Self::Es512,
            _ => return None,
        })
    }
}

/// The keys of an issuer that can be of use.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct KeySet(Vec<Key>);

#[derive(Debug, PartialEq, Eq)]
struct Key {
    id: Option<Box<str>>,
    algorithm: Option<SigningAlgorithm>,
    public: PublicKey,
}

#[derive(Debug, PartialEq, Eq)]
enum PublicKey {
    Rsa {
        modulus: Vec<u8>,
        exponent: Vec<u8>,
    },
    /// The uncompressed point.
    P256(Vec<u8>),
    P384(Vec<u8>),
    P521(Vec<u8>),
}

#[derive(Deserialize)]
struct Document {
    keys: Vec<serde_json::Value>,
}

#[derive(Deserialize)]
struct JsonKey {
    kty: String,
    kid: Option<String>,
    alg: Option<String>,
    #[serde(rename = "use")]
    usage: Option<String>,
    n: Option<String>,
    e: Option<String>,
    crv: Option<String>,
    x: Option<String>,
    y: Option<String>,
    /// The private part of any asymmetric key, or a secret: neither has a place here.
    d: Option<serde::de::IgnoredAny>,
    k: Option<serde::de::IgnoredAny>,
}

impl KeySet {
    /// Reads an issuer's document. Keys that are for something else, or that nobody should trust, are left out.
    pub(crate) fn read(document: &[u8]) -> Result<Self, String> {
        let keys = values(document)?;
        Ok(Self(
            keys.into_iter()
                .filter_map(|key| Key::read(key).ok())
                .collect(),
        ))
    }

    /// Reads a document that somebody uploads: there, a key that is of no use is a mistake.
    pub(crate) fn read_strictly(document: &[u8]) -> Result<Self, String> {
        let keys = values(document)?;
        if keys.is_empty() {
            return Err("there is no key in it".to_owned());
        }
        let key = |(place, value)| Key::read(value).map_err(|e| format!("keys[{place}]: {e}"));
        let keys: Result<Vec<Key>, String> = keys.into_iter().enumerate().map(key).collect();
        Ok(Self(keys?))
    }

    /// Whether it has a key of this id, or any at all where a token names none.
    pub(crate) fn has(&self, id: Option<&str>) -> bool {
        self.0.iter().any(|key| key.is_called(id))
    }

    /// Whether one of the keys made this signature.
    pub(crate) fn verifies(
        &self,
        id: Option<&str>,
        algorithm: SigningAlgorithm,
        message: &[u8],
        signature: &[u8],
    ) -> bool {
        self.0
            .iter()
            .filter(|key| key.is_called(id))
            .filter(|key| key.algorithm.is_none_or(|own| own == algorithm))
            .any(|key| key.public.verifies(algorithm, message, signature))
    }
}

fn values(document: &[u8]) -> Result<Vec<serde_json::Value>, String> {
    if document.len() > limits::JWKS_SIZE_MAX {
        return Err(format!("it is longer than {} bytes", limits::JWKS_SIZE_MAX));
    }
    let document: Document = serde_json::from_slice(document)
        .map_err(|error| format!("it is no JWK Set: {}", shorten(&error.to_string())))?;
    if document.keys.len() > limits::JWKS_KEYS_MAX {
        return Err(format!("it has more than {} keys", limits::JWKS_KEYS_MAX));
    }
    Ok(document.keys)
}

impl Key {
    fn read(value: serde_json::Value) -> Result<Self, String> {
        let key: JsonKey =
            serde_json::from_value(value).map_err(|error| shorten(&error.to_string()))?;
        if key.d.is_some() || key.k.is_some() {
            return Err(
                "it is a private or secret key, which should not be here: take its public half"
                    .to_owned(),
            );
        }
        if key.usage.as_deref().is_some_and(|usage| usage != "sig") {
            return Err("its \"use\" is not \"sig\"".to_owned());
        }
        let algorithm = match &key.alg {
            None => None,
            Some(text) => Some(SigningAlgorithm::parse(text).ok_or_else(|| {
                format!(
                    "its \"alg\" {:?} is none of RS256, RS384, RS512, ES256, ES384, ES512",
                    shorten(text)
                )
            })?),
        };
        Ok(Self {
            public: PublicKey::read(&key)?,
            id: key.kid.map(Into::into),
            algorithm,
        })
    }

    fn is_called(&self, id: Option<&str>) -> bool {
        id.is_none() || self.id.as_deref() == id
    }
}

impl PublicKey {
    fn read(key: &JsonKey) -> Result<Self, String> {
        let bytes = |name: &str, text: &Option<String>| {
            let text = text
                .as_deref()
                .ok_or_else(|| format!("it has no {name:?}"))?;
            URL_SAFE_NO_PAD
                .decode(text.trim_end_matches('='))
                .map_err(|_| format!("its {name:?} is not base64url"))
        };
        match key.kty.as_str() {
            "RSA" => {
                let modulus = bytes("n", &key.n)?;
                let zeros = modulus.iter().take_while(|byte| **byte == 0).count();
                let modulus = modulus[zeros..].to_vec();
                if !MODULUS_SIZES.contains(&modulus.len()) {
                    return Err("an RSA key here has 2048 to 8192 bits".to_owned());
                }
                let exponent = bytes("e", &key.e)?;
                Ok(Self::Rsa { modulus, exponent })
            }
            "EC" => {
                let (size, make): (usize, fn(Vec<u8>) -> Self) = match key.crv.as_deref() {
                    Some("P-256") => (32, Self::P256),
                    Some("P-384") => (48, Self::P384),
                    Some("P-521") => (66, Self::P521),
                    _ => return Err("its \"crv\" is none of P-256, P-384, P-521".to_owned()),
                };
                let (x, y) = (bytes("x", &key.x)?, bytes("y", &key.y)?);
                if x.len() != size || y.len() != size {
                    return Err(format!("its \"x\" and \"y\" must have {size} bytes"));
                }
                Ok(make([&[4], x.as_slice(), y.as_slice()].concat()))
            }
            other => Err(format!(
                "its \"kty\" {:?} is neither RSA nor EC",
                shorten(other)
            )),
        }
    }

    fn verifies(&self, algorithm: SigningAlgorithm, message: &[u8], signature: &[u8]) -> bool {
        use SigningAlgorithm::{Es256, Es384, Es512, Rs256, Rs384, Rs512};
        let verified = match (self, algorithm) {
            (Self::Rsa { modulus, exponent }, Rs256 | Rs384 | Rs512) => {
                let parameters = match algorithm {
                    Rs256 => &signature::RSA_PKCS1_2048_8192_SHA256,
                    Rs384 => &signature::RSA_PKCS1_2048_8192_SHA384,
                    _ => &signature::RSA_PKCS1_2048_8192_SHA512,
                };
                RsaPublicKeyComponents {
                    n: modulus,
                    e: exponent,
                }
                .verify(parameters, message, signature)
            }
            (Self::P256(point), Es256) => {
                UnparsedPublicKey::new(&signature::ECDSA_P256_SHA256_FIXED, point)
                    .verify(message, signature)
            }
            (Self::P384(point), Es384) => {
                UnparsedPublicKey::new(&signature::ECDSA_P384_SHA384_FIXED, point)
                    .verify(message, signature)
            }
            (Self::P521(point), Es512) => {
                UnparsedPublicKey::new(&signature::ECDSA_P521_SHA512_FIXED, point)
                    .verify(message, signature)
            }
            _ => return false,
        };
        verified.is_ok()
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use aws_lc_rs::rand::SystemRandom;
    use aws_lc_rs::signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P521_SHA512_FIXED_SIGNING, EcdsaKeyPair,
        KeyPair as _,
    };
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn document(keys: &serde_json::Value) -> Vec<u8> {
        json!({ "keys": keys }).to_string().into_bytes()
    }

    #[test]
    fn a_signature_verifies_under_its_key_and_algorithm_only() {
        for (parameters, curve, size, algorithm, other) in [
            (
                &ECDSA_P256_SHA256_FIXED_SIGNING,
                "P-256",
                32,
                SigningAlgorithm::Es256,
                SigningAlgorithm::Es384,
            ),
            (
                &ECDSA_P521_SHA512_FIXED_SIGNING,
                "P-521",
                66,
                SigningAlgorithm::Es512,
                SigningAlgorithm::Rs512,
            ),
        ] {
            let pair = EcdsaKeyPair::generate(parameters).unwrap();
            let point = pair.public_key().as_ref();
            let (x, y) = point[1..].split_at(size);
            let (x, y) = (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y));
            let key = json!({"kty": "EC", "crv": curve, "kid": "k1", "x": x, "y": y, "use": "sig"});
            let keys = KeySet::read_strictly(&document(&json!([key]))).unwrap();
            let signed = pair.sign(&SystemRandom::new(), b"message").unwrap();
            let signed = signed.as_ref();
            assert!(keys.verifies(Some("k1"), algorithm, b"message", signed));
            assert!(keys.verifies(None, algorithm, b"message", signed));
            assert!(!keys.verifies(Some("k2"), algorithm, b"message", signed));
            assert!(!keys.verifies(Some("k1"), algorithm, b"another", signed));
            assert!(!keys.verifies(Some("k1"), other, b"message", signed));
            assert!(keys.has(Some("k1")) && keys.has(None) && !keys.has(Some("k2")));
        }
    }

    #[test]
    fn keys_that_nobody_should_trust_are_left_out_or_refused() {
        let short = URL_SAFE_NO_PAD.encode([0xff; 128]);
        let long = URL_SAFE_NO_PAD.encode([0xff; 256]);
        for (key, told) in [
            (json!({"kty": "oct", "k": "c2VjcmV0"}), "secret"),
            (
                json!({"kty": "RSA", "n": long, "e": "AQAB", "d": "AQAB"}),
                "private",
            ),
            (json!({"kty": "RSA", "n": short, "e": "AQAB"}), "2048"),
            (
                json!({"kty": "RSA", "n": long, "e": "AQAB", "use": "enc"}),
                "use",
            ),
            (
                json!({"kty": "RSA", "n": long, "e": "AQAB", "alg": "none"}),
                "alg",
            ),
            (
                json!({"kty": "RSA", "n": long, "e": "AQAB", "alg": "HS256"}),
                "alg",
            ),
            (json!({"kty": "RSA", "n": "a b", "e": "AQAB"}), "base64url"),
            (
                json!({"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}),
                "32 bytes",
            ),
            (
                json!({"kty": "EC", "crv": "secp256k1", "x": "AA", "y": "AA"}),
                "crv",
            ),
            (json!({"kty": "OKP", "crv": "Ed25519", "x": "AA"}), "kty"),
            (json!({}), "kty"),
        ] {
            let document = document(&json!([key]));
            let refused = KeySet::read_strictly(&document).unwrap_err();
            assert!(
                refused.contains(told) && refused.contains("keys[0]"),
                "{refused}"
            );
            assert_eq!(KeySet::read(&document).unwrap(), KeySet::default());
        }
        for nothing in ["", "{}", "[]", "{\"keys\":[]}"] {
            assert!(KeySet::read_strictly(nothing.as_bytes()).is_err());
        }
        let many = document(&json!(vec![json!({}); limits::JWKS_KEYS_MAX + 1]));
        assert!(KeySet::read(&many).is_err());
    }

    proptest! {
        #[test]
        fn nothing_panics(text in "\\PC{0,100}", n in "[A-Za-z0-9_-]{0,400}", curve in "P-(256|384|521)", x in "[A-Za-z0-9_-]{40,90}") {
            let _ = KeySet::read(text.as_bytes());
            for key in [json!({"kty": "RSA", "n": n, "e": n}), json!({"kty": "EC", "crv": curve, "x": x, "y": x})] {
                let keys = KeySet::read(&document(&json!([key]))).unwrap();
                for algorithm in ["RS256", "RS512", "ES256", "ES384", "ES512"] {
                    let algorithm = SigningAlgorithm::parse(algorithm).unwrap();
                    prop_assert!(!keys.verifies(None, algorithm, text.as_bytes(), n.as_bytes()));
                }
            }
        }
    }
}
