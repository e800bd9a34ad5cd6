//! Carries what the door tells about itself into metrics.

use ::metrics::{Counter, Gauge};
use slipstream_batcher::{DoorObserver, Load, Reason, Refusal, Settled, Standing};

use super::metrics;

/// Records the door.
pub struct DoorMetrics {
    tenants: Vec<String>,
    limit: Gauge,
    in_flight: Gauge,
    bulk: Gauge,
    requests: Gauge,
}

impl DoorMetrics {
    /// For callers with these names, by the index of their tenant.
    pub fn new(tenants: Vec<String>) -> Self {
        Self {
            tenants,
            limit: metrics::admission_limit(),
            in_flight: metrics::admitted_work("interactive"),
            bulk: metrics::admitted_work("bulk"),
            requests: metrics::in_flight(),
        }
    }

    fn count(&self, standing: &Standing, decision: &'static str) -> Counter {
        let tenant = self.tenants.get(usize::from(standing.tenant.0)).map_or("unknown", String::as_str);
        metrics::admissions(tenant, standing.priority, decision)
    }
}

impl DoorObserver for DoorMetrics {
    fn decided(&self, standing: &Standing, decision: Result<(), Refusal>) {
        let decision = match decision {
            Ok(()) => "admitted",
            Err(refusal) => word(refusal.reason),
        };
        self.count(standing, decision).increment(1);
    }

    fn turned_out(&self, standing: &Standing, _: Refusal) {
        self.count(standing, "turned_out").increment(1);
    }

    fn settled(&self, settled: Settled) {
        metrics::settled(settled);
    }

    fn load(&self, load: Load) {
        self.limit.set(load.limit);
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
