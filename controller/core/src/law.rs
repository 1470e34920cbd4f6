//! Value: the numbers by which incidents are judged, each with the day from which it holds. The
//! regulation's are the default; a log carries those that held, so that it is read again by the same ones.

use cotmoc_proto::TimeMs;
use cotmoc_proto::time::{HOUR, MINUTE, Millis};
use serde::{Deserialize, Serialize};

/// How long is what, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Law {
    /// From the occurrence to the department's notice: the hour (Điều 8.3b, 13.3b).
    pub duty_ms: Millis,
    /// An incident that comes back so soon is the same one.
    pub reopen_ms: Millis,
    /// The longest time for which somebody may keep reminders away.
    pub longest_ack_ms: Millis,
}

impl Default for Law {
    fn default() -> Self {
        Self {
            duty_ms: HOUR,
            reopen_ms: 10 * MINUTE,
            longest_ack_ms: 15 * MINUTE,
        }
    }
}

/// The numbers by date: those of the beginning, and each that came later.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Laws {
    first: Law,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    later: Vec<Later>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Later {
    from_ms: TimeMs,
    law: Law,
}

impl Laws {
    /// One that always holds.
    #[must_use]
    pub const fn new(first: Law) -> Self {
        Self {
            first,
            later: Vec::new(),
        }
    }

    /// The same, with `law` from `from_ms` on.
    #[must_use]
    pub fn with(mut self, from_ms: TimeMs, law: Law) -> Self {
        self.later.retain(|one| one.from_ms != from_ms);
        self.later.push(Later { from_ms, law });
        self.later.sort_by_key(|one| one.from_ms);
        self
    }

    /// What holds at `time`.
    #[must_use]
    pub fn at(&self, time: TimeMs) -> Law {
        let newest = self.later.iter().rfind(|one| one.from_ms <= time);
        newest.map_or(self.first, |one| one.law)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_of_a_day_hold_from_it_on_and_an_older_day_keeps_its_own() {
        let short = Law {
            duty_ms: 30 * MINUTE,
            ..Law::default()
        };
        let laws = Laws::default()
            .with(TimeMs(2_000), Law::default())
            .with(TimeMs(1_000), short);
        let duty = |at| laws.at(TimeMs(at)).duty_ms;
        assert_eq!((duty(999), duty(1_000)), (HOUR, 30 * MINUTE));
        assert_eq!((duty(1_999), duty(2_000)), (30 * MINUTE, HOUR));
        let text = serde_json::to_string(&laws).unwrap();
        assert_eq!(serde_json::from_str::<Laws>(&text).unwrap(), laws);
    }
}
