//! The load header that balancers read: ORCA (Open Request Cost Aggregation,
//! xds.data.orca.v3.OrcaLoadReport) as text in `endpoint-load-metrics`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode};
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

/// What the server did over the last half second.
#[derive(Debug, Clone, Default)]
pub struct Utilisation(Arc<Measured>);

/// Numbers of 64 bits, floating but for the counters.
#[derive(Debug, Default)]
struct Measured {
    /// Processor time by that of the compute threads.
    cpu: AtomicU64,
    answers_per_s: AtomicU64,
    errors_per_s: AtomicU64,
    /// Since the last measurement.
    answers: AtomicU64,
    errors: AtomicU64,
}

impl Utilisation {
    /// Use of the processors, 0 to 1 of the compute threads, or more.
    fn cpu(&self) -> f64 {
        f64::from_bits(self.0.cpu.load(Ordering::Relaxed))
    }

    /// Answers a second, and faults of the server among them.
    fn rates(&self) -> (f64, f64) {
        let of = |rate: &AtomicU64| f64::from_bits(rate.load(Ordering::Relaxed));
        (of(&self.0.answers_per_s), of(&self.0.errors_per_s))
    }

    fn count(&self, status: StatusCode) {
        self.0.answers.fetch_add(1, Ordering::Relaxed);
        self.0.errors.fetch_add(u64::from(status == StatusCode::INTERNAL_SERVER_ERROR), Ordering::Relaxed);
    }

    /// Measures this process, for as long as the runtime lives.
    pub async fn watch(self, threads: usize) {
        let (mut at, mut cpu) = (Instant::now(), Usage::now().cpu);
        loop {
            tokio::time::sleep(PERIOD).await;
            let (now, used) = (Instant::now(), Usage::now().cpu);
            let passed_s = now.duration_since(at).as_secs_f64();
            let ratio = used.saturating_sub(cpu).as_secs_f64() / passed_s / threads.max(1) as f64;
            self.0.cpu.store(ratio.to_bits(), Ordering::Relaxed);
            for (rate, count) in [(&self.0.answers_per_s, &self.0.answers), (&self.0.errors_per_s, &self.0.errors)] {
                let a_second = count.swap(0, Ordering::Relaxed) as f64 / passed_s;
                rate.store(a_second.to_bits(), Ordering::Relaxed);
            }
            metrics::cpu_utilisation(ratio);
            (at, cpu) = (now, used);
        }
    }
}

/// Adds the header to an answer.
pub async fn report(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    app.utilisation.count(response.status());
    let text = text(app.utilisation.cpu(), app.utilisation.rates(), &app.admission.load());
    if let Ok(value) = HeaderValue::from_str(&text) {
        response.headers_mut().insert(LOAD_METRICS, value);
    }
    response
}

/// `application_utilization` is predicted work in flight by the most that there may
/// be, so that it does not jump when the limit adapts.
fn text(cpu: f64, (answers_per_s, errors_per_s): (f64, f64), load: &Load) -> String {
    let in_flight = load.in_flight.as_secs_f64();
    let application = in_flight / load.max_limit.as_secs_f64().max(1e-9);
    format!(
        "TEXT cpu_utilization={cpu:.3},application_utilization={application:.3},\
         rps_fractional={answers_per_s:.2},eps={errors_per_s:.2},named_metrics.admitted_work_seconds={in_flight:.3},named_metrics.requests_in_flight={}",
        load.requests
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_has_the_names_of_the_report() {
        let load = Load {
            max_limit: Duration::from_secs(10),
            in_flight: Duration::from_secs(4),
            requests: 7,
            ..Load::default()
        };
        assert_eq!(
            text(0.75, (12.5, 0.0), &load),
            "TEXT cpu_utilization=0.750,application_utilization=0.400,rps_fractional=12.50,eps=0.00,\
             named_metrics.admitted_work_seconds=4.000,named_metrics.requests_in_flight=7"
        );
    }
}
