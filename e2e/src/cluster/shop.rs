//! A registry that Pods pull from.

use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use crate::content::Layout;
use crate::shop::{PROJECT, password};
use crate::{Program, Shop, TestRegistry, Wharf};

use super::{Cluster, Host};

/// A [`Shop`] behind TLS with a CA of its own, under a name that the node knows.
#[derive(Debug)]
pub struct ClusterShop {
    /// The name.
    pub host: Host,
    /// The registry and its accounts.
    pub shop: Shop,
}

impl ClusterShop {
    pub(super) fn open(cluster: &Cluster, prefix: &str) -> Self {
        let host = cluster.host(prefix);
        let registry = TestRegistry::start_with(&["--tls-self-signed", "--host", host.domain()]);
        host.lead_to(registry.address());
        host.trust(&registry.ca());
        Self {
            host,
            shop: Shop::open_in(registry),
        }
    }

    /// `HOST/PROJECT/NAME`, as a Pod names it.
    pub fn image(&self, name: &str) -> String {
        format!("{}/{PROJECT}/{name}", self.host.name())
    }

    /// Pushes an image that runs until it is stopped, as [`Self::image`] `name`.
    pub fn push_busybox(&self, name: &str) -> String {
        self.push_busybox_that(name, "amd64", &["/bin/busybox", "sleep", "infinity"])
    }

    /// Pushes an image for an architecture that runs a command, as [`Self::image`] `name`; returns what a Pod names it.
    pub fn push_busybox_that(&self, name: &str, architecture: &str, command: &[&str]) -> String {
        let id = uuid::Uuid::new_v4().simple().to_string();
        let mut layout = Layout::create(&self.shop.path(&format!("layout-{id}")));
        let image = layout.busybox_that(architecture, command);
        layout.tag(&image, "it");
        Program::new("skopeo")
            .args(["copy", "--dest-tls-verify=false", "--dest-authfile"])
            .arg(self.docker_config(&self.shop.pusher))
            .arg(format!("oci:{}:it", layout.folder().display()))
            .arg(format!("docker://{}", self.shop.image(name)))
            .succeeds();
        self.image(name)
    }

    /// A pull secret of this key for [`Self::host`], as a manifest. It is kubectl's own, so that Wharfinger is not
    /// proved by itself.
    pub fn pull_secret(&self, cluster: &Cluster, name: &str, key: &Path) -> String {
        cluster
            .kubectl("create secret docker-registry --dry-run=client --output yaml")
            .arg(name)
            .args(["--docker-server", self.host.name()])
            .args(["--docker-username", "_json_key"])
            .arg(format!("--docker-password={}", password(key)))
            .succeeds()
            .stdout
    }

    /// The command line as the owner.
    pub fn wharf(&self) -> Wharf {
        self.shop.registry.wharf()
    }

    /// A docker config by which a client that runs on this machine logs in.
    fn docker_config(&self, key: &Path) -> PathBuf {
        let path = self.shop.path(&format!(
            "{}.docker.json",
            key.file_stem().unwrap().display()
        ));
        if !path.exists() {
            let login = format!("_json_key:{}", password(key));
            let auths = serde_json::json!({"auths": {self.shop.registry.host(): {"auth": BASE64_STANDARD.encode(login)}}});
            fs::write(&path, auths.to_string()).unwrap();
        }
        path
    }
}
