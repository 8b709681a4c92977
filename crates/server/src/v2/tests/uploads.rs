//! Pushing blobs.

use super::*;

const PLACE: &str = "/v2/default/web/blobs/uploads/";

#[tokio::test]
async fn a_blob_comes_in_by_every_way_of_the_specification() {
    let registry = Registry::open().await;
    let stored = format!("Location: /v2/default/web/blobs/{HELLO}\nDocker-Content-Digest: {HELLO}");
    // In one request.
    let request = format!("POST {PLACE}?digest={HELLO}");
    expect_all(&registry, &[(&request, "", "hello", 201, "", &stored)]).await;
    // POST, PUT.
    let upload = registry.open_upload(&registry.owner, "default/web").await;
    let request = format!("PUT {upload}?digest={}", HELLO.replace(':', "%3A"));
    expect_all(&registry, &[(&request, "", "hello", 201, "", &stored)]).await;
    // POST, PATCH as a stream, PUT.
    let upload = registry.open_upload(&registry.owner, "default/web").await;
    let (patch, put) = (
        format!("PATCH {upload}"),
        format!("PUT {upload}?digest={HELLO}"),
    );
    let progress = format!("Location: {upload}\nRange: 0-4\nDocker-Upload-UUID: *");
    expect_all(
        &registry,
        &[
            (
                &patch,
                "Content-Type: application/octet-stream",
                "hello",
                202,
                "",
                &progress,
            ),
            (&put, "", "", 201, "", &stored),
            (&put, "", "", 404, "BLOB_UPLOAD_UNKNOWN", ""),
        ],
    )
    .await;
    // Under another algorithm, announced or not.
    for query in ["?digest-algorithm=sha512", ""] {
        let upload = registry
            .own(&format!("POST {PLACE}{query}"), "")
            .await
            .is(202);
        let upload = upload.header("location");
        registry
            .own(&format!("PUT {upload}?digest={HELLO_512}"), "hello")
            .await
            .is(201);
    }
    for digest in [HELLO, HELLO_512] {
        let reply = registry
            .own(&format!("GET /v2/default/web/blobs/{digest}"), "")
            .await
            .is(200);
        assert_eq!(reply.body, "hello");
        assert_eq!(reply.header("docker-content-digest"), digest);
    }
}

#[tokio::test]
async fn chunks_come_in_order_and_a_wrong_one_leaves_the_upload_usable() {
    let registry = Registry::open().await;
    let upload = registry.open_upload(&registry.owner, "default/web").await;
    let (patch, get) = (format!("PATCH {upload}"), format!("GET {upload}"));
    let put = format!("PUT {upload}?digest={HELLO}");
    let at = |end: u8| format!("Location: {upload}\nRange: 0-{end}");
    expect_all(
        &registry,
        &[
            (
                &patch,
                "Content-Range: 0-1\nContent-Length: 2",
                "he",
                202,
                "",
                &at(1),
            ),
            // Skips ahead, begins again: also in the closing request.
            (
                &patch,
                "Content-Range: 3-4",
                "lo",
                416,
                "BLOB_UPLOAD_INVALID",
                &at(1),
            ),
            (
                &patch,
                "Content-Range: 0-1",
                "he",
                416,
                "BLOB_UPLOAD_INVALID",
                &at(1),
            ),
            (
                &put,
                "Content-Range: 3-4",
                "lo",
                416,
                "BLOB_UPLOAD_INVALID",
                &at(1),
            ),
            // A length that is not the range's, announced or not.
            (
                &patch,
                "Content-Range: 2-4\nContent-Length: 2",
                "ll",
                400,
                "SIZE_INVALID",
                "",
            ),
            (&patch, "Content-Range: 2-4", "ll", 400, "SIZE_INVALID", ""),
            (&patch, "Content-Range: 2-3", "llo", 400, "SIZE_INVALID", ""),
            (
                &patch,
                "Content-Range: 4-2",
                "llo",
                400,
                "BLOB_UPLOAD_INVALID",
                "",
            ),
            (
                &patch,
                "Content-Range: bytes",
                "llo",
                400,
                "BLOB_UPLOAD_INVALID",
                "",
            ),
            (&get, "", "", 204, "", &at(1)),
            (&patch, "Content-Range: 2-3", "ll", 202, "", &at(3)),
            (&put, "Content-Range: 4-4", "o", 201, "", "Location: *"),
        ],
    )
    .await;
}

