//! A genuine Kubernetes cluster of one node, on this machine, as root: etcd, the API server, the controller manager, the
//! scheduler, containerd and the kubelet. Several can run at once, and none leaves anything behind.
//!
//! A process, the keeper, holds a cluster up. The cluster's own processes are in a process and a mount namespace that
//! end with the keeper; the keeper ends with the test process, or when the cluster is taken down.
//!
//! A test may run on another cluster instead: see [`Cluster::start`].

mod api_server;
mod build;
mod certificates;
mod cgroups;
mod controller_manager;
mod counter;
mod etcd;
mod host;
pub mod keeper;
mod kubelet;
mod namespace;
mod network;
pub mod node;
pub mod plan;
mod runtime;
mod scheduler;
mod shop;
pub mod up;

use std::env;
use std::net::Ipv4Addr;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use crate::Program;
use crate::wait::wait_for;

pub use build::kubernetes;
pub use counter::Counter;
pub use host::Host;
pub use namespace::{Namespace, missed_secrets};
pub use plan::Plan;
pub use shop::ClusterShop;

/// A start takes ten seconds; a first build comes before it, unless `./test.sh kubernetes` did it.
const START_DEADLINE: Duration = Duration::from_secs(3_600);
/// Taking down takes a second or two.
const STOP_DEADLINE: Duration = Duration::from_secs(120);

/// A cluster that the tests run on.
#[derive(Debug)]
pub struct Cluster {
    kubeconfig: PathBuf,
    certs_d: PathBuf,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    /// Its keeper ends when we let go of its standard input.
    Own {
        plan: Box<Plan>,
        keeper: Child,
        _folder: TempDir,
    },
    /// `cluster up` brought it up, and keeps it.
    Kept(Box<Plan>),
    /// It is somebody's, and reaches this machine by this address.
    Theirs(Ipv4Addr),
}

impl Cluster {
    /// Starts one, which goes when this value does, or the process. Unless there is one already:
    ///
    /// - `WHARF_E2E_CLUSTER` is the folder of one that `cluster up` brought up;
    /// - or `KUBECONFIG` is the way to any other, `WHARF_E2E_CERTS_D` the folder of its node's containerd that
    ///   `config_path` names, seen from here, and `WHARF_E2E_ADDRESS` the address of this machine that the node reaches.
    ///   All three, so that nobody's cluster is taken for a test's by accident.
    pub fn start() -> Self {
        if let Some(folder) = env::var_os("WHARF_E2E_CLUSTER") {
            let plan = Plan::read(Path::new(&folder));
            let plan = plan.expect("WHARF_E2E_CLUSTER names no folder of a cluster");
            return Self::of(plan, |plan| Kind::Kept(Box::new(plan)));
        }
        let theirs = ["KUBECONFIG", "WHARF_E2E_CERTS_D", "WHARF_E2E_ADDRESS"].map(env::var);
        if let [Ok(kubeconfig), Ok(certs_d), Ok(address)] = theirs {
            return Self {
                kubeconfig: kubeconfig.into(),
                certs_d: certs_d.into(),
                kind: Kind::Theirs(address.parse().expect("WHARF_E2E_ADDRESS: an IPv4 address")),
            };
        }
        Self::start_own()
    }

