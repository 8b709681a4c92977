//! What gcloud asks on the way: which services are enabled, and which zones and regions there are.

use crate::{open, says};

#[test]
fn services_are_enabled_and_listed() {
    let (_registry, gcloud) = open();
    gcloud.run("services enable storage.googleapis.com");
    gcloud.run("services enable iam.googleapis.com storage.googleapis.com");
    let listed = gcloud.run("services list --enabled --format value(config.name)");
    for service in ["iam.googleapis.com", "storage.googleapis.com"] {
        says(&listed.stdout, service);
    }
}

/// gcloud enables a service for each new project, and waits for the operation.
#[test]
fn a_project_is_created() {
    let (_registry, gcloud) = open();
    let created = gcloud
        .command("projects create another-shop --name")
        .arg("Another shop")
        .succeeds();
    says(&created.stderr, "Create in progress for");
    let described = gcloud.json("projects describe another-shop");
    assert_eq!(described["name"], "Another shop");
    let again = gcloud.refused("projects create another-shop");
    says(&again.stderr, "already in use by another project");
}

#[test]
fn zones_and_regions_are_looked_up() {
    let (_registry, gcloud) = open();
    gcloud.run("config set compute/zone us-central1-a");
    gcloud.run("config set compute/region us-central1");
    let zone = gcloud.run("config get compute/zone");
    assert_eq!(zone.line(), "us-central1-a");
}
