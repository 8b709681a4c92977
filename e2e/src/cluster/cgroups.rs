//! The cluster's cgroup, in each hierarchy that the machine has.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::wait::wait_for;

use super::plan::Plan;

/// The kernel lets go of a cgroup a moment after the last process in it has ended.
const DEADLINE: Duration = Duration::from_secs(30);

pub(super) fn create(plan: &Plan) {
    for hierarchy in hierarchies() {
        let path = hierarchy.join(&plan.name);
        fs::create_dir_all(&path).unwrap();
        // A new cpuset has no CPU and no memory, and takes no process then.
        for file in ["cpuset.cpus", "cpuset.mems"] {
            if let Ok(all) = fs::read_to_string(hierarchy.join(file)) {
                fs::write(path.join(file), all).ok();
            }
        }
    }
}

pub(super) fn remove(plan: &Plan) {
    for hierarchy in hierarchies() {
        let path = hierarchy.join(&plan.name);
        wait_for("end of the cluster's cgroup", DEADLINE, || {
            remove_tree(&path);
            (!path.exists()).then_some(())
        });
    }
}

/// Where the hierarchies are mounted: one with cgroup v2, one a controller with v1, both on a hybrid machine.
pub(super) fn hierarchies() -> Vec<PathBuf> {
    let mounts = fs::read_to_string("/proc/self/mounts").unwrap();
    let cgroup = |line: &str| {
        let mut words = line.split(' ').skip(1);
        let (path, kind) = (words.next()?, words.next()?);
        kind.starts_with("cgroup").then(|| PathBuf::from(path))
    };
    mounts.lines().filter_map(cgroup).collect()
}

/// A cgroup's files are the kernel's and go with it; only the folders are removed, the inmost first.
fn remove_tree(path: &Path) {
    for entry in fs::read_dir(path).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            remove_tree(&entry.path());
        }
    }
    fs::remove_dir(path).ok();
}
