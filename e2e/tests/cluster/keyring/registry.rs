//! A registry that asks for a user and password, remembers who asked for which image, and lets nobody in.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

/// The kubelet tries again after ten seconds; the credentials of one try come right after each other.
const BETWEEN_TRIES: Duration = Duration::from_secs(5);

/// The registry. It is gone when this value is.
pub(super) struct Recorder {
    address: SocketAddr,
    seen: Arc<Mutex<Seen>>,
    closed: Arc<AtomicBool>,
}

/// By the path of a repository: when it was asked for a manifest, and with which `USER:PASSWORD`, if any.
type Seen = BTreeMap<String, Vec<(Instant, Option<String>)>>;

impl Recorder {
    /// At an address of this machine.
    pub(super) fn start(address: Ipv4Addr) -> Self {
        let listener = TcpListener::bind((address, 0)).unwrap();
        let recorder = Self {
            address: listener.local_addr().unwrap(),
            seen: Arc::default(),
            closed: Arc::default(),
        };
        let (seen, closed) = (Arc::clone(&recorder.seen), Arc::clone(&recorder.closed));
        thread::spawn(move || {
            for connection in listener.incoming() {
                if closed.load(Ordering::Acquire) {
                    return;
                }
                let seen = Arc::clone(&seen);
                if let Ok(connection) = connection {
                    thread::spawn(move || answer(&connection, &seen));
                }
            }
        });
        recorder
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The credentials that came for a repository at the first try, in order. None: nobody asked for it.
    pub(super) fn credentials(&self, path: &str) -> Option<Vec<String>> {
        let seen = self.seen.lock().unwrap();
        let requests = seen.get(path)?;
        let mut last = requests.first()?.0;
        let first_try = requests.iter().take_while(|(at, _)| {
            let soon = at.duration_since(last) < BETWEEN_TRIES;
            last = *at;
            soon
        });
        Some(
            first_try
                .filter_map(|(_, credential)| credential.clone())
                .collect(),
        )
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.closed.store(true, Ordering::Release);
        // Wakes it up.
        TcpStream::connect(self.address).ok();
    }
}

/// Answers all requests of one connection: 401 to those without a credential, 403 to those with one, so that the
/// client does not ask again with the same.
fn answer(connection: &TcpStream, seen: &Mutex<Seen>) {
    let mut lines = BufReader::new(connection).lines().map_while(Result::ok);
    while let Some(request) = lines.next() {
        let mut credential = None;
        for header in lines.by_ref().take_while(|line| !line.is_empty()) {
            let (name, value) = header.split_once(": ").unwrap_or_default();
            if name.eq_ignore_ascii_case("authorization") {
                let basic = value
                    .strip_prefix("Basic ")
                    .and_then(|text| BASE64_STANDARD.decode(text).ok());
                credential = Some(String::from_utf8_lossy(&basic.unwrap_or_default()).into_owned());
            }
        }
        let path = request.split([' ', '?']).nth(1).unwrap_or_default();
        let repository = path
            .strip_prefix("/v2/")
            .and_then(|path| path.split_once("/manifests/"));
        let head = match credential {
            None => "401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"recorder\"",
            Some(_) => "403 Forbidden",
        };
        if let Some((repository, _)) = repository {
            let mut seen = seen.lock().unwrap();
            let requests = seen.entry(repository.to_owned()).or_default();
            requests.push((Instant::now(), credential));
        }
        let answer = format!("HTTP/1.1 {head}\r\nContent-Length: 0\r\n\r\n");
        if (&*connection).write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}
