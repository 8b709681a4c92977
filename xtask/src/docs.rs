//! `cargo xtask docs`: the pages of `docs/` that are written by the program: commands, limits, and the tutorial.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};

use crate::tutorial;

/// Writes the pages, or with `is_check` fails where one is not what it would be.
pub(crate) fn run(root: &Path, is_check: bool) -> anyhow::Result<()> {
    let limits = std::fs::read_to_string(root.join("crates/types/src/limits.rs"))?;
    let script = std::fs::read_to_string(root.join("e2e/tutorial.sh"))?;
    let pages = [
        ("docs/commands.md", commands(&binary(root)?)?),
        ("docs/limits.md", limits_page(&limits)),
        ("docs/tutorial.md", tutorial::page(&script)),
    ];
    for (path, text) in pages {
        let file = root.join(path);
        if is_check {
            let there = std::fs::read_to_string(&file).unwrap_or_default();
            ensure!(
                there == text,
                "{path} is out of date: run `cargo xtask docs`"
            );
        } else {
            std::fs::write(&file, text).with_context(|| format!("writing {path}"))?;
        }
    }
    Ok(())
}

/// The program whose help is printed: `WHARF_BIN`, or one that is built for it.
fn binary(root: &Path) -> anyhow::Result<PathBuf> {
    if let Some(path) = std::env::var_os("WHARF_BIN") {
        return Ok(path.into());
    }
    let status = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--locked", "--package", "wharf"])
        .current_dir(root)
        .status()?;
    ensure!(status.success(), "wharf does not build");
    // This program was built into the same folder.
    let mut path = std::env::current_exe()?;
    path.set_file_name("wharf");
    Ok(path)
}

fn commands(binary: &Path) -> anyhow::Result<String> {
    let mut page = String::from(
        "# Commands\n\n\
        What `wharf COMMAND -h` prints; `--help` says more. This page is written by `cargo xtask docs`.\n",
    );
    describe(binary, &[], &mut page)?;
    Ok(page)
}

/// Appends the help of a command, then that of the commands below it.
fn describe(binary: &Path, command: &[&str], page: &mut String) -> anyhow::Result<()> {
    let output = Command::new(binary)
        .args(command)
        .arg("-h")
        // As wide as a page, whoever prints it, and with nobody's settings in it.
        .env_clear()
        .env("COLUMNS", "100")
        .output()
        .with_context(|| format!("running {}", binary.display()))?;
    ensure!(output.status.success(), "{command:?} -h failed");
    let help = String::from_utf8(output.stdout)?;
    let name = [&["wharf"], command].concat().join(" ");
    let lines = help.lines().map(str::trim_end).collect::<Vec<_>>();
    writeln!(
        page,
        "\n## {name}\n\n```text\n{}\n```",
        lines.join("\n").trim_end()
    )?;
    for below in subcommands(&help) {
        describe(binary, &[command, &[below]].concat(), page)?;
    }
    Ok(())
}

/// The names under `Commands:` in a help text.
fn subcommands(help: &str) -> impl Iterator<Item = &str> {
    help.lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| line.starts_with("  "))
        .filter_map(|line| {
            let line = line.strip_prefix("  ")?;
            let name = line.split_whitespace().next()?;
            // A line that goes on is set in further; `help` describes the others.
            (!line.starts_with(' ') && name != "help").then_some(name)
        })
}

/// A table of the constants of `limits.rs`.
fn limits_page(source: &str) -> String {
    let mut page = String::from(
        "# Limits\n\n\
        Every bound of the system, from `crates/types/src/limits.rs`. This page is written by `cargo xtask docs`.\n\
        A request beyond one is answered with a clear 4xx; [errors.md](errors.md) tells which.\n\n\
        | bound | value | why |\n| --- | --- | --- |\n",
    );
    let mut reason = Vec::new();
    for line in source.lines() {
        if let Some(comment) = line.strip_prefix("///") {
            reason.push(comment.trim());
        } else if let Some((name, value)) = constant(line, &reason.join(" ")) {
            // Writing into a string does not fail.
            let _ = writeln!(page, "| `{name}` | {} | {} |", value, reason.join(" "));
            reason.clear();
        }
    }
    page
}

/// Name and value of `pub const NAME: TYPE = VALUE;`, the value as people write it. Its reason says what it counts.
fn constant<'l>(line: &'l str, reason: &str) -> Option<(&'l str, String)> {
    let (name, rest) = line.strip_prefix("pub const ")?.split_once(':')?;
    let value = rest.split_once('=')?.1.trim().trim_end_matches(';');
    let seconds = value
        .strip_prefix("Duration::from_secs(")
        .and_then(|value| value.strip_suffix(')'));
    let text = match seconds {
        Some(seconds) => in_units(number(seconds)?, &[(86_400, "d"), (3_600, "h"), (1, "s")]),
        None if reason.starts_with("Bytes") || reason.contains("many bytes") => in_units(
            number(value)?,
            &[
                (1 << 40, "TiB"),
                (1 << 20, "MiB"),
                (1 << 10, "KiB"),
                (1, "bytes"),
            ],
        ),
        None => number(value)?.to_string(),
    };
    Some((name, text))
}

/// A product or a shift of numbers.
fn number(expression: &str) -> Option<u64> {
    let expression = expression.replace('_', "");
    match expression.split_once("<<") {
        Some((one, bits)) => {
            Some(one.trim().parse::<u64>().ok()? << bits.trim().parse::<u32>().ok()?)
        }
        None => expression
            .split('*')
            .map(|factor| factor.trim().parse::<u64>().ok())
            .product(),
    }
}

/// A number in the largest unit that leaves no rest.
fn in_units(number: u64, units: &[(u64, &str)]) -> String {
    let fits = units
        .iter()
        .find(|(size, _)| number.is_multiple_of(*size) && number >= *size);
    fits.map_or(number.to_string(), |(size, unit)| {
        format!("{} {unit}", number / size)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subcommands_are_read_from_a_help_text() {
        let help = "What it is\n\nUsage: wharf <COMMAND>\n\nCommands:\n  serve  Run a\n           registry\n  auth   Log in\n  help   Print this\n\nOptions:\n  -h, --help\n";
        assert_eq!(subcommands(help).collect::<Vec<_>>(), ["serve", "auth"]);
        assert_eq!(subcommands("Usage: wharf version\n").count(), 0);
    }

    #[test]
    fn limits_are_a_table() {
        let source = "//! Bounds.\n\n/// Long\n/// enough.\npub const NAME_MAX: usize = 1_000;\n/// Idle.\npub const IDLE: Duration = Duration::from_secs(24 * 3600);\n/// Bytes of one.\npub const BLOB_SIZE_MAX: u64 = 1 << 40;\n";
        let page = limits_page(source);
        for row in [
            "| `NAME_MAX` | 1000 | Long enough. |",
            "| `IDLE` | 1 d | Idle. |",
            "| `BLOB_SIZE_MAX` | 1 TiB | Bytes of one. |",
        ] {
            assert!(page.contains(row), "{page}");
        }
    }

    #[test]
    fn numbers_are_in_the_largest_unit_that_fits() {
        assert_eq!(number("4 * 1024 * 1024"), Some(4 << 20));
        assert_eq!(in_units(3_599, &[(3_600, "h"), (1, "s")]), "3599 s");
        assert_eq!(in_units(7_200, &[(3_600, "h"), (1, "s")]), "2 h");
    }
}
