//! Real sockets: TLS, both versions of HTTP, broken requests, the end of the server.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use tempfile::TempDir;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;
use wharf_app::RootKey;

use super::*;

/// A server, and the end of it.
struct Running {
    address: SocketAddr,
    authority: Option<std::path::PathBuf>,
    stop: Option<oneshot::Sender<()>>,
    served: JoinHandle<Result<(), Error>>,
    owner: String,
    _folder: TempDir,
}

impl Running {
    async fn start(config: impl FnOnce(&Path) -> Config) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = Config {
            listen: ([127, 0, 0, 1], 0).into(),
            ..config(folder.path())
        };
        let listener = Listener::bind(config).await.unwrap();
        let (url, authority) = (
            listener.local_url(),
            listener.authority().map(Path::to_owned),
        );
        let opened = App::open(wharf_app::Config {
            data: folder.path().join("data"),
            root_key: RootKey::DataFolder,
            external_url: None,
            local_url: url.clone(),
            outbound: wharf_app::OutboundClient::none(),
        });
        let opened = opened.await.unwrap();
        let key = std::fs::read_to_string(opened.new_owner_key.unwrap()).unwrap();
        let (stop, stopped) = oneshot::channel();
        let served = tokio::spawn(listener.serve(opened.app, async {
            let _ = stopped.await;
        }));
        Self {
            address: url.socket_addrs(|| None).unwrap()[0],
            authority,
            stop: Some(stop),
            served,
            owner: crate::testing::login(&key),
            _folder: folder,
        }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Sends bytes and reads until the server closes.
    async fn talk(&self, request: &[u8]) -> String {
        let mut stream = self.connect().await;
        // The server may answer and close before it has read all.
        let _ = stream.write_all(request).await;
        let mut answer = Vec::new();
        let read = stream.read_to_end(&mut answer);
        let _ = timeout(Duration::from_secs(20), read).await.unwrap();
        String::from_utf8_lossy(&answer).into_owned()
    }
}

fn plain(_: &Path) -> Config {
    Config::default()
}

fn self_signed(folder: &Path) -> Config {
    Config {
        tls: Tls::SelfSigned {
            folder: folder.join("tls"),
        },
        ..Config::default()
    }
}

async fn get_http2(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    uri: &str,
) -> StatusCode {
    let (mut sender, driver) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
            .await
            .unwrap();
    tokio::spawn(driver);
    let request = Request::get(uri).body(Full::<Bytes>::default()).unwrap();
    let response = sender.send_request(request).await.unwrap();
    let status = response.status();
    response.into_body().collect().await.unwrap();
    status
}

