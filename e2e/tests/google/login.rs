//! How gcloud logs in, and the tokens that it gets and sends.

use wharf_e2e::{Gcloud, TestRegistry};

use crate::{BUILDER, PROJECT, open, says};

#[test]
fn a_key_file_logs_in() {
    let registry = TestRegistry::start();
    let gcloud = Gcloud::logged_out(&registry);
    let refused = gcloud.refused("projects list");
    says(&refused.stderr, "gcloud auth login");
    let activated = gcloud.activate(&registry.owner_key());
    says(
        &activated.stderr,
        "Activated service account credentials for: [owner@default.iam.gserviceaccount.com]",
    );
    let projects = gcloud.json("projects list");
    assert_eq!(projects[0]["projectId"], "default");

    // An access token is a bearer for anybody who has it, and for gcloud itself.
    let token = gcloud.run("auth print-access-token");
    let bearer = registry.anonymous();
    bearer
        .get("/v1/projects/default")
        .bearer(token.line())
        .send()
        .expect(200);
    let file = gcloud.file("token", token.line());
    let other = Gcloud::logged_out(&registry)
        .with("CLOUDSDK_AUTH_ACCESS_TOKEN_FILE", file.to_str().unwrap());
    assert_eq!(other.json("projects list"), projects);

    let revoked = gcloud.run("auth revoke owner@default.iam.gserviceaccount.com");
    says(&revoked.stderr, "Service account tokens cannot be revoked");
    gcloud.refused("projects list");
}

/// gcloud then asks for no token at all: it sends a JWT that it signed itself.
#[test]
fn a_self_signed_jwt_is_a_bearer() {
    let (_registry, gcloud) = open();
    // The account is known; from now on nobody answers who asks for tokens.
    let gcloud = gcloud
        .with("CLOUDSDK_AUTH_SERVICE_ACCOUNT_USE_SELF_SIGNED_JWT", "true")
        .with(
            "CLOUDSDK_AUTH_SERVICE_ACCOUNT_DISABLE_ID_TOKEN_REFRESH",
            "true",
        )
        .with("CLOUDSDK_AUTH_TOKEN_HOST", "http://127.0.0.1:1/token");
    let described = gcloud.json(&format!("projects describe {PROJECT}"));
    assert_eq!(described["projectId"], PROJECT);
    gcloud.run("iam service-accounts create builder");
    gcloud.run("storage buckets list");
    // Some commands of alpha and beta sign one without being told.
    gcloud.run("alpha iam service-accounts list");
}

#[test]
fn nobody_in_particular_may_do_what_all_users_may() {
    let (registry, gcloud) = open();
    let nobody = Gcloud::logged_out(&registry).with("CLOUDSDK_AUTH_DISABLE_CREDENTIALS", "true");
    let describe = format!("projects describe {PROJECT}");
    nobody.refused(&describe);
    gcloud.run(&format!(
        "projects add-iam-policy-binding {PROJECT} --member allUsers --role roles/browser"
    ));
    assert_eq!(nobody.json(&describe)["projectId"], PROJECT);
}

#[test]
fn a_disabled_account_is_refused_whatever_token_it_has() {
    let (registry, gcloud) = open();
    gcloud.run("iam service-accounts create builder");
    let file = gcloud.path("key.json");
    gcloud
        .command("iam service-accounts keys create --iam-account")
        .arg(BUILDER)
        .arg(&file)
        .succeeds();
    let builder = Gcloud::in_project(&registry, &file, PROJECT);
    gcloud.run(&format!(
        "projects add-iam-policy-binding {PROJECT} --member serviceAccount:{BUILDER} --role roles/browser"
    ));
    let describe = format!("projects describe {PROJECT}");
    builder.run(&describe);
    gcloud.run(&format!("iam service-accounts disable {BUILDER}"));
    let refused = builder.refused(&describe);
    says(
        &refused.stderr,
        "There was a problem refreshing your current auth tokens",
    );
    gcloud.run(&format!("iam service-accounts enable {BUILDER}"));
    builder.run(&describe);
}