#[tokio::test]
async fn wrong_content_is_refused_on_every_way_and_leaves_nothing() {
    let registry = Registry::open().await;
    let single = format!("POST {PLACE}?digest={HELLO}");
    let upload = registry.open_upload(&registry.owner, "default/web").await;
    let put = format!("PUT {upload}?digest={HELLO}");
    let other = registry.open_upload(&registry.owner, "default/web").await;
    let (patch, close) = (
        format!("PATCH {other}"),
        format!("PUT {other}?digest={HELLO}"),
    );
    let head = format!("HEAD /v2/default/web/blobs/{HELLO}");
    expect_all(
        &registry,
        &[
            (&single, "", "hallo", 400, "DIGEST_INVALID", ""),
            (&put, "", "hallo", 400, "DIGEST_INVALID", ""),
            (&put, "", "hello", 404, "BLOB_UPLOAD_UNKNOWN", ""),
            (&patch, "", "hallo", 202, "", ""),
            (&close, "", "", 400, "DIGEST_INVALID", ""),
            (&close, "", "", 404, "BLOB_UPLOAD_UNKNOWN", ""),
            (&head, "", "", 404, "", ""),
        ],
    )
    .await;
}

#[tokio::test]
async fn an_upload_can_be_asked_and_cancelled() {
    let registry = Registry::open().await;
    let upload = registry.open_upload(&registry.owner, "default/web").await;
    let (get, delete) = (format!("GET {upload}"), format!("DELETE {upload}"));
    let (patch, put) = (
        format!("PATCH {upload}"),
        format!("PUT {upload}?digest={HELLO}"),
    );
    let unknown = "BLOB_UPLOAD_UNKNOWN";
    expect_all(
        &registry,
        &[
            (&get, "", "", 204, "", "Range: 0-0\nLocation: *"),
            (
                &put.replace("?digest", "?"),
                "",
                "hello",
                400,
                "DIGEST_INVALID",
                "",
            ),
            (&delete, "", "", 204, "", ""),
            (&get, "", "", 404, unknown, ""),
            (&patch, "", "hello", 404, unknown, ""),
            (&put, "", "hello", 404, unknown, ""),
            (&delete, "", "", 404, unknown, ""),
        ],
    )
    .await;
}

#[tokio::test]
async fn a_mount_takes_what_is_there_and_else_opens_an_upload() {
    let registry = Registry::open().await;
    registry.push_blob("default/web", HELLO, "hello").await;
    let mount = |query: &str| format!("POST /v2/default/copy/blobs/uploads/?mount={query}");
    let mounted = format!("Location: /v2/default/copy/blobs/{HELLO}");
    let rows = [
        (mount(&format!("{HELLO}&from=default/web")), "", 201, ""),
        // Wherever it is.
        (mount(HELLO), "", 201, ""),
        (mount(&format!("{HELLO}&from=default/absent")), "", 202, ""),
        (
            mount(&format!("{HELLO}&from=another-project/web")),
            "",
            202,
            "",
        ),
        (mount(&format!("{HELLO}&from=NO/name")), "", 202, ""),
        (mount(NONE), "", 202, ""),
        // With the content beside it, a mount that fails is a push.
        (
            mount(&format!("{EMPTY}&from=default/web&digest={EMPTY}")),
            "",
            201,
            "",
        ),
        (mount("sha256:short"), "", 400, "DIGEST_INVALID"),
    ];
    for (request, body, status, code) in &rows {
        let location = if *status == 400 { "" } else { "Location: *" };
        expect_all(&registry, &[(request, "", body, *status, code, location)]).await;
    }
    expect_all(&registry, &[(&rows[0].0, "", "", 201, "", &mounted)]).await;
    let reply = registry.own(&rows[2].0, "").await;
    let upload = reply.header("location");
    registry
        .own(&format!("PUT {upload}?digest={HELLO}"), "hello")
        .await
        .is(201);
}

#[tokio::test]
async fn a_session_answers_only_to_who_opened_it_and_where() {
    let registry = Registry::open().await;
    let other = registry.account("writer", "roles/storage.admin").await;
    let upload = registry.open_upload(&registry.owner, "default/web").await;
    let elsewhere = upload.replace("/web/", "/other/");
    for (login, path) in [(&other, &upload), (&registry.owner, &elsewhere)] {
        for request in [
            format!("GET {path}"),
            format!("PATCH {path}"),
            format!("PUT {path}?digest={EMPTY}"),
            format!("DELETE {path}"),
        ] {
            let reply = registry.send(login, &request, "", "").await;
            check(&request, &reply, 404, "BLOB_UPLOAD_UNKNOWN", "");
        }
    }
    registry.own(&format!("GET {upload}"), "").await.is(204);
}
