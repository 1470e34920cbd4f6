//! Judges a record of items that each have a tone of their own: silence between two of them, holes
//! inside one, and pops.

use super::RATE;
use crate::bench::{quantile, sorted, tenths};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Shorter silence cannot be told from the sound's own zero.
const SILENCE: usize = RATE / 1000;
/// So much sound is needed to tell its tone.
const TONE: usize = RATE / 20;
/// Tones differ by more than twice as much, in Hz.
const NEAR_HZ: f64 = 12.0;
/// A step between two samples, as a share of the loudest, that no tone makes.
const POP_SHARE: f64 = 0.35;

/// What was heard.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Heard {
    /// Silence between two items that follow each other and both sound, in milliseconds, sorted.
    pub gaps_ms: Vec<f64>,
    /// Silence inside items.
    pub holes: u64,
    pub hole_max_ms: f64,
    pub pops: u64,
}

impl Heard {
    #[must_use]
    pub fn gap(&self, share: f64) -> f64 {
        quantile(&self.gaps_ms, share)
    }

    /// For people.
    #[must_use]
    pub fn line(&self) -> String {
        format!(
            "{} seams of sound: silence median {:.1}, max {:.1} ms; {} holes inside items (max {:.1} ms); {} pops",
            self.gaps_ms.len(),
            self.gap(0.5),
            self.gap(1.0),
            self.holes,
            self.hole_max_ms,
            self.pops
        )
    }

    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({
            "seams": self.gaps_ms.len(),
            "gap_median_ms": tenths(self.gap(0.5)),
            "gap_p95_ms": tenths(self.gap(0.95)),
            "gap_max_ms": tenths(self.gap(1.0)),
            "holes_inside": self.holes,
            "hole_max_ms": tenths(self.hole_max_ms),
            "pops": self.pops,
        })
    }
}

/// Judges `samples` of items with `tones`, in Hz; `pairs` are the tones that follow each other
/// without an item that has none.
#[must_use]
pub fn judge(samples: &[i16], tones: &[f64], pairs: &[(f64, f64)]) -> Heard {
    let loudest = samples.iter().map(|s| s.unsigned_abs()).max().unwrap_or(0);
    let silent = (loudest / 500).max(3);
    let mut heard = Heard::default();
    let mut before: Option<(usize, f64)> = None;
    for (from, until) in stretches(samples, silent) {
        let Some(stretch) = samples.get(from..until) else {
            continue;
        };
        let heard_tones = tones_in(stretch, tones);
        if let (Some((ended, last)), Some(first)) = (before, heard_tones.first()) {
            heard.silence(from - ended, (last, *first), pairs);
        }
        for pair in heard_tones.windows(2) {
            if let [a, b] = pair
                && is_pair(pairs, (*a, *b))
            {
                heard.gaps_ms.push(0.0);
            }
        }
        before = heard_tones.last().map(|last| (until, *last)).or(before);
    }
    heard.gaps_ms = sorted(std::mem::take(&mut heard.gaps_ms));
    heard.pops = pops(samples, f64::from(loudest) * POP_SHARE);
    heard
}

impl Heard {
    fn silence(&mut self, samples: usize, (last, first): (f64, f64), pairs: &[(f64, f64)]) {
        let ms = f64::from(u32::try_from(samples).unwrap_or(u32::MAX)) * 1e3 / 48_000.0;
        if is_pair(pairs, (last, first)) {
            self.gaps_ms.push(ms);
        } else if (last - first).abs() < NEAR_HZ {
            self.holes += 1;
            self.hole_max_ms = self.hole_max_ms.max(ms);
        }
    }
}

fn is_pair(pairs: &[(f64, f64)], (a, b): (f64, f64)) -> bool {
    let near = |x: f64, y: f64| (x - y).abs() < NEAR_HZ;
    pairs.iter().any(|(c, d)| near(a, *c) && near(b, *d))
}

