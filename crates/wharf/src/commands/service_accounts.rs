//! `wharf iam service-accounts`.

use std::str::FromStr;

use clap::{Args, Subcommand};
use wharf_client::policies::PolicyHolder;
use wharf_client::service_accounts::AccountText;
use wharf_types::principal::PrincipalError;
use wharf_types::wire::iam::ServiceAccount;
use wharf_types::{ProjectId, ServiceAccountEmail};

use super::Common;
use super::bindings::{self, Grant, PolicyFile, Withdrawal};
use super::keys::Keys;
use super::projects::nothing_to_change;
use crate::connection::Session;
use crate::failure::Failure;
use crate::output::Table;
use crate::prompt::confirm;

/// Service accounts: who pulls and pushes
#[derive(Args, Debug)]
pub(crate) struct ServiceAccounts {
    #[command(subcommand)]
    command: Command,
}

/// An account as people write it: its address, or its id where the project is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum AccountArgument {
    Email(ServiceAccountEmail),
    Id(String),
}

impl FromStr for AccountArgument {
    type Err = PrincipalError;

    fn from_str(text: &str) -> Result<Self, PrincipalError> {
        let text = text.strip_prefix("serviceAccount:").unwrap_or(text);
        if text.contains('@') {
            return ServiceAccountEmail::parse(text).map(Self::Email);
        }
        // Any project shows whether the id is well-formed.
        let anywhere =
            ProjectId::parse("default").map_err(|_| PrincipalError::AccountId(String::new()))?;
        ServiceAccountEmail::new(text, &anywhere).map(|_| Self::Id(text.to_owned()))
    }
}

impl AccountArgument {
    /// The address.
    pub(super) fn resolve(&self, session: &Session) -> Result<ServiceAccountEmail, Failure> {
        match self {
            Self::Email(email) => Ok(email.clone()),
            Self::Id(id) => ServiceAccountEmail::new(id, &session.project()?)
                .map_err(|error| Failure::usage(error.to_string())),
        }
    }
}

/// What people may say about an account.
#[derive(Args, Clone, Debug)]
struct Text {
    /// A name for people
    #[arg(long, value_name = "TEXT")]
    display_name: Option<String>,
    /// What it is for
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
}

impl From<Text> for AccountText {
    fn from(text: Text) -> Self {
        Self {
            display_name: text.display_name,
            description: text.description,
        }
    }
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Create a service account
    #[command(after_help = "Example:\n  \
        wharf iam service-accounts create gcr-puller --project my-project \\\n      \
        --display-name \"pulls images for the cluster\"")]
    Create {
        /// The part of its address before the @: 6 to 30 lower-case letters, digits and hyphens
        #[arg(value_name = "ID")]
        id: String,
        #[command(flatten)]
        text: Text,
    },
    /// List a project's service accounts
    #[command(after_help = "Example:\n  wharf iam service-accounts list --project my-project")]
    List,
    /// Show a service account
    #[command(after_help = "Example:\n  \
        wharf iam service-accounts describe gcr-puller@my-project.iam.gserviceaccount.com")]
    Describe {
        /// The account's address, or its id in --project
        #[arg(value_name = "ACCOUNT")]
        account: AccountArgument,
    },
    /// Change what people say about an account
    #[command(after_help = "Example:\n  \
        wharf iam service-accounts update gcr-puller@my-project.iam.gserviceaccount.com \\\n      \
        --description \"cluster blue\"")]
    Update {
        /// The account's address, or its id in --project
        #[arg(value_name = "ACCOUNT")]
        account: AccountArgument,
        #[command(flatten)]
        text: Text,
    },
    /// Delete an account and its keys
    #[command(after_help = "Example:\n  \
        wharf iam service-accounts delete gcr-puller@my-project.iam.gserviceaccount.com")]
    Delete {
        /// The account's address, or its id in --project
        #[arg(value_name = "ACCOUNT")]
        account: AccountArgument,
    },
    /// Refuse all credentials of an account from now on
    #[command(after_help = "Example:\n  \
        wharf iam service-accounts disable gcr-puller@my-project.iam.gserviceaccount.com")]
    Disable {
        /// The account's address, or its id in --project
        #[arg(value_name = "ACCOUNT")]
        account: AccountArgument,
    },
    /// Accept an account's credentials again
    #[command(after_help = "Example:\n  \
        wharf iam service-accounts enable gcr-puller@my-project.iam.gserviceaccount.com")]
    Enable {
        /// The account's address, or its id in --project
        #[arg(value_name = "ACCOUNT")]
        account: AccountArgument,
    },
    /// Show an account's policy: who may act on it
    #[command(after_help = "Example:\n  \
        wharf iam service-accounts get-iam-policy gcr-puller@my-project.iam.gserviceaccount.com")]
    GetIamPolicy {
        /// The account's address, or its id in --project
        #[arg(value_name = "ACCOUNT")]
        account: AccountArgument,
    },
    /// Replace an account's policy
    #[command(after_help = "Example:\n  \
        wharf iam service-accounts set-iam-policy gcr-puller@my-project.iam.gserviceaccount.com policy.yaml")]
    SetIamPolicy {
        /// The account's address, or its id in --project
        #[arg(value_name = "ACCOUNT")]
        account: AccountArgument,
        #[command(flatten)]
        policy: PolicyFile,
    },
    /// Bind a role to somebody on an account
    #[command(after_help = "Example:\n  \
        wharf iam service-accounts add-iam-policy-binding gcr-puller@my-project.iam.gserviceaccount.com \\\n      \
        --member user:me@example.com --role roles/iam.serviceAccountKeyAdmin")]
    AddIamPolicyBinding {
        /// The account's address, or its id in --project
        #[arg(value_name = "ACCOUNT")]
        account: AccountArgument,
        #[command(flatten)]
        grant: Grant,
    },
    /// Take a role from somebody on an account
    #[command(after_help = "Example:\n  \
        wharf iam service-accounts remove-iam-policy-binding gcr-puller@my-project.iam.gserviceaccount.com \\\n      \
        --member user:me@example.com --role roles/iam.serviceAccountKeyAdmin")]
    RemoveIamPolicyBinding {
        /// The account's address, or its id in --project
        #[arg(value_name = "ACCOUNT")]
        account: AccountArgument,
        #[command(flatten)]
        withdrawal: Withdrawal,
    },
    Keys(Keys),
}

