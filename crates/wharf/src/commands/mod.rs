//! The command line: one file for each noun, in gcloud's words.

mod auth;
mod bindings;
mod buckets;
mod completions;
mod condition;
mod cred_config;
mod doctor;
mod duration;
mod gcloud_env;
mod iam;
mod images;
mod keys;
mod kms;
mod labels;
mod logging;
mod pools;
mod projects;
mod providers;
mod pull_secret;
mod roles;
mod serve;
mod service_accounts;
mod troubleshoot;
mod version;

use clap::{Args, Parser, Subcommand};

use crate::connection::{Connection, Session};
use crate::failure::Failure;
use crate::output::Output;
use crate::telemetry;

/// A private container registry with IAM in front of it, and the path from it into a Kubernetes cluster.
#[derive(Parser, Debug)]
#[command(
    name = "wharf",
    version,
    arg_required_else_help = true,
    infer_subcommands = false,
    max_term_width = 100,
    after_help = "Begin with:\n  \
        wharf serve\n\
        and, in another terminal:\n  \
        wharf auth login http://127.0.0.1:5000 --key-file wharf-data/owner.json\n  \
        wharf projects list\n\n\
        Exit codes: 0 done, 1 failed, 2 usage, 3 what was looked at is not in order. WHARF_LOG=debug shows what a command does."
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    Serve(Box<serve::Serve>),
    Auth(auth::Auth),
    Projects(projects::Projects),
    Iam(iam::Iam),
    Buckets(buckets::Buckets),
    Images(images::Images),
    Kms(kms::Kms),
    Logging(logging::Logging),
    PullSecret(pull_secret::PullSecret),
    Doctor(Box<doctor::Doctor>),
    GcloudEnv(gcloud_env::GcloudEnv),
    Completions(completions::Completions),
    Version(version::Version),
}

/// What every command of a client has.
#[derive(Args, Clone, Debug, Default)]
struct Common {
    #[command(flatten)]
    connection: Connection,
    #[command(flatten)]
    output: Output,
}

impl Common {
    fn open(&self) -> Result<Session, Failure> {
        self.connection.open()
    }
}

impl Cli {
    /// Does what was asked.
    pub(crate) fn run(self) -> Result<(), Failure> {
        match self.command {
            Command::Serve(serve) => serve.run(),
            Command::Auth(auth) => client(auth.run()),
            Command::Projects(projects) => client(projects.run()),
            Command::Iam(iam) => client(iam.run()),
            Command::Buckets(buckets) => client(buckets.run()),
            Command::Images(images) => client(images.run()),
            Command::Kms(kms) => client(kms.run()),
            Command::Logging(logging) => client(logging.run()),
            Command::PullSecret(pull_secret) => client(pull_secret.run()),
            Command::Doctor(doctor) => client(doctor.run()),
            Command::GcloudEnv(environment) => environment.run(),
            Command::Completions(completions) => completions.run(),
            Command::Version(version) => version.run(),
        }
    }
}

/// Runs a command of a client: a few requests, on this thread.
#[expect(
    clippy::disallowed_methods,
    reason = "a flag for it would stand in the help of every command"
)]
fn client(command: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    if let Some(filter) = std::env::var_os("WHARF_LOG") {
        telemetry::init(telemetry::LogFormat::Text, &filter.to_string_lossy())?;
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(format!("cannot start: {error}")))?;
    // Commands are a few hundred bytes of state, built once.
    runtime.block_on(Box::pin(command))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verify_cli() {
        <Cli as clap::CommandFactory>::command().debug_assert();
    }

    /// Every command that does something, however deep.
    fn leaves(command: &clap::Command, path: &str, found: &mut Vec<(String, clap::Command)>) {
        let path = format!("{path}{} ", command.get_name());
        if command.has_subcommands() {
            let below = command.get_subcommands();
            for command in below.filter(|command| command.get_name() != "help") {
                leaves(command, &path, found);
            }
        } else {
            found.push((path, command.clone()));
        }
    }

    #[test]
    fn every_command_shows_an_example_and_every_option_says_what_it_is() {
        let mut found = Vec::new();
        let mut cli = <Cli as clap::CommandFactory>::command();
        // Options that all commands of a noun share come to each.
        cli.build();
        leaves(&cli, "", &mut found);
        assert!(found.len() > 50, "{}", found.len());
        for (path, mut command) in found {
            let help = command.render_long_help().to_string();
            assert!(help.contains("Example"), "{path}has no example:\n{help}");
            for argument in command.get_arguments() {
                assert!(argument.get_help().is_some(), "{path}{}", argument.get_id());
            }
        }
    }
}
