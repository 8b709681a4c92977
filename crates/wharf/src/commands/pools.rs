//! `wharf iam workload-identity-pools`.

use clap::{Args, Subcommand};
use wharf_types::federation::PoolId;
use wharf_types::wire::federation::{PoolState, WorkloadIdentityPool};

use super::Common;
use super::cred_config::CreateCredConfig;
use super::projects::nothing_to_change;
use super::providers::Providers;
use crate::failure::Failure;
use crate::output::Table;
use crate::prompt::confirm;

/// Workload identity pools: whose own tokens are accepted, so that nobody has to keep a key
#[derive(Args, Debug)]
pub(super) struct Pools {
    #[command(subcommand)]
    command: Command,
}

/// Where it is. Workload identity pools are everywhere.
#[derive(Args, Clone, Debug)]
pub(super) struct Location {
    /// Where the pool is: always global
    #[arg(long, value_name = "LOCATION", default_value = "global", value_parser = ["global"])]
    location: String,
}

/// What a pool says.
#[derive(Args, Clone, Debug)]
struct Content {
    /// A name for people
    #[arg(long, value_name = "TEXT")]
    display_name: Option<String>,
    /// What it is for
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    /// Take it out of use: its providers accept no tokens, and those that they accepted are worth nothing
    #[arg(long)]
    disabled: bool,
    /// Take it into use again
    #[arg(long, conflicts_with = "disabled")]
    no_disabled: bool,
}

/// What two switches say together, if they say anything.
pub(super) fn switch(on: bool, off: bool) -> Option<bool> {
    (on || off).then_some(on)
}

impl Content {
    fn pool(self) -> WorkloadIdentityPool {
        WorkloadIdentityPool {
            display_name: self.display_name,
            description: self.description,
            disabled: switch(self.disabled, self.no_disabled),
            ..WorkloadIdentityPool::default()
        }
    }
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Create a pool
    #[command(after_help = "Example:\n  \
        wharf iam workload-identity-pools create clusters --display-name Clusters")]
    Create {
        /// Its id: 4 to 32 lower-case letters, digits and hyphens
        #[arg(value_name = "POOL")]
        pool: PoolId,
        #[command(flatten)]
        location: Location,
        #[command(flatten)]
        content: Content,
    },
    /// List a project's pools
    #[command(after_help = "Example:\n  \
        wharf iam workload-identity-pools list --location global --show-deleted")]
    List {
        #[command(flatten)]
        location: Location,
        /// Deleted ones too, while they can be restored
        #[arg(long)]
        show_deleted: bool,
    },
    /// Show a pool
    #[command(after_help = "Example:\n  wharf iam workload-identity-pools describe clusters")]
    Describe {
        /// Its id
        #[arg(value_name = "POOL")]
        pool: PoolId,
        #[command(flatten)]
        location: Location,
    },
    /// Change a pool
    #[command(after_help = "Example:\n  \
        wharf iam workload-identity-pools update clusters --disabled")]
    Update {
        /// Its id
        #[arg(value_name = "POOL")]
        pool: PoolId,
        #[command(flatten)]
        location: Location,
        #[command(flatten)]
        content: Content,
    },
    /// Delete a pool; it can be restored for 30 days
    #[command(after_help = "Example:\n  wharf iam workload-identity-pools delete clusters")]
    Delete {
        /// Its id
        #[arg(value_name = "POOL")]
        pool: PoolId,
        #[command(flatten)]
        location: Location,
    },
    /// Restore a deleted pool
    #[command(after_help = "Example:\n  wharf iam workload-identity-pools undelete clusters")]
    Undelete {
        /// Its id
        #[arg(value_name = "POOL")]
        pool: PoolId,
        #[command(flatten)]
        location: Location,
    },
    Providers(Providers),
    CreateCredConfig(CreateCredConfig),
}

impl Table for WorkloadIdentityPool {
    const HEADERS: &'static [&'static str] = &["NAME", "DISPLAY NAME", "STATE", "DISABLED"];

    fn rows(&self) -> Vec<Vec<String>> {
        vec![vec![
            self.name.clone(),
            self.display_name.clone().unwrap_or_default(),
            state(self.state),
            marked(self.disabled),
        ]]
    }
}

pub(super) fn state(state: Option<PoolState>) -> String {
    state
        .map(|state| state.as_str().to_owned())
        .unwrap_or_default()
}

pub(super) fn marked(disabled: Option<bool>) -> String {
    if disabled == Some(true) { "true" } else { "" }.to_owned()
}

impl Pools {
    pub(super) async fn run(self, common: &Common) -> Result<(), Failure> {
        let output = common.output;
        let command = match self.command {
            Command::Providers(providers) => return providers.run(common).await,
            Command::CreateCredConfig(config) => return config.run(common),
            command => command,
        };
        let session = common.open()?;
        let (client, project) = (&session.client, session.project()?);
        match command {
            Command::Create { pool, content, .. } => {
                let made = client.create_pool(&project, &pool, &content.pool()).await?;
                output.done(&format!("Created workload identity pool [{pool}]."), &made)
            }
            Command::List { show_deleted, .. } => {
                output.list(&client.list_pools(&project, show_deleted).await?)
            }
            Command::Describe { pool, .. } => output.item(&client.get_pool(&project, &pool).await?),
            Command::Update { pool, content, .. } => {
                let change = content.pool();
                if change == WorkloadIdentityPool::default() {
                    return Err(nothing_to_change());
                }
                let made = client.update_pool(&project, &pool, &change).await?;
                output.done(&format!("Updated workload identity pool [{pool}]."), &made)
            }
            Command::Delete { pool, .. } => {
                confirm(
                    &format!(
                        "Workload identity pool [{pool}] will be deleted: whoever logs in through it is refused from then on. It can be restored for 30 days."
                    ),
                    output.is_quiet(),
                )?;
                let made = client.delete_pool(&project, &pool).await?;
                output.done(&format!("Deleted workload identity pool [{pool}]."), &made)
            }
            Command::Undelete { pool, .. } => {
                let made = client.undelete_pool(&project, &pool).await?;
                output.done(&format!("Restored workload identity pool [{pool}]."), &made)
            }
            Command::Providers(_) | Command::CreateCredConfig(_) => Ok(()),
        }
    }
}
