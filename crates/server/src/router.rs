//! All routes on one page.

use std::sync::Arc;

use axum::Router;
use axum::routing::{any, get, post};

use crate::shared::Shared;
use crate::{error, google, ops, token, v2};

/// Every path that is answered.
pub(crate) fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        // The registry protocol parses its paths itself: names have slashes.
        .route("/v2", any(v2::version))
        .route("/v2/", any(v2::version))
        .route("/v2/token", get(token::docker_get).post(token::docker_post))
        .route("/v2/{*path}", any(v2::serve))
        // OAuth.
        .route("/token", post(token::oauth))
        // For whoever runs it.
        .route("/healthz", get(ops::healthz))
        .route("/readyz", get(ops::readyz))
        .route("/metrics", get(ops::metrics))
        // The Google-style APIs, on Google's own paths.
        .merge(google::routes())
        .fallback(error::no_such_path)
        .method_not_allowed_fallback(error::no_such_method)
        .with_state(shared)
}
