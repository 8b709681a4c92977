//! Pods on a genuine Kubernetes pull from the registry.
//!
//! All tests of this binary share one cluster, and each has namespaces, names and a registry of its own.
#![expect(clippy::unwrap_used, reason = "tests")]

mod doctor;
mod faults;
mod keyring;
mod pods;
mod pull_secrets;

use std::sync::LazyLock;

use wharf_e2e::cluster::Cluster;

/// The cluster. It starts with the first test that asks for it and goes with the process.
fn cluster() -> &'static Cluster {
    static CLUSTER: LazyLock<Cluster> = LazyLock::new(Cluster::start);
    &CLUSTER
}

/// The text is a part of one of the texts.
#[track_caller]
fn says(texts: &[String], part: &str) {
    assert!(
        texts.iter().any(|text| text.contains(part)),
        "{part:?} is in none of {texts:#?}"
    );
}
