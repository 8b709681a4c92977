//! What a kubelet will do for the images of a Pod with the Pod's pull secrets, said before there is a Pod.
//!
//! [`cluster`] and [`manifests`] put a [`Question`] together, [`Question::answer`] answers it. It knows what the API
//! server and the Secrets say; a docker config on a node, credential plugins and mirrors are the node's own.

pub mod cluster;
pub mod manifests;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use k8s_openapi::api::core::v1::Secret;
use serde::Serialize;

use crate::Image;
use crate::keyring::{Keyring, Lint, LintCode, Reason, Severity, lint};

/// Images, and the pull secrets that are there for them.
#[derive(Clone, Debug)]
pub struct Question {
    /// What is looked at: `deployment/web`, or an image.
    pub subject: String,
    /// Where. None: nowhere, the Secrets come from files.
    pub namespace: Option<String>,
    /// The images.
    pub images: Vec<ContainerImage>,
    /// Who lists the pull secrets.
    pub listed_by: ListedBy,
    /// The names that are listed, in order.
    pub names: Vec<String>,
    /// Those of them that exist.
    pub secrets: BTreeMap<String, Secret>,
    /// What else is to be known of the list.
    pub notes: Vec<String>,
}

/// An image and who runs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContainerImage {
    /// `container app`, `init container setup`, `volume models`. None: the image was named by itself.
    pub user: Option<String>,
    /// As it is written.
    pub image: String,
    /// Its pull policy is `Never`.
    pub never_pulled: bool,
}

/// Who lists pull secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListedBy {
    /// The Pod, or the template of its workload.
    Pod,
    /// A ServiceAccount, whose list admission copies into a Pod that has none.
    ServiceAccount(String),
    /// Whoever asks.
    Caller,
}

impl fmt::Display for ListedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pod => f.write_str("pod"),
            Self::ServiceAccount(name) => write!(f, "serviceaccount/{name}"),
            Self::Caller => f.write_str("caller"),
        }
    }
}

impl Serialize for ListedBy {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

/// What a kubelet will do. Without any password.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Prediction {
    /// What was looked at.
    pub subject: String,
    /// Where.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Who lists the pull secrets.
    pub listed_by: ListedBy,
    /// The pull secrets, in the order of the list.
    pub secrets: Vec<SecretState>,
    /// The images.
    pub images: Vec<ImagePrediction>,
    /// Events that the kubelet will write.
    pub events: Vec<String>,
    /// What else is to be known.
    pub notes: Vec<String>,
}

/// A listed pull secret.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SecretState {
    /// Its name.
    pub name: String,
    /// What becomes of it.
    pub state: State,
    /// What is wrong with it.
    pub lints: Vec<Finding>,
}

/// What the kubelet does with a listed Secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// It reads its credentials.
    Read,
    /// It passes over it without a word.
    Skipped,
    /// There is none of that name.
    Missing,
    /// It cannot decode it, and pulls nothing.
    Undecodable,
}

/// Something wrong with a pull secret.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// `wrong-type`, `default-port`, …
    pub code: &'static str,
    /// `error` or `warning`.
    pub severity: &'static str,
    /// The key of `auths` that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// What to do about it.
    pub message: String,
}

/// What becomes of an image.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ImagePrediction {
    /// Who runs it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// As it is written.
    pub image: String,
    /// What the keys are compared with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repository: Option<String>,
    /// How it is pulled.
    pub outcome: Outcome,
    /// The container's waiting reason, where the kubelet gets no further.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waiting_reason: Option<String>,
    /// And its message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waiting_message: Option<String>,
    /// The credentials, in the order in which they are tried until a pull succeeds.
    pub attempts: Vec<Attempt>,
}

/// How an image is pulled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// With credentials, and never without.
    Credential,
    /// Once, without a credential: none matches.
    Anonymous,
    /// Not at all: a pull secret cannot be decoded.
    Undecodable,
    /// Not at all: its name is none.
    InvalidImage,
    /// Not at all: its pull policy is `Never`.
    NeverPulled,
}

/// A credential that is tried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Attempt {
    /// The Secret.
    pub secret: String,
    /// The key in it.
    pub key: String,
    /// The user.
    pub username: String,
    /// It is Docker Hub's entry, used since nothing else matches.
    pub docker_hub_fallback: bool,
    /// It and the one before are tried in an order that chance decides.
    pub either_order: bool,
}

