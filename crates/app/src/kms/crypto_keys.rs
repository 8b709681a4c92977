//! Keys: created, read, changed. A key is never deleted; what can be destroyed are its versions.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use wharf_store::meta::kms::{crypto_keys, key_rings, versions};
use wharf_store::meta::{Durability, Transaction};
use wharf_types::kms::{Algorithm, CryptoKeyName, KeyRingName, Purpose, VersionState};
use wharf_types::permission::{
    CRYPTO_KEYS_CREATE, CRYPTO_KEYS_GET, CRYPTO_KEYS_LIST, CRYPTO_KEYS_UPDATE,
};
use wharf_types::{Resource, limits};

pub use wharf_store::meta::kms::crypto_keys::CryptoKey;

use super::invalid;
use super::versions::{CryptoKeyVersion, NewVersion};
use crate::iam::projects::check_labels;
use crate::{App, Caller, Error, Missing, clock};

/// A key with its primary version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyAndPrimary {
    /// The key.
    pub key: CryptoKey,
    /// The version that encrypts, if it has one.
    pub primary: Option<CryptoKeyVersion>,
}

/// What a new key should be.
#[derive(Clone, Debug)]
pub struct NewCryptoKey {
    /// What it is for.
    pub purpose: Purpose,
    /// How its versions do it; none: the usual way, which only keys for encryption have.
    pub algorithm: Option<Algorithm>,
    /// For people.
    pub labels: BTreeMap<String, String>,
    /// How long a version stays the primary one.
    pub rotation_period: Option<Duration>,
    /// When the first rotation is due; none with a period: a period from now.
    pub next_rotation_at: Option<Timestamp>,
    /// From the request of a destruction to the destruction.
    pub destroy_delay: Option<Duration>,
    /// Whether to make no version yet.
    pub skip_initial_version: bool,
}

/// What of a key can be changed. `Some(None)` takes something away.
#[derive(Clone, Debug, Default)]
pub struct CryptoKeyChange {
    /// For people.
    pub labels: Option<BTreeMap<String, String>>,
    /// How long a version stays the primary one.
    pub rotation_period: Option<Option<Duration>>,
    /// When the next rotation is due.
    pub next_rotation_at: Option<Option<Timestamp>>,
    /// The algorithm of versions to come.
    pub algorithm: Option<Algorithm>,
}

impl App {
    /// Creates a key, and its first version unless that is to be skipped. The first version of a key for encryption is
    /// its primary one.
    pub async fn create_crypto_key(
        &self,
        caller: &Caller,
        name: &CryptoKeyName,
        content: NewCryptoKey,
    ) -> Result<KeyAndPrimary, Error> {
        let on = Resource::KeyRing(name.ring());
        self.authorize(caller, &[CRYPTO_KEYS_CREATE], &on).await?;
        let key = content.key(name, clock::now())?;
        let first = match content.skip_initial_version {
            true => None,
            false => Some(self.make_version(name.version(1), key.algorithm).await?),
        };
        self.meta
            .write(Durability::Machine, move |transaction| {
                let ring = key.name.ring();
                if key_rings::find(transaction, &ring)?.is_none() {
                    return Err(Error::not_found(Missing::KeyRing, &ring));
                }
                if crypto_keys::find(transaction, &key.name)?.is_some() {
                    return Err(Error::AlreadyExists(format!("CryptoKey {}", key.name)));
                }
                if crypto_keys::count(transaction, &ring)? >= limits::CRYPTO_KEYS_PER_RING_MAX {
                    return Err(Error::FailedPrecondition(format!(
                        "{ring} has {} keys, which is the most: create another key ring",
                        limits::CRYPTO_KEYS_PER_RING_MAX
                    )));
                }
                insert(transaction, key.clone(), first.as_ref())
            })
            .await
    }

    /// Reads a key.
    pub async fn get_crypto_key(
        &self,
        caller: &Caller,
        name: &CryptoKeyName,
    ) -> Result<KeyAndPrimary, Error> {
        let on = Resource::CryptoKey(name.clone());
        self.authorize(caller, &[CRYPTO_KEYS_GET], &on).await?;
        let name = name.clone();
        self.meta
            .read(move |transaction| {
                let key = find(transaction, &name)?;
                with_primary(transaction, key)
            })
            .await
    }

