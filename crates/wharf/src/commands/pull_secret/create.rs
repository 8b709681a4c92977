//! `wharf pull-secret create`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use secrecy::ExposeSecret as _;
use wharf_cluster::{Credential, DockerConfig, Namespace, PullSecret, RegistryKey, SecretName};

use crate::failure::Failure;
use crate::files;
use crate::output::print;

/// Print the Secret by which a cluster pulls, ready for kubectl
///
/// Nothing is sent anywhere: pipe the Secret into `kubectl apply -f -`.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    wharf pull-secret create gcr-json-key --key-file key.json \\\n      \
    --registry us.example.com -o yaml | kubectl apply -f -\n  \
    wharf pull-secret create gcr-json-key -n web --key-file key.json \\\n      \
    --registry us.example.com --registry eu.example.com -o json\n\n\
    Let Pods use it, by their default ServiceAccount:\n  \
    kubectl patch serviceaccount default -p '{\"imagePullSecrets\":[{\"name\":\"gcr-json-key\"}]}'\n\
    or each by itself: spec.imagePullSecrets: [{name: gcr-json-key}]")]
pub(super) struct Create {
    /// The Secret's name
    name: SecretName,
    /// The service account's key file
    #[arg(long, env = "WHARF_KEY_FILE", value_name = "FILE")]
    key_file: PathBuf,
    /// A registry as the names of images begin: HOST[:PORT]; may be repeated
    #[arg(long, value_name = "HOST", required = true)]
    registry: Vec<RegistryKey>,
    /// The namespace whose Pods use it. By default that of whoever applies it
    #[arg(short, long)]
    namespace: Option<Namespace>,
    /// How the Secret is printed
    #[arg(short, long, value_name = "FORMAT", default_value = "yaml")]
    output: SecretFormat,
    /// For habit's sake: this command never speaks to a cluster
    #[arg(long, value_name = "client")]
    dry_run: Option<DryRun>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum SecretFormat {
    Yaml,
    Json,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum DryRun {
    /// Print only
    Client,
}

impl Create {
    pub(super) fn run(self) -> Result<(), Failure> {
        let Self {
            name,
            key_file,
            registry,
            namespace,
            output,
            dry_run: _,
        } = self;
        let key = files::read_key_file(&key_file)?;
        let credential = Credential::json_key(key.text().clone());
        let secret = PullSecret {
            name,
            namespace,
            config: DockerConfig::new(registry, &credential),
        };
        let text = match output {
            SecretFormat::Yaml => secret.to_yaml(),
            SecretFormat::Json => secret.to_json(),
        };
        let text = text.map_err(|error| Failure::new(error.to_string()))?;
        print(text.expose_secret())
    }
}
