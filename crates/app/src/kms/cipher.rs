//! Encrypt and decrypt with keys of the purpose `ENCRYPT_DECRYPT`.

use wharf_types::kms::{CryptoKeyName, CryptoKeyVersionName, Purpose};
use wharf_types::permission::{VERSIONS_USE_TO_DECRYPT, VERSIONS_USE_TO_ENCRYPT};
use wharf_types::{Resource, limits};
use zeroize::Zeroizing;

use super::ciphertext::{self, Parts};
use super::invalid;
use super::keys::Remembered;
use super::material::Material;
use crate::{App, Caller, Error};

/// What encrypts: a key's primary version, or one that is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Encrypter {
    /// The primary version of a key.
    Primary(CryptoKeyName),
    /// One version.
    Version(CryptoKeyVersionName),
}

/// What an encryption answers.
#[derive(Debug)]
pub struct Encrypted {
    /// The version that encrypted it.
    pub version: CryptoKeyVersionName,
    /// The ciphertext: it names its version by itself.
    pub ciphertext: Vec<u8>,
}

/// What a decryption answers.
#[derive(Debug)]
pub struct Decrypted {
    /// The version that had encrypted it.
    pub version: CryptoKeyVersionName,
    /// The plaintext.
    pub plaintext: Zeroizing<Vec<u8>>,
    /// Whether that version is the primary one now.
    pub used_primary: bool,
}

impl App {
    /// Encrypts; whoever decrypts must have the same `data` (additional authenticated data).
    pub async fn encrypt(
        &self,
        caller: &Caller,
        encrypter: &Encrypter,
        plaintext: &[u8],
        data: &[u8],
    ) -> Result<Encrypted, Error> {
        let (key, on) = match encrypter {
            Encrypter::Primary(key) => (key, Resource::CryptoKey(key.clone())),
            Encrypter::Version(version) => {
                (&version.key, Resource::CryptoKeyVersion(version.clone()))
            }
        };
        self.authorize(caller, &[VERSIONS_USE_TO_ENCRYPT], &on)
            .await?;
        check_size("plaintext", plaintext, limits::KMS_PLAINTEXT_SIZE_MAX)?;
        check_size(
            "additional_authenticated_data",
            data,
            limits::KMS_PLAINTEXT_SIZE_MAX,
        )?;
        let remembered = self.remembered_key(key).await?;
        check_purpose(&remembered)?;
        let number = match encrypter {
            Encrypter::Version(version) => version.number,
            Encrypter::Primary(key) => remembered.key.primary_version.ok_or_else(|| {
                Error::FailedPrecondition(format!(
                    "{key} has no primary version: create one and make it that (wharf kms keys versions create --primary)"
                ))
            })?,
        };
        let opened = self.opened_version(&remembered, number).await?;
        let Material::Symmetric(secret) = opened.usable()? else {
            return Err(Error::internal("a version of another purpose than its key"));
        };
        Ok(Encrypted {
            ciphertext: ciphertext::encrypt(secret, number, plaintext, data)?,
            version: key.version(number),
        })
    }

    /// Decrypts with whichever version of the key encrypted it, if that is enabled.
    pub async fn decrypt(
        &self,
        caller: &Caller,
        key: &CryptoKeyName,
        ciphertext: &[u8],
        data: &[u8],
    ) -> Result<Decrypted, Error> {
        let on = Resource::CryptoKey(key.clone());
        self.authorize(caller, &[VERSIONS_USE_TO_DECRYPT], &on)
            .await?;
        check_size("ciphertext", ciphertext, limits::KMS_CIPHERTEXT_SIZE_MAX)?;
        check_size(
            "additional_authenticated_data",
            data,
            limits::KMS_PLAINTEXT_SIZE_MAX,
        )?;
        let remembered = self.remembered_key(key).await?;
        check_purpose(&remembered)?;
        let refused =
            || invalid("Decryption failed: verify that 'name' refers to the correct CryptoKey.");
        let parts = Parts::of(ciphertext).ok_or_else(refused)?;
        let opened = match self.opened_version(&remembered, parts.version).await {
            // The number is the ciphertext's: it was not made by this key.
            Err(Error::NotFound { .. }) => return Err(refused()),
            opened => opened?,
        };
        let Material::Symmetric(secret) = opened.usable()? else {
            return Err(Error::internal("a version of another purpose than its key"));
        };
        Ok(Decrypted {
            plaintext: parts.decrypt(secret, data).ok_or_else(refused)?,
            version: key.version(parts.version),
            used_primary: remembered.key.primary_version == Some(parts.version),
        })
    }
}

