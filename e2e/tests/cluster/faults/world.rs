//! What all faults share: one registry, its images, and names for it.

use std::fs;
use std::path::PathBuf;
use std::sync::Mutex;

use wharf_e2e::cluster::{Cluster, Host};
use wharf_e2e::content::{Image, Layout};
use wharf_e2e::shop::{PROJECT, Shop, password};
use wharf_e2e::{Program, TestRegistry};

/// One `wharf serve` for all faults, which has several names.
pub(super) struct World {
    pub(super) cluster: &'static Cluster,
    pub(super) shop: Shop,
    /// The name that is in order.
    pub(super) host: Host,
    /// Names for faults to put out of order, each for one.
    spare: Mutex<Vec<Host>>,
    /// The name of the fault that takes it, at which nobody listens.
    pub(super) refusing: Mutex<Option<Host>>,
    /// An image that runs until it is stopped.
    pub(super) runs: Image,
    /// The same for a machine of another architecture.
    pub(super) foreign: Image,
    /// Whoever changes a policy reads it first, and only one does so at a time.
    policies: Mutex<()>,
}

impl World {
    pub(super) fn open(cluster: &'static Cluster, spare_names: usize) -> Self {
        let host = cluster.host("shop");
        let spare: Vec<Host> = (0..spare_names).map(|_| cluster.host("spare")).collect();
        let refusing = cluster.refusing_host("refusing");
        let mut arguments = vec!["--tls-self-signed"];
        for host in spare.iter().chain([&host, &refusing]) {
            arguments.extend(["--host", host.domain()]);
        }
        let shop = Shop::open_in(TestRegistry::start_with(&arguments));
        host.lead_to(shop.registry.address());
        host.trust(&shop.registry.ca());
        let layout = Layout::create(&shop.path("layout"));
        let command = ["/bin/busybox", "sleep", "infinity"];
        let working = shop.path("working");
        fs::create_dir(&working).unwrap();
        fs::copy(&shop.puller, working.join("key.json")).unwrap();
        let image = |architecture| layout.read(&layout.busybox_that(architecture, &command));
        Self {
            cluster,
            host,
            spare: Mutex::new(spare),
            refusing: Mutex::new(Some(refusing)),
            runs: image("amd64"),
            foreign: image("arm64"),
            policies: Mutex::default(),
            shop,
        }
    }

    /// A name of the registry that a fault has for itself. It leads nowhere, and the node trusts nothing there.
    pub(super) fn spare_host(&self) -> Host {
        let host = self.spare.lock().unwrap().pop();
        host.expect("more spare names must be asked for")
    }

    /// Pushes an image as `PROJECT/NAME:TAG`.
    pub(super) fn push(&self, name: &str, tag: &str, image: &Image) {
        let repository = format!("{PROJECT}/{name}");
        let owner = self.shop.registry.owner();
        owner.push_image(&repository, tag, image);
    }

    /// `wharf` as the owner, from this machine; the words are split at spaces.
    pub(super) fn wharf(&self, words: &str) {
        let _alone = self.policies.lock().unwrap();
        self.shop.registry.wharf().run(words);
    }

    /// The same, with an argument that has spaces.
    pub(super) fn wharf_with(&self, words: &str, argument: &str) {
        let _alone = self.policies.lock().unwrap();
        let command = self.shop.registry.wharf().command(words);
        command.arg(argument).succeeds();
    }

    /// A service account with a key and no permission. Returns the key file.
    pub(super) fn account(&self, name: &str) -> PathBuf {
        let folder = self.shop.registry.scratch();
        let wharf = self.shop.registry.wharf();
        wharf.account_with_key(PROJECT, name, &folder)
    }

    /// Grants a role on the project to an account.
    pub(super) fn grant(&self, account: &str, role: &str) {
        let _alone = self.policies.lock().unwrap();
        self.shop.registry.wharf().grant(PROJECT, account, role);
    }

    /// The password that pulls everything.
    pub(super) fn password(&self) -> String {
        password(&self.shop.puller)
    }

    /// A folder with the key file that pulls everything, as `key.json`.
    pub(super) fn folder_with_key(&self) -> PathBuf {
        self.shop.path("working")
    }

    /// A program as the owner runs it on the node: it knows the registry by its name.
    pub(super) fn on_node(&self, program: impl AsRef<std::ffi::OsStr>) -> Program {
        let program = self
            .shop
            .registry
            .wharf()
            .equip(self.cluster.on_node(program));
        program.env("WHARF_ENDPOINT", format!("https://{}", self.host.name()))
    }
}
