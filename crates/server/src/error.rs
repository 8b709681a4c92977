//! What a verb refused, as the body of each dialect. The only place that knows which status an [`Error`] is.

use std::any::Any;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::Duration;

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, Uri, header};
use serde::Serialize;
use serde_json::json;
use wharf_app::{Denied, Error, Missing};
use wharf_types::Principal;
use wharf_types::error::{GoogleStatus, OciCode};
use wharf_types::wire::{oci, status};

use crate::metrics::Route;

const INTERNAL: &str =
    "internal error: the server's log says more, under the X-Request-Id of this answer";

/// An extension of an answer: what went wrong inside, for the log.
#[derive(Clone)]
pub(crate) struct Fault(pub(crate) String);

/// The answer of this status and JSON body.
pub(crate) fn json(status: StatusCode, body: &impl Serialize) -> Response {
    match serde_json::to_vec(body) {
        Ok(bytes) => (status, [(header::CONTENT_TYPE, "application/json")], bytes).into_response(),
        Err(error) => faulty(StatusCode::INTERNAL_SERVER_ERROR.into_response(), &error),
    }
}

fn faulty(mut response: Response, error: &(dyn std::error::Error + 'static)) -> Response {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    response.extensions_mut().insert(Fault(text));
    response
}

/// Adds what belongs to an error in every dialect.
fn finish(mut response: Response, error: &Error) -> Response {
    match error {
        Error::Exhausted {
            retry_after: wait, ..
        } => {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, retry_after(*wait));
            response
        }
        Error::RangeNotSatisfiable { size } => {
            if let Ok(value) = HeaderValue::try_from(format!("bytes */{size}")) {
                response.headers_mut().insert(header::CONTENT_RANGE, value);
            }
            response
        }
        Error::Internal(source) => faulty(response, source.as_ref()),
        _ => response,
    }
}

// The registry protocol: distribution-spec, "Error codes".

/// What a client is told to get before it tries again (distribution-spec's "Bearer" challenge).
pub(crate) struct Challenge<'a> {
    /// The base URL that the request was addressed to.
    pub(crate) base_url: &'a str,
    /// The scopes to ask for, separated by spaces; empty for none.
    pub(crate) scope: Cow<'a, str>,
}

impl Challenge<'_> {
    /// `WWW-Authenticate`. Neither a host nor a scope has a quote in it.
    fn header(&self, error: Option<&str>) -> Option<HeaderValue> {
        let service = self
            .base_url
            .split_once("://")
            .map_or(self.base_url, |(_, host)| host);
        let mut text = format!(
            "Bearer realm=\"{}/v2/token\",service=\"{service}\"",
            self.base_url
        );
        for (name, value) in [("scope", Some(&*self.scope)), ("error", error)] {
            if let Some(value) = value.filter(|value| !value.is_empty()) {
                text.push_str(&format!(",{name}=\"{value}\""));
            }
        }
        HeaderValue::try_from(text).ok()
    }
}

/// The registry protocol's answer to an error.
pub(crate) fn oci(error: &Error, challenge: &Challenge<'_>) -> Response {
    let (status, code) = oci_status(error);
    let mut response = match error {
        Error::Internal(_) => oci_body(status, code, INTERNAL),
        Error::Denied(denied) => {
            let detail: BTreeMap<_, _> = metadata(denied).into();
            oci_body_with(status, code, &error.to_string(), Some(json!(detail)))
        }
        error => oci_body(status, code, &error.to_string()),
    };
    if status == StatusCode::UNAUTHORIZED {
        // The word that a kubelet shows; without a credential there is nothing wrong with it.
        let reason = match error {
            Error::Denied(denied) if denied.principal == Principal::Anonymous => None,
            Error::Denied(_) => Some("insufficient_scope"),
            _ => Some("invalid_token"),
        };
        if let Some(value) = challenge.header(reason) {
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, value);
        }
    }
    finish(response, error)
}

