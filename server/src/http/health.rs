//! Liveness and readiness.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use slipstream_api::{Health, HealthState};
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

use super::App;
use crate::pipeline::Pipeline;
use crate::telemetry::metrics;

/// How long an answer holds: a crowd of probes costs one operation a second.
const FRESH: Duration = Duration::from_secs(1);

/// How long the operation may take. Under full load it waits for a batch to
/// end; a device that needs longer than this is of no use.
const PATIENCE: Duration = Duration::from_secs(5);

/// Runs the models on a tiny page, at most once a second.
#[derive(Debug, Default)]
pub struct Prober {
    last: Mutex<Option<(Instant, bool)>>,
}

impl Prober {
    /// Whether the models of `pipeline` work right now.
    async fn works(&self, pipeline: &Pipeline) -> bool {
        // Held while the operation runs, so that probes that come meanwhile share it.
        let mut last = self.last.lock().await;
        if let Some((at, works)) = *last
            && at.elapsed() < FRESH
        {
            return works;
        }
        let works = matches!(timeout(PATIENCE, pipeline.probe()).await, Ok(Ok(())));
        *last = Some((Instant::now(), works));
        works
    }
}

/// Says that the process answers.
#[utoipa::path(
    get,
    path = "/health/live",
    tag = "operations",
    responses((status = 200, description = "the process answers", body = Health)),
)]
pub async fn live() -> Json<Health> {
    Json(Health { status: HealthState::Live, model_set: None })
}

/// Says whether receipts are read, after trying.
#[utoipa::path(
    get,
    path = "/health/ready",
    tag = "operations",
    responses(
        (status = 200, description = "models are loaded, and an operation on them just worked", body = Health),
        (status = 503, description = "starting, draining or failing", body = Health),
    ),
)]
pub async fn ready(State(app): State<Arc<App>>) -> Response {
    let serving = app.pipeline.registry().current();
    let state = match &serving {
        _ if app.admission.is_draining() => HealthState::Draining,
        None => HealthState::Starting,
        Some(_) if app.prober.works(&app.pipeline).await => HealthState::Ready,
        Some(_) => HealthState::Failing,
    };
    // Draining may have begun while the operation ran.
    let state = if app.admission.is_draining() { HealthState::Draining } else { state };
    let ready = state == HealthState::Ready;
    metrics::ready(ready);
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let model_set = serving.map(|serving| serving.id().to_owned());
    (status, Json(Health { status: state, model_set })).into_response()
}
