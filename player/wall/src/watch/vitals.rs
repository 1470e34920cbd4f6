//! Judges what is seen of the process: what stands still, what has grown too large, and since when.

use crate::pipeline::Beats;
use std::fs;
use std::time::{Duration, Instant};

/// Noticed after this long: the service manager hears no more that the process lives.
const NOTICED_AFTER: Duration = Duration::from_millis(900);
/// Ticks come from one thread of the engine; who is this late will not come again.
const TICKS_LIMIT: Duration = Duration::from_secs(4);
/// An output is rebuilt by its keeper long before this; if not, the keeper itself is stuck.
const PICTURES_LIMIT: Duration = Duration::from_secs(15);
/// Between two looks; longer, and it was the machine that stood still.
const GAP_LIMIT: Duration = Duration::from_millis(700);
const MOST_DESCRIPTORS: u64 = 900;
const MOST_THREADS: u64 = 400;
/// Seconds in a row that a bound must be passed.
const PASSED_FOR: u32 = 3;

/// What the process may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    pub memory_bytes: u64,
    pub descriptors: u64,
    pub threads: u64,
}

impl Limits {
    /// The usual ones with this much memory.
    #[must_use]
    pub const fn with_memory_mib(memory_mib: u64) -> Self {
        Self {
            memory_bytes: memory_mib.saturating_mul(1 << 20),
            descriptors: MOST_DESCRIPTORS,
            threads: MOST_THREADS,
        }
    }
}

/// What the process uses.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Needs {
    pub memory_bytes: u64,
    pub descriptors: u64,
    pub threads: u64,
}

impl Needs {
    /// Of this process, as the kernel counts; nothing where it does not say.
    #[must_use]
    pub fn of_this_process() -> Self {
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let descriptors = fs::read_dir("/proc/self/fd").map_or(0, Iterator::count);
        Self {
            memory_bytes: field(&status, "VmRSS:").saturating_mul(1 << 10),
            descriptors: u64::try_from(descriptors).unwrap_or(u64::MAX),
            threads: field(&status, "Threads:"),
        }
    }
}

fn field(status: &str, name: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let word = line.and_then(|rest| rest.split_whitespace().next());
    word.and_then(|word| word.parse().ok()).unwrap_or(0)
}

/// Why a process should end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Ailment {
    #[error("the frame clock has not worked through a tick for {for_ms} ms")]
    TicksStandStill { for_ms: u128 },
    #[error("the output has not presented a picture for {for_ms} ms, and nobody rebuilds it")]
    PicturesStandStill { for_ms: u128 },
    #[error("{used} bytes of memory are in use, {limit} are allowed")]
    Memory { used: u64, limit: u64 },
    #[error("{used} descriptors are open, {limit} are allowed")]
    Descriptors { used: u64, limit: u64 },
    #[error("{used} threads are running, {limit} are allowed")]
    Threads { used: u64, limit: u64 },
}

impl Ailment {
    /// Stable code for events.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TicksStandStill { .. } => "ticks-stand-still",
            Self::PicturesStandStill { .. } => "pictures-stand-still",
            Self::Memory { .. } => "memory",
            Self::Descriptors { .. } => "descriptors",
            Self::Threads { .. } => "threads",
        }
    }
}

/// What has been seen so far.
#[derive(Debug)]
pub(super) struct Vitals {
    limits: Limits,
    beats: Beats,
    seen: Instant,
    ticked: Instant,
    presented: Instant,
    passed: Option<(Ailment, u32)>,
}

impl Vitals {
    pub(super) const fn new(limits: Limits, now: Instant) -> Self {
        Self {
            limits,
            beats: Beats {
                ticks: 0,
                presented: 0,
                late: 0,
                dropped: 0,
                output_ok: false,
            },
            seen: now,
            ticked: now,
            presented: now,
            passed: None,
        }
    }

    pub(super) fn see(&mut self, beats: Beats, now: Instant) {
        let machine_stood = now - self.seen > GAP_LIMIT;
        if beats.ticks != self.beats.ticks || machine_stood {
            self.ticked = now;
        }
        // Without its sink an output presents nothing; that is its keeper's business.
        if beats.presented != self.beats.presented || machine_stood || !beats.output_ok {
            self.presented = now;
        }
        self.beats = beats;
        self.seen = now;
    }

