//! The walls' common time for the engine, to the nanosecond: what is believed is kept in whole
//! milliseconds, and two walls side by side must not differ by the rounding of that.

use crate::pipeline::monotonic_ns;
use cotmoc_proto::TimeMs;
use cotmoc_service::boot;

const NS_PER_MS: i64 = 1_000_000;
/// The believed time and the system clock, both cut to milliseconds, differ by so much by rounding
/// alone.
const ROUNDING_MS: i64 = 1;
/// How often the two clocks are read to find a pair that nothing came between.
const TRIES: usize = 3;

/// How far the believed time is from the system clock, kept steady against rounding.
#[derive(Debug, Default)]
pub struct CommonTime {
    apart_ms: i64,
}

impl CommonTime {
    /// The believed time minus the engine's clock, in nanoseconds, when `believed` was concluded
    /// from a system clock that read `system`.
    ///
    /// # Errors
    /// If the media framework does not start.
    pub fn offset_ns(&mut self, believed: TimeMs, system: TimeMs) -> anyhow::Result<i64> {
        self.settle(believed.since(system));
        Ok(system_minus_monotonic_ns()?.saturating_add(self.apart_ms.saturating_mul(NS_PER_MS)))
    }

    fn settle(&mut self, apart_ms: i64) {
        if apart_ms.abs() <= ROUNDING_MS {
            self.apart_ms = 0;
        } else if apart_ms.abs_diff(self.apart_ms) > ROUNDING_MS.unsigned_abs() {
            self.apart_ms = apart_ms;
        }
    }
}

/// The difference of two clocks that cannot be read at one moment: the closest of a few readings.
fn system_minus_monotonic_ns() -> anyhow::Result<i64> {
    let mut best = (i64::MAX, 0);
    for _ in 0..TRIES {
        let before = monotonic_ns()?;
        let system = boot::wall_ns();
        let after = monotonic_ns()?;
        let width = after.saturating_sub(before);
        let middle = before + width / 2;
        best = best.min((width, system.saturating_sub(middle)));
    }
    Ok(best.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounding_moves_nothing_and_a_real_difference_is_kept_to_the_millisecond() {
        let mut time = CommonTime::default();
        for (apart, kept) in [
            (1, 0),
            (-1, 0),
            (40, 40),
            (41, 40),
            (39, 40),
            (42, 42),
            (1, 0),
        ] {
            time.settle(apart);
            assert_eq!(time.apart_ms, kept, "{apart}");
        }
    }

    #[test]
    fn the_same_clocks_read_again_give_the_same_offset_far_within_a_millisecond() {
        let mut time = CommonTime::default();
        let now = TimeMs(boot::wall_ms());
        let offsets = [0; 50].map(|_| time.offset_ns(now, now).unwrap());
        let mut sorted = offsets;
        sorted.sort_unstable();
        assert!(sorted[30] - sorted[20] < 500_000, "{sorted:?}");
    }
}
