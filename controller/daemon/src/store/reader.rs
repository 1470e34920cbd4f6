//! Read-only connections, each used by one query at a time, each query with a deadline: a reader
//! that stays would keep the journal from being folded in.

use super::error::{OpenError, StoreError};
use rusqlite::Connection;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;

const READERS: usize = 4;
const DEADLINE: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub(super) struct Readers {
    path: PathBuf,
    free: Mutex<Vec<Connection>>,
    permits: Arc<Semaphore>,
}

impl Readers {
    pub(super) fn open(path: &Path) -> Result<Self, OpenError> {
        let first = super::open_reader(path).map_err(|source| OpenError::Open {
            path: path.to_owned(),
            source,
        })?;
        Ok(Self {
            path: path.to_owned(),
            free: Mutex::new(vec![first]),
            permits: Arc::new(Semaphore::new(READERS)),
        })
    }

    pub(super) async fn read<T, F>(this: &Arc<Self>, query: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        let permit = tokio::time::timeout(DEADLINE, Arc::clone(&this.permits).acquire_owned())
            .await
            .map_err(|_elapsed| StoreError::Busy)?
            .map_err(|_closed| StoreError::Stopped)?;
        let connection = this.take()?;
        let interrupt = connection.get_interrupt_handle();
        let readers = Arc::clone(this);
        let mut task = tokio::task::spawn_blocking(move || {
            let result = query(&connection);
            readers.put_back(connection);
            drop(permit);
            result
        });
        let joined = match tokio::time::timeout(DEADLINE, &mut task).await {
            Ok(joined) => joined,
            Err(_elapsed) => {
                interrupt.interrupt();
                task.await
            }
        };
        match joined {
            Ok(Err(error)) if is_interrupted(&error) => Err(StoreError::Deadline),
            Ok(result) => result.map_err(StoreError::from),
            Err(_join) => Err(StoreError::Stopped),
        }
    }

    fn take(&self) -> Result<Connection, StoreError> {
        let free = self
            .free
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop();
        match free {
            Some(connection) => Ok(connection),
            None => Ok(super::open_reader(&self.path)?),
        }
    }

    fn put_back(&self, connection: Connection) {
        self.free
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(connection);
    }
}

fn is_interrupted(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(rusqlite::ErrorCode::OperationInterrupted)
}
