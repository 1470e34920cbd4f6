//! Machine: which clock to believe.
//!
//! The system clock is a hint. Once it could be believed in this boot, time is kept from there by
//! the boot clock, which nobody can set, and the system clock is followed gently: small differences
//! are slewed, a step is followed only after it has stood for a while. So a clock that jumps over
//! closing time and back never darkens a wall, and a clock of 1970 or 2106 is not believed at all.
//!
//! ```
//! use cotmoc_player_core::clock::{Clock, ClockRules, Reading, Support};
//! use cotmoc_proto::TimeMs;
//! use cotmoc_proto::device::ClockQuality;
//!
//! let mut clock = Clock::new(ClockRules::default());
//! let mut reading = Reading {
//!     mono_ms: 30_000,
//!     system: TimeMs(1_795_392_000_000),
//!     support: Support::Synchronised,
//!     earliest_now: TimeMs(1_795_366_800_000),
//! };
//! let seen = clock.observe(reading);
//! assert_eq!(seen.belief.quality, ClockQuality::Synchronised);
//!
//! reading.mono_ms += 1_000;
//! reading.system = TimeMs(0);
//! let seen = clock.observe(reading);
//! assert_eq!(seen.belief.quality, ClockQuality::Held);
//! assert_eq!(seen.belief.now, TimeMs(1_795_392_001_000));
//! ```

use cotmoc_proto::TimeMs;
use cotmoc_proto::device::ClockQuality;
use cotmoc_proto::resolve::Moment;
use cotmoc_proto::time::{DAY, MINUTE, Millis, SECOND};

/// What supports the system clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Support {
    /// Nothing: it may say anything.
    Nothing,
    /// A battery-backed clock set it at boot.
    Battery,
    /// The operating system says it is synchronised.
    Synchronised,
    /// The operator says it is right.
    Operator,
}

/// What was read at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// Time since the boot, suspended time included, in milliseconds.
    pub mono_ms: u64,
    pub system: TimeMs,
    pub support: Support,
    /// A time that has certainly passed.
    pub earliest_now: TimeMs,
}

/// The time that is believed at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Belief {
    /// Time since the boot, in milliseconds.
    pub mono_ms: u64,
    pub now: TimeMs,
    pub quality: ClockQuality,
}

impl Belief {
    /// Whether anything supports it.
    #[must_use]
    pub fn is_trusted(&self) -> bool {
        self.quality != ClockQuality::Untrusted
    }

    /// The moment to ask [`cotmoc_proto::resolve::resolve`] about.
    #[must_use]
    pub fn moment(&self) -> Moment {
        Moment {
            at: self.now,
            trusted: self.is_trusted(),
        }
    }
}

/// What is worth telling people about the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClockEffect {
    /// The system clock was moved by this much; it is not followed yet.
    Stepped { by_ms: Millis },
    /// The time that is believed was moved by this much.
    Followed { by_ms: Millis },
    /// The clock can be believed more, or less, than before. Always told at the first reading.
    QualityChanged { quality: ClockQuality },
}

/// What one reading leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observed {
    pub belief: Belief,
    pub effects: Vec<ClockEffect>,
}

/// How far the system clock is followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockRules {
    /// A larger difference is a step.
    pub step_ms: Millis,
    /// How long a step must stand, supported and plausible, before it is followed.
    pub patience_ms: Millis,
    /// How far past the earliest time a system clock is plausible.
    pub plausible_ms: Millis,
    /// How fast a smaller difference is removed, in millionths of elapsed time.
    pub slew_ppm: u32,
    /// The same where the system clock is synchronised or vouched for.
    pub slew_synchronised_ppm: u32,
}

impl Default for ClockRules {
    /// 2 s, 10 min, 400 days, 0.5 ms per second, 5 ms per second.
    fn default() -> Self {
        Self {
            step_ms: 2 * SECOND,
            patience_ms: 10 * MINUTE,
            plausible_ms: 400 * DAY,
            slew_ppm: 500,
            slew_synchronised_ppm: 5_000,
        }
    }
}

/// The machine. One per boot and process.
#[derive(Debug, Clone)]
pub struct Clock {
    rules: ClockRules,
    kept: Option<Kept>,
    quality: Option<ClockQuality>,
}

/// Time as it is kept since a system clock that could be believed.
#[derive(Debug, Clone, Copy)]
struct Kept {
    timeline: Timeline,
    /// Slewing that time has earned and no difference has used, in nanoseconds.
    slew_ns: i64,
    step: Option<Timeline>,
}

/// A wall clock time tied to the boot clock.
#[derive(Debug, Clone, Copy)]
struct Timeline {
    mono_ms: u64,
    wall: TimeMs,
}

impl Timeline {
    fn at(self, mono_ms: u64) -> TimeMs {
        self.wall.plus(elapsed(self.mono_ms, mono_ms))
    }
}

impl Reading {
    fn timeline(&self) -> Timeline {
        Timeline {
            mono_ms: self.mono_ms,
            wall: self.system,
        }
    }
}

