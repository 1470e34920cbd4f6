//! The logs of incidents. Lines are added, never changed.

use super::row::{json, parsed};
use super::{Store, StoreError};
use cotmoc_controller_core::incident::Entry;
use cotmoc_proto::DeviceId;
use rusqlite::params;

/// One line of an incident's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryRow {
    pub incident: String,
    pub device: DeviceId,
    pub entry: Entry,
}

impl Store {
    /// Adds lines, all or none.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing was added.
    pub async fn add_entries(&self, rows: Vec<EntryRow>) -> Result<(), StoreError> {
        self.write(move |connection| {
            let mut statement = connection.prepare_cached(
                "INSERT INTO incident_entry (incident, device, at_ms, entry)
                 VALUES (?1, ?2, ?3, ?4)",
            )?;
            for row in &rows {
                let entry = serde_json::to_string(&row.entry)
                    .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
                let at_ms = row.entry.at_ms.0;
                statement.execute(params![row.incident, row.device.as_str(), at_ms, entry])?;
            }
            Ok(())
        })
        .await
    }

    /// Every line of every log, in the order in which they were added.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn entries(&self) -> Result<Vec<EntryRow>, StoreError> {
        self.read(|connection| {
            let mut statement =
                connection.prepare_cached("SELECT * FROM incident_entry ORDER BY id")?;
            let rows = statement.query_map([], |row| {
                Ok(EntryRow {
                    incident: row.get("incident")?,
                    device: parsed(row, "device")?,
                    entry: json(row, "entry")?,
                })
            })?;
            rows.collect()
        })
        .await
    }
}