/// The registry protocol's answer to `GET /v2/` without a credential.
pub(crate) fn oci_log_in(challenge: &Challenge<'_>) -> Response {
    let message =
        "authentication required: log in with a service account's key (docker login -u _json_key)";
    let mut response = oci_body(StatusCode::UNAUTHORIZED, OciCode::Unauthorized, message);
    if let Some(value) = challenge.header(None) {
        response
            .headers_mut()
            .insert(header::WWW_AUTHENTICATE, value);
    }
    response
}

fn oci_status(error: &Error) -> (StatusCode, OciCode) {
    match error {
        Error::Unauthenticated(_) => (StatusCode::UNAUTHORIZED, OciCode::Unauthorized),
        Error::Denied(denied) if denied.principal == Principal::Anonymous => {
            (StatusCode::UNAUTHORIZED, OciCode::Unauthorized)
        }
        Error::Denied(_) => (StatusCode::UNAUTHORIZED, OciCode::Denied),
        Error::NotFound { kind, .. } => (
            StatusCode::NOT_FOUND,
            match kind {
                Missing::Manifest => OciCode::ManifestUnknown,
                Missing::Blob => OciCode::BlobUnknown,
                Missing::Upload => OciCode::BlobUploadUnknown,
                _ => OciCode::NameUnknown,
            },
        ),
        Error::Invalid { code, .. } => (StatusCode::BAD_REQUEST, *code),
        Error::AlreadyExists(_) | Error::Conflict(_) => {
            (StatusCode::CONFLICT, OciCode::Unsupported)
        }
        Error::FailedPrecondition(_) => (StatusCode::BAD_REQUEST, OciCode::Unsupported),
        Error::UploadOutOfOrder { .. } => (
            StatusCode::RANGE_NOT_SATISFIABLE,
            OciCode::BlobUploadInvalid,
        ),
        Error::TooLarge { .. } => (StatusCode::PAYLOAD_TOO_LARGE, OciCode::SizeInvalid),
        Error::RangeNotSatisfiable { .. } => {
            (StatusCode::RANGE_NOT_SATISFIABLE, OciCode::SizeInvalid)
        }
        Error::Exhausted { .. } => (StatusCode::TOO_MANY_REQUESTS, OciCode::TooManyRequests),
        Error::DanglingTag { .. } => (StatusCode::BAD_REQUEST, OciCode::GoogleManifestDanglingTag),
        Error::DanglingParent { .. } => (
            StatusCode::BAD_REQUEST,
            OciCode::GoogleManifestDanglingParentImage,
        ),
        Error::Unsupported(_) => (StatusCode::METHOD_NOT_ALLOWED, OciCode::Unsupported),
        Error::BrokenBody(_) => (StatusCode::BAD_REQUEST, OciCode::BlobUploadInvalid),
        Error::DiskFull => (StatusCode::INSUFFICIENT_STORAGE, OciCode::Unknown),
        Error::Internal(_) => (StatusCode::INTERNAL_SERVER_ERROR, OciCode::Unknown),
    }
}

/// `{"errors": […]}`
pub(crate) fn oci_body(status: StatusCode, code: OciCode, message: &str) -> Response {
    oci_body_with(status, code, message, None)
}

fn oci_body_with(
    status: StatusCode,
    code: OciCode,
    message: &str,
    detail: Option<serde_json::Value>,
) -> Response {
    let item = oci::ErrorItem {
        code: code.as_str().to_owned(),
        message: message.to_owned(),
        detail,
    };
    json(status, &oci::ErrorBody { errors: vec![item] })
}

// The Google-style APIs: google.rpc.Status.

/// An error in the form of the Google-style APIs, except Cloud Storage.
pub(crate) struct Google(pub(crate) Error);

