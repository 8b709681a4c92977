//! Genuine clients push, pull and compare; with a key that may only pull they can do nothing else.
#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "tests")]

mod containers;
mod go;
mod large;
mod nodes;

use std::fs;
use std::path::{Path, PathBuf};

use wharf_e2e::program::tool;
use wharf_e2e::shop::password;
use wharf_e2e::{Program, Shop};

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