    /// A ring's keys in order of name, after `after`; `limit` at most.
    pub async fn list_crypto_keys(
        &self,
        caller: &Caller,
        ring: &KeyRingName,
        after: Option<&CryptoKeyName>,
        limit: usize,
    ) -> Result<Vec<KeyAndPrimary>, Error> {
        let on = Resource::KeyRing(ring.clone());
        self.authorize(caller, &[CRYPTO_KEYS_LIST], &on).await?;
        let (ring, after) = (ring.clone(), after.cloned());
        self.meta
            .read(move |transaction| {
                if key_rings::find(transaction, &ring)?.is_none() {
                    return Err(Error::not_found(Missing::KeyRing, &ring));
                }
                crypto_keys::list(transaction, &ring, after.as_ref(), limit)?
                    .into_iter()
                    .map(|key| with_primary(transaction, key))
                    .collect()
            })
            .await
    }

    /// Changes what `change` has.
    pub async fn update_crypto_key(
        &self,
        caller: &Caller,
        name: &CryptoKeyName,
        change: CryptoKeyChange,
    ) -> Result<KeyAndPrimary, Error> {
        let on = Resource::CryptoKey(name.clone());
        self.authorize(caller, &[CRYPTO_KEYS_UPDATE], &on).await?;
        let (name, now) = (name.clone(), clock::now());
        self.meta
            .write(Durability::Machine, move |transaction| {
                let mut key = find(transaction, &name)?;
                change.clone().apply(&mut key, now)?;
                crypto_keys::update(transaction, &key)?;
                with_primary(transaction, key)
            })
            .await
    }

    /// Makes a version the one that encrypts.
    pub async fn update_primary_version(
        &self,
        caller: &Caller,
        name: &CryptoKeyName,
        number: u32,
    ) -> Result<KeyAndPrimary, Error> {
        let on = Resource::CryptoKey(name.clone());
        self.authorize(caller, &[CRYPTO_KEYS_UPDATE], &on).await?;
        let name = name.clone();
        self.meta
            .write(Durability::Machine, move |transaction| {
                let mut key = find(transaction, &name)?;
                if key.purpose != Purpose::EncryptDecrypt {
                    return Err(Error::FailedPrecondition(format!(
                        "{name} has the purpose {}: only keys for ENCRYPT_DECRYPT have a primary version",
                        key.purpose
                    )));
                }
                let version = name.version(number);
                let version = versions::find(transaction, &version)?
                    .ok_or_else(|| Error::not_found(Missing::CryptoKeyVersion, &version))?;
                if version.state != VersionState::Enabled {
                    return Err(Error::FailedPrecondition(format!(
                        "{} is not enabled, current state is: {}: it cannot be the primary version",
                        version.name, version.state
                    )));
                }
                key.primary_version = Some(number);
                crypto_keys::update(transaction, &key)?;
                with_primary(transaction, key)
            })
            .await
    }
}

pub(super) fn find(
    transaction: &Transaction<'_>,
    name: &CryptoKeyName,
) -> Result<CryptoKey, Error> {
    crypto_keys::find(transaction, name)?.ok_or_else(|| Error::not_found(Missing::CryptoKey, name))
}

fn with_primary(transaction: &Transaction<'_>, key: CryptoKey) -> Result<KeyAndPrimary, Error> {
    let primary = match key.primary_version {
        Some(number) => versions::find(transaction, &key.name.version(number))?,
        None => None,
    };
    Ok(KeyAndPrimary { key, primary })
}

fn insert(
    transaction: &Transaction<'_>,
    mut key: CryptoKey,
    first: Option<&NewVersion>,
) -> Result<KeyAndPrimary, Error> {
    if first.is_some() {
        key.last_version = 1;
        key.primary_version = (key.purpose == Purpose::EncryptDecrypt).then_some(1);
    }
    crypto_keys::insert(transaction, &key)?;
    if let Some(first) = first {
        versions::insert(transaction, &first.version, &first.sealed)?;
    }
    with_primary(transaction, key)
}

