//! The JSON inside a pull secret: what `docker login` writes, as far as the kubelet reads it
//! (`pkg/credentialprovider/config.go`).

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::RegistryKey;

/// The user under which a registry takes a service account's key file as the password.
pub const JSON_KEY_USER: &str = "_json_key";

/// A user and a password, with the mail address that docker once asked for.
#[derive(Clone, Debug)]
pub struct Credential {
    /// May not contain a colon: the first one ends it.
    pub username: String,
    /// Kept to the byte.
    pub password: SecretString,
    /// Nobody reads it; `kubectl create secret docker-registry` writes it when it is given.
    pub email: Option<String>,
}

impl Credential {
    /// The credential of a service account: its key file, verbatim.
    pub fn json_key(file: SecretString) -> Self {
        Self {
            username: JSON_KEY_USER.to_owned(),
            password: file,
            email: None,
        }
    }
}

impl Credential {
    /// Reads what stands behind a registry. None: it is not what the kubelet can decode.
    pub fn parse(json: &str) -> Option<Self> {
        serde_json::from_str::<Entry>(json).ok()?.credential()
    }

    /// What stands for it behind a registry, in JSON: `username`, `password` and `auth`, as kubectl writes them.
    pub fn to_json(&self) -> SecretString {
        #[expect(clippy::expect_used, reason = "four strings are always JSON")]
        serde_json::to_string(&Entry::new(self))
            .expect("strings serialise")
            .into()
    }
}

/// Credentials by the registries that they are for.
#[derive(Clone, Debug, Default)]
pub struct DockerConfig {
    /// In order of key.
    pub auths: BTreeMap<RegistryKey, Credential>,
}

/// Why the kubelet could not read a docker config. It then fails the whole pull, whatever else is listed.
#[derive(Debug, thiserror::Error)]
pub enum DockerConfigError {
    /// Not JSON of the right shape. The content is a secret, so the message does not quote it.
    #[error(
        "the pull secret is not {{\"auths\": {{HOST: {{…}}}}}}, at line {line} column {column}"
    )]
    Shape {
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
    },
    /// A key that matches no image.
    #[error(transparent)]
    Registry(#[from] crate::registry_key::RegistryKeyError),
    /// `auth` is not base64 of `USER:PASSWORD`.
    #[error("the entry for {0} has an `auth` that is not base64 of USER:PASSWORD")]
    Auth(String),
}

/// The document. Field order is kubectl's.
#[derive(Serialize, Deserialize)]
struct Document {
    auths: BTreeMap<String, Entry>,
}

#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
struct Entry {
    #[serde(default, skip_serializing_if = "String::is_empty")]
    username: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    password: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    email: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    auth: String,
}

impl Entry {
    fn new(credential: &Credential) -> Self {
        let password = credential.password.expose_secret();
        let mut pair = format!("{}:{password}", credential.username);
        let entry = Self {
            username: credential.username.clone(),
            password: password.to_owned(),
            email: credential.email.clone().unwrap_or_default(),
            auth: STANDARD.encode(&pair),
        };
        pair.zeroize();
        entry
    }

    /// None: `auth` is not base64 of `USER:PASSWORD`.
    fn credential(&self) -> Option<Credential> {
        let (username, password) = if self.auth.is_empty() {
            (self.username.clone(), self.password.clone())
        } else {
            decode_auth(&self.auth)?
        };
        Some(Credential {
            username,
            password: password.into(),
            email: Some(self.email.clone()).filter(|email| !email.is_empty()),
        })
    }
}

impl DockerConfig {
    /// One credential for several registries.
    pub fn new(registries: impl IntoIterator<Item = RegistryKey>, credential: &Credential) -> Self {
        Self {
            auths: registries
                .into_iter()
                .map(|registry| (registry, credential.clone()))
                .collect(),
        }
    }

    /// The JSON, with `username`, `password` and `auth` as kubectl writes them.
    pub fn to_json(&self) -> SecretString {
        let auths = self
            .auths
            .iter()
            .map(|(registry, credential)| (registry.as_str().to_owned(), Entry::new(credential)));
        let document = Document {
            auths: auths.collect(),
        };
        #[expect(clippy::expect_used, reason = "a map of strings is always JSON")]
        serde_json::to_string(&document)
            .expect("strings serialise")
            .into()
    }

