//! A cluster for people: it stays until it is taken down.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::wait::wait_for;

use super::plan::Plan;

const DEADLINE: Duration = Duration::from_secs(3_600);

/// Brings a cluster up in a folder, which must not have one, and returns when it takes Pods.
pub fn up(folder: &Path) {
    super::kubernetes();
    let output = tempfile::NamedTempFile::new().unwrap();
    let log = || File::options().append(true).open(output.path()).unwrap();
    // In a session of its own, so that it outlives the shell.
    let mut keeper = Command::new("setsid")
        .arg(std::env::current_exe().unwrap())
        .arg("keep")
        .arg(folder)
        .stdin(Stdio::null())
        .stdout(log())
        .stderr(log())
        .spawn()
        .unwrap();
    wait_for("cluster", DEADLINE, || {
        if let Some(status) = keeper.try_wait().unwrap() {
            let said = fs::read_to_string(output.path()).unwrap();
            panic!("the cluster did not come up ({status})\n{said}");
        }
        folder.join("ready").exists().then_some(())
    });
}

/// The environment by which programs find the cluster of a folder, as a shell reads it; none if there is none.
pub fn environment(folder: &Path) -> Option<String> {
    let plan = Plan::read(folder)?;
    Some(format!(
        "export KUBECONFIG={}\nexport WHARF_E2E_CLUSTER={}\n",
        plan.kubeconfig().display(),
        plan.folder.display()
    ))
}