impl Question {
    /// Answers it.
    pub fn answer(&self) -> Prediction {
        // A name that is listed twice is read twice. Empty ones are passed over.
        let names = || self.names.iter().filter(|name| !name.is_empty());
        let keyring = Keyring::of(names().filter_map(|name| self.secrets.get(name)));
        let keyring = keyring.map_err(|undecodable| undecodable.text);
        let mut seen = BTreeSet::new();
        let secrets: Vec<_> = names()
            .filter(|name| seen.insert(name.as_str()))
            .map(|name| SecretState::of(name, self.secrets.get(name)))
            .collect();
        let missing: Vec<_> = names()
            .filter(|name| !self.secrets.contains_key(*name))
            .map(String::as_str)
            .collect();
        let events = match missing.as_slice() {
            [] => Vec::new(),
            missing => vec![format!(
                "Warning FailedToRetrieveImagePullSecret: Unable to retrieve some image pull secrets ({}); attempting to pull the image may not succeed.",
                missing.join(", ")
            )],
        };
        Prediction {
            subject: self.subject.clone(),
            namespace: self.namespace.clone(),
            listed_by: self.listed_by.clone(),
            secrets,
            images: self
                .images
                .iter()
                .map(|image| image.predict(keyring.as_ref()))
                .collect(),
            events,
            notes: self.notes.clone(),
        }
    }
}

impl SecretState {
    fn of(name: &str, secret: Option<&Secret>) -> Self {
        let lints = secret.map(lint).unwrap_or_default();
        let has = |code| lints.iter().any(|lint: &Lint| lint.code == code);
        let state = if secret.is_none() {
            State::Missing
        } else if has(LintCode::Undecodable) {
            State::Undecodable
        } else if has(LintCode::WrongType) || has(LintCode::MissingData) {
            State::Skipped
        } else {
            State::Read
        };
        Self {
            name: name.to_owned(),
            state,
            lints: lints.into_iter().map(Finding::from).collect(),
        }
    }

    /// Whether it does what a pull secret is for, warnings aside.
    pub fn is_in_order(&self) -> bool {
        self.state == State::Read
            && !self
                .lints
                .iter()
                .any(|lint| lint.severity == Severity::Error.as_str())
    }
}

impl From<Lint> for Finding {
    fn from(lint: Lint) -> Self {
        Self {
            code: lint.code.as_str(),
            severity: lint.severity.as_str(),
            key: lint.key,
            message: lint.message,
        }
    }
}

impl ContainerImage {
    fn predict(&self, keyring: Result<&Keyring, &String>) -> ImagePrediction {
        let mut prediction = ImagePrediction {
            user: self.user.clone(),
            image: self.image.clone(),
            repository: None,
            outcome: Outcome::NeverPulled,
            waiting_reason: None,
            waiting_message: None,
            attempts: Vec::new(),
        };
        // In the kubelet's order: the name, the policy, the secrets.
        let image = match Image::parse(&self.image) {
            Ok(image) => image,
            Err(error) => {
                let message = format!(
                    "Failed to apply default image tag {image:?}: couldn't parse image name {image:?}: {docker}",
                    image = self.image,
                    docker = error.docker()
                );
                prediction.outcome = Outcome::InvalidImage;
                prediction.waiting_reason = Some("InvalidImageName".to_owned());
                prediction.waiting_message = Some(message);
                return prediction;
            }
        };
        prediction.repository = Some(image.repository().to_owned());
        if self.never_pulled {
            return prediction;
        }
        match keyring {
            Err(text) => {
                prediction.outcome = Outcome::Undecodable;
                prediction.waiting_reason = Some(text.clone());
                prediction.waiting_message = Some(text.clone());
            }
            Ok(keyring) => {
                prediction.attempts = attempts(keyring, &image);
                prediction.outcome = match prediction.attempts.is_empty() {
                    true => Outcome::Anonymous,
                    false => Outcome::Credential,
                };
            }
        }
        prediction
    }
}

fn attempts(keyring: &Keyring, image: &Image) -> Vec<Attempt> {
    keyring
        .offers(image)
        .into_iter()
        .map(|offer| Attempt {
            secret: offer.name,
            key: offer.key,
            username: offer.username,
            docker_hub_fallback: offer.reason == Reason::DockerHub,
            either_order: offer.either_order,
        })
        .collect()
}

