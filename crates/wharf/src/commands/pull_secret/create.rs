//! `wharf pull-secret create`.

use std::time::Duration;

use clap::{ArgGroup, Args, ValueEnum};
use jiff::Timestamp;
use secrecy::ExposeSecret as _;
use wharf_client::KeyFile;
use wharf_client::images::ImageName;
use wharf_cluster::kubernetes::Client;
use wharf_cluster::pull_secrets::store::{self, Permit, Secret, Stored};
use wharf_cluster::puller::{self, Access};
use wharf_cluster::rbac::Rights;
use wharf_cluster::{
    Credential, DockerConfig, Namespace, PullSecret, RegistryKey, SecretName, manifest,
};
use wharf_types::ServiceAccountEmail;

use super::DryRun;
use super::credential::UserAndPassword;
use super::report::{self, Tally};
use crate::cluster::{Cluster, InNamespaces};
use crate::commands::duration;
use crate::commands::service_accounts::AccountArgument;
use crate::connection::{Connection, Session};
use crate::failure::Failure;
use crate::files;
use crate::output::{Output, print};

/// Make the Secret by which a cluster pulls, or bring one that is there up to date
///
/// Its credential is a key file (--key-file), a new key of a service account (--iam-account), a new account that may
/// pull some images and nothing else (--least-privilege), or a user and a password of any registry (--username).
///
/// A Secret of this name that this command made is changed in place: the registries that are named get the credential,
/// others in it stay. Done twice it changes nothing: a key in it that is still good is kept.
///
/// -o yaml and -o json print the Secret too, and where no cluster is named they do nothing else.
#[derive(Args, Debug)]
#[command(
    group = ArgGroup::new("new_credential").args(["iam_account", "least_privilege"]).multiple(true),
    mut_arg("key_file", |arg| arg.help(
        "The key file that Pods pull with; with --iam-account or --least-privilege, that of whoever asks the registry"
    )),
    after_help = "Examples:\n  \
        wharf pull-secret create gcr-json-key --key-file key.json --registry us.example.com\n  \
        wharf pull-secret create gcr-json-key -n web,shop --iam-account gcr-puller@my-project.iam.gserviceaccount.com \\\n      \
        --registry us.example.com --expires-in 90d\n  \
        wharf pull-secret create web-puller -n web --least-privilege us.example.com/my-project/web\n  \
        wharf pull-secret create hub --registry docker.io --username me --password-stdin < token.txt\n  \
        wharf pull-secret create gcr-json-key --key-file key.json --registry us.example.com \\\n      \
        --dry-run=client -o yaml | kubectl apply -f -\n\n\
        Then let Pods use it: wharf pull-secret attach gcr-json-key"
)]
pub(super) struct Create {
    /// The Secret's name
    name: SecretName,
    /// A registry as the names of images begin: HOST[:PORT]; may be repeated. By default those of the images
    #[arg(long, value_name = "HOST", required_unless_present = "least_privilege")]
    registry: Vec<RegistryKey>,
    /// Make a key of this account of the registry: its address, or its id in --project
    #[arg(long, value_name = "ACCOUNT", conflicts_with = "username")]
    iam_account: Option<AccountArgument>,
    /// An image, HOST/PROJECT/IMAGE; may be repeated. The account may pull these and nothing else; without
    /// --iam-account it is made with the Secret's name
    #[arg(long, value_name = "IMAGE", num_args = 1.., conflicts_with = "username")]
    least_privilege: Vec<String>,
    /// How long a new key is valid: a number and s, m, h or d. By default it does not expire
    #[arg(long, value_name = "TIME", value_parser = duration::parse, requires = "new_credential")]
    expires_in: Option<Duration>,
    /// Make a new key even if the Secret has one that is still good. The old one stays good until it is deleted
    #[arg(long, requires = "new_credential")]
    new_key: bool,
    #[command(flatten)]
    user: UserAndPassword,
    /// Change a Secret of this name that this command did not make, too
    #[arg(long)]
    force: bool,
    /// Delete a Secret that cannot be changed, because it is immutable or of another type, and make it anew
    #[arg(long)]
    recreate: bool,
    /// client: print what would be sent, and speak to no cluster. server: the API server checks it and keeps nothing
    #[arg(long, value_name = "WHERE", num_args = 0..=1, default_value = "none", default_missing_value = "client", require_equals = true)]
    dry_run: DryRun,
    /// Print the Secret too: its key is in it
    #[arg(short, long, value_name = "FORMAT")]
    output: Option<SecretFormat>,
    /// Say nothing but data and errors
    #[arg(short, long)]
    quiet: bool,
    #[command(flatten)]
    namespaces: InNamespaces,
    #[command(flatten)]
    cluster: Cluster,
    #[command(flatten)]
    connection: Connection,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum SecretFormat {
    Yaml,
    Json,
    Name,
}

/// Where the Secret goes.
enum Place {
    /// Nowhere: it is printed.
    Paper(Vec<Option<Namespace>>),
    /// Into these namespaces of a cluster.
    Cluster(Client, Vec<Namespace>),
}

/// The credential, and the key that was made for it.
struct Chosen {
    credential: Credential,
    registries: Vec<RegistryKey>,
    minted: Option<(Session, KeyFile)>,
}

impl Create {
    pub(super) async fn run(self) -> Result<(), Failure> {
        if self.cluster.wants_rights() {
            let rights = self.rights();
            let scope = self.namespaces.choice().scope();
            return self.cluster.print_rights(&rights, &scope);
        }
        let output = Output::quiet(self.quiet);
        let place = self.place(output).await?;
        let chosen = self.choose(output, &place).await?;
        let config = DockerConfig::new(chosen.registries, &chosen.credential);
        let secret = |namespace| PullSecret {
            name: self.name.clone(),
            namespace,
            config: config.clone(),
        };
        secret(None)
            .check()
            .map_err(|error| Failure::new(error.to_string()))?;
        match place {
            Place::Paper(namespaces) => {
                let objects: Vec<_> = namespaces
                    .into_iter()
                    .map(|namespace| secret(namespace).to_object())
                    .collect();
                self.show(self.output.unwrap_or(SecretFormat::Yaml), &objects)
            }
            Place::Cluster(client, namespaces) => {
                let mut tally = Tally::new(output);
                let mut objects = Vec::new();
                for namespace in &namespaces {
                    let secret = secret(Some(namespace.clone()));
                    let put = self.put(output, &client, &secret, namespace);
                    objects.extend(tally.add(namespace, put.await));
                }
                if let (true, Some((session, key))) = (tally.is_nothing_done(), chosen.minted) {
                    // A key that nobody holds is only a key too many.
                    session.client.delete_key(&key.account, &key.key_id).await?;
                }
                if let Some(format) = self.output {
                    self.show(format, &objects)?;
                }
                tally.finish()?;
                if self.dry_run == DryRun::None {
                    output.say(&self.next_step(&namespaces));
                }
                Ok(())
            }
        }
    }

