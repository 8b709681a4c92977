//! A registry as people use it: a project with an account that pushes and one that only pulls, and a neighbour.

use std::fs;
use std::path::{Path, PathBuf};

use crate::content::Layout;
use crate::{Client, TestRegistry, Wharf};

/// The project of the tests.
pub const PROJECT: &str = "the-shop";
/// Another project, which the accounts of the first may not see.
pub const NEIGHBOUR: &str = "the-neighbour";

/// The registry and its key files.
#[derive(Debug)]
pub struct Shop {
    /// The registry.
    pub registry: TestRegistry,
    /// Key of an account with `roles/storage.admin` on [`PROJECT`].
    pub pusher: PathBuf,
    /// Key of an account with `roles/storage.objectViewer` on [`PROJECT`].
    pub puller: PathBuf,
}

impl Shop {
    /// Opens it.
    pub fn open() -> Self {
        Self::open_in(TestRegistry::start())
    }

    /// Opens it in a registry that runs already.
    pub fn open_in(registry: TestRegistry) -> Self {
        let wharf = registry.wharf();
        let folder = registry.scratch();
        for project in [PROJECT, NEIGHBOUR] {
            wharf.run(&format!("projects create {project}"));
        }
        let key = |name: &str, role: &str| {
            let key = wharf.account_with_key(PROJECT, name, &folder);
            wharf.grant(PROJECT, name, role);
            key
        };
        Self {
            pusher: key("pusher", "roles/storage.admin"),
            puller: key("puller", "roles/storage.objectViewer"),
            registry,
        }
    }

    /// `ADDRESS:PORT/PROJECT/` and a name.
    pub fn image(&self, name: &str) -> String {
        format!("{}/{PROJECT}/{name}", self.registry.host())
    }

    /// `ADDRESS:PORT/NEIGHBOUR/` and a name.
    pub fn neighbours_image(&self, name: &str) -> String {
        format!("{}/{NEIGHBOUR}/{name}", self.registry.host())
    }

    /// The registry protocol with a key.
    pub fn client(&self, key: &Path) -> Client {
        Client::with_key_file(&self.registry.url(), key)
    }

    /// The command line with a key.
    pub fn wharf(&self, key: &Path) -> Wharf {
        Wharf::new(&self.registry, key)
    }

    /// A path for a test's own files.
    pub fn path(&self, name: &str) -> PathBuf {
        self.registry.scratch().join(name)
    }

    /// A layout with an image that runs (`amd64`), and an index of it and one for another architecture (`all`).
    pub fn layout(&self) -> Layout {
        let mut layout = Layout::create(&self.path("layout"));
        let images = [layout.busybox("amd64"), layout.busybox("arm64")];
        let index = layout.index(&images);
        layout.tag(&images[0], "amd64");
        layout.tag(&index, "all");
        layout
    }
}

/// The text of a key file, as it is fed to a login.
pub fn password(key: &Path) -> String {
    fs::read_to_string(key).unwrap()
}
