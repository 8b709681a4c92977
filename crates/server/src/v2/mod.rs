//! The registry protocol: OCI distribution-spec 1.1 and its main branch, with Google's extension of `tags/list`.

use std::borrow::Cow;
use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, Request, StatusCode};
use wharf_types::Principal;

use crate::caller::authenticate;
use crate::error::{self, Challenge, Problem};
use crate::metrics::Route;
use crate::requests::Context;
use crate::shared::Shared;

/// `GET /v2/`: 401 with the challenge for everyone without a credential, so that clients learn where to log in.
pub(crate) async fn version(
    State(shared): State<Arc<Shared>>,
    context: Context,
    headers: HeaderMap,
) -> Response {
    let challenge = Challenge {
        base_url: &context.origin.base_url,
        scope: Cow::Borrowed(""),
    };
    match authenticate(&shared, &context, &headers).await {
        Ok(caller) if caller.principal == Principal::Anonymous => error::oci_log_in(&challenge),
        Ok(_) => error::json(StatusCode::OK, &serde_json::json!({})),
        Err(error) => error::oci(&error, &challenge),
    }
}

/// Everything below `/v2/`.
pub(crate) async fn serve(_request: Request<axum::body::Body>) -> Response {
    error::problem(Route::Lists, &Problem::NoSuchPath)
}
