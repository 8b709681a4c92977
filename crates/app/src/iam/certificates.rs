//! Public keys for those who verify elsewhere what was signed here: as X.509 certificates, as Google publishes them, and
//! as the numbers of a JWK (RFC 7517).
//!
//! A certificate says no more than whose a key is and when it is good. Nobody has to trust its issuer, the registry
//! itself: it is fetched from the registry.

use std::time::Duration;

use aws_lc_rs::rsa::PublicKey;
use jiff::Timestamp;
use quick_cache::sync::Cache;
use rcgen::{
    CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyUsagePurpose,
    SerialNumber, SubjectPublicKeyInfo,
};
use wharf_store::meta::access::keys;

use super::accounts::{self, AccountReference};
use super::keys::ServiceAccountKey;
use super::signing::{Owner, SigningKey};
use crate::{App, Error, Missing, clock};

/// The name of the registry in certificates.
const REGISTRY_NAME: &str = "wharfinger";
/// Certificates that are remembered: a KiB each.
const CERTIFICATES_MAX: usize = 1_000;

/// A public key as it is published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishedKey {
    /// `kid` of what it verifies.
    pub id: String,
    /// An X.509 certificate in PEM.
    pub certificate: String,
    /// RSA's `n`, big-endian without leading zeros.
    pub modulus: Vec<u8>,
    /// RSA's `e`, likewise.
    pub exponent: Vec<u8>,
}

/// The certificates that were made lately, by the id of their key: what is in one never changes.
pub(super) struct Certificates(Cache<String, String>);

impl Default for Certificates {
    fn default() -> Self {
        Self(Cache::new(CERTIFICATES_MAX))
    }
}

/// A public key, before it is published.
struct Unpublished {
    id: String,
    public_key: Vec<u8>,
    valid_after: Timestamp,
    valid_before: Timestamp,
}

impl From<ServiceAccountKey> for Unpublished {
    fn from(key: ServiceAccountKey) -> Self {
        Self {
            id: key.id,
            public_key: key.public_key,
            valid_after: key.valid_after,
            valid_before: key.valid_before,
        }
    }
}

impl App {
    /// The keys that verify the registry's ID tokens. Everybody may know them.
    pub async fn registry_public_keys(&self) -> Result<Vec<PublishedKey>, Error> {
        let issuer = self.signing_key(&Owner::Registry).await?;
        let keys = self.signing_keys(&Owner::Registry).await?;
        let keys = keys.into_iter().map(|key| Unpublished {
            id: key.id,
            public_key: key.public_key,
            valid_after: key.created_at,
            valid_before: key.expires_at,
        });
        keys.map(|key| self.publish(key, REGISTRY_NAME, &issuer))
            .collect()
    }

    /// The keys that verify what an account signs: those of its key files, and those by which the registry signs for
    /// it. As at Google, everybody may know them who knows the account's address.
    pub async fn account_public_keys(
        &self,
        account: &AccountReference,
    ) -> Result<Vec<PublishedKey>, Error> {
        let (account, now) = (account.clone(), clock::now());
        let (account, keys) = self
            .meta
            .read(move |transaction| {
                let account = accounts::find_named(transaction, &account)?
                    .ok_or_else(|| Error::not_found(Missing::ServiceAccount, &account))?;
                let keys = keys::list(transaction, &account.email)?;
                Ok::<_, Error>((account, keys))
            })
            .await?;
        if account.disabled {
            return Ok(Vec::new());
        }
        let issuer = self.signing_key(&Owner::Registry).await?;
        keys.into_iter()
            .filter(|key| !key.disabled && key.valid_before > now)
            .map(Unpublished::from)
            .map(|key| self.publish(key, &account.unique_id, &issuer))
            .collect()
    }

    /// The certificate of one key.
    pub async fn certificate_of(&self, key: &ServiceAccountKey) -> Result<String, Error> {
        let state = self
            .iam
            .credentials
            .account(&self.meta, &key.account)
            .await?;
        let account = state
            .map(|state| state.account.clone())
            .ok_or_else(|| Error::not_found(Missing::ServiceAccount, &key.account))?;
        let issuer = self.signing_key(&Owner::Registry).await?;
        let key = Unpublished::from(key.clone());
        Ok(self.publish(key, &account.unique_id, &issuer)?.certificate)
    }

