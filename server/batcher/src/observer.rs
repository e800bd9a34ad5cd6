//! What a queue tells the outside about itself; metrics hang on this.

use std::time::Duration;

/// What waits in a queue at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Depth {
    /// Items waiting, without those being executed.
    pub items: usize,
    /// Their predicted compute time.
    pub predicted: Duration,
}

/// Why an item left the queue without being executed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DropReason {
    /// Its caller went away.
    Cancelled,
    /// Its deadline passed.
    Expired,
    /// The queue was full when it came.
    Refused,
}

/// Called by a queue's owner task; implementations must return at once.
pub trait Observer: Send + Sync + 'static {
    /// The backlog changed to `depth`.
    fn depth(&self, depth: Depth);
    /// An item goes into a batch after waiting for `waited`.
    fn waited(&self, waited: Duration);
    /// A batch of `items` items with `units` units of work starts.
    fn batch_started(&self, items: usize, units: u64);
    /// A batch of `items` items ended after `took`, well or with a panic.
    fn batch_ended(&self, items: usize, took: Duration, panicked: bool);
    /// `items` items left without being executed.
    fn dropped(&self, items: usize, reason: DropReason);
}

/// Ignores everything.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoObserver;

impl Observer for NoObserver {
    fn depth(&self, _: Depth) {}
    fn waited(&self, _: Duration) {}
    fn batch_started(&self, _: usize, _: u64) {}
    fn batch_ended(&self, _: usize, _: Duration, _: bool) {}
    fn dropped(&self, _: usize, _: DropReason) {}
}
