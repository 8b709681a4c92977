//! `wharf completions`.

use clap::{Args, CommandFactory as _, ValueEnum};

use crate::commands::Cli;
use crate::failure::Failure;
use crate::output::print;

/// Print a script that completes wharf's commands in a shell
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    wharf completions bash > /etc/bash_completion.d/wharf\n  \
    wharf completions zsh > \"${fpath[1]}/_wharf\"\n  \
    wharf completions fish > ~/.config/fish/completions/wharf.fish")]
pub(crate) struct Completions {
    /// The shell
    shell: Shell,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Shell {
    Bash,
    Zsh,
    Fish,
}

impl Completions {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let shell = match self.shell {
            Shell::Bash => clap_complete::Shell::Bash,
            Shell::Zsh => clap_complete::Shell::Zsh,
            Shell::Fish => clap_complete::Shell::Fish,
        };
        let mut script = Vec::new();
        clap_complete::generate(shell, &mut Cli::command(), "wharf", &mut script);
        print(&String::from_utf8_lossy(&script))
    }
}
