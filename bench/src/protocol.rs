//! Push and pull as docker and containerd do them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context as _, Result, ensure};
use tokio::task::JoinSet;

use crate::client::{Body, Connection, Endpoint, Request, Sink};
use crate::content::{Blob, Image};

/// The repository of everything that is pushed: a project and an image in it.
pub(crate) const REPOSITORY: &str = "default/bench";

/// How the bytes of a blob are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Upload {
    /// POST, then one streamed PATCH, then PUT: docker.
    Docker,
    /// POST, then PUT with all bytes: containerd, crane, skopeo without a stream.
    Monolithic,
}

pub(crate) fn manifest_path(reference: &str) -> String {
    format!("/v2/{REPOSITORY}/manifests/{reference}")
}

pub(crate) fn blob_path(digest: &str) -> String {
    format!("/v2/{REPOSITORY}/blobs/{digest}")
}

/// Pushes what the registry does not have: each blob after asking for it, then the manifest under its tag.
pub(crate) async fn push(connection: &mut Connection, image: &Image, upload: Upload) -> Result<()> {
    for blob in image.blobs() {
        push_blob(connection, blob, upload).await?;
    }
    let path = manifest_path(&image.tag);
    let mut request = Request::new("PUT", &path);
    request.content_type = Some(Image::MANIFEST_TYPE);
    request.body = Body::Sized(&image.manifest);
    connection.expect(201, &request).await?;
    Ok(())
}

async fn push_blob(connection: &mut Connection, blob: &Blob, upload: Upload) -> Result<()> {
    let path = blob_path(&blob.digest);
    connection.expect(404, &Request::new("HEAD", &path)).await?;
    let start = format!("/v2/{REPOSITORY}/blobs/uploads/");
    let started = connection
        .expect(202, &Request::new("POST", &start))
        .await?;
    let mut location = path_of(started.location)?;
    let mut put = Request::new("PUT", "");
    match upload {
        Upload::Docker => {
            let mut patch = Request::new("PATCH", &location);
            patch.content_type = Some("application/octet-stream");
            patch.body = Body::Streamed(blob);
            location = path_of(connection.expect(202, &patch).await?.location)?;
        }
        Upload::Monolithic => {
            put.content_type = Some("application/octet-stream");
            put.body = Body::Sized(blob);
        }
    }
    let joint = if location.contains('?') { '&' } else { '?' };
    let finish = format!("{location}{joint}digest={}", blob.digest);
    put.path = &finish;
    connection.expect(201, &put).await?;
    Ok(())
}

/// A registry may answer with a URL or with a path.
fn path_of(location: Option<String>) -> Result<String> {
    let location = location.context("the registry does not say where the upload goes on")?;
    Ok(match location.split_once("://") {
        Some((_, rest)) => rest[rest.find('/').unwrap_or(rest.len())..].to_owned(),
        None => location,
    })
}

/// Pulls manifest, config and layers, and throws the bytes away. Their count must be right.
pub(crate) async fn pull(connection: &mut Connection, image: &Image) -> Result<()> {
    pull_manifest(connection, image).await?;
    for blob in image.blobs() {
        pull_blob(connection, blob).await?;
    }
    Ok(())
}

/// Resolves the tag, then gets the manifest by its digest.
pub(crate) async fn pull_manifest(connection: &mut Connection, image: &Image) -> Result<()> {
    let tag = manifest_path(&image.tag);
    connection.expect(200, &Request::new("HEAD", &tag)).await?;
    let path = manifest_path(&image.manifest.digest);
    let received = connection.get(&path, &mut Sink::Discard).await?;
    ensure!(
        received == image.manifest.size as u64,
        "GET {path}: {received} bytes"
    );
    Ok(())
}

pub(crate) async fn pull_blob(connection: &mut Connection, blob: &Blob) -> Result<()> {
    let path = blob_path(&blob.digest);
    let received = connection.get(&path, &mut Sink::Discard).await?;
    ensure!(received == blob.size as u64, "GET {path}: {received} bytes");
    Ok(())
}

/// Pulls an image and hashes everything: outside of any timing, so that speed is never that of wrong bytes.
pub(crate) async fn verify(connection: &mut Connection, image: &Image) -> Result<()> {
    let by_tag = (manifest_path(&image.tag), &image.manifest.digest);
    let by_digest = (
        manifest_path(&image.manifest.digest),
        &image.manifest.digest,
    );
    let blobs = image
        .blobs()
        .map(|blob| (blob_path(&blob.digest), &blob.digest));
    for (path, digest) in [by_tag, by_digest].into_iter().chain(blobs) {
        let mut sink = Sink::hash();
        connection.get(&path, &mut sink).await?;
        let found = sink.digest();
        ensure!(
            found.as_ref() == Some(digest),
            "GET {path}: the bytes have digest {found:?}"
        );
    }
    Ok(())
}

/// What is done with images.
#[derive(Clone, Copy)]
pub(crate) enum Action {
    Push(Upload),
    Pull,
    Verify,
}

/// Does it with every image on so many connections at once; each takes the next image that nobody took.
pub(crate) async fn for_each(
    action: Action,
    endpoint: &Endpoint,
    connections: usize,
    images: &Arc<Vec<Image>>,
) -> Result<()> {
    let next = Arc::new(AtomicUsize::new(0));
    let mut tasks = JoinSet::new();
    for _ in 0..connections.min(images.len()) {
        let (next, images, endpoint) = (next.clone(), images.clone(), endpoint.clone());
        tasks.spawn(async move {
            let mut connection = Connection::open(&endpoint).await?;
            while let Some(image) = images.get(next.fetch_add(1, Ordering::Relaxed)) {
                match action {
                    Action::Push(upload) => push(&mut connection, image, upload).await?,
                    Action::Pull => pull(&mut connection, image).await?,
                    Action::Verify => verify(&mut connection, image).await?,
                }
            }
            anyhow::Ok(())
        });
    }
    while let Some(done) = tasks.join_next().await {
        done??;
    }
    Ok(())
}
