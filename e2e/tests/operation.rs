//! What whoever runs a registry relies on: restarts, graceful ends, TLS, HTTP/2, the audit log, metrics.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;
use wharf_e2e::content::digest;
use wharf_e2e::http::with_digest;
use wharf_e2e::random::Random;
use wharf_e2e::registry::secrets_of;
use wharf_e2e::shop::{PROJECT, password};
use wharf_e2e::wait::wait_for;
use wharf_e2e::{Program, Shop, TestRegistry, raw};

const SOON: Duration = Duration::from_secs(10);
/// Larger than what is kept in the database, so that it lies in a file.
const LARGE: usize = 300_000;

#[test]
fn uploads_and_tokens_survive_a_restart() {
    let mut registry = TestRegistry::start();
    let owner = registry.owner();
    let content = Random::new(1).bytes(LARGE);
    let token = owner.token("repository:default/app:pull,push");
    let upload = owner.start_upload("default/app");
    owner
        .patch(&upload)
        .body(content[..LARGE / 3].to_vec())
        .send()
        .expect(202);
    assert!(registry.stop().success());
    registry.start_again();
    let status = owner.get(&upload).bearer(&token).send().expect(204);
    assert_eq!(status.header("range"), format!("0-{}", LARGE / 3 - 1));
    let range = format!("{}-{}", LARGE / 3, LARGE - 1);
    owner
        .patch(&upload)
        .bearer(&token)
        .header("content-range", &range)
        .body(content[LARGE / 3..].to_vec())
        .send()
        .expect(202);
    registry.kill();
    registry.start_again();
    let digest = digest(&content);
    owner
        .put(&with_digest(&upload, &digest))
        .bearer(&token)
        .send()
        .expect(201);
    let answer = owner
        .get(&format!("/v2/default/app/blobs/{digest}"))
        .bearer(&token)
        .send();
    assert!(answer.expect(200).body == content);
}

#[test]
fn a_graceful_end_finishes_an_upload_in_flight_and_takes_no_new_connection() {
    let mut registry = TestRegistry::start();
    let owner = registry.owner();
    let content = Random::new(2).bytes(LARGE);
    let digest = digest(&content);
    let token = owner.token("repository:default/app:pull,push");
    let path = format!("/v2/default/app/blobs/uploads/?digest={digest}");
    let mut connection = TcpStream::connect(registry.address()).unwrap();
    write!(
        connection,
        "POST {path} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {token}\r\nContent-Length: {LARGE}\r\n\r\n",
        registry.address()
    )
    .unwrap();
    connection.write_all(&content[..LARGE / 2]).unwrap();
    let nobody = registry.anonymous();
    wait_for("upload in flight", SOON, || {
        let metrics = nobody.get("/metrics").send().expect(200);
        String::from_utf8_lossy(&metrics.body)
            .lines()
            .any(|line| {
                line.starts_with("wharf_requests_in_flight{route=\"uploads\"}")
                    && line.ends_with(" 1")
            })
            .then_some(())
    });
    registry.ask_to_stop();
    wait_for("closed listener", SOON, || {
        TcpStream::connect(registry.address())
            .is_err()
            .then_some(())
    });
    connection.write_all(&content[LARGE / 2..]).unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    assert!(registry.wait_for_end().success());
    registry.start_again();
    let answer = registry
        .owner()
        .get(&format!("/v2/default/app/blobs/{digest}"))
        .send();
    assert!(answer.expect(200).body == content);
}

#[test]
fn a_data_folder_is_served_by_one_process_and_kept_from_others() {
    let registry = TestRegistry::start();
    let second = Program::new(wharf_e2e::registry::binary())
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(registry.data())
        .fails();
    assert!(second.stderr.contains("in use"), "{second}");
    let mode = fs::metadata(registry.owner_key())
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    let group_or_others = fs::metadata(registry.data()).unwrap().permissions().mode() & 0o077;
    assert_eq!(group_or_others, 0, "{group_or_others:o}");
}

#[test]
fn a_certificate_of_its_own_is_trusted_once_its_ca_is() {
    let registry = TestRegistry::start_with(&["--tls-self-signed"]);
    let ca = registry.data().join("tls/ca.pem");
    assert!(
        registry.log().contains("ca.pem"),
        "the CA is not announced: {}",
        registry.log()
    );
    let distrusted = curl(&registry)
        .arg(format!("{}/v2/", registry.url()))
        .fails();
    assert_eq!(distrusted.code, Some(60), "{distrusted}");
    let code = curl(&registry)
        .arg("--cacert")
        .arg(&ca)
        .args([
            "--output",
            "/dev/null",
            "--write-out",
            "%{http_code} %{http_version}",
        ])
        .arg(format!("{}/v2/", registry.url()))
        .succeeds();
    assert_eq!(code.line(), "401 2", "HTTP/2 is offered on TLS");
    let login = Program::new("skopeo")
        .env("REGISTRY_AUTH_FILE", registry.scratch().join("auth.json"))
        .args([
            "login",
            "--username",
            "_json_key",
            "--password-stdin",
            "--cert-dir",
        ])
        .arg(certificates(&registry.scratch(), &ca))
        .arg(registry.host())
        .stdin(password(&registry.owner_key()))
        .succeeds();
    assert!(login.stdout.contains("Login Succeeded"), "{login}");
    let key: Value = serde_json::from_str(&password(&registry.owner_key())).unwrap();
    assert_eq!(key["token_uri"], format!("{}/token", registry.url()));
}

