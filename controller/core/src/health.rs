//! Machines: whether the controller itself is well, as it may say of itself, and whether it is heard of,
//! as a witness on another machine sees it. A controller that cannot vouch for itself says nothing, and
//! its silence is what the witness raises the alarm about.

use cotmoc_proto::TimeMs;
use cotmoc_proto::time::{MINUTE, Millis, SECOND};
use serde::{Deserialize, Serialize};

/// The form of beacons that this code makes and reads.
pub const VERSION: u32 = 1;
/// What is signed is never anything else.
pub const DOMAIN: &[u8] = b"cotmoc-beacon-v1\n";
/// How far the clocks of controller and witness may differ.
pub const SKEW_MS: Millis = 2 * MINUTE;
const TURN_MS: Millis = 10 * SECOND;
const WRITE_MS: Millis = 5 * SECOND;

/// What the controller has found out about itself. Lengths are in milliseconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Findings {
    /// Since the incident desk last looked at everything; `None`: not yet.
    pub since_turn_ms: Option<Millis>,
    /// How long a write to the database took; `None`: it failed.
    pub write_ms: Option<Millis>,
    /// Stages that were due a minute ago and have not been fired, by a fresh reading of the logs.
    pub overdue_stages: usize,
    /// Incidents that a fresh reading of their log gives differently from what the desk holds.
    pub differences: usize,
    /// Recipients whom no route has reached within five minutes.
    pub unreached: usize,
    /// Today's drill did not arrive everywhere.
    pub is_drill_missing: bool,
    /// The database could not be copied whole.
    pub is_damaged: bool,
    /// How long the database's journal is, and how long it may be, in bytes.
    pub journal_bytes: (u64, u64),
}

/// Why the controller does not vouch for itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unwell {
    #[error("the incident desk does not take its turns")]
    Desk,
    #[error("the database cannot be written in time")]
    Database,
    #[error("a stage of an incident is overdue")]
    Overdue,
    #[error("what the incident desk holds does not follow from the logs")]
    Differs,
    #[error("a notice has reached its recipient by no route for five minutes")]
    Undelivered,
    #[error("today's drill did not arrive everywhere")]
    Drill,
    #[error("the database is damaged: put a backup in its place")]
    Damaged,
    #[error("the database's journal grows: some program holds an old state of the database open")]
    Journal,
}

impl Findings {
    /// Whether all is well enough to say so.
    ///
    /// # Errors
    /// The gravest reason why not.
    pub fn vouch(&self) -> Result<(), Unwell> {
        if self.since_turn_ms.is_none_or(|age| age > TURN_MS) {
            return Err(Unwell::Desk);
        }
        if self.write_ms.is_none_or(|length| length > WRITE_MS) {
            return Err(Unwell::Database);
        }
        let counts = [
            (self.overdue_stages > 0, Unwell::Overdue),
            (self.differences > 0, Unwell::Differs),
            (self.unreached > 0, Unwell::Undelivered),
            (self.is_drill_missing, Unwell::Drill),
            (self.is_damaged, Unwell::Damaged),
            (self.journal_bytes.0 > self.journal_bytes.1, Unwell::Journal),
        ];
        let found = counts.into_iter().find(|(is_bad, _)| *is_bad);
        found.map_or(Ok(()), |(_, reason)| Err(reason))
    }
}

/// What the controller says while it is well.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Beacon {
    pub version: u32,
    pub site: String,
    pub at_ms: TimeMs,
    /// How many incidents are open.
    pub open: usize,
}

/// Why a beacon counts for nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unheard {
    #[error("it has another form: bring both programs to the same version")]
    Version,
    #[error("it is not newer than the last one")]
    Old,
    #[error("its clock and the witness's differ by more than two minutes")]
    Clock,
}

/// What the witness does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    /// The controller is silent since then; how often that was said before.
    Silent { since: TimeMs, before: u32 },
    /// It is heard again, after the silence that began then.
    Back { since: TimeMs },
}

/// What the witness remembers.
#[derive(Debug, Clone)]
pub struct Watch {
    silent_ms: Millis,
    repeat_ms: Millis,
    last: TimeMs,
    newest: Option<TimeMs>,
    /// Since when it is silent, when that was said last, and how often.
    alarm: Option<(TimeMs, TimeMs, u32)>,
}

impl Watch {
    /// Begins at `now`, as if the controller had just been heard of. After `silent_ms` without a
    /// beacon there is an alarm, repeated every `repeat_ms`.
    #[must_use]
    pub const fn new(silent_ms: Millis, repeat_ms: Millis, now: TimeMs) -> Self {
        Self {
            silent_ms,
            repeat_ms,
            last: now,
            newest: None,
            alarm: None,
        }
    }

