//! `wharf iam service-accounts keys`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, Subcommand};
use wharf_types::ServiceAccountEmail;
use wharf_types::wire::keys::ServiceAccountKey;

use super::service_accounts::AccountArgument;
use super::{Common, duration};
use crate::connection::Session;
use crate::failure::Failure;
use crate::files;
use crate::output::{Output, Table, print, time};
use crate::prompt::confirm;

/// Keys of service accounts: the JSON files that clients log in with
#[derive(Args, Debug)]
pub(super) struct Keys {
    #[command(subcommand)]
    command: Command,
}

/// Whose keys.
#[derive(Args, Clone, Debug)]
struct Owner {
    /// The account's address, or its id in --project
    #[arg(long, value_name = "ACCOUNT")]
    iam_account: AccountArgument,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Create a key and write its JSON file, which only its owner may read
    ///
    /// The registry does not keep the private key: the file cannot be had again.
    #[command(after_help = "Examples:\n  \
        wharf iam service-accounts keys create key.json \\\n      \
        --iam-account gcr-puller@my-project.iam.gserviceaccount.com\n  \
        wharf iam service-accounts keys create key.json \\\n      \
        --iam-account gcr-puller@my-project.iam.gserviceaccount.com --expires-in 90d\n  \
        wharf iam service-accounts keys create - \\\n      \
        --iam-account gcr-puller@my-project.iam.gserviceaccount.com \\\n      \
        | docker login registry.example.com -u _json_key --password-stdin")]
    Create {
        /// The file to write; - is stdout
        #[arg(value_name = "FILE")]
        file: PathBuf,
        #[command(flatten)]
        owner: Owner,
        /// How long the key is valid: a number and s, m, h or d. By default it does not expire
        #[arg(long, value_name = "TIME", value_parser = duration::parse)]
        expires_in: Option<Duration>,
        /// Replace a file that is there
        #[arg(long)]
        force: bool,
    },
    /// List an account's keys
    #[command(after_help = "Example:\n  \
        wharf iam service-accounts keys list \\\n      \
        --iam-account gcr-puller@my-project.iam.gserviceaccount.com")]
    List {
        #[command(flatten)]
        owner: Owner,
    },
    /// Show a key
    #[command(after_help = "Example:\n  \
        wharf iam service-accounts keys describe 0123456789abcdef0123456789abcdef01234567 \\\n      \
        --iam-account gcr-puller@my-project.iam.gserviceaccount.com")]
    Describe {
        /// The key's id
        #[arg(value_name = "KEY_ID")]
        key: String,
        #[command(flatten)]
        owner: Owner,
    },
    /// Delete a key: what was proved with it is refused at once
    #[command(after_help = "Example:\n  \
        wharf iam service-accounts keys delete 0123456789abcdef0123456789abcdef01234567 \\\n      \
        --iam-account gcr-puller@my-project.iam.gserviceaccount.com")]
    Delete {
        /// The key's id
        #[arg(value_name = "KEY_ID")]
        key: String,
        #[command(flatten)]
        owner: Owner,
    },
    /// Refuse a key from now on
    #[command(after_help = "Example:\n  \
        wharf iam service-accounts keys disable 0123456789abcdef0123456789abcdef01234567 \\\n      \
        --iam-account gcr-puller@my-project.iam.gserviceaccount.com")]
    Disable {
        /// The key's id
        #[arg(value_name = "KEY_ID")]
        key: String,
        #[command(flatten)]
        owner: Owner,
    },
    /// Accept a key again
    #[command(after_help = "Example:\n  \
        wharf iam service-accounts keys enable 0123456789abcdef0123456789abcdef01234567 \\\n      \
        --iam-account gcr-puller@my-project.iam.gserviceaccount.com")]
    Enable {
        /// The key's id
        #[arg(value_name = "KEY_ID")]
        key: String,
        #[command(flatten)]
        owner: Owner,
    },
    /// Add a key pair that was made elsewhere, by its public half
    #[command(after_help = "Example:\n  \
        openssl req -x509 -nodes -newkey rsa:2048 -days 365 -keyout private.pem -out public.pem -subj /CN=unused\n  \
        wharf iam service-accounts keys upload public.pem \\\n      \
        --iam-account gcr-puller@my-project.iam.gserviceaccount.com")]
    Upload {
        /// An X.509 certificate or an RSA public key, in PEM; - is stdin
        #[arg(value_name = "PUBLIC_KEY_FILE")]
        file: PathBuf,
        #[command(flatten)]
        owner: Owner,
    },
}

