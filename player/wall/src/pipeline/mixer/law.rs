//! The arithmetic of sound: gains, fades, ramps that make no noise, the soft limit, and how a shifted medium slips back.

use std::f64::consts::FRAC_PI_2;

/// Full scale, in units of one sample.
const FULL: f64 = 32_767.0;
/// Up to here (1 dB below full scale) nothing is limited, and nothing is changed.
const KNEE: f64 = 29_203.0;
/// Gains outside of this are mistakes.
const GAIN_MDB: std::ops::RangeInclusive<i32> = -60_000..=20_000;

/// The factor for thousandths of dB; exactly 1 for 0.
pub(super) fn gain(mdb: i32) -> f64 {
    let mdb = mdb.clamp(*GAIN_MDB.start(), *GAIN_MDB.end());
    10f64.powf(f64::from(mdb) / 20_000.0)
}

/// How far up a fade of `length` frames is after `done` of them, so that two that cross keep the power.
pub(super) fn equal_power(done: i64, length: i64) -> f64 {
    if length <= 0 || done >= length {
        return 1.0;
    }
    (share(done, length) * FRAC_PI_2).sin()
}

/// From 0 to 1 without a corner at either end.
pub(super) fn smooth(done: i64, length: i64) -> f64 {
    if length <= 0 || done >= length {
        return 1.0;
    }
    let up = (share(done, length) * FRAC_PI_2).sin();
    up * up
}

fn share(done: i64, length: i64) -> f64 {
    let part = |n: i64| f64::from(i32::try_from(n).unwrap_or(i32::MAX));
    part(done.max(0)) / part(length)
}

/// A sum of voices as a sample: as it is up to the knee, bent towards full scale above, never beyond.
pub(super) fn limit(sum: f64) -> i16 {
    let size = sum.abs();
    let bent = if size <= KNEE {
        size
    } else {
        let over = (size - KNEE) / (FULL - KNEE);
        KNEE + (FULL - KNEE) * over / (1.0 + over)
    };
    to_sample(bent.copysign(sum))
}

#[allow(
    clippy::cast_possible_truncation,
    reason = "rounded and within full scale; a cast from a float saturates anyway, and makes 0 of what is no number"
)]
fn to_sample(value: f64) -> i16 {
    value.round().clamp(-FULL, FULL) as i16
}

/// A value that moves to its aim in equal steps, one a frame.
#[derive(Clone, Copy, Debug)]
pub(super) struct Glide {
    value: f64,
    aim: f64,
    step: f64,
}

impl Glide {
    pub(super) fn at(value: f64) -> Self {
        Self {
            value,
            aim: value,
            step: 0.0,
        }
    }

    /// Reaches `aim` after `frames`, from wherever it is. The same aim again changes nothing.
    pub(super) fn aim(&mut self, aim: f64, frames: u32) {
        if (aim - self.aim).abs() > f64::EPSILON {
            self.aim = aim;
            self.step = (aim - self.value) / f64::from(frames.max(1));
        }
    }

    pub(super) fn next(&mut self) -> f64 {
        let left = self.aim - self.value;
        if left.abs() <= self.step.abs() || self.step * left <= 0.0 {
            self.value = self.aim;
        } else {
            self.value += self.step;
        }
        self.value
    }
}

/// One frame in the units of [`Slip`].
pub(super) const MICRO: i64 = 1_000_000;
/// A slip of 200 parts per million.
const PACE_MICRO: i64 = 200;
/// Less than this (0.1 ms) is left alone.
const SLACK_FRAMES: i64 = 5;
/// More than this (5 ms) is moved at once.
const JUMP_FRAMES: i64 = 240;

/// Output frame minus medium frame, and how it follows when group time moves away from it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slip {
    shift_micro: i64,
    wanted: i64,
    slipping: bool,
}

impl Slip {
    pub(super) fn new(shift: i64) -> Self {
        Self {
            shift_micro: shift.saturating_mul(MICRO),
            wanted: shift,
            slipping: false,
        }
    }

    /// Tells where it should be. True when that is too far away to slip there.
    pub(super) fn want(&mut self, shift: i64) -> bool {
        self.wanted = shift;
        let off = self.off_micro().saturating_abs();
        self.slipping = off >= SLACK_FRAMES * MICRO || (self.slipping && off > 0);
        off > JUMP_FRAMES * MICRO
    }

    /// The shift for the next frame, in millionths of a frame.
    pub(super) fn next(&mut self) -> i64 {
        if self.slipping {
            self.shift_micro += self.off_micro().clamp(-PACE_MICRO, PACE_MICRO);
        }
        self.shift_micro
    }

    pub(super) fn shift_micro(self) -> i64 {
        self.shift_micro
    }

