//! Buckets and the policies on them, by `gcloud storage` and by gsutil.

use crate::{PROJECT, open, says};

const BUCKET: &str = "gs://us.artifacts.the-shop.appspot.com";

#[test]
fn a_bucket_lives_its_life() {
    let (_registry, gcloud) = open();
    gcloud.run(&format!("storage buckets create {BUCKET} --location us"));
    let described = gcloud.json(&format!("storage buckets describe {BUCKET}"));
    assert_eq!(described["location"], "US");
    assert_eq!(described["uniform_bucket_level_access"], true);
    let listed = gcloud.json("storage buckets list");
    assert_eq!(listed[0]["name"], "us.artifacts.the-shop.appspot.com");
    assert_eq!(gcloud.run("storage ls").stdout, format!("{BUCKET}/\n"));
    gcloud.run(&format!(
        "storage buckets update {BUCKET} --uniform-bucket-level-access"
    ));
    let refused = gcloud.refused(&format!(
        "storage buckets update {BUCKET} --no-uniform-bucket-level-access"
    ));
    says(
        &refused.stderr,
        "uniform bucket-level access cannot be turned off",
    );
    let agent = gcloud.run("storage service-agent");
    says(
        &agent.stdout,
        "@gs-project-accounts.iam.gserviceaccount.com",
    );
    gcloud.run(&format!("storage buckets delete {BUCKET}"));
    let gone = gcloud.refused(&format!("storage buckets describe {BUCKET}"));
    says(&gone.stderr, "not found: 404");
}

#[test]
fn a_bucket_has_a_policy() {
    let (_registry, gcloud) = open();
    gcloud.run(&format!("storage buckets create {BUCKET} --location us"));
    let change = |verb: &str, more: &str| {
        gcloud.json(&format!(
            "storage buckets {verb}-iam-policy-binding {BUCKET} \
             --member user:jane@example.com --role roles/storage.objectViewer {more}"
        ))
    };
    let added = change("add", "");
    assert_eq!(
        added["resourceId"],
        "projects/_/buckets/us.artifacts.the-shop.appspot.com"
    );
    let file = gcloud.file(
        "condition.json",
        "{\"title\":\"until\",\"expression\":\"request.time < timestamp(\\\"2030-01-01T00:00:00Z\\\")\"}",
    );
    let conditional = change("add", &format!("--condition-from-file {}", file.display()));
    assert_eq!(conditional["version"], 3);
    let read = gcloud.json(&format!("storage buckets get-iam-policy {BUCKET}"));
    assert_eq!(read["bindings"], conditional["bindings"]);
    change("remove", "--all");
    // The default bindings are always there.
    let read = gcloud.json(&format!("storage buckets get-iam-policy {BUCKET}"));
    says(&read.to_string(), "roles/storage.legacyBucketOwner");
    assert!(!read.to_string().contains("jane"));
    let file = gcloud.file("policy.json", &read.to_string());
    let words = format!("storage buckets set-iam-policy {BUCKET} {}", file.display());
    gcloud.run(&words);
    let stale = gcloud.refused(&words);
    says(&stale.stderr, "412");
}

#[test]
fn gsutil_hands_its_work_to_gcloud() {
    let (_registry, gcloud) = open();
    let gsutil = |words: &str| gcloud.gsutil(words).succeeds();
    gsutil(&format!("mb -p {PROJECT} -l us {BUCKET}"));
    assert_eq!(gsutil("ls").stdout, format!("{BUCKET}/\n"));
    gsutil(&format!(
        "iam ch user:jane@example.com:objectViewer {BUCKET}"
    ));
    says(
        &gsutil(&format!("iam get {BUCKET}")).stdout,
        "user:jane@example.com",
    );
    gsutil(&format!(
        "iam ch -d user:jane@example.com:objectViewer {BUCKET}"
    ));
    let policy = gsutil(&format!("iam get {BUCKET}")).stdout;
    assert!(!policy.contains("jane"), "{policy}");
    gsutil(&format!("rb {BUCKET}"));
}
