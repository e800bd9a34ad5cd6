//! Carries what the door tells about itself into metrics.

use ::metrics::{Counter, Gauge};
use slipstream_batcher::{DoorObserver, Load, Outcome, Reason, Refusal, Settled, Standing};

use super::metrics;

// What decisions and ends are counted as, beside the reasons of refusals.
const ADMITTED: &str = "admitted";
const TURNED_OUT: &str = "turned_out";
const DONE: &str = "done";
const MISSED: &str = "missed";
const ABANDONED: &str = "abandoned";

/// Records the door.
pub struct DoorMetrics {
    tenants: Vec<String>,
    limit: Gauge,
    max_limit: Gauge,
    stretch: Gauge,
    in_flight: Gauge,
    bulk: Gauge,
    requests: Gauge,
}

impl DoorMetrics {
    /// For callers with these names, by the index of their tenant.
    pub fn new(tenants: Vec<String>) -> Self {
        let refusals = Reason::ALL.map(word);
        let decisions: Vec<_> = [ADMITTED, TURNED_OUT].into_iter().chain(refusals).collect();
        for tenant in &tenants {
            metrics::begin_tenant(tenant, &decisions, &[DONE, MISSED, ABANDONED]);
        }
        Self {
            tenants,
            limit: metrics::admission_limit(),
            max_limit: metrics::admission_limit_max(),
            stretch: metrics::admission_stretch(),
            in_flight: metrics::admitted_work("interactive"),
            bulk: metrics::admitted_work("bulk"),
            requests: metrics::in_flight(),
        }
    }

    fn tenant(&self, standing: &Standing) -> &str {
        self.tenants.get(usize::from(standing.tenant.0)).map_or("unknown", String::as_str)
    }

    fn count(&self, standing: &Standing, decision: &'static str) -> Counter {
        metrics::admissions(self.tenant(standing), standing.priority, decision)
    }
}

impl DoorObserver for DoorMetrics {
    fn decided(&self, standing: &Standing, decision: Result<(), Refusal>) {
        let decision = match decision {
            Ok(()) => ADMITTED,
            Err(refusal) => word(refusal.reason),
        };
        self.count(standing, decision).increment(1);
    }

    fn turned_out(&self, standing: &Standing, _: Refusal) {
        self.count(standing, TURNED_OUT).increment(1);
    }

    fn left(&self, standing: &Standing, outcome: Outcome, settled: Option<Settled>) {
        let outcome = match outcome {
            Outcome::Done { .. } => DONE,
            Outcome::Missed { .. } => MISSED,
            Outcome::Abandoned => ABANDONED,
        };
        metrics::outcomes(self.tenant(standing), standing.priority, outcome).increment(1);
        if let Some(settled) = settled {
            metrics::settled(settled);
        }
    }

    fn load(&self, load: Load) {
        self.limit.set(load.limit);
        self.max_limit.set(load.max_limit);
        self.stretch.set(load.stretch);
        self.in_flight.set(load.in_flight.saturating_sub(load.bulk));
        self.bulk.set(load.bulk);
        self.requests.set(load.requests as f64);
    }
}

/// Why a request was refused, in a word.
fn word(reason: Reason) -> &'static str {
    match reason {
        Reason::Limit => "limit",
        Reason::Share => "share",
        Reason::Deadline => "deadline",
        Reason::Hopeless => "hopeless",
        Reason::Requests => "requests",
        Reason::Bytes => "bytes",
    }
}
