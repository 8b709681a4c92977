//! After a kill: what must be there, and what must be possible.

use wharf_e2e::Client;
use wharf_e2e::content::digest;
use wharf_e2e::http::with_digest;

use crate::ledger::{Ledger, Upload};

/// Everything that was acknowledged is there, byte by byte.
pub(crate) fn check(client: &Client, ledger: &Ledger) {
    for blob in &ledger.blobs {
        let bytes = blob.bytes();
        let path = format!("/v2/{}/blobs/{}", blob.repository, digest(&bytes));
        let answer = client.get(&path).send().expect(200);
        assert!(answer.body == bytes, "other bytes: {path}");
    }
    for image in &ledger.images {
        let path = format!("/v2/{}/manifests/{}", image.repository, image.digest);
        let answer = client.get(&path).send().expect(200);
        assert!(answer.body == image.manifest, "other bytes: {path}");
        for blob in image_blobs(&image.manifest) {
            let path = format!("/v2/{}/blobs/{blob}", image.repository);
            let answer = client.get(&path).send().expect(200);
            assert_eq!(digest(&answer.body), blob, "{path}");
        }
    }
    for (tag, seen) in &ledger.tags {
        if seen.contains(&None) {
            continue;
        }
        let answer = client
            .get(&format!("/v2/{}", tag.replace(':', "/manifests/")))
            .send()
            .expect(200);
        let found = Some(digest(&answer.body));
        assert!(
            seen.contains(&found),
            "{tag} is {found:?}, none of {seen:?}"
        );
    }
}

/// What was under way is finished: uploads go on from the offset that the registry reports, the rest begins anew.
pub(crate) fn push_again(client: &Client, ledger: &Ledger) {
    for blob in &ledger.broken {
        client.push_blob(&blob.repository, &blob.bytes());
    }
    for upload in &ledger.uploads {
        resume(client, upload);
        let bytes = upload.blob.bytes();
        let path = format!("/v2/{}/blobs/{}", upload.blob.repository, digest(&bytes));
        let answer = client.get(&path).send().expect(200);
        assert!(answer.body == bytes, "other bytes after resuming: {path}");
    }
}

fn resume(client: &Client, upload: &Upload) {
    let bytes = upload.blob.bytes();
    let digest = digest(&bytes);
    let status = client.get(&upload.path).send();
    if status.status == 404 {
        // Only one that was finished, though nobody heard of it, may be gone.
        status.oci_error(404, "BLOB_UPLOAD_UNKNOWN");
        assert!(upload.finishing, "an open upload is gone: {upload:?}");
        client
            .head(&format!("/v2/{}/blobs/{digest}", upload.blob.repository))
            .send()
            .expect(200);
        return;
    }
    let status = status.expect(204);
    let last: usize = status
        .header("range")
        .strip_prefix("0-")
        .unwrap()
        .parse()
        .unwrap();
    // `0-0` stands for one byte and for none.
    let offset = if last == 0 {
        upload.acknowledged.min(1)
    } else {
        last + 1
    };
    assert!(
        offset >= upload.acknowledged,
        "acknowledged bytes are gone: {upload:?} {status}"
    );
    assert!(
        offset <= upload.sent,
        "bytes that nobody sent: {upload:?} {status}"
    );
    let path = status.location();
    let rest = bytes.slice(offset..);
    if rest.is_empty() {
        client.put(&with_digest(&path, &digest)).send().expect(201);
        return;
    }
    let (first, second) = rest.split_at(rest.len() / 2);
    let mut path = path;
    if !first.is_empty() {
        let patched = client
            .patch(&path)
            .header(
                "content-range",
                &format!("{offset}-{}", offset + first.len() - 1),
            )
            .body(first.to_vec())
            .send()
            .expect(202);
        path = patched.location();
    }
    client
        .put(&with_digest(&path, &digest))
        .body(second.to_vec())
        .send()
        .expect(201);
}

fn image_blobs(manifest: &[u8]) -> Vec<String> {
    let manifest: serde_json::Value = serde_json::from_slice(manifest).unwrap();
    let layers = manifest["layers"].as_array().unwrap();
    let all = layers.iter().chain([&manifest["config"]]);
    all.map(|item| item["digest"].as_str().unwrap().to_owned())
        .collect()
}
