//! What a cluster has of its own on a machine that others use too: a folder, a name, a network, ports.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::Program;
use crate::names::loopback_address;

/// Of a folder whose length leaves room for the sockets in it: the kernel's bound is 107 bytes.
const FOLDER_LENGTH_MAX: usize = 60;
/// Folders that the node has for itself, and so does not see the machine's.
pub(super) const HIDDEN: [&str; 3] = ["/run", "/var/lib", "/var/log"];

/// The plan of a cluster. It stands in the cluster's folder before anything else is made, so that whoever cleans knows
/// what there may be.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Plan {
    /// Where everything is that can be a file.
    pub folder: PathBuf,
    /// The name of its node, its bridge and its cgroup.
    pub name: String,
    /// The address of the node, which is the bridge's. Pods have the other addresses of its /20.
    pub node_address: Ipv4Addr,
    /// Where the node asks for names, at port 53.
    pub resolver: Ipv4Addr,
    /// The program that holds Kubernetes' components.
    pub kubernetes: PathBuf,
    /// Where the components listen.
    pub ports: Ports,
}

/// The ports of the components.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[expect(missing_docs, reason = "each is the port of the component of its name")]
pub struct Ports {
    pub etcd: u16,
    pub etcd_peer: u16,
    pub api_server: u16,
    pub controller_manager: u16,
    pub scheduler: u16,
    pub kubelet: u16,
    pub kubelet_health: u16,
}

impl Plan {
    /// A plan for a cluster in a new folder, written into it. The folder may exist if it is empty.
    pub fn make(folder: &Path, kubernetes: PathBuf) -> Self {
        fs::create_dir_all(folder).unwrap();
        let folder = fs::canonicalize(folder).unwrap();
        assert!(
            fs::read_dir(&folder).unwrap().next().is_none(),
            "{} is not empty: take the cluster in it down first, or name another folder",
            folder.display()
        );
        assert!(
            folder.as_os_str().len() <= FOLDER_LENGTH_MAX,
            "{} is too long a path for the sockets in it: at most {FOLDER_LENGTH_MAX} bytes",
            folder.display()
        );
        assert!(
            !HIDDEN.iter().any(|hidden| folder.starts_with(hidden)),
            "{}: the node has {HIDDEN:?} for itself, so the cluster's folder cannot lie there",
            folder.display()
        );
        let [a, b, c, d] = random();
        let plan = Self {
            folder,
            name: format!("wharf-{a:02x}{b:02x}{c:02x}{d:02x}"),
            node_address: free_network(),
            resolver: loopback_address(),
            kubernetes,
            ports: Ports::free(),
        };
        fs::write(
            plan.path("plan.json"),
            serde_json::to_string_pretty(&plan).unwrap(),
        )
        .unwrap();
        plan
    }

    /// The plan of the cluster that a folder has; none if it has none.
    pub fn read(folder: &Path) -> Option<Self> {
        let text = fs::read_to_string(folder.join("plan.json")).ok()?;
        serde_json::from_str(&text).ok()
    }

    /// A path in the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// A path in the folder, as it stands in a configuration.
    pub fn text(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    /// A folder in the folder, made if it is not there.
    pub fn make_folder(&self, name: &str) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(&path).unwrap();
        path
    }

    /// The kubeconfig of the cluster's administrator.
    pub fn kubeconfig(&self) -> PathBuf {
        self.path("admin.kubeconfig")
    }

    /// Where containerd looks up how to reach a registry, anew for each pull.
    pub fn certs_d(&self) -> PathBuf {
        self.path("certs.d")
    }

    /// Where the names are that the node's resolver knows: a file each, with the address in it.
    pub fn names(&self) -> PathBuf {
        self.path("names")
    }

    /// containerd's socket.
    pub fn containerd_socket(&self) -> PathBuf {
        self.path("containerd.sock")
    }

    /// The process whose mount namespace is the node's, as the machine counts processes.
    pub fn node_process(&self) -> PathBuf {
        self.path("node.pid")
    }
}

impl Ports {
    fn free() -> Self {
        let listeners: [TcpListener; 7] =
            std::array::from_fn(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap());
        let [
            etcd,
            etcd_peer,
            api_server,
            controller_manager,
            scheduler,
            kubelet,
            kubelet_health,
        ] = listeners.map(|listener| {
            listener
                .local_addr()
                .as_ref()
                .map(SocketAddr::port)
                .unwrap()
        });
        Self {
            etcd,
            etcd_peer,
            api_server,
            controller_manager,
            scheduler,
            kubelet,
            kubelet_health,
        }
    }
}

/// The first address of a private /20 that no interface of the machine has, nor any route leads to.
fn free_network() -> Ipv4Addr {
    let routes = Program::new("ip")
        .args(["-4", "route", "show", "table", "all"])
        .succeeds();
    loop {
        let [a, b, ..] = random();
        let network = Ipv4Addr::new(10, 64 + a % 64, b & 0xf0, 1);
        let [_, second, ..] = network.octets();
        if !routes.stdout.contains(&format!("10.{second}.")) {
            return network;
        }
    }
}

fn random() -> [u8; 4] {
    let id = uuid::Uuid::new_v4();
    let bytes = id.as_bytes();
    [bytes[0], bytes[1], bytes[2], bytes[3]]
}