impl Table for ServiceAccount {
    const HEADERS: &'static [&'static str] = &["EMAIL", "DISPLAY_NAME", "DISABLED"];

    fn rows(&self) -> Vec<Vec<String>> {
        vec![vec![
            self.email.clone(),
            self.display_name.clone().unwrap_or_default(),
            self.disabled.to_string(),
        ]]
    }
}

impl ServiceAccounts {
    pub(crate) async fn run(self, common: &Common) -> Result<(), Failure> {
        let command = match self.command {
            Command::Keys(keys) => return keys.run(common).await,
            command => command,
        };
        let session = common.open()?;
        let output = common.output;
        let client = &session.client;
        match command {
            Command::Create { id, text } => {
                let project = session.project()?;
                let account = client
                    .create_service_account(&project, &id, &text.into())
                    .await?;
                let text = format!("Created service account [{}].", account.email);
                output.done(&text, &account)
            }
            Command::List => output.list(&client.list_service_accounts(&session.project()?).await?),
            Command::Describe { account } => {
                let email = account.resolve(&session)?;
                output.item(&client.get_service_account(&email).await?)
            }
            Command::Update { account, text } => {
                let text = AccountText::from(text);
                if text == AccountText::default() {
                    return Err(nothing_to_change());
                }
                let email = account.resolve(&session)?;
                let account = client.update_service_account(&email, &text).await?;
                output.done(&format!("Updated service account [{email}]."), &account)
            }
            Command::Delete { account } => {
                let email = account.resolve(&session)?;
                confirm(
                    &format!("Service account [{email}] and its keys will be deleted."),
                    output.is_quiet(),
                )?;
                client.delete_service_account(&email).await?;
                output.say(&format!("Deleted service account [{email}]."));
                Ok(())
            }
            Command::Disable { account } => {
                let email = account.resolve(&session)?;
                client.set_service_account_disabled(&email, true).await?;
                output.say(&format!("Disabled service account [{email}]."));
                Ok(())
            }
            Command::Enable { account } => {
                let email = account.resolve(&session)?;
                client.set_service_account_disabled(&email, false).await?;
                output.say(&format!("Enabled service account [{email}]."));
                Ok(())
            }
            Command::GetIamPolicy { account } => {
                let holder = PolicyHolder::ServiceAccount(account.resolve(&session)?);
                bindings::get(&session, output, &holder).await
            }
            Command::SetIamPolicy { account, policy } => {
                let holder = PolicyHolder::ServiceAccount(account.resolve(&session)?);
                bindings::set(&session, output, &holder, &policy.file).await
            }
            Command::AddIamPolicyBinding { account, grant } => {
                let holder = PolicyHolder::ServiceAccount(account.resolve(&session)?);
                bindings::add(&session, output, &holder, &grant).await
            }
            Command::RemoveIamPolicyBinding {
                account,
                withdrawal,
            } => {
                let holder = PolicyHolder::ServiceAccount(account.resolve(&session)?);
                bindings::remove(&session, output, &holder, &withdrawal).await
            }
            Command::Keys(keys) => keys.run(common).await,
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn an_account_is_an_address_or_an_id() {
        let email = "gcr-puller@my-project.iam.gserviceaccount.com";
        let address: AccountArgument = email.parse().unwrap();
        assert_eq!(address, AccountArgument::Email(email.parse().unwrap()));
        assert_eq!(format!("serviceAccount:{email}").parse(), Ok(address));
        let id = AccountArgument::Id("gcr-puller".to_owned());
        assert_eq!("gcr-puller".parse(), Ok(id));
        for text in [
            "",
            "x",
            "me@example.com",
            "GCR-PULLER",
            "123456789012345678901",
        ] {
            assert!(text.parse::<AccountArgument>().is_err(), "{text}");
        }
    }
}
