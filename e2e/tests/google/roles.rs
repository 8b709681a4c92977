//! Roles: Google's own that this registry knows, and those that a project makes.

use serde_json::{Value, json};

use crate::{PROJECT, open, says};

#[test]
fn predefined_roles_are_listed_and_described() {
    let (_registry, gcloud) = open();
    let listed = gcloud.json("iam roles list --filter name:roles/storage.");
    let names: Vec<_> = listed
        .as_array()
        .unwrap()
        .iter()
        .map(|role| role["name"].as_str().unwrap())
        .collect();
    assert!(names.contains(&"roles/storage.objectViewer"), "{names:?}");
    let role = gcloud.json("iam roles describe roles/storage.objectViewer");
    let permissions = role["includedPermissions"].as_array().unwrap();
    assert!(permissions.contains(&json!("storage.objects.get")));
    let resource = format!("//cloudresourcemanager.googleapis.com/projects/{PROJECT}");
    let grantable = gcloud.json(&format!("iam list-grantable-roles {resource}"));
    assert!(grantable.to_string().contains("roles/storage.admin"));
    let testable = gcloud.json(&format!("iam list-testable-permissions {resource}"));
    assert!(testable.to_string().contains("storage.objects.create"));
}

#[test]
fn a_custom_role_lives_its_life() {
    let (_registry, gcloud) = open();
    let on = |words: &str| gcloud.json(&format!("iam roles {words} --project {PROJECT}"));
    let created = on(
        "create puller --title Puller --stage GA --permissions storage.objects.get,storage.objects.list",
    );
    assert_eq!(created["name"], format!("projects/{PROJECT}/roles/puller"));
    let updated = on(
        "update puller --add-permissions storage.buckets.get --remove-permissions storage.objects.list",
    );
    assert_eq!(
        updated["includedPermissions"],
        json!(["storage.buckets.get", "storage.objects.get"])
    );
    let file = gcloud.file(
        "role.yaml",
        "title: From a file\nincludedPermissions:\n- storage.objects.list\n",
    );
    let updated = on(&format!("update puller --file {}", file.display()));
    assert_eq!(updated["title"], "From a file");
    assert_eq!(on("delete puller")["deleted"], true);
    assert_eq!(on("list"), json!([]));
    assert_eq!(on("list --show-deleted")[0]["deleted"], true);
    assert_eq!(on("undelete puller")["deleted"], Value::Null);
    assert_eq!(on("describe puller")["title"], "From a file");
    let copied = gcloud.json(&format!(
        "iam roles copy --source roles/storage.objectViewer --destination copied --dest-project {PROJECT}"
    ));
    assert_eq!(copied["name"], format!("projects/{PROJECT}/roles/copied"));
    let again = gcloud.refused(&format!("iam roles create puller --project {PROJECT}"));
    says(&again.stderr, "is the subject of a conflict");
    let unknown = gcloud.refused(&format!(
        "iam roles create other --project {PROJECT} --permissions storage.objects.teleport"
    ));
    says(&unknown.stderr, "INVALID_ARGUMENT");
}
