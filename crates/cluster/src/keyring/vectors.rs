//! What a genuine kubelet did, recorded by `e2e/tests/cluster/keyring`: where it and we disagree, it is right.

#![expect(clippy::unwrap_used, reason = "tests")]

use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use secrecy::ExposeSecret as _;
use serde::Deserialize;

use super::{Keyring, Offer};
use crate::check::{ContainerImage, ListedBy, Outcome, Question};
use crate::image::Image;

#[derive(Deserialize)]
struct Recording {
    cases: Vec<Case>,
}

/// A Pod.
#[derive(Deserialize)]
struct Case {
    secrets: Vec<Stored>,
    listed: Vec<String>,
    #[serde(default)]
    event: Option<String>,
    images: Vec<Observed>,
}

#[derive(Clone, Deserialize)]
struct Stored {
    name: String,
    #[serde(rename = "type")]
    kind: String,
    key: String,
    text: String,
}

#[derive(Deserialize)]
struct Observed {
    image: String,
    #[serde(default)]
    attempts: Option<Vec<String>>,
    #[serde(default)]
    reason: Option<String>,
    #[serde(default)]
    message: Option<String>,
}

impl From<Stored> for Secret {
    fn from(stored: Stored) -> Self {
        Self {
            metadata: ObjectMeta {
                name: Some(stored.name),
                ..ObjectMeta::default()
            },
            type_: Some(stored.kind),
            data: Some([(stored.key, ByteString(stored.text.into_bytes()))].into()),
            ..Self::default()
        }
    }
}

fn recording() -> Recording {
    serde_json::from_str(include_str!("vectors.json")).unwrap()
}

/// Whether credentials came in the order of the offers. Those of one key in one Secret come as chance will have it, and
/// containerd sends nothing without a user.
fn agrees(offers: &[Offer], came: &[String]) -> bool {
    let sent = offers.iter().filter(|offer| !offer.username.is_empty());
    let (mut expected, either_order): (Vec<_>, Vec<_>) = sent
        .map(|offer| {
            let pair = format!("{}:{}", offer.username, offer.password.expose_secret());
            (pair, offer.either_order)
        })
        .unzip();
    let mut came = came.to_vec();
    if expected.len() != came.len() {
        return false;
    }
    let mut start = 0;
    for (place, either_order) in either_order.into_iter().enumerate() {
        if !either_order {
            start = place;
        }
        expected[start..=place].sort();
        came[start..=place].sort();
    }
    expected == came
}

#[test]
fn the_keyring_offers_what_a_genuine_kubelet_sent() {
    let mut compared = 0;
    for case in recording().cases {
        let secrets: Vec<Secret> = case
            .listed
            .iter()
            .filter_map(|name| case.secrets.iter().find(|secret| secret.name == *name))
            .map(|stored| stored.clone().into())
            .collect();
        let keyring = Keyring::of(&secrets);
        for observed in &case.images {
            match (&observed.attempts, &keyring, Image::parse(&observed.image)) {
                (Some(came), Ok(keyring), Ok(image)) => {
                    let offers = keyring.offers(&image);
                    assert!(agrees(&offers, came), "{image}: {came:?} {offers:#?}");
                }
                (None, Err(undecodable), Ok(_)) => {
                    assert_eq!(observed.reason.as_ref(), Some(&undecodable.text));
                }
                (None, _, Err(_)) => {
                    assert_eq!(observed.reason.as_deref(), Some("InvalidImageName"));
                }
                (came, keyring, image) => panic!("{image:?}: {came:?} {keyring:?}"),
            }
            compared += 1;
        }
    }
    assert!(compared >= 300, "{compared}");
}

#[test]
fn check_foresees_what_a_genuine_pod_shows() {
    for case in recording().cases {
        let secrets = case.secrets.iter().cloned();
        let images = case.images.iter().map(|observed| ContainerImage {
            user: None,
            image: observed.image.clone(),
            never_pulled: false,
        });
        let question = Question {
            subject: String::new(),
            namespace: None,
            images: images.collect(),
            listed_by: ListedBy::Pod,
            names: case.listed.clone(),
            secrets: secrets
                .map(|stored| (stored.name.clone(), stored.into()))
                .collect(),
            notes: Vec::new(),
        };
        let answer = question.answer();
        let event = answer
            .events
            .first()
            .and_then(|event| event.split_once(": "));
        assert_eq!(event.map(|(_, message)| message), case.event.as_deref());
        for (predicted, observed) in answer.images.iter().zip(&case.images) {
            assert_eq!(predicted.waiting_reason, observed.reason);
            assert_eq!(predicted.waiting_message, observed.message);
            let pulled = [Outcome::Credential, Outcome::Anonymous].contains(&predicted.outcome);
            assert_eq!(pulled, observed.attempts.is_some());
        }
    }
}
