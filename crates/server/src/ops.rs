//! Health and metrics, for whoever runs the registry. They need no credential: they tell numbers, not names. Who
//! serves the registry to the world keeps `/metrics` from it in the proxy in front.

use std::sync::Arc;

use axum::extract::State;
use axum::response::IntoResponse;
use http::{StatusCode, header};

use crate::error::Google;
use crate::shared::Shared;

/// `GET /healthz`: the process answers.
pub(crate) async fn healthz() -> &'static str {
    "ok\n"
}

/// `GET /readyz`: the database answers too.
pub(crate) async fn readyz(State(shared): State<Arc<Shared>>) -> impl IntoResponse {
    match shared.app.ready().await {
        Ok(()) => (StatusCode::OK, "ready\n"),
        Err(error) => {
            tracing::warn!(%error, "not ready");
            (
                StatusCode::SERVICE_UNAVAILABLE,
                "the database does not answer\n",
            )
        }
    }
}

/// `GET /metrics`: OpenMetrics text.
pub(crate) async fn metrics(
    State(shared): State<Arc<Shared>>,
) -> Result<impl IntoResponse, Google> {
    let text = shared
        .metrics
        .encode()
        .map_err(wharf_app::Error::internal)?;
    let content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    Ok(([(header::CONTENT_TYPE, content_type)], text))
}