    fn publish(
        &self,
        key: Unpublished,
        subject: &str,
        issuer: &SigningKey,
    ) -> Result<PublishedKey, Error> {
        let known = &self.iam.certificates.0;
        let certificate = match known.get(&key.id) {
            Some(certificate) => certificate,
            None => {
                let certificate = certificate(&key, subject, issuer).map_err(Error::internal)?;
                known.insert(key.id.clone(), certificate.clone());
                certificate
            }
        };
        let numbers = PublicKey::from_der(&key.public_key).map_err(Error::internal)?;
        Ok(PublishedKey {
            id: key.id,
            certificate,
            modulus: numbers.modulus().big_endian_without_leading_zero().to_vec(),
            exponent: numbers
                .exponent()
                .big_endian_without_leading_zero()
                .to_vec(),
        })
    }
}

fn certificate(
    key: &Unpublished,
    subject: &str,
    issuer: &SigningKey,
) -> Result<String, rcgen::Error> {
    let registry = named(REGISTRY_NAME);
    let mut params = named(subject);
    let epoch = rcgen::date_time_ymd(1970, 1, 1);
    params.not_before = epoch + since_epoch(key.valid_after);
    params.not_after = epoch + since_epoch(key.valid_before);
    // An id of a key is 40 hex digits of nobody's choice, a serial number a positive one of at most 20 bytes.
    let mut serial = hex::decode(&key.id).unwrap_or_default();
    serial.truncate(16);
    if let Some(first) = serial.first_mut() {
        *first = *first & 0x3f | 0x40;
    }
    params.serial_number = Some(SerialNumber::from(serial));
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let public_key = SubjectPublicKeyInfo::from_der(&key.public_key)?;
    let issuer = Issuer::from_params(&registry, issuer);
    Ok(params.signed_by(&public_key, &issuer)?.pem())
}

fn named(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

/// Since 1970. What an uploaded certificate says of the time before says nothing today.
fn since_epoch(time: Timestamp) -> Duration {
    Duration::from_secs(u64::try_from(time.as_second()).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use x509_parser::prelude::{FromDer as _, X509Certificate};

    use super::*;
    use crate::testing::TestApp;

    #[tokio::test]
    async fn a_certificate_has_the_key_and_its_times() {
        let app = TestApp::open().await;
        let (account, key, _) = app.account("puller").await;
        let reference = AccountReference::Email(account.email.clone());
        let published = app.account_public_keys(&reference).await.unwrap();
        assert_eq!(published.len(), 1);
        assert_eq!(published[0].id, key.key.id);
        let der = pem::parse(&published[0].certificate).unwrap();
        let (rest, certificate) = X509Certificate::from_der(der.contents()).unwrap();
        assert!(rest.is_empty());
        assert_eq!(certificate.public_key().raw, key.key.public_key);
        let validity = certificate.validity();
        assert_eq!(
            validity.not_before.timestamp(),
            key.key.valid_after.as_second()
        );
        assert_eq!(
            validity.not_after.timestamp(),
            key.key.valid_before.as_second()
        );
        assert_eq!(published[0].exponent, [1, 0, 1]);
        assert_eq!(published[0].modulus.len(), 256);
        let again = app.account_public_keys(&reference).await.unwrap();
        assert_eq!(again, published);
    }

    #[tokio::test]
    async fn the_registrys_own_certificate_is_signed_by_itself() {
        let app = TestApp::open().await;
        let published = app.registry_public_keys().await.unwrap();
        let der = pem::parse(&published[0].certificate).unwrap();
        let (_, certificate) = X509Certificate::from_der(der.contents()).unwrap();
        assert_eq!(certificate.subject(), certificate.issuer());
        let signing = app.signing_key(&Owner::Registry).await.unwrap();
        let public_key = rcgen::PublicKeyData::subject_public_key_info(&*signing);
        assert_eq!(certificate.public_key().raw, public_key);
    }

    #[tokio::test]
    async fn keys_that_are_refused_are_not_published() {
        let app = TestApp::open().await;
        let owner = app.owner().await;
        let (account, key, _) = app.account("puller").await;
        let reference = AccountReference::UniqueId(account.unique_id.clone());
        let count = async || app.account_public_keys(&reference).await.unwrap().len();
        assert_eq!(count().await, 1);
        app.set_key_disabled(&owner, &reference, &key.key.id, true)
            .await
            .unwrap();
        assert_eq!(count().await, 0);
        app.set_key_disabled(&owner, &reference, &key.key.id, false)
            .await
            .unwrap();
        app.set_account_disabled(&owner, &reference, true)
            .await
            .unwrap();
        assert_eq!(count().await, 0);
        app.delete_account(&owner, &reference).await.unwrap();
        let gone = app.account_public_keys(&reference).await;
        assert!(matches!(gone, Err(Error::NotFound { .. })));
    }
}