    /// Reads a docker config as the kubelet does: `auth`, when there is one, counts more than user and password.
    pub fn parse(json: &str) -> Result<Self, DockerConfigError> {
        let document: Document =
            serde_json::from_str(json).map_err(|error| DockerConfigError::Shape {
                line: error.line(),
                column: error.column(),
            })?;
        let mut auths = BTreeMap::new();
        for (registry, entry) in document.auths {
            let credential = entry.credential();
            let credential = credential.ok_or_else(|| DockerConfigError::Auth(registry.clone()))?;
            auths.insert(RegistryKey::parse(&registry)?, credential);
        }
        Ok(Self { auths })
    }
}

fn decode_auth(auth: &str) -> Option<(String, String)> {
    // Go's decoder passes over line breaks.
    let mut auth = auth.replace(['\r', '\n'], "");
    let decoded = STANDARD_NO_PAD.decode(auth.trim_end_matches('='));
    auth.zeroize();
    let pair = String::from_utf8(decoded.ok()?).ok()?;
    let (username, password) = pair.split_once(':')?;
    Some((username.to_owned(), password.to_owned()))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use proptest::prelude::*;

    fn registries(names: &[&str]) -> Vec<RegistryKey> {
        names
            .iter()
            .map(|name| RegistryKey::parse(name).unwrap())
            .collect()
    }

    #[test]
    fn the_json_is_what_kubectl_writes() {
        let mut credential = Credential::json_key("{\n}\n".into());
        credential.email = Some("any@valid.email".to_owned());
        let config = DockerConfig::new(registries(&["https://us.example.com"]), &credential);
        assert_eq!(
            config.to_json().expose_secret(),
            r#"{"auths":{"us.example.com":{"username":"_json_key","password":"{\n}\n","email":"any@valid.email","auth":"X2pzb25fa2V5OnsKfQo="}}}"#
        );
    }

    #[test]
    fn auth_counts_more_than_user_and_password() {
        let config = DockerConfig::parse(
            r#"{"auths":{"example.com":{"username":"a","password":"b","auth":"YzpkOmU"}}}"#,
        )
        .unwrap();
        let credential = config.auths.values().next().unwrap();
        assert_eq!(credential.username, "c");
        assert_eq!(credential.password.expose_secret(), "d:e");
    }

    #[test]
    fn what_breaks_the_kubelet_is_named_without_the_secret() {
        for json in [
            r#"{"example.com":{"auth":"aHVudGVyMg=="}}"#,
            r#"{"auths":{"example.com":{"auth":"aHVudGVyMg=="}}}"#,
            r#"{"auths":{"example.com":{"auth":"!!!hunter2"}}}"#,
            r#"{"auths":["hunter2"]}"#,
            "hunter2",
        ] {
            let message = DockerConfig::parse(json).unwrap_err().to_string();
            assert!(!message.contains("hunter2") && !message.contains("aHVudGVyMg"));
        }
    }

    proptest! {
        #[test]
        fn every_registry_gets_back_the_same_credential(
            username in "[^:\\x00]{1,20}",
            password in any::<String>(),
            email in prop::option::of("[a-z]{1,5}@[a-z]{1,5}"),
        ) {
            let credential = Credential { username, password: password.into(), email };
            let config = DockerConfig::new(registries(&["us.example.com", "example.com:5000"]), &credential);
            let json = config.to_json();
            let read = DockerConfig::parse(json.expose_secret()).unwrap();
            prop_assert_eq!(read.auths.len(), 2);
            for other in read.auths.values() {
                prop_assert_eq!(&other.username, &credential.username);
                prop_assert_eq!(other.password.expose_secret(), credential.password.expose_secret());
                prop_assert_eq!(&other.email, &credential.email);
            }
            // `username` and `password` alone say the same as `auth`.
            let mut plain: serde_json::Value = serde_json::from_str(json.expose_secret()).unwrap();
            for entry in plain["auths"].as_object_mut().unwrap().values_mut() {
                entry.as_object_mut().unwrap().remove("auth");
            }
            let read = DockerConfig::parse(&plain.to_string()).unwrap();
            for other in read.auths.values() {
                prop_assert_eq!(&other.username, &credential.username);
                prop_assert_eq!(other.password.expose_secret(), credential.password.expose_secret());
            }
        }

        #[test]
        fn no_text_makes_it_fall_over(text in "\\PC{0,60}") {
            let _ = DockerConfig::parse(&text);
        }
    }
}
