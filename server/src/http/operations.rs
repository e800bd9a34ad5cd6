//! What operators ask for: models, metrics, the contract itself.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::IntoResponse;
use slipstream_api::{ModelsResponse, Problem};

use super::App;
use super::error::ApiError;
use super::openapi::document;

/// Which models read receipts.
#[utoipa::path(
    get,
    path = "/v1/models",
    tag = "operations",
    responses(
        (status = 200, description = "the loaded sets of models", body = ModelsResponse),
        (status = 401, description = "`unauthorized`: a key is needed", body = Problem, content_type = "application/problem+json"),
    ),
    security((), ("key" = [])),
)]
pub async fn models(State(app): State<Arc<App>>, headers: HeaderMap) -> Result<Json<ModelsResponse>, ApiError> {
    app.keys.check(&headers)?;
    Ok(Json(app.pipeline.registry().list()))
}

/// Metrics in the Prometheus text format.
#[utoipa::path(
    get,
    path = "/metrics",
    tag = "operations",
    responses((status = 200, description = "all metrics", body = String, content_type = "text/plain")),
)]
pub async fn metrics(State(app): State<Arc<App>>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], app.metrics.render())
}

/// This contract.
#[utoipa::path(
    get,
    path = "/openapi.json",
    tag = "operations",
    responses((status = 200, description = "the OpenAPI document", content_type = "application/json")),
)]
pub async fn openapi() -> impl IntoResponse {
    Json(document())
}
