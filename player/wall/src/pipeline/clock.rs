//! Group time: a monotonic pipeline clock plus an offset that is slewed, and the grid of output ticks on it.

use std::sync::{Mutex, PoisonError};

use gstreamer as gst;
use gstreamer::prelude::*;

use super::config::FrameRate;

pub(super) const SECOND_NS: i64 = 1_000_000_000;
/// Larger corrections are steps.
const STEP_NS: i64 = 20_000_000;
const SLEW_PER_TICK_NS: i64 = 500_000;

/// The one clock of the engine. `running` time starts at 0 with the engine and never jumps; group time may.
#[derive(Debug)]
pub(super) struct GroupClock {
    clock: gst::Clock,
    base: gst::ClockTime,
    tick_ns: i64,
    offset: Mutex<Offset>,
}

/// Moves from one value to another at a bounded pace, as a function of running time alone.
#[derive(Clone, Copy, Debug)]
struct Offset {
    from_ns: i64,
    to_ns: i64,
    since_ns: i64,
}

impl Offset {
    fn at(self, running_ns: i64, tick_ns: i64) -> i64 {
        let elapsed = (running_ns - self.since_ns).max(0);
        let reach = i128::from(elapsed) * i128::from(SLEW_PER_TICK_NS) / i128::from(tick_ns);
        let reach = i64::try_from(reach).unwrap_or(i64::MAX);
        self.from_ns + (self.to_ns - self.from_ns).clamp(-reach, reach)
    }
}

impl GroupClock {
    pub(super) fn new(rate: FrameRate, offset_ns: i64) -> Self {
        let clock = monotonic_clock();
        let base = clock.time();
        Self {
            clock,
            base,
            tick_ns: SECOND_NS * i64::from(rate.den) / i64::from(rate.num),
            offset: Mutex::new(Offset {
                from_ns: offset_ns,
                to_ns: offset_ns,
                since_ns: 0,
            }),
        }
    }

    /// Makes a pipeline follow this clock for ever, however often it is built anew.
    pub(super) fn drive(&self, pipeline: &gst::Pipeline) {
        pipeline.use_clock(Some(&self.clock));
        pipeline.set_start_time(gst::ClockTime::NONE);
        pipeline.set_base_time(self.base);
    }

    pub(super) fn running_ns(&self) -> i64 {
        to_ns(self.clock.time().saturating_sub(self.base))
    }

    pub(super) fn now_ns(&self) -> i64 {
        self.group_at(self.running_ns())
    }

    pub(super) fn group_at(&self, running_ns: i64) -> i64 {
        running_ns + to_ns(self.base) + self.offset_at(running_ns)
    }

    /// The running time at which group time reaches `group_ns`.
    pub(super) fn running_of(&self, group_ns: i64) -> i64 {
        let base = to_ns(self.base);
        let mut running = self.running_ns();
        for _ in 0..3 {
            running = group_ns - base - self.offset_at(running);
        }
        running
    }

    pub(super) fn set_offset(&self, offset_ns: i64) {
        let now = self.running_ns();
        let mut offset = self.offset.lock().unwrap_or_else(PoisonError::into_inner);
        let current = offset.at(now, self.tick_ns);
        let step = (offset_ns - current).abs() > STEP_NS;
        *offset = Offset {
            from_ns: if step { offset_ns } else { current },
            to_ns: offset_ns,
            since_ns: now,
        };
    }

    fn offset_at(&self, running_ns: i64) -> i64 {
        self.offset
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .at(running_ns, self.tick_ns)
    }
}

/// The output ticks: tick `k` is at group time `k · den / num` seconds, in whole-number arithmetic.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ticks {
    num: i128,
    den_ns: i128,
}

impl Ticks {
    pub(super) fn new(rate: FrameRate) -> Self {
        Self {
            num: i128::from(rate.num),
            den_ns: i128::from(rate.den) * i128::from(SECOND_NS),
        }
    }

    pub(super) fn at(self, tick: i64) -> i64 {
        let at = (i128::from(tick) * self.den_ns).div_euclid(self.num);
        i64::try_from(at).unwrap_or(i64::MAX)
    }

    /// The first tick not before `group_ns`.
    pub(super) fn first_from(self, group_ns: i64) -> i64 {
        let tick = (i128::from(group_ns) * self.num).div_euclid(self.den_ns);
        let mut tick = i64::try_from(tick).unwrap_or(i64::MAX);
        while self.at(tick) < group_ns {
            tick += 1;
        }
        tick
    }

    /// How many ticks lie in `[from_ns, to_ns)`.
    pub(super) fn between(self, from_ns: i64, to_ns: i64) -> u64 {
        u64::try_from(self.first_from(to_ns) - self.first_from(from_ns)).unwrap_or(0)
    }

    pub(super) fn period_ns(self) -> i64 {
        i64::try_from(self.den_ns / self.num).unwrap_or(i64::MAX)
    }
}

/// A monotonic clock of our own; the shared system clock could be changed by others.
pub(super) fn monotonic_clock() -> gst::Clock {
    gst::glib::Object::builder::<gst::SystemClock>()
        .property("clock-type", gst::ClockType::Monotonic)
        .build()
        .upcast()
}

pub(super) fn to_ns(time: gst::ClockTime) -> i64 {
    i64::try_from(time.nseconds()).unwrap_or(i64::MAX)
}

pub(super) fn from_ns(ns: i64) -> gst::ClockTime {
    gst::ClockTime::from_nseconds(u64::try_from(ns).unwrap_or(0))
}

pub(super) fn duration_ns(duration: std::time::Duration) -> i64 {
    i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NTSC: FrameRate = FrameRate {
        num: 30_000,
        den: 1001,
    };

    #[test]
    fn ticks_do_not_drift_and_the_first_from_a_tick_is_that_tick() {
        let ticks = Ticks::new(NTSC);
        for tick in [0, 1, 29_970, 53_633_000_000, 53_633_000_001] {
            assert_eq!(ticks.first_from(ticks.at(tick)), tick);
            assert_eq!(ticks.first_from(ticks.at(tick) + 1), tick + 1);
        }
        assert_eq!(ticks.at(30_000), 1001 * SECOND_NS);
    }

    #[test]
    fn ticks_are_counted_in_half_open_intervals() {
        let ticks = Ticks::new(FrameRate { num: 30, den: 1 });
        assert_eq!(ticks.between(0, SECOND_NS), 30);
        assert_eq!(ticks.between(1, SECOND_NS), 29);
        assert_eq!(ticks.between(SECOND_NS, 0), 0);
    }

    #[test]
    fn an_offset_moves_half_a_millisecond_per_tick_and_stops_at_its_aim() {
        let offset = Offset {
            from_ns: 0,
            to_ns: -10_000_000,
            since_ns: 100,
        };
        let tick_ns = 33_333_333;
        assert_eq!(offset.at(100, tick_ns), 0);
        assert_eq!(offset.at(100 + tick_ns, tick_ns), -SLEW_PER_TICK_NS);
        assert_eq!(offset.at(100 + 20 * tick_ns, tick_ns), -10_000_000);
        assert_eq!(offset.at(SECOND_NS * 60, tick_ns), -10_000_000);
    }
}
