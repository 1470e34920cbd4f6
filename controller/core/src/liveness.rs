//! Machine: whether a device is well, by what it says and by its silence. It watches day and night:
//! a wall that dies at three in the morning is known to be dead when it has to be on air at seven.

use cotmoc_proto::TimeMs;
use cotmoc_proto::time::{MINUTE, Millis, SECOND};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// How long to wait before believing, in milliseconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Patience {
    pub suspect_ms: Millis,
    pub silent_ms: Millis,
    /// Bad reports in a row that count as a stop.
    pub bad_beats: u32,
    /// Well for so long after a stop: resolved.
    pub stable_ms: Millis,
    /// So many stops within `flapping_ms` are one, until all is well for `calm_ms`.
    pub flaps: usize,
    pub flapping_ms: Millis,
    pub calm_ms: Millis,
    /// After the controller was away itself, devices have so long to come back.
    pub grace_ms: Millis,
}

impl Default for Patience {
    /// For a heartbeat every 20 s: silence is known within two and a half minutes.
    fn default() -> Self {
        Self {
            suspect_ms: 50 * SECOND,
            silent_ms: 120 * SECOND,
            bad_beats: 2,
            stable_ms: 180 * SECOND,
            flaps: 3,
            flapping_ms: 60 * MINUTE,
            calm_ms: 30 * MINUTE,
            grace_ms: 60 * SECOND,
        }
    }
}

/// What a heartbeat says of the device's duty at that time; outside the operating window a dark
/// wall is well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beat {
    Well,
    Bad,
}

/// What has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Silent for longer than a heartbeat or two.
    Suspected,
    /// Heard again before anything was opened.
    Cleared,
    /// It stopped: some time after `last_proof`, by `stopped` at the latest if it said so itself.
    Stopped {
        last_proof: TimeMs,
        stopped: Option<TimeMs>,
    },
    /// Well again, not yet for long.
    Recovering,
    /// Stopped again while it recovered.
    Relapsed,
    /// Well for long enough.
    Resolved,
}

/// Where a device stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    Well,
    Suspected,
    Stopped(Stop),
    /// Well again `since` then, not yet for long.
    Recovering {
        from: Stop,
        since: TimeMs,
    },
}

/// How it stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stop {
    pub last_proof: TimeMs,
    /// By then at the latest, if it said so itself.
    pub stopped: Option<TimeMs>,
}

/// One device.
#[derive(Debug, Clone)]
pub struct Liveness {
    phase: Phase,
    last_beat: TimeMs,
    last_well: TimeMs,
    /// The first of the bad reports in a row, and how many there are.
    bad: Option<(TimeMs, u32)>,
    /// Silence before this is not the device's.
    excused: TimeMs,
    stops: VecDeque<TimeMs>,
}

impl Liveness {
    /// A device that was well at `last_well`, watched from then on.
    #[must_use]
    pub const fn new(last_well: TimeMs) -> Self {
        Self {
            phase: Phase::Well,
            last_beat: last_well,
            last_well,
            bad: None,
            excused: last_well,
            stops: VecDeque::new(),
        }
    }

    /// A device whose stop is known already, last heard of at `last_beat`.
    #[must_use]
    pub const fn stopped(last_proof: TimeMs, last_beat: TimeMs) -> Self {
        let mut device = Self::new(last_beat);
        device.phase = Phase::Stopped(Stop {
            last_proof,
            stopped: None,
        });
        device
    }

    /// A device that had stopped and was well again at `last_beat`, watched once more since `now`.
    #[must_use]
    pub const fn recovering(last_beat: TimeMs, now: TimeMs) -> Self {
        let mut device = Self::new(last_beat);
        device.phase = Phase::Recovering {
            from: Stop {
                last_proof: last_beat,
                stopped: None,
            },
            since: now,
        };
        device
    }

    /// Where it stands.
    #[must_use]
    pub const fn phase(&self) -> Phase {
        self.phase
    }

    /// When it will count as well again, if it stays so; `None` unless it recovers.
    #[must_use]
    pub fn calm_at(&self, patience: &Patience) -> Option<TimeMs> {
        match self.phase {
            Phase::Recovering { since, .. } => Some(since.plus(self.calm(patience))),
            Phase::Well | Phase::Suspected | Phase::Stopped(_) => None,
        }
    }

    /// Whether it stops so often that it must be well for longer.
    #[must_use]
    pub fn is_flapping(&self, patience: &Patience) -> bool {
        let span = self.stops.back().zip(self.stops.front());
        let is_often = self.stops.len() >= patience.flaps;
        is_often && span.is_some_and(|(last, first)| last.since(*first) <= patience.flapping_ms)
    }

    /// People have looked at its stops and closed the book on them: the next one is the first.
    pub fn forgive(&mut self) {
        self.stops.clear();
    }

    /// The controller was away until `now`: nobody is accused of silence in that time.
    pub fn resume(&mut self, patience: &Patience, now: TimeMs) {
        self.excused = now.plus(patience.grace_ms);
    }

