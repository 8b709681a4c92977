//! How a shell sets a variable of the environment, and how it forgets one.

use clap::ValueEnum;

/// A family of shells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Shell {
    /// sh, bash, dash, zsh
    #[default]
    Sh,
    /// fish
    Fish,
    /// PowerShell
    Powershell,
}

impl Shell {
    /// The line that sets a variable for this shell and what it starts.
    pub(super) fn set(self, name: &str, value: &str) -> String {
        let value = self.quote(value);
        match self {
            Self::Sh => format!("export {name}={value}\n"),
            Self::Fish => format!("set -gx {name} {value}\n"),
            Self::Powershell => format!("$Env:{name} = {value}\n"),
        }
    }

    /// The line that forgets a variable, whether it is set or not.
    pub(super) fn unset(self, name: &str) -> String {
        match self {
            Self::Sh => format!("unset {name}\n"),
            Self::Fish => format!("set -e {name}\n"),
            Self::Powershell => {
                format!("Remove-Item Env:{name} -ErrorAction SilentlyContinue\n")
            }
        }
    }

    /// How a person runs what this command prints.
    pub(super) fn run(self, command: &str) -> String {
        match self {
            Self::Sh => format!("eval \"$({command})\""),
            Self::Fish => format!("{command} --shell fish | source"),
            Self::Powershell => {
                format!("{command} --shell powershell | Out-String | Invoke-Expression")
            }
        }
    }

    fn quote(self, value: &str) -> String {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@,+".contains(c);
        match self {
            // A word that no shell reads anything into is easier to read as it is.
            Self::Sh | Self::Fish if !value.is_empty() && value.chars().all(is_plain) => {
                value.to_owned()
            }
            Self::Sh => format!("'{}'", value.replace('\'', r"'\''")),
            Self::Fish => format!("'{}'", value.replace('\\', r"\\").replace('\'', r"\'")),
            Self::Powershell => format!("'{}'", value.replace('\'', "''")),
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use std::process::Command;

    use super::*;

    #[test]
    fn each_shell_has_its_own_words() {
        let url = "http://127.0.0.1:5000/";
        assert_eq!(Shell::Sh.set("A", url), format!("export A={url}\n"));
        assert_eq!(Shell::Fish.set("A", url), format!("set -gx A {url}\n"));
        assert_eq!(
            Shell::Powershell.set("A", url),
            format!("$Env:A = '{url}'\n")
        );
        assert_eq!(Shell::Fish.set("A", r"it's \"), "set -gx A 'it\\'s \\\\'\n");
        assert_eq!(Shell::Powershell.set("A", "it's"), "$Env:A = 'it''s'\n");
    }

    #[test]
    fn sh_reads_back_every_value() {
        for value in [
            "",
            "a b",
            "it's",
            "$HOME `id` \\",
            "\"*\"",
            "line\nbreak",
            "&;|<>",
        ] {
            let script = Shell::Sh.set("VALUE", value) + "printf %s \"$VALUE\"";
            let output = Command::new("sh").arg("-c").arg(script).output().unwrap();
            assert_eq!(String::from_utf8(output.stdout).unwrap(), value);
        }
    }

    #[test]
    fn what_is_set_is_forgotten_again() {
        let script = [
            Shell::Sh.set("VALUE", "a b"),
            Shell::Sh.unset("VALUE"),
            Shell::Sh.unset("NEVER_SET"),
            "printf %s \"${VALUE-nothing}\"".to_owned(),
        ];
        let output = Command::new("sh").arg("-ec").arg(script.concat()).output();
        assert_eq!(output.unwrap().stdout, b"nothing");
    }
}
