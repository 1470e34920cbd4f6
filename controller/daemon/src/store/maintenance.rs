//! Announced maintenance. It is ended, never removed.

use super::records::{Note, note};
use super::row::{integer, maybe_time, number, parsed, time};
use super::{Store, StoreError};
use cotmoc_controller_core::maintenance::{LONGEST_MS, Maintenance};
use cotmoc_proto::TimeMs;
use rusqlite::params;

/// One announcement, with who made it and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MaintenanceRow {
    pub id: u64,
    pub maintenance: Maintenance,
    pub reason: String,
    pub by: String,
}

impl Store {
    /// Every maintenance that is not long over at `now`, the newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn maintenance(&self, now: TimeMs) -> Result<Vec<MaintenanceRow>, StoreError> {
        self.read(move |connection| {
            let mut recent = connection.prepare_cached(
                "SELECT * FROM maintenance WHERE until_ms > ?1 ORDER BY from_ms DESC",
            )?;
            let rows = recent.query_map([now.plus(-7 * LONGEST_MS).0], |row| {
                Ok(MaintenanceRow {
                    id: number(row, "id")?,
                    maintenance: Maintenance {
                        cluster: parsed(row, "cluster")?,
                        from_ms: time(row, "from_ms")?,
                        until_ms: time(row, "until_ms")?,
                        ended_ms: maybe_time(row, "ended_ms")?,
                    },
                    reason: row.get("reason")?,
                    by: row.get("announcer")?,
                })
            })?;
            rows.collect()
        })
        .await
    }

    /// Announces maintenance.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn announce_maintenance(
        &self,
        maintenance: Maintenance,
        (reason, by): (String, String),
        now: TimeMs,
    ) -> Result<(), StoreError> {
        self.write(move |connection| {
            let (from, until) = (maintenance.from_ms.0, maintenance.until_ms.0);
            let cluster = maintenance.cluster.to_string();
            connection.execute(
                "INSERT INTO maintenance (cluster, from_ms, until_ms, reason, announcer)
                 VALUES (?1, ?2, ?3, ?4, ?5)",
                params![cluster, from, until, reason, by],
            )?;
            let detail = [("cluster", cluster), ("reason", reason), ("by", by)];
            note(
                connection,
                &Note::general("maintenance-announced", detail),
                now,
            )
        })
        .await
    }

    /// Ends maintenance that still runs or has not begun.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn end_maintenance(
        &self,
        id: u64,
        by: String,
        now: TimeMs,
    ) -> Result<(), StoreError> {
        self.write(move |connection| {
            let ended = connection.execute(
                "UPDATE maintenance SET ended_ms = ?2
                 WHERE id = ?1 AND ended_ms IS NULL AND until_ms > ?2",
                params![integer(id), now.0],
            )?;
            if ended == 1 {
                let detail = [("maintenance", id.to_string()), ("by", by)];
                note(connection, &Note::general("maintenance-ended", detail), now)?;
            }
            Ok(())
        })
        .await
    }
}
