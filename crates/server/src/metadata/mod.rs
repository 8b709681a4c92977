//! The metadata server of a node (Compute Engine, "About VM metadata"): programs that look for Google's find the account there
//! that the operator named, and need no key. It has a listener of its own, since whoever reaches it has that account's tokens.
//!
//! Like Google's it answers only who sets `Metadata-Flavor: Google`, which no browser can be talked into, and nobody whom a
//! proxy stands in for.

mod tree;

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use percent_encoding::percent_decode_str;
use secrecy::ExposeSecret as _;
use wharf_app::{App, Error, Origin};
use wharf_types::{ServiceAccountEmail, limits};

use crate::parameters::Parameters;
use crate::requests::Context;
use tree::Node;

const FLAVOR: HeaderName = HeaderName::from_static("metadata-flavor");
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FOLDER: &str = "/computeMetadata/v1";

/// Where a metadata server is, and whose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metadata {
    /// The address to listen on.
    pub listen: SocketAddr,
    /// The account that its callers are.
    pub account: ServiceAccountEmail,
}

impl Metadata {
    /// Whether only this machine reaches the address, or those on the same link.
    pub fn is_near(&self) -> bool {
        match self.listen {
            SocketAddr::V4(address) => address.ip().is_loopback() || address.ip().is_link_local(),
            SocketAddr::V6(address) => {
                address.ip().is_loopback() || address.ip().is_unicast_link_local()
            }
        }
    }
}

struct Face {
    app: Arc<App>,
    account: ServiceAccountEmail,
    /// The registry's own URL: the issuer of ID tokens, whatever name the metadata server is asked by.
    base_url: Arc<str>,
}

/// Every path that is answered.
pub(crate) fn router(app: Arc<App>, account: ServiceAccountEmail, base_url: Arc<str>) -> Router {
    let face = Face {
        app,
        account,
        base_url,
    };
    Router::new().fallback(serve).with_state(Arc::new(face))
}

/// Why something is not answered.
#[derive(Debug)]
enum Refusal {
    Status(StatusCode, &'static str),
    /// The path is a folder's, but for the slash at its end.
    Folder,
    App(Error),
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::App(error)
    }
}

const ABSENT: Refusal = Refusal::Status(StatusCode::NOT_FOUND, "there is nothing of this name");

async fn serve(
    State(face): State<Arc<Face>>,
    context: Context,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let answer = match method {
        Method::GET | Method::HEAD => face.answer(context, &uri, &headers).await,
        _ => Err(Refusal::Status(
            StatusCode::METHOD_NOT_ALLOWED,
            "metadata is only read: use GET",
        )),
    };
    let mut response = answer.unwrap_or_else(|refusal| refusal.into_response(&uri));
    let headers = response.headers_mut();
    headers.insert(FLAVOR, HeaderValue::from_static("Google"));
    let server = HeaderValue::from_static("Metadata Server for VM");
    headers.insert(header::SERVER, server);
    let no_store = HeaderValue::from_static("no-store");
    headers.insert(header::CACHE_CONTROL, no_store);
    response
}

impl Face {
    async fn answer(
        &self,
        context: Context,
        uri: &Uri,
        headers: &HeaderMap,
    ) -> Result<Response, Refusal> {
        // Clients find out by this whether there is a metadata server, not all of them with the header.
        if uri.path() == "/" {
            return Ok(value("computeMetadata/\n".to_owned(), "application/text"));
        }
        let is_google = headers
            .get(&FLAVOR)
            .is_some_and(|flavor| flavor.as_bytes().eq_ignore_ascii_case(b"google"));
        if !is_google {
            return Err(Refusal::Status(
                StatusCode::FORBIDDEN,
                "the header Metadata-Flavor: Google is missing",
            ));
        }
        if headers.contains_key(FORWARDED_FOR) {
            return Err(Refusal::Status(
                StatusCode::FORBIDDEN,
                "metadata is not given through a proxy: ask without X-Forwarded-For",
            ));
        }
        let query = Parameters::parse(uri.query().unwrap_or_default().as_bytes());
        let origin = Origin {
            base_url: self.base_url.clone(),
            ..context.origin
        };
        let account = self.app.node_account(&self.account).await?;
        let tree = tree::tree(&account, origin.address);
        let path = uri.path().strip_prefix(FOLDER).ok_or(ABSENT)?;
        let (is_folder, segments) = segments(path).ok_or(ABSENT)?;
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        let node = tree.find(&segments).ok_or(ABSENT)?;
        let is_recursive = is_set(&query, "recursive");
        let alt = query.get("alt");
        let response = match node {
            Node::Token => self.access_token(&query, &origin).await?,
            Node::Identity => self.id_token(&query, &origin).await?,
            Node::Folder(_) if is_recursive && alt == Some("text") => {
                value(node.lines(""), "application/text")
            }
            Node::Folder(_) if is_recursive => json(node),
            Node::Folder(_) if !is_folder => return Err(Refusal::Folder),
            Node::Folder(_) => value(node.text(), "application/text"),
            _ if is_folder => return Err(ABSENT),
            _ if alt == Some("json") => json(node),
            _ => value(node.text(), "application/text"),
        };
        if let Some(time) = held(&query, response.headers().get(header::ETAG)) {
            tokio::time::sleep(time).await;
        }
        Ok(response)
    }

