//! `wharf auth`: logins, kept for the commands that come after.

use clap::{Args, Subcommand};
use secrecy::ExposeSecret as _;
use serde::Serialize;
use wharf_client::Endpoint;

use super::Common;
use crate::failure::Failure;
use crate::logins::{Login, Logins};
use crate::output::{Table, print};

/// Log in to registries, and see where one is logged in
#[derive(Args, Debug)]
pub(crate) struct Auth {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Check a key file, and keep its path for the commands that come after
    ///
    /// Nothing secret is kept: the key stays where it is.
    #[command(after_help = "Examples:\n  \
        wharf auth login http://127.0.0.1:5000 --key-file wharf-data/owner.json\n  \
        wharf auth login registry.example.com --key-file key.json --project my-project \\\n      \
        --ca-file ca.pem")]
    Login {
        /// The registry. By default the one that the key file names
        #[arg(value_name = "ENDPOINT")]
        at: Option<Endpoint>,
    },
    /// List the registries that one is logged in to
    #[command(after_help = "Example:\n  wharf auth list")]
    List,
    /// Forget a login
    #[command(after_help = "Examples:\n  \
        wharf auth logout\n  \
        wharf auth logout registry.example.com\n  \
        wharf auth logout --all")]
    Logout {
        /// The registry. By default the active one
        #[arg(value_name = "ENDPOINT", conflicts_with = "all")]
        at: Option<Endpoint>,
        /// Every one
        #[arg(long)]
        all: bool,
    },
    /// Print an access token: a bearer for Google's APIs, and the password of the user oauth2accesstoken
    #[command(after_help = "Examples:\n  \
        wharf auth print-access-token \\\n      \
        | docker login registry.example.com -u oauth2accesstoken --password-stdin\n  \
        curl -H \"Authorization: Bearer $(wharf auth print-access-token)\" https://registry.example.com/v1/projects\n  \
        wharf auth print-access-token \\\n      \
        --impersonate-service-account deployer@my-project.iam.gserviceaccount.com")]
    PrintAccessToken,
    /// Print an ID token: it proves to others who an account is, and opens nothing here
    ///
    /// Others verify it with the keys that the registry publishes: HOST/.well-known/openid-configuration names them.
    #[command(after_help = "Examples:\n  \
        wharf auth print-identity-token --audiences https://run.example.com\n  \
        wharf auth print-identity-token --audiences https://run.example.com \\\n      \
        --impersonate-service-account deployer@my-project.iam.gserviceaccount.com")]
    PrintIdentityToken {
        /// Whom the token is for
        #[arg(long, value_name = "AUDIENCE")]
        audiences: String,
    },
}

/// A login as it is shown.
#[derive(Serialize)]
struct Shown {
    active: bool,
    #[serde(flatten)]
    login: Login,
}

impl Table for Shown {
    const HEADERS: &'static [&'static str] =
        &["ACTIVE", "ENDPOINT", "ACCOUNT", "PROJECT", "KEY_FILE"];

    fn rows(&self) -> Vec<Vec<String>> {
        let Login {
            endpoint,
            account,
            key_file,
            project,
            ..
        } = &self.login;
        vec![vec![
            if self.active { "*" } else { "" }.to_owned(),
            endpoint.to_string(),
            account.to_string(),
            project.clone().map(|id| id.to_string()).unwrap_or_default(),
            key_file.display().to_string(),
        ]]
    }
}

impl Auth {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let Common { connection, output } = &self.common;
        match self.command {
            Command::Login { at } => {
                let (session, login) = connection.log_in(at)?;
                session.client.access_token().await?;
                let mut logins = Logins::load()?;
                logins.activate(login.clone());
                logins.save()?;
                let text = format!("Logged in to [{}] as [{}].", login.endpoint, login.account);
                output.done(
                    &text,
                    &Shown {
                        active: true,
                        login,
                    },
                )
            }
            Command::List => {
                let logins = Logins::load()?.all.into_iter().enumerate();
                let shown: Vec<_> = logins
                    .map(|(index, login)| Shown {
                        active: index == 0,
                        login,
                    })
                    .collect();
                output.list(&shown)
            }
            Command::Logout { at, all } => {
                let mut logins = Logins::load()?;
                if all {
                    logins.all.clear();
                    logins.save()?;
                    output.say("Logged out everywhere.");
                    return Ok(());
                }
                let active = logins.all.first().map(|login| login.endpoint.clone());
                let endpoint = at
                    .or(active)
                    .ok_or_else(|| Failure::new("nobody is logged in anywhere"))?;
                if !logins.forget(&endpoint) {
                    return Err(Failure::new(format!("nobody is logged in to {endpoint}"))
                        .hint("wharf auth list shows where"));
                }
                logins.save()?;
                output.say(&format!("Logged out of [{endpoint}]."));
                Ok(())
            }
            Command::PrintAccessToken => {
                let token = connection.open()?.client.access_token().await?;
                print(&format!("{}\n", token.expose_secret()))
            }
            Command::PrintIdentityToken { audiences } => {
                let client = connection.open()?.client;
                let token = client.identity_token(&audiences).await?;
                print(&format!("{}\n", token.expose_secret()))
            }
        }
    }
}
