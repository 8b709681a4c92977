//! The story that the registry must make true, step by step, through the command line and genuine clients. Each
//! refusal is checked by its status, its code and its words.
#![expect(clippy::unwrap_used, reason = "tests")]

mod grants;
mod log;
mod revocations;
mod secrets;

use std::path::{Path, PathBuf};

use wharf_e2e::content::Image;
use wharf_e2e::program::DOCKER;
use wharf_e2e::random::Random;
use wharf_e2e::shop::password;
use wharf_e2e::{Client, Program, TestRegistry, Wharf};

/// A host of the registry without a location, and one that stands for `us`.
const HOSTS: [&str; 4] = [
    "--host",
    "registry.example.com",
    "--host",
    "us.example.com=us",
];
const PROJECT: &str = "the-shop";
const REPOSITORY: &str = "the-shop/web";

#[test]
fn from_the_first_start_to_a_revoked_key() {
    let registry = TestRegistry::start_with(&HOSTS);
    the_start_says_how_to_go_on(&registry);
    the_owner_logs_in_pushes_and_pulls(&registry);
    let story = Story::begin(registry);
    grants::a_key_that_may_pull_the_project_does_and_no_more(&story);
    grants::a_key_that_may_pull_one_bucket_pulls_from_no_other(&story);
    grants::a_condition_is_explained_by_binding_and_value(&story);
    secrets::a_pull_secret_is_what_kubectl_makes_and_takes(&story);
    revocations::a_revoked_binding_refuses_the_next_request(&story);
    revocations::a_disabled_or_deleted_key_refuses_the_next_request(&story);
    revocations::a_disabled_or_deleted_account_refuses_the_next_request(&story);
    log::the_log_tells_each_refusal_to_its_reader(&story);
    story.registry.assert_unharmed(&[]);
}

/// The registry, and its owner's means.
struct Story {
    registry: TestRegistry,
    wharf: Wharf,
    owner: Client,
    folder: PathBuf,
    image: Image,
}

impl Story {
    /// A project with an image, pushed to the hosts of both buckets.
    fn begin(registry: TestRegistry) -> Self {
        let (wharf, owner, folder) = (registry.wharf(), registry.owner(), registry.scratch());
        wharf.run(&format!("projects create {PROJECT}"));
        wharf.run("projects create the-neighbour");
        let image = Image::random(&mut Random::new(1), &[1_000, 100_000]);
        owner.push_image(REPOSITORY, "v1", &image);
        owner.push_image("the-neighbour/web", "v1", &image);
        let us = owner.under("us.example.com");
        us.push_image(REPOSITORY, "v1", &image);
        Self {
            registry,
            wharf,
            owner,
            folder,
            image,
        }
    }

    /// An account with a key, and nothing else.
    fn account(&self, name: &str) -> PathBuf {
        self.wharf.account_with_key(PROJECT, name, &self.folder)
    }

    fn client(&self, key: &Path) -> Client {
        Client::with_key_file(&self.registry.url(), key)
    }
}

fn the_start_says_how_to_go_on(registry: &TestRegistry) {
    let said = registry.log();
    let key = registry.owner_key();
    for part in [
        &format!("Listening on {}", registry.url()),
        &key.display().to_string(),
        "docker login",
        "--username _json_key --password-stdin",
        "wharf auth login",
    ] {
        assert!(said.contains(part), "{part:?} is not in:\n{said}");
    }
}

fn the_owner_logs_in_pushes_and_pulls(registry: &TestRegistry) {
    let folder = registry.scratch();
    let (auth, storage) = (folder.join("auth.json"), folder.join("storage"));
    let key = password(&registry.owner_key());
    for program in ["skopeo", "podman"] {
        let login = Program::new(program)
            .env("REGISTRY_AUTH_FILE", &auth)
            .args([
                "login",
                "--tls-verify=false",
                "--username",
                "_json_key",
                "--password-stdin",
            ])
            .arg(registry.host())
            .stdin(key.clone())
            .succeeds();
        assert!(login.stdout.contains("Login Succeeded"), "{login}");
    }
    let login = Program::new(DOCKER)
        .arg("--config")
        .arg(&folder)
        .env("DOCKER_HOST", "unix:///nowhere/docker.sock")
        .args(["login", "--username", "_json_key", "--password-stdin"])
        .arg(registry.host())
        .stdin(key)
        .succeeds();
    assert!(login.stdout.contains("Login Succeeded"), "{login}");
    let mut layout = wharf_e2e::content::Layout::create(&folder.join("layout"));
    let image = layout.busybox("amd64");
    layout.tag(&image, "v1");
    let remote = format!("docker://{}/default/busybox:v1", registry.host());
    let skopeo = || {
        Program::new("skopeo")
            .env("REGISTRY_AUTH_FILE", &auth)
            .env("TMPDIR", &folder)
            .args([
                "copy",
                "--preserve-digests",
                "--src-tls-verify=false",
                "--dest-tls-verify=false",
            ])
    };
    skopeo()
        .arg(format!("oci:{}:v1", layout.folder().display()))
        .arg(&remote)
        .succeeds();
    skopeo()
        .arg(&remote)
        .arg(format!("dir:{}", storage.display()))
        .succeeds();
    let back = std::fs::read(storage.join("manifest.json")).unwrap();
    assert_eq!(wharf_e2e::content::digest(&back), layout.digest("v1"));
    let wharf = registry.wharf();
    let listed = wharf.run("images list-tags default/busybox -o json");
    assert!(listed.stdout.contains(&layout.digest("v1")), "{listed}");
}
