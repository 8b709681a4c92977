//! A server that answers as badly as a test wants.

use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// A running one. It ends with the process.
#[derive(Debug)]
pub struct FaultServer {
    address: SocketAddr,
}

/// What a client asked.
#[derive(Debug)]
pub struct Asked {
    /// `GET`, `HEAD`…
    pub method: String,
    /// The path, without a query.
    pub path: String,
    /// The scheme of the `Authorization` header, in small letters; empty if there is none.
    pub scheme: String,
    /// Where the server listens: `127.0.0.1:PORT`.
    pub server: SocketAddr,
}

/// What it gets.
#[derive(Clone, Debug, Default)]
pub struct Reply {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Reply {
    /// An answer without a body.
    pub fn new(status: u16) -> Self {
        Self {
            status,
            ..Self::default()
        }
    }

    /// One more header.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// A body, and what it is.
    #[must_use]
    pub fn body(mut self, media_type: &str, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self.header("Content-Type", media_type)
    }
}

impl FaultServer {
    /// Starts one on plain HTTP that answers so.
    pub fn start(answer: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        Self::listen(None, answer)
    }

    /// Starts one over TLS that answers so.
    pub fn start_tls(
        config: ServerConfig,
        answer: impl Fn(&Asked) -> Reply + Send + Sync + 'static,
    ) -> Self {
        Self::listen(Some(Arc::new(config)), answer)
    }

    fn listen(
        tls: Option<Arc<ServerConfig>>,
        answer: impl Fn(&Asked) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let answer = Arc::new(answer);
        thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let (answer, tls) = (Arc::clone(&answer), tls.clone());
                // A client that hangs up early has got what it wanted, or does not like the certificate.
                thread::spawn(move || match tls {
                    None => serve(&connection, address, &*answer).ok(),
                    Some(tls) => serve_tls(connection, tls, address, &*answer).ok(),
                });
            }
        });
        Self { address }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

fn serve_tls(
    connection: TcpStream,
    config: Arc<ServerConfig>,
    server: SocketAddr,
    answer: &dyn Fn(&Asked) -> Reply,
) -> std::io::Result<()> {
    let session = ServerConnection::new(config).unwrap();
    let mut stream = StreamOwned::new(session, connection);
    serve(&mut stream, server, answer)?;
    stream.conn.send_close_notify();
    stream.flush()
}

/// Answers one request, after which the connection is closed.
fn serve(
    mut connection: impl Read + Write,
    server: SocketAddr,
    answer: &dyn Fn(&Asked) -> Reply,
) -> std::io::Result<()> {
    let mut reader = BufReader::new(&mut connection);
    // A client that begins with TLS gets what HTTP servers say to it.
    if !reader
        .fill_buf()?
        .first()
        .is_some_and(u8::is_ascii_uppercase)
    {
        return connection.write_all(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
    }
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let mut words = line.split(' ').map(ToOwned::to_owned);
    let (method, target) = (
        words.next().unwrap_or_default(),
        words.next().unwrap_or_default(),
    );
    let mut asked = Asked {
        method,
        path: target.split('?').next().unwrap_or_default().to_owned(),
        scheme: String::new(),
        server,
    };
    let mut length = 0;
    loop {
        let mut header = String::new();
        if reader.read_line(&mut header)? == 0 || header.trim().is_empty() {
            break;
        }
        let (name, value) = header.split_once(':').unwrap_or_default();
        match name.to_ascii_lowercase().as_str() {
            "authorization" => {
                let scheme = value.split_whitespace().next().unwrap_or_default();
                asked.scheme = scheme.to_ascii_lowercase();
            }
            "content-length" => length = value.trim().parse().unwrap_or_default(),
            _ => {}
        }
    }
    std::io::copy(&mut reader.take(length), &mut std::io::sink())?;
    let reply = answer(&asked);
    // The words after the number are no part of the protocol, but runtimes show them.
    let reason = http_reason(reply.status);
    let mut head = format!(
        "HTTP/1.1 {} {reason}\r\nConnection: close\r\nContent-Length: {}\r\n",
        reply.status,
        reply.body.len()
    );
    for (name, value) in &reply.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    connection.write_all(head.as_bytes())?;
    if asked.method != "HEAD" {
        connection.write_all(&reply.body)?;
    }
    Ok(())
}

fn http_reason(status: u16) -> &'static str {
    reqwest::StatusCode::from_u16(status)
        .ok()
        .and_then(|status| status.canonical_reason())
        .unwrap_or_default()
}
