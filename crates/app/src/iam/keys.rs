//! Service account keys.

use std::time::Duration;

use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use wharf_store::meta::access::keys;
use wharf_store::meta::{Durability, Transaction};
use wharf_types::error::OciCode;
use wharf_types::permission::{
    KEYS_CREATE, KEYS_DELETE, KEYS_DISABLE, KEYS_ENABLE, KEYS_GET, KEYS_LIST,
};
use wharf_types::text::shorten;
use wharf_types::{ServiceAccountEmail, limits};

pub use wharf_store::meta::access::keys::{KeyOrigin, ServiceAccountKey};

use super::accounts::{self, AccountReference, ServiceAccount};
use super::key_file::KeyFile;
use super::{key_pair, owners, random};
use crate::{App, Caller, Error, Missing, clock};

/// `valid_before` of a key that does not expire: the last whole second that a [`Timestamp`] can say.
/// Google writes it as 9999-12-31T23:59:59Z.
pub const NEVER: Timestamp = Timestamp::constant(253_402_207_200, 0);

/// A key that was just made. The private half exists nowhere else.
pub struct NewKey {
    /// What is kept.
    pub key: ServiceAccountKey,
    /// Google's JSON key file, complete.
    pub file: SecretString,
}

/// The public half of a key as PEM (`BEGIN PUBLIC KEY`).
pub fn public_key_pem(key: &ServiceAccountKey) -> String {
    key_pair::public_key_pem(&key.public_key)
}

