//! Acting as another account, signing as it, and ID tokens.

use std::fs;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use wharf_e2e::shop::PROJECT;
use wharf_e2e::{Gcloud, TestRegistry};

use crate::says;

const ROBOT: &str = "robot-1@the-shop.iam.gserviceaccount.com";

/// A registry with a robot, and a deployer's gcloud; the deployer may act as the robot, the robot may list the keys of
/// accounts.
fn scene() -> (TestRegistry, Gcloud) {
    let registry = TestRegistry::start();
    let wharf = registry.wharf();
    wharf.run(&format!("projects create {PROJECT}"));
    let folder = registry.scratch();
    wharf.account_with_key(PROJECT, "robot-1", &folder);
    let key = wharf.account_with_key(PROJECT, "deployer", &folder);
    wharf.grant(PROJECT, "robot-1", "roles/iam.serviceAccountViewer");
    wharf.grant(PROJECT, "deployer", "roles/iam.serviceAccountTokenCreator");
    let gcloud = Gcloud::in_project(&registry, &key, PROJECT);
    (registry, gcloud)
}

/// The claims of a JWT.
fn claims(token: &str) -> Value {
    let payload = token.trim().split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

#[test]
fn gcloud_acts_as_another_account() {
    let (registry, gcloud) = scene();
    let list = "iam service-accounts list";
    let own = gcloud.refused(&format!(
        "iam service-accounts keys list --iam-account {ROBOT}"
    ));
    says(&own.stderr, "iam.serviceAccountKeys.list");
    let acting = format!(
        "iam service-accounts keys list --iam-account {ROBOT} --impersonate-service-account {ROBOT}"
    );
    let keys = gcloud.json(&acting);
    assert_eq!(keys[0]["keyType"], "USER_MANAGED");
    let token = gcloud.run(&format!(
        "auth print-access-token --impersonate-service-account {ROBOT}"
    ));
    assert_eq!(claims(&token.stdout)["sub"], ROBOT);
    // The log has both of them.
    let log = registry
        .wharf()
        .run(&format!(
            "logging read --project {PROJECT} --limit 200 -o json"
        ))
        .stdout;
    says(&log, "serviceAccountDelegationInfo");
    says(
        &log,
        &format!("serviceAccount:deployer@{PROJECT}.iam.gserviceaccount.com"),
    );
    let disable = format!("iam service-accounts disable {ROBOT}");
    registry.wharf().run(&disable);
    let refused = gcloud.refused(&format!("{list} --impersonate-service-account {ROBOT}"));
    says(&refused.stderr, "is disabled");
}

#[test]
fn gcloud_prints_id_tokens() {
    let (registry, gcloud) = scene();
    let audience = "https://run.example.com";
    let own = gcloud.run(&format!("auth print-identity-token --audiences {audience}"));
    let said = claims(&own.stdout);
    assert_eq!(said["aud"], audience);
    assert_eq!(said["iss"], registry.url());
    assert_eq!(
        said["email"],
        format!("deployer@{PROJECT}.iam.gserviceaccount.com")
    );
    let acting = gcloud.run(&format!(
        "auth print-identity-token --audiences {audience} --include-email --impersonate-service-account {ROBOT}"
    ));
    assert_eq!(claims(&acting.stdout)["email"], ROBOT);
    let plain = gcloud.run("auth print-identity-token");
    assert_eq!(claims(&plain.stdout)["azp"], said["azp"]);
}

#[test]
fn gcloud_signs_as_another_account() {
    let (_registry, gcloud) = scene();
    let input = gcloud.file("input", "to be signed");
    let (input, output) = (input.display(), gcloud.path("output"));
    let signed = output.display();
    let blob = gcloud.run(&format!(
        "iam service-accounts sign-blob {input} {signed} --iam-account {ROBOT}"
    ));
    says(&blob.stderr, "signed blob");
    assert_eq!(fs::read(&output).unwrap().len(), 256);
    let claims_file = gcloud.file("claims", &json!({"sub": ROBOT, "iss": ROBOT}).to_string());
    let claims_file = claims_file.display();
    gcloud.run(&format!(
        "iam service-accounts sign-jwt {claims_file} {signed} --iam-account {ROBOT}"
    ));
    let token = fs::read_to_string(&output).unwrap();
    assert_eq!(claims(&token)["iss"], ROBOT);
    let managed = gcloud.json(&format!(
        "iam service-accounts keys list --iam-account {ROBOT} --managed-by system --impersonate-service-account {ROBOT}"
    ));
    assert_eq!(managed[0]["keyType"], "SYSTEM_MANAGED");
}
