//! The tables of the outbox and how they came to be. Migrations are only ever appended.

use super::store::StoreError;
use rusqlite::{Connection, TransactionBehavior};

const MIGRATIONS: &[&str] = &[
    // `seq` is given when a record is first sent, so that dropping samples leaves no hole.
    "CREATE TABLE fact (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
     CREATE TABLE boot (name TEXT PRIMARY KEY, last_seq INTEGER NOT NULL, id INTEGER NOT NULL)
        STRICT, WITHOUT ROWID;
     CREATE TABLE spool (name TEXT PRIMARY KEY, last_id INTEGER NOT NULL) STRICT, WITHOUT ROWID;
     CREATE TABLE record (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        boot TEXT NOT NULL,
        seq INTEGER,
        mono_ms INTEGER NOT NULL,
        wall_ms INTEGER NOT NULL,
        clock TEXT NOT NULL,
        rank INTEGER NOT NULL,
        bytes INTEGER NOT NULL,
        body TEXT NOT NULL
     ) STRICT;
     CREATE UNIQUE INDEX record_by_seq ON record (boot, seq) WHERE seq IS NOT NULL;
     CREATE INDEX record_by_rank ON record (rank, id) WHERE seq IS NULL;",
];

/// Brings the file up to date, all of it or nothing.
///
/// # Errors
/// [`StoreError::Newer`] for a file of a later version, which is not touched.
pub fn migrate(connection: &mut Connection) -> Result<(), StoreError> {
    let found: i64 = connection
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .map_err(StoreError::Open)?;
    let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    if found > known {
        return Err(StoreError::Newer { found, known });
    }
    let done = usize::try_from(found).unwrap_or(0);
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(StoreError::Migrate)?;
    for migration in MIGRATIONS.iter().skip(done) {
        transaction
            .execute_batch(migration)
            .map_err(StoreError::Migrate)?;
    }
    transaction
        .pragma_update(None, "user_version", known)
        .and_then(|()| transaction.commit())
        .map_err(StoreError::Migrate)
}
