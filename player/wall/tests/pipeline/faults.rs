//! Media that is broken in one way or another costs its own slot and nothing else.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use cotmoc_wall::pipeline::{Cue, Engine, EngineEvent, Medium, OpenMedium, Showing};

use crate::support::media::{Clip, still};
use crate::support::wall::{
    Hole, SECOND, STANDBY_ITEM, Wall, ZONE, late_part, medium, medium_read_by,
};

/// Good, bad, good: the bad one is reported by `code` and both good ones fill their slots.
fn costs_only_its_slot(code: &str, bad: impl FnOnce(&Wall) -> Medium) {
    let mut wall = Wall::start();
    let good = Clip::h264(1, 2000).make(wall.path());
    let bad = bad(&wall);
    let starts = wall.soon(2 * SECOND);
    let first = wall.cue_of(&good, starts, 2 * SECOND);
    let broken = wall.cue_reading(bad, first.ends_at_ns, 2 * SECOND);
    let last = wall.cue_of(&good, broken.ends_at_ns, 2 * SECOND);
    for cue in [&first, &broken, &last] {
        wall.engine.cue(ZONE, cue.clone()).unwrap();
    }
    assert_eq!(wall.wait_for_fault_of(&broken), code);
    wall.wait_for_end_of(&first);
    wall.wait_for_end_of(&last);

    assert_fills_its_slot(&wall, &first);
    assert_fills_its_slot(&wall, &last);
    assert!(wall.seen().iter().all(|s| !s.black && s.stamp.is_some()));
    wall.stop();
}

fn assert_fills_its_slot(wall: &Wall, cue: &Cue) {
    let seen = wall.seen_in(cue.starts_at_ns, cue.ends_at_ns);
    assert!(!seen.is_empty());
    assert!(seen.iter().all(|s| s.showing == Showing::Cue(cue.id)));
}

fn bytes_as_medium(wall: &Wall, name: &str, bytes: &[u8]) -> Medium {
    let path = wall.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    medium(&path)
}

fn clip_bytes(wall: &Wall, millis: u32) -> Vec<u8> {
    std::fs::read(Clip::h264(2, millis).make(wall.path())).unwrap()
}

#[test]
fn an_empty_file_is_reported_as_empty() {
    costs_only_its_slot("empty", |wall| bytes_as_medium(wall, "zero.mp4", b""));
}

#[test]
fn bytes_that_are_no_medium_are_reported_as_undecodable() {
    let noise: Vec<u8> = (0..200_000u32)
        .map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    costs_only_its_slot("undecodable", |wall| {
        bytes_as_medium(wall, "noise.mp4", &noise)
    });
}

#[test]
fn a_still_that_is_no_picture_is_reported_as_undecodable() {
    costs_only_its_slot("undecodable", |wall| {
        bytes_as_medium(wall, "noise.png", &[7; 5000])
    });
}

#[test]
fn a_broken_still_is_reported_as_undecodable() {
    costs_only_its_slot("undecodable", |wall| {
        let path = still(2, "half.png", wall.path());
        let bytes = std::fs::read(path).unwrap();
        bytes_as_medium(wall, "half2.png", &bytes[..bytes.len() / 8])
    });
}

#[test]
fn a_file_without_pictures_is_reported_as_undecodable() {
    costs_only_its_slot("undecodable", |wall| {
        let path = wall.path().join("sound.mp4");
        let made = std::process::Command::new("ffmpeg")
            .args([
                "-v",
                "error",
                "-f",
                "lavfi",
                "-i",
                "sine=frequency=440:duration=2",
            ])
            .args(["-c:a", "aac"])
            .arg(&path)
            .status();
        assert!(made.unwrap().success());
        medium(&path)
    });
}

#[test]
fn a_video_that_no_decoder_can_play_is_reported_as_undecodable() {
    costs_only_its_slot("undecodable", |wall| {
        let mut bytes = clip_bytes(wall, 2000);
        let codec = bytes.windows(4).rposition(|w| w == b"avc1").unwrap();
        bytes[codec..codec + 4].copy_from_slice(b"zzzz");
        bytes_as_medium(wall, "unknown.mp4", &bytes)
    });
}

