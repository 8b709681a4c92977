//! What gcloud prints when a request is refused: the same words as with Google's own answers.

use wharf_e2e::{Gcloud, Output};

use crate::{BUILDER, PROJECT, open, says};

#[test]
fn refusals_read_as_googles() {
    let (registry, gcloud) = open();
    gcloud.run("iam service-accounts create builder");
    let file = gcloud.path("key.json");
    gcloud
        .command("iam service-accounts keys create --iam-account")
        .arg(BUILDER)
        .arg(&file)
        .succeeds();
    let builder = Gcloud::in_project(&registry, &file, PROJECT);
    let bucket = "gs://artifacts.the-shop.appspot.com";
    gcloud.run(&format!("storage buckets create {bucket} --location us"));

    // 403
    let said = |output: &Output, parts: &[&str]| {
        for part in parts {
            says(&output.stderr, part);
        }
    };
    let refused = builder.refused(&format!("iam service-accounts describe {BUILDER}"));
    let as_whom = format!("This command is authenticated as {BUILDER}");
    said(
        &refused,
        &[
            "PERMISSION_DENIED: ",
            "iam.serviceAccounts.get",
            &as_whom,
            "IAM_PERMISSION_DENIED",
        ],
    );
    let refused = builder.refused(&format!("projects get-iam-policy {PROJECT}"));
    said(
        &refused,
        &[&format!(
            "[{BUILDER}] does not have permission to access projects instance [{PROJECT}:getIamPolicy] (or it may not exist): "
        )],
    );
    let refused = builder.refused(&format!("storage buckets describe {bucket}"));
    said(
        &refused,
        &[
            "does not have permission to access b instance",
            "storage.buckets.get",
        ],
    );

    // 404
    let absent = "iam service-accounts describe nobody@the-shop.iam.gserviceaccount.com";
    said(&gcloud.refused(absent), &["NOT_FOUND: "]);
    let absent = gcloud.refused("storage buckets describe gs://eu.artifacts.the-shop.appspot.com");
    said(
        &absent,
        &["gs://eu.artifacts.the-shop.appspot.com not found: 404"],
    );

    // 409
    let again = gcloud.refused("iam service-accounts create builder");
    said(&again, &["is the subject of a conflict: "]);
    let again = gcloud.refused(&format!("storage buckets create {bucket} --location us"));
    said(&again, &["HTTPError 409: "]);

    // 400
    let wrong = gcloud.refused(&format!(
        "projects add-iam-policy-binding {PROJECT} --member nobody:x --role roles/browser"
    ));
    said(&wrong, &["INVALID_ARGUMENT: "]);
    let wrong = gcloud.refused(&format!(
        "projects add-iam-policy-binding {PROJECT} --member allUsers --role roles/no.such"
    ));
    said(&wrong, &["INVALID_ARGUMENT: ", "roles/no.such"]);

    // What nobody serves here is said, not pretended.
    let absent = gcloud.refused("iam workforce-pools list --organization 0 --location global");
    said(&absent, &["ERROR: "]);
}

/// A token that stops being good is not repeated for long, and a restart of the registry ends none.
#[test]
fn tokens_outlive_a_restart() {
    let (mut registry, gcloud) = open();
    gcloud.run(&format!("projects describe {PROJECT}"));
    registry.stop();
    registry.start_again();
    gcloud.run(&format!("projects describe {PROJECT}"));
}