fn check_purpose(remembered: &Remembered) -> Result<(), Error> {
    let key = &remembered.key;
    if key.purpose == Purpose::EncryptDecrypt {
        return Ok(());
    }
    Err(Error::FailedPrecondition(format!(
        "{} has the purpose {}, not ENCRYPT_DECRYPT",
        key.name, key.purpose
    )))
}

pub(super) fn check_size(field: &str, bytes: &[u8], limit: usize) -> Result<(), Error> {
    if bytes.len() <= limit {
        return Ok(());
    }
    Err(invalid(format!(
        "{field} has {} bytes, more than the {limit} that are allowed: encrypt large data with a key of its own, and that key here",
        bytes.len()
    )))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::kms::testing::{encryption_key, open};

    #[tokio::test]
    async fn every_version_decrypts_what_it_encrypted_and_the_primary_encrypts() {
        let (app, owner) = open().await;
        let key = encryption_key(&app, &owner, "secrets").await;
        let primary = Encrypter::Primary(key.clone());
        let first = app.encrypt(&owner, &primary, b"one", b"aad").await.unwrap();
        assert_eq!(first.version, key.version(1));
        app.create_crypto_key_version(&owner, &key).await.unwrap();
        let still = app.encrypt(&owner, &primary, b"x", b"").await.unwrap();
        assert_eq!(
            still.version.number, 1,
            "a new version waits to be made the primary one"
        );
        app.update_primary_version(&owner, &key, 2).await.unwrap();
        let second = app.encrypt(&owner, &primary, b"two", b"").await.unwrap();
        assert_eq!(second.version.number, 2);
        let named = Encrypter::Version(key.version(1));
        assert_eq!(
            app.encrypt(&owner, &named, b"", b"")
                .await
                .unwrap()
                .version
                .number,
            1
        );
        let app = app.reopen().await;
        let owner = app.owner().await;
        let one = app.decrypt(&owner, &key, &first.ciphertext, b"aad").await;
        let one = one.unwrap();
        assert_eq!(
            (one.plaintext.as_slice(), one.used_primary),
            (&b"one"[..], false)
        );
        let two = app
            .decrypt(&owner, &key, &second.ciphertext, b"")
            .await
            .unwrap();
        assert_eq!(
            (two.plaintext.as_slice(), two.used_primary),
            (&b"two"[..], true)
        );
    }

    #[tokio::test]
    async fn what_another_key_or_other_data_encrypted_is_refused_alike() {
        let (app, owner) = open().await;
        let key = encryption_key(&app, &owner, "secrets").await;
        let other = encryption_key(&app, &owner, "other").await;
        let primary = Encrypter::Primary(key.clone());
        let encrypted = app
            .encrypt(&owner, &primary, b"text", b"aad")
            .await
            .unwrap();
        let mut of_version_9 = encrypted.ciphertext.clone();
        of_version_9[4] = 9;
        for (key, ciphertext, data) in [
            (&key, encrypted.ciphertext.as_slice(), &b"aae"[..]),
            (&other, &encrypted.ciphertext, b"aad"),
            (&key, &of_version_9, b"aad"),
            (&key, b"", b"aad"),
            (&key, &encrypted.ciphertext[..20], b"aad"),
        ] {
            let refused = app
                .decrypt(&owner, key, ciphertext, data)
                .await
                .unwrap_err();
            assert!(
                refused.to_string().starts_with("Decryption failed"),
                "{refused}"
            );
        }
    }

    #[tokio::test]
    async fn sizes_are_bounded_as_at_google() {
        let (app, owner) = open().await;
        let key = encryption_key(&app, &owner, "secrets").await;
        let primary = Encrypter::Primary(key.clone());
        let largest = vec![7; limits::KMS_PLAINTEXT_SIZE_MAX];
        let encrypted = app
            .encrypt(&owner, &primary, &largest, &largest)
            .await
            .unwrap();
        let decrypted = app
            .decrypt(&owner, &key, &encrypted.ciphertext, &largest)
            .await;
        assert_eq!(decrypted.unwrap().plaintext.as_slice(), largest);
        let larger = vec![7; limits::KMS_PLAINTEXT_SIZE_MAX + 1];
        for (text, data) in [(&larger[..], &b""[..]), (b"", &larger)] {
            let refused = app.encrypt(&owner, &primary, text, data).await;
            assert!(matches!(refused, Err(Error::Invalid { .. })));
        }
    }
}
