//! From a credential to a caller.

use std::sync::Arc;

use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use wharf_store::meta::access::keys;
use wharf_types::ServiceAccountEmail;

use super::claim::Claim;
use super::credentials::{AccountState, SecretHash, SecretKind, Verified};
use super::keys::ServiceAccountKey;
use super::projects::Project;
use super::{key_file, key_pair};
use crate::audit::Entry;
use crate::{App, Caller, Error, Holder, Origin, Restriction};

/// What a request brought to prove who makes it.
#[derive(Debug)]
pub enum Credential {
    /// Nothing.
    None,
    /// `Authorization: Bearer`: a registry token, an access token, or a JWT that a service account key signed.
    Bearer(SecretString),
    /// `Authorization: Basic`: one of the user spellings (`_json_key`, `_json_key_base64`, `oauth2accesstoken`, …).
    Basic {
        /// Says what the password is.
        user: String,
        /// The secret.
        password: SecretString,
    },
}

impl App {
    /// Checks a credential against the accounts and keys as they are now. One that was seen before costs a hash and
    /// three look-ups in memory, and does not suspend.
    pub async fn authenticate(
        &self,
        credential: &Credential,
        origin: Origin,
    ) -> Result<Caller, Error> {
        let (kind, secret) = match credential {
            Credential::None => return Ok(Caller::anonymous(origin)),
            Credential::Bearer(token) => (Ok(SecretKind::Bearer), token),
            Credential::Basic { user, password } => (kind_of_user(user), password),
        };
        let verified = match &kind {
            Ok(kind) => self.verify(*kind, secret.expose_secret(), &origin).await,
            Err(reason) => Err(Error::Unauthenticated(reason.clone())),
        };
        let caller = match verified {
            Ok(verified) => self.caller(&verified, &origin).await,
            Err(error) => Err(error),
        };
        if let Err(Error::Unauthenticated(reason)) = &caller {
            let claim = match (credential, kind) {
                (Credential::Basic { user, .. }, Err(_)) => Claim::of_user(user),
                (_, Ok(kind)) if secret.expose_secret().len() <= kind.size_max() => {
                    Claim::of_secret(kind, secret.expose_secret())
                }
                _ => None,
            };
            self.audit
                .record(Entry::refused_credential(origin, reason, claim))
                .await;
        }
        caller
    }

    async fn verify(
        &self,
        kind: SecretKind,
        secret: &str,
        origin: &Origin,
    ) -> Result<Arc<Verified>, Error> {
        let limit = kind.size_max();
        if secret.len() > limit {
            return Err(Error::Unauthenticated(format!(
                "the credential is longer than {limit} bytes"
            )));
        }
        let secret = match kind {
            SecretKind::Bearer => secret.trim(),
            SecretKind::KeyFile | SecretKind::KeyFileBase64 => secret,
        };
        let credentials = &self.iam.credentials;
        let hash = credentials.hash(kind, secret);
        let verified = match credentials.seen(&hash) {
            Some(verified) => verified,
            None => self.verify_anew(kind, hash, secret, origin).await?,
        };
        if verified.is_for(origin) {
            return Ok(verified);
        }
        // It was verified for a request to another host, before or at this very moment.
        let verified = Arc::new(self.verify_bearer(secret, origin).await?);
        credentials.replace(hash, verified.clone());
        Ok(verified)
    }

    async fn verify_anew(
        &self,
        kind: SecretKind,
        hash: SecretHash,
        secret: &str,
        origin: &Origin,
    ) -> Result<Arc<Verified>, Error> {
        let credentials = &self.iam.credentials;
        match kind {
            SecretKind::Bearer => {
                let prove = self.verify_bearer(secret, origin);
                credentials.verify(hash, prove).await
            }
            SecretKind::KeyFile => {
                let prove = self.verify_key_file(key_file::read(secret));
                credentials.verify(hash, prove).await
            }
            SecretKind::KeyFileBase64 => {
                let prove = self.verify_key_file(key_file::read_base64(secret));
                credentials.verify(hash, prove).await
            }
        }
    }

    /// Proof of possession: the private key that was sent signs what the public key that is kept verifies.
    async fn verify_key_file(
        &self,
        file: Result<key_file::SentKeyFile, String>,
    ) -> Result<Verified, Error> {
        let file = file.map_err(Error::Unauthenticated)?;
        let key = self.find_key(&file.key_id).await?.ok_or_else(|| {
            Error::Unauthenticated(format!(
                "key {} of {} is not known here: the key or its account was deleted, or the key file belongs to another registry",
                wharf_types::text::shorten(&file.key_id),
                file.account
            ))
        })?;
        let turn = self.iam.credentials.proofs.clone().acquire_owned().await;
        let turn = turn.map_err(Error::internal)?;
        let (private_key, public_key) = (file.private_key, key.public_key);
        tokio::task::spawn_blocking(move || {
            let _turn = turn;
            key_pair::prove(&private_key, &public_key)
        })
        .await
        .map_err(Error::internal)?
        .map_err(Error::Unauthenticated)?;
        if key.account != file.account {
            return Err(Error::Unauthenticated(format!(
                "key {} belongs to another service account than the key file's client_email, {}: the file was altered",
                key.id, file.account
            )));
        }
        Ok(Verified {
            holder: Arc::new(Holder::Key {
                account: key.account,
                key_id: key.id.into(),
            }),
            restriction: Restriction::None,
            expires_at: None,
            base_url: None,
        })
    }