impl NewCryptoKey {
    fn key(&self, name: &CryptoKeyName, now: Timestamp) -> Result<CryptoKey, Error> {
        check_labels(&self.labels)?;
        let algorithm = match (self.algorithm, self.purpose) {
            (Some(algorithm), _) => algorithm,
            (None, Purpose::EncryptDecrypt) => Algorithm::GoogleSymmetricEncryption,
            (None, purpose) => {
                return Err(invalid(format!(
                    "versionTemplate.algorithm must be there for a key of the purpose {purpose}: {}",
                    algorithms_of(purpose)
                )));
            }
        };
        check_algorithm(algorithm, self.purpose)?;
        let destroy_delay = self
            .destroy_delay
            .unwrap_or(limits::KMS_DESTROY_DELAY_DEFAULT);
        if !(limits::KMS_DESTROY_DELAY_MIN..=limits::KMS_DESTROY_DELAY_MAX).contains(&destroy_delay)
        {
            return Err(invalid(
                "destroyScheduledDuration must be between 24 hours and 120 days",
            ));
        }
        let mut key = CryptoKey {
            name: name.clone(),
            purpose: self.purpose,
            algorithm,
            labels: self.labels.clone(),
            rotation_period: None,
            next_rotation_at: None,
            destroy_delay,
            primary_version: None,
            last_version: 0,
            created_at: now,
        };
        let rotation = CryptoKeyChange {
            rotation_period: self.rotation_period.map(Some),
            next_rotation_at: self.next_rotation_at.map(Some),
            ..CryptoKeyChange::default()
        };
        rotation.apply(&mut key, now)?;
        Ok(key)
    }
}

impl CryptoKeyChange {
    fn apply(self, key: &mut CryptoKey, now: Timestamp) -> Result<(), Error> {
        if let Some(labels) = self.labels {
            check_labels(&labels)?;
            key.labels = labels;
        }
        if let Some(algorithm) = self.algorithm {
            check_algorithm(algorithm, key.purpose)?;
            key.algorithm = algorithm;
        }
        let (period, next) = (self.rotation_period, self.next_rotation_at);
        if matches!(period, Some(Some(_))) || matches!(next, Some(Some(_))) {
            check_rotation(key.purpose, period.flatten(), next.flatten(), now)?;
        }
        if let Some(period) = period {
            key.rotation_period = period;
            key.next_rotation_at = match (period, next.flatten()) {
                (None, None) => None,
                (_, Some(at)) => Some(at),
                (Some(period), None) => Some(after(now, period)),
            };
        } else if let Some(next) = next {
            key.next_rotation_at = next;
        }
        Ok(())
    }
}

fn check_rotation(
    purpose: Purpose,
    period: Option<Duration>,
    next: Option<Timestamp>,
    now: Timestamp,
) -> Result<(), Error> {
    if purpose != Purpose::EncryptDecrypt {
        return Err(invalid(format!(
            "a key of the purpose {purpose} is not rotated by itself: create a version, and tell those who use it"
        )));
    }
    let allowed = limits::KMS_ROTATION_PERIOD_MIN..=limits::KMS_ROTATION_PERIOD_MAX;
    if period.is_some_and(|period| !allowed.contains(&period)) {
        return Err(invalid(
            "rotationPeriod must be between 24 hours (86400s) and 876000 hours",
        ));
    }
    if next.is_some_and(|next| next <= now) {
        return Err(invalid("nextRotationTime must be in the future"));
    }
    Ok(())
}

/// A time this long after another; what no clock reaches is the end of time.
pub(super) fn after(now: Timestamp, duration: Duration) -> Timestamp {
    now.checked_add(duration).unwrap_or(Timestamp::MAX)
}

fn check_algorithm(algorithm: Algorithm, purpose: Purpose) -> Result<(), Error> {
    if algorithm.purpose() == purpose {
        return Ok(());
    }
    Err(invalid(format!(
        "the algorithm {algorithm} is not one of the purpose {purpose}: {}",
        algorithms_of(purpose)
    )))
}

fn algorithms_of(purpose: Purpose) -> String {
    let all = Algorithm::ALL.iter();
    let names: Vec<_> = all
        .filter(|algorithm| algorithm.purpose() == purpose)
        .map(|algorithm| algorithm.as_str())
        .collect();
    format!("use {}", names.join(", "))
}