    async fn access_token(
        &self,
        query: &Parameters<'_>,
        origin: &Origin,
    ) -> Result<Response, Refusal> {
        let scopes = query.get("scopes").unwrap_or(tree::SCOPE).replace(',', " ");
        let issued = self
            .app
            .issue_node_access_token(&self.account, &scopes, origin);
        let issued = issued.await?;
        let body = serde_json::json!({
            "access_token": issued.token.expose_secret(),
            "expires_in": issued.lifetime.as_secs(),
            "token_type": "Bearer",
        });
        Ok(value(body.to_string(), "application/json"))
    }

    async fn id_token(&self, query: &Parameters<'_>, origin: &Origin) -> Result<Response, Refusal> {
        let audience = query
            .get("audience")
            .filter(|audience| !audience.is_empty());
        let audience = audience.ok_or(Refusal::Status(
            StatusCode::BAD_REQUEST,
            "the parameter audience is missing: say whom the token is for",
        ))?;
        let is_full = query.get("format") == Some("full");
        let issued = self
            .app
            .issue_node_id_token(&self.account, audience, is_full, origin)
            .await?;
        Ok(value(issued.expose_secret().to_owned(), "application/text"))
    }
}

/// The names in a path below the folder, and whether it ends as a folder's does.
fn segments(path: &str) -> Option<(bool, Vec<String>)> {
    let is_folder = path.ends_with('/');
    let path = path.strip_suffix('/').unwrap_or(path);
    if path.is_empty() {
        return Some((is_folder, Vec::new()));
    }
    let segments = path.strip_prefix('/')?.split('/').map(|segment| {
        let decoded = percent_decode_str(segment).decode_utf8().ok()?;
        Some(decoded.into_owned())
    });
    Some((is_folder, segments.collect::<Option<_>>()?))
}

fn is_set(query: &Parameters<'_>, name: &str) -> bool {
    query
        .get(name)
        .is_some_and(|value| value.eq_ignore_ascii_case("true") || value == "1")
}

/// `wait_for_change`: nothing here changes, so who waits for it is held for as long as it says, within bounds.
fn held(query: &Parameters<'_>, etag: Option<&HeaderValue>) -> Option<Duration> {
    let is_known = query
        .get("last_etag")
        .is_none_or(|known| etag.is_some_and(|etag| etag.as_bytes() == known.as_bytes()));
    let seconds = query.get("timeout_sec").and_then(|text| text.parse().ok());
    let longest = limits::METADATA_WAIT_MAX;
    let wanted = seconds.map_or(longest, Duration::from_secs).min(longest);
    (is_set(query, "wait_for_change") && is_known).then_some(wanted)
}

fn json(node: &Node) -> Response {
    value(node.json().to_string(), "application/json")
}

fn value(body: String, content_type: &'static str) -> Response {
    let mut hasher = DefaultHasher::new();
    body.hash(&mut hasher);
    let etag = format!("{:016x}", hasher.finish());
    let headers = [
        (header::CONTENT_TYPE, content_type.to_owned()),
        (header::ETAG, etag),
    ];
    (headers, body).into_response()
}

impl Refusal {
    fn into_response(self, uri: &Uri) -> Response {
        let (status, message) = match self {
            Self::Status(status, message) => (status, message.to_owned()),
            Self::Folder => {
                let query = uri.query().map(|query| format!("?{query}"));
                let to = format!("{}/{}", uri.path(), query.unwrap_or_default());
                return (StatusCode::MOVED_PERMANENTLY, [(header::LOCATION, to)]).into_response();
            }
            Self::App(error) => {
                let status = match error {
                    Error::NotFound { .. } => StatusCode::NOT_FOUND,
                    Error::Invalid { .. } => StatusCode::BAD_REQUEST,
                    Error::FailedPrecondition(_) | Error::Unauthenticated(_) => {
                        StatusCode::FORBIDDEN
                    }
                    _ => StatusCode::SERVICE_UNAVAILABLE,
                };
                if status == StatusCode::SERVICE_UNAVAILABLE {
                    tracing::error!(
                        error = &error as &dyn std::error::Error,
                        "the metadata server"
                    );
                }
                (status, error.to_string())
            }
        };
        (status, format!("{message}\n")).into_response()
    }
}

#[cfg(test)]
mod tests;
