//! Endpoints that are not what they should be.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::OnceLock;

use crate::support::{Outcome, Registry, wharf};

/// A registry for nothing but its owner's key file: a good one, so that every command gets as far as the endpoint.
fn key() -> &'static str {
    static KEY: OnceLock<String> = OnceLock::new();
    KEY.get_or_init(|| {
        let registry = Registry::start();
        fs::read_to_string(registry.data().join("owner.json")).unwrap()
    })
}

/// Runs a command against an endpoint that answers every request with these bytes.
fn against(answer: Vec<u8>) -> Outcome {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    // The thread ends with the process: it waits for clients as a server does.
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut stream = stream;
            let mut request = [0; 16 * 1024];
            // A client that gave up has seen enough.
            let _ = stream.read(&mut request);
            let _ = stream.write_all(&answer);
        }
    });
    run(&endpoint, &[])
}

fn run(endpoint: &str, arguments: &[&str]) -> Outcome {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key.json");
    fs::write(&path, key()).unwrap();
    let mut command = wharf();
    command
        .args(["projects", "list", "--endpoint", endpoint, "--key-file"])
        .arg(&path)
        .args(arguments)
        .env("WHARF_CONFIG_DIR", folder.path());
    Outcome::of(&mut command)
}

fn http(head: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 {head}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}")
        .into_bytes()
}

#[test]
fn nobody_there() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    run(&endpoint, &[]).code(1).says(&[
        "error: cannot reach",
        &endpoint,
        "hint: is `wharf serve` running",
    ]);
    run("http://no-such-host.invalid", &[])
        .code(1)
        .says(&["error: cannot reach", "hint: "]);
}

#[test]
fn another_kind_of_server() {
    against(http(
        "200 OK\r\nContent-Type: text/html",
        "<html>It works!</html>",
    ))
    .code(1)
    .says(&[
        "error: ",
        "not as a registry",
        "hint: is that a Wharfinger?",
    ]);
    against(http("404 Not Found", "<html>404</html>"))
        .code(1)
        .says(&["error: the server answered 404"]);
    against(b"SSH-2.0-OpenSSH_9.2\r\n".to_vec())
        .code(1)
        .says(&["error: cannot reach", "hint: "]);
    against(Vec::new())
        .code(1)
        .says(&["error: cannot reach", "hint: "]);
}

#[test]
fn a_redirect_is_not_followed() {
    against(http(
        "307 Temporary Redirect\r\nLocation: http://192.0.2.1/steal",
        "",
    ))
    .code(1)
    .says(&[
        "redirects to http://192.0.2.1/steal",
        "hint: credentials are not carried",
    ]);
}

#[test]
fn an_answer_without_an_end() {
    let mut answer = b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n".to_vec();
    answer.resize(40 * 1024 * 1024, b' ');
    against(answer).code(1).says(&["more than 33554432 bytes"]);
}

#[test]
fn an_error_that_would_steer_the_terminal() {
    let body = r#"{"error":{"code":400,"message":"\u001b[2Jgone","status":"INVALID_ARGUMENT"}}"#;
    let outcome = against(http("400 Bad Request", body)).code(1);
    assert!(!outcome.stderr.contains('\u{1b}'), "{outcome:?}");
}

#[test]
fn tls_where_there_is_none() {
    let registry = Registry::start();
    let endpoint = registry.url.replace("http://", "https://");
    run(&endpoint, &[]).code(1).says(&[
        "TLS handshake",
        &format!(
            "hint: if it serves plain HTTP, say so: --endpoint {}",
            registry.url
        ),
    ]);
}

#[test]
fn an_authority_that_nobody_trusts_until_it_is_named() {
    let registry = Registry::start_with(&["--tls-self-signed", "--host", "registry.internal"]);
    let ca = registry.data().join("tls").join("ca.pem");
    let printed = registry.printed();
    assert!(
        printed.contains(&format!("CA           {}\n", ca.display())),
        "{printed}"
    );
    assert!(
        printed.contains("docker:      install -D -m 644 "),
        "{printed}"
    );
    registry
        .owner("projects list")
        .code(1)
        .says(&["does not trust", "hint: ", "--ca-file"]);
    registry
        .owner(&format!("projects list --ca-file {}", ca.display()))
        .code(0);
    // A login keeps the CA too.
    let mut command = registry.command("auth login");
    command.arg(&registry.url).args([
        "--key-file",
        "data/owner.json",
        "--ca-file",
        "data/tls/ca.pem",
    ]);
    Outcome::of(&mut command).code(0);
    let images = Outcome::of(&mut registry.command("images list")).code(0);
    assert!(images.stderr.contains("Listed 0 items"), "{images:?}");
    // Another name of the same server gets a proof of its own.
    let other = registry.host().replace("127.0.0.1", "localhost");
    let mut command = registry.command(&format!("images list {other}/default"));
    Outcome::of(&mut command).code(0);
}

#[test]
fn a_ca_file_that_is_none() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ca.pem");
    fs::write(&path, "not a certificate").unwrap();
    run(
        "https://127.0.0.1:1",
        &["--ca-file", path.to_str().unwrap()],
    )
    .code(1)
    .says(&["the CA file holds no certificate"]);
}