    fn rights(&self) -> Rights {
        Rights {
            name: format!("wharf-pull-secret-create-{}", self.name),
            cluster: self.namespaces.choice().rules(),
            namespaced: store::rules(&self.name, true, self.recreate),
        }
    }

    /// Whether the Secret is of use without a cluster: it is printed whole, for namespaces that need not be looked for.
    fn is_of_use_on_paper(&self) -> bool {
        let is_printed = matches!(self.output, Some(SecretFormat::Yaml | SecretFormat::Json));
        is_printed && self.dry_run == DryRun::None && self.namespaces.choice().rules().is_empty()
    }

    /// For the namespaces that are named, or for that of whoever applies it.
    fn paper(&self) -> Place {
        let mut namespaces: Vec<_> = (self.namespaces.namespaces.iter().cloned())
            .map(Some)
            .collect();
        if namespaces.is_empty() {
            namespaces.push(None);
        }
        Place::Paper(namespaces)
    }

    async fn place(&self, output: Output) -> Result<Place, Failure> {
        let choice = self.namespaces.choice();
        if self.dry_run == DryRun::Client && choice.rules().is_empty() {
            return Ok(self.paper());
        }
        let client = match self.is_of_use_on_paper() {
            true => self.cluster.find().await?,
            false => Some(self.cluster.connect().await?),
        };
        let Some(client) = client else {
            output.say("No cluster is named: the Secret is printed and goes nowhere.");
            return Ok(self.paper());
        };
        let namespaces = choice.resolve(&client).await?;
        Ok(match self.dry_run {
            DryRun::Client => Place::Paper(namespaces.into_iter().map(Some).collect()),
            DryRun::None | DryRun::Server => Place::Cluster(client, namespaces),
        })
    }