#[test]
fn a_picture_that_would_unfold_to_gigabytes_is_never_unfolded() {
    costs_only_its_slot("undecodable", |wall| {
        let path = wall.path().join("bomb.jpg");
        let made = std::process::Command::new("ffmpeg")
            .args(["-v", "error", "-y", "-f", "lavfi"])
            .args([
                "-i",
                "color=black:s=9000x8000",
                "-frames:v",
                "1",
                "-pix_fmt",
                "yuvj420p",
            ])
            .arg(&path)
            .status();
        assert!(made.unwrap().success());
        medium(&path)
    });
}

#[test]
fn a_file_that_cannot_be_opened_is_reported_as_unreadable() {
    costs_only_its_slot("unreadable", |wall| {
        let path = Clip::h264(2, 500).make(wall.path());
        let gone: OpenMedium = Arc::new(|| Err(io::Error::from(io::ErrorKind::NotFound)));
        medium_read_by(&path, gone)
    });
}

#[test]
fn a_reader_that_refuses_its_first_bytes_is_reported_as_an_integrity_fault() {
    costs_only_its_slot("integrity", |wall| {
        let path = Clip::h264(2, 2000).make(wall.path());
        medium_read_by(&path, refusing(&path, 0..u64::MAX))
    });
}

#[test]
fn a_file_shorter_than_announced_is_reported_as_an_integrity_fault() {
    costs_only_its_slot("integrity", |wall| {
        let bytes = clip_bytes(wall, 2000);
        let mut medium = bytes_as_medium(wall, "short.mp4", &bytes[..bytes.len() / 8]);
        medium.size_bytes = u64::try_from(bytes.len()).unwrap();
        medium
    });
}

fn refusing(path: &Path, bytes: Range<u64>) -> OpenMedium {
    let path = path.to_owned();
    Arc::new(move || {
        Ok(Box::new(Hole {
            file: File::open(&path)?,
            bytes: bytes.clone(),
            then: || {
                Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    "chunk 3 does not match",
                ))
            },
        }))
    })
}

/// Plays a long clip alone until it breaks; returns the wall, the cue, and its fault's code.
fn breaks_on_air(medium_of: impl FnOnce(&Path) -> Medium) -> (Wall, Cue, &'static str) {
    let mut wall = Wall::start();
    let path = Clip::h264(3, 12_000).noisy().make(wall.path());
    let cue = wall.cue_reading(medium_of(&path), wall.soon(2 * SECOND), 12 * SECOND);
    wall.engine.cue(ZONE, cue.clone()).unwrap();
    wall.wait_for_start_of(&cue);
    let code = wall.wait_for_fault_of(&cue);
    (wall, cue, code)
}

#[test]
fn a_hash_mismatch_on_air_is_reported_and_followed_by_the_standby_picture() {
    let (mut wall, cue, code) =
        breaks_on_air(|path| medium_read_by(path, refusing(path, late_part(path))));
    assert_eq!(code, "integrity");
    let ended = wall.wait_for_end_of(&cue);
    assert!(matches!(ended, EngineEvent::Ended { lost, .. } if lost > 0));
    wall.wait_for(
        "standby",
        |e| matches!(e, EngineEvent::Standby { at_ns, .. } if *at_ns > cue.starts_at_ns),
    );
    let last = *wall.seen().last().unwrap();
    assert_eq!(last.stamp.unwrap().item, STANDBY_ITEM);
    assert!(wall.seen().iter().all(|s| !s.black && s.stamp.is_some()));
    wall.stop();
}

#[test]
fn a_truncated_file_is_reported_as_truncated() {
    let (mut wall, cue, code) = breaks_on_air(|path| {
        let bytes = std::fs::read(path).unwrap();
        let half: PathBuf = path.with_file_name("half.mp4");
        std::fs::write(&half, &bytes[..bytes.len() / 2]).unwrap();
        medium(&half)
    });
    assert_eq!(code, "truncated");
    wall.wait_for_end_of(&cue);
    assert!(wall.seen().iter().all(|s| !s.black && s.stamp.is_some()));
    wall.stop();
}