impl App {
    /// Makes a key pair, keeps the public half and answers the key file. Without `lifetime` it does not expire.
    pub async fn create_key(
        &self,
        caller: &Caller,
        account: &AccountReference,
        lifetime: Option<Duration>,
    ) -> Result<NewKey, Error> {
        let email = self.authorize_account(caller, KEYS_CREATE, account).await?;
        let now = clock::now();
        let valid_before = match lifetime {
            None => NEVER,
            Some(lifetime) => expiry(now, lifetime)?,
        };
        // Asked before the expensive part, and again when the key is written.
        let wanted = email.clone();
        let unique_id = self
            .meta
            .read(move |transaction| Ok::<_, Error>(check_room(transaction, &wanted)?.unique_id))
            .await?;
        let turn = self.iam.credentials.pairs.clone().acquire_owned().await;
        let turn = turn.map_err(Error::internal)?;
        let pair = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            key_pair::KeyPair::generate()
        })
        .await
        .map_err(Error::internal)??;
        // While others' pairs were made, the right to this one may have been taken away.
        self.authorize_account(caller, KEYS_CREATE, account).await?;
        let key = ServiceAccountKey {
            id: random::key_id()?,
            account: email,
            public_key: pair.public_key,
            origin: KeyOrigin::KeyFile,
            disabled: false,
            valid_after: now,
            valid_before,
            last_used_at: None,
        };
        let kept = key.clone();
        let account = self
            .meta
            .write(Durability::Machine, move |transaction| {
                let account = check_room(transaction, &kept.account)?;
                // Nor is it for another account that was made meanwhile under the same address.
                if account.unique_id != unique_id {
                    return Err(Error::not_found(Missing::ServiceAccount, &kept.account));
                }
                keys::insert(transaction, &kept)?;
                Ok::<_, Error>(account)
            })
            .await?;
        let external = self.external_url.as_ref().map(url::Url::as_str);
        let file = KeyFile {
            project: &account.project,
            key_id: &key.id,
            private_key: pair.private_key.expose_secret(),
            account: &account.email,
            unique_id: &account.unique_id,
            base_url: external
                .unwrap_or(&caller.origin.base_url)
                .trim_end_matches('/'),
        }
        .render()?;
        Ok(NewKey { key, file })
    }

    /// Keeps the public half of a pair that the caller made: an X.509 certificate or public key in PEM. A
    /// certificate's own times hold for the key.
    pub async fn upload_key(
        &self,
        caller: &Caller,
        account: &AccountReference,
        public_key_pem: &str,
    ) -> Result<ServiceAccountKey, Error> {
        let email = self.authorize_account(caller, KEYS_CREATE, account).await?;
        let refused = |message: String| Error::invalid(OciCode::NameInvalid, message);
        let uploaded = key_pair::read_upload(public_key_pem).map_err(refused)?;
        let now = clock::now();
        let (valid_after, valid_before) = match uploaded.validity {
            None => (now, NEVER),
            Some((from, to)) => (
                Timestamp::from_second(from)
                    .map_err(|_| refused("the certificate's notBefore is no date".to_owned()))?,
                Timestamp::from_second(to).unwrap_or(NEVER).min(NEVER),
            ),
        };
        if valid_before <= now {
            return Err(refused(format!(
                "the certificate expired at {valid_before}"
            )));
        }
        let key = ServiceAccountKey {
            id: random::key_id()?,
            account: email,
            public_key: uploaded.public_key,
            origin: KeyOrigin::Uploaded,
            disabled: false,
            valid_after,
            valid_before,
            last_used_at: None,
        };
        self.meta
            .write(Durability::Machine, move |transaction| {
                check_room(transaction, &key.account)?;
                let others = keys::list(transaction, &key.account)?;
                if others
                    .iter()
                    .any(|other| other.public_key == key.public_key)
                {
                    return Err(Error::AlreadyExists(
                        "a key with that public half".to_owned(),
                    ));
                }
                keys::insert(transaction, &key)?;
                Ok(key.clone())
            })
            .await
    }

    /// Reads a key.
    pub async fn get_key(
        &self,
        caller: &Caller,
        account: &AccountReference,
        id: &str,
    ) -> Result<ServiceAccountKey, Error> {
        let email = self.authorize_account(caller, KEYS_GET, account).await?;
        let id = id.to_owned();
        self.meta
            .read(move |transaction| find(transaction, &email, &id))
            .await
    }

    /// All keys of an account.
    pub async fn list_keys(
        &self,
        caller: &Caller,
        account: &AccountReference,
    ) -> Result<Vec<ServiceAccountKey>, Error> {
        let email = self.authorize_account(caller, KEYS_LIST, account).await?;
        self.meta
            .read(move |transaction| {
                accounts::find(transaction, &email)?;
                Ok(keys::list(transaction, &email)?)
            })
            .await
    }

    /// Disables or enables a key.
    pub async fn set_key_disabled(
        &self,
        caller: &Caller,
        account: &AccountReference,
        id: &str,
        disabled: bool,
    ) -> Result<(), Error> {
        let permission = if disabled { KEYS_DISABLE } else { KEYS_ENABLE };
        self.change_key(caller, permission, account, id, move |transaction, key| {
            Ok(keys::set_disabled(transaction, key, disabled)?)
        })
        .await
    }

    /// Deletes a key.
    pub async fn delete_key(
        &self,
        caller: &Caller,
        account: &AccountReference,
        id: &str,
    ) -> Result<(), Error> {
        self.change_key(caller, KEYS_DELETE, account, id, |transaction, key| {
            Ok(keys::delete(transaction, key)?)
        })
        .await
    }

    async fn change_key(
        &self,
        caller: &Caller,
        permission: wharf_types::Permission,
        account: &AccountReference,
        id: &str,
        change: impl Fn(&Transaction<'_>, &ServiceAccountKey) -> Result<(), Error> + Send + 'static,
    ) -> Result<(), Error> {
        let email = self.authorize_account(caller, permission, account).await?;
        let (id, now) = (id.to_owned(), clock::now());
        self.meta
            .write(Durability::Machine, move |transaction| {
                let key = find(transaction, &email, &id)?;
                if key.is_system_managed() {
                    return Err(Error::FailedPrecondition(format!(
                        "key {id} of service account {email} is managed by the registry, which replaces it by itself"
                    )));
                }
                owners::keep_one(transaction, now, || change(transaction, &key))
            })
            .await
    }
}

/// The account, if it may have one more key.
fn check_room(
    transaction: &Transaction<'_>,
    email: &ServiceAccountEmail,
) -> Result<ServiceAccount, Error> {
    let account = accounts::find(transaction, email)?;
    let keys = keys::list(transaction, email)?;
    let own = keys.iter().filter(|key| !key.is_system_managed());
    if own.count() >= limits::KEYS_PER_ACCOUNT_MAX {
        return Err(Error::FailedPrecondition(format!(
            "service account {email} has {} keys, which is the most: delete one that is not used (wharf iam service-accounts keys list --iam-account {email})",
            limits::KEYS_PER_ACCOUNT_MAX
        )));
    }
    Ok(account)
}

fn find(
    transaction: &Transaction<'_>,
    email: &ServiceAccountEmail,
    id: &str,
) -> Result<ServiceAccountKey, Error> {
    keys::find(transaction, id)?
        .filter(|key| key.account == *email)
        .ok_or_else(|| Error::not_found(Missing::Key, shorten(id)))
}

fn expiry(now: Timestamp, lifetime: Duration) -> Result<Timestamp, Error> {
    if lifetime.is_zero() {
        return Err(Error::invalid(
            OciCode::NameInvalid,
            "a key's lifetime must be longer than nothing",
        ));
    }
    Ok(now
        .checked_add(lifetime)
        .map_or(NEVER, |end| end.min(NEVER)))
}

#[cfg(test)]
mod tests;
