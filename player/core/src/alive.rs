//! Resolver: what the last mark of life of the process before this one means.
//!
//! The mark is written every few seconds. A process that ends in order says so in its last mark; one
//! that did not was killed, or the board lost its power, and the mark is the last proof of health.

use cotmoc_proto::TimeMs;
use cotmoc_proto::device::{ClockQuality, Event, EventKind};
use serde::{Deserialize, Serialize};

/// Whether the process that wrote a mark went on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Life {
    GoesOn,
    /// It ended in order.
    Ended,
}

/// One mark of life.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// The kernel's name for the boot.
    pub boot: String,
    /// Time since that boot, in milliseconds.
    pub mono_ms: u64,
    pub wall_ms: TimeMs,
    pub clock: ClockQuality,
    pub life: Life,
}

/// What `process` has to tell at its start at `now`, given the `last` mark of the one before it.
/// A cut lies between `after_ms`, the last mark, and `before_ms`, the start of this boot; a death
/// between the last mark and now. Where the start of this boot contradicts the mark, now stands in
/// for it and the clock is untrusted.
#[must_use]
pub fn awakening(process: &str, last: Option<&Mark>, now: &Mark) -> Option<Event> {
    let last = last.filter(|last| last.life == Life::GoesOn)?;
    let same_boot = last.boot == now.boot;
    let up = i64::try_from(now.mono_ms).unwrap_or(i64::MAX);
    let began = if same_boot {
        now.wall_ms
    } else {
        now.wall_ms.plus(up.saturating_neg())
    };
    let (before, clock) = if began < last.wall_ms {
        (now.wall_ms, ClockQuality::Untrusted)
    } else {
        (began, last.clock.min(now.clock))
    };
    let between = [
        ("after_ms", last.wall_ms.0.to_string()),
        ("before_ms", before.0.to_string()),
        ("clock", name(clock).to_owned()),
    ];
    let (kind, subject) = if same_boot {
        (EventKind::ProcessDied, ("process", process.to_owned()))
    } else {
        (EventKind::PowerLost, ("boot", last.boot.clone()))
    };
    let [after, before, clock] = between;
    Some(Event::new(kind, [subject, after, before, clock]))
}

const fn name(clock: ClockQuality) -> &'static str {
    match clock {
        ClockQuality::Untrusted => "untrusted",
        ClockQuality::Held => "held",
        ClockQuality::Synchronised => "synchronised",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ClockQuality::{Held, Synchronised, Untrusted};

    const HOUR_MS: i64 = 3_600_000;

    fn mark(boot: &str, wall_ms: i64, clock: ClockQuality, life: Life) -> Mark {
        Mark {
            boot: boot.to_owned(),
            mono_ms: 30_000,
            wall_ms: TimeMs(wall_ms),
            clock,
            life,
        }
    }

    fn told(last: Option<Mark>) -> Option<(EventKind, String, String, String)> {
        let now = mark("new", 100 * HOUR_MS, Synchronised, Life::GoesOn);
        let event = awakening("agent", last.as_ref(), &now)?;
        let detail = |key: &str| event.detail[key].clone();
        let between = (detail("after_ms"), detail("before_ms"));
        Some((event.kind.clone(), between.0, between.1, detail("clock")))
    }

    #[test]
    fn a_first_start_and_a_start_after_an_orderly_end_have_nothing_to_tell() {
        assert_eq!(told(None), None);
        for boot in ["old", "new"] {
            let last = mark(boot, 99 * HOUR_MS, Held, Life::Ended);
            assert_eq!(told(Some(last)), None);
        }
    }

    #[test]
    fn a_cut_lies_between_the_last_mark_and_the_start_of_this_boot() {
        let last = mark("old", 99 * HOUR_MS, Held, Life::GoesOn);
        let before = 100 * HOUR_MS - 30_000;
        let expected = ("356400000".to_owned(), before.to_string());
        assert_eq!(
            told(Some(last)),
            Some((
                EventKind::PowerLost,
                expected.0,
                expected.1,
                "held".to_owned()
            ))
        );
    }

    #[test]
    fn a_death_within_the_boot_is_no_cut() {
        let last = mark("new", 99 * HOUR_MS, Synchronised, Life::GoesOn);
        let (kind, _, before, clock) = told(Some(last)).unwrap();
        assert_eq!(
            (kind, before, clock.as_str()),
            (
                EventKind::ProcessDied,
                "360000000".to_owned(),
                "synchronised"
            )
        );
    }

    #[test]
    fn clocks_that_contradict_each_other_are_not_believed() {
        for (wall_ms, clock) in [(101 * HOUR_MS, Synchronised), (99 * HOUR_MS, Untrusted)] {
            let (_, _, _, clock) = told(Some(mark("old", wall_ms, clock, Life::GoesOn))).unwrap();
            assert_eq!(clock, "untrusted");
        }
        let just_before = mark("old", 100 * HOUR_MS - 1, Synchronised, Life::GoesOn);
        let (_, _, before, clock) = told(Some(just_before)).unwrap();
        assert_eq!(
            (before.as_str(), clock.as_str()),
            ("360000000", "untrusted")
        );
    }
}
