//! The secret of a version.

use aws_lc_rs::digest::{self, Digest};
use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::hkdf::{self, Prk};
use aws_lc_rs::hmac;
use aws_lc_rs::rand;
use aws_lc_rs::rsa::{
    KeySize, OAEP_SHA256_MGF1SHA256, OaepPrivateDecryptingKey, PrivateDecryptingKey,
};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair,
    EcdsaSigningAlgorithm, KeyPair as _, RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaEncoding, RsaKeyPair,
};
use wharf_types::kms::Algorithm;
use zeroize::Zeroizing;

use crate::Error;

/// Bytes of the secret of a symmetric version.
const SECRET_LENGTH: usize = 32;

/// The secret of a version, ready for use. What lies in the database is [`Made::secret`], sealed under the root key.
pub(super) enum Material {
    /// Derives the key of each message.
    Symmetric(Prk),
    /// Authenticates messages.
    Mac(Box<hmac::Key>),
    /// Signs digests.
    Rsa(RsaKeyPair, &'static dyn RsaEncoding),
    /// Signs digests.
    Ecdsa(EcdsaKeyPair),
    /// Decrypts.
    Oaep(OaepPrivateDecryptingKey),
}

/// A secret that was just made.
pub(super) struct Made {
    /// Random bytes, or a private key in PKCS#8.
    pub(super) secret: Zeroizing<Vec<u8>>,
    /// SubjectPublicKeyInfo of a pair, DER.
    pub(super) public_key: Option<Vec<u8>>,
}

/// How an algorithm's secrets are made and used.
enum Kind {
    Symmetric,
    Mac(hmac::Algorithm),
    Rsa(KeySize, &'static dyn RsaEncoding),
    Ecdsa(&'static EcdsaSigningAlgorithm),
    Oaep(KeySize),
}

fn kind(algorithm: Algorithm) -> Kind {
    match algorithm {
        Algorithm::GoogleSymmetricEncryption => Kind::Symmetric,
        Algorithm::HmacSha256 => Kind::Mac(hmac::HMAC_SHA256),
        Algorithm::HmacSha384 => Kind::Mac(hmac::HMAC_SHA384),
        Algorithm::HmacSha512 => Kind::Mac(hmac::HMAC_SHA512),
        Algorithm::RsaSignPss2048Sha256 => Kind::Rsa(KeySize::Rsa2048, &RSA_PSS_SHA256),
        Algorithm::RsaSignPss3072Sha256 => Kind::Rsa(KeySize::Rsa3072, &RSA_PSS_SHA256),
        Algorithm::RsaSignPss4096Sha256 => Kind::Rsa(KeySize::Rsa4096, &RSA_PSS_SHA256),
        Algorithm::RsaSignPkcs12048Sha256 => Kind::Rsa(KeySize::Rsa2048, &RSA_PKCS1_SHA256),
        Algorithm::RsaSignPkcs13072Sha256 => Kind::Rsa(KeySize::Rsa3072, &RSA_PKCS1_SHA256),
        Algorithm::RsaSignPkcs14096Sha256 => Kind::Rsa(KeySize::Rsa4096, &RSA_PKCS1_SHA256),
        Algorithm::EcSignP256Sha256 => Kind::Ecdsa(&ECDSA_P256_SHA256_ASN1_SIGNING),
        Algorithm::EcSignP384Sha384 => Kind::Ecdsa(&ECDSA_P384_SHA384_ASN1_SIGNING),
        Algorithm::RsaDecryptOaep2048Sha256 => Kind::Oaep(KeySize::Rsa2048),
        Algorithm::RsaDecryptOaep3072Sha256 => Kind::Oaep(KeySize::Rsa3072),
        Algorithm::RsaDecryptOaep4096Sha256 => Kind::Oaep(KeySize::Rsa4096),
    }
}

/// The digest that an algorithm signs.
pub(super) fn digest_of(algorithm: Algorithm) -> &'static digest::Algorithm {
    match algorithm {
        Algorithm::EcSignP384Sha384 => &digest::SHA384,
        _ => &digest::SHA256,
    }
}

impl Made {
    /// Makes a secret. An RSA pair takes up to seconds of a core, so it belongs on a blocking thread.
    pub(super) fn new(algorithm: Algorithm) -> Result<Self, Error> {
        let (secret, public_key) = match kind(algorithm) {
            Kind::Symmetric => (random(SECRET_LENGTH)?, None),
            // As long as the hash: RFC 2104, section 3.
            Kind::Mac(hmac) => (random(hmac.digest_algorithm().output_len())?, None),
            Kind::Rsa(size, _) | Kind::Oaep(size) => {
                let pair = RsaKeyPair::generate(size).map_err(Error::internal)?;
                let secret: Pkcs8V1Der<'_> = pair.as_der().map_err(Error::internal)?;
                let public: PublicKeyX509Der<'_> =
                    pair.public_key().as_der().map_err(Error::internal)?;
                (bytes(secret.as_ref()), Some(public.as_ref().to_vec()))
            }
            Kind::Ecdsa(algorithm) => {
                let pair = EcdsaKeyPair::generate(algorithm).map_err(Error::internal)?;
                let secret = pair.to_pkcs8v1().map_err(Error::internal)?;
                let public: PublicKeyX509Der<'_> =
                    pair.public_key().as_der().map_err(Error::internal)?;
                (bytes(secret.as_ref()), Some(public.as_ref().to_vec()))
            }
        };
        Ok(Self { secret, public_key })
    }
}

fn bytes(secret: &[u8]) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(secret.to_vec())
}

fn random(length: usize) -> Result<Zeroizing<Vec<u8>>, Error> {
    let mut secret = Zeroizing::new(vec![0; length]);
    rand::fill(&mut secret).map_err(Error::internal)?;
    Ok(secret)
}

impl Material {
    /// Reads the secret of a version.
    pub(super) fn open(algorithm: Algorithm, secret: &[u8]) -> Result<Self, Error> {
        Ok(match kind(algorithm) {
            Kind::Symmetric => Self::Symmetric(Prk::new_less_safe(hkdf::HKDF_SHA256, secret)),
            Kind::Mac(hmac) => Self::Mac(Box::new(hmac::Key::new(hmac, secret))),
            Kind::Rsa(_, encoding) => Self::Rsa(
                RsaKeyPair::from_pkcs8(secret).map_err(Error::internal)?,
                encoding,
            ),
            Kind::Ecdsa(algorithm) => {
                Self::Ecdsa(EcdsaKeyPair::from_pkcs8(algorithm, secret).map_err(Error::internal)?)
            }
            Kind::Oaep(_) => {
                let key = PrivateDecryptingKey::from_pkcs8(secret).map_err(Error::internal)?;
                Self::Oaep(OaepPrivateDecryptingKey::new(key).map_err(Error::internal)?)
            }
        })
    }

    /// The signature of a digest; none if the version does not sign.
    pub(super) fn sign(&self, digest: &Digest) -> Result<Option<Vec<u8>>, Error> {
        match self {
            Self::Rsa(pair, encoding) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign_digest(*encoding, digest, &mut signature)
                    .map_err(Error::internal)?;
                Ok(Some(signature))
            }
            Self::Ecdsa(pair) => {
                let signature = pair.sign_digest(digest).map_err(Error::internal)?;
                Ok(Some(signature.as_ref().to_vec()))
            }
            _ => Ok(None),
        }
    }

    /// What a public key encrypted; none if it does not decrypt.
    pub(super) fn decrypt_oaep(&self, ciphertext: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let Self::Oaep(key) = self else {
            return None;
        };
        let mut plaintext = Zeroizing::new(vec![0; key.min_output_size()]);
        let length = key
            .decrypt(&OAEP_SHA256_MGF1SHA256, ciphertext, &mut plaintext, None)
            .ok()?
            .len();
        plaintext.truncate(length);
        Some(plaintext)
    }
}
