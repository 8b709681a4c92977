//! `wharf kms keys versions`.

use std::path::PathBuf;

use clap::Subcommand;
use wharf_client::kms::VersionOrder;
use wharf_types::kms::{CryptoKeyName, CryptoKeyVersionName};
use wharf_types::wire::kms::CryptoKeyVersion;

use super::keys::shown;
use super::names::Key;
use crate::connection::Session;
use crate::failure::Failure;
use crate::output::{Output, Table, print, time};
use crate::prompt::confirm;

#[derive(Subcommand, Debug)]
pub(super) enum Command {
    /// Create the next version of a key
    #[command(
        after_help = "Example:\n  wharf kms keys versions create --key secrets --keyring cluster-keys --location us-central1 --primary"
    )]
    Create {
        #[command(flatten)]
        key: Key,
        /// Make it the version that encrypts
        #[arg(long)]
        primary: bool,
    },
    /// List a key's versions
    #[command(
        after_help = "Example:\n  wharf kms keys versions list --key secrets --keyring cluster-keys --location us-central1"
    )]
    List {
        #[command(flatten)]
        key: Key,
    },
    /// Show a version
    #[command(
        after_help = "Example:\n  wharf kms keys versions describe 1 --key secrets --keyring cluster-keys --location us-central1"
    )]
    Describe {
        /// The version's number
        #[arg(value_name = "VERSION")]
        version: u32,
        #[command(flatten)]
        key: Key,
    },
    /// Let a version be used again
    #[command(
        after_help = "Example:\n  wharf kms keys versions enable 1 --key secrets --keyring cluster-keys --location us-central1"
    )]
    Enable {
        /// The version's number
        #[arg(value_name = "VERSION")]
        version: u32,
        #[command(flatten)]
        key: Key,
    },
    /// Let a version not be used: what it encrypted cannot be read until it is enabled again
    #[command(
        after_help = "Example:\n  wharf kms keys versions disable 1 --key secrets --keyring cluster-keys --location us-central1"
    )]
    Disable {
        /// The version's number
        #[arg(value_name = "VERSION")]
        version: u32,
        #[command(flatten)]
        key: Key,
    },
    /// Schedule a version's destruction: after its key's delay, what it encrypted cannot be read ever again
    #[command(
        after_help = "Example:\n  wharf kms keys versions destroy 1 --key secrets --keyring cluster-keys --location us-central1"
    )]
    Destroy {
        /// The version's number
        #[arg(value_name = "VERSION")]
        version: u32,
        #[command(flatten)]
        key: Key,
    },
    /// Take a scheduled destruction back; the version is disabled then
    #[command(
        after_help = "Example:\n  wharf kms keys versions restore 1 --key secrets --keyring cluster-keys --location us-central1"
    )]
    Restore {
        /// The version's number
        #[arg(value_name = "VERSION")]
        version: u32,
        #[command(flatten)]
        key: Key,
    },
    /// Show or write the public key of a version that signs or decrypts
    #[command(
        after_help = "Example:\n  wharf kms keys versions get-public-key 1 --key releases --keyring build --location global \\\n      \
        --output-file releases.pem"
    )]
    GetPublicKey {
        /// The version's number
        #[arg(value_name = "VERSION")]
        version: u32,
        #[command(flatten)]
        key: Key,
        /// Where to write it; by default stdout
        #[arg(long, value_name = "FILE")]
        output_file: Option<PathBuf>,
    },
}

impl Table for CryptoKeyVersion {
    const HEADERS: &'static [&'static str] =
        &["NAME", "STATE", "ALGORITHM", "CREATED", "DESTROYED"];

    fn rows(&self) -> Vec<Vec<String>> {
        vec![vec![
            self.name.clone(),
            shown(self.state),
            shown(self.algorithm),
            time(self.create_time),
            time(self.destroy_event_time.or(self.destroy_time)),
        ]]
    }
}

impl Command {
    pub(super) async fn run(self, session: &Session, output: Output) -> Result<(), Failure> {
        let client = &session.client;
        match self {
            Self::Create { key, primary } => {
                let key = key.name(session)?;
                let made = client.create_crypto_key_version(&key).await?;
                let name = CryptoKeyVersionName::parse(&made.name)
                    .map_err(|error| Failure::new(error.to_string()))?;
                if primary {
                    client.set_primary_version(&key, name.number).await?;
                }
                let what = if primary {
                    "primary version"
                } else {
                    "version"
                };
                let text = format!("Created {what} [{}] of key [{}].", name.number, key.id());
                output.done(&text, &made)
            }
            Self::List { key } => {
                let key = key.name(session)?;
                output.list(&client.list_crypto_key_versions(&key).await?)
            }
            Self::Describe { version, key } => {
                let name = key.name(session)?.version(version);
                output.item(&client.get_crypto_key_version(&name).await?)
            }
            Self::Enable { version, key } => {
                let order = Order(VersionOrder::Enable, "Enabled");
                order
                    .give(session, output, key.name(session)?, version)
                    .await
            }
            Self::Disable { version, key } => {
                let order = Order(VersionOrder::Disable, "Disabled");
                order
                    .give(session, output, key.name(session)?, version)
                    .await
            }
            Self::Destroy { version, key } => {
                let name = key.name(session)?;
                confirm(
                    &format!(
                        "Version [{version}] of key [{}] will be destroyed after its key's delay. What it encrypted cannot be read from now on, and after the delay never again.",
                        name.id()
                    ),
                    output.is_quiet(),
                )?;
                let order = Order(VersionOrder::Destroy, "Scheduled the destruction of");
                order.give(session, output, name, version).await
            }
            Self::Restore { version, key } => {
                let order = Order(VersionOrder::Restore, "Restored, and left disabled,");
                order
                    .give(session, output, key.name(session)?, version)
                    .await
            }
            Self::GetPublicKey {
                version,
                key,
                output_file,
            } => {
                let name = key.name(session)?.version(version);
                let public = client.get_public_key(&name).await?;
                match output_file {
                    None => print(&public.pem),
                    Some(path) => std::fs::write(&path, &public.pem).map_err(|error| {
                        Failure::new(format!("cannot write {}: {error}", path.display()))
                    }),
                }
            }
        }
    }
}

/// An order to a version, and what is said when it is done.
struct Order(VersionOrder, &'static str);

impl Order {
    async fn give(
        self,
        session: &Session,
        output: Output,
        key: CryptoKeyName,
        number: u32,
    ) -> Result<(), Failure> {
        let name = key.version(number);
        let changed = session.client.order_version(&name, self.0).await?;
        let text = format!("{} version [{number}] of key [{}].", self.1, key.id());
        output.done(&text, &changed)
    }
}
