//! Requests and answers of the registry protocol.

#![expect(clippy::unwrap_used, reason = "tests")]

mod access;
mod any_request;
mod lists;
mod manifests;
mod pulls;
mod refusals;
mod uploads;

use serde_json::json;
use wharf_types::media;

use crate::testing::{Registry, Reply};

/// The digests of some contents.
const EMPTY: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const BRACES: &str = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
const HELLO: &str = "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
const HELLO_512: &str = "sha512:9b71d224bd62f3785d96d46ad3ea3d73319bfbc2890caadae2dff72519673ca72323c3d99ba5c11d7c7acc6e14b8c5da0c4663475c2e5c3adef46f73bcdec043";
/// Of nothing.
const NONE: &str = "sha256:0000000000000000000000000000000000000000000000000000000000000000";

impl Registry {
    /// Pushes a blob in one request.
    pub(crate) async fn push_blob(&self, repository: &str, digest: &str, content: &'static str) {
        let request = format!("POST /v2/{repository}/blobs/uploads/?digest={digest}");
        self.own(&request, content).await.is(201);
    }

    /// Pushes a manifest; its digest.
    async fn push_manifest(
        &self,
        repository: &str,
        reference: &str,
        content: &serde_json::Value,
    ) -> String {
        let media_type = content["mediaType"].as_str().unwrap();
        let request = format!("PUT /v2/{repository}/manifests/{reference}");
        let headers = format!("Content-Type: {media_type}");
        let reply = self
            .send(&self.owner, &request, &headers, content.to_string())
            .await
            .is(201);
        reply.header("docker-content-digest").to_owned()
    }

    /// Pushes an image without layers under a tag; its digest.
    pub(crate) async fn push_image(&self, repository: &str, tag: &str) -> String {
        self.push_blob(repository, BRACES, "{}").await;
        self.push_manifest(repository, tag, &image(tag)).await
    }

    /// Opens an upload; its path.
    async fn open_upload(&self, login: &str, repository: &str) -> String {
        let request = format!("POST /v2/{repository}/blobs/uploads/");
        let reply = self
            .send(login, &request, "Content-Length: 0", "")
            .await
            .is(202);
        reply.header("location").to_owned()
    }
}

/// An image without layers; `note` makes it differ from others.
fn image(note: &str) -> serde_json::Value {
    json!({
        "schemaVersion": 2,
        "mediaType": media::OCI_MANIFEST,
        "config": { "mediaType": "application/vnd.oci.image.config.v1+json", "digest": BRACES, "size": 2 },
        "layers": [],
        "annotations": { "note": note },
    })
}

/// One list of requests of the owner, with what each is answered: status, the error's code, and headers (`Name: value`,
/// one a line; `*` for any value).
async fn expect_all(registry: &Registry, rows: &[(&str, &str, &'static str, u16, &str, &str)]) {
    for (request, headers, body, status, code, expected) in rows {
        let reply = registry
            .send(&registry.owner, request, headers, *body)
            .await;
        check(request, &reply, *status, code, expected);
    }
}

fn check(request: &str, reply: &Reply, status: u16, code: &str, expected: &str) {
    assert_eq!(
        (reply.status.as_u16(), reply.code().as_str()),
        (status, code),
        "{request}: {reply:?}"
    );
    assert_eq!(
        reply.header("docker-distribution-api-version"),
        "registry/2.0",
        "{request}"
    );
    for line in expected.lines().filter(|line| !line.is_empty()) {
        let (name, value) = line.trim().split_once(": ").unwrap();
        let actual = reply.header(name);
        assert!(
            if value == "*" {
                !actual.is_empty()
            } else {
                actual == value
            },
            "{request}: {name} is {actual:?}, not {value:?}"
        );
    }
}
