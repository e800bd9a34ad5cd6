//! Places for receipts that are being read, the guard that frees them, and draining.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::error::ApiError;
use crate::telemetry::metrics;

/// Share of the newest request in the mean time of a request, as a right shift: an eighth.
const NEWEST_SHIFT: u32 = 3;

/// Counts the receipts that are being read; each holds an image in memory.
#[derive(Debug, Clone)]
pub struct Admission {
    places: Arc<Semaphore>,
    max: u32,
    /// Moving mean of the time a receipt holds its place, in microseconds.
    mean_micros: Arc<AtomicU64>,
    draining: Arc<AtomicBool>,
}

/// A receipt's place; dropping it, also when the client hangs up, frees it.
#[derive(Debug)]
pub struct Place {
    _permit: OwnedSemaphorePermit,
    admission: Admission,
    since: Instant,
}

impl Admission {
    /// Room for `max` receipts.
    pub fn new(max: u32) -> Self {
        Self {
            places: Arc::new(Semaphore::new(max as usize)),
            max,
            mean_micros: Arc::default(),
            draining: Arc::default(),
        }
    }

    /// Takes a place.
    ///
    /// # Errors
    /// `overloaded` when none is free, `not_ready` when the server drains.
    pub fn enter(&self) -> Result<Place, ApiError> {
        if self.is_draining() {
            return Err(ApiError::not_ready("the server is shutting down, another instance can take this"));
        }
        match Arc::clone(&self.places).try_acquire_owned() {
            Ok(permit) => {
                metrics::in_flight().increment(1);
                Ok(Place { _permit: permit, admission: self.clone(), since: Instant::now() })
            }
            // In the mean time of one request, every place that is taken now turns over once.
            Err(_) => Err(ApiError::overloaded(Duration::from_micros(self.mean_micros.load(Ordering::Relaxed)))),
        }
    }

    /// Receipts that are being read.
    pub fn in_flight(&self) -> usize {
        (self.max as usize).saturating_sub(self.places.available_permits())
    }

    /// Stops taking receipts.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    /// Whether receipts are not taken any more.
    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }

    /// Completes when all places are free.
    pub async fn idle(&self) {
        // The semaphore is never closed, so waiting cannot fail.
        let _ = self.places.acquire_many(self.max).await;
    }

    fn learn(&self, held: Duration) {
        let newest = held.as_micros() as u64;
        // Two requests that end at once may overwrite each other: it is an estimate.
        let mean = self.mean_micros.load(Ordering::Relaxed);
        let next = if mean == 0 { newest } else { mean - (mean >> NEWEST_SHIFT) + (newest >> NEWEST_SHIFT) };
        self.mean_micros.store(next, Ordering::Relaxed);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        metrics::in_flight().decrement(1);
        self.admission.learn(self.since.elapsed());
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use slipstream_api::ErrorCode;

    use super::*;

    #[tokio::test]
    async fn a_full_server_refuses_until_a_place_is_freed() {
        let admission = Admission::new(1);
        admission.learn(Duration::from_millis(1_200));
        let place = admission.enter().unwrap();
        let refused = admission.enter().unwrap_err();
        assert_eq!((refused.code, refused.retry_after), (ErrorCode::Overloaded, Some(Duration::from_millis(1_200))));
        drop(place);
        assert!(admission.enter().is_ok());
    }

    #[tokio::test]
    async fn a_draining_server_is_idle_when_its_last_place_is_free() {
        let admission = Admission::new(2);
        let place = admission.enter().unwrap();
        admission.drain();
        assert_eq!(admission.enter().unwrap_err().code, ErrorCode::NotReady);
        let waiting = tokio::time::timeout(Duration::from_millis(20), admission.idle());
        assert!(waiting.await.is_err());
        drop(place);
        admission.idle().await;
    }
}
