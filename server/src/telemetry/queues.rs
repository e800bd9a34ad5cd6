//! Carries what queues tell about themselves into metrics.

use std::time::Duration;

use slipstream_batcher::{Depth, DropReason, Observer};

use super::metrics;

/// Records one queue under its name.
#[derive(Debug, Clone, Copy)]
pub struct QueueMetrics {
    /// The value of the label `queue`: the stage's name.
    pub queue: &'static str,
}

impl Observer for QueueMetrics {
    fn depth(&self, depth: Depth) {
        metrics::queue_depth(self.queue, depth.items, depth.predicted);
    }

    fn waited(&self, waited: Duration) {
        metrics::queue_wait(self.queue, waited);
    }

    fn batch_started(&self, items: usize, _units: u64) {
        metrics::batch_size(self.queue, items);
    }

    fn batch_ended(&self, _items: usize, took: Duration, _panicked: bool) {
        metrics::batch_duration(self.queue, took);
    }

    fn dropped(&self, items: usize, reason: DropReason) {
        let reason = match reason {
            DropReason::Cancelled => "cancelled",
            DropReason::Expired => "expired",
            DropReason::Refused => "refused",
        };
        metrics::queue_dropped(self.queue, reason, items);
    }
}
