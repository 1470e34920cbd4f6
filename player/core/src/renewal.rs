//! Resolver: when a device's certificate is to be renewed. The certificate says for how long it is
//! good; half of that is left for being offline, for failures and for people.
//!
//! The time is what the device believes: its system clock, but never less than a time that has
//! certainly passed. A clock that is behind costs nothing but time: the controller says when a
//! certificate has ended.

use cotmoc_proto::TimeMs;
use cotmoc_proto::time::Millis;

/// From when until when a certificate is good, half-open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Life {
    pub from: TimeMs,
    pub until: TimeMs,
}

/// How far a certificate's life has gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    Fresh,
    /// Half of its life is over: it is to be renewed.
    Due,
    /// Three quarters are over: people should know if it cannot be renewed.
    Late,
    /// It has ended: it is good for its own renewal only.
    Over,
}

impl Stage {
    /// Whether it is to be renewed.
    #[must_use]
    pub fn is_due(self) -> bool {
        self >= Self::Due
    }

    /// Whether people should know that it was not renewed.
    #[must_use]
    pub fn is_late(self) -> bool {
        self >= Self::Late
    }
}

impl Life {
    fn length_ms(self) -> Millis {
        self.until.0.saturating_sub(self.from.0).max(0)
    }

    /// When `quarters` of it are over.
    fn after(self, quarters: i64) -> TimeMs {
        let quarter = self.length_ms() / 4;
        let rest = self.length_ms() % 4;
        let part = quarter.saturating_mul(quarters) + rest * quarters / 4;
        TimeMs(self.from.0.saturating_add(part))
    }

    /// The least time between two renewals, in milliseconds: where a clock is wrong by years, even
    /// a new certificate looks old.
    #[must_use]
    pub fn pause_ms(self) -> u64 {
        u64::try_from(self.length_ms() / 4).unwrap_or(0)
    }
}

/// How far `life` has gone at `now`, and until when that holds (`None`: for ever).
#[must_use]
pub fn resolve(life: Life, now: TimeMs) -> (Stage, Option<TimeMs>) {
    let (due, late) = (life.after(2), life.after(3));
    if now >= life.until {
        (Stage::Over, None)
    } else if now >= late {
        (Stage::Late, Some(life.until))
    } else if now >= due {
        (Stage::Due, Some(late))
    } else {
        (Stage::Fresh, Some(due))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cotmoc_proto::time::DAY;
    use proptest::prelude::*;

    #[test]
    fn a_certificate_of_400_days_is_renewed_after_200_and_people_are_told_after_300() {
        let from = TimeMs(1_795_392_000_000);
        let life = Life {
            from,
            until: from.plus(400 * DAY),
        };
        let day = |days: i64| from.plus(days * DAY);
        for (now, stage, holds) in [
            (TimeMs(0), Stage::Fresh, Some(day(200))),
            (from, Stage::Fresh, Some(day(200))),
            (day(200).plus(-1), Stage::Fresh, Some(day(200))),
            (day(200), Stage::Due, Some(day(300))),
            (day(300).plus(-1), Stage::Due, Some(day(300))),
            (day(300), Stage::Late, Some(day(400))),
            (day(400).plus(-1), Stage::Late, Some(day(400))),
            (day(400), Stage::Over, None),
            (TimeMs(i64::MAX), Stage::Over, None),
        ] {
            assert_eq!(resolve(life, now), (stage, holds), "{now}");
        }
        assert!(!Stage::Fresh.is_due() && Stage::Due.is_due() && Stage::Over.is_due());
        assert!(!Stage::Due.is_late() && Stage::Late.is_late() && Stage::Over.is_late());
        assert_eq!(i64::try_from(life.pause_ms()).unwrap(), 100 * DAY);
    }

    #[test]
    fn a_certificate_that_ends_before_it_begins_is_over_at_its_end() {
        let life = Life {
            from: TimeMs(10),
            until: TimeMs(5),
        };
        assert_eq!(resolve(life, TimeMs(5)), (Stage::Over, None));
        assert_eq!(resolve(life, TimeMs(4)).0, Stage::Fresh);
        assert_eq!(life.pause_ms(), 0);
    }

    proptest! {
        #[test]
        fn a_stage_holds_exactly_until_it_says_and_never_goes_back(
            from: i64, length in 0_i64..=i64::MAX, now: i64, later in 0_i64..=i64::MAX,
        ) {
            let life = Life { from: TimeMs(from), until: TimeMs(from.saturating_add(length)) };
            let (stage, holds) = resolve(life, TimeMs(now));
            prop_assert!(resolve(life, TimeMs(now.saturating_add(later))).0 >= stage);
            if let Some(holds) = holds {
                prop_assert!(holds > TimeMs(now));
                prop_assert_eq!(resolve(life, TimeMs(holds.0 - 1)).0, stage);
                prop_assert!(resolve(life, holds).0 > stage);
            } else {
                prop_assert_eq!(stage, Stage::Over);
            }
        }
    }
}
