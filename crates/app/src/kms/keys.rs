//! Keys and opened versions, in memory: an encryption costs no look-up in the database.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use quick_cache::sync::Cache;
use tokio::sync::Semaphore;
use wharf_store::meta::Change;
use wharf_store::meta::kms::{crypto_keys, versions};
use wharf_types::kms::{Algorithm, CryptoKeyName, CryptoKeyVersionName, VersionState};

use super::crypto_keys::CryptoKey;
use super::material::Material;
use super::versions::CryptoKeyVersion;
use crate::memory::remembered;
use crate::{App, Error, Missing};

/// Keys that are remembered, with the versions of each that were used.
const KEYS_MAX: usize = 10_000;
/// Computations with RSA at once: they take milliseconds of a core, and others want one too.
const SLOW_AT_ONCE: usize = 1;

/// What this room keeps in memory.
pub(crate) struct State {
    keys: Cache<CryptoKeyName, Arc<Remembered>>,
    /// Turns of those who compute for long.
    pub(super) slow: Arc<Semaphore>,
}

impl Default for State {
    fn default() -> Self {
        Self {
            keys: Cache::new(KEYS_MAX),
            slow: Arc::new(Semaphore::new(SLOW_AT_ONCE)),
        }
    }
}

impl State {
    /// Drops what a commit changed: the key with all its versions.
    pub(crate) fn forget(&self, changes: &[Change]) {
        for change in changes {
            if let Change::CryptoKey(key) = change {
                self.keys.remove(key);
            }
        }
    }
}

/// A key as it is now, and those of its versions that were used since it was read.
pub(super) struct Remembered {
    pub(super) key: CryptoKey,
    versions: Mutex<HashMap<u32, Arc<Opened>>>,
}

/// A version as it is now.
pub(super) struct Opened {
    pub(super) version: CryptoKeyVersion,
    /// None: destroyed.
    material: Option<Material>,
}

impl Opened {
    /// The secret, if the version may be used.
    pub(super) fn usable(&self) -> Result<&Material, Error> {
        match (&self.material, self.version.state) {
            (Some(material), VersionState::Enabled) => Ok(material),
            (_, state) => Err(Error::FailedPrecondition(format!(
                "{} is not enabled, current state is: {state}{}",
                self.version.name,
                remedy(state)
            ))),
        }
    }

    /// How it does what its key is for.
    pub(super) fn algorithm(&self) -> Algorithm {
        self.version.algorithm
    }
}

/// What brings a version back.
fn remedy(state: VersionState) -> &'static str {
    match state {
        VersionState::Enabled => "",
        VersionState::Disabled => "; enable it: wharf kms keys versions enable",
        VersionState::DestroyScheduled => {
            "; restore it while there is time: wharf kms keys versions restore, then enable"
        }
        VersionState::Destroyed => "; what it encrypted cannot be read any more",
    }
}

impl App {
    /// A key as it is now.
    pub(super) async fn remembered_key(
        &self,
        name: &CryptoKeyName,
    ) -> Result<Arc<Remembered>, Error> {
        let wanted = name.clone();
        let read = async {
            self.meta
                .read(move |transaction| {
                    let key = crypto_keys::find(transaction, &wanted)?
                        .ok_or_else(|| Error::not_found(Missing::CryptoKey, &wanted))?;
                    Ok(Arc::new(Remembered {
                        key,
                        versions: Mutex::default(),
                    }))
                })
                .await
        };
        remembered(&self.kms.keys, name, read).await
    }

    /// A version of a key as it is now, its secret opened.
    pub(super) async fn opened_version(
        &self,
        remembered: &Remembered,
        number: u32,
    ) -> Result<Arc<Opened>, Error> {
        let versions = &remembered.versions;
        let held = |versions: &Mutex<HashMap<_, Arc<Opened>>>| {
            let versions = versions.lock().unwrap_or_else(PoisonError::into_inner);
            versions.get(&number).cloned()
        };
        if let Some(opened) = held(versions) {
            return Ok(opened);
        }
        let name = remembered.key.name.version(number);
        let wanted = name.clone();
        let (version, sealed) = self
            .meta
            .read(move |transaction| {
                let version = versions::find(transaction, &wanted)?
                    .ok_or_else(|| Error::not_found(Missing::CryptoKeyVersion, &wanted))?;
                Ok::<_, Error>((version, versions::material(transaction, &wanted)?))
            })
            .await?;
        let material = sealed
            .map(|sealed| {
                let secret = self.seal.open(&seal_name(&name), &sealed)?;
                Material::open(version.algorithm, &secret)
            })
            .transpose()?;
        let opened = Arc::new(Opened { version, material });
        // A change that came meanwhile has taken `remembered` out of memory: nobody who asks after it sees this one.
        versions
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(number, opened.clone());
        Ok(opened)
    }
}

/// The name that a version's secret is sealed under.
pub(super) fn seal_name(version: &CryptoKeyVersionName) -> String {
    format!("kms/{version}")
}
