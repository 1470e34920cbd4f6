//! The outbox: notices wait here until somebody else has taken them over. A notice is leased, sent,
//! then marked, never marked before it is sent: whatever dies in between, it is sent again, under
//! the same key.

mod answers;
mod fate;
mod routes;
mod unstored;

pub use routes::RouteRow;
pub use unstored::{Fate, Unstored};

use super::records::{Note, note};
use super::row::{integer, maybe_time, number, parsed, time};
use super::{Store, StoreError};
use cotmoc_proto::time::{MINUTE, Millis};
use cotmoc_proto::{Digest, TimeMs};
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use std::time::Duration;

/// More notices than one incident ever has.
pub const MOST_NOTICES: u32 = 1_000;
/// A repetition that lies further ahead was set before the clock went back.
const FARTHEST: Millis = 20 * MINUTE;

/// What has become of a notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum NoticeState {
    Queued,
    Leased,
    /// The provider has taken it over.
    Accepted,
    /// A person has confirmed it.
    Confirmed,
    /// No attempt on this route can succeed.
    Dead,
}

/// A notice to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewNotice {
    pub key: String,
    pub incident: String,
    pub stage: String,
    pub recipient: String,
    pub channel: String,
    pub route: String,
    pub address: String,
    pub subject: String,
    pub body: String,
    /// Digest of the token in the notice's link.
    pub token_sha256: Digest,
    /// Codes by which it may be answered; the first that is free is its own.
    pub codes: Vec<String>,
    pub due_ms: TimeMs,
}

/// A stored notice with its fate.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct NoticeRow {
    pub id: u64,
    pub key: String,
    pub incident: String,
    pub stage: String,
    pub recipient: String,
    pub channel: String,
    pub route: String,
    pub address: String,
    pub subject: String,
    pub body: String,
    #[serde(skip)]
    pub token_sha256: Digest,
    #[serde(skip)]
    pub code: Option<String>,
    pub created_ms: TimeMs,
    pub due_ms: TimeMs,
    pub attempts: u64,
    pub state: NoticeState,
    pub accepted_ms: Option<TimeMs>,
    /// When the network reported that it had arrived.
    pub delivered_ms: Option<TimeMs>,
    pub confirmed_ms: Option<TimeMs>,
    pub confirmed_by: Option<String>,
    pub provider_ref: Option<String>,
    pub last_error: Option<String>,
}

impl NoticeState {
    /// The state as it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Leased => "leased",
            Self::Accepted => "accepted",
            Self::Confirmed => "confirmed",
            Self::Dead => "dead",
        }
    }
}

impl std::str::FromStr for NoticeState {
    type Err = std::io::Error;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [
            Self::Queued,
            Self::Leased,
            Self::Accepted,
            Self::Confirmed,
            Self::Dead,
        ]
        .into_iter()
        .find(|state| state.as_str() == text)
        .ok_or_else(|| std::io::Error::other("unknown state of a notice"))
    }
}

impl Store {
    /// Stores notices, all or none; those whose key is known stay as they are. How many are new.
    ///
    /// # Errors
    /// [`StoreError`]; then none of them will be sent.
    pub async fn enqueue(&self, notices: Vec<NewNotice>, now: TimeMs) -> Result<usize, StoreError> {
        self.write(move |connection| {
            let mut new = 0;
            for notice in &notices {
                new += insert(connection, notice, now)?;
            }
            Ok(new)
        })
        .await
    }

