//! The registry protocol: OCI distribution-spec 1.1 and its main branch, with Google's extension of `tags/list`.
//!
//! One route takes every path: it is parsed into an [`Endpoint`], the credential becomes a caller, and endpoint and
//! method together name the handler.

mod blobs;
mod call;
mod endpoint;
mod lists;
mod manifests;
mod uploads;

use std::borrow::Cow;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, header};
use wharf_app::Error;
use wharf_app::registry::uploads::Upload;
use wharf_types::error::OciCode;
use wharf_types::scope::{Actions, Scope, ScopeTarget};
use wharf_types::{Location, Principal, RepositoryName};

pub use endpoint::{Endpoint, EndpointError};

use self::call::Call;
use crate::caller::authenticate;
use crate::error::{self, Challenge};
use crate::parameters::Parameters;
use crate::requests::Context;
use crate::shared::Shared;

const API_VERSION: HeaderName = HeaderName::from_static("docker-distribution-api-version");

/// `GET /v2/`: 401 with the challenge for everyone without a credential, so that clients learn where to log in.
pub(crate) async fn version(
    State(shared): State<Arc<Shared>>,
    context: Context,
    method: Method,
    headers: HeaderMap,
) -> Response {
    let challenge = Challenge {
        base_url: &context.origin.base_url,
        scope: Cow::Borrowed(""),
    };
    let response = if !matches!(method, Method::GET | Method::HEAD) {
        not_offered("GET, HEAD")
    } else if context.location.is_err() {
        wrong_host(&context)
    } else {
        match authenticate(&shared, &context, &headers).await {
            // A token of the anonymous caller is one, too.
            Ok(caller)
                if caller.principal == Principal::Anonymous
                    && !headers.contains_key(header::AUTHORIZATION) =>
            {
                error::oci_log_in(&challenge)
            }
            Ok(_) => error::json(StatusCode::OK, &serde_json::json!({})),
            Err(error) => error::oci(&error, &challenge),
        }
    };
    signed(response)
}

/// Everything below `/v2/`.
pub(crate) async fn serve(
    State(shared): State<Arc<Shared>>,
    context: Context,
    request: Request<Body>,
) -> Response {
    // The path as it was sent: decoded, it would have two spellings.
    let path = request.uri().path();
    let endpoint = Endpoint::parse(path.strip_prefix("/v2/").unwrap_or(path));
    signed(match (endpoint, &context.location) {
        (_, Err(_)) => wrong_host(&context),
        (Err(error), _) => no_endpoint(&error),
        (Ok(endpoint), Ok(location)) => {
            answer(&shared, &context, location, &endpoint, request).await
        }
    })
}

async fn answer(
    shared: &Shared,
    context: &Context,
    location: &Option<Location>,
    endpoint: &Endpoint,
    request: Request<Body>,
) -> Response {
    let (parts, body) = request.into_parts();
    let query = Parameters::parse(parts.uri.query().unwrap_or_default().as_bytes());
    let result = match authenticate(shared, context, &parts.headers).await {
        Ok(caller) => {
            let call = Call {
                app: &shared.app,
                caller: &caller,
                location,
                headers: &parts.headers,
                outlet: &context.outlet,
                query: &query,
            };
            handle(&call, endpoint, &parts.method, body).await
        }
        Err(error) => Err(error),
    };
    result.unwrap_or_else(|error| {
        let challenge = Challenge {
            base_url: &context.origin.base_url,
            scope: Cow::Owned(scope(endpoint, &parts.method, &query)),
        };
        let mut response = error::oci(&error, &challenge);
        if let (Error::UploadOutOfOrder { offset }, Endpoint::Upload { name, id }) =
            (&error, endpoint)
        {
            let upload = Upload {
                id: *id,
                offset: *offset,
            };
            response
                .headers_mut()
                .extend(uploads::place(name, upload).into_iter().flatten());
        }
        response
    })
}