    async fn choose(&self, output: Output, place: &Place) -> Result<Chosen, Failure> {
        if let Some(credential) = self.user.read()? {
            return Ok(Chosen {
                credential,
                registries: self.registry.clone(),
                minted: None,
            });
        }
        if self.iam_account.is_some() || !self.least_privilege.is_empty() {
            return self.of_account(output, place).await;
        }
        let key = self.connection.named_key_file().ok_or_else(|| {
            Failure::usage("no credential is named").hint(
                "--key-file KEY.json, or --iam-account EMAIL for a new key, or --username USER --password-stdin",
            )
        })?;
        let key = files::read_key_file(key)?;
        Ok(Chosen {
            credential: Credential::json_key(key.text().clone()),
            registries: self.registry.clone(),
            minted: None,
        })
    }

    /// A key of an account of the registry, which may pull the images that are named.
    async fn of_account(&self, output: Output, place: &Place) -> Result<Chosen, Failure> {
        let Place::Cluster(cluster, namespaces) = place else {
            return Err(no_key_in_a_dry_run());
        };
        if self.dry_run != DryRun::None {
            return Err(no_key_in_a_dry_run());
        }
        let session = self.connection.open()?;
        let registry = &session.client;
        let host = registry.endpoint().authority();
        let images = self
            .least_privilege
            .iter()
            .map(|text| ImageName::parse(text, &host))
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| Failure::usage(error.to_string()))?;
        let account = self.account(&session, &images)?;
        let registries = self.registries(&images)?;
        if !images.is_empty() && puller::ensure_account(registry, &account).await? {
            output.say(&format!("Created service account [{account}]."));
        }
        let kept = match self.new_key {
            true => None,
            false => {
                self.key_in_use(&session, &account, &registries, cluster, namespaces)
                    .await?
            }
        };
        let is_new = kept.is_none();
        let key = match kept {
            Some(key) => key,
            None => puller::mint(registry, &account, self.expires_in).await?,
        };
        let verb = if is_new { "Created" } else { "Kept" };
        output.say(&format!("{verb} key [{}] of [{account}].", key.key_id));
        let credential = Credential::json_key(key.text().clone());
        let allowed = allow(output, &session, &key, &images).await;
        if let (Err(_), true) = (&allowed, is_new) {
            registry.delete_key(&account, &key.key_id).await?;
        }
        allowed?;
        Ok(Chosen {
            credential,
            registries,
            minted: is_new.then_some((session, key)),
        })
    }

    fn account(
        &self,
        session: &Session,
        images: &[ImageName],
    ) -> Result<ServiceAccountEmail, Failure> {
        match (&self.iam_account, images.first()) {
            (Some(account), _) => account.resolve(session),
            (None, Some(image)) => {
                ServiceAccountEmail::new(self.name.as_str(), &image.repository.project).map_err(
                    |error| {
                        Failure::usage(format!(
                            "the secret's name cannot be that of an account too: {error}"
                        ))
                        .hint("name the account with --iam-account ID")
                    },
                )
            }
            (None, None) => Err(Failure::usage("no account is named")),
        }
    }

