//! The policies that are compared. All run the same server; they differ in who is
//! let in, in what order work goes and how it is batched.

use std::time::Duration;

use slipstream_batcher::{AdmissionLimits, Discipline, Limits, Order, Padding, TurnLimits};

use crate::service::Service;

/// Pages in the stages at the same time, for each thread, as the server has it.
const PAGES_A_THREAD: usize = 4;

/// How long a dynamic batcher with a fixed window waits for company.
const WINDOW: Duration = Duration::from_millis(5);

/// Requests that others let in before they refuse any, where they have a bound at all:
/// text-embeddings-inference's default.
const CONCURRENT: usize = 512;

/// Where nothing is bounded.
const UNBOUNDED: Duration = Duration::from_secs(24 * 3600);

/// A way to schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Policy {
    /// The server as it is by default.
    Slipstream,
    /// First in first out, batches of a preferred size or after a fixed delay, no
    /// bound: Triton's dynamic batcher.
    FifoWindow,
    /// First in first out, batches as large as a budget of tokens allows as soon as
    /// the executor is free, a bound on requests: text-embeddings-inference.
    FifoTokens,
    /// First in first out, one at a time, a bound on requests.
    BatchOfOne,
}

impl Policy {
    pub(crate) const ALL: [Self; 4] = [Self::Slipstream, Self::FifoWindow, Self::FifoTokens, Self::BatchOfOne];

    /// Its name in reports.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Slipstream => "slipstream",
            Self::FifoWindow => "fifo_window",
            Self::FifoTokens => "fifo_tokens",
            Self::BatchOfOne => "batch_of_one",
        }
    }

    fn order(self) -> Order {
        let discipline = match self {
            Self::Slipstream => Discipline::Deadline,
            Self::FifoWindow => Discipline::Fifo { window: WINDOW },
            Self::FifoTokens | Self::BatchOfOne => Discipline::Fifo { window: Duration::ZERO },
        };
        Order { discipline, ..Order::default() }
    }

    /// Whether items of different shape stay apart.
    pub(crate) fn sorts_by_shape(self) -> bool {
        self == Self::Slipstream
    }

    /// The door.
    pub(crate) fn admission(self, service: &Service) -> AdmissionLimits {
        AdmissionLimits {
            lanes: service.threads,
            max_wait: Duration::from_secs(5),
            target_wait: Duration::from_millis(400),
            bulk_share: 0.5,
            max_requests: match self {
                Self::Slipstream => 256,
                Self::FifoWindow => usize::MAX,
                Self::FifoTokens | Self::BatchOfOne => CONCURRENT,
            },
            max_bytes: u64::MAX,
            order: self.order(),
            initial_cost: Duration::from_millis(200),
        }
    }

    /// Pages in the stages.
    pub(crate) fn pages(self, service: &Service) -> TurnLimits {
        let max = PAGES_A_THREAD * service.threads;
        TurnLimits { max, max_bulk: max / 2, order: self.order() }
    }

    /// Compute threads.
    pub(crate) fn threads(self, service: &Service) -> TurnLimits {
        TurnLimits { max: service.threads, max_bulk: service.threads, order: self.order() }
    }

    /// A queue before a model of which `lanes` batches run at a time.
    pub(crate) fn queue(self, service: &Service, lanes: usize, max_items: usize, initial: Duration) -> Limits {
        let max_batch = Duration::from_secs_f64(service.max_batch_ms / 1e3);
        Limits {
            max_waiting: UNBOUNDED,
            max_batch,
            max_batch_items: if self == Self::BatchOfOne { 1 } else { max_items },
            max_running: lanes,
            max_urgent: 0,
            padding: service.padded_to.map_or(Padding::None, |slots| Padding::ToLargest { slots }),
            order: self.order(),
            initial_time_per_unit: initial,
        }
    }
}
