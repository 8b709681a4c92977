//! The command line: one file for each noun, in gcloud's words.

mod completions;
mod serve;
mod version;

use clap::{Parser, Subcommand};

use crate::failure::Failure;

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
        Exit codes: 0 done, 1 failed, 2 usage. WHARF_LOG=debug shows what a command does."
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    Serve(Box<serve::Serve>),
    Completions(completions::Completions),
    Version(version::Version),
}

impl Cli {
    /// Does what was asked.
    pub(crate) fn run(self) -> Result<(), Failure> {
        match self.command {
            Command::Serve(serve) => serve.run(),
            Command::Completions(completions) => completions.run(),
            Command::Version(version) => version.run(),
        }
    }
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
            for command in command.get_subcommands() {
                leaves(command, &path, found);
            }
        } else {
            found.push((path, command.clone()));
        }
    }

    #[test]
    fn every_command_shows_an_example_and_every_option_says_what_it_is() {
        let mut found = Vec::new();
        let cli = <Cli as clap::CommandFactory>::command();
        leaves(&cli, "", &mut found);
        assert!(found.len() > 2, "{}", found.len());
        for (path, mut command) in found {
            let help = command.render_long_help().to_string();
            assert!(help.contains("Example"), "{path}has no example:\n{help}");
            for argument in command.get_arguments() {
                assert!(argument.get_help().is_some(), "{path}{}", argument.get_id());
            }
        }
    }
}
