//! `wharf kms keys`.

use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};
use jiff::Timestamp;
use wharf_client::policies::PolicyHolder;
use wharf_types::kms::{Algorithm, Purpose};
use wharf_types::wire::kms::{CryptoKey, CryptoKeyVersionTemplate};

use super::names::KeyRing;
use super::versions;
use crate::commands::bindings::{self, Grant, PolicyFile, Withdrawal};
use crate::commands::duration;
use crate::commands::labels::{LabelChanges, NewLabels};
use crate::commands::projects::nothing_to_change;
use crate::connection::Session;
use crate::failure::Failure;
use crate::output::{Output, Table};

/// What a key is for, in gcloud's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum PurposeArgument {
    /// Encrypt and decrypt
    Encryption,
    /// Sign with a private key
    AsymmetricSigning,
    /// Decrypt with a private key
    AsymmetricEncryption,
    /// Authenticate messages
    Mac,
}

impl PurposeArgument {
    fn purpose(self) -> Purpose {
        match self {
            Self::Encryption => Purpose::EncryptDecrypt,
            Self::AsymmetricSigning => Purpose::AsymmetricSign,
            Self::AsymmetricEncryption => Purpose::AsymmetricDecrypt,
            Self::Mac => Purpose::Mac,
        }
    }
}

/// An algorithm in gcloud's spelling: `ec-sign-p256-sha256`.
fn algorithm(text: &str) -> Result<Algorithm, String> {
    let name = text.to_ascii_uppercase().replace('-', "_");
    Algorithm::parse(&name).map_err(|error| error.to_string())
}

/// When a key gets a new primary version by itself.
#[derive(Args, Clone, Debug)]
pub(super) struct Rotation {
    /// How long a version stays the primary one, such as 90d
    #[arg(long, value_name = "DURATION", value_parser = duration::parse)]
    rotation_period: Option<Duration>,
    /// When the next rotation is due, such as 2027-01-01T00:00:00Z; by default a period from now
    #[arg(long, value_name = "TIME")]
    next_rotation_time: Option<Timestamp>,
}

