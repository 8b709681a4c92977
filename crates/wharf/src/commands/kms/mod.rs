//! `wharf kms`.

mod cipher;
mod keyrings;
mod keys;
mod names;
mod versions;

use clap::{Args, Subcommand};

use super::Common;
use crate::failure::Failure;

/// Keys that never leave the registry: what they encrypt, only they decrypt
#[derive(Args, Debug)]
pub(crate) struct Kms {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Key rings: where keys lie
    #[command(subcommand)]
    Keyrings(keyrings::Command),
    /// Keys, and their versions
    #[command(subcommand)]
    Keys(Box<keys::Command>),
    Encrypt(cipher::Encrypt),
    Decrypt(cipher::Decrypt),
}

impl Kms {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let session = self.common.open()?;
        let output = self.common.output;
        match self.command {
            Command::Keyrings(command) => command.run(&session, output).await,
            Command::Keys(command) => command.run(&session, output).await,
            Command::Encrypt(encrypt) => encrypt.run(&session, output).await,
            Command::Decrypt(decrypt) => decrypt.run(&session, output).await,
        }
    }
}
