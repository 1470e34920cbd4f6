//! Value: announced maintenance of a cluster. It keeps reminders away and nothing else: the first
//! notice, the department's and the hour itself stand (Điều 8.3b).

use cotmoc_proto::time::{HOUR, Millis};
use cotmoc_proto::{ClusterId, TimeMs};

/// The longest maintenance that can be announced at once: a day. Whoever needs more says so again.
pub const LONGEST_MS: Millis = 24 * HOUR;

/// One announcement, from `from_ms` to `until_ms` (milliseconds since 1970, UTC), the end excluded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Maintenance {
    pub cluster: ClusterId,
    pub from_ms: TimeMs,
    pub until_ms: TimeMs,
    /// When somebody ended it early.
    pub ended_ms: Option<TimeMs>,
}

/// Why it cannot be announced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAnnounced {
    #[error("it ends before it begins")]
    Backwards,
    #[error("it is longer than {} hours", LONGEST_MS / HOUR)]
    TooLong,
    #[error("it is over already")]
    Past,
}

impl Maintenance {
    /// Checks what somebody announces at `now`.
    ///
    /// # Errors
    /// [`NotAnnounced`].
    pub fn announced(self, now: TimeMs) -> Result<Self, NotAnnounced> {
        if self.until_ms <= self.from_ms {
            return Err(NotAnnounced::Backwards);
        }
        if self.until_ms.since(self.from_ms) > LONGEST_MS {
            return Err(NotAnnounced::TooLong);
        }
        if self.until_ms <= now {
            return Err(NotAnnounced::Past);
        }
        Ok(self)
    }

    /// Whether reminders about `cluster` rest at `now`.
    #[must_use]
    pub fn covers(&self, cluster: &ClusterId, now: TimeMs) -> bool {
        let end = self
            .ended_ms
            .map_or(self.until_ms, |ended| ended.min(self.until_ms));
        self.cluster == *cluster && self.from_ms <= now && now < end
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(from: i64, until: i64) -> Maintenance {
        Maintenance {
            cluster: "gate".parse().unwrap(),
            from_ms: TimeMs(from),
            until_ms: TimeMs(until),
            ended_ms: None,
        }
    }

    #[test]
    fn it_covers_its_cluster_from_its_beginning_until_its_end_or_until_it_is_ended() {
        let (gate, other) = ("gate".parse().unwrap(), "other".parse().unwrap());
        let mut announced = window(1_000, 2_000).announced(TimeMs(0)).unwrap();
        let covered = |m: &Maintenance, at| m.covers(&gate, TimeMs(at));
        assert!(!covered(&announced, 999) && covered(&announced, 1_000));
        assert!(covered(&announced, 1_999) && !covered(&announced, 2_000));
        assert!(!announced.covers(&other, TimeMs(1_500)));
        announced.ended_ms = Some(TimeMs(1_200));
        assert!(covered(&announced, 1_199) && !covered(&announced, 1_200));
    }

    #[test]
    fn what_is_backwards_too_long_or_over_is_not_announced() {
        let now = TimeMs(5_000);
        assert_eq!(window(9, 9).announced(now), Err(NotAnnounced::Backwards));
        assert_eq!(window(0, 5_000).announced(now), Err(NotAnnounced::Past));
        let long = window(5_000, 5_001 + LONGEST_MS);
        assert_eq!(long.announced(now), Err(NotAnnounced::TooLong));
    }
}
