//! `wharf serve`: its first words, its end, and what keeps it from starting.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;

use rustix::process::Signal;

use crate::support::{Outcome, Registry, wait_for, wharf};

#[test]
fn the_first_start_says_where_it_is_and_what_to_type_next() {
    let mut registry = Registry::start();
    let printed = registry.printed();
    let key = registry.data().join("owner.json");
    let key = key.display();
    for line in [
        format!("Listening on http://{}\n", registry.host()),
        format!("Owner's key  {key} (new"),
        format!(
            "  docker login {} --username _json_key --password-stdin < {key}\n",
            registry.host()
        ),
        format!("  docker push {}/default/busybox\n", registry.host()),
        format!("  wharf auth login {} --key-file {key}\n", registry.url),
    ] {
        assert!(printed.contains(&line), "{line:?} is not in\n{printed}");
    }
    assert_eq!(registry.stop().code(), Some(0), "{}", registry.log());
    registry.start_again(&[]);
    assert!(
        !registry.printed().contains("(new"),
        "{}",
        registry.printed()
    );
    registry.signal(Signal::INT);
    assert_eq!(registry.wait_for_end().code(), Some(0));
}

#[test]
fn the_owner_key_is_private_and_logs_in_where_it_says() {
    let registry = Registry::start();
    let key = registry.data().join("owner.json");
    let mode = fs::metadata(&key).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let json: serde_json::Value = serde_json::from_str(&fs::read_to_string(&key).unwrap()).unwrap();
    assert_eq!(json["token_uri"], format!("{}/token", registry.url));
    // The key file alone tells where its registry is.
    let mut command = registry.command("auth print-access-token --key-file");
    let token = Outcome::of(command.arg(&key)).code(0);
    assert!(
        token.stdout.len() > 20 && token.stderr.is_empty(),
        "{token:?}"
    );
    assert!(!registry.log().contains(token.stdout.trim()));
}

/// Begins an upload whose body of ten bytes is still to come. The server has begun to wait for it.
fn begin_upload(registry: &Registry) -> TcpStream {
    // The SHA-256 of ten zeros.
    const ZEROS: &str = "sha256:01d448afd928065458cf670b60f5a594d735af0172c8d67f22a81680132681ca";
    let token = registry.owner("auth print-access-token").code(0).stdout;
    let mut stream = registry.connect();
    write!(
        stream,
        "POST /v2/default/web/blobs/uploads/?digest={ZEROS} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\nContent-Type: application/octet-stream\r\nContent-Length: 10\r\nExpect: 100-continue\r\n\r\n",
        registry.host(),
        token.trim()
    )
    .unwrap();
    let mut answer = [0; 25];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream
}

/// Asks it to stop and waits until it has heard.
fn ask_to_stop(registry: &mut Registry) {
    registry.signal(Signal::TERM);
    assert!(wait_for(|| registry.log().contains("stopping: ")));
    assert!(registry.is_running());
}

#[test]
fn an_upload_in_flight_is_finished_before_the_end() {
    let mut registry = Registry::start();
    let mut stream = begin_upload(&registry);
    ask_to_stop(&mut registry);
    stream.write_all(&[0; 10]).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    assert_eq!(registry.wait_for_end().code(), Some(0));
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let mut registry = Registry::start();
    let _stream = begin_upload(&registry);
    ask_to_stop(&mut registry);
    registry.signal(Signal::TERM);
    assert_eq!(registry.wait_for_end().code(), Some(1));
}

#[test]
fn a_folder_in_use_is_refused() {
    let registry = Registry::start();
    let mut command = wharf();
    command
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(registry.data());
    Outcome::of(&mut command)
        .code(1)
        .says(&["error: ", "is in use by another process"]);
}

#[test]
fn a_port_in_use_is_refused_with_a_way_out() {
    let folder = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let mut command = wharf();
    command
        .args(["serve", "--listen", &address, "--data"])
        .arg(folder.path().join("data"));
    Outcome::of(&mut command)
        .code(1)
        .says(&[&address, "hint: another process listens there"]);
    // Nothing was begun for a registry that could not be reached.
    assert!(!folder.path().join("data").exists());
}

/// An empty SQLite database of one page, whose schema has this version (SQLite's file format, sections 1.3 and 1.6).
fn database(version: u32) -> Vec<u8> {
    let mut page = vec![0; 4096];
    let mut put = |at: usize, bytes: &[u8]| page[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, b"SQLite format 3\0");
    // Page size; legacy journal; payload fractions, which are fixed.
    put(16, &[0x10, 0x00, 1, 1, 0, 64, 32, 32]);
    // Change counter; pages.
    put(24, &[0, 0, 0, 1, 0, 0, 0, 1]);
    // Schema format 4; UTF-8.
    put(44, &[0, 0, 0, 4]);
    put(56, &[0, 0, 0, 1]);
    put(60, &version.to_be_bytes());
    // The change counter for which the number of pages is right.
    put(92, &[0, 0, 0, 1]);
    // An empty leaf of the schema's table, whose content begins at the page's end.
    put(100, &[0x0d, 0, 0, 0, 0, 0x10, 0x00, 0]);
    page
}

#[test]
fn newer_data_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("metadata.sqlite"), database(999)).unwrap();
    let mut command = wharf();
    command
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(folder.path());
    Outcome::of(&mut command)
        .code(1)
        .says(&["schema version 999", "a newer one"]);
}

#[test]
fn what_cannot_be_meant_is_a_matter_of_usage() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("wharf.toml");
    fs::write(&config, "listen = \"127.0.0.1:0\"\nlisten-on = \"x\"\n").unwrap();
    let config = config.to_str().unwrap();
    for (arguments, expected) in [
        (["--config", config].as_slice(), "line 2"),
        (&["--config", "/nowhere/wharf.toml"], "cannot read"),
        (&["--listen", "somewhere"], "ADDRESS:PORT"),
        (&["--tls-cert", "cert.pem"], "--tls-key"),
        (&["--root-key", "c2VjcmV0"], "never given itself"),
        (&["--host", "https://example.com"], "not a host name"),
        (&["--log", "=="], "not a log filter"),
        (&["--no-such-option"], "--no-such-option"),
    ] {
        let mut command = wharf();
        command
            .current_dir(folder.path())
            .arg("serve")
            .args(arguments);
        let outcome = Outcome::of(&mut command).says(&[expected]);
        let code = if expected == "cannot read" { 1 } else { 2 };
        assert!(!outcome.stderr.contains("c2VjcmV0\n"), "{outcome:?}");
        outcome.code(code);
    }
    assert!(!folder.path().join("wharf-data").exists());
}

#[test]
fn environment_and_file_are_settings_too() {
    let folder = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let config = folder.path().join("wharf.toml");
    let address = taken.local_addr().unwrap();
    fs::write(
        &config,
        format!("listen = \"{address}\"\ndata = \"unused\"\n"),
    )
    .unwrap();
    // The address of the file is taken, so that each step shows which setting counted.
    let run = |variable: Option<&str>| {
        let mut command = wharf();
        command
            .current_dir(folder.path())
            .arg("serve")
            .env("WHARF_CONFIG", &config);
        if let Some(value) = variable {
            command.env("WHARF_LISTEN", value);
        }
        Outcome::of(&mut command)
    };
    run(None).code(1).says(&[&address.to_string()]);
    run(Some("192.0.2.1:1")).code(1).says(&["192.0.2.1:1"]);
}
