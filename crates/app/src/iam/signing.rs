//! RSA keys whose private half the registry keeps: its own, by which it signs ID tokens, and one for each account that
//! somebody asked to sign as. Which of several signs, and when the next is made.
//!
//! A key signs for [`SIGNS_FOR`] and its public half is published for [`VALID_FOR`], so that what it signed can be
//! verified for as long again. The next one is made before the last one ends, and is published for
//! [`PUBLISHED_AHEAD`] before it signs: whoever keeps public keys for some hours knows it by then.

use std::sync::Arc;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use quick_cache::sync::Cache;
use wharf_store::meta::access::signing_keys::SigningKey as Stored;
use wharf_store::meta::access::{accounts, keys, signing_keys};
use wharf_store::meta::{Durability, Transaction};
use wharf_types::ServiceAccountEmail;

use super::{key_pair, random};
use crate::{App, Error, Missing, clock};

/// How long a key signs.
const SIGNS_FOR: SignedDuration = SignedDuration::from_hours(14 * 24);
/// How long its public half is published.
const VALID_FOR: SignedDuration = SignedDuration::from_hours(28 * 24);
/// How long it is published before it signs, if another can sign meanwhile.
const PUBLISHED_AHEAD: SignedDuration = SignedDuration::from_hours(24);
/// Keys that are kept open in memory: a few KiB each.
const OPENED_MAX: usize = 1_000;

/// Who signs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Owner {
    /// The registry, in its own name.
    Registry,
    /// A service account, by the registry's hand.
    Account(ServiceAccountEmail),
}

/// A key that is ready to sign.
pub(super) struct SigningKey {
    /// `kid` of what it signs.
    pub(super) id: String,
    pair: RsaKeyPair,
}

/// The keys that were used lately. Their rows say whether they are still good.
pub(super) struct Opened(Cache<String, Arc<SigningKey>>);

impl Default for Opened {
    fn default() -> Self {
        Self(Cache::new(OPENED_MAX))
    }
}

impl SigningKey {
    fn open(id: &str, pkcs8: &[u8]) -> Result<Self, Error> {
        let pair = RsaKeyPair::from_pkcs8(pkcs8).map_err(Error::internal)?;
        Ok(Self {
            id: id.to_owned(),
            pair,
        })
    }

    /// RSASSA-PKCS1-v1_5 with SHA-256.
    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair
            .sign(
                &RSA_PKCS1_SHA256,
                &SystemRandom::new(),
                message,
                &mut signature,
            )
            .map_err(Error::internal)?;
        Ok(signature)
    }

    /// A JWT of these claims (JSON), as they are.
    pub(super) fn sign_jwt(&self, claims: &[u8]) -> Result<String, Error> {
        let header = serde_json::json!({ "alg": "RS256", "kid": self.id, "typ": "JWT" });
        let mut token = URL_SAFE_NO_PAD.encode(header.to_string());
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(claims, &mut token);
        let signature = self.sign(token.as_bytes())?;
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut token);
        Ok(token)
    }
}

impl rcgen::PublicKeyData for SigningKey {
    fn der_bytes(&self) -> &[u8] {
        self.pair.public_key().as_ref()
    }

    fn algorithm(&self) -> &'static rcgen::SignatureAlgorithm {
        &rcgen::PKCS_RSA_SHA256
    }
}

impl rcgen::SigningKey for SigningKey {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        Self::sign(self, message).map_err(|_| rcgen::Error::RemoteKeyError)
    }
}

/// Which key signs now, and whether the next is to be made.
#[derive(Debug, PartialEq, Eq)]
struct Turn {
    signer: Option<usize>,
    is_next_due: bool,
}

/// Whose turn it is, of keys that were made at these times, the oldest first.
fn turn(made: &[Timestamp], now: Timestamp) -> Turn {
    let age = |made: &Timestamp| now.duration_since(*made);
    let first = made.iter().position(|made| age(made) < SIGNS_FOR);
    let announced = made
        .iter()
        .rposition(|made| (PUBLISHED_AHEAD..SIGNS_FOR).contains(&age(made)));
    Turn {
        signer: announced.or(first),
        is_next_due: made
            .iter()
            .all(|made| age(made) >= SIGNS_FOR - PUBLISHED_AHEAD),
    }
}

impl App {
    /// The key that signs now for somebody; made where there is none.
    pub(super) async fn signing_key(&self, owner: &Owner) -> Result<Arc<SigningKey>, Error> {
        let keys = self.signing_keys(owner).await?;
        let keys = match at_turn(&keys) {
            Turn {
                is_next_due: true, ..
            } => self.make_signing_key(owner).await?,
            _ => keys,
        };
        let signer = at_turn(&keys).signer.and_then(|signer| keys.get(signer));
        let signer = signer.ok_or_else(|| Error::internal("no signing key after one was made"))?;
        if let Some(opened) = self.iam.signing.0.get(&signer.id) {
            return Ok(opened);
        }
        let pkcs8 = self
            .seal
            .open(&sealed_name(&signer.id), &signer.sealed_private_key)?;
        let opened = Arc::new(SigningKey::open(&signer.id, &pkcs8)?);
        self.iam.signing.0.insert(signer.id.clone(), opened.clone());
        Ok(opened)
    }

    /// Somebody's keys that are published now, the oldest first.
    pub(super) async fn signing_keys(&self, owner: &Owner) -> Result<Vec<Stored>, Error> {
        let (owner, now) = (owner.clone(), clock::now());
        let mut keys = self
            .meta
            .read(move |transaction| Ok::<_, Error>(list(transaction, &owner)?))
            .await?;
        keys.retain(|key| key.expires_at > now);
        Ok(keys)
    }

