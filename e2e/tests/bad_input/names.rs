//! Names, references, digests and path tricks.

use wharf_e2e::{TestRegistry, raw};

const NAME: &[(u16, &str)] = &[(400, "NAME_INVALID"), (404, "NAME_UNKNOWN")];
const NOT_A_PATH: &[(u16, &str)] = &[
    (400, "NAME_INVALID"),
    (400, "UNSUPPORTED"),
    (404, "NAME_UNKNOWN"),
    (404, "UNSUPPORTED"),
];
const REFERENCE: &[(u16, &str)] = &[
    (400, "DIGEST_INVALID"),
    (400, "MANIFEST_INVALID"),
    (400, "NAME_INVALID"),
    (404, "MANIFEST_UNKNOWN"),
];
const DIGEST: &[(u16, &str)] = &[(400, "DIGEST_INVALID"), (404, "BLOB_UNKNOWN")];

/// Sends a path as it stands, as the owner: what is refused is refused for what it is.
struct Sender {
    registry: TestRegistry,
    authorization: String,
}

impl Sender {
    fn new() -> Self {
        let registry = TestRegistry::start();
        let token = registry
            .owner()
            .token("repository:default/app:pull,push,delete");
        Self {
            authorization: format!("Bearer {token}"),
            registry,
        }
    }

    fn send(&self, method: &str, path: &str) -> wharf_e2e::Answer {
        let headers = [
            ("Authorization", self.authorization.as_str()),
            ("Content-Length", "0"),
        ];
        raw::request(self.registry.address(), method, path, &headers)
    }

    fn done(&self) {
        let (_, token) = self.authorization.split_once(' ').unwrap();
        self.registry.assert_unharmed(&[token.to_owned()]);
    }
}

#[test]
fn malformed_repository_names_are_refused() {
    let sender = Sender::new();
    let long = format!("default/{}", "a".repeat(300));
    let deep = format!("default{}", "/a".repeat(200));
    for name in [
        "default/UPPER",
        "default/-a",
        "default/a-",
        "default/.a",
        "default/a.",
        "default/a..b",
        "default/a___b",
        "default/_a",
        "Default/a",
        "default/a%20b",
        "default/a+b",
        "default/a@b",
        "default/a:b",
        "default/%C3%A9",
        "default/%00",
        "default/a%00b",
        "default/a%0Ab",
        "default/a%5Cb",
        &long,
        &deep,
    ] {
        for (method, rest) in [
            ("GET", "manifests/latest"),
            ("GET", "tags/list"),
            ("POST", "blobs/uploads/"),
            ("PUT", "manifests/latest"),
            ("DELETE", "manifests/latest"),
        ] {
            sender
                .send(method, &format!("/v2/{name}/{rest}"))
                .is_refused(NAME);
        }
    }
    sender.done();
}

#[test]
fn a_name_without_a_project_is_refused_with_a_hint() {
    let sender = Sender::new();
    for (method, path) in [
        ("GET", "/v2/alpine/manifests/latest"),
        ("POST", "/v2/alpine/blobs/uploads/"),
    ] {
        let message = sender.send(method, path).oci_error(400, "NAME_INVALID");
        assert!(message.contains("HOST/PROJECT/IMAGE"), "{message}");
    }
    sender.done();
}

