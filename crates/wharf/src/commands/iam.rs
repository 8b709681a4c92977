//! `wharf iam`: service accounts, roles, workload identity pools, and why somebody may or may not.

use clap::{Args, Subcommand};

use super::Common;
use super::pools::Pools;
use super::roles::Roles;
use super::service_accounts::ServiceAccounts;
use super::troubleshoot::Troubleshoot;
use crate::failure::Failure;

/// Service accounts and their keys, roles, workload identity pools, and why somebody may or may not
#[derive(Args, Debug)]
pub(crate) struct Iam {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    ServiceAccounts(ServiceAccounts),
    Roles(Roles),
    WorkloadIdentityPools(Pools),
    Troubleshoot(Troubleshoot),
}

impl Iam {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        match self.command {
            Command::ServiceAccounts(accounts) => accounts.run(&self.common).await,
            Command::Roles(roles) => roles.run(&self.common).await,
            Command::WorkloadIdentityPools(pools) => pools.run(&self.common).await,
            Command::Troubleshoot(question) => question.run(&self.common).await,
        }
    }
}
