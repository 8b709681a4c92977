//! Each generation of containerd that Debian has says in its own words why a pull failed. The words are recorded, and
//! the doctor's unit tests read the record; this test proves that the record is true.
//!
//! `WHARF_E2E_RECORD=1 cargo test -p wharf-e2e --test runtimes` records anew.
#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "tests")]

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};
use wharf_e2e::containerd::Containerd;
use wharf_e2e::content::{IMAGE_INDEX, IMAGE_MANIFEST, Image, digest};
use wharf_e2e::faults::{Asked, FaultServer, Reply};
use wharf_e2e::names::{NameServer, loopback_address};
use wharf_e2e::{Program, TestRegistry};

/// Downloads of some 30 MB each, the first time.
const FETCH_DEADLINE: Duration = Duration::from_secs(600);

/// The ways in which a pull fails, and whether the pull has a credential.
const FAULTS: [(&str, bool); 31] = [
    ("token-401", false),
    ("token-401", true),
    ("token-403", true),
    ("token-404", true),
    ("token-429", true),
    ("token-503", true),
    ("token-absent", true),
    ("token-html", true),
    ("token-refused", false),
    ("insufficient-scope", true),
    ("insufficient-scope-unsaid", true),
    ("invalid-token", true),
    ("basic", false),
    ("basic", true),
    ("no-challenge", true),
    ("manifest-403", false),
    ("manifest-404", false),
    ("manifest-429", false),
    ("manifest-500", false),
    ("manifest-503", false),
    ("manifest-html", false),
    ("manifest-schema-1", false),
    ("platform", false),
    ("blob-404", false),
    ("blob-403", false),
    ("blob-corrupt", false),
    ("dns", false),
    ("refused", false),
    ("unknown-ca", false),
    ("wrong-name", false),
    ("plain-http", false),
];

#[test]
fn containerd_1_6_says_what_is_recorded() {
    record_is_true("bookworm");
}

#[test]
fn containerd_1_7_says_what_is_recorded() {
    record_is_true("trixie");
}

#[test]
fn containerd_2_says_what_is_recorded() {
    record_is_true("sid");
}

/// Makes every fault for the containerd of a suite, and compares what it says with the record.
fn record_is_true(suite: &str) {
    let program = runtimes().join(suite).join("usr/bin/containerd");
    let version = Program::new(&program).arg("--version").succeeds();
    let version = version.line().split(' ').nth(2).unwrap();
    let version = version.split(['~', '+']).next().unwrap();
    let yard = Yard::open(&program);
    let cases: Vec<Value> = FAULTS
        .iter()
        // Older ones take schema 1 still, and then want it signed.
        .filter(|(fault, ..)| *fault != "manifest-schema-1" || suite == "sid")
        .map(|(fault, credential)| {
            json!({"fault": fault, "credential": credential, "text": yard.pull(fault, *credential)})
        })
        .collect();
    let said = json!({"runtime": format!("containerd {version}"), "cases": cases});
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../crates/cluster/tests/runtimes")
        .join(format!("{suite}.json"));
    if std::env::var_os("WHARF_E2E_RECORD").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, serde_json::to_string_pretty(&said).unwrap() + "\n").unwrap();
        return;
    }
    let recorded: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    if recorded["runtime"] != said["runtime"] {
        // Debian has moved on. That is no fault of this tree: the record is true of the version that it names.
        eprintln!(
            "{suite} has {} now, and the record is of {}: record it anew",
            said["runtime"], recorded["runtime"]
        );
        return;
    }
    for (said, recorded) in said["cases"]
        .as_array()
        .unwrap()
        .iter()
        .zip(recorded["cases"].as_array().unwrap())
    {
        assert_eq!(said, recorded, "the record is not true of {version}");
    }
    assert_eq!(said, recorded);
}

/// A containerd, and everything that it can fail at.
struct Yard {
    containerd: Containerd,
    faults: FaultServer,
    names: NameServer,
    registry: TestRegistry,
    folder: tempfile::TempDir,
}

impl Yard {
    fn open(program: &Path) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let names = NameServer::start(loopback_address(), &folder.path().join("names"));
        names.add("wrong-name.test", std::net::Ipv4Addr::LOCALHOST);
        let registry = TestRegistry::start_with(&["--tls-self-signed"]);
        let faults = FaultServer::start(answer);
        let containerd = Containerd::start_with_names(program, names.address());
        Self {
            containerd,
            faults,
            names,
            registry,
            folder,
        }
    }

    /// The text of a pull that must fail, as the kubelet passes it on, without what differs from run to run.
    fn pull(&self, fault: &str, with_credential: bool) -> String {
        let plain = self.faults.address();
        let tls = self.registry.address();
        let server = match fault {
            "dns" => None,
            "refused" => Some("https://127.0.0.1:1".to_owned()),
            "unknown-ca" => Some(format!("https://{tls}")),
            "wrong-name" => Some(format!("https://wrong-name.test:{}", tls.port())),
            "plain-http" => Some(format!("https://{plain}")),
            _ => Some(format!("http://{plain}")),
        };
        let host = format!("{fault}.test");
        if let Some(server) = server {
            let mut hosts = format!("server = \"{server}\"\n[host.\"{server}\"]\n");
            if fault == "wrong-name" {
                hosts.push_str(&format!("  ca = \"{}\"\n", self.registry.ca().display()));
            }
            self.containerd.reach(&host, &hosts);
        }
        let config = self.folder.path().join(format!("{fault}.json"));
        let entry = json!({"username": "user", "password": "password"});
        fs::write(&config, json!({"auths": {&host: entry}}).to_string()).unwrap();
        let config = with_credential.then_some(config.as_path());
        let failed = self
            .containerd
            .cri_pull(&format!("{host}/{fault}:1"), config)
            .fails();
        let text = failed.stderr.trim();
        let text = text.strip_prefix("cri-pull: ").unwrap();
        // The kubelet cuts this off, and no other code.
        let text = text
            .strip_prefix("rpc error: code = Unknown desc = ")
            .unwrap_or(text);
        text.replace(&plain.to_string(), "127.0.0.1:PORT")
            .replace(&format!(":{}", tls.port()), ":PORT")
            .replace(&self.names.address().to_string(), "10.0.0.10")
    }
}

