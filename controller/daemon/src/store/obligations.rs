//! The logs of obligations. Lines are added, never changed.

use super::row::json;
use super::{Store, StoreError};
use cotmoc_controller_core::obligation::Entry;
use rusqlite::params;

/// One line of an obligation's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObligationRow {
    pub obligation: String,
    pub entry: Entry,
}

impl Store {
    /// Adds lines, all or none.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing was added.
    pub async fn add_to_obligations(&self, rows: Vec<ObligationRow>) -> Result<(), StoreError> {
        self.write(move |connection| {
            let mut statement = connection.prepare_cached(
                "INSERT INTO obligation_entry (obligation, at_ms, entry) VALUES (?1, ?2, ?3)",
            )?;
            for row in &rows {
                let entry = serde_json::to_string(&row.entry)
                    .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
                statement.execute(params![row.obligation, row.entry.at_ms.0, entry])?;
            }
            Ok(())
        })
        .await
    }

    /// Every line of every log, in the order in which they were added.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn obligations(&self) -> Result<Vec<ObligationRow>, StoreError> {
        self.read(|connection| {
            let mut statement =
                connection.prepare_cached("SELECT * FROM obligation_entry ORDER BY id")?;
            let rows = statement.query_map([], |row| {
                Ok(ObligationRow {
                    obligation: row.get("obligation")?,
                    entry: json(row, "entry")?,
                })
            })?;
            rows.collect()
        })
        .await
    }
}