    pub(super) async fn find_key(&self, id: &str) -> Result<Option<ServiceAccountKey>, Error> {
        let id = id.to_owned();
        self.meta
            .read(move |transaction| Ok(keys::find(transaction, &id)?))
            .await
    }

    /// The caller that a proof makes, if nothing that it stands on was revoked meanwhile.
    pub(super) async fn caller(
        &self,
        verified: &Verified,
        origin: &Origin,
    ) -> Result<Caller, Error> {
        let now = Timestamp::now();
        if let Some(expires_at) = verified.expires_at
            && expires_at <= now.as_second()
        {
            return Err(Error::Unauthenticated(format!(
                "the token expired {} seconds ago: get a new one",
                now.as_second() - expires_at
            )));
        }
        self.check_now(&verified.holder, now).await?;
        Ok(Caller {
            principal: verified.holder.principal(),
            holder: verified.holder.clone(),
            restriction: verified.restriction.clone(),
            expires_at: verified
                .expires_at
                .and_then(|seconds| Timestamp::from_second(seconds).ok()),
            origin: origin.clone(),
        })
    }

    /// Whether all that a holder stands on is in order now: its account, whoever acts as it, and the key or the
    /// provider that this goes back to.
    pub(super) async fn check_now(&self, holder: &Holder, now: Timestamp) -> Result<(), Error> {
        for holder in holder.chain() {
            match holder {
                Holder::Anonymous => {}
                Holder::Key { account, key_id } => {
                    let (state, project) = self.account_now(account).await?;
                    let key = state
                        .usable_key(project.as_deref(), key_id, now)
                        .map_err(Error::Unauthenticated)?;
                    key.touch(&self.meta, now);
                }
                Holder::Account {
                    account, unique_id, ..
                } => {
                    let (state, project) = self.account_now(account).await?;
                    state
                        .usable(project.as_deref())
                        .map_err(Error::Unauthenticated)?;
                    if *state.account.unique_id != **unique_id {
                        return Err(Error::Unauthenticated(format!(
                            "service account {account} was deleted and made anew: get a new token"
                        )));
                    }
                }
                Holder::Federated { provider, .. } => self.check_provider_now(provider).await?,
            }
        }
        Ok(())
    }

    /// An account and its project as they are now.
    async fn account_now(
        &self,
        email: &ServiceAccountEmail,
    ) -> Result<(Arc<AccountState>, Option<Arc<Project>>), Error> {
        let credentials = &self.iam.credentials;
        let state = credentials
            .account(&self.meta, email)
            .await?
            .ok_or_else(|| {
                Error::Unauthenticated(format!("service account {email} was deleted"))
            })?;
        let project = credentials
            .project(&self.meta, &state.account.project)
            .await?;
        Ok((state, project))
    }
}

impl Verified {
    /// Whether it holds for a request addressed to this base URL.
    fn is_for(&self, origin: &Origin) -> bool {
        self.base_url
            .as_ref()
            .is_none_or(|base_url| *base_url == origin.base_url)
    }
}

/// What the password of a Basic credential is, by its user: the spellings of docker's and Google's tools.
fn kind_of_user(user: &str) -> Result<SecretKind, String> {
    match user {
        "_json_key" => Ok(SecretKind::KeyFile),
        "_json_key_base64" => Ok(SecretKind::KeyFileBase64),
        "oauth2accesstoken" | "_token" | "_accesstoken" | "gclouddockertoken"
        | "_dcgcloud_token" => Ok(SecretKind::Bearer),
        // docker-credential-gcr: `_dcgcr_VERSION_token`.
        _ if user.starts_with("_dcgcr_") && user.ends_with("_token") => Ok(SecretKind::Bearer),
        _ => Err(if ServiceAccountEmail::parse(user).is_ok() {
            "a service account logs in as the user _json_key, with its key file as the password"
                .to_owned()
        } else if user.is_empty() {
            "the user is empty: use _json_key with a service account's key file as the password"
                .to_owned()
        } else {
            "the user is not known: use _json_key (the password is a service account's key file), _json_key_base64 (the same in base64) or oauth2accesstoken (the password is an access token)"
                .to_owned()
        }),
    }
}

#[cfg(test)]
mod tests;
