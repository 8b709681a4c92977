//! Content on its way out: all of it, or the part that the client wants (RFC 9110, 13 and 14). Never whole in memory.

use std::sync::Arc;

use axum::body::Body;
use axum::response::Response;
use futures_util::TryStreamExt as _;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use wharf_app::Error;
use wharf_app::registry::blobs::BlobContent;
use wharf_types::range::{ByteRange, RangeRequest, Unsatisfiable};

use crate::sendfile::Outlet;

/// A part of content of a known size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    size: u64,
    /// None: all of it.
    range: Option<ByteRange>,
}

impl Part {
    /// All of it.
    pub(crate) fn whole(size: u64) -> Self {
        Self { size, range: None }
    }

    /// What `Range` asks for, of the version that `If-Range` names.
    pub(crate) fn wanted(
        headers: &HeaderMap,
        etag: &HeaderValue,
        size: u64,
    ) -> Result<Self, Error> {
        // A range of another version than the client has is worth nothing to it (RFC 9110, 13.1.5).
        let is_same = headers
            .get(header::IF_RANGE)
            .is_none_or(|wanted| wanted == etag);
        let range = headers
            .get(header::RANGE)
            .filter(|_| is_same)
            .and_then(|range| range.to_str().ok())
            .map(RangeRequest::parse);
        let outside = |Unsatisfiable| Error::RangeNotSatisfiable { size };
        let range = range.transpose().map_err(outside)?.flatten();
        let range = range.map(|range| range.resolve(size).map_err(outside));
        Ok(Self {
            size,
            range: range.transpose()?,
        })
    }

    fn start(self) -> u64 {
        self.range.map_or(0, |range| range.start)
    }

    fn length(self) -> u64 {
        self.range.map_or(self.size, |range| range.length())
    }

    /// 200 or 206 with this body.
    pub(crate) fn response(self, body: Body) -> Result<Response, Error> {
        let mut response = Response::new(body);
        if let Some(ByteRange { start, end }) = self.range {
            let range = HeaderValue::try_from(format!("bytes {start}-{end}/{}", self.size));
            let range = range.map_err(Error::internal)?;
            *response.status_mut() = StatusCode::PARTIAL_CONTENT;
            response.headers_mut().insert(header::CONTENT_RANGE, range);
        }
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_LENGTH, self.length().into());
        headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
        Ok(response)
    }
}

/// The body that sends a part of `content`.
pub(crate) fn body(content: BlobContent, part: Part, outlet: Option<&Arc<Outlet>>) -> Body {
    let (start, length) = (part.start(), part.length());
    match (content, outlet) {
        (BlobContent::Inline(bytes), _) => {
            Body::from(bytes.slice(as_index(start)..as_index(start + length)))
        }
        (BlobContent::Object(reader), Some(outlet)) => outlet.body(reader, start, length),
        // The status is sent when a piece cannot be read: all that is left is to break the connection off, and to say why in
        // the log.
        (BlobContent::Object(reader), None) => {
            let pieces = reader.read(start, length);
            Body::from_stream(pieces.inspect_err(|error| tracing::error!(%error, "reading a blob")))
        }
    }
}

#[expect(clippy::expect_used, reason = "within bytes that are in memory")]
fn as_index(at: u64) -> usize {
    usize::try_from(at).expect("an index of bytes in memory")
}

/// Whether a header such as `If-None-Match` names this version of the content, or any (RFC 9110, 13.1.1 and 13.1.2).
pub(crate) fn is_named(headers: &HeaderMap, name: &HeaderName, etag: &HeaderValue) -> bool {
    let tags = headers.get_all(name).into_iter();
    tags.filter_map(|tags| tags.to_str().ok())
        .flat_map(|tags| tags.split(','))
        .map(|tag| tag.trim())
        .any(|tag| {
            tag == "*" || tag.strip_prefix("W/").unwrap_or(tag).as_bytes() == etag.as_bytes()
        })
}
