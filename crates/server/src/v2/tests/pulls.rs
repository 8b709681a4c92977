//! Pulling blobs and manifests: ranges and conditions.

use super::*;

#[tokio::test]
async fn a_blob_is_pulled_whole_and_in_ranges() {
    let registry = Registry::open().await;
    registry.push_blob("default/web", HELLO, "hello").await;
    registry.push_blob("default/web", EMPTY, "").await;
    let get = format!("GET /v2/default/web/blobs/{HELLO}");
    let etag = format!("\"{HELLO}\"");
    let rows: &[(String, u16, &str, &str)] = &[
        (
            String::new(),
            200,
            "hello",
            "Content-Length: 5\nAccept-Ranges: bytes",
        ),
        (
            "Range: bytes=1-2".into(),
            206,
            "el",
            "Content-Range: bytes 1-2/5\nContent-Length: 2",
        ),
        (
            "Range: bytes=3-".into(),
            206,
            "lo",
            "Content-Range: bytes 3-4/5",
        ),
        (
            "Range: bytes=-2".into(),
            206,
            "lo",
            "Content-Range: bytes 3-4/5",
        ),
        (
            "Range: bytes=3-99".into(),
            206,
            "lo",
            "Content-Range: bytes 3-4/5\nContent-Length: 2",
        ),
        (
            "Range: bytes=0-0".into(),
            206,
            "h",
            "Content-Range: bytes 0-0/5",
        ),
        (
            "Range: bytes=0-1,3-4".into(),
            200,
            "hello",
            "Content-Length: 5",
        ),
        ("Range: lines=1-2".into(), 200, "hello", "Content-Length: 5"),
        (
            format!("Range: bytes=1-2\nIf-Range: {etag}"),
            206,
            "el",
            "Content-Range: bytes 1-2/5",
        ),
        (
            "Range: bytes=1-2\nIf-Range: \"other\"".into(),
            200,
            "hello",
            "Content-Length: 5",
        ),
        (
            "Range: bytes=9-2\nIf-Range: \"other\"".into(),
            200,
            "hello",
            "Content-Length: 5",
        ),
        (format!("If-None-Match: {etag}"), 304, "", ""),
        (format!("If-None-Match: \"a\", W/{etag}"), 304, "", ""),
        (
            "If-None-Match: \"a\"".into(),
            200,
            "hello",
            "Content-Length: 5",
        ),
    ];
    for (headers, status, body, expected) in rows {
        let reply = registry.send(&registry.owner, &get, headers, "").await;
        check(
            headers,
            &reply,
            *status,
            "",
            &format!("{expected}\nETag: {etag}\nDocker-Content-Digest: {HELLO}"),
        );
        assert_eq!(reply.body, *body, "{headers}");
    }
    for range in ["bytes=5-", "bytes=2-1", "bytes=-0"] {
        let reply = registry
            .send(&registry.owner, &get, &format!("Range: {range}"), "")
            .await;
        check(
            range,
            &reply,
            416,
            "SIZE_INVALID",
            "Content-Range: bytes */5",
        );
    }
    let head = format!("HEAD /v2/default/web/blobs/{HELLO}");
    let reply = registry.own(&head, "").await;
    check(&head, &reply, 200, "", "Content-Length: 5");
    assert!(reply.body.is_empty());
    let reply = registry
        .own(&format!("GET /v2/default/web/blobs/{EMPTY}"), "")
        .await
        .is(200);
    assert_eq!(reply.header("content-length"), "0");
}

#[tokio::test]
async fn a_large_blob_is_pulled_whole_and_from_the_middle() {
    let registry = Registry::open().await;
    let content: Vec<u8> = (0..1_000_000_u32)
        .flat_map(|i| (i % 251).to_le_bytes())
        .collect();
    let upload = registry.open_upload(&registry.owner, "default/web").await;
    registry
        .own(&format!("PATCH {upload}"), content.clone())
        .await
        .is(202);
    // The digest is what the registry says it would have to be.
    let reply = registry
        .own(&format!("PUT {upload}?digest={NONE}"), "")
        .await
        .is(400);
    let message = reply.json()["errors"][0]["message"]
        .as_str()
        .unwrap()
        .to_owned();
    let digest = message
        .split_whitespace()
        .find_map(|word| word.strip_prefix("sha256:"))
        .unwrap();
    let digest = format!("sha256:{}", digest.trim_end_matches(','));
    registry
        .own(
            &format!("POST /v2/default/web/blobs/uploads/?digest={digest}"),
            content.clone(),
        )
        .await
        .is(201);
    let get = format!("GET /v2/default/web/blobs/{digest}");
    assert_eq!(registry.own(&get, "").await.is(200).body, content);
    let reply = registry
        .send(&registry.owner, &get, "Range: bytes=1234567-2345678", "")
        .await
        .is(206);
    assert_eq!(reply.body, content[1_234_567..=2_345_678]);
}

#[tokio::test]
async fn head_has_no_body_even_where_it_is_refused() {
    let registry = Registry::open().await;
    registry.push_image("default/web", "v1").await;
    for (request, status) in [
        ("HEAD /v2/default/web/manifests/v1".to_owned(), 200),
        ("HEAD /v2/default/web/manifests/v2".to_owned(), 404),
        (format!("HEAD /v2/default/web/blobs/{NONE}"), 404),
        ("HEAD /v2/default/web/blobs/sha256:short".to_owned(), 400),
        ("HEAD /v2/".to_owned(), 200),
    ] {
        let reply = registry.own(&request, "").await.is(status);
        assert!(reply.body.is_empty(), "{request}");
    }
}
