//! HTTP itself: what is no request, what is too large a one, hosts that are not ours.

use std::io::Write as _;
use std::net::TcpStream;

use wharf_e2e::{TestRegistry, raw};

/// Bytes that a client which has begun a request and sends no more may cost: HTTP/1's two buffers and the
/// connection's state.
const SILENT_CONNECTION_MAX: u64 = 40 * 1024;

#[test]
fn what_is_no_http_is_refused_or_hung_up_on() {
    let registry = TestRegistry::start();
    let address = registry.address();
    let host = format!("Host: {address}\r\nConnection: close\r\n");
    let mut requests: Vec<Vec<u8>> = [
        "\r\n\r\n".to_owned(),
        "GET\r\n\r\n".to_owned(),
        "GET /v2/\r\n\r\n".to_owned(),
        format!("GET /v2/ HTTP/9.9\r\n{host}\r\n"),
        format!("G T /v2/ HTTP/1.1\r\n{host}\r\n"),
        format!("GET v2 HTTP/1.1\r\n{host}\r\n"),
        format!("GET /v2/\u{1}\u{2} HTTP/1.1\r\n{host}\r\n"),
        format!("GET /v2/ HTTP/1.1\r\n{host}No colon here\r\n\r\n"),
        format!("GET /v2/ HTTP/1.1\r\n{host}A : b\r\n\r\n"),
        format!(
            "GET /v2/ HTTP/1.1\r\n{host}{}\r\n",
            "A: b\r\n".repeat(1_000)
        ),
        format!(
            "GET /v2/ HTTP/1.1\r\n{host}A: {}\r\n\r\n",
            "b".repeat(1 << 20)
        ),
        format!("POST /token HTTP/1.1\r\n{host}Content-Length: -1\r\n\r\n"),
        format!("POST /token HTTP/1.1\r\n{host}Content-Length: 1\r\nContent-Length: 2\r\n\r\nab"),
        format!("POST /token HTTP/1.1\r\n{host}Content-Length: 99999999999999999999999\r\n\r\n"),
        format!("POST /token HTTP/1.1\r\n{host}Transfer-Encoding: chunked\r\n\r\nzz\r\n"),
        format!(
            "POST /token HTTP/1.1\r\n{host}Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n"
        ),
        format!("POST /token HTTP/1.1\r\n{host}Transfer-Encoding: gzip\r\n\r\nabc"),
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nnonsense after the preface of HTTP/2".to_owned(),
        "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}\u{0}\u{1}\u{fc}\u{3}\u{3}".to_owned(),
    ]
    .map(String::into_bytes)
    .into();
    requests.push(vec![0; 4_096]);
    requests.push(vec![0xff; 4_096]);
    for request in requests {
        if request.starts_with(b"PRI") {
            // Answered in HTTP/2's own frames, if at all.
            let mut connection = TcpStream::connect(address).unwrap();
            connection.write_all(&request).unwrap();
            continue;
        }
        if let Some(answer) = raw::break_off(address, &request) {
            assert!(
                (400..=505).contains(&answer.status) && answer.status != 500,
                "{answer}"
            );
        }
    }
    registry.assert_unharmed(&[]);
}

#[test]
fn a_request_is_not_smuggled_in_behind_another() {
    let registry = TestRegistry::start();
    let address = registry.address();
    let smuggled = format!(
        "POST /token HTTP/1.1\r\nHost: {address}\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /metrics HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"
    );
    let answer = raw::break_off(address, smuggled.as_bytes());
    if let Some(answer) = answer {
        assert!((400..500).contains(&answer.status), "{answer}");
    }
    registry.assert_unharmed(&[]);
}

#[test]
fn too_long_uris_and_unknown_methods_are_refused_in_the_dialect_of_the_path() {
    let registry = TestRegistry::start();
    let address = registry.address();
    let long = "a".repeat(20_000);
    let answer = raw::request(
        address,
        "GET",
        &format!("/v2/default/{long}/manifests/latest"),
        &[],
    );
    assert_eq!(answer.status, 414, "{answer}");
    assert!(answer.json()["errors"][0]["code"].is_string(), "{answer}");
    let answer = raw::request(address, "GET", &format!("/v3/projects?filter={long}"), &[]);
    assert_eq!(answer.status, 414, "{answer}");
    assert!(answer.json()["error"]["message"].is_string(), "{answer}");
    for method in ["BREW", "TRACE", "CONNECT", "PROPFIND", "OPTIONS"] {
        let answer = raw::request(
            address,
            method,
            "/v2/default/app/manifests/latest",
            &[("Content-Length", "0")],
        );
        assert!([400, 401, 405, 501].contains(&answer.status), "{answer}");
        let answer = raw::request(address, method, "/healthz", &[("Content-Length", "0")]);
        assert!([400, 404, 405, 501].contains(&answer.status), "{answer}");
    }
    registry.assert_unharmed(&[]);
}

#[test]
fn only_its_own_hosts_are_answered_once_they_are_named() {
    let registry = TestRegistry::start_with(&[
        "--host",
        "registry.example.com",
        "--host",
        "eu.example.com=eu",
    ]);
    let address = registry.address();
    let get = |host: &str, path: &str| {
        let text = format!("GET {path} HTTP/1.1\r\n{host}Connection: close\r\n\r\n");
        raw::exchange(address, text.as_bytes()).unwrap()
    };
    for host in [
        "registry.example.com",
        "registry.example.com:443",
        "eu.example.com",
        "EU.Example.COM",
    ] {
        let answer = get(&format!("Host: {host}\r\n"), "/v2/");
        let challenge = answer.header("www-authenticate").to_lowercase();
        assert!(
            challenge.contains(&format!("://{}/v2/token", host.to_lowercase())),
            "{answer}"
        );
        answer.oci_error(401, "UNAUTHORIZED");
    }
    for host in [
        "Host: evil.example.com\r\n",
        "Host: registry.example.com.evil.example\r\n",
        "Host: us.example.com:80\r\n",
    ] {
        let answer = get(host, "/v2/");
        assert_eq!(answer.status, 421, "{answer}");
        assert!(
            !answer.header("www-authenticate").contains("evil"),
            "{answer}"
        );
        assert!(
            answer.json()["errors"][0]["message"].is_string(),
            "{answer}"
        );
    }
    for host in [
        "",
        "Host: \r\n",
        "Host: a b\r\n",
        "Host: a/b\r\n",
        "Host: user@registry.example.com\r\n",
        "Host: registry.example.com\"\r\n",
        "Host: registry.example.com\r\nHost: evil.example.com\r\n",
        "Host: registry.example.com:99999999\r\n",
        "Host: ..\r\n",
        "Host: %00\r\n",
    ] {
        let answer = get(host, "/v2/");
        assert!([400, 421].contains(&answer.status), "{host:?}: {answer}");
    }
    registry.assert_unharmed(&[]);
}

#[test]
fn many_silent_connections_take_little_memory_and_shut_nobody_out() {
    let registry = TestRegistry::start();
    let before = registry.memory();
    let silent: Vec<TcpStream> = (0..500)
        .map(|_| {
            let mut connection = TcpStream::connect(registry.address()).unwrap();
            connection
                .write_all(b"GET /v2/ HTTP/1.1\r\nHost: a")
                .unwrap();
            connection
        })
        .collect();
    registry.anonymous().get("/healthz").send().expect(200);
    let each = registry.memory().saturating_sub(before) / silent.len() as u64;
    assert!(
        each < SILENT_CONNECTION_MAX,
        "{each} bytes for a silent connection"
    );
    registry.assert_unharmed(&[]);
}
