//! What the scheduler tells the outside about itself; metrics hang on this.

use std::time::Duration;

use crate::work::Bucket;

/// What waits in a queue at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Depth {
    /// Items waiting, without those being executed.
    pub items: usize,
    /// Their predicted compute time, on all lanes together.
    pub predicted: Duration,
}

/// A batch as it starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Batch {
    /// The shape of its items.
    pub bucket: Bucket,
    /// How many they are.
    pub items: usize,
    /// Units that are computed, padding included.
    pub units: u64,
    /// Units of the items alone.
    pub filled: u64,
    /// Predicted compute time.
    pub predicted: Duration,
}

/// Why an item left the queue without being executed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DropReason {
    /// Its caller went away, or a part of its group failed.
    Cancelled,
    /// Its deadline passed.
    Expired,
    /// Its deadline was sure to pass before it could be done.
    Hopeless,
    /// The queue was full when it came.
    Refused,
}

/// Called by a queue's owner task; implementations must return at once.
pub trait Observer: Send + Sync + 'static {
    /// The backlog changed to `depth`.
    fn depth(&self, depth: Depth);
    /// An item of a bucket goes into a batch after waiting for `waited`.
    fn waited(&self, bucket: Bucket, waited: Duration);
    /// A batch starts.
    fn batch_started(&self, batch: &Batch);
    /// A batch ended after `busy` of compute time, or `None` when it failed.
    fn batch_ended(&self, batch: &Batch, busy: Option<Duration>);
    /// `items` items left without being executed.
    fn dropped(&self, items: usize, reason: DropReason);
}

/// Ignores everything.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoObserver;

impl Observer for NoObserver {
    fn depth(&self, _: Depth) {}
    fn waited(&self, _: Bucket, _: Duration) {}
    fn batch_started(&self, _: &Batch) {}
    fn batch_ended(&self, _: &Batch, _: Option<Duration>) {}
    fn dropped(&self, _: usize, _: DropReason) {}
}
