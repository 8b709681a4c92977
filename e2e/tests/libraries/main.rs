//! Google's own client libraries do their real work: a script of theirs (`e2e/google/`) is run against a registry, and
//! proves its claims by itself.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "tests")]

mod federation;
mod go;
mod node;
mod python;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use wharf_e2e::content::Image;
use wharf_e2e::random::Random;
use wharf_e2e::shop::PROJECT;
use wharf_e2e::{Gate, Output, Program, TestRegistry};

/// How long a script may take: libraries are slow to load on a machine that is busy with other tests.
const DEADLINE: Duration = Duration::from_secs(180);

/// A registry with a project, and the way out that is shut.
struct Scene {
    registry: TestRegistry,
    gate: Gate,
}

impl Scene {
    /// A project with `puller`, who may read its images, and `nobody`, who may nothing.
    fn new() -> Self {
        Self::in_registry(TestRegistry::start(), Gate::shut())
    }

    /// The same in a registry that runs already, with a way out.
    fn in_registry(registry: TestRegistry, gate: Gate) -> Self {
        let scene = Self { registry, gate };
        let wharf = scene.registry.wharf();
        wharf.run(&format!("projects create {PROJECT}"));
        scene.account("puller");
        scene.account("nobody");
        wharf.grant(PROJECT, "puller", "roles/storage.objectViewer");
        scene
    }

    /// Makes an account with a key file, which scripts find by the account's name.
    fn account(&self, name: &str) {
        let folder = self.keys();
        let wharf = self.registry.wharf();
        let key = wharf.account_with_key(PROJECT, name, &folder);
        fs::rename(key, folder.join(format!("{name}.json"))).unwrap();
    }

    /// Pushes an image of one layer.
    fn push(&self, repository: &str, tag: &str) {
        let image = Image::random(&mut Random::new(7), &[5_000]);
        let repository = format!("{PROJECT}/{repository}");
        self.registry.owner().push_image(&repository, tag, &image);
    }

    fn keys(&self) -> PathBuf {
        let folder = self.registry.scratch().join("keys");
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    /// Gives a program what every script gets, and nothing else.
    fn equip(&self, program: Program) -> Program {
        let home = self.registry.scratch().join("library-home");
        fs::create_dir_all(&home).unwrap();
        self.gate
            .equip(program.in_plain_environment())
            .env("HOME", &home)
            .env("CLOUDSDK_CONFIG", home.join("gcloud"))
            .env("WHARF_ENDPOINT", self.registry.url())
            .env("WHARF_PROJECT", PROJECT)
            .env("WHARF_KEYS", self.keys())
            .env("GOOGLE_APPLICATION_CREDENTIALS", self.registry.owner_key())
            .deadline(DEADLINE)
    }

    /// Runs a program that proves its claims, and shows them. It asks no other host for anything.
    fn proves(&self, program: Program) -> Output {
        self.proves_asking(&[], program)
    }

    /// The same for one that asks these other hosts, which it does not reach.
    fn proves_asking(&self, hosts: &[&str], program: Program) -> Output {
        let output = self.equip(program).succeeds();
        println!("{}", output.stdout);
        assert_eq!(self.gate.refused(), hosts, "{output}");
        self.registry.assert_unharmed(&[]);
        output
    }
}

/// A file of `e2e/google/`.
fn google(path: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("google")
        .join(path);
    assert!(
        path.exists(),
        "{} is not there: run e2e/google/install.sh",
        path.display()
    );
    path
}