impl Prediction {
    /// Whether a credential is sent for every image that is pulled, and every listed Secret is in order. Pulls without
    /// a credential count as in order if `allow_anonymous`.
    pub fn is_in_order(&self, allow_anonymous: bool) -> bool {
        let image_in_order = |image: &ImagePrediction| match image.outcome {
            Outcome::Credential | Outcome::NeverPulled => true,
            Outcome::Anonymous => allow_anonymous,
            Outcome::Undecodable | Outcome::InvalidImage => false,
        };
        self.images.iter().all(image_in_order) && self.secrets.iter().all(SecretState::is_in_order)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use k8s_openapi::ByteString;
    use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

    fn secret(name: &str, kind: &str, json: &str) -> (String, Secret) {
        let secret = Secret {
            metadata: ObjectMeta {
                name: Some(name.to_owned()),
                ..ObjectMeta::default()
            },
            type_: Some(kind.to_owned()),
            data: Some(
                [(
                    ".dockerconfigjson".to_owned(),
                    ByteString(json.as_bytes().to_vec()),
                )]
                .into(),
            ),
            ..Secret::default()
        };
        (name.to_owned(), secret)
    }

    const TYPE: &str = "kubernetes.io/dockerconfigjson";
    const GOOD: &str = r#"{"auths":{"us.example.com":{"username":"u","password":"hunter2"}}}"#;

    fn ask(
        names: &[&str],
        secrets: impl IntoIterator<Item = (String, Secret)>,
        image: &str,
    ) -> Prediction {
        let question = Question {
            subject: image.to_owned(),
            namespace: None,
            images: vec![ContainerImage {
                user: None,
                image: image.to_owned(),
                never_pulled: false,
            }],
            listed_by: ListedBy::Caller,
            names: names.iter().map(ToString::to_string).collect(),
            secrets: secrets.into_iter().collect(),
            notes: Vec::new(),
        };
        question.answer()
    }

    #[test]
    fn a_matching_credential_is_in_order_and_no_password_is_shown() {
        let answer = ask(&["a"], [secret("a", TYPE, GOOD)], "us.example.com/app");
        assert!(answer.is_in_order(false));
        assert_eq!(answer.images[0].outcome, Outcome::Credential);
        assert_eq!(answer.images[0].attempts[0].key, "us.example.com");
        let json = serde_json::to_string(&answer).unwrap_or_default();
        assert!(
            json.contains("\"username\":\"u\"") && !json.contains("hunter2"),
            "{json}"
        );
    }

    #[test]
    fn an_anonymous_pull_is_in_order_only_where_it_is_allowed() {
        let answer = ask(&["a"], [secret("a", TYPE, GOOD)], "nginx");
        assert_eq!(answer.images[0].outcome, Outcome::Anonymous);
        assert!(!answer.is_in_order(false));
        assert!(answer.is_in_order(true));
    }

    #[test]
    fn what_is_missing_makes_the_kubelets_event_and_does_not_stop_the_pull() {
        let answer = ask(
            &["x", "", "a", "y"],
            [secret("a", TYPE, GOOD)],
            "us.example.com/app",
        );
        assert_eq!(
            answer.events,
            [
                "Warning FailedToRetrieveImagePullSecret: Unable to retrieve some image pull secrets (x, y); attempting to pull the image may not succeed."
            ]
        );
        assert_eq!(answer.images[0].outcome, Outcome::Credential);
        assert!(!answer.is_in_order(true));
    }

    #[test]
    fn what_cannot_be_decoded_stops_every_pull() {
        let secrets = [
            secret("a", TYPE, GOOD),
            secret("b", TYPE, r#"{"auths":[]}"#),
        ];
        let answer = ask(&["a", "b"], secrets, "us.example.com/app");
        assert_eq!(answer.images[0].outcome, Outcome::Undecodable);
        let text = "json: cannot unmarshal array into Go struct field DockerConfigJSON.auths of type credentialprovider.DockerConfig";
        assert_eq!(answer.images[0].waiting_reason.as_deref(), Some(text));
        assert_eq!(answer.secrets[1].state, State::Undecodable);
    }

    #[test]
    fn what_is_passed_over_without_a_word_is_named() {
        let answer = ask(&["a"], [secret("a", "Opaque", GOOD)], "us.example.com/app");
        assert_eq!(answer.secrets[0].state, State::Skipped);
        assert_eq!(answer.secrets[0].lints[0].code, "wrong-type");
        assert_eq!(answer.images[0].outcome, Outcome::Anonymous);
        assert!(!answer.is_in_order(true));
    }

    #[test]
    fn a_name_that_is_none_is_told_before_anything_else() {
        let answer = ask(&["a"], [secret("a", TYPE, "[]")], "us.example.com/App");
        assert_eq!(answer.images[0].outcome, Outcome::InvalidImage);
        assert_eq!(
            answer.images[0].waiting_message.as_deref(),
            Some(
                "Failed to apply default image tag \"us.example.com/App\": couldn't parse image name \"us.example.com/App\": invalid reference format: repository name (App) must be lowercase"
            )
        );
    }
}