    /// Takes the notice of `route` that has been due the longest and holds it for `hold`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn lease(
        &self,
        route: String,
        hold: Duration,
        now: TimeMs,
    ) -> Result<Option<NoticeRow>, StoreError> {
        let hold = Millis::try_from(hold.as_millis()).unwrap_or(Millis::MAX);
        self.write(move |connection| {
            connection
                .prepare_cached(
                    "UPDATE notice
                     SET state = 'leased', lease_until_ms = ?2 + ?3, attempts = attempts + 1
                     WHERE id = (
                         SELECT id FROM notice
                         WHERE route = ?1 AND state IN ('queued', 'leased')
                           AND (state = 'queued'
                                AND (due_ms <= ?2 OR attempts > 0 AND due_ms > ?2 + ?4)
                             OR state = 'leased'
                                AND (lease_until_ms <= ?2 OR lease_until_ms > ?2 + ?3))
                         ORDER BY due_ms, id LIMIT 1)
                     RETURNING *",
                )?
                .query_row(params![route, now.0, hold, FARTHEST], row_of)
                .optional()
        })
        .await
    }

    /// Gives back what a controller held that has ended.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn release_leases(&self, now: TimeMs) -> Result<usize, StoreError> {
        self.write(move |connection| {
            connection.execute(
                "UPDATE notice SET state = 'queued', lease_until_ms = NULL, due_ms = min(due_ms, ?1)
                 WHERE state = 'leased'",
                [now.0],
            )
        })
        .await
    }

    /// What waits for a route that is not among `known` is dead, and that is noted.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn bury_unrouted(
        &self,
        known: Vec<String>,
        now: TimeMs,
    ) -> Result<usize, StoreError> {
        let known = serde_json::Value::from(known).to_string();
        self.write(move |connection| {
            let mut statement = connection.prepare(
                "UPDATE notice SET state = 'dead', lease_until_ms = NULL,
                                   last_error = 'the route is not configured any more'
                 WHERE state IN ('queued', 'leased')
                   AND route NOT IN (SELECT value FROM json_each(?1))
                 RETURNING key, route",
            )?;
            let rows = statement.query_map([known], |row| Ok((row.get(0)?, row.get(1)?)))?;
            let buried: Vec<(String, String)> = rows.collect::<rusqlite::Result<_>>()?;
            for (key, route) in &buried {
                let detail = [("key", key.clone()), ("route", route.clone())];
                note(connection, &Note::general("notice-dead", detail), now)?;
            }
            Ok(buried.len())
        })
        .await
    }

    /// Which of these keys are stored.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn known(&self, keys: Vec<String>) -> Result<Vec<String>, StoreError> {
        let keys = serde_json::Value::from(keys).to_string();
        self.read(move |connection| {
            let mut statement = connection
                .prepare("SELECT key FROM notice WHERE key IN (SELECT value FROM json_each(?1))")?;
            let rows = statement.query_map([keys], |row| row.get(0))?;
            rows.collect()
        })
        .await
    }

    /// The notice to which the link's token belongs.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn notice_of(&self, token_sha256: Digest) -> Result<Option<NoticeRow>, StoreError> {
        self.read(move |connection| {
            connection
                .prepare_cached("SELECT * FROM notice WHERE token_sha256 = ?1")?
                .query_row([token_sha256.to_string()], row_of)
                .optional()
        })
        .await
    }

    /// The newest notices, or those of one incident, the newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn notices(
        &self,
        incident: Option<String>,
        limit: u32,
    ) -> Result<Vec<NoticeRow>, StoreError> {
        self.read(move |connection| {
            let mut statement = connection.prepare_cached(match incident {
                Some(_) => "SELECT * FROM notice WHERE incident = ?1 ORDER BY id DESC LIMIT ?2",
                None => "SELECT * FROM notice WHERE ?1 IS NULL ORDER BY id DESC LIMIT ?2",
            })?;
            let rows = statement.query_map(params![incident, limit], row_of)?;
            rows.collect()
        })
        .await
    }
}

fn insert(connection: &Connection, notice: &NewNotice, now: TimeMs) -> rusqlite::Result<usize> {
    let code = answers::free_code(connection, (&notice.codes, &notice.address), now)?;
    connection
        .prepare_cached(
            "INSERT INTO notice (key, incident, stage, recipient, channel, route, address, subject,
                                 body, token_sha256, created_ms, due_ms, code)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
             ON CONFLICT (key) DO NOTHING",
        )?
        .execute(params![
            notice.key,
            notice.incident,
            notice.stage,
            notice.recipient,
            notice.channel,
            notice.route,
            notice.address,
            notice.subject,
            notice.body,
            notice.token_sha256.to_string(),
            now.0,
            notice.due_ms.0,
            code,
        ])
}

fn row_of(row: &Row<'_>) -> rusqlite::Result<NoticeRow> {
    Ok(NoticeRow {
        id: number(row, "id")?,
        key: row.get("key")?,
        incident: row.get("incident")?,
        stage: row.get("stage")?,
        recipient: row.get("recipient")?,
        channel: row.get("channel")?,
        route: row.get("route")?,
        address: row.get("address")?,
        subject: row.get("subject")?,
        body: row.get("body")?,
        token_sha256: parsed(row, "token_sha256")?,
        code: row.get("code")?,
        created_ms: time(row, "created_ms")?,
        due_ms: time(row, "due_ms")?,
        attempts: number(row, "attempts")?,
        state: parsed(row, "state")?,
        accepted_ms: maybe_time(row, "accepted_ms")?,
        delivered_ms: maybe_time(row, "delivered_ms")?,
        confirmed_ms: maybe_time(row, "confirmed_ms")?,
        confirmed_by: row.get("confirmed_by")?,
        provider_ref: row.get("provider_ref")?,
        last_error: row.get("last_error")?,
    })
}
