//! Malformed paths, methods and parameters: each a clear 4xx in the protocol's own body.

use super::*;

#[tokio::test]
async fn whatever_is_malformed_is_refused_in_the_protocols_body() {
    let registry = Registry::open().await;
    let long_tag = format!("GET /v2/default/web/manifests/{}", "a".repeat(129));
    let long_name = format!("GET /v2/default/{}/manifests/v1", "a".repeat(250));
    let upper = format!("GET /v2/default/web/blobs/{}", HELLO.to_uppercase());
    let upper_hex = format!(
        "GET /v2/default/web/blobs/sha256:{}",
        HELLO[7..].to_uppercase()
    );
    let name = "NAME_INVALID";
    let digest = "DIGEST_INVALID";
    let rows = [
        ("GET /v2/nginx/manifests/latest", 400, name),
        ("GET /v2/nginx/tags/list", 400, name),
        ("GET /v2/default/manifests/latest", 400, name),
        ("GET /v2/default/WEB/manifests/v1", 400, name),
        ("GET /v2/Default/web/manifests/v1", 400, name),
        ("GET /v2/default//web/manifests/v1", 400, name),
        ("GET /v2//default/web/manifests/v1", 400, name),
        ("GET /v2/default/web//manifests/v1", 400, name),
        ("GET /v2/default/../web/manifests/v1", 400, name),
        ("GET /v2/default/./web/manifests/v1", 400, name),
        ("GET /v2/default%2Fweb/manifests/v1", 400, name),
        ("GET /v2/default/web/manifests/%2e%2e", 400, name),
        ("GET /v2/default/web%00/manifests/v1", 400, name),
        ("GET /v2/default/_web/manifests/v1", 400, name),
        (&long_name, 400, name),
        ("GET /v2/default/web/manifests/..", 400, "MANIFEST_INVALID"),
        ("GET /v2/default/web/manifests/", 400, "MANIFEST_INVALID"),
        (&long_tag, 400, "MANIFEST_INVALID"),
        ("PUT /v2/default/web/manifests/sha256:short", 400, digest),
        ("GET /v2/default/web/manifests/v1:v2", 400, digest),
        ("GET /v2/default/web/blobs/latest", 400, digest),
        (
            "GET /v2/default/web/blobs/md5:d41d8cd98f00b204e9800998ecf8427e",
            400,
            digest,
        ),
        (&upper, 400, digest),
        (&upper_hex, 400, digest),
        ("GET /v2/default/web/referrers/sha256:short", 400, digest),
        (
            "POST /v2/default/web/blobs/uploads/?digest=sha256:short",
            400,
            digest,
        ),
        (
            "POST /v2/default/web/blobs/uploads/?digest-algorithm=md5",
            400,
            digest,
        ),
        ("GET /v2/default/web/blobs/uploads/../x", 404, "UNSUPPORTED"),
        (
            "GET /v2/default/web/blobs/uploads/not-an-id",
            404,
            "BLOB_UPLOAD_UNKNOWN",
        ),
        (
            "GET /v2/default/web/blobs/uploads/00000000-0000-4000-8000-000000000000",
            404,
            "BLOB_UPLOAD_UNKNOWN",
        ),
        ("GET /v2/default/web", 404, "UNSUPPORTED"),
        ("GET /v2/default/web/tags", 404, "UNSUPPORTED"),
        ("GET /v2/default/web/tags/list/", 404, "UNSUPPORTED"),
        ("GET /v2/_catalog/", 404, "UNSUPPORTED"),
        ("GET /v2/default/web/manifests/v1", 404, "MANIFEST_UNKNOWN"),
        ("DELETE /v2/", 405, "UNSUPPORTED"),
        ("POST /v2/_catalog", 405, "UNSUPPORTED"),
        ("POST /v2/default/web/manifests/v1", 405, "UNSUPPORTED"),
        ("GET /v2/default/web/blobs/uploads/", 405, "UNSUPPORTED"),
        ("POST /v2/default/web/tags/list", 405, "UNSUPPORTED"),
        ("BREW /v2/default/web/manifests/v1", 405, "UNSUPPORTED"),
    ];
    for (request, status, code) in rows {
        let reply = registry.own(request, "").await;
        let unknown = reply.code() == "NAME_UNKNOWN" && code == "MANIFEST_UNKNOWN";
        check(
            request,
            &reply,
            status,
            if unknown { "NAME_UNKNOWN" } else { code },
            "",
        );
        let message = reply.json()["errors"][0]["message"]
            .as_str()
            .unwrap_or_default()
            .len();
        assert!((10..400).contains(&message), "{request}: {reply:?}");
        assert_eq!(
            reply.header("content-type"),
            "application/json",
            "{request}"
        );
        assert!(
            status != 405 || !reply.header("allow").is_empty(),
            "{request}"
        );
    }
}

#[tokio::test]
async fn a_long_uri_is_refused_in_the_dialect_of_its_path() {
    let registry = Registry::open().await;
    let query = "a".repeat(17_000);
    let reply = registry
        .own(&format!("GET /v2/default/web/tags/list?{query}"), "")
        .await
        .is(414);
    assert_eq!(reply.code(), "UNSUPPORTED");
    let reply = registry
        .own(&format!("GET /v1/projects?{query}"), "")
        .await
        .is(414);
    assert_eq!(reply.json()["error"]["status"], "INVALID_ARGUMENT");
}

#[tokio::test]
async fn a_body_that_breaks_off_is_refused_and_what_came_is_kept() {
    let registry = Registry::open().await;
    let upload = registry.open_upload(&registry.owner, "default/web").await;
    let broken = || {
        let pieces = [Ok("hel"), Err(std::io::Error::other("gone"))];
        axum::body::Body::from_stream(futures_util::stream::iter(pieces))
    };
    registry
        .own(&format!("PATCH {upload}"), broken())
        .await
        .is(400);
    let reply = registry.own(&format!("GET {upload}"), "").await.is(204);
    assert_eq!(reply.header("range"), "0-2");
    registry
        .own(&format!("PUT {upload}?digest={HELLO}"), "lo")
        .await
        .is(201);
    let single = format!("POST /v2/default/web/blobs/uploads/?digest={EMPTY}");
    registry.own(&single, broken()).await.is(400);
    registry
        .own("PUT /v2/default/web/manifests/v1", broken())
        .await
        .is(400);
}
