//! What pulls on a machine: the docker command's login, and containerd as a node of a cluster runs it.

use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;
use wharf_e2e::containerd::Containerd;
use wharf_e2e::program::DOCKER;
use wharf_e2e::shop::{PROJECT, password};
use wharf_e2e::{Program, Shop};

use crate::{Login, says};

/// The arguments of `ctr images` for a pull that needs no mounts.
const PULL: &str = "pull --platform linux/amd64 --snapshotter native";

#[test]
fn docker_logs_in() {
    let shop = Shop::open();
    let folder = shop.path("docker");
    let login = |key: &str| {
        Program::new(DOCKER)
            .arg("--config")
            .arg(&folder)
            // No daemon: the command then logs in by itself.
            .env("DOCKER_HOST", "unix:///nowhere/docker.sock")
            .args(["login", "--username", "_json_key", "--password-stdin"])
            .arg(shop.registry.host())
            .stdin(key)
    };
    let done = login(&password(&shop.puller)).succeeds();
    says(&done.stdout, "Login Succeeded");
    let written = fs::read_to_string(folder.join("config.json")).unwrap();
    says(&written, &shop.registry.host());
    let mut altered: Value = serde_json::from_str(&password(&shop.puller)).unwrap();
    altered["private_key_id"] = "0".repeat(40).into();
    let refused = login(&altered.to_string()).fails();
    says(&refused.text(), "unauthorized");
}

#[test]
fn containerd_pulls_with_the_credential_of_the_pull_secret_and_runs_the_image() {
    let shop = Shop::open();
    let layout = shop.layout();
    let image = shop.image("busybox:all");
    Login::new(&shop, "skopeo", &shop.pusher)
        .run("copy --all --preserve-digests --dest-tls-verify=false")
        .arg(format!("oci:{}:all", layout.folder().display()))
        .arg(format!("docker://{image}"))
        .succeeds();
    let containerd = Containerd::start(&shop.registry.host());

    let refused = containerd.cri_pull(&image, None).fails();
    says(&refused.stderr, "401 Unauthorized");
    let config = shop.path("pull-config.json");
    fs::write(&config, docker_config(&shop, &shop.puller)).unwrap();
    let pulled = containerd.cri_pull(&image, Some(&config)).succeeds();
    assert!(pulled.line().starts_with("sha256:"), "{pulled}");
    assert_eq!(
        containerd.run(&image, "from-cri").stdout,
        "hello from amd64\n"
    );

    let other = shop.image("busybox:amd64");
    Login::new(&shop, "skopeo", &shop.pusher)
        .run("copy --preserve-digests --dest-tls-verify=false")
        .arg(format!("oci:{}:amd64", layout.folder().display()))
        .arg(format!("docker://{other}"))
        .succeeds();
    let user = format!("_json_key:{}", password(&shop.puller));
    containerd.images(PULL, &other, Some(&user)).succeeds();
    assert_eq!(
        containerd.run(&other, "from-ctr").stdout,
        "hello from amd64\n"
    );
    // What ctr says of it depends on whether it was still sending when the refusal came.
    containerd
        .images("push", &shop.image("busybox:mine"), Some(&user))
        .arg(&other)
        .fails();
    let pushed = shop.client(&shop.puller);
    let pushed = pushed.get(&format!("/v2/{PROJECT}/busybox/manifests/mine"));
    pushed.send().oci_error(404, "MANIFEST_UNKNOWN");
    let refused = containerd
        .cri_pull(&shop.neighbours_image("busybox:all"), Some(&config))
        .fails();
    says(&refused.stderr, "insufficient_scope");
}

/// What a pull secret of this key holds, decoded.
fn docker_config(shop: &Shop, key: &Path) -> String {
    let secret = shop
        .wharf(key)
        .command("pull-secret create regcred --dry-run=client -o json --registry")
        .arg(shop.registry.host())
        .arg("--key-file")
        .arg(key)
        .succeeds()
        .json();
    let encoded = secret["data"][".dockerconfigjson"].as_str().unwrap();
    let decoded = BASE64_STANDARD.decode(encoded).unwrap();
    String::from_utf8(decoded).unwrap()
}
