//! `kubectl wharf …` is `wharf …`.

use std::os::unix::fs::symlink;

use wharf_e2e::registry::binary;

use crate::cluster;

#[test]
fn kubectl_finds_the_plugin_and_its_completions() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["kubectl-wharf", "kubectl_complete-wharf"] {
        symlink(binary(), folder.path().join(name)).unwrap();
    }
    let path = format!(
        "{}:{}",
        folder.path().display(),
        std::env::var("PATH").unwrap()
    );
    let kubectl = |words: &str| cluster().kubectl(words).env("PATH", &path);
    let help = kubectl("wharf pull-secret attach --help").succeeds();
    assert!(
        help.stdout
            .contains("Usage: kubectl wharf pull-secret attach"),
        "{help}"
    );
    let namespace = cluster().namespace("plugin");
    let words = format!(
        "wharf pull-secret attach regcred -n {} -o json",
        namespace.name()
    );
    let attached = kubectl(&words).succeeds();
    assert_eq!(attached.json()[0]["after"], serde_json::json!(["regcred"]));
    let completed = kubectl("__complete wharf pull-secret at").succeeds();
    assert!(completed.stdout.starts_with("attach\t"), "{completed}");
}
