//! A genuine Kubernetes on this machine, for people: `cargo run -p wharf-e2e --bin cluster -- up`.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command")]

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use wharf_e2e::cluster::keeper::{self, Until};
use wharf_e2e::cluster::{node, up};

const USAGE: &str = "\
A genuine Kubernetes of one node on this machine, as root.

Usage: cluster up|down|env [FOLDER]

  up    brings a cluster up in FOLDER; it stays until `down`
  down  takes it down and leaves nothing behind, whatever has become of it
  env   prints the environment that kubectl, wharf and the tests find it by

FOLDER is /tmp/wharf-cluster unless named.";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let folder = arguments
        .get(1)
        .map_or("/tmp/wharf-cluster", |folder| folder);
    let folder = &std::path::absolute(folder).unwrap_or_else(|_| PathBuf::from(folder));
    match arguments.first().map(String::as_str) {
        Some("up") => {
            up::up(folder);
            print_environment(folder)
        }
        Some("down") => {
            if !keeper::take_down(folder) {
                eprintln!("there is no cluster in {}", folder.display());
            }
            ExitCode::SUCCESS
        }
        Some("env") => print_environment(folder),
        // What the cluster itself runs.
        Some("keep") => exit_code(keeper::keep(folder, Until::TakenDown)),
        Some("keep-for-a-test") => exit_code(keeper::keep(folder, Until::InputCloses)),
        Some("node") => node::run(folder),
        Some("help" | "--help" | "-h") => {
            println!("{USAGE}");
            ExitCode::SUCCESS
        }
        _ => {
            eprintln!("{USAGE}");
            ExitCode::from(2)
        }
    }
}

fn print_environment(folder: &Path) -> ExitCode {
    match up::environment(folder) {
        Some(environment) => {
            print!("{environment}");
            ExitCode::SUCCESS
        }
        None => {
            eprintln!("there is no cluster in {}", folder.display());
            ExitCode::FAILURE
        }
    }
}

fn exit_code(good: bool) -> ExitCode {
    if good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
