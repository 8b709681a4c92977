//! The pull secret: a Secret of type `kubernetes.io/dockerconfigjson`.

use std::collections::BTreeMap;

use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use secrecy::ExposeSecret as _;

use crate::{DockerConfig, Namespace, SecretName};

/// Its type.
pub const SECRET_TYPE: &str = "kubernetes.io/dockerconfigjson";
/// Where in its data the docker config lies.
pub const DATA_KEY: &str = ".dockerconfigjson";
/// The API server's limit for all data of a Secret together.
pub const DATA_SIZE_MAX: usize = 1024 * 1024;
/// By this label we know what we made.
pub const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
/// What stands there.
pub const MANAGER: &str = "wharfinger";

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

impl PullSecret {
    /// The Secret as an object (core/v1), labelled as ours.
    pub fn to_object(&self) -> Secret {
        let json = self.config.to_json();
        let json = json.expose_secret().as_bytes().to_vec();
        Secret {
            metadata: ObjectMeta {
                name: Some(self.name.to_string()),
                namespace: self.namespace.as_ref().map(ToString::to_string),
                labels: Some(BTreeMap::from([(
                    MANAGED_BY.to_owned(),
                    MANAGER.to_owned(),
                )])),
                ..ObjectMeta::default()
            },
            type_: Some(SECRET_TYPE.to_owned()),
            data: Some(BTreeMap::from([(DATA_KEY.to_owned(), ByteString(json))])),
            ..Secret::default()
        }
    }

    /// Whether Kubernetes would take it.
    pub fn check(&self) -> Result<(), PullSecretError> {
        if self.config.auths.is_empty() {
            return Err(PullSecretError::Empty);
        }
        match self.config.to_json().expose_secret().len() {
            size if size > DATA_SIZE_MAX => Err(PullSecretError::TooLarge(size)),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::{Credential, RegistryKey, manifest};
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use proptest::prelude::*;
    use serde_json::Value;

    fn secret(name: &str, namespace: Option<&str>, password: &str) -> PullSecret {
        let registries = ["us.example.com", "docker.io"].map(|r| RegistryKey::parse(r).unwrap());
        PullSecret {
            name: SecretName::parse(name).unwrap(),
            namespace: namespace.map(|n| Namespace::parse(n).unwrap()),
            config: DockerConfig::new(registries, &Credential::json_key(password.into())),
        }
    }

    fn password_of(read: &Value) -> String {
        assert_eq!(read["apiVersion"], "v1");
        assert_eq!(read["kind"], "Secret");
        assert_eq!(read["type"], "kubernetes.io/dockerconfigjson");
        assert_eq!(read["metadata"]["labels"][MANAGED_BY], MANAGER);
        let data = read["data"][".dockerconfigjson"].as_str().unwrap();
        let json = String::from_utf8(STANDARD.decode(data).unwrap()).unwrap();
        let config = DockerConfig::parse(&json).unwrap();
        assert_eq!(config.auths.len(), 2);
        let credential = &config.auths[&RegistryKey::parse("us.example.com").unwrap()];
        assert_eq!(credential.username, "_json_key");
        credential.password.expose_secret().to_owned()
    }

    #[test]
    fn names_that_yaml_takes_for_something_else_stay_text() {
        for name in ["1", "true", "null", "1.5", "0x1f", "1e3", "2026-11-24"] {
            let object = secret(name, Some("default"), "{}").to_object();
            let yaml = manifest::to_yaml(&[object]);
            // A reader without a schema must see text, as kubectl's does.
            let read: Value = serde_saphyr::from_str(&yaml).unwrap();
            assert_eq!(read["metadata"]["name"], serde_json::json!(name), "{yaml}");
        }
    }

    #[test]
    fn a_secret_without_a_registry_is_refused() {
        let mut empty = secret("a", None, "{}");
        empty.config.auths.clear();
        assert_eq!(empty.check(), Err(PullSecretError::Empty));
    }

    #[test]
    fn a_secret_that_kubernetes_would_refuse_is_refused() {
        let large = secret("a", None, &"x".repeat(DATA_SIZE_MAX));
        assert!(matches!(large.check(), Err(PullSecretError::TooLarge(_))));
        assert_eq!(secret("a", None, "x").check(), Ok(()));
    }

    proptest! {
        #[test]
        fn yaml_and_json_give_back_the_same_key(password in any::<String>(), namespaced in any::<bool>()) {
            let namespace = namespaced.then_some("kube-system");
            let objects = [secret("gcr-json-key", namespace, &password).to_object()];
            let yaml: Value = serde_saphyr::from_str(&manifest::to_yaml(&objects)).unwrap();
            let json: Value = serde_json::from_str(&manifest::to_json(&objects)).unwrap();
            for read in [yaml, json] {
                prop_assert_eq!(read["metadata"]["namespace"].as_str(), namespace);
                prop_assert_eq!(password_of(&read), password.clone());
            }
        }
    }
}
