//! Closes the step that sound makes where it begins, ends or jumps, without making it quieter anywhere.

use super::law;
use crate::pipeline::item::CHANNELS;

/// A step is closed within 5 ms.
const FRAMES: i64 = 240;
/// How far a guess of the next sample may go from the last one.
const REACH: f64 = 1_000.0;

/// What is added to a voice so that it goes on from where it was: the step, dying away.
///
/// Where one voice ends and another begins on the same frame, the two additions together are the step between
/// them. Sound that was cut into two files and is put together again therefore passes unchanged.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seam {
    last: [f64; CHANNELS],
    before: [f64; CHANNELS],
    step: [f64; CHANNELS],
    done: i64,
}

impl Default for Seam {
    fn default() -> Self {
        Self {
            last: [0.0; CHANNELS],
            before: [0.0; CHANNELS],
            step: [0.0; CHANNELS],
            done: FRAMES,
        }
    }
}

impl Seam {
    /// `frame` does not continue what was there before.
    pub(super) fn open(&mut self, frame: [f64; CHANNELS]) {
        let last = self.last.iter().zip(self.before);
        let guess = last.map(|(last, before)| last + (last - before).clamp(-REACH, REACH));
        for ((step, guess), value) in self.step.iter_mut().zip(guess).zip(frame) {
            *step = guess - value;
        }
        self.done = 0;
    }

    /// The frame as it is heard.
    pub(super) fn pass(&mut self, frame: [f64; CHANNELS]) -> [f64; CHANNELS] {
        let mut heard = frame;
        if self.done < FRAMES {
            let weight = law::smooth(FRAMES - self.done, FRAMES);
            for (value, step) in heard.iter_mut().zip(self.step) {
                *value += step * weight;
            }
            self.done += 1;
        }
        self.before = self.last;
        self.last = heard;
        heard
    }

    /// Nothing is left to close.
    pub(super) fn is_closed(&self) -> bool {
        self.done >= FRAMES
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(n: i32, hz: f64) -> f64 {
        10_000.0 * (f64::from(n) * hz * std::f64::consts::TAU / 48_000.0).sin()
    }

    /// Two voices that meet at frame 1000, each through a seam of its own.
    fn joined(left: impl Fn(i32) -> f64, right: impl Fn(i32) -> f64) -> Vec<f64> {
        let (mut out, mut next) = (Seam::default(), Seam::default());
        let mix = |n: i32| {
            let (a, b) = if n < 1000 {
                (left(n), 0.0)
            } else {
                (0.0, right(n))
            };
            if n == 1000 {
                out.open([a; 2]);
                next.open([b; 2]);
            }
            out.pass([a; 2])[0] + next.pass([b; 2])[0]
        };
        (0..2000).map(mix).collect()
    }

    #[test]
    fn a_tone_cut_in_two_is_whole_again() {
        let heard = joined(|n| tone(n, 440.0), |n| tone(n, 440.0));
        for (n, value) in (0..).zip(heard) {
            assert!((value - tone(n, 440.0)).abs() < 40.0, "{n}: {value}");
        }
    }

    #[test]
    fn where_two_tones_meet_there_is_no_step() {
        for offset in 0..110 {
            let heard = joined(|n| tone(n, 440.0), |n| tone(n + offset, 660.0));
            let steps = heard.windows(2).map(|w| (w[1] - w[0]).abs());
            let largest = steps.fold(0.0, f64::max);
            let own = 10_000.0 * 660.0 * std::f64::consts::TAU / 48_000.0;
            assert!(largest < own * 1.25, "{largest} beside {own}");
        }
    }
}
