#![expect(clippy::unwrap_used, reason = "tests")]

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::*;

const LIMIT: usize = 64 * 1024;

/// A server that answers each connection with `respond`, and counts them.
async fn server<F>(respond: fn(TcpStream) -> F) -> (SocketAddr, Arc<AtomicUsize>)
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let count = Arc::new(AtomicUsize::new(0));
    let counter = count.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            counter.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(async move {
                let mut head = [0; 4_096];
                let _ = stream.read(&mut head).await;
                respond(stream).await;
            });
        }
    });
    (address, count)
}

async fn send(mut stream: TcpStream, text: &str) {
    let _ = stream.write_all(text.as_bytes()).await;
    let _ = stream.shutdown().await;
}

fn allowing(allowed: &[&str]) -> Client {
    let allowed = allowed.iter().map(|text| text.parse().unwrap()).collect();
    Client::new(Config {
        allowed,
        ..Config::default()
    })
    .unwrap()
}

fn url(address: SocketAddr) -> Url {
    format!("http://{address}/x").parse().unwrap()
}

#[tokio::test]
async fn an_answer_of_an_allowed_host_is_read_whole() {
    let (address, _) = server(|stream| async {
        send(stream, "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").await;
    })
    .await;
    let body = allowing(&["127.0.0.1"]).get(&url(address), LIMIT).await;
    assert_eq!(body.unwrap(), b"{}");
}

#[tokio::test]
async fn nothing_of_the_local_network_is_connected_to() {
    let (address, count) = server(|stream| async {
        send(stream, "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").await;
    })
    .await;
    let port = address.port();
    let client = allowing(&[]);
    for host in [
        "127.0.0.1",
        "2130706433",
        "0x7f.1",
        "017700000001",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "0.0.0.0",
        "localhost",
    ] {
        for scheme in ["http", "https"] {
            let url = format!("{scheme}://{host}:{port}/").parse().unwrap();
            let refused = client.get(&url, LIMIT).await.unwrap_err();
            assert!(matches!(refused, Error::Refused { .. }), "{url}: {refused}");
        }
    }
    // Not every resolver knows this name; whichever does not reaches nothing either.
    let dotted = format!("https://localhost.:{port}/").parse().unwrap();
    client.get(&dotted, LIMIT).await.unwrap_err();
    for text in [
        "ftp://example.com/",
        "file:///etc/passwd",
        "https://user:secret@example.com/",
        "https://169.254.169.254/latest/meta-data",
    ] {
        let refused = client.check(&text.parse().unwrap()).unwrap_err();
        assert!(matches!(refused, Error::Refused { .. }), "{text}");
    }
    assert_eq!(count.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    static TARGET: std::sync::OnceLock<SocketAddr> = std::sync::OnceLock::new();
    let (target, count) = server(|stream| async {
        send(stream, "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").await;
    })
    .await;
    TARGET.get_or_init(|| target);
    let (address, _) = server(|stream| async {
        let to = TARGET.get().unwrap();
        send(
            stream,
            &format!("HTTP/1.1 302 Found\r\nlocation: http://{to}/\r\ncontent-length: 0\r\n\r\n"),
        )
        .await;
    })
    .await;
    let refused = allowing(&["127.0.0.1"]).get(&url(address), LIMIT).await;
    assert!(matches!(refused, Err(Error::Status { status: 302, .. })));
    assert_eq!(count.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn an_endless_body_is_cut_off() {
    let (address, _) = server(|mut stream| async move {
        let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
        let _ = stream.write_all(head.as_bytes()).await;
        let chunk = format!("1000\r\n{}\r\n", "x".repeat(0x1000));
        while stream.write_all(chunk.as_bytes()).await.is_ok() {}
    })
    .await;
    let refused = allowing(&["127.0.0.1"]).get(&url(address), LIMIT).await;
    assert!(matches!(refused, Err(Error::TooLarge { limit: LIMIT, .. })));
}

#[tokio::test]
async fn a_slow_body_ends_with_the_time() {
    let (address, _) = server(|mut stream| async move {
        let head = "HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n";
        let _ = stream.write_all(head.as_bytes()).await;
        while stream.write_all(b" ").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await;
    let begun = Instant::now();
    let refused = allowing(&["127.0.0.1"]).get(&url(address), LIMIT).await;
    assert!(matches!(refused, Err(Error::Timeout(_))), "{refused:?}");
    assert!(begun.elapsed() < limits::OUTBOUND_REQUEST_MAX * 2);
}

#[tokio::test]
async fn a_compressed_answer_is_never_unpacked() {
    let (address, _) = server(|stream| async {
        send(
            stream,
            "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 4\r\n\r\n\x1f\x08\x08\x08",
        )
        .await;
    })
    .await;
    let refused = allowing(&["127.0.0.1"]).get(&url(address), LIMIT).await;
    assert!(matches!(refused, Err(Error::Encoded(_))));
}

/// A name server that answers first with a public address, then with a local one.
#[tokio::test]
async fn a_name_that_moves_into_the_network_is_not_followed_there() {
    let (address, count) = server(|stream| async {
        send(stream, "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").await;
    })
    .await;
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = asked.clone();
    let lookup: Lookup = Arc::new(move |_| {
        let is_first = counter.fetch_add(1, Ordering::SeqCst) == 0;
        let found = match is_first {
            // An address of the internet and one of the network: the second must not be tried.
            true => vec![
                SocketAddr::from(([127, 0, 0, 1], 0)),
                SocketAddr::from(([0, 0, 0, 0], 0)),
            ],
            false => vec![SocketAddr::from(([127, 0, 0, 1], 0))],
        };
        Box::pin(async move { Ok(found) })
    });
    let client = Client::with_lookup(Config::default(), &lookup).unwrap();
    let url: Url = format!("https://rebind.example.com:{}/", address.port())
        .parse()
        .unwrap();
    for _ in 0..2 {
        let refused = client.get(&url, LIMIT).await.unwrap_err();
        assert!(matches!(refused, Error::Refused { .. }), "{refused}");
    }
    assert_eq!(
        asked.load(Ordering::SeqCst),
        2,
        "every request resolves anew, once"
    );
    assert_eq!(count.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_named_host_is_reached_wherever_it_is() {
    let (address, _) = server(|stream| async {
        send(stream, "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").await;
    })
    .await;
    let lookup: Lookup =
        Arc::new(|_| Box::pin(async { Ok(vec![SocketAddr::from(([127, 0, 0, 1], 0))]) }));
    let named = |allowed: &str| {
        let allowed = vec![allowed.parse().unwrap()];
        let config = Config {
            allowed,
            ..Config::default()
        };
        Client::with_lookup(config, &lookup).unwrap()
    };
    let url: Url = format!("http://issuer.internal:{}/", address.port())
        .parse()
        .unwrap();
    assert!(named("issuer.internal").get(&url, LIMIT).await.is_ok());
    assert!(named("other.internal").get(&url, LIMIT).await.is_err());
    // The network alone allows the address, and not plain http to a name.
    let refused = named("127.0.0.0/8").get(&url, LIMIT).await.unwrap_err();
    assert!(refused.to_string().contains("plain http"), "{refused}");
}

#[test]
fn a_ca_file_without_certificates_is_refused() {
    let config = Config {
        ca_certificates: Some(b"nothing".to_vec()),
        ..Config::default()
    };
    assert!(Client::new(config).is_err());
}
