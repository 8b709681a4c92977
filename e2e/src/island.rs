//! A network of a test's own, from which nothing else is reached: names in `/etc/hosts` and the loopback interface, with
//! every port free. It needs root.

use std::fs;
use std::time::Duration;

use tempfile::TempDir;

use crate::Program;

/// Says to a test that it is on an island already.
const VARIABLE: &str = "WHARF_E2E_ISLAND";
const DEADLINE: Duration = Duration::from_secs(600);
/// Brings the interface up, puts the names into place, and becomes the test.
const SETTLE: &str = r#"ip link set lo up && mount --bind "$1" /etc/hosts && shift && exec "$@""#;

/// Whether the caller, the test of this name, runs on an island where all `hosts` are at 127.0.0.1. If it does not, it is
/// run on one, to its end, and has nothing left to do. A test that fails there fails here.
pub fn is_reached(test: &str, hosts: &[&str]) -> bool {
    if std::env::var_os(VARIABLE).is_some() {
        return true;
    }
    let folder = TempDir::with_prefix("wharf-e2e-island-").unwrap();
    let file = folder.path().join("hosts");
    fs::write(&file, format!("127.0.0.1 localhost {}\n", hosts.join(" "))).unwrap();
    let inside = Program::new("setpriv")
        .args(["--pdeathsig", "KILL", "unshare", "--net", "--mount"])
        .args(["sh", "-c", SETTLE, "island"])
        .arg(file)
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(VARIABLE, "1")
        .deadline(DEADLINE)
        .succeeds();
    assert!(
        inside.stdout.contains("1 passed"),
        "{test} is not the name of a test\n{inside}"
    );
    false
}
