//! A copy of the database that is whole, and whether one is.

use super::migrate;
use super::row::json;
use cotmoc_controller_core::incident::{Entry, Incident};
use rusqlite::{Connection, OpenFlags};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What a database holds, as far as a backup is told by it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holdings {
    pub incidents: usize,
    /// Lines of their logs.
    pub lines: usize,
    pub records: u64,
}

/// Why a database could not be copied, or a copy is not to be relied on.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    #[error("the database {} could not be copied to {}", from.display(), to.display())]
    Copy {
        from: PathBuf,
        to: PathBuf,
        #[source]
        source: rusqlite::Error,
    },
    #[error("the database {} could not be read", path.display())]
    Read {
        path: PathBuf,
        #[source]
        source: rusqlite::Error,
    },
    #[error("the database {} is damaged: {first}", path.display())]
    Damaged { path: PathBuf, first: String },
    #[error("the log of incident {incident} in {} does not follow: line {line}", path.display())]
    Log {
        path: PathBuf,
        incident: String,
        line: usize,
    },
    #[error(transparent)]
    Version(#[from] super::OpenError),
}

impl CopyError {
    /// Whether the database itself is at fault, not the disk or the place of the copy.
    #[must_use]
    pub fn is_damage(&self) -> bool {
        match self {
            Self::Damaged { .. } | Self::Log { .. } => true,
            Self::Copy { source, .. } | Self::Read { source, .. } => matches!(
                source.sqlite_error_code(),
                Some(rusqlite::ErrorCode::DatabaseCorrupt | rusqlite::ErrorCode::NotADatabase)
            ),
            Self::Version(_) => false,
        }
    }
}

/// Copies the database `from`, which may be in use, into the new file `to`. The copy is one snapshot, read
/// in one transaction on a connection of its own: writers do not wait for it and cannot make it begin again.
///
/// # Errors
/// [`CopyError::Copy`].
pub fn copy_database(from: &Path, to: &Path) -> Result<(), CopyError> {
    let failed = |source| CopyError::Copy {
        from: from.to_owned(),
        to: to.to_owned(),
        source,
    };
    let connection = read_only(from).map_err(failed)?;
    let name = to.to_string_lossy();
    connection
        .execute("VACUUM INTO ?1", [name.as_ref()])
        .map(drop)
        .map_err(failed)
}

/// Reads all of a database that nobody writes: every page, and every incident from its log.
///
/// # Errors
/// [`CopyError`] by the first thing that is wrong.
pub fn check_database(path: &Path) -> Result<Holdings, CopyError> {
    let failed = |source| CopyError::Read {
        path: path.to_owned(),
        source,
    };
    let connection = read_only(path).map_err(failed)?;
    migrate::check(&connection, path)?;
    let first: String = connection
        .query_row("PRAGMA integrity_check (1)", [], |row| row.get(0))
        .map_err(failed)?;
    if first != "ok" {
        return Err(CopyError::Damaged {
            path: path.to_owned(),
            first,
        });
    }
    let logs = logs(&connection).map_err(failed)?;
    for (incident, log) in &logs {
        if let Some(line) = (1..=log.len()).find(|line| !follows(log, *line)) {
            return Err(CopyError::Log {
                path: path.to_owned(),
                incident: incident.clone(),
                line,
            });
        }
    }
    let records = connection.query_row("SELECT count(*) AS n FROM record", [], |row| {
        super::row::number(row, "n")
    });
    Ok(Holdings {
        incidents: logs.len(),
        lines: logs.values().map(Vec::len).sum(),
        records: records.map_err(failed)?,
    })
}

fn follows(log: &[Entry], lines: usize) -> bool {
    log.get(..lines)
        .is_some_and(|log| Incident::replay(log).is_ok())
}

fn logs(connection: &Connection) -> rusqlite::Result<BTreeMap<String, Vec<Entry>>> {
    let mut statement = connection.prepare("SELECT * FROM incident_entry ORDER BY id")?;
    let rows = statement.query_map([], |row| {
        Ok((row.get::<_, String>("incident")?, json(row, "entry")?))
    })?;
    let mut logs: BTreeMap<String, Vec<Entry>> = BTreeMap::new();
    for row in rows {
        let (incident, entry) = row?;
        logs.entry(incident).or_default().push(entry);
    }
    Ok(logs)
}

fn read_only(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(std::time::Duration::from_secs(30))?;
    connection.execute_batch("PRAGMA cell_size_check = ON; PRAGMA trusted_schema = OFF;")?;
    Ok(connection)
}