#[test]
fn a_fault_on_air_is_followed_at_once_by_the_next_cue_when_that_is_decoded() {
    let mut wall = Wall::start();
    let path = Clip::h264(3, 8000).noisy().make(wall.path());
    let broken = medium_read_by(&path, refusing(&path, late_part(&path)));
    let next = still(4, "next.png", wall.path());
    let first = wall.cue_reading(broken, wall.soon(2 * SECOND), 8 * SECOND);
    let second = wall.cue_of(&next, first.ends_at_ns, SECOND);
    wall.engine.cue(ZONE, first.clone()).unwrap();
    wall.engine.cue(ZONE, second.clone()).unwrap();
    assert_eq!(wall.wait_for_fault_of(&first), "integrity");
    let started = wall.wait_for_start_of(&second);

    assert!(matches!(started, EngineEvent::Started { at_ns, .. } if at_ns < first.ends_at_ns));
    let after = wall.seen_in(first.starts_at_ns, second.ends_at_ns);
    assert!(
        after
            .iter()
            .all(|s| matches!(s.showing, Showing::Cue(_)) && !s.black)
    );
    wall.stop();
}

/// A reader that never comes back from `bytes`, until the test ends.
fn blocking(path: &Path, bytes: Range<u64>) -> OpenMedium {
    let path = path.to_owned();
    Arc::new(move || {
        Ok(Box::new(Hole {
            file: File::open(&path)?,
            bytes: bytes.clone(),
            then: || loop {
                std::thread::park();
            },
        }))
    })
}

#[test]
fn a_reader_that_blocks_for_ever_before_its_slot_costs_only_its_slot_and_the_engine_still_stops() {
    let mut wall = Wall::start_with(|config| {
        config.patience.preroll_limit = Duration::from_secs(2);
        config.patience.leaked_after = Duration::from_millis(500);
    });
    let good = Clip::h264(1, 2000).make(wall.path());
    let starts = wall.soon(2 * SECOND);
    let stuck = medium_read_by(&good, blocking(&good, 0..u64::MAX));
    let stuck = wall.cue_reading(stuck, starts, 4 * SECOND);
    let next = wall.cue_of(&good, stuck.ends_at_ns, 2 * SECOND);
    wall.engine.cue(ZONE, stuck.clone()).unwrap();
    wall.engine.cue(ZONE, next.clone()).unwrap();
    assert_eq!(wall.wait_for_fault_of(&stuck), "not-ready");
    wall.wait_for("the leak", |e| {
        matches!(e, EngineEvent::Leaked { count: 1 })
    });
    wall.wait_for_end_of(&next);
    assert_fills_its_slot(&wall, &next);
    assert_eq!(wall.engine.status().leaked, 1);
    assert!(Engine::stop(wall.engine, Duration::from_secs(5)).is_err());
}

#[test]
fn a_reader_that_blocks_on_air_is_reported_as_stalled() {
    let mut wall = Wall::start_with(|config| config.patience.stall_after = Duration::from_secs(1));
    let path = Clip::h264(3, 8000).noisy().make(wall.path());
    let stuck = medium_read_by(&path, blocking(&path, late_part(&path)));
    let cue = wall.cue_reading(stuck, wall.soon(2 * SECOND), 12 * SECOND);
    wall.engine.cue(ZONE, cue.clone()).unwrap();
    assert_eq!(wall.wait_for_fault_of(&cue), "stalled");
    let next = wall.cue_of(
        &still(4, "next.png", wall.path()),
        wall.engine.now_ns(),
        60 * SECOND,
    );
    wall.engine.cut(ZONE, next.clone()).unwrap();
    wall.wait_for_start_of(&next);
    assert!(wall.seen().iter().all(|s| !s.black && s.stamp.is_some()));
    wall.wait_until_true("only the reader is left", || {
        wall.engine.status().leaked == 0
    });
    assert!(Engine::stop(wall.engine, Duration::from_secs(2)).is_err());
}
