//! What is remembered of credentials: which proofs were seen, and how accounts, keys and projects stand.
//!
//! A proof once seen stays true: the secret of this hash belongs to that key. Whether the key, its account and their
//! project are good *now* is another question, asked anew at each use of what [`Credentials::forget`] keeps current.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use aws_lc_rs::hmac;
use jiff::Timestamp;
use quick_cache::sync::Cache;
use tokio::sync::Semaphore;
use wharf_store::meta::access::{accounts, keys, projects};
use wharf_store::meta::{Change, Durability, Meta};
use wharf_types::{ProjectId, ServiceAccountEmail, limits};

use super::accounts::ServiceAccount;
use super::keys::ServiceAccountKey;
use super::projects::Project;
use crate::memory::remembered;
use crate::{Error, Holder, Restriction};

/// Proofs that are remembered: tokens and key files in use, a few hundred bytes each.
const VERIFIED_MAX: usize = 50_000;
/// Accounts and projects whose state is remembered.
const STATES_MAX: usize = 10_000;
/// Proofs by private key at once: RSA takes a millisecond of a core, and bad keys must leave the other cores alone.
const PROOFS_AT_ONCE: usize = 1;
/// Key pairs that are made at once: 100 ms of a core each.
const PAIRS_AT_ONCE: usize = 1;
/// `last_used_at` is kept to the hour, in microseconds.
const TOUCH_INTERVAL: i64 = 3_600_000_000;

pub(crate) struct Credentials {
    /// Of this process only. A hash under it is worth nothing to whoever reads it, and where comparing two of them
    /// stops tells nothing about a secret.
    hash_key: hmac::Key,
    verified: Cache<SecretHash, Arc<Verified>>,
    accounts: Cache<ServiceAccountEmail, Option<Arc<AccountState>>>,
    projects: Cache<ProjectId, Option<Arc<Project>>>,
    pub(super) proofs: Arc<Semaphore>,
    pub(super) pairs: Arc<Semaphore>,
}

/// The keyed hash of a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct SecretHash([u8; 32]);

/// How a secret was sent. The same text means different things.
#[derive(Clone, Copy, Debug)]
pub(super) enum SecretKind {
    Bearer = 1,
    KeyFile = 2,
    KeyFileBase64 = 3,
}

impl SecretKind {
    /// Bytes of such a secret.
    pub(super) fn size_max(self) -> usize {
        match self {
            Self::Bearer => limits::BEARER_SIZE_MAX,
            Self::KeyFile | Self::KeyFileBase64 => limits::PASSWORD_SIZE_MAX,
        }
    }
}

/// What a secret proved.
#[derive(Debug)]
pub(super) struct Verified {
    /// Whose it is.
    pub(super) holder: Arc<Holder>,
    /// What it allows at most.
    pub(super) restriction: Restriction,
    /// When it ends, in seconds since 1970. A key file does not: its key does.
    pub(super) expires_at: Option<i64>,
    /// The base URL of the request that it was verified for, where its audience depends on that.
    pub(super) base_url: Option<Arc<str>>,
}

/// An account with its keys as they are now.
pub(super) struct AccountState {
    pub(super) account: ServiceAccount,
    pub(super) keys: Vec<KeyState>,
}

pub(super) struct KeyState {
    pub(super) key: ServiceAccountKey,
    touched_at: AtomicI64,
}

impl Default for Credentials {
    fn default() -> Self {
        let mut key = [0; 32];
        #[expect(
            clippy::expect_used,
            reason = "a system without randomness can prove nobody's identity"
        )]
        aws_lc_rs::rand::fill(&mut key).expect("the system's random numbers");
        Self {
            hash_key: hmac::Key::new(hmac::HMAC_SHA256, &key),
            verified: Cache::new(VERIFIED_MAX),
            accounts: Cache::new(STATES_MAX),
            projects: Cache::new(STATES_MAX),
            proofs: Arc::new(Semaphore::new(PROOFS_AT_ONCE)),
            pairs: Arc::new(Semaphore::new(PAIRS_AT_ONCE)),
        }
    }
}

impl Credentials {
    /// Drops what a commit changed.
    pub(super) fn forget(&self, changes: &[Change]) {
        for change in changes {
            match change {
                Change::Account(email) => {
                    self.accounts.remove(email);
                }
                Change::Project(project) => {
                    self.projects.remove(project);
                }
                _ => {}
            }
        }
    }

    pub(super) fn hash(&self, kind: SecretKind, secret: &str) -> SecretHash {
        let mut context = hmac::Context::with_key(&self.hash_key);
        context.update(&[kind as u8]);
        context.update(secret.as_bytes());
        let mut hash = [0; 32];
        hash.copy_from_slice(context.sign().as_ref());
        SecretHash(hash)
    }

    /// What the secret of this hash proved before.
    pub(super) fn seen(&self, hash: &SecretHash) -> Option<Arc<Verified>> {
        self.verified.get(hash)
    }

    /// What the secret of this hash proves: many who send it at once wait for one of them to find out.
    pub(super) async fn verify(
        &self,
        hash: SecretHash,
        prove: impl Future<Output = Result<Verified, Error>>,
    ) -> Result<Arc<Verified>, Error> {
        match self.verified.get_value_or_guard_async(&hash).await {
            Ok(verified) => Ok(verified),
            Err(guard) => {
                let verified = Arc::new(prove.await?);
                let _ = guard.insert(verified.clone());
                Ok(verified)
            }
        }
    }

    /// Replaces what a secret proved: its audience fits another base URL too.
    pub(super) fn replace(&self, hash: SecretHash, verified: Arc<Verified>) {
        self.verified.insert(hash, verified);
    }

