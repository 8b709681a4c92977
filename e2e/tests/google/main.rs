//! Google's own command line against the registry: each command as people type it, and what it prints.
#![expect(clippy::unwrap_used, reason = "tests")]

mod accounts;
mod audit;
mod buckets;
mod configuration;
mod docker;
mod errors;
mod federation;
mod images;
mod kms;
mod login;
mod policies;
mod projects;
mod roles;
mod services;
mod storage;
mod tokens;
mod universe;

use wharf_e2e::{Gcloud, TestRegistry};

/// The project of the tests.
const PROJECT: &str = "the-shop";
/// An account of it.
const BUILDER: &str = "builder@the-shop.iam.gserviceaccount.com";

/// The text is a part of what a program said.
#[track_caller]
fn says(text: &str, part: &str) {
    assert!(text.contains(part), "{part:?} is not in:\n{text}");
}

/// A registry with a project, and its owner at gcloud.
fn open() -> (TestRegistry, Gcloud) {
    let registry = TestRegistry::start();
    registry.wharf().run(&format!("projects create {PROJECT}"));
    let gcloud = Gcloud::in_project(&registry, &registry.owner_key(), PROJECT);
    (registry, gcloud)
}
