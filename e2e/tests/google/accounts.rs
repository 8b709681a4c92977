//! Service accounts, their keys, and the policies on them.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::Value;
use wharf_e2e::Gcloud;

use crate::{BUILDER, PROJECT, open, says};

#[test]
fn an_account_lives_its_life() {
    let (_registry, gcloud) = open();
    let created = gcloud
        .command("iam service-accounts create builder --description builds")
        .args(["--display-name", "The builder"])
        .succeeds();
    says(&created.stderr, "Created service account [builder].");
    let refused = gcloud.refused("iam service-accounts create builder");
    says(
        &refused.stderr,
        "Resource in projects [the-shop] is the subject of a conflict",
    );
    let listed = gcloud.json("iam service-accounts list");
    assert_eq!(listed[0]["displayName"], "The builder");
    assert_eq!(listed[0]["projectId"], PROJECT);
    let updated = gcloud.json(&format!(
        "iam service-accounts update {BUILDER} --display-name Other"
    ));
    assert_eq!(updated["displayName"], "Other");
    assert_eq!(updated["description"], "builds");

    gcloud.run(&format!("iam service-accounts disable {BUILDER}"));
    let described = gcloud.json(&format!("iam service-accounts describe {BUILDER}"));
    assert_eq!(described["disabled"], true);
    // The number that never changes names it as well.
    let number = described["uniqueId"].as_str().unwrap();
    assert_eq!(number.len(), 21);
    gcloud.run(&format!("iam service-accounts enable {number}"));
    let described = gcloud.json(&format!("iam service-accounts describe {number}"));
    assert_eq!(described["email"], BUILDER);
    assert_eq!(described["disabled"], Value::Null);

    gcloud.run(&format!("iam service-accounts delete {BUILDER}"));
    let gone = gcloud.refused(&format!("iam service-accounts describe {BUILDER}"));
    says(&gone.stderr, "NOT_FOUND");
    assert_eq!(
        gcloud.json("iam service-accounts list"),
        serde_json::json!([])
    );
}

#[test]
fn keys_are_created_listed_disabled_enabled_and_deleted() {
    let (registry, gcloud) = open();
    gcloud.run("iam service-accounts create builder");
    let file = gcloud.path("key.json");
    let created = gcloud
        .command("iam service-accounts keys create --iam-account")
        .arg(BUILDER)
        .arg(&file)
        .succeeds();
    says(&created.stderr, "created key [");
    assert_eq!(
        fs::metadata(&file).unwrap().permissions().mode() & 0o777,
        0o600
    );
    let key: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    let id = key["private_key_id"].as_str().unwrap();
    assert_eq!(key["client_email"], BUILDER);
    assert_eq!(key["token_uri"], format!("{}/token", registry.url()));

    let list = |more: &str| {
        let words = format!("iam service-accounts keys list --iam-account {BUILDER} {more}");
        gcloud.json(&words)
    };
    let own = list("--managed-by user");
    assert_eq!(own.as_array().unwrap().len(), 1);
    let name = format!("projects/{PROJECT}/serviceAccounts/{BUILDER}/keys/{id}");
    assert_eq!(own[0]["name"], name);
    assert_eq!(own[0]["keyType"], "USER_MANAGED");
    assert_eq!(own[0]["privateKeyData"], Value::Null);

    let builder = Gcloud::in_project(&registry, &file, PROJECT);
    let on_key = |verb: &str| {
        let words = format!("iam service-accounts keys {verb} {id} --iam-account {BUILDER}");
        gcloud.run(&words);
    };
    on_key("disable");
    assert_eq!(list("--managed-by user")[0]["disabled"], true);
    let refused = Gcloud::logged_out(&registry)
        .command("auth activate-service-account --key-file")
        .arg(&file)
        .fails();
    says(&refused.stderr, "invalid_grant");
    on_key("enable");
    builder.activate(&file);
    on_key("delete");
    assert_eq!(list("--managed-by user"), serde_json::json!([]));
}

#[test]
fn an_account_has_a_policy_of_its_own() {
    let (_registry, gcloud) = open();
    gcloud.run("iam service-accounts create builder");
    let member = "--member user:jane@example.com --role roles/iam.serviceAccountUser";
    let added = gcloud.json(&format!(
        "iam service-accounts add-iam-policy-binding {BUILDER} {member}"
    ));
    assert_eq!(added["bindings"][0]["role"], "roles/iam.serviceAccountUser");
    let read = gcloud.json(&format!("iam service-accounts get-iam-policy {BUILDER}"));
    assert_eq!(read, added);
    let file = gcloud.file("policy.json", &read.to_string());
    let removed = gcloud.json(&format!(
        "iam service-accounts remove-iam-policy-binding {BUILDER} {member}"
    ));
    // A policy without bindings has no such field, as Google's has not.
    assert_eq!(removed["bindings"], Value::Null);
    // What was read before the change is stale now.
    let stale = gcloud
        .command("iam service-accounts set-iam-policy")
        .arg(BUILDER)
        .arg(&file)
        .fails();
    says(&stale.stderr, "ABORTED: ");
    let workload = format!("serviceAccount:{PROJECT}.svc.id.goog[default/runner]");
    let added = gcloud.json(&format!(
        "iam service-accounts add-iam-policy-binding {BUILDER} --member {workload} --role roles/iam.workloadIdentityUser"
    ));
    assert_eq!(added["bindings"][0]["members"][0], workload);
}