    pub(super) fn weigh(&mut self, needs: Needs) {
        let limits = self.limits;
        let found = if needs.memory_bytes > limits.memory_bytes {
            Some(Ailment::Memory {
                used: needs.memory_bytes,
                limit: limits.memory_bytes,
            })
        } else if needs.descriptors > limits.descriptors {
            Some(Ailment::Descriptors {
                used: needs.descriptors,
                limit: limits.descriptors,
            })
        } else if needs.threads > limits.threads {
            Some(Ailment::Threads {
                used: needs.threads,
                limit: limits.threads,
            })
        } else {
            None
        };
        let before = self.passed.map_or(0, |(_, seconds)| seconds);
        self.passed = found.map(|ailment| (ailment, before + 1));
    }

    pub(super) fn is_well(&self) -> bool {
        self.seen - self.ticked <= NOTICED_AFTER
    }

    /// What only a new process cures.
    pub(super) fn beyond_help(&self, now: Instant) -> Option<Ailment> {
        let (ticks, pictures) = (now - self.ticked, now - self.presented);
        if ticks > TICKS_LIMIT {
            return Some(Ailment::TicksStandStill {
                for_ms: ticks.as_millis(),
            });
        }
        if pictures > PICTURES_LIMIT {
            return Some(Ailment::PicturesStandStill {
                for_ms: pictures.as_millis(),
            });
        }
        let (ailment, seconds) = self.passed?;
        (seconds >= PASSED_FOR).then_some(ailment)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits {
        memory_bytes: 1000,
        descriptors: 100,
        threads: 10,
    };

    fn beats(ticks: u64, presented: u64, output_ok: bool) -> Beats {
        Beats {
            ticks,
            presented,
            output_ok,
            ..Beats::default()
        }
    }

    /// Looks every tenth of a second for `seconds` at what `at` says of each look.
    fn looked(seconds: u32, at: impl Fn(u64) -> Beats) -> (Vitals, Instant) {
        let start = Instant::now();
        let mut vitals = Vitals::new(LIMITS, start);
        let mut now = start;
        for look in 1..=seconds * 10 {
            now = start + look * Duration::from_millis(100);
            vitals.see(at(u64::from(look)), now);
        }
        (vitals, now)
    }

    #[test]
    fn what_advances_is_well_for_ever() {
        let (vitals, now) = looked(60, |look| beats(look, look, true));
        assert!(vitals.is_well());
        assert_eq!(vitals.beyond_help(now), None);
    }

    #[test]
    fn ticks_that_stand_still_are_noticed_within_a_second_and_end_the_process_after_four() {
        let (vitals, now) = looked(1, |_| beats(0, 0, true));
        assert!(!vitals.is_well());
        assert_eq!(vitals.beyond_help(now), None);
        let (vitals, now) = looked(5, |_| beats(0, 0, true));
        let ailment = vitals.beyond_help(now).unwrap();
        assert_eq!(ailment.code(), "ticks-stand-still");
    }

    #[test]
    fn pictures_that_stand_still_end_the_process_only_where_the_output_is_said_to_work() {
        let (vitals, now) = looked(20, |look| beats(look, 0, true));
        assert!(vitals.is_well());
        let ailment = vitals.beyond_help(now).unwrap();
        assert_eq!(ailment.code(), "pictures-stand-still");
        let (vitals, now) = looked(20, |look| beats(look, 0, false));
        assert_eq!(vitals.beyond_help(now), None);
    }

    #[test]
    fn a_machine_that_stood_still_is_not_the_process_fault() {
        let start = Instant::now();
        let mut vitals = Vitals::new(LIMITS, start);
        vitals.see(beats(1, 1, true), start);
        let later = start + Duration::from_secs(3600);
        vitals.see(beats(1, 1, true), later);
        assert!(vitals.is_well());
        assert_eq!(vitals.beyond_help(later), None);
    }

    #[test]
    fn a_bound_that_stays_passed_ends_the_process_and_a_peak_does_not() {
        let (mut vitals, now) = looked(1, |look| beats(look, look, true));
        let too_much = Needs {
            memory_bytes: 1001,
            ..Needs::default()
        };
        vitals.weigh(too_much);
        vitals.weigh(too_much);
        vitals.weigh(Needs::default());
        vitals.weigh(too_much);
        assert_eq!(vitals.beyond_help(now), None);
        vitals.weigh(too_much);
        vitals.weigh(too_much);
        assert_eq!(vitals.beyond_help(now).unwrap().code(), "memory");
        for _ in 0..3 {
            vitals.weigh(Needs {
                threads: 11,
                ..Needs::default()
            });
        }
        assert_eq!(vitals.beyond_help(now).unwrap().code(), "threads");
    }

    #[test]
    fn this_process_uses_memory_descriptors_and_threads() {
        let needs = Needs::of_this_process();
        assert!(needs.memory_bytes > 1 << 20, "{needs:?}");
        assert!(needs.descriptors > 2 && needs.threads > 0, "{needs:?}");
    }
}
