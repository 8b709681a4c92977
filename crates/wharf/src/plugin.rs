//! `kubectl wharf …`: kubectl runs a program called `kubectl-wharf` for it, and asks `kubectl_complete-wharf` what could
//! come next. Both are this program under another name.

use std::ffi::OsString;
use std::path::Path;

use clap::Command;

const PLUGIN: &str = "kubectl-wharf";
const COMPLETER: &str = "kubectl_complete-wharf";
/// Cobra's directives, which end the list of completions: whether files may be named as well.
const WITH_FILES: &str = ":0";
const WITHOUT_FILES: &str = ":4";

/// What this program was called as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CalledAs {
    /// `wharf`, or whatever somebody named it.
    Wharf,
    /// kubectl's plugin.
    Plugin,
    /// What completes the plugin's command line.
    Completer,
}

impl CalledAs {
    /// By the name that the shell called.
    pub(crate) fn of(program: Option<&OsString>) -> Self {
        let name = program.and_then(|program| Path::new(program).file_name());
        match name.and_then(|name| name.to_str()) {
            Some(PLUGIN) => Self::Plugin,
            Some(COMPLETER) => Self::Completer,
            _ => Self::Wharf,
        }
    }

    /// The command line under this name.
    pub(crate) fn name(self, command: Command) -> Command {
        match self {
            Self::Wharf => command,
            Self::Plugin | Self::Completer => as_plugin(command).bin_name("kubectl wharf"),
        }
    }
}

/// Examples that can be copied.
fn as_plugin(command: Command) -> Command {
    let help = command.get_after_help().map(|help| {
        let help = help.to_string();
        help.replace("  wharf ", "  kubectl wharf ")
    });
    let command = match help {
        Some(help) => command.after_help(help),
        None => command,
    };
    command.mut_subcommands(as_plugin)
}

/// What could come next, in the form that kubectl reads: a candidate each line with its description, and a directive.
pub(crate) fn complete(mut root: Command, words: &[String]) -> String {
    root.build();
    let (begun, before) = match words.split_last() {
        Some((begun, before)) => (begun.as_str(), before),
        None => ("", words),
    };
    let mut command = &root;
    let mut value_of = None;
    for word in before {
        value_of = None;
        if let Some(below) = command.find_subcommand(word) {
            command = below;
        } else {
            let named = |argument: &&clap::Arg| {
                argument
                    .get_long()
                    .is_some_and(|long| *word == format!("--{long}"))
                    || argument
                        .get_short()
                        .is_some_and(|short| *word == format!("-{short}"))
            };
            value_of = command
                .get_arguments()
                .find(named)
                .filter(|argument| argument.get_action().takes_values());
        }
    }
    let mut lines: Vec<String> = Vec::new();
    let mut add = |candidate: String, help: Option<&clap::builder::StyledStr>| {
        if candidate.starts_with(begun) {
            let help = help.map(ToString::to_string).unwrap_or_default();
            let first = help.lines().next().unwrap_or_default();
            lines.push(format!("{candidate}\t{first}"));
        }
    };
    if let Some(argument) = value_of {
        for value in argument.get_possible_values() {
            add(value.get_name().to_owned(), value.get_help());
        }
    } else if begun.starts_with('-') {
        for argument in command
            .get_arguments()
            .filter(|argument| !argument.is_hide_set())
        {
            if let Some(long) = argument.get_long() {
                add(format!("--{long}"), argument.get_help());
            }
        }
    } else {
        for below in command
            .get_subcommands()
            .filter(|below| !below.is_hide_set())
        {
            add(below.get_name().to_owned(), below.get_about());
        }
    }
    let is_known = command.has_subcommands() && value_of.is_none();
    let directive = if is_known || begun.starts_with('-') {
        WITHOUT_FILES
    } else {
        WITH_FILES
    };
    lines.push(directive.to_owned());
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::Cli;
    use clap::CommandFactory as _;

    fn completed(line: &str) -> Vec<String> {
        let words: Vec<_> = line.split(' ').map(str::to_owned).collect();
        let text = complete(Cli::command(), &words);
        text.lines()
            .map(|line| line.split('\t').next().unwrap_or_default().to_owned())
            .collect()
    }

    #[test]
    fn the_name_tells_what_is_wanted() {
        for (name, expected) in [
            ("wharf", CalledAs::Wharf),
            ("/usr/local/bin/kubectl-wharf", CalledAs::Plugin),
            ("kubectl_complete-wharf", CalledAs::Completer),
        ] {
            assert_eq!(CalledAs::of(Some(&name.into())), expected);
        }
        assert_eq!(CalledAs::of(None), CalledAs::Wharf);
    }

    #[test]
    fn the_plugin_calls_itself_as_it_was_called() {
        let mut command = CalledAs::Plugin.name(Cli::command());
        let arguments = ["kubectl-wharf", "pull-secret", "attach", "--help"];
        let help = command.try_get_matches_from_mut(arguments);
        let help = help
            .map(|_| String::new())
            .unwrap_or_else(|help| help.to_string());
        assert!(
            help.contains("Usage: kubectl wharf pull-secret attach"),
            "{help}"
        );
        assert!(
            help.contains("\n  kubectl wharf pull-secret attach "),
            "{help}"
        );
    }

    #[test]
    fn what_could_come_next_is_listed() {
        assert_eq!(completed("pull-secret at"), ["attach", ":4"]);
        let flags = completed("pull-secret attach regcred --a");
        assert_eq!(flags, ["--all-namespaces", ":4"]);
        let values = completed("pull-secret create x -o ");
        assert_eq!(values, ["yaml", "json", "name", ":0"]);
        assert_eq!(completed("pull-secret create x --key-file "), [":0"]);
    }
}
