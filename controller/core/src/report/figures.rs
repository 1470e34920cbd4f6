//! What a log says at the time of the report.

use super::fault::Difference;
use super::words::{self, Name};
use crate::cause::{Cause, Source};
use crate::incident::{Duty, Incident, State};
use cotmoc_proto::TimeMs;
use cotmoc_proto::window::Zone;
use serde::{Deserialize, Serialize};

/// What the log says, at the time of the report. All times are milliseconds since 1970, UTC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figures {
    pub state: State,
    pub cause: Cause,
    pub occurred_ms: TimeMs,
    pub occurred_by: Source,
    pub detected_ms: TimeMs,
    /// When the law's hour begins.
    pub begins_ms: TimeMs,
    pub deadline_ms: TimeMs,
    pub duty: Duty,
    pub notified_ms: Option<TimeMs>,
    pub confirmed_ms: Option<TimeMs>,
    pub recovered_ms: Option<TimeMs>,
    pub resolved_ms: Option<TimeMs>,
}

impl Figures {
    /// What `incident` says at `now`.
    #[must_use]
    pub fn of(incident: &Incident, now: TimeMs) -> Self {
        Self {
            state: incident.state(),
            cause: incident.cause(),
            occurred_ms: incident.occurred(),
            occurred_by: incident.source(),
            detected_ms: incident.detected(),
            begins_ms: incident.begins(),
            deadline_ms: incident.deadline(),
            duty: incident.duty(now),
            notified_ms: incident.accepted(),
            confirmed_ms: incident.confirmed(),
            recovered_ms: incident.recovered(),
            resolved_ms: incident.resolved(),
        }
    }

    /// Every figure with its name, in Vietnamese; times are local times of `zone`.
    #[must_use]
    pub fn rows(&self, zone: &Zone) -> [(Name, String); 12] {
        let at = |at: TimeMs| zone.format(at);
        let maybe = |time: Option<TimeMs>| time.map_or_else(|| words::NOT_YET.to_owned(), at);
        [
            (words::CAUSE, self.cause.words().0.to_owned()),
            (words::OCCURRED, at(self.occurred_ms)),
            (words::SOURCE, self.occurred_by.words().0.to_owned()),
            (words::DETECTED, at(self.detected_ms)),
            (words::BEGINS, at(self.begins_ms)),
            (words::DEADLINE, at(self.deadline_ms)),
            (words::NOTIFIED, maybe(self.notified_ms)),
            (words::CONFIRMED, maybe(self.confirmed_ms)),
            (words::DUTY, words::duty(&self.duty, zone).vi),
            (words::RECOVERED, maybe(self.recovered_ms)),
            (words::RESOLVED, maybe(self.resolved_ms)),
            (words::STATE, words::state(self.state).0.to_owned()),
        ]
    }

    fn times(&self) -> [Option<TimeMs>; 8] {
        [
            Some(self.occurred_ms),
            Some(self.detected_ms),
            Some(self.begins_ms),
            Some(self.deadline_ms),
            self.notified_ms,
            self.confirmed_ms,
            self.recovered_ms,
            self.resolved_ms,
        ]
    }

    /// Where the two differ.
    pub(super) fn differences(&self, found: &Self, zone: &Zone) -> Vec<Difference> {
        let pairs = self.rows(zone).into_iter().zip(found.rows(zone));
        let pairs = pairs.filter(|((_, stated), (_, found))| stated != found);
        let mut all: Vec<Difference> = pairs
            .map(|((of, stated), (_, found))| Difference { of, stated, found })
            .collect();
        if all.is_empty() && self != found {
            // Less than a second lies between them.
            let mut pairs = self.times().into_iter().zip(found.times());
            let (stated, found) = pairs.rfind(|(a, b)| a != b).unwrap_or_default();
            let said = |at: Option<TimeMs>| at.map_or(0, |at| at.0);
            all.push(Difference {
                of: words::TIMES,
                stated: format!("{} ms", said(stated)),
                found: format!("{} ms", said(found)),
            });
        }
        all
    }
}