    /// Those that were named, else those of the images.
    fn registries(&self, images: &[ImageName]) -> Result<Vec<RegistryKey>, Failure> {
        if !self.registry.is_empty() {
            return Ok(self.registry.clone());
        }
        let hosts = images.iter().map(|image| RegistryKey::parse(&image.host));
        hosts
            .collect::<Result<_, _>>()
            .map_err(|error| Failure::usage(error.to_string()))
    }

    /// A key of the account that one of the Secrets holds and that the registry still takes.
    async fn key_in_use(
        &self,
        session: &Session,
        account: &ServiceAccountEmail,
        registries: &[RegistryKey],
        cluster: &Client,
        namespaces: &[Namespace],
    ) -> Result<Option<KeyFile>, Failure> {
        for namespace in namespaces {
            let stored = Stored::new(cluster, namespace, &self.name);
            let Some(secret) = stored.get().await? else {
                continue;
            };
            let Ok(document) = stored.document(&secret) else {
                continue;
            };
            for registry in registries {
                let entry = document.entry(registry);
                let credential = entry.and_then(|entry| Credential::parse(entry.expose_secret()));
                let key = credential.and_then(|found| KeyFile::parse(found.password).ok());
                if let Some(key) = key
                    && key.account == *account
                    && puller::is_live(&session.client, &key, Timestamp::now()).await?
                {
                    return Ok(Some(key));
                }
            }
        }
        Ok(None)
    }

    async fn put(
        &self,
        output: Output,
        client: &Client,
        secret: &PullSecret,
        namespace: &Namespace,
    ) -> Result<Secret, Failure> {
        let permit = Permit {
            dry_run: self.dry_run == DryRun::Server,
            force: self.force,
            recreate: self.recreate,
        };
        let stored = Stored::new(client, namespace, &self.name);
        let written = stored.put(secret, permit).await?;
        report::written(output, &self.name, namespace, &written, permit.dry_run);
        if !written.kept.is_empty() {
            output.say(&format!(
                "Its other registries stay as they are: {}.",
                written.kept.join(", ")
            ));
        }
        Ok(written.secret)
    }

    fn show(&self, format: SecretFormat, objects: &[Secret]) -> Result<(), Failure> {
        let mut objects = objects.to_vec();
        for object in &mut objects {
            object.metadata.managed_fields = None;
        }
        match format {
            SecretFormat::Yaml => print(&manifest::to_yaml(&objects)),
            SecretFormat::Json => print(&manifest::to_json(&objects)),
            SecretFormat::Name => print(&format!("secret/{}\n", self.name).repeat(objects.len())),
        }
    }

    fn next_step(&self, namespaces: &[Namespace]) -> String {
        let names: Vec<_> = namespaces.iter().map(Namespace::as_str).collect();
        let place = match &self.namespaces.namespace_selector {
            Some(selector) => format!("--namespace-selector '{selector}'"),
            None if self.namespaces.all_namespaces => "--all-namespaces".to_owned(),
            None => format!("-n {}", names.join(",")),
        };
        format!(
            "To let Pods use it: wharf pull-secret attach {} {place}",
            self.name
        )
    }
}

/// Lets the key's account pull the images, and says what was done.
async fn allow(
    output: Output,
    session: &Session,
    key: &KeyFile,
    images: &[ImageName],
) -> Result<(), Failure> {
    let account = &key.account;
    for image in images {
        let key =
            KeyFile::parse(key.text().clone()).map_err(|error| Failure::new(error.to_string()))?;
        let allowed = puller::allow(&session.client, key, image).await?;
        let base = image.base();
        output.say(&match &allowed.access {
            Access::Already => format!("[{account}] may pull [{base}] already."),
            Access::Bound(bucket) => format!(
                "Let [{account}] pull [{base}], by a binding on bucket [{bucket}] under a condition."
            ),
        });
        if !allowed.is_there {
            output.say(&format!("warning: {image} is not there (yet)"));
        }
    }
    Ok(())
}

fn no_key_in_a_dry_run() -> Failure {
    Failure::usage("a dry run makes no key, and without a key there is no Secret").hint(
        "make one first: wharf iam service-accounts keys create KEY.json --iam-account EMAIL; then --key-file KEY.json",
    )
}