#[derive(Subcommand, Debug)]
pub(super) enum Command {
    /// Create a key, with its first version. It cannot be deleted; its versions can be destroyed
    #[command(after_help = "Examples:\n  \
        wharf kms keys create secrets --keyring cluster-keys --location us-central1 \\\n      \
        --purpose encryption --rotation-period 90d\n  \
        wharf kms keys create releases --keyring build --location global \\\n      \
        --purpose asymmetric-signing --default-algorithm ec-sign-p256-sha256")]
    Create {
        /// The key
        #[arg(value_name = "KEY")]
        key: String,
        #[command(flatten)]
        key_ring: KeyRing,
        /// What it is for
        #[arg(long, value_enum)]
        purpose: PurposeArgument,
        /// How its versions do it; only keys for encryption need none named
        #[arg(long, value_name = "ALGORITHM", value_parser = algorithm)]
        default_algorithm: Option<Algorithm>,
        #[command(flatten)]
        rotation: Rotation,
        /// From the request of a version's destruction to the destruction: 24h to 120d, by default 30d
        #[arg(long, value_name = "DURATION", value_parser = duration::parse)]
        destroy_scheduled_duration: Option<Duration>,
        /// Make no version yet
        #[arg(long)]
        skip_initial_version_creation: bool,
        #[command(flatten)]
        labels: NewLabels,
    },
    /// List the keys of a key ring
    #[command(
        after_help = "Example:\n  wharf kms keys list --keyring cluster-keys --location us-central1"
    )]
    List {
        #[command(flatten)]
        key_ring: KeyRing,
    },
    /// Show a key
    #[command(
        after_help = "Example:\n  wharf kms keys describe secrets --keyring cluster-keys --location us-central1"
    )]
    Describe {
        /// The key
        #[arg(value_name = "KEY")]
        key: String,
        #[command(flatten)]
        key_ring: KeyRing,
    },
    /// Change a key: labels, rotation, primary version
    #[command(after_help = "Examples:\n  \
        wharf kms keys update secrets --keyring cluster-keys --location us-central1 --rotation-period 30d\n  \
        wharf kms keys update secrets --keyring cluster-keys --location us-central1 --primary-version 2")]
    Update {
        /// The key
        #[arg(value_name = "KEY")]
        key: String,
        #[command(flatten)]
        key_ring: KeyRing,
        #[command(flatten)]
        rotation: Rotation,
        /// Rotate by hand only
        #[arg(long, conflicts_with_all = ["rotation_period", "next_rotation_time"])]
        remove_rotation_schedule: bool,
        /// The version that encrypts from now on
        #[arg(long, value_name = "VERSION")]
        primary_version: Option<u32>,
        #[command(flatten)]
        labels: LabelChanges,
    },
    /// Versions of a key: what can be disabled and destroyed
    #[command(subcommand)]
    Versions(versions::Command),
    /// Show a key's policy
    #[command(
        after_help = "Example:\n  wharf kms keys get-iam-policy secrets --keyring cluster-keys --location us-central1"
    )]
    GetIamPolicy {
        /// The key
        #[arg(value_name = "KEY")]
        key: String,
        #[command(flatten)]
        key_ring: KeyRing,
    },
    /// Replace a key's policy
    #[command(
        after_help = "Example:\n  wharf kms keys set-iam-policy secrets policy.yaml --keyring cluster-keys --location us-central1"
    )]
    SetIamPolicy {
        /// The key
        #[arg(value_name = "KEY")]
        key: String,
        #[command(flatten)]
        policy: PolicyFile,
        #[command(flatten)]
        key_ring: KeyRing,
    },
    /// Bind a role to somebody on a key
    #[command(
        after_help = "Example:\n  wharf kms keys add-iam-policy-binding secrets --keyring cluster-keys --location us-central1 \\\n      \
        --member serviceAccount:cluster@my-project.iam.gserviceaccount.com \\\n      \
        --role roles/cloudkms.cryptoKeyEncrypterDecrypter"
    )]
    AddIamPolicyBinding {
        /// The key
        #[arg(value_name = "KEY")]
        key: String,
        #[command(flatten)]
        key_ring: KeyRing,
        #[command(flatten)]
        grant: Grant,
    },
    /// Take a role from somebody on a key
    #[command(
        after_help = "Example:\n  wharf kms keys remove-iam-policy-binding secrets --keyring cluster-keys --location us-central1 \\\n      \
        --member serviceAccount:cluster@my-project.iam.gserviceaccount.com \\\n      \
        --role roles/cloudkms.cryptoKeyEncrypterDecrypter"
    )]
    RemoveIamPolicyBinding {
        /// The key
        #[arg(value_name = "KEY")]
        key: String,
        #[command(flatten)]
        key_ring: KeyRing,
        #[command(flatten)]
        withdrawal: Withdrawal,
    },
}

impl Table for CryptoKey {
    const HEADERS: &'static [&'static str] =
        &["NAME", "PURPOSE", "ALGORITHM", "PRIMARY", "STATE", "LABELS"];

    fn rows(&self) -> Vec<Vec<String>> {
        let template = self.version_template.as_ref();
        let primary = self.primary.as_ref();
        let number = primary.and_then(|version| version.name.rsplit('/').next());
        let labels = self.labels.iter().flatten();
        vec![vec![
            self.name.clone(),
            shown(self.purpose),
            shown(template.and_then(|template| template.algorithm)),
            number.unwrap_or_default().to_owned(),
            shown(primary.and_then(|version| version.state)),
            labels
                .map(|(key, value)| format!("{key}={value}"))
                .collect::<Vec<_>>()
                .join(","),
        ]]
    }
}

