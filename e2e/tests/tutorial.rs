//! Sets the stage for `e2e/tutorial.sh`, which is also `docs/tutorial.md`, and runs it: a genuine cluster, a registry that its
//! node reaches under the names of the page, another one of a partner, and images in both.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::json;
use tempfile::TempDir;
use wharf_e2e::cluster::{Cluster, Host};
use wharf_e2e::content::Layout;
use wharf_e2e::program::DOCKER;
use wharf_e2e::registry::binary;
use wharf_e2e::shop::password;
use wharf_e2e::{Program, Shop, TestRegistry};

/// Some twenty starts of gcloud, and a dozen Pods that come up.
const DEADLINE: Duration = Duration::from_secs(1_800);
/// The registry's names. What is pushed to those that begin with the same location is the same.
const NAMES: [&str; 4] = [
    "us.registry.test",
    "eu.registry.test",
    "us.images.test",
    "us.pictures.test",
];
const PROJECT: &str = "my-project";
const PARTNER: &str = "registry.partner.test";

#[test]
fn the_tutorial_is_true_line_by_line() {
    let cluster = Cluster::start();
    let stage = Stage::set(&cluster);
    let namespace = cluster.namespace("tutorial");
    stage.enter(&cluster, namespace.name());
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tutorial.sh");
    stage
        .equip(cluster.on_node("env"))
        .arg("--chdir")
        .arg(stage.path("work"))
        .args(["bash", "-x"])
        .arg(script)
        .deadline(DEADLINE)
        .succeeds();
}

/// What is there before the first line of the page.
struct Stage {
    registry: TestRegistry,
    partner: Shop,
    _hosts: Vec<Host>,
    /// Where the script runs.
    folder: TempDir,
}

impl Stage {
    fn set(cluster: &Cluster) -> Self {
        let names = NAMES.map(|name| {
            let location = name.split('.').next().unwrap();
            format!("--host={name}={location}")
        });
        let names = names.iter().map(String::as_str);
        let registry =
            TestRegistry::start_with(&names.chain(["--tls-self-signed"]).collect::<Vec<_>>());
        let partner =
            TestRegistry::start_with(&["--tls-self-signed", &format!("--host={PARTNER}")]);
        let mut hosts: Vec<_> = NAMES
            .iter()
            .map(|name| lead(cluster, name, &registry))
            .collect();
        hosts.push(lead(cluster, PARTNER, &partner));
        let stage = Self {
            registry,
            partner: Shop::open_in(partner),
            _hosts: hosts,
            folder: TempDir::with_prefix("wharf-e2e-tutorial-").unwrap(),
        };
        stage.stock(cluster);
        stage.lay_out_files();
        stage
    }

    /// The images.
    fn stock(&self, cluster: &Cluster) {
        self.registry
            .wharf()
            .run(&format!("projects create {PROJECT}"));
        let mut layout = Layout::create(&self.path("layout"));
        let image = layout.busybox_that("amd64", &["/bin/busybox", "sleep", "infinity"]);
        layout.tag(&image, "it");
        let images = [
            ("us.registry.test/my-project/hello:v1", &self.registry),
            ("us.registry.test/my-project/hello:v2", &self.registry),
            ("us.registry.test/my-project/hello:v3", &self.registry),
            ("eu.registry.test/my-project/hello:v1", &self.registry),
            (
                "registry.partner.test/the-shop/tool:v1",
                &self.partner.registry,
            ),
        ];
        for (image, registry) in images {
            let host = image.split('/').next().unwrap();
            cluster
                .on_node("skopeo")
                .env("SSL_CERT_FILE", registry.ca())
                .args(["copy", "--dest-authfile"])
                .arg(self.login(host, &registry.owner_key()))
                .arg(format!("oci:{}:it", layout.folder().display()))
                .arg(format!("docker://{image}"))
                .succeeds();
        }
    }

    /// A file by which skopeo is logged in at a host with a key.
    fn login(&self, host: &str, key: &Path) -> PathBuf {
        let login = BASE64_STANDARD.encode(format!("_json_key:{}", password(key)));
        let path = self.path("login.json");
        fs::write(&path, json!({"auths": {host: {"auth": login}}}).to_string()).unwrap();
        path
    }

    /// The files that the page has from the start, and its programs.
    fn lay_out_files(&self) {
        for folder in ["work", "home", "bin"] {
            fs::create_dir(self.path(folder)).unwrap();
        }
        fs::copy(self.registry.owner_key(), self.path("work/owner.json")).unwrap();
        fs::copy(&self.partner.puller, self.path("work/partner.json")).unwrap();
        symlink(binary(), self.path("bin/wharf")).unwrap();
        symlink(DOCKER, self.path("bin/docker")).unwrap();
    }

    /// The kubeconfig, in which a namespace is the one that is meant.
    fn enter(&self, cluster: &Cluster, namespace: &str) {
        fs::copy(cluster.kubeconfig(), self.path("kubeconfig")).unwrap();
        Program::new("kubectl")
            .env("KUBECONFIG", self.path("kubeconfig"))
            .args([
                "config",
                "set-context",
                "--current",
                "--namespace",
                namespace,
            ])
            .succeeds();
    }

    /// The environment of somebody who has done nothing yet.
    fn equip(&self, program: Program) -> Program {
        let path = std::env::var("PATH").unwrap();
        let program = program
            .in_plain_environment()
            .env("PATH", format!("{}:{path}", self.path("bin").display()))
            .env("HOME", self.path("home"))
            .env("LANG", "C.UTF-8")
            .env("KUBECONFIG", self.path("kubeconfig"))
            .env("WHARF_CA_FILE", self.registry.ca())
            .env("SSL_CERT_FILE", self.registry.ca())
            // No daemon is wanted: the docker command logs in by itself.
            .env("DOCKER_HOST", "unix:///nowhere/docker.sock")
            .env("CLOUDSDK_CONFIG", self.path("gcloud"));
        let quiet = [
            ("CLOUDSDK_CORE_DISABLE_PROMPTS", "true"),
            ("CLOUDSDK_CORE_DISABLE_USAGE_REPORTING", "true"),
            ("CLOUDSDK_CORE_DISABLE_FILE_LOGGING", "true"),
            ("CLOUDSDK_CORE_CHECK_GCE_METADATA", "false"),
            ("CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK", "true"),
        ];
        quiet
            .into_iter()
            .fold(program, |program, (name, value)| program.env(name, value))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

/// A name of a registry that the node knows and trusts.
fn lead(cluster: &Cluster, name: &str, registry: &TestRegistry) -> Host {
    let host = cluster.host_named(name);
    host.lead_to(registry.address());
    host.trust(&registry.ca());
    host
}
