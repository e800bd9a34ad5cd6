//! The HTTP contract, version 1: routes, their order of checks, and errors.

pub mod admission;
pub mod auth;
pub mod customers;
pub mod error;
pub mod health;
pub mod identify;
pub mod linger;
pub mod load_report;
pub mod openapi;
pub mod operations;
pub mod options;
pub mod receipts;
pub mod serve;
pub mod upload;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{delete, get, post};
use metrics_exporter_prometheus::PrometheusHandle;
use tower_http::catch_panic::CatchPanicLayer;

use crate::pipeline::Pipeline;
use crate::pipeline::duplicates::Store;
use crate::pipeline::fraud::threshold::Thresholds;
use admission::Admission;
use auth::Keys;
use error::ApiError;
use health::Prober;
use load_report::Utilisation;

/// What bounds a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestLimits {
    /// Bytes of an upload, multipart framing included.
    pub max_upload_bytes: usize,
    /// Time from a request's head to its answer; a caller can ask for less.
    pub max_deadline: Duration,
}

/// Everything that handlers share.
pub struct App {
    /// Reads receipts.
    pub pipeline: Pipeline,
    /// Lets receipts in, and stops doing so.
    pub admission: Admission,
    /// Who may call.
    pub keys: Keys,
    /// Remembers receipts, to find those that come again.
    pub duplicates: Option<Store>,
    /// From which score uploads are suspicious.
    pub thresholds: Thresholds,
    /// What bounds a request.
    pub limits: RequestLimits,
    /// Use of the processors.
    pub utilisation: Utilisation,
    /// Renders `GET /metrics`.
    pub metrics: PrometheusHandle,
    /// Runs the operation behind `GET /health/ready`.
    pub prober: Prober,
}

/// The routes, with every answer identified, measured and safe from panics.
pub fn router(app: Arc<App>) -> Router {
    Router::new()
        .route(
            "/v1/receipts",
            post(receipts::read_receipt).layer(from_fn_with_state(Arc::clone(&app), load_report::report)),
        )
        .route("/v1/customers/{reference}/fingerprints", delete(customers::erase))
        .route("/v1/models", get(operations::models))
        .route("/health/live", get(health::live))
        .route("/health/ready", get(health::ready))
        .route("/metrics", get(operations::metrics))
        .route("/openapi.json", get(operations::openapi))
        .fallback(async || ApiError::not_found())
        .method_not_allowed_fallback(async || ApiError::method_not_allowed())
        // Uploads are bounded where they are read, with the server's own limit.
        .layer(DefaultBodyLimit::disable())
        .layer(CatchPanicLayer::custom(|_| ApiError::panicked().into_response_now()))
        .layer(from_fn(identify::identify))
        .with_state(app)
}
