//! The Python libraries: one test a script of `e2e/google/python/`.

use wharf_e2e::content::Image;
use wharf_e2e::random::Random;
use wharf_e2e::shop::PROJECT;
use wharf_e2e::wharf::email;
use wharf_e2e::{Gate, Program, TestRegistry};

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
fn google_auth_acts_as_another_account_and_verifies_its_id_tokens() {
    Scene::new().proves(python("tokens"));
}

#[test]
fn the_discovery_client_manages_accounts_keys_and_roles() {
    Scene::new().proves(python("iam"));
}

#[test]
fn the_discovery_client_is_built_from_the_registrys_own_documents() {
    Scene::new().proves(python("discovery"));
}

#[test]
fn resource_manager_manages_projects_and_their_policies() {
    Scene::new().proves(python("projects"));
}

#[test]
fn cloud_storage_manages_buckets_and_their_policies() {
    Scene::new().proves(python("buckets"));
}

#[test]
fn cloud_storage_lists_and_reads_what_was_pushed() {
    let scene = Scene::new();
    scene.push("web", "v1");
    scene.proves(python("objects"));
}

#[test]
fn iam_credentials_gets_tokens_and_signatures_of_another_account() {
    Scene::new().proves(python("iam_credentials"));
}

#[test]
fn cloud_logging_reads_the_audit_log() {
    // The library looks on what machine it runs. It sends no credential there.
    Scene::new().proves_asking(&["metadata.google.internal."], python("logs"));
}

#[test]
fn a_node_needs_no_key() {
    let account = email(PROJECT, "puller");
    let registry = TestRegistry::start_with(&[
        "--metadata-listen",
        "127.0.0.1:0",
        "--metadata-service-account",
        &account,
    ]);
    let log = registry.log();
    let announced = log
        .lines()
        .find_map(|line| line.strip_prefix("Metadata on  http://"));
    let host = announced.unwrap().to_owned();
    let image = Image::random(&mut Random::new(3), &[2_000_000]);
    let scene = Scene::in_registry(registry, Gate::shut());
    let repository = format!("{PROJECT}/web");
    scene.registry.owner().push_image(&repository, "v1", &image);
    // The scene clears the environment of what it runs: env comes behind that.
    let script = Program::new("env")
        .arg(format!("GCE_METADATA_HOST={host}"))
        .arg(format!("GCE_METADATA_IP={host}"))
        .arg(google("python/venv/bin/python"))
        .arg("-B")
        .arg(google("python/metadata.py"));
    scene.proves(script);
}

#[test]
fn what_cannot_be_redirected_asks_googles_hosts() {
    let hosts = ["iamcredentials.googleapis.com", "oauth2.googleapis.com"];
    Scene::new().proves_asking(&hosts, python("elsewhere"));
}
