//! `wharf pull-secret`: one file for each verb.

mod attach;
mod check;
mod create;
mod credential;
mod registries;
mod report;

use clap::{Args, Subcommand, ValueEnum};

use crate::failure::Failure;

/// Pull secrets: what a cluster pulls images with
#[derive(Args, Debug)]
pub(crate) struct PullSecret {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    Create(Box<create::Create>),
    Attach(attach::Attach),
    Detach(attach::Detach),
    AddRegistry(registries::AddRegistry),
    RemoveRegistry(registries::RemoveRegistry),
    Check(Box<check::Check>),
}

impl PullSecret {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        match self.command {
            Command::Create(create) => create.run().await,
            Command::Attach(attach) => attach.run().await,
            Command::Detach(detach) => detach.run().await,
            Command::AddRegistry(add) => add.run().await,
            Command::RemoveRegistry(remove) => remove.run().await,
            Command::Check(check) => check.run().await,
        }
    }
}

/// `--dry-run`, as kubectl takes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum DryRun {
    /// Do it
    None,
    /// Send nothing; show what would be sent
    Client,
    /// Let the API server check it and keep nothing
    Server,
}
