//! The credentials that a kubelet tries for an image, in its order (`pkg/credentialprovider`, the same in Kubernetes
//! 1.34 to 1.36): decoded from a Pod's pull secrets as Go decodes them, to the very text of an error.
//!
//! Behind these come those that only the node knows: its own docker config, then its credential plugins.

mod base64;
mod config;
mod glob;
mod json;
mod key;
mod lint;
mod url;
#[cfg(test)]
mod vectors;

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::Secret;
use secrecy::SecretString;

use crate::Image;
pub use lint::{Lint, LintCode, Severity, lint};

use config::Entry;
use key::{Key, Location};

/// The type of a pull secret, whose data is under the key that comes with it.
const DOCKER_CONFIG_JSON: (&str, &str) = ("kubernetes.io/dockerconfigjson", ".dockerconfigjson");
/// The older type.
const DOCKERCFG: (&str, &str) = ("kubernetes.io/dockercfg", ".dockercfg");

/// All credentials of a Pod's pull secrets.
#[derive(Clone, Debug, Default)]
pub struct Keyring {
    credentials: BTreeMap<Key, Vec<Credential>>,
}

/// A Secret that the kubelet cannot decode. No image of the Pod is pulled then, whatever else is listed; the container
/// waits with this text as its reason and its message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Secret {namespace}/{name}: {text}")]
pub struct Undecodable {
    /// Where the Secret is.
    pub namespace: String,
    /// What it is called.
    pub name: String,
    /// What the kubelet says.
    pub text: String,
}

/// A credential that the kubelet tries.
#[derive(Clone, Debug)]
pub struct Offer {
    /// The namespace of the Secret.
    pub namespace: String,
    /// The name of the Secret.
    pub name: String,
    /// The key as it stands in the Secret.
    pub key: String,
    /// Why the key is used for the image.
    pub reason: Reason,
    /// The user. Without one containerd refuses to use the credential ("invalid auth config").
    pub username: String,
    /// The password.
    pub password: SecretString,
    /// The Secret has this entry and the one before under what is one key to the kubelet, which tries them in an order
    /// that chance decides each time.
    pub either_order: bool,
}

/// Why a key is used for an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// It matches the image.
    Matches,
    /// Nothing matches an image that the kubelet takes for one of Docker Hub, and this is Docker Hub's entry.
    DockerHub,
}

#[derive(Clone, Debug)]
struct Credential {
    namespace: String,
    name: String,
    key: String,
    entry: Entry,
    either_order: bool,
}

/// What a kubelet finds in a Secret. None: it passes over it without a word, since type and key do not agree.
fn decode(secret: &Secret) -> Option<Result<config::Entries, String>> {
    let kind = secret.type_.as_deref()?;
    let data = |key: &str| {
        let data = &secret.data.as_ref()?.get(key)?.0;
        (!data.is_empty()).then_some(data.as_slice())
    };
    if kind == DOCKER_CONFIG_JSON.0 {
        data(DOCKER_CONFIG_JSON.1).map(config::read_docker_config_json)
    } else if kind == DOCKERCFG.0 {
        data(DOCKERCFG.1).map(config::read_dockercfg)
    } else {
        None
    }
}

impl Keyring {
    /// Puts together what a Pod's pull secrets hold: those that exist, in the order in which the Pod lists them.
    pub fn of<'a>(secrets: impl IntoIterator<Item = &'a Secret>) -> Result<Self, Undecodable> {
        let mut keyring = Self::default();
        for secret in secrets {
            let namespace = secret.metadata.namespace.clone().unwrap_or_default();
            let name = secret.metadata.name.clone().unwrap_or_default();
            match decode(secret) {
                None => {}
                Some(Ok(entries)) => keyring.add(&namespace, &name, entries),
                Some(Err(text)) => {
                    return Err(Undecodable {
                        namespace,
                        name,
                        text,
                    });
                }
            }
        }
        Ok(keyring)
    }

    fn add(&mut self, namespace: &str, name: &str, entries: config::Entries) {
        let mut seen = BTreeMap::new();
        for (key, entry) in entries {
            // A key that does not parse is passed over.
            let Some(normalised) = Key::normalise(&key) else {
                continue;
            };
            let either_order = seen.insert(normalised.clone(), ()).is_some();
            self.credentials
                .entry(normalised)
                .or_default()
                .push(Credential {
                    namespace: namespace.to_owned(),
                    name: name.to_owned(),
                    key,
                    entry,
                    either_order,
                });
        }
    }

    /// The credentials for an image, in the order in which the kubelet tries them until one pull succeeds. None: it
    /// pulls once without any.
    pub fn offers(&self, image: &Image) -> Vec<Offer> {
        let Some(location) = Location::parse(image.repository().as_bytes()) else {
            return Vec::new();
        };
        // Reverse order of text, so that a longer path comes before a shorter one.
        let matching: Vec<Offer> = self
            .credentials
            .iter()
            .rev()
            .filter(|(key, _)| {
                key.pattern()
                    .is_some_and(|pattern| pattern.holds(&location))
            })
            .flat_map(|(_, credentials)| credentials)
            .map(|credential| credential.offer(Reason::Matches))
            .collect();
        if !matching.is_empty() || !key::falls_back_to_docker_hub(image.repository()) {
            return matching;
        }
        self.credentials
            .iter()
            .filter(|(key, _)| key.is_docker_hub())
            .flat_map(|(_, credentials)| credentials)
            .map(|credential| credential.offer(Reason::DockerHub))
            .collect()
    }
}

