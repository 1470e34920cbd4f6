//! How the ways out are doing.

use super::{Store, StoreError};
use crate::store::row::{maybe_time, number};
use cotmoc_proto::TimeMs;
use cotmoc_proto::time::{DAY, Millis};

/// What is older says nothing about today.
const SINCE: Millis = 30 * DAY;

/// What has left by one route, and what has not.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct RouteRow {
    pub route: String,
    /// How many notices wait for it.
    pub waiting: u64,
    /// Since when the oldest of them waits.
    pub waiting_since_ms: Option<TimeMs>,
    pub accepted_ms: Option<TimeMs>,
    pub failed_ms: Option<TimeMs>,
    pub last_error: Option<String>,
}

impl RouteRow {
    /// A route that no notice was given to lately.
    #[must_use]
    pub fn unused(route: &str) -> Self {
        Self {
            route: route.to_owned(),
            waiting: 0,
            waiting_since_ms: None,
            accepted_ms: None,
            failed_ms: None,
            last_error: None,
        }
    }
}

impl Store {
    /// Every route that a notice was given to lately.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn route_rows(&self, now: TimeMs) -> Result<Vec<RouteRow>, StoreError> {
        self.read(move |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT route,
                        sum(state IN ('queued', 'leased')) AS waiting,
                        min(iif(state IN ('queued', 'leased'), created_ms, NULL)) AS waiting_since_ms,
                        max(accepted_ms) AS accepted_ms, max(failed_ms) AS failed_ms,
                        (SELECT last_error FROM notice AS one
                         WHERE one.route = notice.route AND one.failed_ms IS NOT NULL
                         ORDER BY one.failed_ms DESC, one.id DESC LIMIT 1) AS last_error
                 FROM notice WHERE created_ms > ?1 GROUP BY route ORDER BY route",
            )?;
            let rows = statement.query_map([now.plus(-SINCE).0], |row| {
                Ok(RouteRow {
                    route: row.get("route")?,
                    waiting: number(row, "waiting")?,
                    waiting_since_ms: maybe_time(row, "waiting_since_ms")?,
                    accepted_ms: maybe_time(row, "accepted_ms")?,
                    failed_ms: maybe_time(row, "failed_ms")?,
                    last_error: row.get("last_error")?,
                })
            })?;
            rows.collect()
        })
        .await
    }
}
