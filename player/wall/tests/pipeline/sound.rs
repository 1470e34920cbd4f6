//! What is heard: each item's own sound, in its slot, without a hole where two meet.

use crate::support::media::Clip;
use crate::support::wall::{MS, SECOND, Wall, ZONE};

/// How much of `samples` is a tone of `hz`, by correlation; 1.0 is all of it.
fn share_of(hz: f64, samples: &[i16]) -> f64 {
    let (mut sine, mut cosine, mut power) = (0.0, 0.0, 0.0);
    for (n, sample) in (0u32..).zip(samples) {
        let (value, angle) = (
            f64::from(*sample),
            f64::from(n) * hz * std::f64::consts::TAU / 48_000.0,
        );
        sine += value * angle.sin();
        cosine += value * angle.cos();
        power += value * value;
    }
    let count = f64::from(u32::try_from(samples.len()).unwrap());
    2.0 * (sine * sine + cosine * cosine) / (count * power.max(1.0))
}

pub fn longest_silence(samples: &[i16]) -> usize {
    let runs = samples.split(|s| s.unsigned_abs() > 8);
    runs.map(<[i16]>::len).max().unwrap_or(0)
}

#[test]
fn each_item_sounds_in_its_own_slot_and_the_meter_shows_it() {
    let mut wall = Wall::start();
    let first = Clip::h264(1, 4000).tone(440).make(wall.path());
    let second = Clip::h264(2, 4000).tone(1000).make(wall.path());
    let starts = wall.soon(2 * SECOND);
    let cues = wall.announce(&[first, second], starts, 2 * SECOND);
    wall.wait_for_start_of(&cues[1]);
    wall.wait_until(cues[1].starts_at_ns + SECOND);
    let level = wall.engine.status().level;
    wall.wait_for_end_of(&cues[1]);

    let tone = |from: i64| wall.heard_in(starts + from, starts + from + 500 * MS);
    assert!(share_of(440.0, &tone(500 * MS)) > 0.9);
    assert!(share_of(1000.0, &tone(2500 * MS)) > 0.9);
    assert!(level.peak > 0.05 && level.rms > 0.02, "{level:?}");
    let before = wall.heard_in(0, starts - 10 * MS);
    let early = before.iter().position(|s| *s != 0);
    let early = early.map(|first| {
        (
            before.len() - first,
            before.iter().map(|s| s.unsigned_abs()).max(),
        )
    });
    assert_eq!(
        early, None,
        "samples before the first slot, and the loudest"
    );
    wall.stop();
}

#[test]
fn there_is_no_silence_where_two_items_meet() {
    let mut wall = Wall::start();
    let first = Clip::h264(1, 4000).tone(440).make(wall.path());
    let second = Clip::h264(2, 4000).tone(660).make(wall.path());
    let starts = wall.soon(2 * SECOND);
    let cues = wall.announce(&[first, second], starts, 2 * SECOND);
    wall.wait_for_end_of(&cues[1]);

    let boundary = starts + 2 * SECOND;
    let around = wall.heard_in(boundary - 500 * MS, boundary + 500 * MS);
    assert!(!around.is_empty());
    let silence = longest_silence(&around);
    assert!(silence < 48 * 5, "{silence} silent samples");
    wall.stop();
}

#[test]
fn a_joined_item_sounds_from_where_it_is_joined() {
    let mut wall = Wall::start();
    let path = Clip::h264(1, 8000).tone(440).make(wall.path());
    let cue = wall.cue_of(&path, wall.engine.now_ns() - 3 * SECOND, 8 * SECOND);
    wall.engine.cut(ZONE, cue.clone()).unwrap();
    wall.wait_for_end_of(&cue);
    let heard = wall.heard_in(cue.starts_at_ns + 6 * SECOND, cue.starts_at_ns + 7 * SECOND);
    assert!(share_of(440.0, &heard) > 0.9);
    wall.stop();
}
