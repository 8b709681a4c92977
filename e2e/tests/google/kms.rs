//! `gcloud kms`.

use wharf_e2e::{Gcloud, Program, TestRegistry};

use crate::says;

const AT: &str = "--location us-central1 --keyring ring";

#[test]
fn keys_are_made_rotated_and_used() {
    let registry = TestRegistry::start();
    let gcloud = Gcloud::new(&registry, &registry.owner_key());
    gcloud.run("kms keyrings create ring --location us-central1");
    gcloud.run(&format!("kms keys create key {AT} --purpose encryption --rotation-period 90d --next-rotation-time 2999-01-01T00:00:00Z --labels team=blue"));
    let keys = gcloud.json(&format!("kms keys list {AT}"));
    assert_eq!(keys[0]["purpose"], "ENCRYPT_DECRYPT");
    assert_eq!(keys[0]["labels"]["team"], "blue");
    assert_eq!(keys[0]["rotationPeriod"], "7776000s");
    gcloud.run(&format!(
        "kms keys update key {AT} --remove-rotation-schedule"
    ));
    let key = gcloud.json(&format!("kms keys describe key {AT}"));
    assert!(key.get("rotationPeriod").is_none(), "{key:#}");

    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(file("plain"), "a secret").unwrap();
    std::fs::write(file("aad"), "its place").unwrap();
    let (plain, aad, encrypted) = (file("plain"), file("aad"), file("encrypted"));
    let with_key = format!("--key key {AT} --additional-authenticated-data-file {aad}");
    gcloud.run(&format!(
        "kms encrypt {with_key} --plaintext-file {plain} --ciphertext-file {encrypted}"
    ));
    gcloud.run(&format!(
        "kms keys versions create --key key {AT} --primary"
    ));
    let decrypt =
        format!("kms decrypt {with_key} --ciphertext-file {encrypted} --plaintext-file -");
    assert_eq!(gcloud.run(&decrypt).stdout, "a secret");

    let version = format!("1 --key key {AT}");
    gcloud.run(&format!("kms keys versions disable {version}"));
    says(
        &gcloud.refused(&decrypt).stderr,
        "is not enabled, current state is: DISABLED",
    );
    let scheduled = gcloud.json(&format!("kms keys versions destroy {version}"));
    assert_eq!(scheduled["state"], "DESTROY_SCHEDULED");
    gcloud.run(&format!("kms keys versions restore {version}"));
    gcloud.run(&format!("kms keys versions enable {version}"));
    assert_eq!(gcloud.run(&decrypt).stdout, "a secret");

    std::fs::write(file("aad"), "another").unwrap();
    says(
        &gcloud.refused(&decrypt).stderr,
        "INVALID_ARGUMENT: Decryption failed",
    );
}

#[test]
fn signatures_and_tags_verify() {
    let registry = TestRegistry::start();
    let gcloud = Gcloud::new(&registry, &registry.owner_key());
    gcloud.run("kms keyrings create ring --location us-central1");
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(file("message"), "a release").unwrap();
    let (message, signature, public) = (file("message"), file("signature"), file("public.pem"));

    gcloud.run(&format!("kms keys create signer {AT} --purpose asymmetric-signing --default-algorithm ec-sign-p256-sha256"));
    let signer = format!("--version 1 --key signer {AT}");
    gcloud.run(&format!("kms asymmetric-sign {signer} --digest-algorithm sha256 --input-file {message} --signature-file {signature}"));
    gcloud.run(&format!(
        "kms keys versions get-public-key 1 --key signer {AT} --output-file {public}"
    ));
    Program::new("openssl")
        .args([
            "dgst",
            "-sha256",
            "-verify",
            &public,
            "-signature",
            &signature,
            &message,
        ])
        .succeeds();

    gcloud.run(&format!(
        "kms keys create mac {AT} --purpose mac --default-algorithm hmac-sha256"
    ));
    let mac =
        format!("--version 1 --key mac {AT} --input-file {message} --signature-file {signature}");
    gcloud.run(&format!("kms mac-sign {mac}"));
    says(&gcloud.run(&format!("kms mac-verify {mac}")).stdout, "True");
}

#[test]
fn who_is_bound_on_a_key_uses_it() {
    let registry = TestRegistry::start();
    let owner = Gcloud::new(&registry, &registry.owner_key());
    owner.run("kms keyrings create ring --location us-central1");
    owner.run(&format!("kms keys create key {AT} --purpose encryption"));
    owner.run("iam service-accounts create cluster");
    let member = "serviceAccount:cluster@default.iam.gserviceaccount.com";
    let binding =
        format!("{AT} --member {member} --role roles/cloudkms.cryptoKeyEncrypterDecrypter");
    let policy = owner.json(&format!("kms keys add-iam-policy-binding key {binding}"));
    assert_eq!(policy["bindings"][0]["members"][0], member);
    let policy = owner.json(&format!("kms keys get-iam-policy key {AT}"));
    assert_eq!(policy["bindings"].as_array().map(Vec::len), Some(1));
    owner.run(&format!("kms keys remove-iam-policy-binding key {binding}"));
    let policy = owner.json(&format!("kms keys get-iam-policy key {AT}"));
    assert!(policy.get("bindings").is_none(), "{policy:#}");
}
