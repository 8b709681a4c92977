//! Blobs: pull with ranges, delete (distribution-spec, "Pulling blobs"; RFC 9110, 13 and 14).

use axum::body::Body;
use axum::response::Response;
use http::{HeaderValue, StatusCode, header};
use wharf_app::Error;
use wharf_types::{Digest, RepositoryName, media};

use super::call::{Call, DOCKER_CONTENT_DIGEST, digest_value, empty, value};
use crate::content::{self, Part};

/// `HEAD`
pub(super) async fn head(
    call: &Call<'_>,
    name: &RepositoryName,
    digest: &Digest,
) -> Result<Response, Error> {
    let size = call
        .app
        .stat_blob(call.caller, &call.repository(name), digest)
        .await?;
    answer(call, digest, |_| Ok(Part::whole(size)), |_| Body::empty())
}

/// `GET`
pub(super) async fn get(
    call: &Call<'_>,
    name: &RepositoryName,
    digest: &Digest,
) -> Result<Response, Error> {
    let (size, content) = call
        .app
        .open_blob(call.caller, &call.repository(name), digest)
        .await?;
    answer(
        call,
        digest,
        |etag| Part::wanted(call.headers, etag, size),
        |part| content::body(content, part, call.outlet.as_ref()),
    )
}

fn answer(
    call: &Call<'_>,
    digest: &Digest,
    part: impl FnOnce(&HeaderValue) -> Result<Part, Error>,
    body: impl FnOnce(Part) -> Body,
) -> Result<Response, Error> {
    let etag = value(format!("\"{digest}\""))?;
    let digest = digest_value(digest)?;
    if call.is_cached(&etag) {
        return Ok(empty(
            StatusCode::NOT_MODIFIED,
            [(header::ETAG, etag), (DOCKER_CONTENT_DIGEST, digest)],
        ));
    }
    let part = part(&etag)?;
    let mut response = part.response(body(part))?;
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static(media::OCTET_STREAM),
    );
    headers.insert(DOCKER_CONTENT_DIGEST, digest);
    headers.insert(header::ETAG, etag);
    Ok(response)
}

/// `DELETE`
pub(super) async fn delete(
    call: &Call<'_>,
    name: &RepositoryName,
    digest: &Digest,
) -> Result<Response, Error> {
    call.app
        .delete_blob(call.caller, &call.repository(name), digest)
        .await?;
    Ok(empty(StatusCode::ACCEPTED, []))
}