/// A value of an enumeration, or nothing.
pub(super) fn shown(value: Option<impl ToString>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

impl Command {
    pub(super) async fn run(self, session: &Session, output: Output) -> Result<(), Failure> {
        let client = &session.client;
        match self {
            Self::Create {
                key,
                key_ring,
                purpose,
                default_algorithm,
                rotation,
                destroy_scheduled_duration,
                skip_initial_version_creation,
                labels,
            } => {
                let name = key_ring.key(session, &key)?;
                let wanted = CryptoKey {
                    purpose: Some(purpose.purpose()),
                    version_template: Some(CryptoKeyVersionTemplate {
                        protection_level: None,
                        algorithm: default_algorithm,
                    }),
                    rotation_period: rotation.rotation_period,
                    next_rotation_time: rotation.next_rotation_time,
                    destroy_scheduled_duration,
                    labels: Some(labels.map()),
                    ..CryptoKey::default()
                };
                let made = client
                    .create_crypto_key(&name, &wanted, skip_initial_version_creation)
                    .await?;
                output.done(&format!("Created key [{}].", name.id()), &made)
            }
            Self::List { key_ring } => {
                let ring = key_ring.name(session)?;
                output.list(&client.list_crypto_keys(&ring).await?)
            }
            Self::Describe { key, key_ring } => {
                let name = key_ring.key(session, &key)?;
                output.item(&client.get_crypto_key(&name).await?)
            }
            Self::Update {
                key,
                key_ring,
                rotation,
                remove_rotation_schedule,
                primary_version,
                labels,
            } => {
                let update = Update {
                    rotation,
                    remove_rotation_schedule,
                    primary_version,
                    labels,
                };
                update.run(session, output, &key_ring, &key).await
            }
            Self::Versions(command) => command.run(session, output).await,
            Self::GetIamPolicy { key, key_ring } => {
                let holder = PolicyHolder::CryptoKey(key_ring.key(session, &key)?);
                bindings::get(session, output, &holder).await
            }
            Self::SetIamPolicy {
                key,
                policy,
                key_ring,
            } => {
                let holder = PolicyHolder::CryptoKey(key_ring.key(session, &key)?);
                bindings::set(session, output, &holder, &policy.file).await
            }
            Self::AddIamPolicyBinding {
                key,
                key_ring,
                grant,
            } => {
                let holder = PolicyHolder::CryptoKey(key_ring.key(session, &key)?);
                bindings::add(session, output, &holder, &grant).await
            }
            Self::RemoveIamPolicyBinding {
                key,
                key_ring,
                withdrawal,
            } => {
                let holder = PolicyHolder::CryptoKey(key_ring.key(session, &key)?);
                bindings::remove(session, output, &holder, &withdrawal).await
            }
        }
    }
}

/// What of a key changes.
struct Update {
    rotation: Rotation,
    remove_rotation_schedule: bool,
    primary_version: Option<u32>,
    labels: LabelChanges,
}

impl Update {
    async fn run(
        self,
        session: &Session,
        output: Output,
        key_ring: &KeyRing,
        key: &str,
    ) -> Result<(), Failure> {
        let client = &session.client;
        let name = key_ring.key(session, key)?;
        let mut wanted = CryptoKey {
            rotation_period: self.rotation.rotation_period,
            next_rotation_time: self.rotation.next_rotation_time,
            ..CryptoKey::default()
        };
        let mut mask = Vec::new();
        if wanted.rotation_period.is_some() || self.remove_rotation_schedule {
            mask.push("rotationPeriod");
        }
        if wanted.next_rotation_time.is_some() || self.remove_rotation_schedule {
            mask.push("nextRotationTime");
        }
        if !self.labels.is_empty() {
            let mut labels = match self.labels.clear_labels {
                true => None,
                false => client.get_crypto_key(&name).await?.labels,
            }
            .unwrap_or_default();
            labels.retain(|key, _| !self.labels.remove_labels.contains(key));
            labels.extend(self.labels.updates());
            wanted.labels = Some(labels);
            mask.push("labels");
        }
        if mask.is_empty() && self.primary_version.is_none() {
            return Err(nothing_to_change());
        }
        let mut changed = None;
        if !mask.is_empty() {
            changed = Some(client.update_crypto_key(&name, &wanted, &mask).await?);
        }
        if let Some(number) = self.primary_version {
            changed = Some(client.set_primary_version(&name, number).await?);
        }
        match changed {
            Some(key) => output.done(&format!("Updated key [{}].", name.id()), &key),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_algorithm_is_written_as_gcloud_or_the_api_write_it() {
        for text in ["ec-sign-p256-sha256", "EC_SIGN_P256_SHA256"] {
            assert_eq!(algorithm(text), Ok(Algorithm::EcSignP256Sha256));
        }
        assert!(algorithm("rot13").is_err());
    }
}
