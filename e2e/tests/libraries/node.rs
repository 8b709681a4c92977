//! The Node libraries: one test a script of `e2e/google/node/`.

use wharf_e2e::Program;

use crate::{Scene, google};

/// A script, not yet run.
fn node(script: &str) -> Program {
    google("node/node_modules");
    Program::new("node").arg(google(&format!("node/{script}.mjs")))
}

#[test]
fn google_auth_library_proves_who_it_is() {
    Scene::new().proves(node("credentials"));
}

#[test]
fn cloud_storage_manages_buckets_and_their_policies() {
    Scene::new().proves(node("storage"));
}

#[test]
fn cloud_storage_lists_and_reads_what_was_pushed() {
    let scene = Scene::new();
    scene.push("web", "v1");
    scene.proves(node("objects"));
}

#[test]
fn google_auth_library_acts_as_another_account() {
    Scene::new().proves(node("tokens"));
}

#[test]
fn google_auth_library_exchanges_tokens_of_another_issuer() {
    Scene::new().proves(node("federation"));
}

#[test]
fn the_googleapis_clients_manage_accounts_projects_and_buckets() {
    Scene::new().proves(node("apis"));
}

#[test]
fn what_cannot_be_redirected_asks_googles_hosts() {
    let hosts = ["oauth2.googleapis.com", "www.googleapis.com"];
    Scene::new().proves_asking(&hosts, node("elsewhere"));
}
