//! Checks and generators of this repository, run as `cargo xtask COMMAND`.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line tool speaks to the terminal"
)]

mod deny;
mod docs;
mod tidy;
mod tutorial;

use std::path::Path;
use std::process::ExitCode;

const USAGE: &str = "\
Usage: cargo xtask COMMAND

Commands:
  tidy   Check the source tree against the rules that the compiler does not know
  deny   Check licenses, sources, banned and duplicate dependencies (deny.toml)
  docs   Write docs/commands.md and docs/limits.md; with --check, fail if they are out of date";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments[..] {
        ["tidy"] => tidy::run(root()),
        ["deny"] => deny::run(root()),
        ["docs"] => docs::run(root(), false),
        ["docs", "--check"] => docs::run(root(), true),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The folder of the workspace, wherever the command was started.
fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}
