//! What stops a run before it has figures.

use std::io;
use std::path::PathBuf;

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The URL is not one that can be called.
    #[error("cannot call {url}: {reason}")]
    Url {
        /// As it was given.
        url: String,
        /// What is wrong, and what to do.
        reason: &'static str,
    },
    /// The host has no address.
    #[error("cannot find {host}: {source}; check --url")]
    Resolve {
        /// As it was given.
        host: String,
        /// From the resolver.
        source: io::Error,
    },
    /// The host is another machine.
    #[error("{host} is not this machine; give --allow-remote if you may load it")]
    Remote {
        /// As it was given.
        host: String,
    },
    /// A file or folder cannot be read.
    #[error("cannot read {path}: {source}")]
    Read {
        /// The culprit.
        path: PathBuf,
        /// From the system.
        source: io::Error,
    },
    /// A file cannot be written.
    #[error("cannot write {path}: {source}")]
    Write {
        /// The culprit.
        path: PathBuf,
        /// From the system.
        source: io::Error,
    },
    /// A folder without images.
    #[error("no image (.jpg, .jpeg, .png, .webp) is in {path}; name a folder of receipts with --images")]
    NoImages {
        /// The folder.
        path: PathBuf,
    },
    /// A line of a trace is wrong.
    #[error("line {line} of {path}: {reason}")]
    Trace {
        /// The trace.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// What is wrong, and what to do.
        reason: String,
    },
    /// The profile lacks something.
    #[error("{0}")]
    Profile(String),
    /// More requests than are allowed.
    #[error("the run needs more than {max} requests; shorten it with --duration-s or raise --max-requests")]
    TooMany {
        /// The value of `--max-requests`.
        max: usize,
    },
    /// The server does not get ready.
    #[error("{url} is not ready after {waited_s} s ({last}); start the server or check --url")]
    NotReady {
        /// The server.
        url: String,
        /// How long was waited, in seconds.
        waited_s: u64,
        /// What it answered last.
        last: String,
    },
    /// The server reads nothing, so that nothing can be measured.
    #[error("no receipt was read while {doing} (the last request ended as: {last}); look at the server's log")]
    NothingRead {
        /// Which part of the preparation.
        doing: &'static str,
        /// The last outcome.
        last: String,
    },
    /// A histogram cannot be made.
    #[error("cannot record latencies: {0}")]
    Histogram(#[from] hdrhistogram::CreationError),
    /// The report cannot be written as JSON.
    #[error("cannot write the report: {0}")]
    Json(#[from] serde_json::Error),
}