impl Credential {
    fn offer(&self, reason: Reason) -> Offer {
        Offer {
            namespace: self.namespace.clone(),
            name: self.name.clone(),
            key: self.key.clone(),
            reason,
            username: self.entry.username.clone(),
            password: self.entry.password.clone(),
            either_order: self.either_order,
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use k8s_openapi::ByteString;
    use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
    use secrecy::ExposeSecret as _;

    pub(super) fn secret(name: &str, (kind, key): (&str, &str), data: &str) -> Secret {
        Secret {
            metadata: ObjectMeta {
                name: Some(name.to_owned()),
                namespace: Some("default".to_owned()),
                ..ObjectMeta::default()
            },
            type_: Some(kind.to_owned()),
            data: Some([(key.to_owned(), ByteString(data.as_bytes().to_vec()))].into()),
            ..Secret::default()
        }
    }

    /// A pull secret with `KEY=USER` for each entry.
    fn pull_secret(name: &str, entries: &[&str]) -> Secret {
        let auths: serde_json::Map<_, _> = entries
            .iter()
            .map(|entry| {
                let (key, user) = entry.split_once('=').unwrap();
                let entry = serde_json::json!({"username": user, "password": "p"});
                (key.to_owned(), entry)
            })
            .collect();
        let data = serde_json::json!({"auths": auths}).to_string();
        secret(name, DOCKER_CONFIG_JSON, &data)
    }

    fn users(secrets: &[Secret], image: &str) -> Vec<String> {
        Keyring::of(secrets)
            .unwrap()
            .offers(&Image::parse(image).unwrap())
            .into_iter()
            .map(|offer| offer.username)
            .collect()
    }

    #[test]
    fn keys_are_tried_in_reverse_order_of_text_and_secrets_in_order_of_the_list() {
        let secrets = [
            pull_secret(
                "a",
                &[
                    "us.example.com=1",
                    "*.example.com=2",
                    "us.example.com/team=3",
                ],
            ),
            pull_secret(
                "b",
                &["https://us.example.com/v2/=4", "us.example.com/team/app=5"],
            ),
            pull_secret("a", &["us.example.com=1"]),
        ];
        assert_eq!(
            users(&secrets, "us.example.com/team/app:v1"),
            ["5", "3", "1", "4", "1", "2"]
        );
        assert_eq!(users(&secrets, "eu.example.com/team/app"), ["2"]);
        assert!(users(&secrets, "example.com/app").is_empty());
    }

    #[test]
    fn two_spellings_of_one_key_are_tried_in_either_order() {
        let secrets = [pull_secret(
            "a",
            &["us.example.com=1", "https://us.example.com=2"],
        )];
        let offers = Keyring::of(&secrets)
            .unwrap()
            .offers(&Image::parse("us.example.com/a").unwrap());
        let either: Vec<_> = offers.iter().map(|offer| offer.either_order).collect();
        assert_eq!(either, [false, true]);
    }

    #[test]
    fn docker_hubs_entry_is_used_where_nothing_else_matches() {
        let hub = pull_secret("a", &["https://index.docker.io/v1/=hub"]);
        assert_eq!(users(std::slice::from_ref(&hub), "nginx"), ["hub"]);
        assert_eq!(users(std::slice::from_ref(&hub), "localhost/app"), ["hub"]);
        assert!(users(std::slice::from_ref(&hub), "us.example.com/app").is_empty());
        let direct = pull_secret("b", &["docker.io=direct"]);
        assert_eq!(users(&[hub, direct], "nginx"), ["direct"]);
    }

    #[test]
    fn a_secret_of_another_type_or_key_is_passed_over() {
        let data = r#"{"auths":{"us.example.com":{"username":"u","password":"p"}}}"#;
        let secrets = [
            secret("a", ("Opaque", ".dockerconfigjson"), "["),
            secret("b", ("kubernetes.io/dockerconfigjson", ".dockercfg"), "["),
            secret("c", ("kubernetes.io/dockercfg", ".dockerconfigjson"), "["),
            secret("d", DOCKER_CONFIG_JSON, ""),
            Secret::default(),
            secret("e", DOCKER_CONFIG_JSON, data),
        ];
        assert_eq!(users(&secrets, "us.example.com/a"), ["u"]);
    }

    #[test]
    fn one_secret_that_does_not_decode_spoils_all() {
        let good = pull_secret("good", &["us.example.com=u"]);
        let bad = secret("bad", DOCKER_CONFIG_JSON, r#"{"auths":{"x":{"auth":"?"}}}"#);
        let error = Keyring::of(&[good, bad]).unwrap_err();
        assert_eq!(error.name, "bad");
        assert_eq!(error.text, "illegal base64 data at input byte 0");
    }

    #[test]
    fn the_old_format_works_beside_the_new_one() {
        let old = secret(
            "old",
            DOCKERCFG,
            r#"{"us.example.com":{"auth":"dTpwOnA="}}"#,
        );
        let offers = Keyring::of([&old])
            .unwrap()
            .offers(&Image::parse("us.example.com/a").unwrap());
        assert_eq!(offers[0].username, "u");
        assert_eq!(offers[0].password.expose_secret(), "p:p");
    }
}
