//! The Python libraries: one test a script of `e2e/google/python/`.

use wharf_e2e::Program;

use crate::{Scene, google};

/// A script, not yet run.
fn python(script: &str) -> Program {
    Program::new(google("python/venv/bin/python"))
        // Nothing is written beside the scripts.
        .arg("-B")
        .arg(google(&format!("python/{script}.py")))
}

#[test]
fn google_auth_proves_who_it_is() {
    Scene::new().proves(python("credentials"));
}

#[test]
fn the_discovery_client_manages_accounts_keys_and_roles() {
    Scene::new().proves(python("iam"));
}
