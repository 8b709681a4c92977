//! A way to the API server that counts the requests that pass.

use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use serde_json::json;
use tempfile::TempDir;

/// `kubectl proxy`, which brings the credential, and before it a place where requests are counted. Only requests
/// without a body are counted right, which all that only look are.
#[derive(Debug)]
pub struct Counter {
    proxy: Child,
    requests: Arc<AtomicUsize>,
    folder: TempDir,
}

impl Counter {
    pub(super) fn start(kubeconfig: &Path) -> Self {
        let mut proxy = Command::new("kubectl")
            .args(["proxy", "--port=0"])
            .env("KUBECONFIG", kubeconfig)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let stdout = proxy.stdout.take().unwrap();
        BufReader::new(stdout).read_line(&mut line).unwrap();
        let port: u16 = line.trim().rsplit(':').next().unwrap().parse().unwrap();
        let requests = Arc::new(AtomicUsize::new(0));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let count = requests.clone();
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let server = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
                carry(client, server, &count);
            }
        });
        let folder = TempDir::with_prefix("wharf-e2e-counter-").unwrap();
        let kubeconfig = json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "c",
            "clusters": [{"name": "c", "cluster": {"server": format!("http://{address}")}}],
            "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
            "users": [{"name": "u", "user": {}}],
        });
        std::fs::write(folder.path().join("kubeconfig"), kubeconfig.to_string()).unwrap();
        Self {
            proxy,
            requests,
            folder,
        }
    }

    /// The kubeconfig of this way.
    pub fn kubeconfig(&self) -> PathBuf {
        self.folder.path().join("kubeconfig")
    }

    /// How many requests passed so far.
    pub fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

impl Drop for Counter {
    fn drop(&mut self) {
        // It may have ended by itself.
        self.proxy.kill().ok();
        self.proxy.wait().ok();
    }
}

fn carry(client: TcpStream, server: TcpStream, count: &Arc<AtomicUsize>) {
    let (to_client, from_server) = (client.try_clone().unwrap(), server.try_clone().unwrap());
    let count = count.clone();
    thread::spawn(move || {
        let mut last = [0; 4];
        pump(client, server, |bytes| {
            for byte in bytes {
                last.rotate_left(1);
                last[3] = *byte;
                if &last == b"\r\n\r\n" {
                    count.fetch_add(1, Ordering::SeqCst);
                }
            }
        });
    });
    thread::spawn(move || pump(from_server, to_client, |_| {}));
}

/// Carries bytes until either side has enough.
fn pump(mut from: TcpStream, mut to: TcpStream, mut see: impl FnMut(&[u8])) {
    let mut piece = [0; 16 * 1024];
    while let Ok(count) = from.read(&mut piece) {
        see(&piece[..count]);
        if count == 0 || to.write_all(&piece[..count]).is_err() {
            break;
        }
    }
    to.shutdown(std::net::Shutdown::Write).ok();
}
