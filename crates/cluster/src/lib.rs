//! What a Kubernetes cluster needs to pull from a registry.
//!
//! | module | what it is |
//! | --- | --- |
//! | [`registry_key`] | the keys of a pull secret, as the kubelet compares them with an image |
//! | [`docker_config`] | the JSON inside a pull secret |
//! | [`pull_secret`] | the Secret around it |
//! | [`pull_secrets`] | Secrets in a cluster: made, changed, and named to those who pull |
//! | [`puller`] | the registry's account that a cluster pulls with |
//! | [`manifest`] | objects as YAML and JSON |
//! | [`name`] | names of Secrets and namespaces |
//! | [`kubernetes`] | the way to the API server, and what goes wrong on it |
//! | [`namespaces`] | in which of them a command works |
//! | [`rbac`] | the least rights that a command needs |
//! | [`image`] | a container's image, read as the kubelet reads it |
//! | [`keyring`] | the credentials that a kubelet tries for an image |
//! | [`check`] | what a kubelet will do for a Pod's images |
//!
//! A registry is reached through `wharf-client` alone.

pub mod check;
pub mod docker_config;
pub mod doctor;
pub mod image;
pub mod keyring;
pub mod kubernetes;
pub mod manifest;
pub mod name;
pub mod namespaces;
pub mod pull_secret;
pub mod pull_secrets;
pub mod puller;
pub mod rbac;
pub mod registry_key;

pub use docker_config::{Credential, DockerConfig};
pub use image::Image;
pub use keyring::Keyring;
pub use name::{Namespace, SecretName};
pub use pull_secret::PullSecret;
pub use registry_key::RegistryKey;
