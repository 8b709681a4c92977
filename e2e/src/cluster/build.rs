//! The program that holds Kubernetes' components.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::Program;

/// A first build, on a machine that does other things as well.
const BUILD_DEADLINE: Duration = Duration::from_secs(3_600);

/// Where it is. It is built if it is not there yet.
pub fn kubernetes() -> PathBuf {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("kubernetes.sh");
    let path = Program::new(script).deadline(BUILD_DEADLINE).succeeds();
    path.line().into()
}