/// The last part of a key's name.
fn id(key: &ServiceAccountKey) -> &str {
    key.name.rsplit('/').next().unwrap_or_default()
}

impl Table for ServiceAccountKey {
    const HEADERS: &'static [&'static str] = &[
        "KEY_ID",
        "CREATED_AT",
        "EXPIRES_AT",
        "LAST_USED_AT",
        "DISABLED",
    ];

    fn rows(&self) -> Vec<Vec<String>> {
        let until = self.valid_before_time;
        let is_for_ever = until == Some(jiff::Timestamp::MAX);
        vec![vec![
            id(self).to_owned(),
            time(self.valid_after_time),
            if is_for_ever {
                "never".to_owned()
            } else {
                time(until)
            },
            time(self.last_used_time),
            self.disabled.to_string(),
        ]]
    }
}

impl Keys {
    pub(super) async fn run(self, common: &Common) -> Result<(), Failure> {
        let session = common.open()?;
        let output = common.output;
        let client = &session.client;
        match self.command {
            Command::Create {
                file,
                owner,
                expires_in,
                force,
            } => {
                let email = owner.iam_account.resolve(&session)?;
                create(&session, output, &email, &file, expires_in, force).await
            }
            Command::List { owner } => {
                let email = owner.iam_account.resolve(&session)?;
                output.list(&client.list_keys(&email).await?)
            }
            Command::Describe { key, owner } => {
                let email = owner.iam_account.resolve(&session)?;
                output.item(&client.get_key(&email, &key).await?)
            }
            Command::Delete { key, owner } => {
                let email = owner.iam_account.resolve(&session)?;
                confirm(
                    &format!(
                        "Key [{key}] of [{email}] will be deleted: whoever logs in with it is refused at once."
                    ),
                    output.is_quiet(),
                )?;
                client.delete_key(&email, &key).await?;
                output.say(&format!("Deleted key [{key}] of [{email}]."));
                Ok(())
            }
            Command::Disable { key, owner } => {
                let email = owner.iam_account.resolve(&session)?;
                client.set_key_disabled(&email, &key, true).await?;
                output.say(&format!("Disabled key [{key}] of [{email}]."));
                Ok(())
            }
            Command::Enable { key, owner } => {
                let email = owner.iam_account.resolve(&session)?;
                client.set_key_disabled(&email, &key, false).await?;
                output.say(&format!("Enabled key [{key}] of [{email}]."));
                Ok(())
            }
            Command::Upload { file, owner } => {
                let email = owner.iam_account.resolve(&session)?;
                let public_key = files::read(&file)?;
                let key = client.upload_key(&email, &public_key).await?;
                let text = format!("Added key [{}] to [{email}].", id(&key));
                output.done(&text, &key)
            }
        }
    }
}

async fn create(
    session: &Session,
    output: Output,
    email: &ServiceAccountEmail,
    file: &Path,
    lifetime: Option<Duration>,
    force: bool,
) -> Result<(), Failure> {
    let is_stdout = file == Path::new("-");
    if !is_stdout && !force && file.exists() {
        return Err(Failure::new(format!("{} is there already", file.display()))
            .hint("--force replaces it"));
    }
    let mut key = session.client.create_key(email, lifetime).await?;
    let content = key.private_key_data.take().unwrap_or_default();
    if is_stdout {
        output.say(&format!("Created key [{}] for [{email}].", id(&key)));
        return print(&String::from_utf8_lossy(&content.0));
    }
    if let Err(failure) = files::write_secret(file, &content.0, force) {
        // A key that nobody holds is only a key too many.
        session.client.delete_key(email, id(&key)).await?;
        return Err(failure);
    }
    let text = format!(
        "Created key [{}] for [{email}] as [{}].",
        id(&key),
        file.display()
    );
    output.done(&text, &key)
}
