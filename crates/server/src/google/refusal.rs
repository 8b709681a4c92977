//! Why a call was not done, in the dialect of the API that was called.

use axum::response::{IntoResponse as _, Response};
use http::{HeaderValue, StatusCode, header};
use serde_json::json;
use wharf_types::error::GoogleStatus;
use wharf_types::text::shorten;
use wharf_types::wire::status::ErrorBody;

use crate::error;

/// Why a call was not done.
#[derive(Debug)]
pub(super) enum Refusal {
    /// A verb said so.
    App(wharf_app::Error),
    /// A field of the body, a parameter or a part of the path is wrong.
    Field {
        /// Its name, or its path in the body.
        field: String,
        /// What is wrong and what would be right.
        message: String,
    },
    /// The body is not JSON.
    NotJson(String),
    /// The path names nothing that there is.
    NoSuchPath(String),
    /// The bucket's name is none of this registry's, so it is not there: why.
    NoSuchBucket(String),
    /// The path is there, but not with this method.
    NoSuchMethod {
        /// `Allow`
        allow: String,
    },
    /// The real API has it; this registry does not.
    NotOffered(&'static str),
}

/// How errors are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    /// `google.rpc.Status`
    Rpc,
    /// Cloud Storage's own.
    Storage,
}

impl Dialect {
    /// The dialect of a path.
    pub(super) fn of(path: &str) -> Self {
        let is_storage = ["/storage/", "/upload/", "/download/"]
            .iter()
            .any(|prefix| path.starts_with(prefix));
        if is_storage { Self::Storage } else { Self::Rpc }
    }
}

impl From<wharf_app::Error> for Refusal {
    fn from(error: wharf_app::Error) -> Self {
        Self::App(error)
    }
}

impl Refusal {
    /// A field, parameter or part of the path that is wrong.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "texts and errors are made for this call"
    )]
    pub(super) fn field(field: impl Into<String>, message: impl ToString) -> Self {
        Self::Field {
            field: field.into(),
            message: message.to_string(),
        }
    }

    /// Nobody asks, where somebody must.
    pub(super) fn needs_login() -> Self {
        Self::App(wharf_app::Error::Unauthenticated(
            "a credential is needed: send Authorization: Bearer with an access token".to_owned(),
        ))
    }

    /// The same for nobody in particular, who learns that a credential is needed, and nothing else.
    pub(super) fn for_nobody(self) -> Self {
        use wharf_app::Error as E;
        match self {
            Self::NotOffered(_)
            | Self::App(
                E::Unauthenticated(_)
                | E::Denied(_)
                | E::Exhausted { .. }
                | E::DiskFull
                | E::Internal(_),
            ) => self,
            _ => Self::needs_login(),
        }
    }

    /// The answer.
    pub(super) fn into_response(self, dialect: Dialect) -> Response {
        let (status, message) = match self {
            Self::App(error) => {
                return match dialect {
                    Dialect::Rpc => error::Google(error).into_response(),
                    Dialect::Storage => error::Storage(error).into_response(),
                };
            }
            Self::Field { field, message } => return wrong_field(dialect, &field, &message),
            Self::NotJson(message) => (GoogleStatus::InvalidArgument, message),
            Self::NoSuchPath(path) => (
                GoogleStatus::NotFound,
                format!(
                    "{:?} is no path of this registry's Google-style APIs",
                    shorten(&path)
                ),
            ),
            Self::NoSuchBucket(message) => (GoogleStatus::NotFound, message),
            Self::NoSuchMethod { allow } => {
                let message = format!("the path is there, but not with this method: use {allow}");
                return not_allowed(dialect, message, &allow);
            }
            Self::NotOffered(message) => return not_allowed(dialect, message.to_owned(), ""),
        };
        respond(status.http_status(), &body(dialect, status, message))
    }
}

fn wrong_field(dialect: Dialect, field: &str, message: &str) -> Response {
    let status = GoogleStatus::InvalidArgument;
    let mut body = body(dialect, status, format!("{field}: {message}"));
    if dialect == Dialect::Rpc {
        body.error.details.push(json!({
            "@type": "type.googleapis.com/google.rpc.BadRequest",
            "fieldViolations": [{"field": field, "description": message}],
        }));
    }
    respond(status.http_status(), &body)
}

/// 405 with the methods that there are. Not 501: Google's clients repeat whatever is 5xx, gsutil for ten minutes.
fn not_allowed(dialect: Dialect, message: String, allow: &str) -> Response {
    let status = StatusCode::METHOD_NOT_ALLOWED;
    let mut body = body(dialect, GoogleStatus::Unimplemented, message);
    body.error.code = status.as_u16();
    let mut response = respond(status.as_u16(), &body);
    if let Ok(allow) = HeaderValue::from_str(allow) {
        response.headers_mut().insert(header::ALLOW, allow);
    }
    response
}

fn body(dialect: Dialect, status: GoogleStatus, message: String) -> ErrorBody {
    match dialect {
        Dialect::Rpc => ErrorBody::new(status, message),
        Dialect::Storage => {
            let reason = match status {
                GoogleStatus::NotFound => "notFound",
                GoogleStatus::Unimplemented => "notImplemented",
                _ => "invalid",
            };
            ErrorBody::storage(status.http_status(), reason, message)
        }
    }
}

fn respond(status: u16, body: &ErrorBody) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    error::json(status, body)
}
