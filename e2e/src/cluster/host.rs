//! Names of registries, as the node sees them.

use std::fs;
use std::io::{ErrorKind, copy};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use crate::names::loopback_address;
use crate::wait::wait_for;

const HTTPS: u16 = 443;
/// How long an address may take to become free.
const BIND_DEADLINE: Duration = Duration::from_secs(10);

/// A name of something on this machine, for the node and for what runs on it. When it goes out of scope, the name is
/// gone.
///
/// Nothing is pretended: the node's name server knows the name, and its address has a port for HTTPS. What answers there
/// is the test's choice: see [`Self::lead_to`]. That the node trusts it is another matter: see [`Self::trust`].
#[derive(Debug)]
pub struct Host {
    name: String,
    certs: PathBuf,
    name_file: Option<PathBuf>,
    listener: Option<Listener>,
}

#[derive(Debug)]
struct Listener {
    address: SocketAddr,
    leads: Arc<Mutex<Leads>>,
}

/// What becomes of a connection.
#[derive(Clone, Copy, Debug)]
enum Leads {
    /// Closed at once.
    Nowhere,
    To(SocketAddr),
    /// Closed, and it was the last one.
    Gone,
}

impl Host {
    /// In a cluster of ours: a name under `.test`, with an address of its own.
    pub(super) fn named(name: &str, names: &Path, certs: &Path, listens: bool) -> Self {
        let (address, listener) = if listens {
            let listener = wait_for("free address", BIND_DEADLINE, || {
                Listener::open((loopback_address(), HTTPS).into())
            });
            (listener.address.ip(), Some(listener))
        } else {
            (loopback_address().into(), None)
        };
        let name_file = names.join(name);
        fs::write(&name_file, address.to_string()).unwrap();
        Self {
            name: name.to_owned(),
            certs: certs.join(name),
            name_file: Some(name_file),
            listener,
        }
    }

    /// In a cluster of somebody else: an address of this machine, and a port.
    pub(super) fn addressed(address: Ipv4Addr, certs: &Path, listens: bool) -> Self {
        let listener = Listener::open((address, 0).into()).unwrap();
        let name = listener.address.to_string();
        Self {
            certs: certs.join(&name),
            name,
            name_file: None,
            listener: listens.then_some(listener),
        }
    }

    /// Connections are carried to this address from now on. Before, they are closed at once.
    pub fn lead_to(&self, target: SocketAddr) {
        let listener = self.listener.as_ref().unwrap();
        *listener.leads.lock().unwrap() = Leads::To(target);
    }

    /// Listens, where nobody did.
    pub fn open(&mut self) {
        let address = match &self.name_file {
            Some(file) => format!("{}:{HTTPS}", fs::read_to_string(file).unwrap()),
            None => self.name.clone(),
        };
        let address: SocketAddr = address.parse().unwrap();
        self.listener = Some(Listener::open(address).unwrap());
    }

    /// The node's name server no longer knows the name, which is one only in a cluster of ours.
    pub fn lose_name(&self) {
        fs::rename(self.name_file.as_ref().unwrap(), self.lost_name()).unwrap();
    }

    /// The node's name server knows the name again.
    pub fn find_name(&self) {
        fs::rename(self.lost_name(), self.name_file.as_ref().unwrap()).unwrap();
    }

    /// The name server knows no name that begins with a dot.
    fn lost_name(&self) -> PathBuf {
        let file = self.name_file.as_ref().unwrap();
        file.with_file_name(format!(".{}", self.name))
    }

    /// The name without a port.
    pub fn domain(&self) -> &str {
        self.name.split(':').next().unwrap()
    }

    /// The name, as an image's begins with it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where the name leads; none if nothing listens there.
    pub fn address(&self) -> Option<SocketAddr> {
        self.listener.as_ref().map(|listener| listener.address)
    }

    /// The node trusts certificates of this CA there, from its next pull on.
    pub fn trust(&self, ca: &Path) {
        // The CA is copied, since the registry's folder may not be seen from the node.
        fs::create_dir_all(&self.certs).unwrap();
        fs::copy(ca, self.certs.join("ca.pem")).unwrap();
        // Twice, since containerd asks the server once more after a 404, and then with the server's own CA.
        let ca = format!("ca = \"{}\"", self.certs.join("ca.pem").display());
        self.write(&format!(
            "server = \"https://{name}\"\n{ca}\n[host.\"https://{name}\"]\n  {ca}\n",
            name = self.name,
        ));
    }

    /// The node speaks to this URL when it is asked for an image of this host: a mirror, plain HTTP, a wrong port.
    pub fn redirect(&self, url: &str) {
        self.write(&format!(
            "server = \"{url}\"\n[host.\"{url}\"]\n  capabilities = [\"pull\", \"resolve\"]\n"
        ));
    }

    /// The node knows nothing of the host but its name.
    pub fn forget(&self) {
        remove(fs::remove_dir_all(&self.certs));
    }

    fn write(&self, text: &str) {
        fs::create_dir_all(&self.certs).unwrap();
        fs::write(self.certs.join("hosts.toml"), text).unwrap();
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.forget();
        if let Some(file) = &self.name_file {
            remove(fs::remove_file(file));
        }
    }
}

/// The whole cluster may be gone before a name of it.
fn remove(result: std::io::Result<()>) {
    match result {
        Err(error) if error.kind() != ErrorKind::NotFound => panic!("{error}"),
        _ => {}
    }
}

impl Listener {
    /// Listens; none if the address is taken.
    fn open(address: SocketAddr) -> Option<Self> {
        let listener = TcpListener::bind(address).ok()?;
        let address = listener.local_addr().unwrap();
        let leads = Arc::new(Mutex::new(Leads::Nowhere));
        let now = Arc::clone(&leads);
        thread::spawn(move || {
            for connection in listener.incoming() {
                match (*now.lock().unwrap(), connection) {
                    (Leads::Gone, _) => return,
                    (Leads::To(target), Ok(connection)) => {
                        thread::spawn(move || forward(connection, target));
                    }
                    _ => {}
                }
            }
        });
        Some(Self { address, leads })
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        *self.leads.lock().unwrap() = Leads::Gone;
        // Wakes the thread up.
        TcpStream::connect(self.address).ok();
    }
}

/// Carries bytes both ways until both sides are done. A target that refuses is seen as a connection closed at once.
fn forward(client: TcpStream, target: SocketAddr) {
    let Ok(server) = TcpStream::connect(target) else {
        return;
    };
    let (Ok(from_client), Ok(to_server)) = (client.try_clone(), server.try_clone()) else {
        return;
    };
    let there = thread::spawn(move || pump(from_client, to_server));
    pump(server, client);
    there.join().ok();
}

fn pump(mut from: TcpStream, mut to: TcpStream) {
    copy(&mut from, &mut to).ok();
    to.shutdown(Shutdown::Write).ok();
}
