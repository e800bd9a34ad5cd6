//! The door as HTTP sees it: who is let in, how refusals are answered, and draining.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use slipstream_api::ErrorCode;
use slipstream_batcher::{Bucket, Claim, Door, Load, NotAdmitted, Permit, Reason, Refusal, Standing};
use tokio::sync::watch;

use super::error::ApiError;
use crate::telemetry::metrics;

/// Uploads of less than this many bytes (as a power of two) are one class of cost.
const SMALLEST: u32 = 14;

/// The class of uploads that do not say how large they are.
const UNKNOWN: Bucket = 0;

/// Lets receipts in; clones share the door.
#[derive(Debug, Clone)]
pub struct Admission {
    door: Door,
    draining: Arc<AtomicBool>,
    cut_off: Arc<watch::Sender<bool>>,
}

impl Admission {
    /// Admission through `door`.
    pub fn new(door: Door) -> Self {
        Self { door, draining: Arc::default(), cut_off: Arc::new(watch::Sender::new(false)) }
    }

    /// Lets in an upload of `bytes`, which may become `max_bytes` long where that is unknown.
    ///
    /// # Errors
    /// `overloaded`, `over_quota` or `deadline_exceeded` when there is no room
    /// for it, `not_ready` when the server drains.
    pub async fn enter(&self, standing: Standing, bytes: Option<u64>, max_bytes: u64) -> Result<Permit, ApiError> {
        let claim = Claim { standing, bucket: bytes.map_or(UNKNOWN, class), bytes: bytes.unwrap_or(max_bytes) };
        self.door.enter(claim).await.map_err(|error| match error {
            NotAdmitted::Refused(refusal) => refused(&refusal),
            NotAdmitted::Closed => closed(),
        })
    }

    /// What is in flight.
    pub fn load(&self) -> Load {
        self.door.load()
    }

    /// Stops taking receipts.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
        self.door.close();
        metrics::ready(false);
    }

    /// Whether receipts are not taken any more.
    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }

    /// Ends what is still in flight: it is answered that another instance can take it.
    pub fn cut_off(&self) {
        self.cut_off.send_replace(true);
    }

    /// Completes with the answer of a receipt that is cut off.
    pub async fn until_cut_off(&self) -> ApiError {
        let mut cut_off = self.cut_off.subscribe();
        // The sender lives as long as this, so waiting cannot fail.
        let _ = cut_off.wait_for(|cut_off| *cut_off).await;
        closed()
    }

    /// Completes when nothing is in flight.
    pub async fn idle(&self) {
        self.door.empty().await;
    }
}

/// Uploads of about the same size take about the same time.
fn class(bytes: u64) -> Bucket {
    1 + (bytes >> SMALLEST).checked_ilog2().map_or(0, |log| log + 1)
}

fn closed() -> ApiError {
    ApiError::not_ready("the server is shutting down, another instance can take this")
}

/// The answer to a request that is not let in.
fn refused(refusal: &Refusal) -> ApiError {
    let (code, detail) = match refusal.reason {
        Reason::Share => (
            ErrorCode::OverQuota,
            "this key has its share of the server in use, come back after the time in retry-after",
        ),
        Reason::Hopeless => return ApiError::deadline_exceeded(),
        Reason::Deadline => (
            ErrorCode::Overloaded,
            "the deadline could not be kept with what is ahead, come back after the time in retry-after",
        ),
        Reason::Limit | Reason::Requests | Reason::Bytes => return ApiError::overloaded(refusal.retry_after),
    };
    ApiError { retry_after: Some(refusal.retry_after), ..ApiError::new(code, detail) }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn uploads_are_classed_by_powers_of_two() {
        let classes = [0, 16 << 10, 31 << 10, 32 << 10, 1 << 20, 1 << 40].map(class);
        assert_eq!(classes, [1, 2, 2, 3, 8, 28]);
    }

    #[test]
    fn every_refusal_says_when_to_come_back_or_that_it_is_of_no_use() {
        let retry_after = Duration::from_millis(1_500);
        let cases = [
            (Reason::Limit, ErrorCode::Overloaded),
            (Reason::Deadline, ErrorCode::Overloaded),
            (Reason::Requests, ErrorCode::Overloaded),
            (Reason::Bytes, ErrorCode::Overloaded),
            (Reason::Share, ErrorCode::OverQuota),
            (Reason::Hopeless, ErrorCode::DeadlineExceeded),
        ];
        for (reason, code) in cases {
            let error = refused(&Refusal { reason, retry_after });
            let expected = (code != ErrorCode::DeadlineExceeded).then_some(retry_after);
            assert_eq!((error.code, error.retry_after), (code, expected), "{reason:?}");
        }
    }
}
