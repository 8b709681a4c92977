//! The only way out of the machine: a proxy that lets nobody through, and remembers who wanted where.
//!
//! A client that is told to use it reaches no other host, and a test can say which ones it would have reached.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::Program;

/// A client that says nothing is not waited for longer than this.
const SILENCE_MAX: Duration = Duration::from_secs(10);

/// The proxy. It ends when it goes out of scope.
#[derive(Debug)]
pub struct Gate {
    address: SocketAddr,
    state: Arc<State>,
    doorman: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct State {
    /// `HOST:PORT` → where it is really.
    open: BTreeMap<String, SocketAddr>,
    refused: Mutex<BTreeSet<String>>,
    is_closing: AtomicBool,
}

impl Gate {
    /// One that leads nowhere.
    pub fn shut() -> Self {
        Self::leading(&[])
    }

    /// One that leads to these hosts, `HOST:PORT` each, which are really there.
    pub fn leading(hosts: &[(&str, SocketAddr)]) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let state = Arc::new(State {
            open: hosts
                .iter()
                .map(|(name, address)| ((*name).to_owned(), *address))
                .collect(),
            ..State::default()
        });
        let address = listener.local_addr().unwrap();
        let of_doorman = state.clone();
        let doorman = thread::spawn(move || {
            for connection in listener.incoming() {
                if of_doorman.is_closing.load(Ordering::SeqCst) {
                    return;
                }
                let state = of_doorman.clone();
                // A client that goes away in the middle is no matter.
                thread::spawn(move || connection.map(|client| state.receive(client)));
            }
        });
        Self {
            address,
            state,
            doorman: Some(doorman),
        }
    }

    /// Gives a program this way out and no other. What is on the loopback interface is reached directly.
    pub fn equip(&self, program: Program) -> Program {
        let proxy = format!("http://{}", self.address);
        ["HTTP_PROXY", "HTTPS_PROXY"]
            .iter()
            .fold(program, |program, name| {
                program.env(name, &proxy).env(&name.to_lowercase(), &proxy)
            })
            .env("NO_PROXY", "127.0.0.1,localhost")
            .env("no_proxy", "127.0.0.1,localhost")
    }

    /// The hosts, without their ports, that somebody wanted to reach and did not.
    pub fn refused(&self) -> Vec<String> {
        let refused = self.state.refused.lock().unwrap();
        refused.iter().cloned().collect()
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.state.is_closing.store(true, Ordering::SeqCst);
        TcpStream::connect(self.address).ok();
        if let Some(doorman) = self.doorman.take() {
            doorman.join().ok();
        }
    }
}

impl State {
    fn receive(&self, client: TcpStream) -> std::io::Result<()> {
        client.set_read_timeout(Some(SILENCE_MAX))?;
        let mut reader = BufReader::new(client.try_clone()?);
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let mut header = String::new();
        while reader.read_line(&mut header)? > 2 {
            header.clear();
        }
        let target = target(&line);
        let mut client = client;
        let Some(address) = self.open.get(&target) else {
            let host = target.rsplit_once(':').map_or(&*target, |(host, _)| host);
            self.refused.lock().unwrap().insert(host.to_owned());
            return client.write_all(
                b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
            );
        };
        let server = TcpStream::connect(address)?;
        client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")?;
        client.set_read_timeout(None)?;
        let (to, mut from) = (server.try_clone()?, client.try_clone()?);
        let there = thread::spawn(move || copy(&mut reader, to));
        copy(&mut &server, from.try_clone()?);
        from.flush()?;
        there.join().ok();
        Ok(())
    }
}

/// Carries bytes to their end, which the other side is told.
fn copy(from: &mut impl std::io::Read, mut to: TcpStream) {
    std::io::copy(from, &mut to).ok();
    to.shutdown(Shutdown::Write).ok();
}

/// `HOST:PORT` of a request to a proxy: of `CONNECT HOST:PORT`, and of `GET http://HOST/…`.
fn target(line: &str) -> String {
    let mut words = line.split(' ');
    let (method, target) = (words.next(), words.next().unwrap_or_default());
    if method == Some("CONNECT") {
        return target.to_owned();
    }
    let authority = target
        .split_once("://")
        .and_then(|(_, rest)| rest.split('/').next())
        .unwrap_or(target);
    if authority.contains(':') {
        authority.to_owned()
    } else {
        format!("{authority}:80")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wanted_host_is_read_from_both_kinds_of_request() {
        for (line, wanted) in [
            ("CONNECT a.example:443 HTTP/1.1\r\n", "a.example:443"),
            ("GET http://a.example/x:y HTTP/1.1\r\n", "a.example:80"),
            ("GET http://a.example:8080/ HTTP/1.1\r\n", "a.example:8080"),
        ] {
            assert_eq!(target(line), wanted);
        }
    }
}
