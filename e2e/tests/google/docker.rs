//! docker's credential helper of gcloud, for docker and for others that ask it.

use wharf_e2e::Program;
use wharf_e2e::content::Layout;
use wharf_e2e::program::DOCKER;
use wharf_e2e::shop::password;

use crate::{PROJECT, open, says};

#[test]
fn the_credential_helper_pushes_and_pulls() {
    let (registry, gcloud) = open();
    let host = registry.host();
    let configured = gcloud.run(&format!("auth configure-docker {host}"));
    let written = std::fs::read_to_string(gcloud.home().join(".docker/config.json")).unwrap();
    says(&written, &host);
    says(&configured.stderr, "Docker configuration file updated");

    let answer = gcloud
        .program("docker-credential-gcloud")
        .arg("get")
        .stdin(host.clone())
        .succeeds()
        .json();
    assert_eq!(answer["Username"], "_dcgcloud_token");
    for verb in ["store", "erase"] {
        let helper = gcloud.program("docker-credential-gcloud").arg(verb);
        helper.stdin(host.clone()).succeeds();
    }

    let mut layout = Layout::create(&gcloud.path("layout"));
    let image = layout.busybox("amd64");
    layout.tag(&image, "v1");
    let skopeo = |words: &[&str]| {
        // skopeo reads docker's file, and asks the helper that is named there.
        gcloud.equip(Program::new("skopeo")).args(words).succeeds()
    };
    let source = format!("oci:{}:v1", layout.folder().display());
    let target = format!("docker://{host}/{PROJECT}/web:v1");
    skopeo(&[
        "copy",
        "--preserve-digests",
        "--dest-tls-verify=false",
        &source,
        &target,
    ]);
    let inspected = skopeo(&["inspect", "--tls-verify=false", &target]).json();
    assert_eq!(inspected["Digest"], layout.digest("v1"));
}

#[test]
fn docker_logs_in_by_key_and_by_token() {
    let (registry, gcloud) = open();
    let host = registry.host();
    let token = gcloud.run("auth print-access-token");
    let owner = password(&registry.owner_key());
    for (user, password) in [
        ("_json_key", owner.as_str()),
        ("oauth2accesstoken", token.line()),
    ] {
        let login = gcloud
            .equip(Program::new(DOCKER))
            .args(["login", "--username", user, "--password-stdin", &host])
            .stdin(password)
            .succeeds();
        says(&login.stdout, "Login Succeeded");
    }
}
