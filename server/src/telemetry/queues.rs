//! Carries what the queues before the models tell about themselves into metrics.

use std::time::Duration;

use ::metrics::{Gauge, Histogram};
use slipstream_batcher::{Bucket, Depth, DropReason, ObservedBatch, Observer};

use super::metrics::{self, QueueLabels};
use crate::pipeline::Stage;
use crate::registry::serving::Buckets;

/// Records one queue.
pub struct QueueMetrics {
    labels: QueueLabels,
    depth: Gauge,
    predicted: Gauge,
    buckets: Vec<BucketMetrics>,
}

/// What is recorded for each bucket. Handles are made once: looking one up by its
/// labels costs more than deciding what to compute next.
struct BucketMetrics {
    waited: Histogram,
    computed: Histogram,
    items: Histogram,
    padding: Histogram,
    prediction: Histogram,
}

impl QueueMetrics {
    /// For the queue before `model` of the set `model_set`.
    pub fn new(stage: Stage, model: &str, model_set: &str, buckets: Buckets) -> Self {
        let labels = QueueLabels { stage: stage.name(), model: model.to_owned(), model_set: model_set.to_owned() };
        let of = |bucket: usize| {
            let bucket = buckets.label(bucket as Bucket);
            BucketMetrics {
                waited: labels.histogram(metrics::QUEUE_WAIT, &bucket),
                computed: labels.histogram(metrics::COMPUTE, &bucket),
                items: labels.histogram(metrics::BATCH_SIZE, &bucket),
                padding: labels.histogram(metrics::BATCH_PADDING, &bucket),
                prediction: labels.histogram(metrics::BATCH_PREDICTION, &bucket),
            }
        };
        Self {
            depth: labels.gauge(metrics::QUEUE_DEPTH),
            predicted: labels.gauge(metrics::QUEUE_PREDICTED),
            buckets: (0..buckets.count()).map(of).collect(),
            labels,
        }
    }

    fn of(&self, bucket: Bucket) -> Option<&BucketMetrics> {
        self.buckets.get(bucket as usize)
    }
}

impl Observer for QueueMetrics {
    fn depth(&self, depth: Depth) {
        self.depth.set(depth.items as f64);
        self.predicted.set(depth.predicted);
    }

    fn waited(&self, bucket: Bucket, waited: Duration) {
        if let Some(of) = self.of(bucket) {
            of.waited.record(waited);
        }
    }

    fn batch_started(&self, batch: &ObservedBatch) {
        if let Some(of) = self.of(batch.bucket) {
            of.items.record(batch.items as f64);
            of.padding.record(1.0 - batch.filled as f64 / batch.units.max(1) as f64);
        }
    }

    fn batch_ended(&self, batch: &ObservedBatch, busy: Option<Duration>) {
        if let (Some(of), Some(busy)) = (self.of(batch.bucket), busy) {
            of.computed.record(busy);
            of.prediction.record(busy.as_secs_f64() / batch.predicted.as_secs_f64().max(1e-9));
        }
    }

    fn dropped(&self, items: usize, reason: DropReason) {
        let reason = match reason {
            DropReason::Cancelled => "cancelled",
            DropReason::Expired => "expired",
            DropReason::Hopeless => "hopeless",
            DropReason::Refused => "refused",
        };
        self.labels.counter(metrics::QUEUE_DROPPED, reason).increment(items as u64);
    }
}