#[test]
fn path_tricks_reach_nothing() {
    let sender = Sender::new();
    for path in [
        "/v2/default/../default/app/manifests/latest",
        "/v2/default/app/../../../etc/passwd",
        "/v2/default/./app/manifests/latest",
        "/v2/default//app/manifests/latest",
        "/v2//default/app/manifests/latest",
        "/v2/default/%2e%2e/app/manifests/latest",
        "/v2/default/%2E%2E%2Fapp/manifests/latest",
        "/v2/default%2Fapp/manifests/latest",
        "/v2/default/app%2fmanifests%2flatest",
        "/v2/default/app/manifests/..%2f..%2fowner.json",
        "/v2/default/app/manifests/../../owner.json",
        "/v2/default/app/blobs/..%2f..%2fowner.json",
        "/v2/default/app/blobs/uploads/..%2f..%2fowner.json",
        "/v2/default/app/blobs/uploads/../../owner.json",
        "/v2/default/app/blobs/sha256:../../../owner.json",
        "/v2/default/app/blobs/sha256%3A..",
        "/v2/default/app/referrers/..",
        "/v2/default/app/tags/../manifests/latest",
        "/v2/default/app/tags/list/..",
        "/v2/default/app/%00",
        "/v2/default/app/manifests/%00",
        "/v2/default/app/manifests/%ff%fe",
        "/v2/default/app/manifests/a%20b",
        "/v2/default/app/manifests/a%25b",
        "/v2/default/app/manifests/",
        "/v2/default/app/manifests",
        "/v2/default/app/blobs/",
        "/v2/default/app/blobs",
        "/v2/default/app/nothing",
        "/v2/default/app",
        "/v2/manifests/latest",
        "/v2/../owner.json",
        "/v2/..%2fowner.json",
        "/v2/..",
        "/v2/%",
        "/v2/%zz/manifests/latest",
    ] {
        let answer = sender.send("GET", path);
        assert!((400..=404).contains(&answer.status), "{answer}");
        let code = answer.json()["errors"][0]["code"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        assert!(
            !code.is_empty(),
            "not the registry protocol's body: {answer}"
        );
        assert!(
            NOT_A_PATH
                .iter()
                .chain(REFERENCE)
                .chain(DIGEST)
                .any(|(_, known)| *known == code)
                || code == "BLOB_UPLOAD_UNKNOWN",
            "{answer}"
        );
    }
    for path in [
        "/../owner.json",
        "/..%2fowner.json",
        "/owner.json",
        "//",
        "/v1/../v2/",
        "/storage/v1/b/..%2f..",
        "/%00",
    ] {
        let answer = sender.send("GET", path);
        assert!((400..=404).contains(&answer.status), "{answer}");
        assert!(
            answer.json()["error"]["message"].is_string(),
            "not Google's body: {answer}"
        );
    }
    sender.done();
}

#[test]
fn malformed_references_and_digests_are_refused() {
    let sender = Sender::new();
    let (long_tag, hex) = ("a".repeat(129), "0123456789abcdef".repeat(4));
    let digests = [
        "sha256:".to_owned(),
        "sha256:short".to_owned(),
        format!("sha256:{}", hex.to_uppercase()),
        format!("sha256:{hex}0"),
        format!("sha256:{}", &hex[1..]),
        format!("sha256:{}g", &hex[1..]),
        format!("SHA256:{hex}"),
        "md5:d41d8cd98f00b204e9800998ecf8427e".to_owned(),
        format!("sha512:{hex}"),
        format!("sha256:{hex}:{hex}"),
        format!("sha256+b64:{hex}"),
        ":".to_owned(),
        format!(":{hex}"),
    ];
    for reference in digests.iter().chain([
        &long_tag,
        &"-a".to_owned(),
        &".a".to_owned(),
        &"a@b".to_owned(),
    ]) {
        for method in ["GET", "PUT", "DELETE"] {
            sender
                .send(method, &format!("/v2/default/app/manifests/{reference}"))
                .is_refused(REFERENCE);
        }
    }
    for digest in &digests {
        for method in ["GET", "DELETE"] {
            sender
                .send(method, &format!("/v2/default/app/blobs/{digest}"))
                .is_refused(DIGEST);
        }
        sender
            .send("GET", &format!("/v2/default/app/referrers/{digest}"))
            .oci_error(400, "DIGEST_INVALID");
        for query in [
            format!("digest={digest}"),
            format!("mount={digest}&from=default/other"),
        ] {
            sender
                .send("POST", &format!("/v2/default/app/blobs/uploads/?{query}"))
                .oci_error(400, "DIGEST_INVALID");
        }
    }
    sender
        .send(
            "POST",
            "/v2/default/app/blobs/uploads/?digest-algorithm=md5",
        )
        .oci_error(400, "DIGEST_INVALID");
    sender.done();
}

#[test]
fn malformed_pages_are_refused_and_too_large_ones_are_cut() {
    let sender = Sender::new();
    sender
        .registry
        .owner()
        .push_blob("default/app", b"something");
    for n in [
        "-1",
        "abc",
        "NaN",
        "1e3",
        "99999999999999999999999",
        "%00",
        "",
    ] {
        for path in ["/v2/default/app/tags/list", "/v2/_catalog"] {
            let answer = sender.send("GET", &format!("{path}?n={n}"));
            if n.is_empty() || n.starts_with('9') {
                assert!([200, 400].contains(&answer.status), "{answer}");
            } else {
                assert_eq!(answer.status, 400, "{answer}");
                assert!(
                    answer.json()["errors"][0]["message"].is_string(),
                    "{answer}"
                );
            }
        }
    }
    let answer = sender
        .send("GET", "/v2/default/app/tags/list?n=1000000")
        .expect(200);
    assert_eq!(answer.json()["tags"], serde_json::json!([]));
    sender.done();
}
