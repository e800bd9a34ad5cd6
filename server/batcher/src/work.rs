//! What is scheduled: items, the groups they come in, where a group stands in line, and how it ends.

use std::time::{Duration, Instant};

/// Names a group; unique within a queue, rising with submission.
pub type Ticket = u64;

/// Items of one bucket have shapes that can be executed together.
pub type Bucket = u32;

/// Which band a group stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Priority {
    /// Somebody waits for the answer.
    #[default]
    Interactive,
    /// Goes when nothing interactive waits, and with a small share of the work always.
    Bulk,
}

impl Priority {
    /// All bands, first served first.
    pub const ALL: [Self; 2] = [Self::Interactive, Self::Bulk];
}

/// Whose work it is: an index into the weights of [`Order::weights`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Tenant(pub u16);

/// Where work stands in line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// The band.
    pub priority: Priority,
    /// Whose work it is.
    pub tenant: Tenant,
    /// When the answer is worth nothing any more.
    pub deadline: Instant,
}

/// One piece of work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item<P> {
    /// What the executor gets.
    pub payload: P,
    /// How much work it is, in a unit that compute time rises with (pixels, tokens).
    pub units: u64,
    /// Its shape; a batch holds items of one bucket.
    pub bucket: Bucket,
}

/// Items that are admitted, cancelled and answered together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group<P> {
    /// The work; a group without items is answered at once.
    pub items: Vec<Item<P>>,
    /// Where all of it stands.
    pub standing: Standing,
}

/// How work that waits is ordered.
#[derive(Debug, Clone, PartialEq)]
pub struct Order {
    /// The rule.
    pub discipline: Discipline,
    /// Shares of tenants in proportion to each other, by the index of [`Tenant`];
    /// a tenant that is not listed, or whose share is not positive, has weight 1.
    pub weights: Vec<f64>,
    /// What bulk work that waits is owed for each unit of interactive work that
    /// is served before it, 0 to 1: the ageing that keeps it from starving.
    pub bulk_floor: f64,
}

impl Order {
    /// The weight of a tenant.
    pub(crate) fn weight(&self, tenant: Tenant) -> f64 {
        self.weights.get(usize::from(tenant.0)).copied().filter(|weight| *weight > 0.0).unwrap_or(1.0)
    }
}

impl Default for Order {
    fn default() -> Self {
        Self { discipline: Discipline::default(), weights: Vec::new(), bulk_floor: 0.1 }
    }
}

/// The rule by which work goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Discipline {
    /// Bands, then fair shares of tenants, then earliest deadlines; hopeless work is dropped early.
    #[default]
    Deadline,
    /// First come, first served, whoever it is and however late: what others do, for comparison.
    Fifo {
        /// A batch that is not full waits for company until its oldest item
        /// has waited this long; with zero it goes when the executor is idle.
        window: Duration,
    },
}

/// What the executor made of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Executed<R> {
    /// One result for each payload, in the same order.
    pub results: Vec<R>,
    /// Time spent on it, without waiting for a thread or a device: predictions
    /// that learnt from waiting would shrink batches, and smaller batches wait more.
    pub busy: Duration,
}

/// What became of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Served<R> {
    /// The results, in the order of its items.
    pub results: Vec<R>,
    /// Its part in the executor's time: of each batch, as much as its items are of the batch's units.
    pub busy: Duration,
}

/// Why a group was not served.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejected {
    /// The queue is full.
    #[error("the queue is full, retry in {retry_after:?}")]
    Overloaded {
        /// Predicted time until there is room for the group.
        retry_after: Duration,
    },
    /// The deadline passed, or was sure to pass, before all items were executed.
    #[error("the deadline cannot be kept: too much work waits")]
    DeadlineExceeded,
    /// The executor panicked or gave the wrong number of results.
    #[error("the executor failed: {0}")]
    Failed(String),
    /// The queue's task is gone, because the runtime shuts down.
    #[error("the queue is closed")]
    Closed,
}
