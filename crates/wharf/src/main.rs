//! `wharf`: a private container registry, its administration, and the path from it into a cluster.
//!
//! This room only connects: each command is one file in [`commands`] that reads its arguments, calls a room below and
//! shows what that said.

#[allow(dead_code, reason = "its first commands come with the next change")]
mod cluster;
mod commands;
mod connection;
mod failure;
mod files;
mod logins;
mod output;
mod prompt;
mod telemetry;

use std::process::ExitCode;

use clap::Parser as _;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // Fails only where a provider is installed already, and nothing ran before this line.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let cli = commands::Cli::parse();
    match cli.run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}
