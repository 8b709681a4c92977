//! skopeo, buildah and podman.

use std::fs;

use serde_json::Value;
use wharf_e2e::content::digest;
use wharf_e2e::shop::PROJECT;
use wharf_e2e::{Program, Shop};

use crate::{Login, same_blobs, says};

#[test]
fn skopeo_copies_images_and_indexes_both_ways() {
    let shop = Shop::open();
    let layout = shop.layout();
    let push = Login::new(&shop, "skopeo", &shop.pusher);
    let pull = Login::new(&shop, "skopeo", &shop.puller);
    for tag in ["amd64", "all"] {
        push.run("copy --all --preserve-digests --dest-tls-verify=false")
            .arg(format!("oci:{}:{tag}", layout.folder().display()))
            .arg(format!(
                "docker://{}",
                shop.image(&format!("busybox:{tag}"))
            ))
            .succeeds();
        let raw = pull
            .run("inspect --raw --tls-verify=false")
            .arg(format!(
                "docker://{}",
                shop.image(&format!("busybox:{tag}"))
            ))
            .succeeds();
        assert_eq!(digest(raw.stdout.as_bytes()), layout.digest(tag));
        let back = shop.path(&format!("back-{tag}"));
        pull.run("copy --all --preserve-digests --src-tls-verify=false")
            .arg(format!(
                "docker://{}",
                shop.image(&format!("busybox:{tag}"))
            ))
            .arg(format!("oci:{}:{tag}", back.display()))
            .succeeds();
        same_blobs(layout.folder(), &back);
    }
    let inspected = pull
        .run("inspect --tls-verify=false")
        .arg(format!("docker://{}", shop.image("busybox:amd64")))
        .succeeds()
        .json();
    assert_eq!(inspected["Digest"], layout.digest("amd64"));
    assert_eq!(inspected["RepoTags"], serde_json::json!(["all", "amd64"]));

    let refused = pull
        .run("copy --dest-tls-verify=false")
        .arg(format!("oci:{}:amd64", layout.folder().display()))
        .arg(format!("docker://{}", shop.image("busybox:mine")))
        .fails();
    says(&refused.stderr, "storage.objects.create");
    let refused = pull
        .run("delete --tls-verify=false")
        .arg(format!("docker://{}", shop.image("busybox:amd64")))
        .fails();
    says(&refused.stderr, "storage.objects.delete");
    // An index needs its images; one that no index needs can go.
    let refused = push
        .run("delete --tls-verify=false")
        .arg(format!("docker://{}", shop.image("busybox:amd64")))
        .fails();
    says(&refused.stderr, "is part of the index");
    for tag in ["all", "amd64"] {
        push.run("delete --tls-verify=false")
            .arg(format!(
                "docker://{}",
                shop.image(&format!("busybox:{tag}"))
            ))
            .succeeds();
    }
    let refused = pull
        .run("inspect --tls-verify=false")
        .arg(format!("docker://{}", shop.image("busybox:amd64")))
        .fails();
    says(&refused.stderr, "manifest unknown");
}

#[test]
fn a_login_with_a_wrong_password_fails_with_a_reason() {
    let shop = Shop::open();
    for program in ["skopeo", "podman", "buildah"] {
        let refused = Program::new(program)
            .env("REGISTRY_AUTH_FILE", shop.path("wrong.json"))
            .args([
                "login",
                "--tls-verify=false",
                "--username",
                "_json_key",
                "--password-stdin",
            ])
            .arg(shop.registry.host())
            .stdin("not a key file")
            .fails();
        says(&refused.stderr, "invalid username/password");
    }
}

#[test]
fn buildah_builds_and_pushes_what_podman_pulls() {
    let shop = Shop::open();
    let build = Login::new(&shop, "buildah", &shop.pusher);
    let container = build.run("from scratch").succeeds();
    let container = container.line();
    build
        .run("copy --quiet")
        .args([container, "/bin/busybox", "/bin/busybox"])
        .succeeds();
    build
        .run("config --cmd")
        .args([r#"["/bin/busybox","true"]"#, container])
        .succeeds();
    let image = shop.image("built:1");
    build
        .run("commit --quiet --format oci")
        .args([container, &image])
        .succeeds();
    let pushed = shop.path("pushed-digest");
    build
        .run("push --tls-verify=false --digestfile")
        .arg(&pushed)
        .arg(&image)
        .succeeds();
    build.run("rmi --all --force").succeeds();
    let pushed = fs::read_to_string(pushed).unwrap();

    let pull = Login::new(&shop, "podman", &shop.puller);
    let id = pull
        .run("pull --quiet --tls-verify=false")
        .arg(&image)
        .succeeds();
    let inspected = pull.run("image inspect").arg(id.line()).succeeds().json();
    assert_eq!(inspected[0]["Digest"], Value::from(pushed));
    assert_eq!(
        inspected[0]["Config"]["Cmd"],
        serde_json::json!(["/bin/busybox", "true"])
    );
    let refused = pull
        .run("push --tls-verify=false")
        .args([&image, &shop.image("mine:1")])
        .fails();
    says(&refused.stderr, "storage.objects.create");

    // Docker's own manifest format goes through as well.
    let push = Login::new(&shop, "podman", &shop.pusher);
    push.run("push --tls-verify=false --format v2s2")
        .args([&image, &shop.image("built:docker")])
        .succeeds();
    let manifest = shop
        .client(&shop.puller)
        .get(&format!("/v2/{PROJECT}/built/manifests/docker"))
        .send();
    assert_eq!(
        manifest.expect(200).header("content-type"),
        "application/vnd.docker.distribution.manifest.v2+json"
    );
}
