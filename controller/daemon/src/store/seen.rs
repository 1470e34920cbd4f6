//! The last heartbeat of each device, as it was flushed last.

use super::row::{json, parsed, time};
use super::{Store, StoreError};
use cotmoc_proto::{DeviceId, TimeMs};
use rusqlite::params;

/// The last heartbeat of one device.
#[derive(Debug, Clone)]
pub struct SeenRow {
    pub device: DeviceId,
    pub last_seen_ms: TimeMs,
    pub heartbeat: serde_json::Value,
}

impl Store {
    /// Stores the last heartbeats of several devices.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn put_seen(&self, rows: Vec<SeenRow>) -> Result<(), StoreError> {
        self.write(move |connection| {
            let mut statement = connection.prepare_cached(
                "INSERT INTO seen (device, last_seen_ms, heartbeat) VALUES (?1, ?2, ?3)
                 ON CONFLICT (device) DO UPDATE
                 SET last_seen_ms = excluded.last_seen_ms, heartbeat = excluded.heartbeat",
            )?;
            for row in &rows {
                statement.execute(params![
                    row.device.as_str(),
                    row.last_seen_ms.0,
                    row.heartbeat.to_string()
                ])?;
            }
            Ok(())
        })
        .await
    }

    /// The last heartbeat of every device.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn seen(&self) -> Result<Vec<SeenRow>, StoreError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached("SELECT * FROM seen")?;
            let rows = statement.query_map([], |row| {
                Ok(SeenRow {
                    device: parsed(row, "device")?,
                    last_seen_ms: time(row, "last_seen_ms")?,
                    heartbeat: json(row, "heartbeat")?,
                })
            })?;
            rows.collect()
        })
        .await
    }
}
