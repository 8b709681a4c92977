//! Sign and decrypt with private keys, and authenticate messages.

use std::sync::Arc;

use aws_lc_rs::digest::{self, Digest};
use aws_lc_rs::hmac;
use wharf_types::kms::{Algorithm, CryptoKeyVersionName, Purpose};
use wharf_types::permission::{
    VERSIONS_USE_TO_DECRYPT, VERSIONS_USE_TO_SIGN, VERSIONS_USE_TO_VERIFY, VERSIONS_VIEW_PUBLIC_KEY,
};
use wharf_types::{Permission, limits};
use zeroize::Zeroizing;

use super::cipher::check_size;
use super::invalid;
use super::keys::Opened;
use super::material::{Material, digest_of};
use crate::{App, Caller, Error};

/// The public half of a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    /// SubjectPublicKeyInfo in PEM.
    pub pem: String,
    /// What it verifies or encrypts with.
    pub algorithm: Algorithm,
}

/// What a signature is made over.
#[derive(Clone, Copy, Debug)]
pub enum ToSign<'s> {
    /// A digest, of the hash that the algorithm names.
    Digest(&'s [u8]),
    /// The data itself, which is hashed here.
    Data(&'s [u8]),
}

impl App {
    /// The public half of a version that is enabled.
    pub async fn get_public_key(
        &self,
        caller: &Caller,
        name: &CryptoKeyVersionName,
    ) -> Result<PublicKey, Error> {
        let opened = self
            .version_for(caller, VERSIONS_VIEW_PUBLIC_KEY, name)
            .await?;
        opened.usable()?;
        let public_key = opened.version.public_key.as_ref().ok_or_else(|| {
            Error::FailedPrecondition(format!(
                "{name} has the algorithm {}, which has no public key",
                opened.algorithm()
            ))
        })?;
        Ok(PublicKey {
            pem: crate::iam::public_key_pem(public_key),
            algorithm: opened.algorithm(),
        })
    }

    /// Signs with the private key of a version.
    pub async fn asymmetric_sign(
        &self,
        caller: &Caller,
        name: &CryptoKeyVersionName,
        to_sign: ToSign<'_>,
    ) -> Result<Vec<u8>, Error> {
        let opened = self.version_for(caller, VERSIONS_USE_TO_SIGN, name).await?;
        check_purpose(&opened, Purpose::AsymmetricSign)?;
        opened.usable()?;
        let hash = digest_of(opened.algorithm());
        let digest = match to_sign {
            ToSign::Digest(digest) => Digest::import_less_safe(digest, hash).map_err(|_| {
                invalid(format!(
                    "the digest has {} bytes: {} signs digests of {hash:?}, of {} bytes",
                    digest.len(),
                    opened.algorithm(),
                    hash.output_len()
                ))
            })?,
            ToSign::Data(data) => {
                check_size("data", data, limits::KMS_PLAINTEXT_SIZE_MAX)?;
                digest::digest(hash, data)
            }
        };
        let signed = self
            .slowly(opened, move |material| material.sign(&digest))
            .await?;
        signed?.ok_or_else(|| Error::internal("a version that cannot sign"))
    }

    /// Decrypts with the private key of a version what its public key encrypted.
    pub async fn asymmetric_decrypt(
        &self,
        caller: &Caller,
        name: &CryptoKeyVersionName,
        ciphertext: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, Error> {
        let opened = self
            .version_for(caller, VERSIONS_USE_TO_DECRYPT, name)
            .await?;
        check_purpose(&opened, Purpose::AsymmetricDecrypt)?;
        check_size("ciphertext", ciphertext, limits::KMS_CIPHERTEXT_SIZE_MAX)?;
        opened.usable()?;
        let ciphertext = ciphertext.to_vec();
        self.slowly(opened, move |material| material.decrypt_oaep(&ciphertext))
            .await?
            .ok_or_else(|| {
                invalid("Decryption failed: the ciphertext was not made with the public key of this version.")
            })
    }

    /// The tag of a message.
    pub async fn mac_sign(
        &self,
        caller: &Caller,
        name: &CryptoKeyVersionName,
        message: &[u8],
    ) -> Result<Vec<u8>, Error> {
        let opened = self.version_for(caller, VERSIONS_USE_TO_SIGN, name).await?;
        let key = mac_key(&opened)?;
        check_size("data", message, limits::KMS_PLAINTEXT_SIZE_MAX)?;
        Ok(hmac::sign(key, message).as_ref().to_vec())
    }

    /// Whether a tag is that of a message.
    pub async fn mac_verify(
        &self,
        caller: &Caller,
        name: &CryptoKeyVersionName,
        message: &[u8],
        tag: &[u8],
    ) -> Result<bool, Error> {
        let opened = self
            .version_for(caller, VERSIONS_USE_TO_VERIFY, name)
            .await?;
        let key = mac_key(&opened)?;
        check_size("data", message, limits::KMS_PLAINTEXT_SIZE_MAX)?;
        Ok(hmac::verify(key, message, tag).is_ok())
    }

    async fn version_for(
        &self,
        caller: &Caller,
        permission: Permission,
        name: &CryptoKeyVersionName,
    ) -> Result<Arc<Opened>, Error> {
        self.authorize_version(caller, permission, name).await?;
        let remembered = self.remembered_key(&name.key).await?;
        self.opened_version(&remembered, name.number).await
    }

    /// Computes on a thread of its own, when it is this one's turn.
    async fn slowly<T: Send + 'static>(
        &self,
        opened: Arc<Opened>,
        compute: impl FnOnce(&Material) -> T + Send + 'static,
    ) -> Result<T, Error> {
        let turn = self.kms.slow.clone().acquire_owned().await;
        let turn = turn.map_err(Error::internal)?;
        tokio::task::spawn_blocking(move || {
            let _turn = turn;
            opened.usable().map(compute)
        })
        .await
        .map_err(Error::internal)?
    }
}

fn check_purpose(opened: &Opened, purpose: Purpose) -> Result<(), Error> {
    let own = opened.algorithm().purpose();
    if own == purpose {
        return Ok(());
    }
    Err(Error::FailedPrecondition(format!(
        "{} has the purpose {own}, not {purpose}",
        opened.version.name
    )))
}

fn mac_key(opened: &Opened) -> Result<&hmac::Key, Error> {
    check_purpose(opened, Purpose::Mac)?;
    match opened.usable()? {
        Material::Mac(key) => Ok(key),
        _ => Err(Error::internal("a version of another purpose than its key")),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use aws_lc_rs::digest::digest;
    use aws_lc_rs::rsa::{OAEP_SHA256_MGF1SHA256, OaepPublicEncryptingKey, PublicEncryptingKey};
    use aws_lc_rs::signature::{
        ECDSA_P256_SHA256_ASN1, ECDSA_P384_SHA384_ASN1, RSA_PKCS1_2048_8192_SHA256,
        RSA_PSS_2048_8192_SHA256, UnparsedPublicKey, VerificationAlgorithm,
    };

    use super::*;
    use crate::kms::testing::{key, open};

    #[tokio::test]
    async fn a_signature_is_verified_with_the_public_key_alone() {
        let (app, owner) = open().await;
        let cases: [(_, &'static dyn VerificationAlgorithm); 4] = [
            (Algorithm::EcSignP256Sha256, &ECDSA_P256_SHA256_ASN1),
            (Algorithm::EcSignP384Sha384, &ECDSA_P384_SHA384_ASN1),
            (
                Algorithm::RsaSignPkcs12048Sha256,
                &RSA_PKCS1_2048_8192_SHA256,
            ),
            (Algorithm::RsaSignPss2048Sha256, &RSA_PSS_2048_8192_SHA256),
        ];
        for (algorithm, verification) in cases {
            let name = key(&app, &owner, &algorithm.as_str().to_lowercase(), algorithm).await;
            let version = name.version(1);
            let message = digest(digest_of(algorithm), b"message");
            let digest = ToSign::Digest(message.as_ref());
            let signature = app.asymmetric_sign(&owner, &version, digest).await;
            let data = ToSign::Data(b"message");
            let of_data = app.asymmetric_sign(&owner, &version, data).await;
            let public = app.get_public_key(&owner, &version).await.unwrap();
            let der = pem::parse(&public.pem).unwrap();
            UnparsedPublicKey::new(verification, der.contents())
                .verify(b"message", &signature.unwrap())
                .unwrap();
            UnparsedPublicKey::new(verification, der.contents())
                .verify(b"message", &of_data.unwrap())
                .unwrap();
            let refused = app
                .asymmetric_sign(&owner, &version, ToSign::Digest(b"short"))
                .await;
            assert!(matches!(refused, Err(Error::Invalid { .. })));
            let refused = app.mac_sign(&owner, &version, b"message").await;
            assert!(matches!(refused, Err(Error::FailedPrecondition(_))));
        }
    }

    #[tokio::test]
    async fn a_private_key_decrypts_what_its_public_key_encrypted() {
        let (app, owner) = open().await;
        let algorithm = Algorithm::RsaDecryptOaep2048Sha256;
        let version = key(&app, &owner, "decrypter", algorithm).await.version(1);
        let public = app.get_public_key(&owner, &version).await.unwrap();
        let der = pem::parse(&public.pem).unwrap();
        let public = PublicEncryptingKey::from_der(der.contents()).unwrap();
        let public = OaepPublicEncryptingKey::new(public).unwrap();
        let mut ciphertext = vec![0; public.ciphertext_size()];
        public
            .encrypt(&OAEP_SHA256_MGF1SHA256, b"text", &mut ciphertext, None)
            .unwrap();
        let plaintext = app.asymmetric_decrypt(&owner, &version, &ciphertext).await;
        assert_eq!(plaintext.unwrap().as_slice(), b"text");
        ciphertext[9] ^= 1;
        let refused = app.asymmetric_decrypt(&owner, &version, &ciphertext).await;
        assert!(matches!(refused, Err(Error::Invalid { .. })));
    }

    #[tokio::test]
    async fn a_tag_is_that_of_its_message_only() {
        let (app, owner) = open().await;
        for algorithm in [
            Algorithm::HmacSha256,
            Algorithm::HmacSha384,
            Algorithm::HmacSha512,
        ] {
            let name = key(&app, &owner, &algorithm.as_str().to_lowercase(), algorithm).await;
            let version = name.version(1);
            let tag = app.mac_sign(&owner, &version, b"message").await.unwrap();
            for (message, tag, is_right) in [
                (&b"message"[..], &tag[..], true),
                (b"messagf", &tag, false),
                (b"message", &tag[1..], false),
            ] {
                let verified = app.mac_verify(&owner, &version, message, tag).await;
                assert_eq!(verified.unwrap(), is_right);
            }
            let refused = app.get_public_key(&owner, &version).await;
            assert!(matches!(refused, Err(Error::FailedPrecondition(_))));
        }
    }
}
