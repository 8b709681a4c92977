//! Whose a credential is, and what has to be in order for it to be good.

use std::sync::Arc;

use wharf_types::{Principal, ServiceAccountEmail};

use super::jwt::Party;

/// Whose a credential is. All that it names is looked at anew whenever the credential is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holder {
    /// Nobody: who sent no credential, or the token of one who sent none.
    Anonymous,
    /// Whoever has a private key of a service account.
    Key {
        /// The account.
        account: ServiceAccountEmail,
        /// The key.
        key_id: Box<str>,
    },
    /// Whoever may act as a service account without a key of it.
    Account {
        /// The account.
        account: ServiceAccountEmail,
        /// Its unique id: an account that is made anew under the same address is another one.
        unique_id: Box<str>,
        /// Who acts as it; nobody where the registry itself hands the token out, to the nodes that it serves.
        by: Option<Arc<Holder>>,
    },
    /// An identity of another issuer, accepted by a provider of a workload identity pool.
    Federated {
        /// `principal://iam.googleapis.com/projects/N/…/subject/S`
        principal: Box<str>,
        /// Every `principalSet://…` that contains it.
        sets: Vec<Box<str>>,
        /// `projects/N/locations/global/workloadIdentityPools/POOL/providers/PROVIDER`
        provider: Box<str>,
    },
}

impl Holder {
    /// Who that is, to the policies.
    pub fn principal(&self) -> Principal {
        match self {
            Self::Anonymous => Principal::Anonymous,
            Self::Key { account, .. } | Self::Account { account, .. } => {
                Principal::ServiceAccount(account.clone())
            }
            Self::Federated {
                principal, sets, ..
            } => Principal::Federated {
                principal: principal.clone(),
                sets: sets.clone(),
            },
        }
    }

    /// Who acts as this one.
    pub fn by(&self) -> Option<&Self> {
        match self {
            Self::Account { by, .. } => by.as_deref(),
            _ => None,
        }
    }

    /// This one, who acts as it, who acts as that one, and so on.
    pub fn chain(&self) -> impl Iterator<Item = &Self> {
        std::iter::successors(Some(self), |holder| holder.by())
    }

    /// The key that all of it goes back to, if it goes back to one.
    pub fn key_id(&self) -> Option<&str> {
        match self.chain().last() {
            Some(Self::Key { key_id, .. }) => Some(key_id),
            _ => None,
        }
    }

    /// What a token's claims say of it.
    pub(super) fn party(&self) -> Party {
        match self {
            Self::Anonymous => Party::default(),
            Self::Key { account, key_id } => Party {
                sub: Some(account.to_string()),
                key: Some(key_id.to_string()),
                ..Party::default()
            },
            Self::Account {
                account,
                unique_id,
                by,
            } => Party {
                sub: Some(account.to_string()),
                uid: Some(unique_id.to_string()),
                act: by.as_ref().map(|by| Box::new(by.party())),
                ..Party::default()
            },
            Self::Federated {
                principal,
                sets,
                provider,
            } => Party {
                sub: Some(principal.to_string()),
                provider: Some(provider.to_string()),
                sets: sets.iter().map(ToString::to_string).collect(),
                ..Party::default()
            },
        }
    }

    /// Reads what [`Holder::party`] wrote. None: it wrote no such thing.
    pub(super) fn of_party(party: Party) -> Option<Self> {
        let account = |sub: &str| ServiceAccountEmail::parse(sub).ok();
        Some(match party {
            Party {
                sub: None,
                key: None,
                uid: None,
                provider: None,
                act: None,
                ..
            } => Self::Anonymous,
            Party {
                sub: Some(sub),
                key: Some(key),
                uid: None,
                provider: None,
                act: None,
                ..
            } => Self::Key {
                account: account(&sub)?,
                key_id: key.into(),
            },
            Party {
                sub: Some(sub),
                key: None,
                uid: Some(uid),
                provider: None,
                act,
                ..
            } => Self::Account {
                account: account(&sub)?,
                unique_id: uid.into(),
                by: match act {
                    Some(act) => Some(Arc::new(Self::of_party(*act)?)),
                    None => None,
                },
            },
            Party {
                sub: Some(sub),
                key: None,
                uid: None,
                provider: Some(provider),
                act: None,
                sets,
            } => Self::Federated {
                principal: sub.into(),
                sets: sets.into_iter().map(Into::into).collect(),
                provider: provider.into(),
            },
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use proptest::prelude::*;

    use super::*;

    fn holders() -> impl Strategy<Value = Holder> {
        let account =
            "[a-z]{6}@my-project\\.iam\\.gserviceaccount\\.com".prop_map(|a| a.parse().unwrap());
        let root = prop_oneof![
            Just(Holder::Anonymous),
            (account.clone(), "[0-9a-f]{40}").prop_map(|(account, key)| Holder::Key {
                account,
                key_id: key.into()
            }),
            ("principal://[a-z]{1,9}", "[a-z/]{0,9}").prop_map(|(principal, provider)| {
                Holder::Federated {
                    sets: vec![principal.replace("principal", "principalSet").into()],
                    principal: principal.into(),
                    provider: provider.into(),
                }
            }),
        ];
        root.prop_recursive(4, 8, 1, move |inner| {
            (account.clone(), "[0-9]{21}", proptest::option::of(inner)).prop_map(
                |(account, uid, by)| Holder::Account {
                    account,
                    unique_id: uid.into(),
                    by: by.map(Arc::new),
                },
            )
        })
    }

    proptest! {
        #[test]
        fn claims_say_whose_a_token_is(holder in holders()) {
            let text = serde_json::to_string(&holder.party()).unwrap();
            let party: Party = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(Holder::of_party(party), Some(holder));
        }
    }

    #[test]
    fn claims_that_no_version_wrote_are_nobodys() {
        for text in [
            r#"{"sub":"puller@my-project.iam.gserviceaccount.com"}"#,
            r#"{"key":"k"}"#,
            r#"{"sub":"nobody","key":"k"}"#,
            r#"{"sub":"puller@my-project.iam.gserviceaccount.com","key":"k","uid":"1"}"#,
            r#"{"sub":"puller@my-project.iam.gserviceaccount.com","uid":"1","act":{"key":"k"}}"#,
            r#"{"sub":"puller@my-project.iam.gserviceaccount.com","key":"k","act":{}}"#,
        ] {
            let party: Party = serde_json::from_str(text).unwrap();
            assert_eq!(Holder::of_party(party), None, "{text}");
        }
    }

    #[test]
    fn a_token_of_the_version_before_is_its_keys() {
        let text = r#"{"sub":"puller@my-project.iam.gserviceaccount.com","key":"k"}"#;
        let holder = Holder::of_party(serde_json::from_str(text).unwrap()).unwrap();
        assert_eq!(holder.key_id(), Some("k"));
        assert!(matches!(holder, Holder::Key { .. }));
    }
}
