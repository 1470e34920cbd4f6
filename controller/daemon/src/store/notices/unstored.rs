//! What happened to notices while nothing could be stored, stored afterwards.

use super::{NewNotice, Note, NoticeRow, Store, StoreError, insert, note, row_of};
use cotmoc_proto::TimeMs;
use cotmoc_proto::time::Millis;
use rusqlite::{Connection, params};
use std::time::Duration;

/// What has become of a notice that was sent from memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// It waits until then.
    Waiting { due_ms: TimeMs },
    /// An attempt is under way until then at most.
    Leased { until_ms: TimeMs },
    Accepted {
        at_ms: TimeMs,
        reference: Option<String>,
        confirmed_by: Option<String>,
    },
    Dead {
        at_ms: TimeMs,
        instead: Option<Box<NewNotice>>,
    },
}

/// A notice as it is to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unstored {
    /// If the store does not have it yet.
    pub new: Option<(NewNotice, TimeMs)>,
    pub key: String,
    pub attempts: u64,
    pub last_error: Option<String>,
    pub fate: Fate,
}

impl Store {
    /// Stores what happened meanwhile, all of it or nothing.
    ///
    /// # Errors
    /// [`StoreError`]; then it is to be tried again.
    pub async fn catch_up(&self, all: Vec<Unstored>, now: TimeMs) -> Result<(), StoreError> {
        self.write(move |connection| {
            for one in &all {
                put(connection, one, now)?;
            }
            let is_sent = |one: &&Unstored| matches!(one.fate, Fate::Accepted { .. });
            match all.iter().filter(is_sent).count() {
                0 => Ok(()),
                sent => {
                    let detail = [("notices", sent.to_string())];
                    note(
                        connection,
                        &Note::general("notices-sent-from-memory", detail),
                        now,
                    )
                }
            }
        })
        .await
    }

    /// What is due on a route, without taking it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn due(
        &self,
        route: String,
        hold: Duration,
        now: TimeMs,
    ) -> Result<Vec<NoticeRow>, StoreError> {
        let hold = Millis::try_from(hold.as_millis()).unwrap_or(Millis::MAX);
        self.read(move |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT * FROM notice
                 WHERE route = ?1 AND (state = 'queued' AND due_ms <= ?2
                    OR state = 'leased' AND (lease_until_ms <= ?2 OR lease_until_ms > ?2 + ?3))
                 ORDER BY due_ms, id",
            )?;
            let rows = statement.query_map(params![route, now.0, hold], row_of)?;
            rows.collect()
        })
        .await
    }
}

fn put(connection: &Connection, one: &Unstored, now: TimeMs) -> rusqlite::Result<()> {
    if let Some((new, created)) = &one.new {
        insert(connection, new, *created)?;
    }
    let (state, due, until, accepted, failed) = match &one.fate {
        Fate::Waiting { due_ms } => ("queued", Some(*due_ms), None, None, None),
        Fate::Leased { until_ms } => ("leased", None, Some(*until_ms), None, None),
        Fate::Accepted { at_ms, .. } => ("accepted", None, None, Some(*at_ms), None),
        Fate::Dead { at_ms, .. } => ("dead", None, None, None, Some(*at_ms)),
    };
    let reference = match &one.fate {
        Fate::Accepted { reference, .. } => reference.as_deref(),
        Fate::Waiting { .. } | Fate::Leased { .. } | Fate::Dead { .. } => None,
    };
    let millis = |at: Option<TimeMs>| at.map(|at| at.0);
    connection
        .prepare_cached(
            "UPDATE notice
             SET state = ?2, due_ms = coalesce(?3, due_ms), lease_until_ms = ?4,
                 accepted_ms = coalesce(accepted_ms, ?5), failed_ms = coalesce(?6, failed_ms),
                 provider_ref = coalesce(?7, provider_ref), last_error = coalesce(?8, last_error),
                 attempts = max(attempts, ?9)
             WHERE key = ?1 AND state IN ('queued', 'leased')",
        )?
        .execute(params![
            one.key,
            state,
            millis(due),
            millis(until),
            millis(accepted),
            millis(failed),
            reference,
            one.last_error,
            super::integer(one.attempts),
        ])?;
    finish(connection, one, now)
}

/// What follows from how it ended.
fn finish(connection: &Connection, one: &Unstored, now: TimeMs) -> rusqlite::Result<()> {
    match &one.fate {
        Fate::Accepted {
            at_ms,
            confirmed_by: Some(by),
            ..
        } => {
            connection.execute(
                "UPDATE notice SET state = 'confirmed', confirmed_ms = ?2, confirmed_by = ?3
                 WHERE key = ?1 AND confirmed_ms IS NULL",
                params![one.key, at_ms.0, by],
            )?;
            let detail = [("key", one.key.clone()), ("by", by.clone())];
            note(connection, &Note::general("notice-confirmed", detail), now)
        }
        Fate::Dead { instead, .. } => {
            let error = one.last_error.clone().unwrap_or_default();
            let detail = [("key", one.key.clone()), ("error", error)];
            note(connection, &Note::general("notice-dead", detail), now)?;
            match instead {
                Some(instead) => insert(connection, instead, now).map(drop),
                None => Ok(()),
            }
        }
        Fate::Waiting { .. } | Fate::Leased { .. } | Fate::Accepted { .. } => Ok(()),
    }
}
