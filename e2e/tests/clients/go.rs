//! crane, regctl and oras.

use std::fs;
use std::path::Path;

use wharf_e2e::content::digest;
use wharf_e2e::program::tool;
use wharf_e2e::shop::{PROJECT, password};
use wharf_e2e::{Program, Shop};

use crate::{crane, same_blobs, says};

#[test]
fn crane_pushes_lists_copies_and_deletes() {
    let shop = Shop::open();
    let layout = shop.layout();
    let image = shop.image("deep/er/busybox:v1");
    let push = || crane(&shop, &shop.pusher);
    let pull = || crane(&shop, &shop.puller);
    push()
        .args(["push", "--index"])
        .arg(layout.folder())
        .arg(&image)
        .succeeds();
    let pushed = pull().args(["digest", &image]).succeeds();
    let manifest = pull().args(["manifest", &image]).succeeds();
    assert_eq!(digest(manifest.line().as_bytes()), pushed.line());
    push()
        .args(["copy", &image, &shop.image("copy/busybox:v2")])
        .succeeds();
    push()
        .args(["tag", &shop.image("copy/busybox:v2"), "v3"])
        .succeeds();
    let tags = pull().args(["ls", &shop.image("copy/busybox")]).succeeds();
    assert_eq!(tags.stdout, "v2\nv3\n");
    let catalog = pull().arg("catalog").arg(shop.registry.host()).succeeds();
    assert_eq!(
        catalog.stdout,
        format!("{PROJECT}/copy/busybox\n{PROJECT}/deep/er/busybox\n")
    );
    let pulled = shop.path("pulled");
    let one = format!(
        "{}@{}",
        shop.image("deep/er/busybox"),
        layout.digest("amd64")
    );
    pull()
        .args(["pull", "--format", "oci"])
        .arg(&one)
        .arg(&pulled)
        .succeeds();
    same_blobs(layout.folder(), &pulled);

    let refused = pull().args(["copy", &image, &shop.image("mine:1")]).fails();
    says(&refused.stderr, "storage.objects.create");
    let refused = pull().args(["delete", &image]).fails();
    says(&refused.stderr, "storage.objects.delete");
    let refused = pull()
        .args(["digest", &shop.neighbours_image("busybox:v1")])
        .fails();
    says(&refused.stderr, "401");
    push()
        .args(["delete", &shop.image("copy/busybox:v2")])
        .succeeds();
    assert_eq!(
        pull()
            .args(["ls", &shop.image("copy/busybox")])
            .succeeds()
            .stdout,
        "v3\n"
    );
}

#[test]
fn regctl_copies_with_referrers_and_removes_tags() {
    let shop = Shop::open();
    let layout = shop.layout();
    let regctl = |key: &Path| {
        let home = shop.path(&format!("regctl-{}", key.file_stem().unwrap().display()));
        let known = home.join(".regctl/config.json");
        let program = || {
            Program::new(tool("regctl"))
                .env("HOME", &home)
                .env("REGCTL_CONFIG", &known)
        };
        if !known.exists() {
            fs::create_dir_all(&home).unwrap();
            program()
                .args(["registry", "set", "--tls", "disabled", "--skip-check"])
                .arg(shop.registry.host())
                .succeeds();
            program()
                .args(["registry", "login", "--user", "_json_key", "--pass-stdin"])
                .arg(shop.registry.host())
                .stdin(password(key))
                .succeeds();
        }
        program()
    };
    let image = shop.image("busybox:all");
    let source = format!("ocidir://{}:all", layout.folder().display());
    regctl(&shop.pusher)
        .args(["image", "copy", &source, &image])
        .succeeds();
    let head = regctl(&shop.puller)
        .args(["manifest", "head", &image])
        .succeeds();
    assert_eq!(head.line(), layout.digest("all"));
    regctl(&shop.pusher)
        .args([
            "artifact",
            "put",
            "--artifact-type",
            "application/example.note",
            "--subject",
            &image,
        ])
        .stdin("a note on the image")
        .succeeds();
    let referrers = regctl(&shop.puller)
        .args(["artifact", "list", "--format", "{{json .}}", &image])
        .succeeds()
        .json();
    assert_eq!(
        referrers["descriptors"][0]["artifactType"],
        "application/example.note"
    );
    regctl(&shop.pusher)
        .args([
            "image",
            "copy",
            "--referrers",
            &image,
            &shop.image("copy:all"),
        ])
        .succeeds();
    let note = regctl(&shop.puller)
        .args(["artifact", "get", "--subject", &shop.image("copy:all")])
        .succeeds();
    assert_eq!(note.stdout, "a note on the image");
    let refused = regctl(&shop.puller).args(["tag", "rm", &image]).fails();
    says(&refused.stderr, "unauthorized");
    regctl(&shop.pusher).args(["tag", "rm", &image]).succeeds();
    let tags = regctl(&shop.puller)
        .args(["tag", "ls", &shop.image("busybox")])
        .succeeds();
    assert!(!tags.stdout.contains("all"), "{tags}");
}

#[test]
fn oras_attaches_discovers_and_pulls() {
    let shop = Shop::open();
    let home = shop.path("oras-home");
    fs::create_dir_all(&home).unwrap();
    let oras = |key: &Path, words: &str| {
        let (command, words) = words.split_once(' ').unwrap_or((words, ""));
        Program::new(tool("oras"))
            .env("HOME", &home)
            .current_dir(&home)
            .args([command, "--plain-http", "--registry-config"])
            .arg(key.with_extension("oras.json"))
            .args(words.split_whitespace())
    };
    for key in [&shop.pusher, &shop.puller] {
        oras(key, "login --username _json_key --password-stdin")
            .arg(shop.registry.host())
            .stdin(password(key))
            .succeeds();
    }
    let push = |words: &str| oras(&shop.pusher, words);
    let pull = |words: &str| oras(&shop.puller, words);
    fs::write(home.join("chart.txt"), "a chart").unwrap();
    fs::write(home.join("signature.txt"), "a signature").unwrap();
    let artifact = shop.image("charts/chart:1.0");
    push("push --artifact-type application/example.chart")
        .args([&artifact, "chart.txt:text/plain"])
        .succeeds();
    push("attach --artifact-type application/example.signature")
        .args([&artifact, "signature.txt:text/plain"])
        .succeeds();
    let found = pull("discover --format json")
        .arg(&artifact)
        .succeeds()
        .json();
    let referrers = found["referrers"]
        .as_array()
        .or(found["manifests"].as_array())
        .unwrap();
    assert_eq!(referrers.len(), 1, "{found}");
    assert_eq!(
        referrers[0]["artifactType"],
        "application/example.signature"
    );
    let back = shop.path("oras-back");
    pull("pull --output").arg(&back).arg(&artifact).succeeds();
    assert_eq!(
        fs::read_to_string(back.join("chart.txt")).unwrap(),
        "a chart"
    );
    let refused = pull("push")
        .args([&shop.image("charts/chart:mine"), "chart.txt"])
        .fails();
    says(&refused.stderr, "storage.objects.create");
}
