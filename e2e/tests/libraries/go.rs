//! Google's Go library for registries: gcrane, and what gcr-cleaner does with it.

use std::collections::BTreeSet;
use std::path::Path;

use wharf_e2e::content::{Image, digest};
use wharf_e2e::program::tool;
use wharf_e2e::random::Random;
use wharf_e2e::shop::{PROJECT, password};
use wharf_e2e::wharf::email;
use wharf_e2e::{Client, Gate, Program, TestRegistry};

use crate::Scene;

/// Some images of one layer each, pushed one after the other: `(repository, tag)`. The answers are their digests.
fn push(client: &Client, images: &[(&str, &str)]) -> Vec<String> {
    let mut random = Random::new(11);
    let mut push = |(repository, tag): &(&str, &str)| {
        let image = Image::random(&mut random, &[100]);
        client.push_image(&format!("{PROJECT}/{repository}"), tag, &image);
        digest(&image.manifest)
    };
    images.iter().map(&mut push).collect()
}

/// gcrane, logged in with a key file.
fn gcrane(scene: &Scene, key: &Path) -> Program {
    let folder = key.with_extension("docker");
    let program = || {
        scene
            .equip(Program::new(tool("gcrane")))
            .env("DOCKER_CONFIG", &folder)
    };
    if !folder.exists() {
        program()
            .args([
                "auth",
                "login",
                "--username",
                "_json_key",
                "--password-stdin",
            ])
            .arg(scene.registry.host())
            .stdin(password(key))
            .succeeds();
    }
    program()
}

#[test]
fn gcrane_lists_copies_and_finds_what_has_no_tag() {
    let scene = Scene::new();
    let owner = scene.registry.owner_key();
    let digests = push(
        &scene.registry.owner(),
        &[
            ("web", "v1"),
            ("web", "v2"),
            ("web/admin", "v1"),
            ("web", "v2"),
        ],
    );
    let image = |name: &str| format!("{}/{PROJECT}/{name}", scene.registry.host());
    let listed = |words: &str, name: &str| -> BTreeSet<String> {
        let puller = scene.keys().join("puller.json");
        let output = gcrane(&scene, &puller)
            .args(words.split_whitespace())
            .arg(image(name))
            .succeeds();
        output.stdout.lines().map(ToOwned::to_owned).collect()
    };
    let at = |name: &str, pushed: usize| format!("{}@{}", image(name), digests[pushed]);
    let all = BTreeSet::from([
        image("web:v1"),
        image("web:v2"),
        image("web/admin:v1"),
        at("web", 0),
        at("web", 1),
        at("web", 3),
        at("web/admin", 2),
    ]);
    assert_eq!(listed("ls --recursive", "web"), all);
    // The second push of `v2` took the tag from the first.
    let untagged = BTreeSet::from([at("web", 1)]);
    assert_eq!(listed("gc --recursive", "web"), untagged);

    gcrane(&scene, &owner)
        .args(["cp", "--recursive", &image("web"), &image("copy")])
        .succeeds();
    let copied = all
        .iter()
        .map(|name| name.replace(&image("web"), &image("copy")))
        .collect();
    assert_eq!(listed("ls --recursive", "copy"), copied);
    let refused = gcrane(&scene, &scene.keys().join("puller.json"))
        .args(["cp", &image("web:v1"), &image("mine:v1")])
        .fails();
    assert!(
        refused.stderr.contains("storage.objects.create"),
        "{refused}"
    );
    assert_eq!(scene.gate.refused(), <[&str; 0]>::default());
}

#[test]
fn the_google_keychain_lets_gcrane_in_where_the_registry_is_gcr_io() {
    let registry = TestRegistry::start_with(&["--tls-self-signed", "--host", "gcr.io"]);
    let gate = Gate::leading(&[("gcr.io:443", registry.address())]);
    let scene = Scene::in_registry(registry, gate);
    push(&scene.registry.owner().under("gcr.io"), &[("web", "v1")]);
    let gcrane = |key: &Path| {
        scene
            .equip(Program::new(tool("gcrane")))
            .env("SSL_CERT_FILE", scene.registry.ca())
            .env("GOOGLE_APPLICATION_CREDENTIALS", key)
            .args(["ls", "--json"])
            .arg(format!("gcr.io/{PROJECT}/web"))
    };
    let listed = gcrane(&scene.keys().join("puller.json")).succeeds().json();
    assert_eq!(listed["tags"][0], "v1", "{listed}");
    let refused = gcrane(&scene.keys().join("nobody.json")).fails();
    assert!(refused.stderr.contains("storage.objects.list"), "{refused}");
    assert_eq!(scene.gate.refused(), <[&str; 0]>::default());
}

#[test]
fn gcr_cleaners_way_deletes_tags_and_then_their_image() {
    let scene = Scene::new();
    let wharf = scene.registry.wharf();
    // As at Google, an image that has a tag stays: whoever cleans must take the tags first.
    wharf.run(&format!("projects update {PROJECT} --strict-deletes"));
    scene.account("cleaner");
    wharf.grant(PROJECT, "cleaner", "roles/storage.objectAdmin");
    let owner = scene.registry.owner();
    let digests = push(
        &owner,
        &[
            ("app", "pr-1"),
            ("app", "pr-2"),
            ("app", "pr-3"),
            ("app", "v1"),
            ("app", "v1"),
            ("app/tool", "pr-9"),
        ],
    );
    let clean = |account: &str, words: &str| {
        let key = scene.keys().join(format!("{account}.json"));
        let token = wharf_e2e::Wharf::new(&scene.registry, &key).run("auth print-access-token");
        scene
            .equip(Program::new(tool("gcr-clean")))
            .env("GCRCLEANER_TOKEN", token.line())
            .args(words.split_whitespace())
            .arg(format!("{}/{PROJECT}/app", scene.registry.host()))
    };
    let there = |image: &str| {
        let path = format!("/v2/{PROJECT}/{}", image.replace('@', "/manifests/"));
        owner.get(&path).send().status == 200
    };
    let refused = clean("puller", "").fails();
    assert!(
        refused.stderr.contains("storage.objects.delete"),
        "{refused}"
    );

    // What has no tag goes, and nothing else.
    let deleted = clean("cleaner", "--dry-run --recursive").succeeds();
    let untagged = format!("{}/{PROJECT}/app@{}\n", scene.registry.host(), digests[3]);
    assert_eq!(deleted.stdout, untagged);
    assert!(there(&format!("app@{}", digests[3])));
    assert_eq!(clean("cleaner", "--recursive").succeeds().stdout, untagged);
    assert!(!there(&format!("app@{}", digests[3])));

    // Of those that a tag marks for it, all but the newest.
    clean("cleaner", "--recursive --keep 1 --tag-filter-any ^pr-").succeeds();
    let left: Vec<bool> = [
        "app@pr-1",
        "app@pr-2",
        "app@pr-3",
        "app@v1",
        "app/tool@pr-9",
    ]
    .iter()
    .map(|image| there(image))
    .collect();
    assert_eq!(left, [false, false, true, true, true]);
    for (index, is_left) in [false, false, true].into_iter().enumerate() {
        assert_eq!(there(&format!("app@{}", digests[index])), is_left);
    }
    assert_eq!(scene.gate.refused(), <[&str; 0]>::default());
    assert!(scene.registry.audit().contains(&email(PROJECT, "cleaner")));
}
