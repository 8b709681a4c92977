//! Uploads: start, mount, append, finish, ask, cancel (distribution-spec, "Pushing blobs").

use axum::body::Body;
use axum::response::Response;
use http::{HeaderName, HeaderValue, StatusCode, header};
use uuid::Uuid;
use wharf_app::Error;
use wharf_app::registry::uploads::{Mount, Upload};
use wharf_types::error::OciCode;
use wharf_types::range::ContentRange;
use wharf_types::{Algorithm, Digest, RepositoryName};

use super::call::{Call, DOCKER_CONTENT_DIGEST, digest_value, empty, value};
use crate::body::Frames;

const DOCKER_UPLOAD_UUID: HeaderName = HeaderName::from_static("docker-upload-uuid");

/// `POST`: mounts, or takes a blob in whole, or opens an upload.
pub(super) async fn start(
    call: &Call<'_>,
    name: &RepositoryName,
    body: Body,
) -> Result<Response, Error> {
    let repository = call.repository(name);
    let digest = call.query.get("digest").map(parse_digest).transpose()?;
    let opened = match call.query.get("mount").map(parse_digest).transpose()? {
        Some(mounted) => match mount(call, name, &mounted).await? {
            Mount::Mounted => return created(name, &mounted),
            Mount::Upload(upload) => Some(upload),
        },
        None => None,
    };
    if let Some(digest) = digest {
        if let Some(unused) = opened {
            call.app
                .cancel_upload(call.caller, &repository, unused.id)
                .await?;
        }
        call.app
            .put_blob(call.caller, &repository, &digest, Frames::new(body))
            .await?;
        return created(name, &digest);
    }
    let upload = match opened {
        Some(upload) => upload,
        None => {
            let algorithm = call
                .query
                .get("digest-algorithm")
                .map(Algorithm::parse)
                .transpose();
            let algorithm = algorithm
                .map_err(|error| Error::invalid(OciCode::DigestInvalid, error.to_string()))?;
            call.app
                .start_upload(call.caller, &repository, algorithm)
                .await?
        }
    };
    progress(StatusCode::ACCEPTED, name, upload)
}

/// A `from` that names nothing is like one that has nothing: the client goes on with the upload.
async fn mount(call: &Call<'_>, name: &RepositoryName, digest: &Digest) -> Result<Mount, Error> {
    let repository = call.repository(name);
    let from = call
        .query
        .get("from")
        .map(RepositoryName::parse)
        .transpose();
    match from {
        Ok(from) => {
            let from = from.map(|from| call.repository(&from));
            call.app
                .mount_blob(call.caller, &repository, digest, from.as_ref())
                .await
        }
        Err(_) => {
            let algorithm = Some(digest.algorithm());
            let upload = call
                .app
                .start_upload(call.caller, &repository, algorithm)
                .await?;
            Ok(Mount::Upload(upload))
        }
    }
}

/// `PATCH`: a chunk, or all of it as a stream.
pub(super) async fn append(
    call: &Call<'_>,
    name: &RepositoryName,
    id: Uuid,
    body: Body,
) -> Result<Response, Error> {
    let range = chunk(call)?;
    let repository = call.repository(name);
    let upload = call
        .app
        .append_upload(call.caller, &repository, id, range, Frames::new(body))
        .await?;
    progress(StatusCode::ACCEPTED, name, upload)
}

/// `PUT`: the last chunk, or none, and the digest of the whole.
pub(super) async fn finish(
    call: &Call<'_>,
    name: &RepositoryName,
    id: Uuid,
    body: Body,
) -> Result<Response, Error> {
    let digest = call.query.get("digest").map(parse_digest).transpose()?;
    let digest = digest.ok_or_else(|| {
        Error::invalid(
            OciCode::DigestInvalid,
            "the closing PUT of an upload needs ?digest=",
        )
    })?;
    let range = chunk(call)?;
    let repository = call.repository(name);
    call.app
        .finish_upload(
            call.caller,
            &repository,
            id,
            &digest,
            range,
            Frames::new(body),
        )
        .await?;
    created(name, &digest)
}

/// `GET`: how far it is.
pub(super) async fn status(
    call: &Call<'_>,
    name: &RepositoryName,
    id: Uuid,
) -> Result<Response, Error> {
    let upload = call
        .app
        .upload_status(call.caller, &call.repository(name), id)
        .await?;
    progress(StatusCode::NO_CONTENT, name, upload)
}

/// `DELETE`
pub(super) async fn cancel(
    call: &Call<'_>,
    name: &RepositoryName,
    id: Uuid,
) -> Result<Response, Error> {
    call.app
        .cancel_upload(call.caller, &call.repository(name), id)
        .await?;
    Ok(empty(StatusCode::NO_CONTENT, []))
}

/// Where an upload goes on, and how far it is: also for the 416 of a chunk that came out of order.
pub(super) fn place(
    name: &RepositoryName,
    upload: Upload,
) -> Result<[(HeaderName, HeaderValue); 3], Error> {
    let Upload { id, offset } = upload;
    Ok([
        (
            header::LOCATION,
            value(format!("/v2/{name}/blobs/uploads/{id}"))?,
        ),
        // An empty upload has no last byte: `0-0` is what clients expect to read.
        (
            header::RANGE,
            value(format!("0-{}", offset.saturating_sub(1)))?,
        ),
        (DOCKER_UPLOAD_UUID, value(id.to_string())?),
    ])
}

fn progress(status: StatusCode, name: &RepositoryName, upload: Upload) -> Result<Response, Error> {
    Ok(empty(status, place(name, upload)?))
}

fn created(name: &RepositoryName, digest: &Digest) -> Result<Response, Error> {
    Ok(empty(
        StatusCode::CREATED,
        [
            (
                header::LOCATION,
                value(format!("/v2/{name}/blobs/{digest}"))?,
            ),
            (DOCKER_CONTENT_DIGEST, digest_value(digest)?),
        ],
    ))
}

/// The `Content-Range` of a chunk. A `Content-Length` beside it must say the same.
fn chunk(call: &Call<'_>) -> Result<Option<ContentRange>, Error> {
    let Some(header) = call.headers.get(header::CONTENT_RANGE) else {
        return Ok(None);
    };
    let range = ContentRange::parse(header.to_str().unwrap_or_default())
        .map_err(|error| Error::invalid(OciCode::BlobUploadInvalid, error.to_string()))?;
    let length = call
        .header(header::CONTENT_LENGTH)
        .and_then(|length| length.parse::<u64>().ok());
    match length {
        Some(length) if length != range.length() => Err(Error::invalid(
            OciCode::SizeInvalid,
            format!(
                "Content-Range covers {} bytes, Content-Length is {length}",
                range.length()
            ),
        )),
        _ => Ok(Some(range)),
    }
}

fn parse_digest(text: &str) -> Result<Digest, Error> {
    Digest::parse(text).map_err(|error| Error::invalid(OciCode::DigestInvalid, error.to_string()))
}