/// Where it sounds, from sample to sample, with silence in between.
fn stretches(samples: &[i16], silent: u16) -> Vec<(usize, usize)> {
    let loud = |(at, sample): (usize, &i16)| (sample.unsigned_abs() > silent).then_some(at);
    let mut stretches: Vec<(usize, usize)> = Vec::new();
    for at in samples.iter().enumerate().filter_map(loud) {
        match stretches.last_mut() {
            Some((_, until)) if at < *until + SILENCE => *until = at + 1,
            Some(_) | None => stretches.push((at, at + 1)),
        }
    }
    stretches
}

/// The tones of a stretch of sound in their order, each once.
fn tones_in(stretch: &[i16], tones: &[f64]) -> Vec<f64> {
    let mut found: Vec<f64> = Vec::new();
    for part in stretch.chunks_exact(TONE) {
        let Some(hz) = frequency(part) else { continue };
        let known = tones.iter().find(|tone| (*tone - hz).abs() < NEAR_HZ);
        if let Some(tone) = known
            && found
                .last()
                .is_none_or(|last| (last - tone).abs() > NEAR_HZ)
        {
            found.push(*tone);
        }
    }
    found
}

/// From the first to the last time that the wave rises through zero.
fn frequency(part: &[i16]) -> Option<f64> {
    let rising = part.windows(2).enumerate();
    let rising = rising.filter(|(_, pair)| matches!(pair, [a, b] if *a < 0 && *b >= 0));
    let places: Vec<usize> = rising.map(|(at, _)| at).collect();
    let (first, last) = (places.first()?, places.last()?);
    let number = |count: usize| u32::try_from(count).ok().map(f64::from);
    let (waves, samples) = (number(places.len() - 1)?, number(last - first)?);
    (waves >= 8.0).then(|| waves * 48_000.0 / samples)
}

/// Steps that no tone makes; several within a millisecond are one pop.
fn pops(samples: &[i16], limit: f64) -> u64 {
    let mut pops = 0;
    let mut quiet_until = 0;
    for (at, pair) in samples.windows(2).enumerate() {
        if let [a, b] = pair
            && f64::from((i32::from(*b) - i32::from(*a)).abs()) > limit
            && at >= quiet_until
        {
            pops += 1;
            quiet_until = at + SILENCE;
        }
    }
    pops
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `ms` of a tone of `hz`, beginning and ending at zero.
    #[allow(
        clippy::cast_possible_truncation,
        reason = "a wave far below the limit"
    )]
    fn tone(hz: f64, ms: u32) -> Vec<i16> {
        let wave = |n: u32| (f64::from(n) * hz * std::f64::consts::TAU / 48_000.0).sin();
        (0..ms * 48).map(|n| (wave(n) * 4_000.0) as i16).collect()
    }

    fn record(parts: &[Vec<i16>]) -> Heard {
        let tones = [440.0, 480.0, 560.0];
        judge(&parts.concat(), &tones, &[(440.0, 480.0), (560.0, 440.0)])
    }

    #[test]
    fn silence_between_neighbours_is_a_gap_and_an_item_without_sound_is_not() {
        let silence = |ms: usize| vec![0; ms * 48];
        let heard = record(&[
            tone(440.0, 500),
            silence(20),
            tone(480.0, 500),
            silence(500),
            tone(560.0, 500),
            tone(440.0, 500),
        ]);
        assert_eq!(heard.gaps_ms.len(), 2, "{heard:?}");
        assert!(
            heard.gap(0.0) < 0.01 && (heard.gap(1.0) - 20.0).abs() < 0.5,
            "{heard:?}"
        );
        assert_eq!((heard.holes, heard.pops), (0, 0), "{heard:?}");
    }

    #[test]
    fn a_hole_inside_an_item_and_a_pop_are_told() {
        let mut cut = tone(480.0, 500);
        cut.truncate(500 * 48 - 25);
        let heard = record(&[
            tone(440.0, 300),
            vec![0; 480],
            tone(440.0, 300),
            cut,
            vec![0; 4_800],
            tone(560.0, 300),
        ]);
        assert_eq!(heard.holes, 1, "{heard:?}");
        assert!((heard.hole_max_ms - 10.0).abs() < 0.5, "{heard:?}");
        assert_eq!(heard.pops, 1, "{heard:?}");
    }

    #[test]
    fn nothing_at_all_is_no_seam() {
        assert!(record(&[vec![0; 48_000]]).gaps_ms.is_empty());
    }
}
