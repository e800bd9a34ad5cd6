//! How work is scheduled: the settings of the door, the turns and the queues, and what they mean together.

use std::time::Duration;

use slipstream_batcher::{AdmissionLimits, Discipline, Order, TurnLimits};

/// Compute time of a receipt on one thread before any was read: what most
/// receipts take on the machines that this was measured on.
const INITIAL_COST: Duration = Duration::from_millis(200);

/// Pages that are decoded at the same time, for each compute thread: enough to keep every queue filled.
const PAGES_A_THREAD: usize = 4;

/// Settings of an operator.
#[derive(Debug, Clone, PartialEq)]
pub struct Scheduling {
    /// In which order work goes.
    pub discipline: Discipline,
    /// Longest predicted wait ahead of a receipt.
    pub max_wait: Duration,
    /// Predicted wait that may last while receipts are refused.
    pub target_wait: Duration,
    /// Receipts in the server at the same time.
    pub max_in_flight: usize,
    /// Bytes of uploads in memory at the same time.
    pub max_upload_memory: u64,
    /// Part of the room that bulk receipts may take, 0 to 1.
    pub bulk_share: f64,
    /// What waiting bulk work is owed of what goes before it, 0 to 1.
    pub bulk_floor: f64,
    /// Weights of the tenants, by their index; equal when empty.
    pub weights: Vec<f64>,
}

/// Settings that do not work.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SchedulingError {
    /// Not even one receipt would be let in.
    #[error(
        "--max-queue-s {given:?} on {threads} compute threads is less than one receipt takes, use {least:?} or more"
    )]
    QueueBelowOneReceipt {
        /// As given.
        given: Duration,
        /// Compute threads.
        threads: usize,
        /// The least that works.
        least: Duration,
    },
    /// Not even one upload of the allowed size would be let in.
    #[error(
        "--max-upload-memory-mib {memory_mib} is less than --max-upload-mib {upload_mib}, which one upload may take"
    )]
    MemoryBelowOneUpload {
        /// As given.
        memory_mib: u64,
        /// Largest upload.
        upload_mib: u64,
    },
}

impl Scheduling {
    /// Takes whatever comes, in the scheduler's order: for commands that bring their own receipts.
    pub fn unbounded() -> Self {
        Self {
            discipline: Discipline::Deadline,
            max_wait: Duration::from_secs(365 * 24 * 3600),
            target_wait: Duration::from_secs(365 * 24 * 3600),
            max_in_flight: usize::MAX,
            max_upload_memory: u64::MAX,
            bulk_share: 1.0,
            bulk_floor: 0.1,
            weights: Vec::new(),
        }
    }

    /// Holds the settings against each other.
    ///
    /// # Errors
    /// See [`SchedulingError`].
    pub fn check(&self, threads: usize, max_upload_bytes: usize) -> Result<(), SchedulingError> {
        let least = INITIAL_COST / u32::try_from(threads.max(1)).unwrap_or(u32::MAX);
        if self.max_wait < least {
            return Err(SchedulingError::QueueBelowOneReceipt { given: self.max_wait, threads, least });
        }
        if self.max_upload_memory < max_upload_bytes as u64 {
            let (memory_mib, upload_mib) = (self.max_upload_memory >> 20, max_upload_bytes as u64 >> 20);
            return Err(SchedulingError::MemoryBelowOneUpload { memory_mib, upload_mib });
        }
        Ok(())
    }

    /// Who goes first, with tenants told apart.
    pub fn order(&self) -> Order {
        Order { discipline: self.discipline, weights: self.weights.clone(), bulk_floor: self.bulk_floor }
    }

    /// Who is let in, on `threads` compute threads.
    pub fn admission(&self, threads: usize) -> AdmissionLimits {
        AdmissionLimits {
            lanes: threads,
            max_wait: self.max_wait,
            target_wait: self.target_wait,
            bulk_share: self.bulk_share,
            max_requests: self.max_in_flight,
            max_bytes: self.max_upload_memory,
            order: self.order(),
            initial_cost: INITIAL_COST,
        }
    }

    /// Whose page is decoded and read; the others wait as the few compressed bytes that they are.
    pub fn pages(&self, threads: usize) -> TurnLimits {
        let max = PAGES_A_THREAD * threads.max(1);
        let max_bulk = (max as f64 * self.bulk_share) as usize;
        TurnLimits { max, max_bulk, order: self.order() }
    }

    /// Whose work a compute thread takes up. One job more than there are threads
    /// stands ready: without it a thread that ends waits until the next job has been
    /// chosen and woken it up, which took 16 % of the receipts a second on two threads.
    pub fn threads(&self, threads: usize) -> TurnLimits {
        TurnLimits { max: threads + 1, max_bulk: threads + 1, order: self.order() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_that_would_let_nothing_in_are_refused() {
        let settings = Scheduling { max_wait: Duration::from_millis(50), ..Scheduling::unbounded() };
        let refused = settings.check(2, 1).map_err(|error| error.to_string());
        assert!(refused.is_err_and(|text| text.contains("--max-queue-s") && text.contains("100ms")));
        assert_eq!(settings.check(4, 1), Ok(()));
        let settings = Scheduling { max_upload_memory: 5 << 20, ..Scheduling::unbounded() };
        let refused = settings.check(2, 6 << 20).map_err(|error| error.to_string());
        assert!(
            refused
                .is_err_and(|text| text.contains("--max-upload-memory-mib 5") && text.contains("--max-upload-mib 6"))
        );
        assert_eq!(settings.check(2, 5 << 20), Ok(()));
    }
}
