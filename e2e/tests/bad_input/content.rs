//! Manifests and blobs: malformed, contradictory, oversized, truncated; and ranges of what is there.

use serde_json::{Value, json};
use wharf_e2e::content::{IMAGE_INDEX, IMAGE_MANIFEST, descriptor, digest};
use wharf_e2e::{Answer, Client, TestRegistry};

const MANIFEST: &[(u16, &str)] = &[
    (400, "MANIFEST_INVALID"),
    (400, "DIGEST_INVALID"),
    (400, "SIZE_INVALID"),
    (400, "MANIFEST_BLOB_UNKNOWN"),
    (404, "MANIFEST_BLOB_UNKNOWN"),
];
/// The largest manifest that is taken.
const MANIFEST_MAX: usize = 4 * 1024 * 1024;

fn put(client: &Client, media_type: &str, body: impl Into<bytes::Bytes>) -> Answer {
    client
        .put("/v2/default/app/manifests/bad")
        .header("content-type", media_type)
        .body(body)
        .send()
}

/// A manifest that would be taken, and its config and layer are there.
fn good(client: &Client) -> Value {
    let (config, layer) = (b"{}".as_slice(), b"a layer".as_slice());
    client.push_blob("default/app", config);
    client.push_blob("default/app", layer);
    json!({
        "schemaVersion": 2,
        "mediaType": IMAGE_MANIFEST,
        "config": descriptor("application/vnd.oci.image.config.v1+json", config),
        "layers": [descriptor("application/vnd.oci.image.layer.v1.tar", layer)],
    })
}

#[test]
fn manifests_that_are_none_are_refused() {
    let registry = TestRegistry::start();
    let owner = registry.owner();
    let manifest = good(&owner).to_string();
    for body in [
        "",
        "{",
        "null",
        "[]",
        "\"text\"",
        "7",
        "{}",
        "not json",
        "\u{feff}{}",
        &manifest[..manifest.len() - 1],
        &format!("{manifest}x"),
        &format!("{}{}", "[".repeat(100_000), "]".repeat(100_000)),
        &format!(
            r#"{{"schemaVersion":2,"a":{}1{}}}"#,
            "[".repeat(1_000),
            "]".repeat(1_000)
        ),
    ] {
        put(&owner, IMAGE_MANIFEST, body.to_owned()).is_refused(MANIFEST);
    }
    put(&owner, IMAGE_MANIFEST, vec![0xff, 0xfe, b'{']).is_refused(MANIFEST);
    let not_there = owner.get("/v2/default/app/manifests/bad").send();
    not_there.oci_error(404, "MANIFEST_UNKNOWN");
    put(&owner, IMAGE_MANIFEST, manifest).expect(201);
    registry.assert_unharmed(&[]);
}

#[test]
fn manifests_that_contradict_themselves_are_refused() {
    let registry = TestRegistry::start();
    let owner = registry.owner();
    let good = good(&owner);
    let set = |path: &str, value: Value| {
        let mut manifest = good.clone();
        match manifest.pointer_mut(path) {
            Some(place) => *place = value,
            None => manifest[path.trim_start_matches('/')] = value,
        }
        manifest
    };
    let absent = digest(b"nobody has pushed this");
    for manifest in [
        set("/schemaVersion", json!(1)),
        set("/schemaVersion", json!("2")),
        set("/mediaType", json!(IMAGE_INDEX)),
        set("/mediaType", json!(7)),
        set("/layers", json!({})),
        set("/layers", json!("none")),
        set("/manifests", json!([])),
        set("/config", json!(null)),
        set("/config/digest", json!("sha256:short")),
        set("/config/digest", json!(absent)),
        set("/config/size", json!(-1)),
        set("/config/size", json!(1.5)),
        set("/config/size", json!("2")),
        set("/layers/0/size", json!(u64::MAX)),
        set("/layers/0/digest", json!(absent)),
        set("/layers/0/digest", json!("../../owner.json")),
        set("/layers/0/mediaType", json!(["a"])),
        set("/annotations", json!(["a"])),
        set("/annotations", json!({"a": {"b": 1}})),
        set("/subject", json!("sha256:short")),
        set(
            "/subject",
            json!({"digest": "sha256:short", "size": 1, "mediaType": IMAGE_MANIFEST}),
        ),
        set("/layers", json!(vec![good["layers"][0].clone(); 20_000])),
    ] {
        let body = manifest.to_string();
        let shown = body.chars().take(400).collect::<String>();
        let answer = put(&owner, IMAGE_MANIFEST, body);
        assert!(answer.status >= 400, "taken: {shown}");
        answer.is_refused(MANIFEST);
    }
    for media_type in [
        "text/html",
        "application/json; charset=utf-8",
        "application/vnd.docker.distribution.manifest.v1+prettyjws",
        "a",
    ] {
        let answer = put(&owner, media_type, good.to_string());
        assert!(
            [400, 404, 415].contains(&answer.status),
            "{media_type}: {answer}"
        );
        answer.oci_error(answer.status, "MANIFEST_INVALID");
    }
    let named = format!("/v2/default/app/manifests/{absent}");
    owner
        .put(&named)
        .header("content-type", IMAGE_MANIFEST)
        .body(good.to_string())
        .send()
        .oci_error(400, "DIGEST_INVALID");
    registry.assert_unharmed(&[]);
}

