//! `wharf`: a private container registry, its administration, and the path from it into a cluster.
//!
//! This room only connects: each command is one file in [`commands`] that reads its arguments, calls a room below and
//! shows what that said.

mod cluster;
mod commands;
mod connection;
mod failure;
mod files;
mod logins;
mod output;
mod plugin;
mod prompt;
mod telemetry;

use std::process::ExitCode;

use clap::{CommandFactory as _, FromArgMatches as _};

use crate::commands::Cli;
use crate::failure::Failure;
use crate::plugin::CalledAs;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // Fails only where a provider is installed already, and nothing ran before this line.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

fn run() -> Result<(), Failure> {
    let arguments: Vec<_> = std::env::args_os().collect();
    let called_as = CalledAs::of(arguments.first());
    let command = called_as.name(Cli::command());
    if called_as == CalledAs::Completer {
        let words = arguments.iter().skip(1);
        let words: Vec<_> = words
            .map(|word| word.to_string_lossy().into_owned())
            .collect();
        return output::print(&plugin::complete(command, &words));
    }
    let mut matches = command.get_matches_from(arguments);
    // clap built both from the same types.
    let cli = Cli::from_arg_matches_mut(&mut matches).unwrap_or_else(|error| error.exit());
    cli.run()
}
