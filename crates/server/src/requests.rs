//! One request, from the connection to the router and back: what is known of it before it is routed, and what is
//! counted and logged after it was answered.

use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Instant;

use axum::Router;
use axum::extract::FromRequestParts;
use axum::response::Response;
use futures_util::FutureExt as _;
use http::request::Parts;
use http::uri::Authority;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Uri, Version, header};
use tower::Service as _;
use wharf_app::Origin;
use wharf_types::{Location, limits};

use crate::body::{Remainder, Watched};
use crate::connection::Activity;
use crate::error::{self, Fault, Problem};
use crate::google::MethodId;
use crate::hosts::UnknownHost;
use crate::metrics::Route;
use crate::rates::ConnectionRate;
use crate::sendfile::Outlet;
use crate::shared::Shared;

/// Characters of a `User-Agent` that are kept.
const USER_AGENT_LENGTH_MAX: usize = 200;
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What is known of a request before it is routed. Every handler can extract it.
#[derive(Clone)]
pub(crate) struct Context {
    /// Where it came from, and to which base URL.
    pub(crate) origin: Origin,
    /// The location that its host stands for.
    pub(crate) location: Result<Option<Location>, UnknownHost>,
    /// Where its answer can send files.
    pub(crate) outlet: Option<Arc<Outlet>>,
}

impl<S: Sync> FromRequestParts<S> for Context {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        // `answer` puts it there before anything is routed.
        parts
            .extensions
            .get()
            .cloned()
            .ok_or(Problem::BadRequest("the request has no context"))
    }
}

/// A connection, as its requests know it.
pub(crate) struct Connection {
    shared: Arc<Shared>,
    router: Router,
    peer: IpAddr,
    is_secure: bool,
    /// Whether the peer is a proxy that is believed.
    is_trusted: bool,
    /// What the last request said of itself: the next one says the same.
    last: Mutex<Last>,
    rate: Option<ConnectionRate>,
    /// Where answers in HTTP/1.1 can send files.
    outlet: Option<Arc<Outlet>>,
    /// For the watch on the connection.
    pub(crate) activity: Activity,
}

/// Headers as copies: a value itself would hold on to the buffer that its request was read into.
#[derive(Clone, Default)]
struct Last {
    host: Option<(Box<[u8]>, Addressed)>,
    user_agent: Option<(Box<[u8]>, Arc<str>)>,
}

/// The host that a request was addressed to.
#[derive(Clone)]
struct Addressed {
    base_url: Arc<str>,
    location: Result<Option<Location>, UnknownHost>,
}

impl Connection {
    /// A connection from `peer`, encrypted or not.
    pub(crate) fn new(shared: Arc<Shared>, router: Router, peer: IpAddr, is_secure: bool) -> Self {
        let peer = peer.to_canonical();
        let is_trusted = shared
            .trusted_proxies
            .iter()
            .any(|proxy| proxy.contains(peer));
        let rate = shared.rates.of_connection();
        Self {
            shared,
            router,
            peer,
            is_secure,
            is_trusted,
            last: Mutex::default(),
            rate,
            outlet: None,
            activity: Activity::default(),
        }
    }

    /// The connection's socket sends files: see [`crate::sendfile`].
    pub(crate) fn with_outlet(mut self, outlet: Arc<Outlet>) -> Self {
        self.outlet = Some(outlet);
        self
    }

    fn admit<B>(&self, request: &Request<B>) -> Result<Context, Problem> {
        let (uri, headers) = (request.uri(), request.headers());
        if let Some(rate) = &self.rate {
            rate.check().map_err(Problem::TooManyRequests)?;
        }
        let length = uri.path_and_query().map_or(0, |path| path.as_str().len());
        if length > limits::URI_LENGTH_MAX {
            return Err(Problem::UriTooLong);
        }
        if request.version() == Version::HTTP_11 && !has_one_host(headers) {
            return Err(BAD_HOST);
        }
        let Addressed { base_url, location } = self.addressed(uri, headers)?;
        Ok(Context {
            origin: Origin {
                address: Some(self.client(headers)),
                user_agent: self.user_agent(headers),
                request_id: next_request_id(),
                base_url,
            },
            location,
            outlet: self
                .outlet
                .clone()
                .filter(|_| request.version() == Version::HTTP_11),
        })
    }

    /// Who is at the far end: the peer, or whom the proxies in front name.
    fn client(&self, headers: &HeaderMap) -> IpAddr {
        if !self.is_trusted {
            return self.peer;
        }
        let lines = headers.get_all(FORWARDED_FOR).into_iter().rev();
        lines
            .filter_map(|line| line.to_str().ok())
            .flat_map(|line| line.rsplit(','))
            // What stands left of a text that is no address was written by nobody we know.
            .map_while(|address| address.trim().parse().ok())
            .find(|address| {
                !self
                    .shared
                    .trusted_proxies
                    .iter()
                    .any(|proxy| proxy.contains(*address))
            })
            .unwrap_or(self.peer)
    }

    fn user_agent(&self, headers: &HeaderMap) -> Arc<str> {
        let Some(value) = headers.get(header::USER_AGENT) else {
            return Arc::default();
        };
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        match &last.user_agent {
            Some((seen, text)) if **seen == *value.as_bytes() => text.clone(),
            _ => {
                let text = value.to_str().unwrap_or_default();
                let text: Arc<str> = text.get(..USER_AGENT_LENGTH_MAX).unwrap_or(text).into();
                last.user_agent = Some((value.as_bytes().into(), text.clone()));
                text
            }
        }
    }