#[test]
fn tag_parameters_are_bounded_and_valid_or_nothing_is_stored() {
    let registry = TestRegistry::start();
    let owner = registry.owner();
    let manifest = good(&owner).to_string();
    let put = |query: &str| {
        owner
            .put(&format!(
                "/v2/default/app/manifests/{}{query}",
                digest(manifest.as_bytes())
            ))
            .header("content-type", IMAGE_MANIFEST)
            .body(manifest.clone())
            .send()
    };
    let many: Vec<String> = (0..200).map(|n| format!("tag=t{n}")).collect();
    let answer = put(&format!("?{}", many.join("&")));
    assert_eq!(answer.status, 414, "{answer}");
    for query in ["?tag=good&tag=-bad", "?tag=", "?tag=a/b", "?tag=a%00"] {
        let answer = put(query);
        assert_eq!(answer.status, 400, "{answer}");
        assert!(
            answer.json()["errors"][0]["message"].is_string(),
            "{answer}"
        );
    }
    owner
        .get("/v2/default/app/manifests/good")
        .send()
        .oci_error(404, "MANIFEST_UNKNOWN");
    registry.assert_unharmed(&[]);
}

#[test]
fn oversized_manifests_are_refused_with_and_without_a_length() {
    let registry = TestRegistry::start();
    let owner = registry.owner();
    let mut manifest = good(&owner);
    manifest["annotations"] = json!({"a": "x".repeat(MANIFEST_MAX)});
    let body = manifest.to_string();
    put(&owner, IMAGE_MANIFEST, body.clone()).oci_error(413, "SIZE_INVALID");
    let token = owner.token("repository:default/app:pull,push");
    let streamed = owner
        .put("/v2/default/app/manifests/bad")
        .header("content-type", IMAGE_MANIFEST)
        .bearer(&token)
        .stream(std::io::Cursor::new(body.into_bytes()))
        .send();
    streamed.oci_error(413, "SIZE_INVALID");
    // One that claims a terabyte is refused before it is sent.
    let head = format!(
        "PUT /v2/default/app/manifests/bad HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {token}\r\nContent-Type: {IMAGE_MANIFEST}\r\nContent-Length: 1099511627776\r\nConnection: close\r\n\r\n{{",
        registry.address()
    );
    let answer = wharf_e2e::raw::exchange(registry.address(), head.as_bytes()).unwrap();
    answer.oci_error(413, "SIZE_INVALID");
    registry.assert_unharmed(&[token]);
}

#[test]
fn ranges_are_answered_as_rfc_9110_says() {
    let registry = TestRegistry::start();
    let owner = registry.owner();
    let digest = owner.push_blob("default/app", b"0123456789");
    let path = format!("/v2/default/app/blobs/{digest}");
    let get = |range: &str| owner.get(&path).header("range", range).send();
    for (range, part) in [
        ("bytes=0-0", "0"),
        ("bytes=9-", "9"),
        ("bytes=-3", "789"),
        ("bytes=5-999", "56789"),
        ("bytes=-999", "0123456789"),
        ("bytes=0-18446744073709551615", "0123456789"),
    ] {
        assert_eq!(get(range).expect(206).body, part, "{range}");
    }
    for range in ["bytes=10-", "bytes=99-100", "bytes=5-2", "bytes=-0"] {
        let answer = get(range);
        assert_eq!(answer.header("content-range"), "bytes */10", "{answer}");
        answer.is_refused(&[(416, "SIZE_INVALID"), (416, "UNSUPPORTED")]);
    }
    // What is no range is not there (RFC 9110, 14.2).
    for range in [
        "bytes=a-b",
        "bytes=",
        "lines=1-2",
        "0-1",
        "bytes=--1",
        "bytes=1-2-3",
        "bytes=99999999999999999999999-",
    ] {
        let answer = get(range);
        assert!([200, 416].contains(&answer.status), "{range}: {answer}");
    }
    registry.assert_unharmed(&[]);
}
