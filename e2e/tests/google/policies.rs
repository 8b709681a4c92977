//! Policies of projects: bindings, conditions, etags, and why somebody may or may not.

use serde_json::Value;

use crate::{BUILDER, PROJECT, open, says};

const VIEWER: &str = "roles/storage.objectViewer";

#[test]
fn bindings_come_and_go() {
    let (_registry, gcloud) = open();
    gcloud.run("iam service-accounts create builder");
    let grant = |verb: &str, more: &str| {
        gcloud.json(&format!(
            "projects {verb}-iam-policy-binding {PROJECT} --member serviceAccount:{BUILDER} --role {VIEWER} {more}"
        ))
    };
    let before = gcloud.json(&format!("projects get-iam-policy {PROJECT}"));
    assert_eq!(before["version"], 1);
    let added = grant("add", "");
    assert_eq!(
        binding(&added, VIEWER)["members"][0],
        format!("serviceAccount:{BUILDER}")
    );
    // A condition makes it a binding of its own, and the policy one of version 3.
    let file = gcloud.file(
        "condition.yaml",
        "title: us_only\nexpression: resource.name.startsWith(\"projects/_/buckets/us.artifacts.the-shop.appspot.com\")\n",
    );
    let conditional = grant("add", &format!("--condition-from-file {}", file.display()));
    assert_eq!(conditional["version"], 3);
    let count = |policy: &Value| {
        let bindings = policy["bindings"].as_array().unwrap();
        bindings.iter().filter(|one| one["role"] == VIEWER).count()
    };
    assert_eq!(count(&conditional), 2);
    let rest = grant("remove", "--condition None");
    assert_eq!(count(&rest), 1);
    assert!(
        binding(&rest, VIEWER)["condition"]["expression"]
            .as_str()
            .unwrap()
            .contains("us.artifacts.the-shop")
    );
    let none = grant("remove", "--all");
    assert_eq!((count(&none), &none["version"]), (0, &before["version"]));
}

#[test]
fn a_whole_policy_is_set_and_a_stale_one_is_not() {
    let (_registry, gcloud) = open();
    let mut policy = gcloud.json(&format!("projects get-iam-policy {PROJECT}"));
    let binding = serde_json::json!({"role": VIEWER, "members": ["user:jane@example.com"]});
    policy["bindings"].as_array_mut().unwrap().push(binding);
    let file = gcloud.file("policy.json", &policy.to_string());
    let words = format!("projects set-iam-policy {PROJECT} {}", file.display());
    let set = gcloud.json(&words);
    assert!(set.to_string().contains("user:jane@example.com"));
    let stale = gcloud.refused(&words);
    says(
        &stale.stderr,
        "Resource in projects [the-shop:setIamPolicy] is the subject of a conflict",
    );
    // Without an etag it is set whatever is there.
    policy.as_object_mut().unwrap().remove("etag");
    gcloud.file("policy.json", &policy.to_string());
    gcloud.run(&words);
}

#[test]
fn a_condition_is_looked_at_before_it_is_set() {
    let (_registry, gcloud) = open();
    let lint = |expression: &str| {
        let mut command =
            gcloud.command("alpha iam policies lint-condition --format json --title t");
        command = command.args(["--expression", expression]);
        let resource = format!("//cloudresourcemanager.googleapis.com/projects/{PROJECT}");
        command
            .args(["--resource-name", &resource])
            .succeeds()
            .json()
    };
    let fine = lint("request.time < timestamp(\"2030-01-01T00:00:00Z\")");
    assert_eq!(fine["lintResults"], Value::Null);
    let wrong = lint("request.tide < 1 &&");
    assert!(wrong["lintResults"][0]["severity"] == "ERROR", "{wrong}");
    let refused = gcloud
        .command("projects add-iam-policy-binding the-shop --member user:jane@example.com")
        .args([
            "--role",
            VIEWER,
            "--condition",
            "title=t,expression=request.tide <",
        ])
        .fails();
    says(&refused.stderr, "INVALID_ARGUMENT");
    says(&refused.stderr, "lint-condition");
}

fn binding<'a>(policy: &'a Value, role: &str) -> &'a Value {
    let bindings = policy["bindings"].as_array().unwrap();
    bindings.iter().find(|one| one["role"] == role).unwrap()
}