    /// An account as it is now; `None` when it is not there.
    pub(super) async fn account(
        &self,
        meta: &Meta,
        email: &ServiceAccountEmail,
    ) -> Result<Option<Arc<AccountState>>, Error> {
        let read = async { Ok(read_account(meta, email).await?.map(Arc::new)) };
        remembered(&self.accounts, email, read).await
    }

    /// Why an account cannot log in now; none if it can.
    pub(super) async fn problem(
        &self,
        meta: &Meta,
        email: &ServiceAccountEmail,
    ) -> Result<Option<String>, Error> {
        let Some(state) = self.account(meta, email).await? else {
            return Ok(Some(format!(
                "service account {email} was deleted, or never was"
            )));
        };
        let project = self.project(meta, &state.account.project).await?;
        let (project, now) = (project.as_deref(), Timestamp::now());
        let mut problem = format!(
            "service account {email} has no key; make one: wharf iam service-accounts keys create FILE --iam-account {email}"
        );
        // With a key that only the registry has, nobody logs in.
        let keys = state
            .keys
            .iter()
            .filter(|state| !state.key.is_system_managed());
        for state_of_key in keys {
            match state.usable_key(project, &state_of_key.key.id, now) {
                Ok(_) => return Ok(None),
                Err(reason) => problem = reason,
            }
        }
        Ok(Some(problem))
    }

    /// A project as it is now, deleted or not; `None` when it never was.
    pub(super) async fn project(
        &self,
        meta: &Meta,
        id: &ProjectId,
    ) -> Result<Option<Arc<Project>>, Error> {
        if let Some(project) = self.projects.get(id) {
            return Ok(project);
        }
        match self.projects.get_value_or_guard_async(id).await {
            Ok(project) => Ok(project),
            Err(guard) => {
                let wanted = id.clone();
                let project = meta
                    .read(move |transaction| Ok::<_, Error>(projects::find(transaction, &wanted)?))
                    .await?
                    .map(Arc::new);
                // Names of projects that never were would push out those that are.
                if project.is_some() {
                    let _ = guard.insert(project.clone());
                }
                Ok(project)
            }
        }
    }
}

async fn read_account(
    meta: &Meta,
    email: &ServiceAccountEmail,
) -> Result<Option<AccountState>, Error> {
    let email = email.clone();
    meta.read(move |transaction| {
        let Some(account) = accounts::find(transaction, &email)? else {
            return Ok::<_, Error>(None);
        };
        let keys = keys::list(transaction, &email)?.into_iter().map(|key| {
            let touched_at = key.last_used_at.map_or(0, Timestamp::as_microsecond);
            KeyState {
                key,
                touched_at: AtomicI64::new(touched_at),
            }
        });
        Ok(Some(AccountState {
            account,
            keys: keys.collect(),
        }))
    })
    .await
}

impl AccountState {
    /// Whether account and project are good now. Else what is wrong, and who can mend it.
    pub(super) fn usable(&self, project: Option<&Project>) -> Result<(), String> {
        let email = &self.account.email;
        if project.is_none_or(|project| project.deleted_at.is_some()) {
            return Err(format!(
                "project {} of service account {email} was deleted",
                self.account.project
            ));
        }
        if self.account.disabled {
            return Err(format!(
                "service account {email} is disabled; whoever has iam.serviceAccounts.enable can enable it: wharf iam service-accounts enable {email}"
            ));
        }
        Ok(())
    }

    /// The key of this id, if account, project and key are good now. Else what is wrong, and who can mend it.
    pub(super) fn usable_key(
        &self,
        project: Option<&Project>,
        key_id: &str,
        now: Timestamp,
    ) -> Result<&KeyState, String> {
        self.usable(project)?;
        let email = &self.account.email;
        let state = self
            .keys
            .iter()
            .find(|state| state.key.id == key_id)
            .ok_or_else(|| {
                format!(
                    "key {key_id} of service account {email} was deleted; make another: wharf iam service-accounts keys create FILE --iam-account {email}"
                )
            })?;
        let key = &state.key;
        if key.disabled {
            Err(format!(
                "key {key_id} of service account {email} is disabled; whoever has iam.serviceAccountKeys.enable can enable it: wharf iam service-accounts keys enable {key_id} --iam-account {email}"
            ))
        } else if key.valid_before <= now {
            Err(format!(
                "key {key_id} of service account {email} expired at {:.0}; make another: wharf iam service-accounts keys create FILE --iam-account {email}",
                key.valid_before
            ))
        } else if key.valid_after.as_second() > now.as_second() + skew() {
            Err(format!(
                "key {key_id} of service account {email} is not valid before {:.0}",
                key.valid_after
            ))
        } else {
            Ok(state)
        }
    }
}

fn skew() -> i64 {
    i64::try_from(limits::CLOCK_SKEW_MAX.as_secs()).unwrap_or(i64::MAX)
}

impl KeyState {
    /// Notes the use of the key, to the hour, behind the request's back.
    pub(super) fn touch(&self, meta: &Meta, now: Timestamp) {
        let (before, this) = (
            self.touched_at.load(Ordering::Relaxed),
            now.as_microsecond(),
        );
        if this - before < TOUCH_INTERVAL
            || self
                .touched_at
                .compare_exchange(before, this, Ordering::Relaxed, Ordering::Relaxed)
                .is_err()
        {
            return;
        }
        let (meta, id) = (meta.clone(), self.key.id.clone());
        tokio::spawn(async move {
            let touched = meta
                .write(Durability::Process, move |transaction| {
                    keys::touch(transaction, &id, now)
                })
                .await;
            if let Err(error) = touched {
                tracing::warn!(%error, "noting the use of a key");
            }
        });
    }
}
