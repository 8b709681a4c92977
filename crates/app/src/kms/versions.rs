//! Versions of keys: made, enabled, disabled, destroyed after a delay, restored before.

use wharf_store::meta::kms::{crypto_keys, versions};
use wharf_store::meta::{Durability, Transaction};
use wharf_types::kms::{Algorithm, CryptoKeyName, CryptoKeyVersionName, VersionState};
use wharf_types::permission::{
    VERSIONS_CREATE, VERSIONS_DESTROY, VERSIONS_GET, VERSIONS_LIST, VERSIONS_RESTORE,
    VERSIONS_UPDATE,
};
use wharf_types::{Permission, Resource, limits};

pub use wharf_store::meta::kms::versions::CryptoKeyVersion;

use super::crypto_keys::{after, find as find_key};
use super::keys::seal_name;
use super::material::Made;
use crate::{App, Caller, Error, Missing, clock};

/// A version that was made and is not stored yet.
#[derive(Clone)]
pub(super) struct NewVersion {
    pub(super) version: CryptoKeyVersion,
    pub(super) sealed: Vec<u8>,
}

impl App {
    /// Creates the next version of a key. The primary version stays the one that it was.
    pub async fn create_crypto_key_version(
        &self,
        caller: &Caller,
        name: &CryptoKeyName,
    ) -> Result<CryptoKeyVersion, Error> {
        let on = Resource::CryptoKey(name.clone());
        self.authorize(caller, &[VERSIONS_CREATE], &on).await?;
        loop {
            let key = self.remembered_key(name).await?.key.clone();
            if let Some(version) = self.append_version(&key, false).await? {
                return Ok(version);
            }
            // Somebody else took the number: the next one.
        }
    }

    /// Makes the next version of a key, and stores it if the key still is as it was; as its primary one, if so wanted.
    pub(super) async fn append_version(
        &self,
        key: &super::crypto_keys::CryptoKey,
        as_primary: bool,
    ) -> Result<Option<CryptoKeyVersion>, Error> {
        if key.last_version >= limits::KMS_VERSIONS_PER_KEY_MAX {
            return Err(Error::FailedPrecondition(format!(
                "{} has {} versions, which is the most: create another key",
                key.name, key.last_version
            )));
        }
        let number = key.last_version + 1;
        let new = self
            .make_version(key.name.version(number), key.algorithm)
            .await?;
        let (key, now) = (key.clone(), clock::now());
        self.meta
            .write(Durability::Machine, move |transaction| {
                let mut current = find_key(transaction, &key.name)?;
                if current.last_version != key.last_version {
                    return Ok(None);
                }
                current.last_version = number;
                if as_primary {
                    current.primary_version = Some(number);
                    current.next_rotation_at =
                        current.rotation_period.map(|period| after(now, period));
                }
                versions::insert(transaction, &new.version, &new.sealed)?;
                crypto_keys::update(transaction, &current)?;
                Ok::<_, Error>(Some(new.version.clone()))
            })
            .await
    }

