//! Genuine clients push, pull and compare; with a key that may only pull they can do nothing else.
#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "tests")]

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::Value;
use wharf_e2e::containerd::Containerd;
use wharf_e2e::content::{Layout, digest, file_digest};
use wharf_e2e::program::tool;
use wharf_e2e::random::Random;
use wharf_e2e::registry::MEMORY_MAX;
use wharf_e2e::shop::{PROJECT, password};
use wharf_e2e::{Program, Shop, TestRegistry};

const MEBIBYTE: u64 = 1 << 20;

/// A program of the containers/image family, with a login of its own.
struct Login<'a> {
    program: &'a str,
    file: PathBuf,
    storage: PathBuf,
}

impl<'a> Login<'a> {
    fn new(shop: &Shop, program: &'a str, key: &Path) -> Self {
        let name = key.file_stem().unwrap().to_str().unwrap();
        let login = Self {
            program,
            file: shop.path(&format!("{program}-{name}.json")),
            storage: shop.path("storage"),
        };
        login
            .run("login --tls-verify=false --username _json_key --password-stdin")
            .arg(shop.registry.host())
            .stdin(password(key))
            .succeeds();
        login
    }

    /// A command, in a storage that needs no mounts.
    fn run(&self, words: &str) -> Program {
        let storage = self.storage.display();
        fs::create_dir_all(&self.storage).unwrap();
        let configuration = self.storage.join("storage.conf");
        fs::write(
            &configuration,
            format!("[storage]\ndriver = \"vfs\"\nrunroot = \"{storage}/run\"\ngraphroot = \"{storage}/graph\"\n"),
        )
        .unwrap();
        Program::new(self.program)
            .env("CONTAINERS_STORAGE_CONF", configuration)
            .env("REGISTRY_AUTH_FILE", &self.file)
            .env("TMPDIR", &self.storage)
            .args(words.split_whitespace())
    }
}

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

#[test]
fn docker_logs_in() {
    let shop = Shop::open();
    let folder = shop.path("docker");
    let login = |key: &str| {
        Program::new("docker")
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
    crane(&shop, &shop.pusher)
        .args(["push", "--index"])
        .arg(layout.folder())
        .arg(shop.image("busybox:layout"))
        .succeeds();
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
    let platform = "pull --local --platform linux/amd64 --snapshotter native";
    let platform = platform.replace("--local ", "");
    containerd.images(&platform, &other, Some(&user)).succeeds();
    assert_eq!(
        containerd.run(&other, "from-ctr").stdout,
        "hello from amd64\n"
    );
    let refused = containerd
        .images("push", &shop.image("busybox:mine"), Some(&user))
        .arg(&other)
        .fails();
    says(&refused.stderr, "insufficient_scope");
    let refused = containerd
        .cri_pull(&shop.neighbours_image("busybox:all"), Some(&config))
        .fails();
    says(&refused.stderr, "insufficient_scope");
}

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
    let pulled = shop.path("pulled.tar");
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
    same_blobs_of(&layout, &pulled);

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

#[test]
fn a_layer_of_one_gibibyte_goes_in_and_out_in_little_memory() {
    let shop = Shop::open_in(TestRegistry::start());
    let mut layout = Layout::create(&shop.path("large"));
    let image = layout.large(&mut Random::new(1), 1024);
    layout.tag(&image, "large");
    let name = shop.image("large:1");
    let begin = Instant::now();
    crane(&shop, &shop.pusher)
        .arg("push")
        .arg(layout.folder())
        .arg(&name)
        .deadline(Duration::from_secs(180))
        .succeeds();
    let pushed = begin.elapsed();
    let back = shop.path("large-back");
    let begin = Instant::now();
    Login::new(&shop, "skopeo", &shop.puller)
        .run("copy --preserve-digests --src-tls-verify=false")
        .arg(format!("docker://{name}"))
        .arg(format!("dir:{}", back.display()))
        .deadline(Duration::from_secs(180))
        .succeeds();
    let manifest: Value = serde_json::from_slice(&layout.blob(&layout.digest("large"))).unwrap();
    let layer = manifest["layers"][0]["digest"].as_str().unwrap();
    assert_eq!(
        file_digest(&back.join(layer.trim_start_matches("sha256:"))),
        layer
    );
    let peak = shop.registry.peak_memory();
    eprintln!(
        "one layer of 1 GiB: pushed by crane in {:.1} s, pulled by skopeo in {:.1} s, the registry had at most {} MiB",
        pushed.as_secs_f32(),
        begin.elapsed().as_secs_f32(),
        peak / MEBIBYTE
    );
    assert!(peak < MEMORY_MAX, "{} MiB", peak / MEBIBYTE);
}

/// The text is a part of what a client said.
#[track_caller]
fn says(text: &str, part: &str) {
    assert!(text.contains(part), "{part:?} is not in:\n{text}");
}

fn crane(shop: &Shop, key: &Path) -> Program {
    let folder = shop.path(&format!("crane-{}", key.file_stem().unwrap().display()));
    if !folder.exists() {
        Program::new(tool("crane"))
            .env("DOCKER_CONFIG", &folder)
            .args([
                "auth",
                "login",
                "--username",
                "_json_key",
                "--password-stdin",
            ])
            .arg(shop.registry.host())
            .stdin(password(key))
            .succeeds();
    }
    Program::new(tool("crane")).env("DOCKER_CONFIG", folder)
}

/// What a pull secret of this key holds, decoded.
fn docker_config(shop: &Shop, key: &Path) -> String {
    let secret = shop
        .wharf(key)
        .command("pull-secret create regcred -o json --registry")
        .arg(shop.registry.host())
        .arg("--key-file")
        .arg(key)
        .succeeds()
        .json();
    let encoded = secret["data"][".dockerconfigjson"].as_str().unwrap();
    let decoded = base64::Engine::decode(&base64::prelude::BASE64_STANDARD, encoded).unwrap();
    String::from_utf8(decoded).unwrap()
}

/// Every blob of one layout that a pulled layout has is the same, and it has some.
fn same_blobs(layout: &Path, pulled: &Path) {
    let mut count = 0;
    for blob in fs::read_dir(pulled.join("blobs/sha256")).unwrap() {
        let blob = blob.unwrap().path();
        let original = layout.join("blobs/sha256").join(blob.file_name().unwrap());
        assert!(
            fs::read(&blob).unwrap() == fs::read(original).unwrap(),
            "{}",
            blob.display()
        );
        count += 1;
    }
    assert!(count >= 3, "only {count} blobs");
}

/// The same of an archive.
fn same_blobs_of(layout: &Layout, archive: &Path) {
    let folder = archive.with_extension("unpacked");
    fs::create_dir_all(&folder).unwrap();
    if archive.is_dir() {
        return same_blobs(layout.folder(), archive);
    }
    Program::new("tar")
        .arg("--extract")
        .arg("--file")
        .arg(archive)
        .arg("--directory")
        .arg(&folder)
        .succeeds();
    same_blobs(layout.folder(), &folder);
}
