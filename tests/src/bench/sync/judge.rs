//! Compares when two walls showed the same frame.

use super::wall::{Seen, Shown};
use crate::bench::barcode::Stamp;
use crate::bench::{quantile, sorted};
use std::collections::BTreeMap;

/// A wall that joins is given this long after its first frame.
const SETTLE_NS: i64 = 3_000_000_000;
/// Before a wall's end it is not asked any more: the other may already have stopped.
const END_NS: i64 = 1_000_000_000;
const NS_PER_MS: i64 = 1_000_000;

/// How far apart two walls were.
#[derive(Debug, Default)]
pub struct Skew {
    apart_ms: Vec<f64>,
    same_tick: u64,
    pub other_tick: u64,
    /// Frames that only one of the walls showed.
    pub unmatched: u64,
}

impl Skew {
    /// Adds what `steady` and `other` showed at the same time, of a list that begins again after
    /// `round_ms`.
    pub fn compare(&mut self, steady: &Seen, other: &Seen, round_ms: u32) {
        let half_ns = i64::from(round_ms) * NS_PER_MS / 2;
        for (a, b) in pairs(&steady.by_clock, &other.by_clock, half_ns) {
            match b {
                Some(b) => self.apart_ms.push(millis((a.at_ns - b.at_ns).abs())),
                None => self.unmatched += 1,
            }
        }
        for (a, b) in pairs(&steady.by_tick, &other.by_tick, half_ns) {
            match b {
                Some(b) if a.at_ns == b.at_ns => self.same_tick += 1,
                Some(_) | None => self.other_tick += 1,
            }
        }
    }

    /// Ready to be asked.
    #[must_use]
    pub fn sorted(mut self) -> Self {
        self.apart_ms = sorted(std::mem::take(&mut self.apart_ms));
        self
    }

    #[must_use]
    pub const fn frames(&self) -> usize {
        self.apart_ms.len()
    }

    #[must_use]
    pub fn at(&self, share: f64) -> f64 {
        quantile(&self.apart_ms, share)
    }

    /// 1 if every frame was on the same output tick on both.
    #[must_use]
    pub fn same_tick_share(&self) -> f64 {
        let count = |number: u64| f64::from(u32::try_from(number).unwrap_or(u32::MAX));
        let all = self.same_tick + self.other_tick;
        count(self.same_tick) / count(all.max(1))
    }
}

/// Every frame that either showed while both were there, with the other's showing of it.
fn pairs<'s>(
    steady: &'s [Shown],
    other: &'s [Shown],
    half_ns: i64,
) -> Vec<(&'s Shown, Option<&'s Shown>)> {
    let both = common_time(steady, other);
    let forth = partners(steady, other, half_ns);
    let back = partners(other, steady, half_ns);
    let in_both = |(shown, _): &(&Shown, Option<&Shown>)| both.contains(&shown.at_ns);
    let alone = back.into_iter().filter(|(_, partner)| partner.is_none());
    forth.into_iter().chain(alone).filter(in_both).collect()
}

fn common_time(steady: &[Shown], other: &[Shown]) -> std::ops::Range<i64> {
    let ends = |list: &[Shown]| {
        let from_ns = list.first().map_or(i64::MAX, |shown| shown.at_ns);
        let until_ns = list.last().map_or(i64::MIN, |shown| shown.at_ns);
        (from_ns.saturating_add(SETTLE_NS), until_ns)
    };
    let ((from_a, until_a), (from_b, until_b)) = (ends(steady), ends(other));
    from_a.max(from_b)..until_a.min(until_b).saturating_sub(END_NS)
}

/// For each frame of `list` the showing of it among `others` that is nearest in time.
fn partners<'s>(
    list: &'s [Shown],
    others: &'s [Shown],
    half_ns: i64,
) -> Vec<(&'s Shown, Option<&'s Shown>)> {
    let mut by_stamp: BTreeMap<(u8, u16), Vec<&Shown>> = BTreeMap::new();
    for shown in others {
        by_stamp.entry(key(shown.stamp)).or_default().push(shown);
    }
    let nearest = |one: &Shown| {
        let same = by_stamp.get(&key(one.stamp))?.iter().copied();
        let apart = |shown: &&Shown| (shown.at_ns - one.at_ns).abs();
        same.min_by_key(apart)
            .filter(|shown| apart(shown) < half_ns)
    };
    list.iter().map(|one| (one, nearest(one))).collect()
}

/// Frames that `seen` left out inside items, after it had settled.
#[must_use]
pub fn lost(seen: &Seen) -> u64 {
    let settled = seen.by_tick.first().map_or(0, |first| first.at_ns) + SETTLE_NS;
    let pairs = seen.by_tick.windows(2).filter_map(|pair| match pair {
        [a, b] if a.stamp.item == b.stamp.item && a.at_ns > settled => {
            let next = a.stamp.frame.saturating_add(1);
            Some(u64::from(b.stamp.frame.saturating_sub(next)))
        }
        _ => None,
    });
    pairs.sum()
}

const fn key(stamp: Stamp) -> (u8, u16) {
    (stamp.item, stamp.frame)
}

#[allow(clippy::cast_precision_loss, reason = "seconds in nanoseconds")]
fn millis(ns: i64) -> f64 {
    ns as f64 / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    const TICK_NS: i64 = 33_333_333;

    /// 300 frames of item 1 and as many of item 2, twice over.
    fn wall(moved_ns: i64) -> Vec<Shown> {
        let frames = (0..1_200_i64).map(|n| Shown {
            at_ns: n * TICK_NS + moved_ns,
            stamp: Stamp {
                item: if n % 600 < 300 { 1 } else { 2 },
                frame: u16::try_from(n % 300).unwrap(),
            },
        });
        frames.collect()
    }

    fn seen(by_clock: Vec<Shown>) -> Seen {
        Seen {
            by_tick: wall(0),
            by_clock,
            late: 0,
            dropped: 0,
        }
    }

    #[test]
    fn the_same_frame_later_is_skew_and_the_next_round_is_not_taken_for_it() {
        let mut skew = Skew::default();
        skew.compare(&seen(wall(0)), &seen(wall(4_000_000)), 20_000);
        let skew = skew.sorted();
        assert!((skew.at(0.5) - 4.0).abs() < 1e-9 && (skew.at(1.0) - 4.0).abs() < 1e-9);
        assert!(skew.frames() > 1_000);
        assert_eq!(skew.unmatched, 0);
        assert!(skew.same_tick_share() > 0.999_999);
    }

    #[test]
    fn a_frame_that_only_one_showed_and_one_on_another_tick_are_told() {
        let mut clock = wall(0);
        clock.remove(200);
        let mut other = seen(clock);
        other.by_tick[400].at_ns += TICK_NS;
        let mut skew = Skew::default();
        skew.compare(&seen(wall(0)), &other, 20_000);
        assert_eq!((skew.unmatched, skew.other_tick), (1, 1));
    }

    #[test]
    fn what_was_shown_while_the_other_was_away_or_settling_is_not_compared() {
        let late = wall(0).split_off(600);
        let mut skew = Skew::default();
        skew.compare(&seen(wall(0)), &seen(late), 20_000);
        assert!(skew.frames() < 600 && skew.frames() > 400);
        assert_eq!(skew.unmatched, 0);
    }

    #[test]
    fn a_hole_in_the_numbers_is_a_loss_and_a_boundary_is_not() {
        let mut frames = seen(Vec::new());
        assert_eq!(lost(&frames), 0);
        frames.by_tick.drain(250..253);
        assert_eq!(lost(&frames), 3);
    }
}