    /// A heartbeat arrived.
    pub fn beat(&mut self, patience: &Patience, beat: Beat, now: TimeMs) -> Option<Change> {
        self.last_beat = self.last_beat.max(now);
        match beat {
            Beat::Well => {
                self.bad = None;
                self.last_well = self.last_well.max(now);
                self.well(patience, now)
            }
            Beat::Bad => {
                let (first, count) = self.bad.unwrap_or((now, 0));
                let count = count.saturating_add(1);
                self.bad = Some((first, count));
                (count >= patience.bad_beats)
                    .then(|| self.stop(patience, Some(first)))
                    .flatten()
            }
        }
    }

    /// Time has passed.
    pub fn tick(&mut self, patience: &Patience, now: TimeMs) -> Option<Change> {
        let silence = now.since(self.last_beat.max(self.excused));
        if silence >= patience.silent_ms {
            return self.stop(patience, None);
        }
        match self.phase {
            Phase::Well if silence >= patience.suspect_ms => {
                self.phase = Phase::Suspected;
                Some(Change::Suspected)
            }
            Phase::Recovering { since, .. } if now.since(since) >= self.calm(patience) => {
                if self.is_flapping(patience) {
                    self.stops.clear();
                }
                self.phase = Phase::Well;
                Some(Change::Resolved)
            }
            Phase::Well | Phase::Suspected | Phase::Stopped(_) | Phase::Recovering { .. } => None,
        }
    }

    fn well(&mut self, patience: &Patience, now: TimeMs) -> Option<Change> {
        match self.phase {
            Phase::Well | Phase::Recovering { .. } => self.tick(patience, now),
            Phase::Suspected => {
                self.phase = Phase::Well;
                Some(Change::Cleared)
            }
            Phase::Stopped(from) => {
                self.phase = Phase::Recovering { from, since: now };
                Some(Change::Recovering)
            }
        }
    }

    fn stop(&mut self, patience: &Patience, stopped: Option<TimeMs>) -> Option<Change> {
        let last_proof = self.last_well;
        let change = match self.phase {
            Phase::Stopped(_) => return None,
            Phase::Recovering { .. } => Change::Relapsed,
            Phase::Well | Phase::Suspected => Change::Stopped {
                last_proof,
                stopped,
            },
        };
        self.phase = Phase::Stopped(Stop {
            last_proof,
            stopped,
        });
        self.stops.push_back(stopped.unwrap_or(self.last_beat));
        if self.stops.len() > patience.flaps {
            self.stops.pop_front();
        }
        Some(change)
    }

    /// How long it must be well.
    fn calm(&self, patience: &Patience) -> Millis {
        if self.is_flapping(patience) {
            patience.calm_ms
        } else {
            patience.stable_ms
        }
    }
}

