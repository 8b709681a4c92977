//! Rotations and destructions, when they are due.

use std::sync::{Arc, Weak};
use std::time::Duration;

use jiff::Timestamp;
use wharf_store::meta::Durability;
use wharf_store::meta::kms::{crypto_keys, versions};
use wharf_types::kms::VersionState;

use crate::{App, Error, clock};

/// Time between two looks: a rotation or destruction is late by so much at most.
const LOOK_EVERY: Duration = Duration::from_secs(30);
/// What one look does at most before it looks again.
const BATCH: usize = 100;

/// What a look did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Done {
    /// Keys that got a new primary version.
    pub(crate) rotated: usize,
    /// Versions whose secret was destroyed.
    pub(crate) destroyed: usize,
}

impl App {
    /// Rotates keys and destroys versions in the background until the registry is dropped.
    pub(crate) fn start_kms_schedule(self: &Arc<Self>) {
        tokio::spawn(keep(Arc::downgrade(self)));
    }

    /// Does what is due at `now`.
    pub(crate) async fn do_what_is_due(&self, now: Timestamp) -> Result<Done, Error> {
        let mut done = Done::default();
        loop {
            let rotated = self.rotate(now).await?;
            let destroyed = self.destroy(now).await?;
            done.rotated += rotated;
            done.destroyed += destroyed;
            if rotated < BATCH && destroyed < BATCH {
                return Ok(done);
            }
        }
    }

    async fn rotate(&self, now: Timestamp) -> Result<usize, Error> {
        let due = self
            .meta
            .read(move |transaction| Ok::<_, Error>(crypto_keys::due(transaction, now, BATCH)?))
            .await?;
        for key in &due {
            // None: somebody made a version meanwhile. The key is due at the next look still.
            match self.append_version(key, true).await {
                Ok(Some(version)) => tracing::info!(version = %version.name, "key rotated"),
                Ok(None) => {}
                Err(error) => {
                    tracing::error!(key = %key.name, %error, "rotating a key");
                    self.put_rotation_off(key, now).await?;
                }
            }
        }
        Ok(due.len())
    }

    /// A key that cannot be rotated is tried again in a day, so that it does not keep others from their turn.
    async fn put_rotation_off(
        &self,
        key: &super::crypto_keys::CryptoKey,
        now: Timestamp,
    ) -> Result<(), Error> {
        let name = key.name.clone();
        let later = super::crypto_keys::after(now, Duration::from_secs(24 * 3600));
        self.meta
            .write(Durability::Machine, move |transaction| {
                if let Some(mut key) = crypto_keys::find(transaction, &name)? {
                    key.next_rotation_at = key.next_rotation_at.map(|_| later);
                    crypto_keys::update(transaction, &key)?;
                }
                Ok(())
            })
            .await
    }

    async fn destroy(&self, now: Timestamp) -> Result<usize, Error> {
        let destroyed = self
            .meta
            .write(Durability::Machine, move |transaction| {
                let mut due = versions::due(transaction, now, BATCH)?;
                for version in &mut due {
                    version.state = VersionState::Destroyed;
                    version.destroyed_at = version.destroy_at.take();
                    versions::update(transaction, version)?;
                }
                Ok::<_, Error>(due)
            })
            .await?;
        for version in &destroyed {
            tracing::warn!(version = %version.name, "key version destroyed: what it encrypted cannot be read any more");
        }
        Ok(destroyed.len())
    }
}

async fn keep(app: Weak<App>) {
    loop {
        match app.upgrade() {
            None => return,
            Some(app) => {
                if let Err(error) = app.do_what_is_due(clock::now()).await {
                    tracing::error!(%error, "rotating and destroying keys");
                }
            }
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use wharf_types::limits;

    use super::*;
    use crate::kms::cipher::Encrypter;
    use crate::kms::crypto_keys::{CryptoKeyChange, after};
    use crate::kms::testing::{encryption_key, open};

    const DAY: Duration = Duration::from_secs(24 * 3600);

    #[tokio::test]
    async fn a_rotation_that_is_due_makes_a_new_primary_version() {
        let (app, owner) = open().await;
        let name = encryption_key(&app, &owner, "secrets").await;
        let change = CryptoKeyChange {
            rotation_period: Some(Some(DAY)),
            ..CryptoKeyChange::default()
        };
        let key = app
            .update_crypto_key(&owner, &name, change)
            .await
            .unwrap()
            .key;
        let due = key.next_rotation_at.unwrap();
        let before = due.checked_sub(Duration::from_secs(1)).unwrap();
        assert_eq!(app.do_what_is_due(before).await.unwrap(), Done::default());
        assert_eq!(app.do_what_is_due(due).await.unwrap().rotated, 1);
        let after = app.get_crypto_key(&owner, &name).await.unwrap();
        assert_eq!(after.key.primary_version, Some(2));
        assert!(after.key.next_rotation_at > Some(clock::now()));
        let encrypted = app
            .encrypt(&owner, &Encrypter::Primary(name), b"", b"")
            .await;
        assert_eq!(encrypted.unwrap().version.number, 2);
    }

    #[tokio::test]
    async fn a_version_can_be_restored_until_it_is_destroyed() {
        let (app, owner) = open().await;
        let name = encryption_key(&app, &owner, "secrets").await;
        let version = name.version(1);
        let primary = Encrypter::Primary(name.clone());
        let encrypted = app.encrypt(&owner, &primary, b"text", b"").await.unwrap();
        let decrypt = async || app.decrypt(&owner, &name, &encrypted.ciphertext, b"").await;

        let scheduled = app
            .destroy_crypto_key_version(&owner, &version)
            .await
            .unwrap();
        let due = scheduled.destroy_at.unwrap();
        assert!(due >= after(scheduled.created_at, limits::KMS_DESTROY_DELAY_DEFAULT));
        let refused = decrypt().await.unwrap_err();
        assert!(
            refused.to_string().contains("DESTROY_SCHEDULED"),
            "{refused}"
        );
        assert!(
            app.set_version_enabled(&owner, &version, true)
                .await
                .is_err()
        );
        let restored = app
            .restore_crypto_key_version(&owner, &version)
            .await
            .unwrap();
        assert_eq!(restored.state, VersionState::Disabled);
        assert!(decrypt().await.is_err());
        app.set_version_enabled(&owner, &version, true)
            .await
            .unwrap();
        assert_eq!(decrypt().await.unwrap().plaintext.as_slice(), b"text");

        let due = app
            .destroy_crypto_key_version(&owner, &version)
            .await
            .unwrap();
        let due = due.destroy_at.unwrap();
        assert_eq!(app.do_what_is_due(due).await.unwrap().destroyed, 1);
        let gone = app.get_crypto_key_version(&owner, &version).await.unwrap();
        assert_eq!(
            (gone.state, gone.destroy_at),
            (VersionState::Destroyed, None)
        );
        assert!(gone.destroyed_at.is_some());
        let refused = decrypt().await.unwrap_err();
        assert!(refused.to_string().contains("DESTROYED"), "{refused}");
        assert!(
            app.restore_crypto_key_version(&owner, &version)
                .await
                .is_err()
        );
        let sealed = app
            .meta
            .read(move |transaction| Ok::<_, Error>(versions::material(transaction, &version)?));
        assert_eq!(sealed.await.unwrap(), None, "the secret is gone");
    }
}