    fn addressed(&self, uri: &Uri, headers: &HeaderMap) -> Result<Addressed, Problem> {
        if self.is_trusted || uri.authority().is_some() {
            let forwarded = |name| {
                let value = headers.get(name).filter(|_| self.is_trusted)?;
                value.to_str().ok()?.rsplit(',').next().map(str::trim)
            };
            let host = headers
                .get(header::HOST)
                .and_then(|host| host.to_str().ok());
            let authority = forwarded(FORWARDED_HOST)
                .or(uri.authority().map(Authority::as_str))
                .or(host);
            let is_secure = match forwarded(FORWARDED_PROTO) {
                Some(scheme) => scheme.eq_ignore_ascii_case("https"),
                None => self.is_secure,
            };
            return address(&self.shared, authority, is_secure);
        }
        let Some(host) = headers.get(header::HOST) else {
            return address(&self.shared, None, self.is_secure);
        };
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        match &last.host {
            Some((seen, addressed)) if **seen == *host.as_bytes() => Ok(addressed.clone()),
            _ => {
                let text = host.to_str().map_err(|_| BAD_HOST)?;
                let addressed = address(&self.shared, Some(text), self.is_secure)?;
                last.host = Some((host.as_bytes().into(), addressed.clone()));
                Ok(addressed)
            }
        }
    }
}

const BAD_HOST: Problem = Problem::BadRequest("the Host header is missing, repeated or no host");

/// Whether HTTP/1.1's rule is kept (RFC 9112, 3.2): two parties that read different hosts would see different requests.
fn has_one_host(headers: &HeaderMap) -> bool {
    headers.get_all(header::HOST).iter().count() == 1
}

fn address(
    shared: &Shared,
    authority: Option<&str>,
    is_secure: bool,
) -> Result<Addressed, Problem> {
    let Some(authority) = authority else {
        return Ok(Addressed {
            base_url: shared
                .external_url
                .clone()
                .unwrap_or_else(|| shared.local_url.clone()),
            location: Ok(None),
        });
    };
    let authority: Authority = authority.parse().map_err(|_| BAD_HOST)?;
    let host = authority.host();
    let has_port = authority.as_str().len() > host.len();
    if host.is_empty()
        || authority.as_str().contains('@')
        || (has_port && authority.port_u16().is_none())
    {
        return Err(BAD_HOST);
    }
    let scheme = if is_secure { "https" } else { "http" };
    let authority_text = authority.as_str().to_ascii_lowercase();
    // TLS may end before us without telling: the external URL's host is reached by the external URL's scheme.
    let base_url = match &shared.external_url {
        Some(url)
            if url
                .split_once("://")
                .is_some_and(|(_, rest)| rest == authority_text) =>
        {
            url.clone()
        }
        _ => format!("{scheme}://{authority_text}").into(),
    };
    Ok(Addressed {
        base_url,
        location: shared.hosts.location(authority.host()),
    })
}

/// Unique in this process, and among processes as far as 32 random bits go.
fn next_request_id() -> Arc<str> {
    static PROCESS: LazyLock<u32> = LazyLock::new(|| uuid::Uuid::new_v4().as_fields().0);
    static NEXT: AtomicU64 = AtomicU64::new(1);
    format!(
        "{:08x}-{:x}",
        *PROCESS,
        NEXT.fetch_add(1, Ordering::Relaxed)
    )
    .into()
}

/// Answers a request. Whatever happens inside, there is an answer.
pub(crate) async fn answer<B>(connection: Arc<Connection>, request: Request<B>) -> Response
where
    B: http_body::Body<Data = bytes::Bytes> + Send + Unpin + 'static,
    B::Error: Into<axum::BoxError>,
{
    let _work = connection.activity.work();
    let started = Instant::now();
    let (method, route) = (request.method().clone(), Route::of(request.uri().path()));
    // In HTTP/2 a stream ends by itself.
    let has_body = request.version() <= Version::HTTP_11 && !request.body().is_end_stream();
    let remainder = has_body.then(Arc::<Remainder>::default);
    let request = request.map(|body| Watched::new(body, remainder.clone()));
    let metrics = &connection.shared.metrics;
    let _in_flight = metrics.request(route);
    let context = connection.admit(&request);
    let request_id = match &context {
        Ok(context) => Some(context.origin.request_id.clone()),
        Err(_) => None,
    };
    let mut response = match context {
        Ok(context) => routed(&connection, route, context, request).await,
        Err(problem) => error::problem(route, &problem),
    };
    let (status, duration) = (response.status(), started.elapsed());
    metrics.answered(route, &method, status, duration);
    let id = request_id.as_deref().unwrap_or_default();
    if let Some(Fault(fault)) = response.extensions_mut().remove() {
        tracing::error!(request_id = id, %method, route = route.as_str(), error = fault, "internal error");
    }
    let call = response.extensions_mut().remove();
    let call = call.map(|MethodId(id)| id);
    tracing::debug!(request_id = id, %method, route = route.as_str(), call, status = status.as_u16(), ?duration, "request");
    if !status.is_success()
        && let Ok(id) = HeaderValue::from_str(id)
    {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    // A body that nobody read ends the connection: a client that is not told sends its next request into the void.
    if remainder.is_some_and(|remainder| remainder.is_left()) {
        let close = HeaderValue::from_static("close");
        response.headers_mut().insert(header::CONNECTION, close);
    }
    response
}

async fn routed<B>(
    connection: &Connection,
    route: Route,
    context: Context,
    mut request: Request<B>,
) -> Response
where
    B: http_body::Body<Data = bytes::Bytes> + Send + Unpin + 'static,
    B::Error: Into<axum::BoxError>,
{
    request.extensions_mut().insert(context);
    let answer = AssertUnwindSafe(connection.router.clone().call(request)).catch_unwind();
    match answer.await {
        Ok(Ok(response)) => response,
        Ok(Err(never)) => match never {},
        Err(panic) => error::panicked(route, panic.as_ref()),
    }
}
