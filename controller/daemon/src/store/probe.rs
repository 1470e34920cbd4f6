//! Whether the store works, and whether what waits in the outbox gets out.

use super::{Store, StoreError};
use cotmoc_proto::TimeMs;
use cotmoc_proto::time::{HOUR, MINUTE, Millis};
use rusqlite::OptionalExtension as _;

/// How long a recipient may wait for the first route that reaches them.
const UNREACHED_MS: Millis = 5 * MINUTE;
/// What is older has been told often enough.
const FORGOTTEN_MS: Millis = 24 * HOUR;

impl Store {
    /// Writes something, durably.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn probe(&self, now: TimeMs) -> Result<(), StoreError> {
        self.write(move |connection| {
            connection.execute(
                "INSERT INTO probe (id, at_ms) VALUES (1, ?1)
                 ON CONFLICT (id) DO UPDATE SET at_ms = excluded.at_ms",
                [now.0],
            )?;
            Ok(())
        })
        .await
    }

    /// When something was last written so; `None`: never.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn probed(&self) -> Result<Option<TimeMs>, StoreError> {
        self.read(|connection| {
            let found = connection.query_row("SELECT at_ms FROM probe", [], |row| row.get(0));
            Ok(found.optional()?.map(TimeMs))
        })
        .await
    }

    /// How many stages have not reached a recipient by any route, though they could have by `now`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn unreached(&self, now: TimeMs) -> Result<usize, StoreError> {
        self.read(move |connection| {
            connection.query_row(
                "SELECT count(*) FROM (
                     SELECT 1 FROM notice WHERE created_ms > ?1 AND recipient <> 'answer'
                     GROUP BY incident, stage, recipient
                     HAVING max(accepted_ms) IS NULL AND max(confirmed_ms) IS NULL
                        AND min(created_ms) < ?2 AND sum(state IN ('queued', 'leased')) > 0
                 )",
                [now.plus(-FORGOTTEN_MS).0, now.plus(-UNREACHED_MS).0],
                |row| row.get::<_, u32>(0),
            )
        })
        .await
        .map(|count| usize::try_from(count).unwrap_or(usize::MAX))
    }
}