impl From<Error> for Google {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

impl From<Problem> for Google {
    fn from(problem: Problem) -> Self {
        Self(problem.into())
    }
}

impl IntoResponse for Google {
    fn into_response(self) -> Response {
        let status = google_status(&self.0);
        let mut body = status::ErrorBody::new(status, google_message(&self.0));
        if let Error::Denied(denied) = &self.0 {
            body = body.with_info("IAM_PERMISSION_DENIED", metadata(denied));
        }
        google_response(status.http_status(), &body, &self.0)
    }
}

/// An error in Cloud Storage's own form.
pub(crate) struct Storage(pub(crate) Error);

impl From<Error> for Storage {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

impl From<Google> for Storage {
    fn from(error: Google) -> Self {
        Self(error.0)
    }
}

impl IntoResponse for Storage {
    fn into_response(self) -> Response {
        let status = google_status(&self.0);
        let (code, reason) = match (&self.0, status) {
            // A bucket that holds something: Cloud Storage's word for it.
            (Error::FailedPrecondition(_), _) => (409, "conflict"),
            (Error::RangeNotSatisfiable { .. }, _) => (416, "requestedRangeNotSatisfiable"),
            (_, GoogleStatus::Unauthenticated) => (401, "required"),
            (_, GoogleStatus::PermissionDenied) => (403, "forbidden"),
            (_, GoogleStatus::NotFound) => (404, "notFound"),
            (_, GoogleStatus::AlreadyExists) => (409, "conflict"),
            (_, GoogleStatus::Aborted) => (412, "conditionNotMet"),
            (_, GoogleStatus::ResourceExhausted) => (429, "rateLimitExceeded"),
            (_, GoogleStatus::Internal) => (500, "internalError"),
            (_, GoogleStatus::Unavailable) => (503, "backendError"),
            (_, other) => (other.http_status(), "invalid"),
        };
        let mut body = status::ErrorBody::storage(code, reason, google_message(&self.0));
        if let Error::Denied(denied) = &self.0 {
            body = body.with_info("IAM_PERMISSION_DENIED", metadata(denied));
        }
        google_response(code, &body, &self.0)
    }
}

fn google_response(code: u16, body: &status::ErrorBody, error: &Error) -> Response {
    let status = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = json(status, body);
    if status == StatusCode::UNAUTHORIZED {
        // Without a realm, Google's Python clients and gcloud fail to parse it (RFC 9110, 11.6.1 allows both).
        let value = HeaderValue::from_static("Bearer realm=\"wharfinger\"");
        response
            .headers_mut()
            .insert(header::WWW_AUTHENTICATE, value);
    }
    finish(response, error)
}

fn google_message(error: &Error) -> String {
    match error {
        Error::Internal(_) => INTERNAL.to_owned(),
        error => error.to_string(),
    }
}

fn metadata(denied: &Denied) -> [(&'static str, String); 2] {
    [
        ("permission", denied.permission.to_string()),
        ("resource", denied.resource.name()),
    ]
}

fn google_status(error: &Error) -> GoogleStatus {
    match error {
        Error::Unauthenticated(_) => GoogleStatus::Unauthenticated,
        Error::Denied(denied) if denied.principal == Principal::Anonymous => {
            GoogleStatus::Unauthenticated
        }
        Error::Denied(_) => GoogleStatus::PermissionDenied,
        Error::NotFound { .. } => GoogleStatus::NotFound,
        Error::AlreadyExists(_) => GoogleStatus::AlreadyExists,
        Error::Conflict(_) => GoogleStatus::Aborted,
        Error::Invalid { .. }
        | Error::TooLarge { .. }
        | Error::RangeNotSatisfiable { .. }
        | Error::BrokenBody(_) => GoogleStatus::InvalidArgument,
        Error::FailedPrecondition(_)
        | Error::UploadOutOfOrder { .. }
        | Error::DanglingTag { .. }
        | Error::DanglingParent { .. }
        | Error::Unsupported(_) => GoogleStatus::FailedPrecondition,
        Error::Exhausted { .. } => GoogleStatus::ResourceExhausted,
        Error::DiskFull => GoogleStatus::Unavailable,
        Error::Internal(_) => GoogleStatus::Internal,
    }
}

// OAuth: RFC 6749, 5.2.

/// An error of the OAuth token endpoint.
pub(crate) struct Oauth(pub(crate) Error);

impl IntoResponse for Oauth {
    fn into_response(self) -> Response {
        let (status, error) = match &self.0 {
            Error::Unauthenticated(_) | Error::Denied(_) => {
                (StatusCode::BAD_REQUEST, "invalid_grant")
            }
            Error::Exhausted { .. } => (StatusCode::TOO_MANY_REQUESTS, "temporarily_unavailable"),
            Error::TooLarge { .. } => (StatusCode::PAYLOAD_TOO_LARGE, "invalid_request"),
            Error::DiskFull => (StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable"),
            Error::Internal(_) => (StatusCode::INTERNAL_SERVER_ERROR, "server_error"),
            Error::Invalid {
                code: OciCode::Unauthorized,
                ..
            } => (StatusCode::BAD_REQUEST, "invalid_grant"),
            _ => (StatusCode::BAD_REQUEST, "invalid_request"),
        };
        let body = json!({ "error": error, "error_description": google_message(&self.0) });
        let mut response = json(status, &body);
        let value = HeaderValue::from_static("no-store");
        response.headers_mut().insert(header::CACHE_CONTROL, value);
        finish(response, &self.0)
    }
}

// What is wrong before a face is reached.

/// A request that no handler sees.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Problem {
    /// 400
    BadRequest(&'static str),
    /// 404
    NoSuchPath,
    /// 405
    NoSuchMethod,
    /// 414
    UriTooLong,
    /// 429: the connection may ask again after this time.
    TooManyRequests(Duration),
}

impl Problem {
    fn status_and_message(self) -> (StatusCode, &'static str) {
        match self {
            Self::BadRequest(message) => (StatusCode::BAD_REQUEST, message),
            Self::NoSuchPath => (StatusCode::NOT_FOUND, "this registry has no such path"),
            Self::NoSuchMethod => (
                StatusCode::METHOD_NOT_ALLOWED,
                "this path has no such method",
            ),
            Self::TooManyRequests(_) => (
                StatusCode::TOO_MANY_REQUESTS,
                "this connection makes too many requests",
            ),
            Self::UriTooLong => (StatusCode::URI_TOO_LONG, "the request's URI is too long"),
        }
    }
}

impl From<Problem> for Error {
    fn from(problem: Problem) -> Self {
        Self::invalid(OciCode::Unsupported, problem.status_and_message().1)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        problem(Route::Google, &self)
    }
}

/// A problem in the dialect of the path.
pub(crate) fn problem(route: Route, problem: &Problem) -> Response {
    let (status, message) = problem.status_and_message();
    let (code, name) = match problem {
        Problem::TooManyRequests(_) => (OciCode::TooManyRequests, GoogleStatus::ResourceExhausted),
        Problem::NoSuchPath => (OciCode::Unsupported, GoogleStatus::NotFound),
        _ => (OciCode::Unsupported, GoogleStatus::InvalidArgument),
    };
    let mut response = if route.is_registry() {
        oci_body(status, code, message)
    } else {
        let mut body = status::ErrorBody::new(name, message);
        body.error.code = status.as_u16();
        json(status, &body)
    };
    if let Problem::TooManyRequests(wait) = problem {
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, retry_after(*wait));
    }
    response
}

/// Whole seconds, one at least.
fn retry_after(wait: Duration) -> HeaderValue {
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    HeaderValue::from(seconds.max(1))
}

/// The router's answer to a path that is not there.
pub(crate) async fn no_such_path(uri: Uri) -> Response {
    problem(Route::of(uri.path()), &Problem::NoSuchPath)
}

/// The router's answer to a method that a path does not have.
pub(crate) async fn no_such_method(uri: Uri) -> Response {
    problem(Route::of(uri.path()), &Problem::NoSuchMethod)
}

/// The answer to a handler that panicked: a bug, which must not take the other requests of the connection along.
pub(crate) fn panicked(route: Route, panic: &(dyn Any + Send)) -> Response {
    let text = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("of no message");
    let error = Error::internal(format!("panic: {text}"));
    if route.is_registry() {
        let challenge = Challenge {
            base_url: "",
            scope: Cow::Borrowed(""),
        };
        oci(&error, &challenge)
    } else {
        Google(error).into_response()
    }
}
