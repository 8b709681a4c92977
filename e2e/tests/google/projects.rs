//! Projects and the organization, and the calls that gcloud makes on the way.

use crate::{PROJECT, open, says};

#[test]
fn a_project_lives_its_life() {
    let (_registry, gcloud) = open();
    let described = gcloud.json(&format!("projects describe {PROJECT}"));
    assert_eq!(described["lifecycleState"], "ACTIVE");
    let number = described["projectNumber"].as_str().unwrap();
    let by_number = gcloud.json(&format!("projects describe {number}"));
    assert_eq!(by_number["projectId"], PROJECT);
    let listed = gcloud.run("projects list --format value(projectId)");
    assert_eq!(listed.stdout, format!("default\n{PROJECT}\n"));
    gcloud
        .command("projects update")
        .args([PROJECT, "--name", "The shop"])
        .succeeds();
    let ancestors = gcloud.json(&format!("projects get-ancestors {PROJECT}"));
    assert_eq!(ancestors[1]["type"], "organization");

    let deleted = gcloud.run(&format!("projects delete {PROJECT}"));
    says(&deleted.stderr, "You can undo this operation");
    let active = gcloud.run("projects list --format value(projectId)");
    assert_eq!(active.stdout, "default\n");
    gcloud.run(&format!("projects undelete {PROJECT}"));
    let described = gcloud.json(&format!("projects describe {PROJECT}"));
    assert_eq!(described["name"], "The shop");

    let organization = gcloud.json("organizations list");
    assert_eq!(organization[0]["name"], "organizations/0");
    gcloud.run("organizations describe 0");
}

#[test]
fn what_a_property_names_is_looked_up() {
    let (_registry, gcloud) = open();
    let gcloud = gcloud.with("CLOUDSDK_CORE_PROJECT", "");
    let set = gcloud.run(&format!("config set project {PROJECT}"));
    says(&set.stderr, "Updated property [core/project].");
    let absent = gcloud.run("config set project no-such-project");
    says(&absent.stderr, "not found");
}
