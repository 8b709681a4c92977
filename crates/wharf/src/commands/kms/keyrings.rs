//! `wharf kms keyrings`.

use clap::Subcommand;
use wharf_client::policies::PolicyHolder;
use wharf_types::wire::kms::KeyRing;

use super::names::Location;
use crate::commands::bindings::{self, Grant, PolicyFile, Withdrawal};
use crate::connection::Session;
use crate::failure::Failure;
use crate::output::{Output, Table, time};

#[derive(Subcommand, Debug)]
pub(super) enum Command {
    /// Create a key ring. It cannot be deleted
    #[command(
        after_help = "Example:\n  wharf kms keyrings create cluster-keys --location us-central1"
    )]
    Create {
        /// The key ring
        #[arg(value_name = "KEY_RING")]
        key_ring: String,
        #[command(flatten)]
        location: Location,
    },
    /// List the key rings of a location
    #[command(after_help = "Example:\n  wharf kms keyrings list --location us-central1")]
    List {
        #[command(flatten)]
        location: Location,
    },
    /// Show a key ring
    #[command(
        after_help = "Example:\n  wharf kms keyrings describe cluster-keys --location us-central1"
    )]
    Describe {
        /// The key ring
        #[arg(value_name = "KEY_RING")]
        key_ring: String,
        #[command(flatten)]
        location: Location,
    },
    /// Show a key ring's policy
    #[command(
        after_help = "Example:\n  wharf kms keyrings get-iam-policy cluster-keys --location us-central1"
    )]
    GetIamPolicy {
        /// The key ring
        #[arg(value_name = "KEY_RING")]
        key_ring: String,
        #[command(flatten)]
        location: Location,
    },
    /// Replace a key ring's policy
    #[command(
        after_help = "Example:\n  wharf kms keyrings set-iam-policy cluster-keys policy.yaml --location us-central1"
    )]
    SetIamPolicy {
        /// The key ring
        #[arg(value_name = "KEY_RING")]
        key_ring: String,
        #[command(flatten)]
        policy: PolicyFile,
        #[command(flatten)]
        location: Location,
    },
    /// Bind a role to somebody on a key ring, and so on all its keys
    #[command(
        after_help = "Example:\n  wharf kms keyrings add-iam-policy-binding cluster-keys --location us-central1 \\\n      \
        --member serviceAccount:auditor@my-project.iam.gserviceaccount.com --role roles/cloudkms.viewer"
    )]
    AddIamPolicyBinding {
        /// The key ring
        #[arg(value_name = "KEY_RING")]
        key_ring: String,
        #[command(flatten)]
        location: Location,
        #[command(flatten)]
        grant: Grant,
    },
    /// Take a role from somebody on a key ring
    #[command(
        after_help = "Example:\n  wharf kms keyrings remove-iam-policy-binding cluster-keys --location us-central1 \\\n      \
        --member serviceAccount:auditor@my-project.iam.gserviceaccount.com --role roles/cloudkms.viewer"
    )]
    RemoveIamPolicyBinding {
        /// The key ring
        #[arg(value_name = "KEY_RING")]
        key_ring: String,
        #[command(flatten)]
        location: Location,
        #[command(flatten)]
        withdrawal: Withdrawal,
    },
}

impl Table for KeyRing {
    const HEADERS: &'static [&'static str] = &["NAME", "CREATED"];

    fn rows(&self) -> Vec<Vec<String>> {
        vec![vec![self.name.clone(), time(self.create_time)]]
    }
}

impl Command {
    pub(super) async fn run(self, session: &Session, output: Output) -> Result<(), Failure> {
        let client = &session.client;
        match self {
            Self::Create { key_ring, location } => {
                let name = location.key_ring(session, &key_ring)?;
                let made = client.create_key_ring(&name).await?;
                output.done(&format!("Created key ring [{}].", name.id()), &made)
            }
            Self::List { location } => {
                let project = session.project()?;
                let rings = client
                    .list_key_rings(&project, location.required()?)
                    .await?;
                output.list(&rings)
            }
            Self::Describe { key_ring, location } => {
                let name = location.key_ring(session, &key_ring)?;
                output.item(&client.get_key_ring(&name).await?)
            }
            Self::GetIamPolicy { key_ring, location } => {
                let holder = PolicyHolder::KeyRing(location.key_ring(session, &key_ring)?);
                bindings::get(session, output, &holder).await
            }
            Self::SetIamPolicy {
                key_ring,
                policy,
                location,
            } => {
                let holder = PolicyHolder::KeyRing(location.key_ring(session, &key_ring)?);
                bindings::set(session, output, &holder, &policy.file).await
            }
            Self::AddIamPolicyBinding {
                key_ring,
                location,
                grant,
            } => {
                let holder = PolicyHolder::KeyRing(location.key_ring(session, &key_ring)?);
                bindings::add(session, output, &holder, &grant).await
            }
            Self::RemoveIamPolicyBinding {
                key_ring,
                location,
                withdrawal,
            } => {
                let holder = PolicyHolder::KeyRing(location.key_ring(session, &key_ring)?);
                bindings::remove(session, output, &holder, &withdrawal).await
            }
        }
    }
}
