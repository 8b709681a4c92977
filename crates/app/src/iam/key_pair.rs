//! RSA key pairs of service accounts: made, proved, and read from what a caller uploads.

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rand::{self, SystemRandom};
use aws_lc_rs::rsa::{KeySize, PublicKey};
use aws_lc_rs::signature::{
    KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair, UnparsedPublicKey,
};
use pem::{EncodeConfig, LineEnding, Pem};
use secrecy::{ExposeSecret as _, SecretString};
use x509_parser::prelude::{FromDer as _, X509Certificate};
use zeroize::Zeroizing;

use crate::Error;

/// Bytes of an RSA-2048 modulus: smaller ones are refused.
const MODULUS_LENGTH_MIN: usize = 256;
/// Bytes of an RSA-8192 modulus: larger ones cannot be verified.
const MODULUS_LENGTH_MAX: usize = 1_024;
/// Bytes of an uploaded certificate or key in PEM.
const UPLOAD_SIZE_MAX: usize = 32 * 1024;

/// A key pair that was just made.
pub(super) struct KeyPair {
    /// PKCS#8, PEM with `\n` line ends, as key files have it.
    pub(super) private_key: SecretString,
    /// SubjectPublicKeyInfo, DER.
    pub(super) public_key: Vec<u8>,
}

fn to_pem(tag: &str, content: &[u8]) -> String {
    pem::encode_config(
        &Pem::new(tag, content),
        EncodeConfig::new().set_line_ending(LineEnding::LF),
    )
}

/// A public half as PEM, for those who verify signatures elsewhere.
pub(crate) fn public_key_pem(public_key: &[u8]) -> String {
    to_pem("PUBLIC KEY", public_key)
}

impl KeyPair {
    /// The private half as PKCS#8 in DER.
    pub(super) fn pkcs8(&self) -> Result<Zeroizing<Vec<u8>>, Error> {
        let pem = pem::parse(self.private_key.expose_secret()).map_err(Error::internal)?;
        Ok(Zeroizing::new(pem.into_contents()))
    }

    /// Makes an RSA-2048 pair. Takes some 100 ms of a core, so it belongs on a blocking thread.
    pub(super) fn generate() -> Result<Self, Error> {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).map_err(Error::internal)?;
        let private: Pkcs8V1Der<'_> = pair.as_der().map_err(Error::internal)?;
        let public: PublicKeyX509Der<'_> = pair.public_key().as_der().map_err(Error::internal)?;
        Ok(Self {
            private_key: SecretString::from(to_pem("PRIVATE KEY", private.as_ref())),
            public_key: public.as_ref().to_vec(),
        })
    }
}

/// Checks that a private key in PEM is the other half of `public_key`, by a signature over a nonce.
pub(super) fn prove(private_key: &SecretString, public_key: &[u8]) -> Result<(), String> {
    let unreadable = || {
        "the key file's private_key is not a private key in PEM: its line ends were altered or it was cut off"
            .to_owned()
    };
    let parsed = pem::parse(private_key.expose_secret()).map_err(|_| unreadable())?;
    let tag = parsed.tag().to_owned();
    let der = Zeroizing::new(parsed.into_contents());
    let pair = match tag.as_str() {
        "RSA PRIVATE KEY" => RsaKeyPair::from_der(&der),
        _ => RsaKeyPair::from_pkcs8(&der),
    }
    .map_err(|_| unreadable())?;
    let other = || {
        "the key file's private_key does not belong to its private_key_id: the file was altered"
            .to_owned()
    };
    let mut nonce = [0; 32];
    rand::fill(&mut nonce).map_err(|_| other())?;
    let mut signature = vec![0; pair.public_modulus_len()];
    pair.sign(
        &RSA_PKCS1_SHA256,
        &SystemRandom::new(),
        &nonce,
        &mut signature,
    )
    .map_err(|_| other())?;
    UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, public_key)
        .verify(&nonce, &signature)
        .map_err(|_| other())
}

/// A public half that a caller uploaded.
pub(super) struct Uploaded {
    /// SubjectPublicKeyInfo, DER.
    pub(super) public_key: Vec<u8>,
    /// A certificate's own times, in seconds since 1970.
    pub(super) validity: Option<(i64, i64)>,
}