impl Clock {
    /// A machine that has seen nothing in this boot.
    #[must_use]
    pub fn new(rules: ClockRules) -> Self {
        Self {
            rules,
            kept: None,
            quality: None,
        }
    }

    /// Takes in one reading. Readings come in the order of their `mono_ms`, a few per minute at
    /// least.
    pub fn observe(&mut self, reading: Reading) -> Observed {
        let mut effects = Vec::new();
        let is_good = self.is_good(&reading);
        let refuted = self
            .kept
            .take_if(|kept| kept.timeline.at(reading.mono_ms) < reading.earliest_now);
        match &mut self.kept {
            Some(kept) => kept.observe(&reading, is_good, &self.rules, &mut effects),
            None if is_good => {
                self.kept = Some(Kept::new(&reading));
                if let Some(old) = refuted {
                    let by_ms = reading.system.since(old.timeline.at(reading.mono_ms));
                    effects.push(ClockEffect::Followed { by_ms });
                }
            }
            None => {}
        }
        let belief = self.belief(&reading, is_good);
        if self.quality.replace(belief.quality) != Some(belief.quality) {
            effects.push(ClockEffect::QualityChanged {
                quality: belief.quality,
            });
        }
        Observed { belief, effects }
    }

    /// When a step that is under observation may be followed, as time since the boot.
    #[must_use]
    pub fn deadline(&self) -> Option<u64> {
        let step = self.kept?.step?;
        let patience = u64::try_from(self.rules.patience_ms).unwrap_or(0);
        Some(step.mono_ms.saturating_add(patience))
    }

    fn is_good(&self, reading: &Reading) -> bool {
        let latest = reading.earliest_now.plus(self.rules.plausible_ms);
        reading.support != Support::Nothing
            && reading.earliest_now <= reading.system
            && reading.system <= latest
    }

    fn belief(&self, reading: &Reading, is_good: bool) -> Belief {
        let (now, quality) = match &self.kept {
            None => (reading.system, ClockQuality::Untrusted),
            Some(kept) => {
                let follows = is_good && kept.step.is_none();
                let quality = match reading.support {
                    Support::Synchronised | Support::Operator if follows => {
                        ClockQuality::Synchronised
                    }
                    Support::Synchronised
                    | Support::Operator
                    | Support::Nothing
                    | Support::Battery => ClockQuality::Held,
                };
                (kept.timeline.at(reading.mono_ms), quality)
            }
        };
        Belief {
            mono_ms: reading.mono_ms,
            now,
            quality,
        }
    }
}

impl Kept {
    fn new(reading: &Reading) -> Self {
        Self {
            timeline: reading.timeline(),
            slew_ns: 0,
            step: None,
        }
    }

    fn observe(
        &mut self,
        reading: &Reading,
        is_good: bool,
        rules: &ClockRules,
        effects: &mut Vec<ClockEffect>,
    ) {
        let by_ms = reading.system.since(self.timeline.at(reading.mono_ms));
        if by_ms.saturating_abs() <= rules.step_ms {
            self.step = None;
            self.slew(reading, if is_good { by_ms } else { 0 }, rules);
            return;
        }
        self.slew(reading, 0, rules);
        let stands = self.step.filter(|step| {
            let drift = reading.system.since(step.at(reading.mono_ms));
            drift.saturating_abs() <= rules.step_ms
        });
        let Some(step) = stands.filter(|_| is_good) else {
            if stands.is_none() {
                effects.push(ClockEffect::Stepped { by_ms });
            }
            self.step = Some(reading.timeline());
            return;
        };
        if elapsed(step.mono_ms, reading.mono_ms) >= rules.patience_ms {
            *self = Self::new(reading);
            effects.push(ClockEffect::Followed { by_ms });
        }
    }

    /// Moves the timeline towards a difference, no faster than the rules allow.
    fn slew(&mut self, reading: &Reading, by_ms: Millis, rules: &ClockRules) {
        let ppm = match reading.support {
            Support::Synchronised | Support::Operator => rules.slew_synchronised_ppm,
            Support::Nothing | Support::Battery => rules.slew_ppm,
        };
        // One millionth of a millisecond is one nanosecond.
        let earned = elapsed(self.timeline.mono_ms, reading.mono_ms).saturating_mul(ppm.into());
        self.slew_ns = self.slew_ns.saturating_add(earned);
        let most = self.slew_ns / NS_PER_MS;
        let by_ms = by_ms.clamp(-most, most);
        self.slew_ns = (self.slew_ns - by_ms.abs() * NS_PER_MS).min(NS_PER_MS);
        self.timeline = Timeline {
            mono_ms: reading.mono_ms,
            wall: self.timeline.at(reading.mono_ms).plus(by_ms),
        };
    }
}

const NS_PER_MS: i64 = 1_000_000;

fn elapsed(from_ms: u64, to_ms: u64) -> Millis {
    i64::try_from(to_ms.saturating_sub(from_ms)).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
