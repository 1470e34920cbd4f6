//! Machine: how soon after failed attempts the next may follow. Nobody is locked out for good: the
//! officer on duty must always be able to sign in within a minute.

use cotmoc_proto::TimeMs;
use cotmoc_proto::time::{MINUTE, Millis, SECOND};
use std::collections::BTreeMap;

const FREE: u32 = 5;
const LONGEST_MS: Millis = MINUTE;
const FORGOTTEN_MS: Millis = 15 * MINUTE;
const MOST_NAMES: usize = 10_000;

/// The failed attempts of each name.
#[derive(Debug, Clone, Default)]
pub struct Throttle {
    failed: BTreeMap<String, (u32, TimeMs)>,
}

impl Throttle {
    /// Whether an attempt under `name` may be made at `now`; it counts as failed until it has
    /// [`succeeded`](Self::succeeded).
    ///
    /// # Errors
    /// The seconds to wait.
    pub fn begin(&mut self, name: &str, now: TimeMs) -> Result<(), u32> {
        let is_recent = |at: &TimeMs| (0..FORGOTTEN_MS).contains(&now.since(*at));
        let known = self.failed.get(name).filter(|(_, last)| is_recent(last));
        let (count, last) = known.copied().unwrap_or((0, now));
        let wait = count
            .checked_sub(FREE)
            .map_or(0, |over| LONGEST_MS.min(SECOND << over.min(6)));
        let left = wait - now.since(last);
        if left > 0 {
            return Err(u32::try_from(left / SECOND + 1).unwrap_or(60));
        }
        if self.failed.len() >= MOST_NAMES {
            self.failed.retain(|_, (_, last)| is_recent(last));
        }
        if self.failed.len() >= MOST_NAMES {
            self.failed.clear();
        }
        self.failed
            .insert(name.to_owned(), (count.saturating_add(1), now));
        Ok(())
    }

    /// It was the right password.
    pub fn succeeded(&mut self, name: &str) {
        self.failed.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guessing_becomes_slow_for_one_name_and_never_stops_for_good() {
        let mut throttle = Throttle::default();
        let at = |seconds: i64| TimeMs(1_000_000 + seconds * SECOND);
        for _ in 0..FREE {
            assert_eq!(throttle.begin("truc", at(0)), Ok(()));
        }
        assert_eq!(throttle.begin("truc", at(0)), Err(2));
        assert_eq!(throttle.begin("khac", at(0)), Ok(()));
        let mut now = 0;
        for _ in 0..20 {
            now += 61;
            assert_eq!(
                throttle.begin("truc", at(now)),
                Ok(()),
                "a minute is enough"
            );
        }
        assert!(throttle.begin("truc", at(now + 30)).is_err());
        assert_eq!(
            throttle.begin("truc", at(-7)),
            Ok(()),
            "the clock went back"
        );
        throttle.succeeded("truc");
        assert_eq!(throttle.begin("truc", at(now + 31)), Ok(()));
    }
}
