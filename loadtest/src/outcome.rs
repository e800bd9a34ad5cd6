//! How a request ended.

use std::fmt;
use std::time::Duration;

use slipstream_api::ErrorCode;

use crate::timing::StageTime;

/// How a request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// 200: the receipt was read.
    Read,
    /// 504: the server took the receipt and did not keep the deadline.
    Missed,
    /// 503 `overloaded` or `not_ready`, or 429.
    Refused {
        /// Seconds after which to come back, from `retry-after`; none where the header is absent or no number.
        retry_after_s: Option<u64>,
    },
    /// The client hung up, as it was meant to.
    Left,
    /// None of these.
    Failed(Failure),
}

/// Why a request failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Failure {
    /// Nothing was sent, because all connections were in use.
    Unsent,
    /// The server did not take the connection.
    Connect,
    /// The connection ended before the answer did.
    Transport,
    /// Nothing came within the deadline and a grace period.
    NoAnswer,
    /// Another answer than those above, by its status.
    Status(u16),
}

impl Failure {
    /// Whether there was no answer at all.
    pub fn is_unanswered(self) -> bool {
        !matches!(self, Self::Status(_))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsent => f.write_str("not sent, no connection was free"),
            Self::Connect => f.write_str("cannot connect"),
            Self::Transport => f.write_str("connection lost"),
            Self::NoAnswer => f.write_str("no answer"),
            Self::Status(status) => write!(f, "status {status}"),
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read => f.write_str("read"),
            Self::Missed => f.write_str("deadline exceeded"),
            Self::Refused { .. } => f.write_str("refused"),
            Self::Left => f.write_str("hung up"),
            Self::Failed(failure) => failure.fmt(f),
        }
    }
}

impl Outcome {
    /// The outcome of an answer: its status, the `code` of its problem details and its `retry-after`.
    pub fn of(status: u16, code: Option<ErrorCode>, retry_after_s: Option<u64>) -> Self {
        match (status, code) {
            (200, _) => Self::Read,
            (504, _) => Self::Missed,
            (429, _) | (503, Some(ErrorCode::Overloaded | ErrorCode::NotReady)) => Self::Refused { retry_after_s },
            _ => Self::Failed(Failure::Status(status)),
        }
    }

    /// The server took the receipt and answered: read or missed.
    pub fn is_admitted(self) -> bool {
        matches!(self, Self::Read | Self::Missed)
    }
}

/// What a client saw of a request. Times count from the moment it was sent, connecting included.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    /// How it ended.
    pub outcome: Outcome,
    /// The head of the answer.
    pub head_after: Option<Duration>,
    /// The last byte of the answer, or giving up.
    pub ended_after: Duration,
    /// What the server says about its stages.
    pub stages: Vec<StageTime>,
}

impl Reply {
    /// Of a request that was not sent.
    pub fn unsent() -> Self {
        let outcome = Outcome::Failed(Failure::Unsent);
        Self { outcome, head_after: None, ended_after: Duration::ZERO, stages: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_told_apart() {
        let wait = Some(3);
        let cases = [
            (200, None, Outcome::Read),
            (504, Some(ErrorCode::DeadlineExceeded), Outcome::Missed),
            (503, Some(ErrorCode::Overloaded), Outcome::Refused { retry_after_s: wait }),
            (503, Some(ErrorCode::NotReady), Outcome::Refused { retry_after_s: wait }),
            (429, Some(ErrorCode::OverQuota), Outcome::Refused { retry_after_s: wait }),
            // Not from Slipstream: somebody between it and us is in trouble.
            (503, None, Outcome::Failed(Failure::Status(503))),
            (500, Some(ErrorCode::Internal), Outcome::Failed(Failure::Status(500))),
            (401, Some(ErrorCode::Unauthorized), Outcome::Failed(Failure::Status(401))),
            (201, None, Outcome::Failed(Failure::Status(201))),
        ];
        let wrong: Vec<_> = cases.iter().filter(|(status, code, o)| Outcome::of(*status, *code, wait) != *o).collect();
        assert!(wrong.is_empty(), "{wrong:?}");
    }
}