    /// Makes the secret of a version, and seals it.
    pub(super) async fn make_version(
        &self,
        name: CryptoKeyVersionName,
        algorithm: Algorithm,
    ) -> Result<NewVersion, Error> {
        let turn = self.kms.slow.clone().acquire_owned().await;
        let turn = turn.map_err(Error::internal)?;
        let made = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            Made::new(algorithm)
        })
        .await
        .map_err(Error::internal)??;
        let sealed = self.seal.seal(&seal_name(&name), &made.secret)?;
        let version = CryptoKeyVersion {
            name,
            state: VersionState::Enabled,
            algorithm,
            public_key: made.public_key,
            created_at: clock::now(),
            destroy_at: None,
            destroyed_at: None,
        };
        Ok(NewVersion { version, sealed })
    }

    /// Reads a version.
    pub async fn get_crypto_key_version(
        &self,
        caller: &Caller,
        name: &CryptoKeyVersionName,
    ) -> Result<CryptoKeyVersion, Error> {
        self.authorize_version(caller, VERSIONS_GET, name).await?;
        let name = name.clone();
        self.meta
            .read(move |transaction| find(transaction, &name))
            .await
    }

    /// A key's versions in order of number, after `after`; `limit` at most.
    pub async fn list_crypto_key_versions(
        &self,
        caller: &Caller,
        key: &CryptoKeyName,
        after: u32,
        limit: usize,
    ) -> Result<Vec<CryptoKeyVersion>, Error> {
        let on = Resource::CryptoKey(key.clone());
        self.authorize(caller, &[VERSIONS_LIST], &on).await?;
        let key = key.clone();
        self.meta
            .read(move |transaction| {
                find_key(transaction, &key)?;
                Ok(versions::list(transaction, &key, after, limit)?)
            })
            .await
    }

    /// Enables or disables a version.
    pub async fn set_version_enabled(
        &self,
        caller: &Caller,
        name: &CryptoKeyVersionName,
        enabled: bool,
    ) -> Result<CryptoKeyVersion, Error> {
        self.authorize_version(caller, VERSIONS_UPDATE, name)
            .await?;
        self.change_version(name, move |version| {
            let wanted = match enabled {
                true => VersionState::Enabled,
                false => VersionState::Disabled,
            };
            match version.state {
                VersionState::Enabled | VersionState::Disabled => version.state = wanted,
                VersionState::DestroyScheduled => {
                    return Err(not_from(version, "restore it first"));
                }
                VersionState::Destroyed => {
                    return Err(not_from(version, "what is destroyed does not come back"));
                }
            }
            Ok(())
        })
        .await
    }

    /// Schedules the destruction of a version's secret: after the delay of its key it is gone for good.
    pub async fn destroy_crypto_key_version(
        &self,
        caller: &Caller,
        name: &CryptoKeyVersionName,
    ) -> Result<CryptoKeyVersion, Error> {
        self.authorize_version(caller, VERSIONS_DESTROY, name)
            .await?;
        let delay = self.remembered_key(&name.key).await?.key.destroy_delay;
        let at = after(clock::now(), delay);
        self.change_version(name, move |version| {
            match version.state {
                VersionState::Enabled | VersionState::Disabled => {}
                VersionState::DestroyScheduled | VersionState::Destroyed => {
                    return Err(not_from(version, "its destruction was asked for already"));
                }
            }
            version.state = VersionState::DestroyScheduled;
            version.destroy_at = Some(at);
            Ok(())
        })
        .await
    }

    /// Takes a scheduled destruction back. The version is disabled then, and can be enabled.
    pub async fn restore_crypto_key_version(
        &self,
        caller: &Caller,
        name: &CryptoKeyVersionName,
    ) -> Result<CryptoKeyVersion, Error> {
        self.authorize_version(caller, VERSIONS_RESTORE, name)
            .await?;
        self.change_version(name, |version| {
            if version.state != VersionState::DestroyScheduled {
                return Err(not_from(
                    version,
                    "only one whose destruction is scheduled can be restored",
                ));
            }
            version.state = VersionState::Disabled;
            version.destroy_at = None;
            Ok(())
        })
        .await
    }

    pub(super) async fn authorize_version(
        &self,
        caller: &Caller,
        permission: Permission,
        name: &CryptoKeyVersionName,
    ) -> Result<(), Error> {
        let on = Resource::CryptoKeyVersion(name.clone());
        self.authorize(caller, &[permission], &on).await
    }

    async fn change_version(
        &self,
        name: &CryptoKeyVersionName,
        change: impl Fn(&mut CryptoKeyVersion) -> Result<(), Error> + Send + 'static,
    ) -> Result<CryptoKeyVersion, Error> {
        let name = name.clone();
        self.meta
            .write(Durability::Machine, move |transaction| {
                let mut version = find(transaction, &name)?;
                change(&mut version)?;
                versions::update(transaction, &version)?;
                Ok(version)
            })
            .await
    }
}

fn find(
    transaction: &Transaction<'_>,
    name: &CryptoKeyVersionName,
) -> Result<CryptoKeyVersion, Error> {
    versions::find(transaction, name)?
        .ok_or_else(|| Error::not_found(Missing::CryptoKeyVersion, name))
}

fn not_from(version: &CryptoKeyVersion, why: &str) -> Error {
    Error::FailedPrecondition(format!(
        "{} has the state {}: {why}",
        version.name, version.state
    ))
}
