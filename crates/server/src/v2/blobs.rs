//! Blobs: pull with ranges, delete (distribution-spec, "Pulling blobs"; RFC 9110, 13 and 14).

use axum::body::Body;
use axum::response::Response;
use futures_util::TryStreamExt as _;
use http::{HeaderValue, StatusCode, header};
use wharf_app::Error;
use wharf_app::registry::blobs::BlobContent;
use wharf_types::range::{ByteRange, RangeRequest, Unsatisfiable};
use wharf_types::{Digest, RepositoryName, media};

use super::call::{Call, DOCKER_CONTENT_DIGEST, digest_value, empty, value};

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
    answer(call, digest, size, None, |_, _| Body::empty())
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
    let range = call.header(header::RANGE).map(RangeRequest::parse);
    answer(call, digest, size, range, |start, length| match content {
        BlobContent::Inline(bytes) => {
            let (start, end) = (as_index(start), as_index(start + length));
            Body::from(bytes.slice(start..end))
        }
        // The status is sent when a piece cannot be read: all that is left is to break the connection off, and to say why in
        // the log.
        BlobContent::Object(reader) => match call.outlet {
            Some(outlet) => outlet.body(reader, start, length),
            None => {
                let pieces = reader.read(start, length);
                Body::from_stream(
                    pieces.inspect_err(|error| tracing::error!(%error, "reading a blob")),
                )
            }
        },
    })
}

#[expect(clippy::expect_used, reason = "within bytes that are in memory")]
fn as_index(at: u64) -> usize {
    usize::try_from(at).expect("an index of bytes in memory")
}

fn answer(
    call: &Call<'_>,
    digest: &Digest,
    size: u64,
    range: Option<Result<Option<RangeRequest>, Unsatisfiable>>,
    body: impl FnOnce(u64, u64) -> Body,
) -> Result<Response, Error> {
    let etag = value(format!("\"{digest}\""))?;
    let digest = digest_value(digest)?;
    if call.is_cached(&etag) {
        return Ok(empty(
            StatusCode::NOT_MODIFIED,
            [(header::ETAG, etag), (DOCKER_CONTENT_DIGEST, digest)],
        ));
    }
    // A range of another version than the client has is worth nothing to it (RFC 9110, 13.1.5).
    let is_same = call
        .headers
        .get(header::IF_RANGE)
        .is_none_or(|wanted| *wanted == etag);
    let outside = |Unsatisfiable| Error::RangeNotSatisfiable { size };
    let range = match range
        .filter(|_| is_same)
        .transpose()
        .map_err(outside)?
        .flatten()
    {
        Some(range) => Some(range.resolve(size).map_err(outside)?),
        None => None,
    };
    let (start, length) = range.map_or((0, size), |range| (range.start, range.length()));
    let mut response = Response::new(body(start, length));
    let headers = response.headers_mut();
    if let Some(ByteRange { start, end }) = range {
        headers.insert(
            header::CONTENT_RANGE,
            value(format!("bytes {start}-{end}/{size}"))?,
        );
    }
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static(media::OCTET_STREAM),
    );
    headers.insert(header::CONTENT_LENGTH, length.into());
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(DOCKER_CONTENT_DIGEST, digest);
    headers.insert(header::ETAG, etag);
    if range.is_some() {
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
    }
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
