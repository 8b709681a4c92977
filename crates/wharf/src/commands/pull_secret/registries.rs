//! `wharf pull-secret add-registry` and `remove-registry`.

use std::path::PathBuf;

use clap::Args;
use wharf_cluster::pull_secrets::document::Document;
use wharf_cluster::pull_secrets::registries::{self, Source};
use wharf_cluster::pull_secrets::store::{self, ChangeError, Permit, Stored};
use wharf_cluster::rbac::Rights;
use wharf_cluster::{Credential, RegistryKey, SecretName};

use super::DryRun;
use super::credential::UserAndPassword;
use super::report::{self, Tally};
use crate::cluster::{Cluster, InNamespaces};
use crate::failure::Failure;
use crate::files;
use crate::output::Output;

/// What both have.
#[derive(Args, Debug)]
struct Common {
    /// Delete an immutable Secret and make it anew under the same name
    #[arg(long)]
    recreate: bool,
    /// Let the API server check it and keep nothing
    #[arg(long, value_name = "WHERE", num_args = 0..=1, default_value = "none", default_missing_value = "server", require_equals = true)]
    dry_run: DryRun,
    /// Say nothing but errors
    #[arg(short, long)]
    quiet: bool,
    #[command(flatten)]
    namespaces: InNamespaces,
    #[command(flatten)]
    cluster: Cluster,
}

/// Put another registry into a pull secret; what is in it already keeps its very bytes
///
/// The second domain of a registry, or another registry beside it. No workload changes: the kubelet reads the Secret
/// again at the next pull.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    wharf pull-secret add-registry gcr-json-key eu.example.com\n  \
    wharf pull-secret add-registry gcr-json-key eu.example.com --same-credentials-as us.example.com\n  \
    wharf pull-secret add-registry gcr-json-key docker.io --username me --password-stdin < token.txt\n  \
    wharf pull-secret add-registry gcr-json-key us.example.org -n web --pull-key-file key.json --recreate")]
pub(super) struct AddRegistry {
    /// The Secret's name
    name: SecretName,
    /// The registry as the names of images begin: HOST[:PORT]
    #[arg(value_name = "HOST")]
    registry: RegistryKey,
    /// With the credential of this registry of the Secret. By default that of all, if they have the same
    #[arg(long, value_name = "HOST", conflicts_with_all = ["pull_key_file", "username"])]
    same_credentials_as: Option<RegistryKey>,
    /// With this key file
    #[arg(long, value_name = "FILE", conflicts_with = "username")]
    pull_key_file: Option<PathBuf>,
    #[command(flatten)]
    user: UserAndPassword,
    /// Replace another credential that the registry has
    #[arg(long)]
    replace: bool,
    #[command(flatten)]
    common: Common,
}

/// Take a registry out of a pull secret; what else is in it keeps its very bytes
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  \
    wharf pull-secret remove-registry gcr-json-key us.example.org -n web")]
pub(super) struct RemoveRegistry {
    /// The Secret's name
    name: SecretName,
    /// The registry, or a key of the Secret as it is written there
    #[arg(value_name = "HOST")]
    registry: String,
    #[command(flatten)]
    common: Common,
}

impl AddRegistry {
    pub(super) async fn run(self) -> Result<(), Failure> {
        if self.common.cluster.wants_rights() {
            return self.common.print_rights("add-registry", &self.name);
        }
        let source = match (&self.same_credentials_as, &self.pull_key_file) {
            (Some(other), _) => Source::SameAs(other.clone()),
            (None, Some(path)) => {
                let key = files::read_key_file(path)?;
                Source::Credential(Credential::json_key(key.text().clone()))
            }
            (None, None) => match self.user.read()? {
                Some(credential) => Source::Credential(credential),
                None => Source::Only,
            },
        };
        let change = |document: &mut Document| {
            registries::add(document, &self.registry, &source, self.replace)
        };
        self.common.change(&self.name, change).await
    }
}

impl RemoveRegistry {
    pub(super) async fn run(self) -> Result<(), Failure> {
        if self.common.cluster.wants_rights() {
            return self.common.print_rights("remove-registry", &self.name);
        }
        let change = |document: &mut Document| registries::remove(document, &self.registry);
        self.common.change(&self.name, change).await
    }
}

impl Common {
    fn print_rights(&self, verb: &str, name: &SecretName) -> Result<(), Failure> {
        let choice = self.namespaces.choice();
        let rights = Rights {
            name: format!("wharf-pull-secret-{verb}-{name}"),
            cluster: choice.rules(),
            namespaced: store::rules(name, false, self.recreate),
        };
        self.cluster.print_rights(&rights, &choice.scope())
    }

    async fn change(
        &self,
        name: &SecretName,
        change: impl Fn(&mut Document) -> Result<(), ChangeError>,
    ) -> Result<(), Failure> {
        let output = Output::quiet(self.quiet);
        let permit = Permit {
            dry_run: self.dry_run != DryRun::None,
            force: false,
            recreate: self.recreate,
        };
        let client = self.cluster.connect().await?;
        let mut tally = Tally::new(output);
        for namespace in self.namespaces.choice().resolve(&client).await? {
            let stored = Stored::new(&client, &namespace, name);
            let written = stored.change(permit, &change).await;
            if let Some(written) = tally.add(&namespace, written.map_err(Failure::from)) {
                report::written(output, name, &namespace, &written, permit.dry_run);
                let registries = written.kept.join(", ");
                output.say(&format!("Its registries: {registries}."));
            }
        }
        tally.finish()
    }
}