/// Whether it is the controller that lost its sites rather than the sites that stopped: most fell
/// silent within a minute of each other, and the controller's own check of its network fails.
/// `silent_since` are the times of the last heartbeats of those that are silent.
#[must_use]
pub fn is_own_outage(silent_since: &[TimeMs], sites: usize, network_is_well: bool) -> bool {
    let mut times = silent_since.to_vec();
    times.sort_unstable();
    let most = sites.saturating_mul(3).div_ceil(5).max(2);
    let together = times
        .windows(most)
        .any(|group| match (group.first(), group.last()) {
            (Some(first), Some(last)) => last.since(*first) <= MINUTE,
            _ => false,
        });
    together && !network_is_well
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: TimeMs = TimeMs(1_800_000_000_000);

    fn at(seconds: i64) -> TimeMs {
        START.plus(seconds * SECOND)
    }

    /// Beats and ticks, second by second, from `from` to `to`; what changed, and when.
    fn run(
        device: &mut Liveness,
        (from, to): (i64, i64),
        beat: impl Fn(i64) -> Option<Beat>,
    ) -> Vec<(i64, Change)> {
        let patience = Patience::default();
        let mut changes = Vec::new();
        for second in from..to {
            let heard = beat(second).and_then(|beat| device.beat(&patience, beat, at(second)));
            let ticked = device.tick(&patience, at(second));
            changes.extend(
                heard
                    .into_iter()
                    .chain(ticked)
                    .map(|change| (second, change)),
            );
        }
        changes
    }

    fn every_20_s(beat: Beat) -> impl Fn(i64) -> Option<Beat> {
        move |second| (second % 20 == 0).then_some(beat)
    }

    #[test]
    fn silence_is_suspected_and_then_a_stop_since_the_last_proof() {
        let mut device = Liveness::new(START);
        assert_eq!(run(&mut device, (0, 101), every_20_s(Beat::Well)), []);
        let changes = run(&mut device, (101, 400), |_| None);
        let stopped = Change::Stopped {
            last_proof: at(100),
            stopped: None,
        };
        assert_eq!(changes, [(150, Change::Suspected), (220, stopped)]);
    }

    #[test]
    fn a_blip_opens_nothing() {
        let mut device = Liveness::new(START);
        let beat = |second| matches!(second, 0 | 90 | 110).then_some(Beat::Well);
        let changes = run(&mut device, (0, 120), beat);
        assert_eq!(changes, [(50, Change::Suspected), (90, Change::Cleared)]);
    }

    #[test]
    fn two_bad_reports_are_a_stop_since_the_first_of_them() {
        let mut device = Liveness::new(START);
        run(&mut device, (0, 61), every_20_s(Beat::Well));
        let changes = run(&mut device, (61, 200), every_20_s(Beat::Bad));
        let stopped = Change::Stopped {
            last_proof: at(60),
            stopped: Some(at(80)),
        };
        assert_eq!(changes, [(100, stopped)]);
    }

    #[test]
    fn recovery_is_proved_by_three_minutes_and_a_relapse_is_the_same_stop() {
        let mut device = Liveness::new(START);
        run(&mut device, (0, 300), |_| None);
        let changes = run(&mut device, (300, 400), every_20_s(Beat::Well));
        assert_eq!(changes, [(300, Change::Recovering)]);
        let changes = run(&mut device, (400, 441), every_20_s(Beat::Bad));
        assert_eq!(changes, [(420, Change::Relapsed)]);
        let changes = run(&mut device, (441, 700), every_20_s(Beat::Well));
        assert_eq!(
            changes,
            [(460, Change::Recovering), (640, Change::Resolved)]
        );
    }

    #[test]
    fn a_device_that_flaps_is_one_stop_until_it_is_calm_for_half_an_hour() {
        let mut device = Liveness::new(START);
        let flapping = |second: i64| {
            let beat = if second / 120 % 2 == 0 {
                Beat::Well
            } else {
                Beat::Bad
            };
            (second % 20 == 0).then_some(beat)
        };
        let changes = run(&mut device, (0, 2_400), flapping);
        let opened = |change: &&(i64, Change)| matches!(change.1, Change::Stopped { .. });
        assert_eq!(changes.iter().filter(opened).count(), 1);
        assert!(
            !changes
                .iter()
                .any(|(_, change)| *change == Change::Resolved)
        );
        let calm = run(&mut device, (2_400, 6_000), every_20_s(Beat::Well));
        assert_eq!(calm.last(), Some(&(4_200, Change::Resolved)));
    }

    /// Stops of a minute each, beginning at these seconds.
    fn dark(from: &'static [i64]) -> impl Fn(i64) -> Option<Beat> {
        move |second| {
            let is_dark = from
                .iter()
                .any(|begin| (*begin..begin + 60).contains(&second));
            let beat = if is_dark { Beat::Bad } else { Beat::Well };
            (second % 20 == 0).then_some(beat)
        }
    }

    #[test]
    fn stops_that_are_far_apart_are_no_flapping() {
        let mut device = Liveness::new(START);
        // Three within eighty minutes, no three within sixty.
        let changes = run(&mut device, (0, 6_000), dark(&[100, 2_400, 4_800]));
        assert_eq!(changes.last(), Some(&(5_040, Change::Resolved)));
    }

    #[test]
    fn what_was_calm_for_long_enough_begins_anew() {
        let mut device = Liveness::new(START);
        let changes = run(&mut device, (0, 6_000), dark(&[100, 500, 900, 3_000]));
        let resolved = |change: &&(i64, Change)| change.1 == Change::Resolved;
        let times: Vec<i64> = changes.iter().filter(resolved).map(|one| one.0).collect();
        assert_eq!(times, [340, 740, 2_760, 3_240], "half an hour once");
    }

    #[test]
    fn what_people_have_closed_does_not_count_for_the_next_stop() {
        let mut device = Liveness::new(START);
        run(&mut device, (0, 900), dark(&[100, 500]));
        device.forgive();
        let changes = run(&mut device, (900, 2_000), dark(&[960]));
        assert_eq!(changes.last(), Some(&(1_200, Change::Resolved)));
        assert_eq!(device.calm_at(&Patience::default()), None);
    }

    #[test]
    fn after_the_controller_was_away_nobody_is_accused_of_that_time() {
        let mut device = Liveness::new(START);
        run(&mut device, (0, 60), every_20_s(Beat::Well));
        device.resume(&Patience::default(), at(2_460));
        let changes = run(&mut device, (2_460, 2_700), |second| {
            (second >= 2_500 && second % 20 == 0).then_some(Beat::Well)
        });
        assert_eq!(changes, []);
        let mut gone = Liveness::new(START);
        gone.resume(&Patience::default(), at(2_460));
        let changes = run(&mut gone, (2_460, 2_700), |_| None);
        let stopped = Change::Stopped {
            last_proof: START,
            stopped: None,
        };
        assert_eq!(changes.last(), Some(&(2_640, stopped)));
    }

    #[test]
    fn most_sites_gone_at_once_is_our_own_network_only_if_that_fails() {
        let together: Vec<TimeMs> = (0..6).map(at).collect();
        assert!(is_own_outage(&together, 10, false));
        assert!(!is_own_outage(&together, 10, true));
        assert!(!is_own_outage(&together, 11, false));
        let apart: Vec<TimeMs> = (0..6).map(|n| at(n * 61)).collect();
        assert!(!is_own_outage(&apart, 10, false));
        assert!(!is_own_outage(&[at(0)], 1, false));
    }
}
