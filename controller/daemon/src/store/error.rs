//! What can go wrong in the store.

use rusqlite::ErrorCode;
use std::path::PathBuf;

/// Why the database could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("database {} could not be opened", path.display())]
    Open {
        path: PathBuf,
        #[source]
        source: rusqlite::Error,
    },
    #[error("database {} could not be set up", path.display())]
    SetUp {
        path: PathBuf,
        #[source]
        source: rusqlite::Error,
    },
    #[error("{} is a database of another program", path.display())]
    Foreign { path: PathBuf },
    #[error(
        "database {} has version {found}, this program knows up to {known}: start the newer program",
        path.display()
    )]
    Newer {
        path: PathBuf,
        found: u32,
        known: u32,
    },
    #[error("database {} could not be copied before the upgrade", path.display())]
    Copy {
        path: PathBuf,
        #[source]
        source: rusqlite::Error,
    },
    #[error("database {} could not be upgraded to version {version}; it is as it was", path.display())]
    Migrate {
        path: PathBuf,
        version: u32,
        #[source]
        source: rusqlite::Error,
    },
    #[error("the thread of the database writer could not be started")]
    Thread(#[source] std::io::Error),
}

/// Why something could not be stored or read.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("too many requests wait for the database")]
    Busy,
    #[error("the database writer has ended")]
    Stopped,
    #[error("the database could not commit: {detail}")]
    Commit { detail: String },
    #[error("a database statement failed")]
    Statement {
        #[from]
        source: rusqlite::Error,
    },
    #[error("a database query took too long")]
    Deadline,
}

impl StoreError {
    /// Whether the disk is full, failing or read-only, so that waiting a moment will not help.
    #[must_use]
    pub fn is_of_the_disk(&self) -> bool {
        match self {
            Self::Commit { .. } => true,
            Self::Statement { source } => matches!(
                source.sqlite_error_code(),
                Some(
                    ErrorCode::DiskFull
                        | ErrorCode::ReadOnly
                        | ErrorCode::SystemIoFailure
                        | ErrorCode::CannotOpen
                        | ErrorCode::DatabaseCorrupt
                )
            ),
            Self::Busy | Self::Stopped | Self::Deadline => false,
        }
    }
}
