//! Why an index could not be opened or used.

use std::path::PathBuf;

use rusqlite::ErrorCode;

/// What went wrong. No message holds anything of a receipt.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// The file cannot be opened or made.
    #[error("cannot open the duplicates store {path}: {source}; check that its folder exists and may be written")]
    Open {
        /// The file.
        path: PathBuf,
        /// Why.
        source: rusqlite::Error,
    },
    /// The file is something else.
    #[error("{path} is no duplicates store; choose another file, or move this one away")]
    NotAnIndex {
        /// The file.
        path: PathBuf,
    },
    /// The file is of another release.
    #[error("{path} has format {version}, which this release cannot read; move it away to start an empty one")]
    Version {
        /// The file.
        path: PathBuf,
        /// Its format.
        version: i64,
    },
    /// The file was made with another secret.
    #[error("{path} was made with another secret; give that one, or move the file away to start an empty one")]
    OtherSecret {
        /// The file.
        path: PathBuf,
    },
    /// The file is damaged.
    #[error(
        "the duplicates store is damaged: {detail}; restore it from a backup, or move it away to start an empty one"
    )]
    Damaged {
        /// What is wrong with it.
        detail: String,
    },
    /// There is no room left; what was remembered before is kept.
    #[error("the duplicates store is full; make room on its disk, or raise its limit")]
    Full,
    /// Another process holds the file for too long.
    #[error("the duplicates store is busy; let only one server use it")]
    Busy,
    /// Anything else.
    #[error("the duplicates store failed: {0}")]
    Storage(rusqlite::Error),
}

impl From<rusqlite::Error> for IndexError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Damaged { detail: error.to_string() },
            Some(ErrorCode::DiskFull) => Self::Full,
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy,
            _ => match error {
                // A column of another type than the one that was written.
                rusqlite::Error::InvalidColumnType(..)
                | rusqlite::Error::FromSqlConversionFailure(..)
                | rusqlite::Error::IntegralValueOutOfRange(..) => Self::Damaged { detail: error.to_string() },
                error => Self::Storage(error),
            },
        }
    }
}
