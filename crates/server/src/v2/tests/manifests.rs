//! Pushing, pulling and deleting manifests.

use super::*;

#[tokio::test]
async fn a_manifest_comes_back_byte_for_byte() {
    let registry = Registry::open().await;
    registry.push_blob("default/web", BRACES, "{}").await;
    // Order, spaces and fields that nobody knows.
    let content = image("a")
        .to_string()
        .replacen('{', "{ \"unknown\" : [1,  2],\n", 1);
    let put = "PUT /v2/default/web/manifests/v1";
    let headers = format!("Content-Type: {}; charset=utf-8", media::OCI_MANIFEST);
    let reply = registry
        .send(&registry.owner, put, &headers, content.clone())
        .await
        .is(201);
    let digest = reply.header("docker-content-digest");
    assert_eq!(
        reply.header("location"),
        format!("/v2/default/web/manifests/{digest}")
    );
    for reference in ["v1", digest] {
        for method in ["GET", "HEAD"] {
            let request = format!("{method} /v2/default/web/manifests/{reference}");
            let reply = registry
                .send(&registry.owner, &request, "Accept: text/html", "")
                .await;
            let expected = format!(
                "Content-Type: {}\nContent-Length: {}\nDocker-Content-Digest: {digest}\nETag: \"{digest}\"",
                media::OCI_MANIFEST,
                content.len()
            );
            check(&request, &reply, 200, "", &expected);
            assert_eq!(
                reply.body,
                if method == "GET" {
                    content.as_str()
                } else {
                    ""
                }
            );
        }
    }
    let get = format!("GET /v2/default/web/manifests/{digest}");
    let headers = format!("If-None-Match: \"{digest}\"");
    registry
        .send(&registry.owner, &get, &headers, "")
        .await
        .is(304);
}

#[tokio::test]
async fn a_push_by_digest_sets_its_tags_or_none() {
    let registry = Registry::open().await;
    let digest = registry.push_image("default/web", "first").await;
    let content = image("first").to_string();
    let put = |query: &str| format!("PUT /v2/default/web/manifests/{query}");
    let send = async |query: &str| {
        let headers = format!("Content-Type: {}", media::OCI_MANIFEST);
        registry
            .send(&registry.owner, &put(query), &headers, content.clone())
            .await
    };
    let reply = send(&format!("{digest}?tag=a&tag=b.1")).await.is(201);
    let tags: Vec<_> = reply.headers.get_all("oci-tag").iter().collect();
    assert_eq!(tags, ["a", "b.1"]);
    let many: Vec<_> = (0..65).map(|i| format!("tag=t{i}")).collect();
    for (query, status) in [
        (format!("{digest}?tag=ok&tag=.bad"), 400),
        ("v1?tag=v2".to_owned(), 400),
        (format!("{digest}?{}", many.join("&")), 414),
        (format!("{NONE}?tag=ok"), 400),
    ] {
        send(&query).await.is(status);
    }
    let list = registry
        .own("GET /v2/default/web/tags/list", "")
        .await
        .json();
    assert_eq!(list["tags"], json!(["a", "b.1", "first"]));
}

#[tokio::test]
async fn deleting_a_tag_leaves_the_manifest_and_a_digest_takes_its_tags() {
    let registry = Registry::open().await;
    let digest = registry.push_image("default/web", "v1").await;
    registry
        .push_manifest("default/web", "v2", &image("v1"))
        .await;
    let (by_tag, by_digest) = (
        "/v2/default/web/manifests/v1",
        format!("/v2/default/web/manifests/{digest}"),
    );
    let blob = format!("/v2/default/web/blobs/{BRACES}");
    let unknown = "MANIFEST_UNKNOWN";
    expect_all(
        &registry,
        &[
            (&format!("DELETE {by_tag}"), "", "", 202, "", ""),
            (&format!("GET {by_tag}"), "", "", 404, unknown, ""),
            (&format!("GET {by_digest}"), "", "", 200, "", ""),
            // A manifest holds it.
            (&format!("DELETE {blob}"), "", "", 405, "UNSUPPORTED", ""),
            (&format!("DELETE {by_digest}"), "", "", 202, "", ""),
            (&format!("GET {by_digest}"), "", "", 404, unknown, ""),
            ("GET /v2/default/web/manifests/v2", "", "", 404, unknown, ""),
            (&format!("DELETE {by_digest}"), "", "", 404, unknown, ""),
            (&format!("DELETE {blob}"), "", "", 202, "", ""),
            (&format!("GET {blob}"), "", "", 404, "BLOB_UNKNOWN", ""),
        ],
    )
    .await;
}

#[tokio::test]
async fn what_is_no_manifest_is_refused() {
    let registry = Registry::open().await;
    registry.push_blob("default/web", BRACES, "{}").await;
    let put = "PUT /v2/default/web/manifests/v1";
    let oci = format!("Content-Type: {}", media::OCI_MANIFEST);
    let schema_1 = "Content-Type: application/vnd.docker.distribution.manifest.v1+prettyjws";
    let mut missing = image("a");
    missing["config"]["digest"] = json!(NONE);
    let mut other_type = image("a");
    other_type["mediaType"] = json!(media::OCI_INDEX);
    let mut both = image("a");
    both["manifests"] = json!([]);
    for (headers, content, code) in [
        (oci.as_str(), "not json".to_owned(), "MANIFEST_INVALID"),
        (&oci, "[]".to_owned(), "MANIFEST_INVALID"),
        (&oci, String::new(), "MANIFEST_INVALID"),
        (&oci, "[".repeat(10_000), "MANIFEST_INVALID"),
        (schema_1, image("a").to_string(), "MANIFEST_INVALID"),
        (
            "Content-Type: text/html",
            image("a").to_string(),
            "MANIFEST_INVALID",
        ),
        (&oci, other_type.to_string(), "MANIFEST_INVALID"),
        (&oci, both.to_string(), "MANIFEST_INVALID"),
        (&oci, missing.to_string(), "MANIFEST_BLOB_UNKNOWN"),
    ] {
        let reply = registry
            .send(&registry.owner, put, headers, content.clone())
            .await;
        assert!(
            matches!(reply.status.as_u16(), 400 | 404),
            "{content}: {reply:?}"
        );
        assert_eq!(
            reply.code(),
            code,
            "{headers} {}",
            &content[..content.len().min(80)]
        );
    }
    let large = " ".repeat(4 * 1024 * 1024 + 1);
    let reply = registry.send(&registry.owner, put, &oci, large).await;
    check(put, &reply, 413, "SIZE_INVALID", "");
}