#[tokio::test]
async fn both_versions_are_spoken_without_tls() {
    let server = Running::start(plain).await;
    let answer = server
        .talk(b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        .await;
    assert!(
        answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("ok\n"),
        "{answer}"
    );
    let status = get_http2(server.connect().await, "http://a/readyz").await;
    assert_eq!(status, StatusCode::OK);
}

#[tokio::test]
async fn whoever_trusts_the_authority_speaks_tls() {
    let server = Running::start(self_signed).await;
    let authority = CertificateDer::from_pem_file(server.authority.clone().unwrap()).unwrap();
    let mut roots = rustls::RootCertStore::empty();
    roots.add(authority).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let connector = TlsConnector::from(Arc::new(config));
    for name in ["localhost", "127.0.0.1"] {
        let name = ServerName::try_from(name).unwrap();
        let stream = connector
            .connect(name, server.connect().await)
            .await
            .unwrap();
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
        assert_eq!(
            get_http2(stream, "https://localhost/v2/").await,
            StatusCode::UNAUTHORIZED
        );
    }
    let other = ServerName::try_from("other.example.com").unwrap();
    assert!(
        connector
            .connect(other, server.connect().await)
            .await
            .is_err()
    );
}

#[tokio::test]
async fn broken_requests_are_4xx_and_leave_the_server_well() {
    let server = Running::start(plain).await;
    let head = |lines: &str| format!("GET /v2/ HTTP/1.1\r\n{lines}\r\n\r\n").into_bytes();
    let large = format!("Host: a\r\nConnection: close\r\nX: {}", "x".repeat(600_000));
    let many: String = (0..200).map(|i| format!("X-{i}: 1\r\n")).collect();
    for (request, status) in [
        (head("Host: a\r\nHost: b\r\nConnection: close"), "400"),
        (head("Connection: close"), "400"),
        (head(&large), "431"),
        (head(&format!("Host: a\r\n{many}Connection: close")), "431"),
        (b"nonsense\r\n\r\n".to_vec(), "400"),
        (b"GET /v2/\0 HTTP/1.1\r\n\r\n".to_vec(), "400"),
        (
            head("Host: a\r\nTransfer-Encoding: gzip\r\nConnection: close"),
            "400",
        ),
        (
            head("Host: a\r\nContent-Length: 1\r\nContent-Length: 2\r\nConnection: close"),
            "400",
        ),
    ] {
        let answer = server.talk(&request).await;
        let first = answer.lines().next().unwrap_or_default();
        assert!(
            first.contains(status),
            "{first:?}, not {status}: {}",
            String::from_utf8_lossy(&request[..60.min(request.len())])
        );
    }
    let answer = server.talk(&head("Host: a\r\nConnection: close")).await;
    assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
}

#[tokio::test]
async fn a_truncated_upload_keeps_what_came() {
    let server = Running::start(plain).await;
    let send = async |request: String| server.talk(request.as_bytes()).await;
    let owner = &server.owner;
    let rest = format!("HTTP/1.1\r\nHost: a\r\nAuthorization: {owner}\r\nConnection: close");
    let answer = send(format!(
        "POST /v2/default/web/blobs/uploads/ {rest}\r\nContent-Length: 0\r\n\r\n"
    ))
    .await;
    let location = answer
        .lines()
        .find_map(|line| line.strip_prefix("location: "))
        .unwrap();
    let mut stream = server.connect().await;
    let request = format!("PATCH {location} {rest}\r\nContent-Length: 100\r\n\r\nhello");
    stream.write_all(request.as_bytes()).await.unwrap();
    drop(stream);
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    loop {
        let status = send(format!("GET {location} {rest}\r\n\r\n")).await;
        if status.contains("range: 0-4\r\n") {
            break;
        }
        assert!(tokio::time::Instant::now() < deadline, "{status}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn a_shutdown_finishes_the_upload_in_flight_and_takes_nobody_new() {
    let mut server = Running::start(plain).await;
    let owner = &server.owner;
    let digest = "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
    let mut stream = server.connect().await;
    let request = format!(
        "POST /v2/default/web/blobs/uploads/?digest={digest} HTTP/1.1\r\nHost: a\r\nAuthorization: {owner}\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    // The handler reads the body: the request is in flight.
    let mut answer = [0; 25];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 100 Continue\r\n\r\n");
    let idle = server.connect().await;
    server.stop.take().unwrap().send(()).unwrap();
    stream.write_all(b"he").await.unwrap();
    let refused = async {
        while TcpStream::connect(server.address).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(Duration::from_secs(20), refused).await.unwrap();
    stream.write_all(b"llo").await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    timeout(Duration::from_secs(20), &mut server.served)
        .await
        .unwrap()
        .unwrap()
        .unwrap();
    drop(idle);
}

#[tokio::test]
async fn connections_beyond_the_bound_wait_their_turn() {
    let server = Running::start(|_| Config {
        limits: crate::Limits {
            connections: 1,
            ..crate::Limits::default()
        },
        ..Config::default()
    })
    .await;
    let first = server.connect().await;
    let request = b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    let mut second = server.connect().await;
    second.write_all(request).await.unwrap();
    let mut byte = [0];
    let waited = timeout(Duration::from_millis(50), second.read(&mut byte)).await;
    assert!(waited.is_err());
    drop(first);
    let mut answer = String::new();
    second.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[tokio::test]
async fn metrics_count_without_names() {
    let server = Running::start(plain).await;
    let get = |path: &str| {
        format!("GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").into_bytes()
    };
    server
        .talk(&get("/v2/default/secret-name/manifests/v1"))
        .await;
    let text = server.talk(&get("/metrics")).await;
    for line in [
        "wharf_requests_total{route=\"manifests\",method=\"GET\",status=\"401\"} 1",
        "wharf_request_duration_seconds_count{route=\"manifests\"} 1",
        "wharf_connections 1",
        "wharf_requests_in_flight{route=\"uploads\"} 0",
        "wharf_decisions_granted_total 0",
        "wharf_decisions_refused_total 1",
        "wharf_audit_records_lost_total 0",
    ] {
        assert!(text.contains(line), "{line} is not in {text}");
    }
    assert!(!text.contains("secret-name"), "{text}");
}

#[tokio::test]
async fn an_address_in_use_is_said() {
    let server = Running::start(plain).await;
    let config = Config {
        listen: server.address,
        ..Config::default()
    };
    let error = Listener::bind(config).await.err().unwrap();
    assert_eq!(
        error.to_string(),
        format!("cannot listen on {}", server.address)
    );
}
