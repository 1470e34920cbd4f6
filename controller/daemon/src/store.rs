//! Everything the controller remembers, in one SQLite file. All SQL of the controller is in this
//! folder; outside it there are only methods named after what they are for, so that another
//! database can stand behind the same methods.
//!
//! ```text
//! handlers -> Store --mpsc--> writer thread (one connection, many jobs per commit)
//!                   \-------> readers (read-only connections, each query with a deadline)
//! ```

mod accounts;
mod air;
mod backup;
mod blobs;
mod channels;
mod devices;
mod documents;
mod drafts;
mod error;
mod incidents;
mod maintenance;
mod migrate;
mod notices;
mod obligations;
mod probe;
mod reader;
mod records;
mod reports;
mod row;
mod seen;
mod writer;

pub use accounts::{AccountChange, AccountRow, SESSION_MS, SessionRow};
pub use backup::{CopyError, Holdings, check_database, copy_database};
pub use blobs::BlobRow;
pub use channels::ChannelRow;
pub use devices::{DeviceRow, DeviceState, Enrolled, Promoted, Registered, Registration, Renewed};
pub use documents::{DocumentKind, DocumentRow, NewDocument};
pub use drafts::{DraftRow, MAX_DRAFTS};
pub use error::{OpenError, StoreError};
pub use incidents::EntryRow;
pub use maintenance::MaintenanceRow;
pub use notices::{Fate, MOST_NOTICES, NewNotice, NoticeRow, NoticeState, RouteRow, Unstored};
pub use obligations::ObligationRow;
pub use records::{NewRecord, Note, ReceiptFacts, RecordKind, RecordQuery, RecordRow};
pub use reports::{ReportForm, ReportRow, UnknownForm};
pub use seen::SeenRow;

use reader::Readers;
use rusqlite::{Connection, OpenFlags};
use std::path::Path;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use writer::Writer;

/// A handle to the store; clones share it.
#[derive(Debug, Clone)]
pub struct Store {
    writer: Writer,
    readers: Arc<Readers>,
}

impl Store {
    /// Opens the database `path`, or makes it, and brings it up to this version.
    ///
    /// # Errors
    /// [`OpenError`] named after the step that failed. A database of a newer version, or of
    /// something else, is left untouched.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        let mut connection = Connection::open(path).map_err(|source| OpenError::Open {
            path: path.to_owned(),
            source,
        })?;
        migrate::check(&connection, path)?;
        set_up(&connection).map_err(|source| OpenError::SetUp {
            path: path.to_owned(),
            source,
        })?;
        migrate::migrate(&mut connection, path, migrate::MIGRATIONS)?;
        let readers = Readers::open(path)?;
        let writer = Writer::start(connection).map_err(OpenError::Thread)?;
        Ok(Self {
            writer,
            readers: Arc::new(readers),
        })
    }

    /// Cancelled when the writer has ended, in order or not.
    #[must_use]
    pub fn ended(&self) -> CancellationToken {
        self.writer.ended()
    }

    /// Ends the writer after every job that was handed in before.
    pub async fn close(&self) {
        self.writer.close().await;
    }

    async fn write<T, F>(&self, job: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        self.writer.write(job).await
    }

    async fn read<T, F>(&self, query: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        Readers::read(&self.readers, query).await
    }
}

fn set_up(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    connection.execute_batch(
        "PRAGMA journal_mode = WAL;
         PRAGMA synchronous = FULL;
         PRAGMA foreign_keys = ON;
         PRAGMA cache_size = -65536;
         PRAGMA wal_autocheckpoint = 4000;
         PRAGMA journal_size_limit = 67108864;
         PRAGMA trusted_schema = OFF;
         PRAGMA cell_size_check = ON;
         PRAGMA mmap_size = 0;",
    )
}

fn open_reader(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    connection.execute_batch("PRAGMA query_only = ON; PRAGMA trusted_schema = OFF;")?;
    Ok(connection)
}

#[cfg(test)]
mod tests {
    use super::*;
    use cotmoc_proto::TimeMs;

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn fifty_writers_and_as_many_readers_never_hear_that_the_database_is_locked() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("controller.db")).unwrap();
        let tasks: Vec<_> = (0..50)
            .map(|number| {
                let store = store.clone();
                tokio::spawn(async move {
                    for round in 0..20 {
                        store.probe(TimeMs(number * 100 + round)).await?;
                        store.probed().await?;
                    }
                    Ok::<_, StoreError>(())
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap().unwrap();
        }
        store.close().await;
    }
}
