//! Why a receipt was not read.

use std::time::Duration;

use slipstream_batcher::{Reason, Refusal, Rejected};
use slipstream_duplicates::IndexError;

use super::decode::DecodeError;
use super::pdf::DocumentError;
use crate::registry::ModelFailure;

/// Why a receipt was not read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The upload is no image that is read here.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// The upload is a PDF or an e-invoice that cannot be read.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// Too much work waits before a model.
    #[error("too much work is waiting, try again in {retry_after:?}")]
    Overloaded {
        /// When there is room.
        retry_after: Duration,
    },
    /// The answer would have come too late, or is sure to.
    #[error("the deadline cannot be kept")]
    DeadlineExceeded,
    /// A model failed: a fault of the server, whose reason is in the log.
    #[error("the model failed: {0}")]
    Model(#[from] ModelFailure),
    /// It was read, but could not be looked up or remembered.
    #[error(transparent)]
    Duplicates(IndexError),
    /// The server shuts down.
    #[error("the server is shutting down")]
    Closed,
}

impl From<Rejected> for ReadError {
    fn from(rejected: Rejected) -> Self {
        match rejected {
            Rejected::Overloaded { retry_after } => Self::Overloaded { retry_after },
            Rejected::DeadlineExceeded => Self::DeadlineExceeded,
            // What a panic says may quote a receipt; its place is in the log already.
            Rejected::Failed(_) => Self::Model(ModelFailure::new("a batch failed")),
            Rejected::Closed => Self::Closed,
        }
    }
}

impl From<Refusal> for ReadError {
    fn from(refusal: Refusal) -> Self {
        match refusal.reason {
            // Coming back would not help.
            Reason::Hopeless => Self::DeadlineExceeded,
            _ => Self::Overloaded { retry_after: refusal.retry_after },
        }
    }
}

/// The only result of a group with one item.
pub(super) fn only<T>(results: Vec<T>) -> Result<T, ReadError> {
    results.into_iter().next().ok_or_else(|| ReadError::Model(ModelFailure::new("a batch gave no result")))
}