    fn off_micro(self) -> i64 {
        self.wanted
            .saturating_mul(MICRO)
            .saturating_sub(self.shift_micro)
    }
}

/// The value at `part` (millionths) of the way from `b` to `c`, through four neighbours.
pub(super) fn between([a, b, c, d]: [f64; 4], part_micro: i64) -> f64 {
    let x = share(part_micro, MICRO);
    let bend = 3.0 * (b - c) + d - a;
    let sag = 2.0 * a - 5.0 * b + 4.0 * c - d;
    b + 0.5 * x * (c - a + x * (sag + x * bend))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_gain_changes_nothing_and_six_decibels_double() {
        assert!((gain(0) - 1.0).abs() < 1e-15);
        assert!((gain(6_021) - 2.0).abs() < 1e-3);
        assert!((gain(-20_000) - 0.1).abs() < 1e-12);
        assert!(gain(i32::MAX) <= 10.0 && gain(i32::MIN) >= 0.000_9);
    }

    #[test]
    fn the_limit_leaves_everything_below_the_knee_as_it_is() {
        for sample in -29_203..=29_203i16 {
            assert_eq!(limit(f64::from(sample)), sample);
        }
    }

    #[test]
    fn the_limit_never_wraps_and_never_turns_back() {
        let mut last = 0;
        for loud in 0..200_000 {
            let (up, down) = (limit(f64::from(loud)), limit(-f64::from(loud)));
            assert!(up >= last && up - last <= 1, "{loud}: {last} {up}");
            assert_eq!(down, -up);
            last = up;
        }
        assert_eq!(limit(f64::INFINITY), 0, "no number");
        assert_eq!(limit(f64::NAN), 0);
        assert_eq!(limit(1e300), 32_767);
    }

    #[test]
    fn fades_that_cross_keep_the_power() {
        for done in 0..=480 {
            let (up, down) = (equal_power(done, 480), equal_power(480 - done, 480));
            assert!((up * up + down * down - 1.0).abs() < 1e-9, "{done}");
        }
        assert!((equal_power(0, 0) - 1.0).abs() < f64::EPSILON);
        assert!(equal_power(-5, 480).abs() < f64::EPSILON);
    }

    #[test]
    fn a_smooth_rise_and_its_fall_make_one() {
        for done in 0..=240 {
            let both = smooth(done, 240) + smooth(240 - done, 240);
            assert!((both - 1.0).abs() < 1e-9);
        }
    }

    #[test]
    fn a_glide_takes_its_time_and_arrives_exactly() {
        let mut glide = Glide::at(1.0);
        glide.aim(0.25, 9_600);
        let mut last = 1.0;
        for frame in 1..=9_600 {
            glide.aim(0.25, 9_600);
            let value = glide.next();
            assert!((last - value) < 0.000_08 && value <= last, "{frame}");
            last = value;
        }
        assert!((last - 0.25).abs() < 1e-9);
        assert!((glide.next() - 0.25).abs() < f64::EPSILON);
    }

    #[test]
    fn a_glide_that_is_turned_around_makes_no_step() {
        let mut glide = Glide::at(0.0);
        glide.aim(1.0, 100);
        let mut last = 0.0;
        for frame in 0..400 {
            if frame == 37 {
                glide.aim(0.1, 300);
            }
            let value = glide.next();
            assert!((value - last).abs() < 0.011);
            last = value;
        }
        assert!((last - 0.1).abs() < 1e-9);
    }

    #[test]
    fn a_slip_moves_two_hundred_millionths_a_frame_and_ends_on_a_whole_frame() {
        let mut slip = Slip::new(1_000);
        assert!(!slip.want(1_004), "slack");
        assert_eq!(slip.next(), 1_000 * MICRO);
        assert!(!slip.want(1_010));
        for frame in 1..=50_000 {
            assert_eq!(slip.next(), 1_000 * MICRO + frame * PACE_MICRO);
        }
        assert!(!slip.want(1_010));
        assert_eq!(slip.next(), 1_010 * MICRO);
        assert!(!slip.want(1_010));
        assert_eq!(slip.next(), 1_010 * MICRO);
        assert!(slip.want(1_251));
        assert!(slip.want(i64::MIN));
    }

    #[test]
    fn between_neighbours_a_line_stays_a_line_and_a_sine_a_sine() {
        for part in [0, 1, 250_000, 500_000, 999_999] {
            let line = between([1.0, 2.0, 3.0, 4.0], part);
            assert!((line - 2.0 - share(part, MICRO)).abs() < 1e-12);
            let sine = |x: f64| (x * std::f64::consts::TAU * 1000.0 / 48_000.0).sin();
            let curve = between([sine(9.0), sine(10.0), sine(11.0), sine(12.0)], part);
            assert!((curve - sine(10.0 + share(part, MICRO))).abs() < 1e-3);
        }
    }
}
