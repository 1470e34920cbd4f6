//! Machine: notices while nothing can be stored. They are kept and sent from here, and what became of
//! them is stored as soon as that is possible again.

use crate::store::{Fate, NewNotice, NoticeRow, NoticeState, Unstored};
use cotmoc_proto::TimeMs;
use cotmoc_proto::time::Millis;
use std::collections::BTreeMap;

/// More than all incidents of a bad day have.
const MOST: usize = 20_000;

/// Every notice that is not in the store as it really is, by its key.
#[derive(Debug, Default)]
pub struct Memory(BTreeMap<String, Held>);

#[derive(Debug)]
struct Held {
    row: NoticeRow,
    /// If the store does not have it.
    new: Option<(NewNotice, TimeMs)>,
    fate: Fate,
    /// Counts what happened to it.
    changes: u64,
}

/// What is to be stored, and how far each notice had come by then.
#[derive(Debug)]
pub struct Snapshot {
    pub all: Vec<Unstored>,
    changes: Vec<(String, u64)>,
}

impl Memory {
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    #[must_use]
    pub fn holds(&self, key: &str) -> bool {
        self.0.contains_key(key)
    }

    /// Takes in a notice that could not be stored. Whether it is new here, and there is room.
    pub fn add(&mut self, notice: NewNotice, now: TimeMs) -> bool {
        if self.holds(&notice.key) || self.0.len() >= MOST {
            return false;
        }
        let held = Held {
            row: row(&notice, now),
            fate: Fate::Waiting {
                due_ms: notice.due_ms,
            },
            new: Some((notice, now)),
            changes: 0,
        };
        self.0.insert(held.row.key.clone(), held);
        true
    }

    /// Takes in what the store has and cannot mark. What is here already stays as it is.
    pub fn adopt(&mut self, rows: Vec<NoticeRow>) {
        for row in rows.into_iter().take(MOST) {
            let fate = Fate::Waiting { due_ms: row.due_ms };
            self.0.entry(row.key.clone()).or_insert(Held {
                row,
                new: None,
                fate,
                changes: 0,
            });
        }
    }

    /// The notice of the route that has been due the longest, held for `hold`.
    pub fn lease(&mut self, route: &str, hold: Millis, now: TimeMs) -> Option<NoticeRow> {
        let due = |held: &&mut Held| match held.fate {
            Fate::Waiting { due_ms } => due_ms <= now,
            Fate::Leased { until_ms } => until_ms <= now,
            Fate::Accepted { .. } | Fate::Dead { .. } => false,
        };
        let of_route = self.0.values_mut().filter(|held| held.row.route == route);
        let held = of_route.filter(due).min_by_key(|held| held.row.due_ms)?;
        held.row.attempts += 1;
        held.fate = Fate::Leased {
            until_ms: now.plus(hold),
        };
        held.changes += 1;
        Some(held.row.clone())
    }

    /// What became of a notice.
    pub fn mark(&mut self, notice: &NoticeRow, fate: Fate, error: Option<String>) {
        let held = self.0.entry(notice.key.clone()).or_insert_with(|| Held {
            row: notice.clone(),
            new: None,
            fate: fate.clone(),
            changes: 0,
        });
        if let Fate::Waiting { due_ms } = fate {
            held.row.due_ms = due_ms;
        }
        held.fate = fate;
        held.changes += 1;
        if error.is_some() {
            held.row.last_error = error;
        }
    }

    /// What is to be stored.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let unstored = |held: &Held| Unstored {
            new: held.new.clone(),
            key: held.row.key.clone(),
            attempts: held.row.attempts,
            last_error: held.row.last_error.clone(),
            fate: held.fate.clone(),
        };
        Snapshot {
            all: self.0.values().map(unstored).collect(),
            changes: self
                .0
                .iter()
                .map(|(key, held)| (key.clone(), held.changes))
                .collect(),
        }
    }

    /// The snapshot is stored. What is under way, or has come further since, stays here.
    pub fn forget(&mut self, snapshot: &Snapshot) {
        for (key, changes) in &snapshot.changes {
            let Some(held) = self.0.get_mut(key) else {
                continue;
            };
            held.new = None;
            let is_under_way = matches!(held.fate, Fate::Leased { .. });
            if held.changes == *changes && !is_under_way {
                self.0.remove(key);
            }
        }
    }
}

fn row(notice: &NewNotice, now: TimeMs) -> NoticeRow {
    NoticeRow {
        id: 0,
        key: notice.key.clone(),
        incident: notice.incident.clone(),
        stage: notice.stage.clone(),
        recipient: notice.recipient.clone(),
        channel: notice.channel.clone(),
        route: notice.route.clone(),
        address: notice.address.clone(),
        subject: notice.subject.clone(),
        body: notice.body.clone(),
        token_sha256: notice.token_sha256,
        code: notice.codes.first().cloned(),
        created_ms: now,
        due_ms: notice.due_ms,
        attempts: 0,
        state: NoticeState::Queued,
        accepted_ms: None,
        delivered_ms: None,
        confirmed_ms: None,
        confirmed_by: None,
        provider_ref: None,
        last_error: None,
    }
}

#[cfg(test)]
mod tests;