    /// When the controller was last heard of.
    #[must_use]
    pub const fn last(&self) -> TimeMs {
        self.last
    }

    /// A beacon with a good signature arrived at `now`.
    ///
    /// # Errors
    /// [`Unheard`]; then nothing has changed.
    pub fn heard(&mut self, beacon: &Beacon, now: TimeMs) -> Result<Option<Call>, Unheard> {
        if beacon.version != VERSION {
            return Err(Unheard::Version);
        }
        if now.since(beacon.at_ms).abs() > SKEW_MS {
            return Err(Unheard::Clock);
        }
        if self.newest.is_some_and(|newest| beacon.at_ms <= newest) {
            return Err(Unheard::Old);
        }
        self.newest = Some(beacon.at_ms);
        self.last = now;
        let alarm = self.alarm.take();
        Ok(alarm.map(|(since, _, _)| Call::Back { since }))
    }

    /// Time has passed.
    pub fn tick(&mut self, now: TimeMs) -> Option<Call> {
        let (since, before) = match self.alarm {
            None if now.since(self.last) >= self.silent_ms => (self.last, 0),
            Some((since, said, count)) if now.since(said) >= self.repeat_ms => (since, count),
            None | Some(_) => return None,
        };
        self.alarm = Some((since, now, before.saturating_add(1)));
        Some(Call::Silent { since, before })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: TimeMs = TimeMs(1_800_000_000_000);

    fn at(seconds: i64) -> TimeMs {
        START.plus(seconds * SECOND)
    }

    fn beacon(seconds: i64) -> Beacon {
        Beacon {
            version: VERSION,
            site: "huu-nghi".to_owned(),
            at_ms: at(seconds),
            open: 0,
        }
    }

    fn well() -> Findings {
        Findings {
            since_turn_ms: Some(SECOND),
            write_ms: Some(3),
            overdue_stages: 0,
            differences: 0,
            unreached: 0,
            is_drill_missing: false,
            is_damaged: false,
            journal_bytes: (1_000, 1_000),
        }
    }

    #[test]
    fn whoever_finds_anything_wrong_with_itself_does_not_vouch() {
        type Change = fn(&mut Findings);
        assert_eq!(well().vouch(), Ok(()));
        let cases: [(Change, Unwell); 10] = [
            (|f| f.since_turn_ms = None, Unwell::Desk),
            (|f| f.since_turn_ms = Some(TURN_MS + 1), Unwell::Desk),
            (|f| f.write_ms = None, Unwell::Database),
            (|f| f.write_ms = Some(WRITE_MS + 1), Unwell::Database),
            (|f| f.overdue_stages = 1, Unwell::Overdue),
            (|f| f.differences = 1, Unwell::Differs),
            (|f| f.unreached = 1, Unwell::Undelivered),
            (|f| f.is_drill_missing = true, Unwell::Drill),
            (|f| f.is_damaged = true, Unwell::Damaged),
            (|f| f.journal_bytes.0 = 1_001, Unwell::Journal),
        ];
        for (change, reason) in cases {
            let mut findings = well();
            change(&mut findings);
            assert_eq!(findings.vouch(), Err(reason));
        }
    }

    #[test]
    fn silence_is_said_once_then_again_and_again_until_the_controller_is_back() {
        let mut watch = Watch::new(180 * SECOND, 600 * SECOND, START);
        assert_eq!(watch.heard(&beacon(30), at(30)), Ok(None));
        let calls: Vec<_> = (31..1_500)
            .filter_map(|s| Some((s, watch.tick(at(s))?)))
            .collect();
        let silent = |before| Call::Silent {
            since: at(30),
            before,
        };
        assert_eq!(
            calls,
            [(210, silent(0)), (810, silent(1)), (1_410, silent(2))]
        );
        let back = Call::Back { since: at(30) };
        assert_eq!(watch.heard(&beacon(1_500), at(1_500)), Ok(Some(back)));
        assert_eq!(watch.tick(at(1_501)), None);
    }

    #[test]
    fn what_was_heard_before_or_has_another_clock_or_form_counts_for_nothing() {
        let mut watch = Watch::new(180 * SECOND, 600 * SECOND, START);
        assert_eq!(watch.heard(&beacon(30), at(30)), Ok(None));
        assert_eq!(watch.heard(&beacon(30), at(60)), Err(Unheard::Old));
        assert_eq!(watch.heard(&beacon(500), at(60)), Err(Unheard::Clock));
        assert_eq!(watch.heard(&beacon(31), at(200)), Err(Unheard::Clock));
        let newer = Beacon {
            version: 2,
            ..beacon(61)
        };
        assert_eq!(watch.heard(&newer, at(61)), Err(Unheard::Version));
        assert_eq!(watch.last(), at(30));
    }
}