#[test]
fn a_certificate_from_files_is_served() {
    let folder = tempfile::tempdir().unwrap();
    let (certificate, key) = (
        folder.path().join("cert.pem"),
        folder.path().join("key.pem"),
    );
    Program::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=localhost",
        ])
        .args(["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"])
        .arg("-keyout")
        .arg(&key)
        .arg("-out")
        .arg(&certificate)
        .succeeds();
    let registry = TestRegistry::start_with(&[
        "--tls-cert",
        certificate.to_str().unwrap(),
        "--tls-key",
        key.to_str().unwrap(),
    ]);
    curl(&registry)
        .arg("--cacert")
        .arg(&certificate)
        .arg(format!("{}/healthz", registry.url()))
        .succeeds();
}

#[test]
fn blobs_go_through_http_2_both_ways() {
    let registry = TestRegistry::start_with(&["--tls-self-signed"]);
    let ca = registry.data().join("tls/ca.pem");
    let content = Random::new(3).bytes(8 << 20);
    let file = registry.scratch().join("content");
    fs::write(&file, &content).unwrap();
    let user = registry.scratch().join("user");
    let login = format!("_json_key:{}", password(&registry.owner_key()));
    // In a file, so that the key is in no process's arguments.
    let escaped = login
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n");
    fs::write(&user, format!("user = \"{escaped}\"\n")).unwrap();
    let curl = |arguments: &[&str]| {
        curl(&registry)
            .arg("--config")
            .arg(&user)
            .arg("--cacert")
            .arg(&ca)
            .args(["--http2", "--write-out", "\n%{http_code} %{http_version}"])
            .args(arguments)
            .succeeds()
    };
    let (base, digest) = (
        format!("{}/v2/default/app/blobs", registry.url()),
        digest(&content),
    );
    let sent = curl(&[
        "--request",
        "POST",
        "--header",
        "content-type: application/octet-stream",
        "--data-binary",
        &format!("@{}", file.display()),
        &format!("{base}/uploads/?digest={digest}"),
    ]);
    assert_eq!(sent.stdout.trim(), "201 2", "{sent}");
    let back = registry.scratch().join("back");
    let got = curl(&[
        "--output",
        back.to_str().unwrap(),
        &format!("{base}/{digest}"),
    ]);
    assert_eq!(got.stdout.trim(), "200 2", "{got}");
    assert!(fs::read(back).unwrap() == content);
    // Plain HTTP/2 by prior knowledge works as well.
    let plain = TestRegistry::start();
    let code = Program::new("curl")
        .args([
            "--silent",
            "--http2-prior-knowledge",
            "--write-out",
            "%{http_version}",
        ])
        .arg(format!("{}/healthz", plain.url()))
        .succeeds();
    assert!(code.stdout.ends_with('2'), "{code}");
}

#[test]
fn the_audit_log_says_who_did_what_and_has_no_secret() {
    let shop = Shop::open();
    let pusher = shop.client(&shop.pusher);
    let puller = shop.client(&shop.puller);
    let digest = pusher.push_blob(&format!("{PROJECT}/app"), b"a layer");
    puller
        .get(&format!("/v2/{PROJECT}/app/blobs/{digest}"))
        .send()
        .expect(200);
    puller
        .post(&format!("/v2/{PROJECT}/app/blobs/uploads/"))
        .send()
        .oci_error(401, "DENIED");
    let token = puller.token(&format!("repository:{PROJECT}/app:pull"));
    let lines = wait_for("audit of all that", SOON, || {
        let audit = shop.registry.audit();
        let lines: Vec<Value> = audit
            .lines()
            .map_while(|line| serde_json::from_str(line).ok())
            .collect();
        lines.iter().any(is_refused_push).then_some(lines)
    });
    let allowed = lines.iter().any(|line| {
        let text = line.to_string();
        text.contains("puller@")
            && text.contains("storage.objects.get")
            && text.contains("roles/storage.objectViewer")
    });
    assert!(
        allowed,
        "no line says by which binding the pull was allowed: {lines:#?}"
    );
    let granted = lines.iter().any(|line| {
        let text = line.to_string();
        text.contains("owner@default") && text.to_lowercase().contains("setiampolicy")
    });
    assert!(granted, "no line says who granted: {lines:#?}");
    let mut secrets = vec![token];
    for key in [&shop.pusher, &shop.puller, &shop.registry.owner_key()] {
        secrets.extend(secrets_of(key));
    }
    shop.registry.assert_unharmed(&secrets);
}

fn is_refused_push(line: &Value) -> bool {
    let text = line.to_string();
    text.contains("puller@") && text.contains("storage.objects.create")
}

#[test]
fn health_and_metrics_are_there_for_whoever_watches() {
    let registry = TestRegistry::start();
    registry.owner().push_blob("default/app", b"something");
    let nobody = registry.anonymous();
    nobody.get("/healthz").send().expect(200);
    nobody.get("/readyz").send().expect(200);
    let metrics = nobody.get("/metrics").send().expect(200);
    let text = String::from_utf8_lossy(&metrics.body).into_owned();
    assert!(text.contains("# TYPE "), "{text}");
    assert!(
        text.lines()
            .any(|line| line.contains("201") || line.contains("POST")),
        "{text}"
    );
    let answer = raw::request(registry.address(), "GET", "/v2/", &[]);
    assert!(!answer.header("x-request-id").is_empty(), "{answer}");
}

fn curl(registry: &TestRegistry) -> Program {
    Program::new("curl")
        .env("HOME", registry.scratch())
        .args(["--silent", "--show-error"])
        .args(["--noproxy", "*"])
}

/// A folder with the CA, as programs of the containers/image family want it.
fn certificates(folder: &Path, ca: &Path) -> PathBuf {
    let certificates = folder.join("certificates");
    fs::create_dir_all(&certificates).unwrap();
    fs::copy(ca, certificates.join("ca.crt")).unwrap();
    certificates
}