    /// Makes the next key, unless somebody else did meanwhile; deletes those that are not published any more. Answers
    /// what there is then.
    async fn make_signing_key(&self, owner: &Owner) -> Result<Vec<Stored>, Error> {
        let permit = self.iam.credentials.pairs.clone().acquire_owned().await;
        let permit = permit.map_err(Error::internal)?;
        let keys = self.signing_keys(owner).await?;
        if !at_turn(&keys).is_next_due {
            return Ok(keys);
        }
        let pair = tokio::task::spawn_blocking(move || (key_pair::KeyPair::generate(), permit))
            .await
            .map_err(Error::internal)?;
        // Whoever waits for the permit finds this key.
        let (pair, _permit) = (pair.0?, pair.1);
        let (id, now) = (random::key_id()?, clock::now());
        let key = Stored {
            sealed_private_key: self.seal.seal(&sealed_name(&id), &pair.pkcs8()?)?,
            id,
            public_key: pair.public_key,
            created_at: now,
            expires_at: now.checked_add(VALID_FOR).map_err(Error::internal)?,
        };
        let owner_now = owner.clone();
        self.meta
            .write(Durability::Machine, move |transaction| {
                match &owner_now {
                    Owner::Registry => {
                        signing_keys::delete_expired(transaction, now)?;
                        signing_keys::insert(transaction, &key)?;
                    }
                    Owner::Account(email) => {
                        if accounts::find(transaction, email)?.is_none() {
                            return Err(Error::not_found(Missing::ServiceAccount, email));
                        }
                        keys::delete_expired_sealed(transaction, email, now)?;
                        keys::insert_sealed(transaction, email, &key)?;
                    }
                }
                Ok(())
            })
            .await?;
        self.signing_keys(owner).await
    }
}

fn at_turn(keys: &[Stored]) -> Turn {
    let made: Vec<Timestamp> = keys.iter().map(|key| key.created_at).collect();
    turn(&made, clock::now())
}

fn list(transaction: &Transaction<'_>, owner: &Owner) -> Result<Vec<Stored>, wharf_store::Error> {
    match owner {
        Owner::Registry => signing_keys::list(transaction),
        Owner::Account(email) => keys::list_sealed(transaction, email),
    }
}

/// What the private half of a key is sealed as.
fn sealed_name(id: &str) -> String {
    format!("signing-key/{id}")
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use proptest::prelude::*;

    use super::*;
    use crate::testing::TestApp;

    fn day(day: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + day * 86_400).unwrap()
    }

    #[test]
    fn the_next_key_is_published_before_it_signs() {
        let turns = |made: &[i64], now: i64| {
            let made: Vec<_> = made.iter().map(|made| day(*made)).collect();
            let Turn {
                signer,
                is_next_due,
            } = turn(&made, day(now));
            (signer, is_next_due)
        };
        assert_eq!(turns(&[], 0), (None, true));
        assert_eq!(turns(&[0], 0), (Some(0), false));
        assert_eq!(turns(&[0], 12), (Some(0), false));
        assert_eq!(turns(&[0], 13), (Some(0), true));
        assert_eq!(turns(&[0, 13], 13), (Some(0), false));
        assert_eq!(turns(&[0, 13], 14), (Some(1), false));
        // After a long rest there is nobody to wait for.
        assert_eq!(turns(&[0], 20), (None, true));
        assert_eq!(turns(&[0, 20], 20), (Some(1), false));
    }

    proptest! {
        #[test]
        fn what_a_key_signs_can_be_verified_for_as_long_again(rests in proptest::collection::vec(0_i64..30 * 24, 1..60)) {
            let (mut now, mut made) = (day(0), Vec::<Timestamp>::new());
            for rest in rests {
                now += SignedDuration::from_hours(rest);
                made.retain(|made| now.duration_since(*made) < VALID_FOR);
                if turn(&made, now).is_next_due {
                    made.push(now);
                }
                let now_turn = turn(&made, now);
                prop_assert!(!now_turn.is_next_due);
                let signer = made[now_turn.signer.unwrap()];
                prop_assert!(now.duration_since(signer) < SIGNS_FOR);
                prop_assert!(made.len() <= 4);
            }
        }
    }

    #[tokio::test]
    async fn a_key_is_made_once_and_sealed_and_outlives_a_restart() {
        let app = TestApp::open().await;
        let (one, two) = tokio::join!(
            app.signing_key(&Owner::Registry),
            app.signing_key(&Owner::Registry)
        );
        let (one, two) = (one.unwrap(), two.unwrap());
        assert_eq!(one.id, two.id);
        let stored = app.signing_keys(&Owner::Registry).await.unwrap();
        assert_eq!(stored.len(), 1);
        assert_eq!(
            stored[0].public_key,
            rcgen::PublicKeyData::subject_public_key_info(&*one)
        );
        // PKCS#8 begins with a sequence: what is kept does not, and is bound to its own id.
        assert!(RsaKeyPair::from_pkcs8(&stored[0].sealed_private_key).is_err());
        let sealed = &stored[0].sealed_private_key;
        assert!(app.seal.open(&sealed_name("another"), sealed).is_err());
        drop((one, two));
        let id = stored[0].id.clone();
        let app = app.reopen().await;
        assert_eq!(app.signing_key(&Owner::Registry).await.unwrap().id, id);
    }
}
