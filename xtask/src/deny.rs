//! `cargo xtask deny`: licenses, sources, banned and duplicate dependencies, as `deny.toml` says.
//!
//! The advisories are left out: their database is fetched from outside the package registry.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};

/// The version of cargo-deny that `deny.toml` is written for.
const VERSION: &str = "0.20.2";

/// Runs cargo-deny; the first time installs it beside the sources that cargo has fetched, which CI keeps.
pub(crate) fn run(root: &Path) -> anyhow::Result<()> {
    let tool = cargo_home()?.join(format!("tools/cargo-deny-{VERSION}"));
    let program = tool.join("bin/cargo-deny");
    if !program.exists() {
        eprintln!("Installing cargo-deny {VERSION} into {}", tool.display());
        succeed(Command::new(env!("CARGO")).args([
            OsStr::new("install"),
            OsStr::new("--quiet"),
            OsStr::new("--locked"),
            OsStr::new("--version"),
            OsStr::new(VERSION),
            OsStr::new("--root"),
            tool.as_os_str(),
            OsStr::new("cargo-deny"),
        ]))?;
    }
    succeed(
        Command::new(program)
            .args([
                "--all-features",
                "--locked",
                "check",
                "bans",
                "licenses",
                "sources",
            ])
            .current_dir(root),
    )
}

fn cargo_home() -> anyhow::Result<PathBuf> {
    if let Some(home) = std::env::var_os("CARGO_HOME") {
        return Ok(home.into());
    }
    let home = std::env::var_os("HOME").context("neither CARGO_HOME nor HOME is set")?;
    Ok(Path::new(&home).join(".cargo"))
}

fn succeed(command: &mut Command) -> anyhow::Result<()> {
    let status = command
        .status()
        .with_context(|| format!("running {:?}", command.get_program()))?;
    ensure!(status.success(), "{:?} failed", command.get_program());
    Ok(())
}