async fn handle(
    call: &Call<'_>,
    endpoint: &Endpoint,
    method: &Method,
    body: Body,
) -> Result<Response, Error> {
    match endpoint {
        Endpoint::Manifest { name, reference } => match *method {
            Method::GET => manifests::get(call, name, reference).await,
            Method::HEAD => manifests::head(call, name, reference).await,
            Method::PUT => manifests::put(call, name, reference, body).await,
            Method::DELETE => manifests::delete(call, name, reference).await,
            _ => Ok(not_offered("GET, HEAD, PUT, DELETE")),
        },
        Endpoint::Blob { name, digest } => match *method {
            Method::GET => blobs::get(call, name, digest).await,
            Method::HEAD => blobs::head(call, name, digest).await,
            Method::DELETE => blobs::delete(call, name, digest).await,
            _ => Ok(not_offered("GET, HEAD, DELETE")),
        },
        Endpoint::Uploads { name } => match *method {
            Method::POST => uploads::start(call, name, body).await,
            _ => Ok(not_offered("POST")),
        },
        Endpoint::Upload { name, id } => match *method {
            Method::PATCH => uploads::append(call, name, *id, body).await,
            Method::PUT => uploads::finish(call, name, *id, body).await,
            Method::GET | Method::HEAD => uploads::status(call, name, *id).await,
            Method::DELETE => uploads::cancel(call, name, *id).await,
            _ => Ok(not_offered("GET, HEAD, PATCH, PUT, DELETE")),
        },
        Endpoint::Tags { project, image } => match *method {
            Method::GET | Method::HEAD => lists::tags(call, project, image.as_ref()).await,
            _ => Ok(not_offered("GET, HEAD")),
        },
        Endpoint::Referrers { name, subject } => match *method {
            Method::GET | Method::HEAD => lists::referrers(call, name, subject).await,
            _ => Ok(not_offered("GET, HEAD")),
        },
        Endpoint::Catalog => match *method {
            Method::GET | Method::HEAD => lists::catalog(call).await,
            _ => Ok(not_offered("GET, HEAD")),
        },
    }
}

/// The scopes that a token needs for a request: a mount reads from another repository.
fn scope(endpoint: &Endpoint, method: &Method, query: &Parameters<'_>) -> String {
    let actions = match *method {
        Method::GET | Method::HEAD => Actions::PULL,
        Method::DELETE if !matches!(endpoint, Endpoint::Upload { .. }) => Actions::DELETE,
        _ => Actions::PULL_PUSH,
    };
    let (target, actions) = match endpoint {
        Endpoint::Catalog => (ScopeTarget::Catalog, actions),
        Endpoint::Tags {
            project,
            image: None,
        } => (ScopeTarget::Project(project.clone()), actions),
        Endpoint::Tags {
            project,
            image: Some(image),
        } => {
            let name = RepositoryName {
                project: project.clone(),
                image: image.clone(),
            };
            (ScopeTarget::Repository(name), actions)
        }
        Endpoint::Manifest { name, .. }
        | Endpoint::Blob { name, .. }
        | Endpoint::Referrers { name, .. } => (ScopeTarget::Repository(name.clone()), actions),
        Endpoint::Uploads { name } | Endpoint::Upload { name, .. } => {
            (ScopeTarget::Repository(name.clone()), Actions::PULL_PUSH)
        }
    };
    let scope = Scope { target, actions };
    match query.get("from").map(RepositoryName::parse) {
        Some(Ok(from)) if matches!(endpoint, Endpoint::Uploads { .. }) => {
            let from = Scope {
                target: ScopeTarget::Repository(from),
                actions: Actions::PULL,
            };
            format!("{scope} {from}")
        }
        _ => scope.to_string(),
    }
}

fn no_endpoint(error: &EndpointError) -> Response {
    let (status, code) = match error {
        EndpointError::NoSuchPath => (StatusCode::NOT_FOUND, OciCode::Unsupported),
        EndpointError::Encoded | EndpointError::Name(_) => {
            (StatusCode::BAD_REQUEST, OciCode::NameInvalid)
        }
        EndpointError::Reference(wharf_types::name::NameError::Digest(_))
        | EndpointError::Digest(_) => (StatusCode::BAD_REQUEST, OciCode::DigestInvalid),
        EndpointError::Reference(_) => (StatusCode::BAD_REQUEST, OciCode::ManifestInvalid),
        EndpointError::Upload(_) => (StatusCode::NOT_FOUND, OciCode::BlobUploadUnknown),
    };
    error::oci_body(status, code, &error.to_string())
}

/// 421: the connection leads to a registry that is not meant.
fn wrong_host(context: &Context) -> Response {
    let host = context
        .origin
        .base_url
        .split_once("://")
        .map_or("", |(_, host)| host);
    let host = wharf_types::text::shorten(host);
    let message = format!(
        "this registry is not known as {host}: whoever runs it can add the name with --host"
    );
    error::oci_body(
        StatusCode::MISDIRECTED_REQUEST,
        OciCode::NameUnknown,
        &message,
    )
}

fn not_offered(allowed: &'static str) -> Response {
    let message = format!("this path takes {allowed}");
    let mut response = error::oci_body(
        StatusCode::METHOD_NOT_ALLOWED,
        OciCode::Unsupported,
        &message,
    );
    response
        .headers_mut()
        .insert(header::ALLOW, HeaderValue::from_static(allowed));
    response
}

/// Old clients tell a registry by this header.
fn signed(mut response: Response) -> Response {
    response
        .headers_mut()
        .insert(API_VERSION, HeaderValue::from_static("registry/2.0"));
    response
}

#[cfg(test)]
mod tests;
