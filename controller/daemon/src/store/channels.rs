//! Channels and their revisions.

use super::row::{number, parsed, time};
use super::{Store, StoreError};
use cotmoc_proto::{ChannelId, TimeMs};
use rusqlite::{Connection, params};

/// One channel. Its revision grows with everything that is published for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelRow {
    pub channel: ChannelId,
    pub revision: u64,
    pub created_ms: TimeMs,
}

impl Store {
    /// Adds a channel; whether it is new.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn add_channel(&self, channel: ChannelId, now: TimeMs) -> Result<bool, StoreError> {
        self.write(move |connection| {
            // A revision is never 0, so that a device that knows nothing always looks.
            let rows = connection.execute(
                "INSERT OR IGNORE INTO channel (channel, revision, created_ms) VALUES (?1, 1, ?2)",
                params![channel.as_str(), now.0],
            )?;
            Ok(rows == 1)
        })
        .await
    }

    /// Every channel, by name.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn channels(&self) -> Result<Vec<ChannelRow>, StoreError> {
        self.read(all).await
    }
}

pub(super) fn all(connection: &Connection) -> rusqlite::Result<Vec<ChannelRow>> {
    let mut statement = connection.prepare_cached("SELECT * FROM channel ORDER BY channel")?;
    let rows = statement.query_map([], |row| {
        Ok(ChannelRow {
            channel: parsed(row, "channel")?,
            revision: number(row, "revision")?,
            created_ms: time(row, "created_ms")?,
        })
    })?;
    rows.collect()
}

/// Counts the revision of `channel` up, or of every channel.
pub(super) fn touch(connection: &Connection, channel: Option<&str>) -> rusqlite::Result<()> {
    connection.execute(
        "UPDATE channel SET revision = revision + 1 WHERE ?1 IS NULL OR channel = ?1",
        [channel],
    )?;
    Ok(())
}