/// Answers by the name of the fault, which is the repository's.
fn answer(asked: &Asked) -> Reply {
    let mut parts = asked.path.trim_start_matches('/').split('/');
    let place = parts.next().unwrap_or_default();
    let fault = parts.next().unwrap_or_default();
    match (place, parts.next()) {
        ("token", _) => token(fault),
        (_, Some("blobs")) => blob(fault, &asked.path),
        _ => manifest(fault, asked),
    }
}

fn token(fault: &str) -> Reply {
    match fault {
        "token-absent" => Reply::new(200).body("application/json", "{}"),
        "token-html" => Reply::new(200).body("text/html", "<html>Sign in</html>"),
        _ => match fault.strip_prefix("token-") {
            Some(status) => Reply::new(status.parse().unwrap()),
            None => {
                let token = json!({"token": "t", "access_token": "t"});
                Reply::new(200).body("application/json", token.to_string())
            }
        },
    }
}

fn manifest(fault: &str, asked: &Asked) -> Reply {
    let realm = match fault {
        "token-refused" => "http://127.0.0.1:1/token".to_owned(),
        _ => format!("http://{}/token/{fault}", asked.server),
    };
    let bearer = format!("Bearer realm=\"{realm}\",service=\"registry\"");
    let challenge =
        |extra: &str| Reply::new(401).header("WWW-Authenticate", format!("{bearer}{extra}"));
    let authorized = asked.scheme == "bearer";
    match fault {
        "basic" => Reply::new(401).header("WWW-Authenticate", "Basic realm=\"registry\""),
        "no-challenge" => Reply::new(401),
        "insufficient-scope" if authorized => challenge(",error=\"insufficient_scope\""),
        "invalid-token" if authorized => challenge(",error=\"invalid_token\""),
        "manifest-html" => page(),
        "manifest-schema-1" => Reply::new(200).body(
            "application/vnd.docker.distribution.manifest.v1+prettyjws",
            json!({"schemaVersion": 1}).to_string(),
        ),
        "platform" => known(IMAGE_INDEX, arm_only().to_string().into_bytes()),
        "blob-404" | "blob-403" | "blob-corrupt" => known(IMAGE_MANIFEST, image().manifest),
        _ => match fault.strip_prefix("manifest-") {
            Some(status) => {
                let body = json!({"errors": [{"code": "UNKNOWN", "message": "no"}]});
                Reply::new(status.parse().unwrap()).body("application/json", body.to_string())
            }
            None => challenge(""),
        },
    }
}

fn blob(fault: &str, path: &str) -> Reply {
    if fault == "manifest-html" {
        return page();
    }
    let image = image();
    let asked_for = |blob: &&Vec<u8>| path.ends_with(&digest(blob));
    let blob = image.blobs.iter().find(asked_for).unwrap();
    let denied = json!({"errors": [{"code": "DENIED", "message": "denied"}]});
    match fault {
        "blob-404" => Reply::new(404),
        "blob-403" => Reply::new(403).body("application/json", denied.to_string()),
        _ => Reply::new(200).body("application/octet-stream", vec![b'x'; blob.len()]),
    }
}

/// What a captive portal says to everything.
fn page() -> Reply {
    Reply::new(200).body("text/html", "<html>Welcome</html>")
}

fn known(media_type: &str, body: Vec<u8>) -> Reply {
    Reply::new(200)
        .header("Docker-Content-Digest", digest(&body))
        .body(media_type, body)
}

/// An image whose bytes are the same in each run.
fn image() -> Image {
    Image::of(vec![vec![0; 1_024]])
}

fn arm_only() -> Value {
    let manifest = image().manifest;
    json!({
        "schemaVersion": 2,
        "mediaType": IMAGE_INDEX,
        "manifests": [{
            "mediaType": IMAGE_MANIFEST,
            "digest": digest(&manifest),
            "size": manifest.len(),
            "platform": {"architecture": "arm64", "os": "linux"},
        }],
    })
}

fn runtimes() -> PathBuf {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("runtimes.sh");
    let folder = Program::new(script).deadline(FETCH_DEADLINE).succeeds();
    folder.line().into()
}
