//! The one client of all subjects: light, so that the server is what is measured.

mod http1;
mod http2;
mod tls;

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use sha2::{Digest as _, Sha256};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

pub(crate) use self::http1::Http1;
use self::http2::Http2;
pub(crate) use self::tls::Certificate;
use crate::content::{Blob, name_of};

/// What every request accepts. docker-registry hides an OCI manifest from who does not name its type.
const ACCEPT: &str = "application/vnd.oci.image.manifest.v1+json, */*";

/// How client and server speak.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wire {
    Plain,
    TlsHttp1,
    TlsHttp2,
}

/// Where a subject listens and what it wants to see.
#[derive(Clone)]
pub(crate) struct Endpoint {
    pub(crate) address: SocketAddr,
    pub(crate) wire: Wire,
    pub(crate) certificate: Option<Arc<Certificate>>,
    /// The value of `Authorization`, where the subject asks for one.
    pub(crate) authorization: Option<String>,
}

/// A request's body.
#[derive(Clone, Copy)]
pub(crate) enum Body<'a> {
    Empty,
    /// Sent with its length.
    Sized(&'a Blob),
    /// Sent without, as docker does.
    Streamed(&'a Blob),
}

pub(crate) struct Request<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) content_type: Option<&'a str>,
    pub(crate) body: Body<'a>,
}

impl<'a> Request<'a> {
    pub(crate) fn new(method: &'a str, path: &'a str) -> Self {
        Self {
            method,
            path,
            content_type: None,
            body: Body::Empty,
        }
    }

    /// The head of the request in HTTP/1.1.
    pub(crate) fn head(&self, endpoint: &Endpoint) -> Vec<u8> {
        use std::fmt::Write as _;
        let Self { method, path, .. } = self;
        let mut head = format!("{method} {path} HTTP/1.1\r\nHost: {}\r\n", endpoint.address);
        let mut line = |name: &str, value: &dyn std::fmt::Display| {
            // Writing to a string does not fail.
            let _ = write!(head, "{name}: {value}\r\n");
        };
        line("Accept", &ACCEPT);
        if let Some(authorization) = &endpoint.authorization {
            line("Authorization", authorization);
        }
        if let Some(content_type) = self.content_type {
            line("Content-Type", &content_type);
        }
        match self.body {
            Body::Empty if matches!(*method, "GET" | "HEAD") => {}
            Body::Empty => line("Content-Length", &0),
            Body::Sized(blob) => line("Content-Length", &blob.size),
            Body::Streamed(_) => line("Transfer-Encoding", &"chunked"),
        }
        head.push_str("\r\n");
        head.into_bytes()
    }
}

/// What a client does with the bytes that it receives.
pub(crate) enum Sink {
    Discard,
    Keep(Vec<u8>),
    Hash(Sha256),
}

impl Sink {
    pub(crate) fn hash() -> Self {
        Self::Hash(Sha256::new())
    }

    fn take(&mut self, bytes: &[u8]) {
        match self {
            Self::Discard => {}
            Self::Keep(kept) => kept.extend_from_slice(bytes),
            Self::Hash(hasher) => hasher.update(bytes),
        }
    }

    /// The digest of what was received, if it was hashed.
    pub(crate) fn digest(self) -> Option<String> {
        match self {
            Self::Hash(hasher) => Some(name_of(hasher)),
            _ => None,
        }
    }
}

/// What a client looks at in a response.
#[derive(Default)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) location: Option<String>,
    /// Bytes of the body that arrived.
    pub(crate) received: u64,
}

/// One connection, used by one request at a time.
pub(crate) struct Connection {
    endpoint: Endpoint,
    wire: Spoken,
}

enum Spoken {
    Plain(Http1<TcpStream>),
    Tls(Box<Http1<TlsStream<TcpStream>>>),
    Http2(Http2),
}

impl Connection {
    pub(crate) async fn open(endpoint: &Endpoint) -> Result<Self> {
        let stream = TcpStream::connect(endpoint.address)
            .await
            .with_context(|| format!("connecting to {}", endpoint.address))?;
        stream.set_nodelay(true)?;
        let certificate = || {
            endpoint
                .certificate
                .as_ref()
                .context("TLS needs a certificate")
        };
        let wire = match endpoint.wire {
            Wire::Plain => Spoken::Plain(Http1::new(stream)),
            Wire::TlsHttp1 => {
                let stream = certificate()?.connect(stream, "http/1.1").await?;
                Spoken::Tls(Box::new(Http1::new(stream)))
            }
            Wire::TlsHttp2 => {
                Spoken::Http2(Http2::open(certificate()?.connect(stream, "h2").await?).await?)
            }
        };
        Ok(Self {
            endpoint: endpoint.clone(),
            wire,
        })
    }

    /// Sends a request and receives the whole response.
    pub(crate) async fn send(
        &mut self,
        request: &Request<'_>,
        sink: &mut Sink,
    ) -> Result<Response> {
        let what = || format!("{} {}", request.method, request.path);
        match &mut self.wire {
            Spoken::Plain(http) => http.send(request, &self.endpoint, sink).await,
            Spoken::Tls(http) => http.send(request, &self.endpoint, sink).await,
            Spoken::Http2(http) => http.send(request, &self.endpoint, sink).await,
        }
        .with_context(what)
    }

    /// Sends a request, and fails unless the answer has the status and, without a sink, is short enough to be read.
    pub(crate) async fn expect(&mut self, status: u16, request: &Request<'_>) -> Result<Response> {
        let mut sink = Sink::Keep(Vec::new());
        let response = self.send(request, &mut sink).await?;
        if response.status != status {
            let body = match &sink {
                Sink::Keep(body) => String::from_utf8_lossy(body).into_owned(),
                _ => String::new(),
            };
            anyhow::bail!(
                "{} {}: {} instead of {status}: {body}",
                request.method,
                request.path,
                response.status
            );
        }
        Ok(response)
    }

    /// Receives the body of a GET into the sink; anything but 200 is an error.
    pub(crate) async fn get(&mut self, path: &str, sink: &mut Sink) -> Result<u64> {
        let response = self.send(&Request::new("GET", path), sink).await?;
        anyhow::ensure!(response.status == 200, "GET {path}: {}", response.status);
        Ok(response.received)
    }
}