    /// Starts one, whatever else there is.
    pub fn start_own() -> Self {
        let folder = TempDir::with_prefix("wharf-e2e-cluster-").unwrap();
        let mut keeper = Command::new(program())
            .arg("keep-for-a-test")
            .arg(folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            // Ctrl-C is for the test; the keeper then has something to clean.
            .process_group(0)
            .spawn()
            .unwrap();
        wait_for("cluster", START_DEADLINE, || {
            let ended = keeper.try_wait().unwrap();
            assert!(ended.is_none(), "the cluster did not come up: {ended:?}");
            folder.path().join("ready").exists().then_some(())
        });
        let plan = Plan::read(folder.path()).unwrap();
        Self::of(plan, |plan| Kind::Own {
            plan: Box::new(plan),
            keeper,
            _folder: folder,
        })
    }

    fn of(plan: Plan, kind: impl FnOnce(Plan) -> Kind) -> Self {
        Self {
            kubeconfig: plan.kubeconfig(),
            certs_d: plan.certs_d(),
            kind: kind(plan),
        }
    }

    /// The kubeconfig of its administrator.
    pub fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    /// The folder of the node's containerd that says how each host is reached.
    pub fn certs_d(&self) -> &Path {
        &self.certs_d
    }

    /// An address of this machine that the node reaches.
    pub fn address(&self) -> Ipv4Addr {
        match self.kind {
            Kind::Own { .. } | Kind::Kept(_) => Ipv4Addr::LOCALHOST,
            Kind::Theirs(address) => address,
        }
    }

    /// The plan of a cluster of ours.
    pub fn plan(&self) -> Option<&Plan> {
        match &self.kind {
            Kind::Own { plan, .. } | Kind::Kept(plan) => Some(plan),
            Kind::Theirs(_) => None,
        }
    }

    /// A kubectl command; the words are split at spaces.
    pub fn kubectl(&self, words: &str) -> Program {
        Program::new("kubectl")
            .env("KUBECONFIG", &self.kubeconfig)
            .args(words.split_whitespace())
    }

    /// A program that sees names as the node does: the ones of [`Self::host`] exist for it.
    pub fn on_node(&self, program: impl AsRef<std::ffi::OsStr>) -> Program {
        let program = match self.plan() {
            Some(plan) => {
                let process = std::fs::read_to_string(plan.node_process()).unwrap();
                Program::new("nsenter")
                    .arg(format!("--mount=/proc/{process}/ns/mnt"))
                    .arg("--")
                    .arg(program)
            }
            None => Program::new(program),
        };
        program.env("KUBECONFIG", &self.kubeconfig)
    }

    /// A way to its API server, as its administrator, that counts requests.
    pub fn counter(&self) -> Counter {
        Counter::start(&self.kubeconfig)
    }

    /// A new namespace, whose name begins so.
    pub fn namespace(&self, prefix: &str) -> Namespace<'_> {
        Namespace::create(self, prefix)
    }

    /// A new name for a registry. In a cluster of ours it is `PREFIX-RANDOM.test`, without a port; elsewhere it is the
    /// address of this machine with one.
    pub fn host(&self, prefix: &str) -> Host {
        self.make_host(prefix, true)
    }

    /// A name for a registry, as it is given: for a cluster of ours, and once at a time.
    pub fn host_named(&self, name: &str) -> Host {
        let plan = self
            .plan()
            .expect("only the node of a cluster of ours knows names that a test gave");
        Host::named(name, &plan.names(), &self.certs_d, true)
    }

    /// A name whose address refuses connections.
    pub fn refusing_host(&self, prefix: &str) -> Host {
        self.make_host(prefix, false)
    }

    /// A registry whose name the node knows and whose CA it trusts. The name begins so.
    pub fn shop(&self, prefix: &str) -> ClusterShop {
        ClusterShop::open(self, prefix)
    }

    fn make_host(&self, prefix: &str, listens: bool) -> Host {
        match &self.kind {
            Kind::Own { plan, .. } | Kind::Kept(plan) => {
                let id = uuid::Uuid::new_v4().simple().to_string();
                let name = format!("{prefix}-{}.test", &id[..8]);
                Host::named(&name, &plan.names(), &self.certs_d, listens)
            }
            Kind::Theirs(address) => Host::addressed(*address, &self.certs_d, listens),
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if let Kind::Own { keeper, .. } = &mut self.kind {
            drop(keeper.stdin.take());
            wait_for("end of the cluster", STOP_DEADLINE, || {
                keeper.try_wait().unwrap()
            });
        }
    }
}

/// The program that keeps clusters. Cargo builds it for this package's tests, beside them.
fn program() -> PathBuf {
    let test = env::current_exe().unwrap();
    let program = test.ancestors().nth(2).unwrap().join("cluster");
    assert!(program.is_file(), "{} is not built", program.display());
    program
}

/// The flags by which a component finds the API server, and asks it who its own callers are.
fn own_kubeconfig(plan: &Plan, name: &str) -> [String; 3] {
    let path = plan.text(&format!("{name}.kubeconfig"));
    [
        "kubeconfig",
        "authentication-kubeconfig",
        "authorization-kubeconfig",
    ]
    .map(|flag| format!("--{flag}={path}"))
}