/// Reads an X.509 certificate or an RSA public key in PEM.
pub(super) fn read_upload(text: &str) -> Result<Uploaded, String> {
    if text.len() > UPLOAD_SIZE_MAX {
        return Err(format!("the upload is larger than {UPLOAD_SIZE_MAX} bytes"));
    }
    let parsed = pem::parse(text.trim_start_matches('\u{feff}')).map_err(|_| {
        "the upload is not PEM: send an X.509 certificate (BEGIN CERTIFICATE) or an RSA public key (BEGIN PUBLIC KEY)"
            .to_owned()
    })?;
    let (key, validity) = match parsed.tag() {
        "CERTIFICATE" => {
            let (_, certificate) = X509Certificate::from_der(parsed.contents())
                .map_err(|_| "the upload is not an X.509 certificate".to_owned())?;
            let validity = certificate.validity();
            (
                certificate.public_key().raw.to_vec(),
                Some((
                    validity.not_before.timestamp(),
                    validity.not_after.timestamp(),
                )),
            )
        }
        "PUBLIC KEY" | "RSA PUBLIC KEY" => (parsed.into_contents(), None),
        tag if tag.contains("PRIVATE KEY") => {
            return Err(
                "the upload is a private key: keep that to yourself, send the certificate or public key"
                    .to_owned(),
            );
        }
        _ => {
            return Err("the upload is neither a certificate nor a public key in PEM".to_owned());
        }
    };
    let key = PublicKey::from_der(&key)
        .map_err(|_| "the key is not RSA: service account keys are RSA keys".to_owned())?;
    if !(MODULUS_LENGTH_MIN..=MODULUS_LENGTH_MAX).contains(&key.modulus_len()) {
        return Err(format!(
            "the key has {} bits: service account keys have 2048 to 8192",
            key.modulus_len() * 8
        ));
    }
    let public: PublicKeyX509Der<'_> = key
        .as_der()
        .map_err(|_| "the key cannot be kept".to_owned())?;
    Ok(Uploaded {
        public_key: public.as_ref().to_vec(),
        validity,
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn only_the_other_half_proves() {
        let (one, two) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
        assert_eq!(prove(&one.private_key, &one.public_key), Ok(()));
        assert!(
            prove(&one.private_key, &two.public_key)
                .unwrap_err()
                .contains("does not belong")
        );
        let text = one.private_key.expose_secret();
        assert!(text.starts_with("-----BEGIN PRIVATE KEY-----\nMII"));
        assert!(text.ends_with("-----END PRIVATE KEY-----\n") && !text.contains('\r'));
        for broken in [
            String::new(),
            text.replace('\n', "\\n"),
            text[..400].to_owned(),
        ] {
            let refused = prove(&SecretString::from(broken), &one.public_key).unwrap_err();
            assert!(refused.contains("not a private key"), "{refused}");
        }
    }

    #[test]
    fn uploads() {
        let pair = KeyPair::generate().unwrap();
        let uploaded = read_upload(&public_key_pem(&pair.public_key)).unwrap();
        assert_eq!(uploaded.public_key, pair.public_key);
        assert_eq!(uploaded.validity, None);
        let refused = read_upload(pair.private_key.expose_secret()).err().unwrap();
        assert!(refused.contains("keep that to yourself"));
        for wrong in [
            "",
            "x",
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        ] {
            assert!(read_upload(wrong).is_err());
        }
    }

    #[test]
    fn a_certificate_brings_its_key_and_its_times() {
        let pair = KeyPair::generate().unwrap();
        let signing = rcgen::KeyPair::from_pkcs8_pem_and_sign_algo(
            pair.private_key.expose_secret(),
            &rcgen::PKCS_RSA_SHA256,
        )
        .unwrap();
        let mut parameters = rcgen::CertificateParams::default();
        parameters.not_before = rcgen::date_time_ymd(2026, 1, 1);
        parameters.not_after = rcgen::date_time_ymd(2030, 1, 1);
        let certificate = parameters.self_signed(&signing).unwrap();
        let uploaded = read_upload(&certificate.pem()).unwrap();
        assert_eq!(uploaded.public_key, pair.public_key);
        assert_eq!(uploaded.validity, Some((1_767_225_600, 1_893_456_000)));
        let elliptic = rcgen::KeyPair::generate().unwrap();
        let certificate = parameters.self_signed(&elliptic).unwrap();
        assert!(
            read_upload(&certificate.pem())
                .err()
                .unwrap()
                .contains("not RSA")
        );
    }
}
