//! `wharf pull-secret`: one file for each verb.

mod check;
mod create;

use clap::{Args, Subcommand};

use crate::failure::Failure;

/// Pull secrets: what a cluster pulls images with
#[derive(Args, Debug)]
pub(crate) struct PullSecret {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    Check(Box<check::Check>),
    Create(create::Create),
}

impl PullSecret {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        match self.command {
            Command::Check(check) => check.run().await,
            Command::Create(create) => create.run(),
        }
    }
}
