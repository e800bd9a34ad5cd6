//! The load header that balancers read: ORCA (Open Request Cost Aggregation,
//! xds.data.orca.v3.OrcaLoadReport) as text in `endpoint-load-metrics`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use slipstream_batcher::Load;

use super::App;
use crate::telemetry::metrics;
use crate::telemetry::usage::Usage;

/// The header.
pub const LOAD_METRICS: HeaderName = HeaderName::from_static("endpoint-load-metrics");

/// How often the use of the processors is measured.
const PERIOD: Duration = Duration::from_millis(500);

/// Use of the processors over the last half second, 0 to 1 of the compute threads.
#[derive(Debug, Clone, Default)]
pub struct Utilisation(Arc<AtomicU64>);

impl Utilisation {
    /// The last measurement.
    pub fn value(&self) -> f64 {
        f64::from_bits(self.0.load(Ordering::Relaxed))
    }

    /// Measures this process, for as long as the runtime lives.
    pub async fn watch(self, threads: usize) {
        let (mut at, mut cpu) = (Instant::now(), Usage::now().cpu);
        loop {
            tokio::time::sleep(PERIOD).await;
            let (now, used) = (Instant::now(), Usage::now().cpu);
            let share = used.saturating_sub(cpu).as_secs_f64() / now.duration_since(at).as_secs_f64();
            let ratio = share / threads.max(1) as f64;
            self.0.store(ratio.to_bits(), Ordering::Relaxed);
            metrics::cpu_utilisation(ratio);
            (at, cpu) = (now, used);
        }
    }
}

/// Adds the header to an answer.
pub async fn report(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let text = text(app.utilisation.value(), &app.admission.load());
    if let Ok(value) = HeaderValue::from_str(&text) {
        response.headers_mut().insert(LOAD_METRICS, value);
    }
    response
}

/// `application_utilization` is what decides whether the next receipt is let in:
/// predicted work in flight by the limit.
fn text(cpu: f64, load: &Load) -> String {
    let in_flight = load.in_flight.as_secs_f64();
    let application = in_flight / load.limit.as_secs_f64().max(1e-9);
    format!(
        "TEXT cpu_utilization={cpu:.3},application_utilization={application:.3},\
         named_metrics.admitted_work_seconds={in_flight:.3},named_metrics.requests_in_flight={}",
        load.requests
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_has_the_names_of_the_report() {
        let load =
            Load { limit: Duration::from_secs(10), in_flight: Duration::from_secs(4), requests: 7, ..Load::default() };
        assert_eq!(
            text(0.75, &load),
            "TEXT cpu_utilization=0.750,application_utilization=0.400,\
             named_metrics.admitted_work_seconds=4.000,named_metrics.requests_in_flight=7"
        );
    }
}
