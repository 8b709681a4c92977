//! The pull secret: a Secret of type `kubernetes.io/dockerconfigjson`.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;
use serde_saphyr::SerializerOptions;

use crate::{DockerConfig, Namespace, SecretName};

const SECRET_TYPE: &str = "kubernetes.io/dockerconfigjson";
const DATA_KEY: &str = ".dockerconfigjson";
/// The API server's limit for all data of a Secret together.
const DATA_SIZE_MAX: usize = 1024 * 1024;

/// A pull secret as it is to stand in a cluster.
#[derive(Clone, Debug)]
pub struct PullSecret {
    /// What `imagePullSecrets` names.
    pub name: SecretName,
    /// Only Pods of this namespace can use it. None: that of whoever applies it.
    pub namespace: Option<Namespace>,
    /// Which credential for which registry.
    pub config: DockerConfig,
}

/// Why a pull secret cannot be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PullSecretError {
    /// No registry: the kubelet would pass over it without a word.
    #[error("a pull secret needs at least one registry")]
    Empty,
    /// Larger than the API server takes.
    #[error("the pull secret would have {0} bytes of data; Kubernetes takes 1048576")]
    TooLarge(usize),
}

/// The Secret on the wire (core/v1).
#[derive(Serialize)]
struct Manifest<'a> {
    #[serde(rename = "apiVersion")]
    api_version: &'static str,
    kind: &'static str,
    metadata: Metadata<'a>,
    #[serde(rename = "type")]
    kind_of_secret: &'static str,
    data: BTreeMap<&'static str, &'a str>,
}

#[derive(Serialize)]
struct Metadata<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<&'a str>,
}

impl PullSecret {
    /// The Secret in YAML, ready for `kubectl apply -f -`.
    pub fn to_yaml(&self) -> Result<SecretString, PullSecretError> {
        self.with_manifest(|manifest| {
            // The data on its own line, as kubectl writes it.
            let options = SerializerOptions {
                prefer_block_scalars: false,
                ..SerializerOptions::default()
            };
            serde_saphyr::to_string_with_options(manifest, options).ok()
        })
    }

    /// The Secret in JSON, ready for `kubectl apply -f -`.
    pub fn to_json(&self) -> Result<SecretString, PullSecretError> {
        self.with_manifest(|manifest| {
            serde_json::to_string_pretty(manifest)
                .ok()
                .map(|json| json + "\n")
        })
    }

    fn with_manifest(
        &self,
        write: impl FnOnce(&Manifest<'_>) -> Option<String>,
    ) -> Result<SecretString, PullSecretError> {
        if self.config.auths.is_empty() {
            return Err(PullSecretError::Empty);
        }
        let json = self.config.to_json();
        let size = json.expose_secret().len();
        if size > DATA_SIZE_MAX {
            return Err(PullSecretError::TooLarge(size));
        }
        let data: SecretString = STANDARD.encode(json.expose_secret()).into();
        let manifest = Manifest {
            api_version: "v1",
            kind: "Secret",
            metadata: Metadata {
                name: self.name.as_str(),
                namespace: self.namespace.as_ref().map(Namespace::as_str),
            },
            kind_of_secret: SECRET_TYPE,
            data: BTreeMap::from([(DATA_KEY, data.expose_secret())]),
        };
        #[expect(
            clippy::expect_used,
            reason = "strings serialise into JSON and YAML alike"
        )]
        let text = write(&manifest).expect("a Secret of strings serialises");
        Ok(text.into())
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::{Credential, RegistryKey};
    use proptest::prelude::*;
    use serde::Deserialize;

    #[derive(Deserialize)]
    struct Read {
        #[serde(rename = "apiVersion")]
        api_version: String,
        kind: String,
        metadata: BTreeMap<String, String>,
        #[serde(rename = "type")]
        kind_of_secret: String,
        data: BTreeMap<String, String>,
    }

    fn secret(name: &str, namespace: Option<&str>, password: &str) -> PullSecret {
        let registries = ["us.example.com", "docker.io"].map(|r| RegistryKey::parse(r).unwrap());
        PullSecret {
            name: SecretName::parse(name).unwrap(),
            namespace: namespace.map(|n| Namespace::parse(n).unwrap()),
            config: DockerConfig::new(registries, &Credential::json_key(password.into())),
        }
    }

    fn password_of(read: &Read) -> String {
        assert_eq!(
            (
                read.api_version.as_str(),
                read.kind.as_str(),
                read.kind_of_secret.as_str()
            ),
            ("v1", "Secret", "kubernetes.io/dockerconfigjson")
        );
        let json = STANDARD.decode(&read.data[".dockerconfigjson"]).unwrap();
        let config = DockerConfig::parse(&String::from_utf8(json).unwrap()).unwrap();
        assert_eq!(config.auths.len(), 2);
        let credential = &config.auths[&RegistryKey::parse("us.example.com").unwrap()];
        assert_eq!(credential.username, "_json_key");
        credential.password.expose_secret().to_owned()
    }

    #[test]
    fn names_that_yaml_takes_for_something_else_stay_text() {
        for name in ["1", "true", "null", "1.5", "0x1f", "1e3", "2026-11-24"] {
            let yaml = secret(name, Some("default"), "{}").to_yaml().unwrap();
            // A reader without a schema must see text, as kubectl's does.
            let read: serde_json::Value = serde_saphyr::from_str(yaml.expose_secret()).unwrap();
            assert_eq!(
                read["metadata"]["name"],
                serde_json::json!(name),
                "{}",
                yaml.expose_secret()
            );
        }
    }

    #[test]
    fn a_secret_without_a_registry_is_refused() {
        let mut empty = secret("a", None, "{}");
        empty.config.auths.clear();
        assert_eq!(empty.to_yaml().unwrap_err(), PullSecretError::Empty);
    }

    #[test]
    fn a_secret_that_kubernetes_would_refuse_is_refused() {
        let large = secret("a", None, &"x".repeat(DATA_SIZE_MAX));
        assert!(matches!(
            large.to_json().unwrap_err(),
            PullSecretError::TooLarge(_)
        ));
    }

    proptest! {
        #[test]
        fn yaml_and_json_give_back_the_same_key(password in any::<String>(), namespaced in any::<bool>()) {
            let namespace = namespaced.then_some("kube-system");
            let secret = secret("gcr-json-key", namespace, &password);
            let yaml: Read = serde_saphyr::from_str(secret.to_yaml().unwrap().expose_secret()).unwrap();
            let json: Read = serde_json::from_str(secret.to_json().unwrap().expose_secret()).unwrap();
            for read in [yaml, json] {
                prop_assert_eq!(read.metadata.get("namespace").map(String::as_str), namespace);
                prop_assert_eq!(password_of(&read), password.clone());
            }
        }
    }
}
