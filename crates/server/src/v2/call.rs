//! A request of the registry protocol whose caller is known.

use std::sync::Arc;

use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use wharf_app::{App, Caller, Error};
use wharf_types::error::OciCode;
use wharf_types::{Digest, Location, Repository, RepositoryName, limits};

use crate::content;
use crate::parameters::Parameters;
use crate::sendfile::Outlet;

pub(super) const DOCKER_CONTENT_DIGEST: HeaderName =
    HeaderName::from_static("docker-content-digest");

/// What every handler gets.
pub(super) struct Call<'a> {
    pub(super) app: &'a Arc<App>,
    pub(super) caller: &'a Caller,
    /// The location that the request's host stands for.
    pub(super) location: &'a Option<Location>,
    pub(super) headers: &'a HeaderMap,
    /// Where files can be sent, if the connection is a plain one.
    pub(super) outlet: &'a Option<Arc<Outlet>>,
    pub(super) query: &'a Parameters<'a>,
}

impl Call<'_> {
    /// The repository that a name means at the request's host.
    pub(super) fn repository(&self, name: &RepositoryName) -> Repository {
        Repository::new(self.location.clone(), name.clone())
    }

    /// A header's text; `None` where it is absent or no text.
    pub(super) fn header(&self, name: HeaderName) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// Whether the client has this content already (`If-None-Match`; RFC 9110, 13.1.2).
    pub(super) fn is_cached(&self, etag: &HeaderValue) -> bool {
        content::is_named(self.headers, &header::IF_NONE_MATCH, etag)
    }

    /// The `n` of a list: absent, it is the default; too large, it is the most there is.
    pub(super) fn page_size(&self) -> Result<Option<usize>, Error> {
        let Some(text) = self.query.get("n") else {
            return Ok(None);
        };
        if !text.bytes().all(|b| b.is_ascii_digit()) {
            return Err(Error::invalid(
                OciCode::Unsupported,
                "the parameter n is not a number of entries, 0 or more",
            ));
        }
        let size = text.parse().unwrap_or(usize::MAX);
        Ok(Some(size.min(limits::PAGE_SIZE_MAX)))
    }

    /// The `Link` to the next page, relative, so that it holds behind any proxy.
    pub(super) fn next_page(
        &self,
        path: &str,
        last: &str,
    ) -> Result<(HeaderName, HeaderValue), Error> {
        let link = format!("<{path}?{}>; rel=\"next\"", self.query.with("last", last));
        Ok((header::LINK, value(link)?))
    }
}

/// A header's value out of text that we made.
pub(super) fn value(
    text: impl TryInto<HeaderValue, Error = http::header::InvalidHeaderValue>,
) -> Result<HeaderValue, Error> {
    text.try_into().map_err(Error::internal)
}

/// `sha256:…` as a header's value.
pub(super) fn digest_value(digest: &Digest) -> Result<HeaderValue, Error> {
    value(digest.to_string())
}

/// An answer without a body.
pub(super) fn empty<const N: usize>(
    status: StatusCode,
    headers: [(HeaderName, HeaderValue); N],
) -> Response {
    let mut response = status.into_response();
    response.headers_mut().extend(headers);
    response
}
