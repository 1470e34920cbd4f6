//! Media that are odd, damaged or lie about themselves, each between two good ones: they play, or cost their own slot
//! and say why, and what is beside them is whole.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use cotmoc_wall::pipeline::{Cue, Engine, EngineEvent, Medium, MediumKind, Showing};

use crate::support::media::{Clip, still};
use crate::support::stuck;
use crate::support::wall::{SECOND, Seen, Wall, ZONE, medium};

const ODD_ITEM: u8 = 2;

/// What became of the odd one.
struct Middle {
    /// The code of its fault, if it had one.
    fault: Option<&'static str>,
    seen: Vec<Seen>,
    heard: Vec<i16>,
}

impl Middle {
    #[track_caller]
    fn assert_played(&self) {
        assert_eq!(self.fault, None);
        assert!(!self.seen.is_empty());
        for seen in &self.seen {
            assert_eq!(
                seen.stamp.map(|stamp| stamp.item),
                Some(ODD_ITEM),
                "{seen:?}"
            );
        }
    }
}

/// Good, odd, good: both good ones fill their slots with their own pictures, nothing is black, nothing is lost that
/// the machine did not drop.
fn between_good_ones(odd: impl FnOnce(&Path) -> Medium) -> Middle {
    let mut wall = Wall::start_with(|config| {
        config.patience.preroll_limit = Duration::from_secs(20);
    });
    let middle = show_between(&mut wall, odd);
    wall.stop();
    middle
}

fn show_between(wall: &mut Wall, odd: impl FnOnce(&Path) -> Medium) -> Middle {
    let before = Clip::h264(1, 2000).tone(440).make(wall.path());
    let after = still(3, "after.png", wall.path());
    let odd = odd(wall.path());
    let first = wall.cue_of(&before, wall.soon(2 * SECOND), 2 * SECOND);
    let middle = wall.cue_reading(odd, first.ends_at_ns, 3 * SECOND);
    let last = wall.cue_of(&after, middle.ends_at_ns, 2 * SECOND);
    for cue in [&first, &middle, &last] {
        wall.engine.cue(ZONE, cue.clone()).unwrap();
    }
    let mut lost = 0;
    for good in [&first, &last] {
        match wall.wait_for_end_of(good) {
            EngineEvent::Ended { lost: more, .. } => lost += more,
            other => panic!("{other:?}"),
        }
    }
    assert!(lost <= wall.engine.status().frames_dropped, "{lost} lost");
    assert_own_pictures(wall, &first, 1);
    assert_own_pictures(wall, &last, 3);
    assert!(wall.seen().iter().all(|seen| !seen.black));
    let in_slot = wall.seen_in(middle.starts_at_ns, middle.ends_at_ns);
    let own = |seen: &Seen| seen.showing == Showing::Cue(middle.id);
    Middle {
        fault: fault_of(wall, &middle),
        seen: in_slot.into_iter().filter(own).collect(),
        heard: wall.heard_in(
            middle.starts_at_ns + SECOND / 2,
            middle.ends_at_ns - 2 * SECOND,
        ),
    }
}

fn assert_own_pictures(wall: &Wall, cue: &Cue, item: u8) {
    let seen = wall.seen_in(cue.starts_at_ns, cue.ends_at_ns);
    assert!(!seen.is_empty());
    for seen in seen {
        assert_eq!(seen.showing, Showing::Cue(cue.id));
        assert_eq!(seen.stamp.map(|stamp| stamp.item), Some(item));
    }
}

fn fault_of(wall: &Wall, cue: &Cue) -> Option<&'static str> {
    wall.events().iter().find_map(|event| match event {
        EngineEvent::Fault { cue: of, fault, .. } if *of == cue.id => Some(fault.code()),
        _ => None,
    })
}

fn clip(millis: u32) -> Clip {
    Clip::h264(ODD_ITEM, millis)
}

fn as_video(path: &Path, mime: &str) -> Medium {
    Medium {
        kind: MediumKind::Video,
        mime: mime.to_owned(),
        ..medium(path)
    }
}

/// Lets ffmpeg make one file of others.
fn remade(inputs: &[&Path], arguments: &[&str], name: &str) -> PathBuf {
    let path = inputs[0].with_file_name(name);
    let mut ffmpeg = Command::new("ffmpeg");
    ffmpeg.args(["-v", "error", "-y"]);
    for input in inputs {
        ffmpeg.arg("-i").arg(input);
    }
    let made = ffmpeg.args(arguments).arg(&path).status();
    assert!(made.unwrap().success(), "{arguments:?}");
    path
}

fn fill_with_noise(bytes: &mut [u8]) {
    let mut seed = 0x9E37_79B9u32;
    for byte in bytes {
        seed ^= seed << 13;
        seed ^= seed >> 17;
        seed ^= seed << 5;
        *byte = seed.to_le_bytes()[3];
    }
}

fn with_bytes(path: &Path, name: &str, change: impl FnOnce(&mut Vec<u8>)) -> PathBuf {
    let mut bytes = std::fs::read(path).unwrap();
    change(&mut bytes);
    let changed = path.with_file_name(name);
    std::fs::write(&changed, bytes).unwrap();
    changed
}

#[test]
fn a_file_cut_off_in_the_middle_plays_as_far_as_it_goes_and_is_reported_as_truncated() {
    let middle = between_good_ones(|folder| {
        let whole = clip(3000).noisy().make(folder);
        let half = with_bytes(&whole, "half.mp4", |bytes| bytes.truncate(bytes.len() / 2));
        medium(&half)
    });
    assert_eq!(middle.fault, Some("truncated"));
    assert!(middle.seen.len() > 15, "{}", middle.seen.len());
}

#[test]
fn a_file_whose_pictures_are_noise_spoils_nothing_beside_it() {
    let middle = between_good_ones(|folder| {
        let whole = clip(3000).noisy().make(folder);
        medium(&with_bytes(&whole, "spoilt.mp4", |bytes| {
            let from = bytes.len() / 4;
            fill_with_noise(&mut bytes[from..]);
        }))
    });
    assert!(middle.fault.is_some() || !middle.seen.is_empty());
}

#[test]
fn a_file_without_bytes_costs_its_slot() {
    let middle = between_good_ones(|folder| {
        let path = folder.join("nothing.mp4");
        std::fs::write(&path, b"").unwrap();
        medium(&path)
    });
    assert_eq!(middle.fault, Some("empty"));
}

#[test]
fn a_picture_that_is_called_a_video_costs_its_slot() {
    let middle = between_good_ones(|folder| as_video(&still(2, "still.png", folder), "video/mp4"));
    assert_eq!(middle.fault, Some("undecodable"));
}

#[test]
fn a_video_that_is_called_a_picture_costs_its_slot() {
    let middle = between_good_ones(|folder| Medium {
        kind: MediumKind::Still,
        mime: "image/png".to_owned(),
        ..medium(&clip(1000).make(folder))
    });
    assert_eq!(middle.fault, Some("undecodable"));
}

#[test]
fn a_video_of_more_pixels_than_any_wall_has_is_never_decoded() {
    let middle = between_good_ones(|folder| {
        let small = clip(1000).make(folder);
        let huge = [
            "-frames:v",
            "1",
            "-vf",
            "scale=9000:8000",
            "-preset",
            "ultrafast",
        ];
        medium(&remade(&[&small], &huge, "huge.mp4"))
    });
    assert_eq!(middle.fault, Some("undecodable"));
    assert!(middle.seen.is_empty());
}

#[test]
fn ten_bit_h264_plays() {
    between_good_ones(|folder| medium(&clip(3000).format("yuv420p10le").make(folder)))
        .assert_played();
}

#[test]
fn ten_bit_h265_plays() {
    let ten_bit = |folder: &Path| {
        let clip = clip(3000).codec("libx265").format("yuv420p10le");
        medium(&clip.make(folder))
    };
    between_good_ones(ten_bit).assert_played();
}

#[test]
fn pictures_at_changing_intervals_each_come_at_their_time() {
    let middle = between_good_ones(|folder| {
        let even = clip(3000).make(folder);
        let uneven = [
            "-vf",
            "select=not(mod(n\\,3))+lt(n\\,30)",
            "-fps_mode",
            "vfr",
        ];
        medium(&remade(&[&even], &uneven, "uneven.mp4"))
    });
    middle.assert_played();
    let start = middle.seen[0].at_ns;
    let mut behind = 0;
    for seen in &middle.seen {
        let tick = (seen.at_ns - start + SECOND / 60) * 30 / SECOND;
        let due = if tick < 30 { tick } else { tick / 3 * 3 };
        let shown = i64::from(seen.stamp.unwrap().frame);
        assert!(shown <= due, "frame {shown} on tick {tick}");
        behind += usize::from(shown < due);
    }
    assert!(behind * 10 <= middle.seen.len(), "{behind} behind");
}

#[test]
fn a_file_whose_index_is_at_its_end_plays() {
    let index_last = |folder: &Path| {
        let first = clip(3000).make(folder);
        let last = remade(&[&first], &["-c", "copy"], "index-last.mp4");
        let bytes = std::fs::read(&last).unwrap();
        let at = |name: &[u8]| bytes.windows(4).position(|four| four == name).unwrap();
        assert!(at(b"moov") > at(b"mdat"));
        medium(&last)
    };
    between_good_ones(index_last).assert_played();
}

#[test]
fn a_video_without_sound_plays_in_silence() {
    let middle = between_good_ones(|folder| medium(&clip(3000).make(folder)));
    middle.assert_played();
    assert!(middle.heard.iter().all(|sample| *sample == 0));
}

#[test]
fn sound_for_six_loudspeakers_is_heard_from_two() {
    let middle = between_good_ones(|folder| {
        let stereo = clip(3000).tone(440).make(folder);
        let six = ["-c:v", "copy", "-c:a", "aac", "-ac", "6"];
        medium(&remade(&[&stereo], &six, "six.mp4"))
    });
    middle.assert_played();
    assert!(
        middle
            .heard
            .iter()
            .any(|sample| sample.unsigned_abs() > 500)
    );
}

#[test]
fn a_header_that_promises_a_day_plays_as_far_as_it_goes_and_is_reported_as_truncated() {
    let middle = between_good_ones(|folder| {
        let honest = clip(1000).make(folder);
        let vp8 = ["-c:v", "libvpx", "-b:v", "1M", "-deadline", "realtime"];
        let honest = remade(&[&honest], &vp8, "honest.webm");
        let lying = with_bytes(&honest, "lying.webm", |bytes| {
            // The duration: a number of eight bytes, in milliseconds.
            let duration = [0x44, 0x89, 0x88];
            let at = bytes
                .windows(3)
                .position(|three| three == duration)
                .unwrap()
                + 3;
            bytes[at..at + 8].copy_from_slice(&86_400_000f64.to_be_bytes());
        });
        as_video(&lying, "video/webm")
    });
    assert_eq!(middle.fault, Some("truncated"));
    assert!(middle.seen.len() > 15, "{}", middle.seen.len());
}

#[test]
fn a_header_that_promises_weeks_and_contradicts_its_tracks_costs_its_slot() {
    let middle = between_good_ones(|folder| {
        let honest = clip(1000).make(folder);
        medium(&with_bytes(&honest, "lying.mp4", |bytes| {
            let name = bytes.windows(4).position(|four| four == b"mvhd").unwrap();
            bytes[name + 20..name + 24].copy_from_slice(&0x7fff_fff0u32.to_be_bytes());
        }))
    });
    assert_eq!(middle.fault, Some("undecodable"));
}

#[test]
fn pictures_that_change_their_size_in_the_stream_go_on() {
    let changing = |folder: &Path| {
        let part = |name: &str, size: (usize, usize)| {
            let clip = clip(1500).size(size.0, size.1).make(folder);
            let vp8 = ["-c:v", "libvpx", "-b:v", "1M", "-deadline", "realtime"];
            remade(&[&clip], &vp8, name)
        };
        let small = part("small.webm", (320, 180));
        let large = part("large.webm", (640, 360));
        let list = folder.join("list.txt");
        std::fs::write(&list, "file small.webm\nfile large.webm\n").unwrap();
        let path = folder.join("changing.webm");
        let made = Command::new("ffmpeg")
            .args(["-v", "error", "-y", "-f", "concat", "-i"])
            .arg(&list)
            .args(["-c", "copy"])
            .arg(&path)
            .status();
        assert!(made.unwrap().success() && small.exists() && large.exists());
        as_video(&path, "video/webm")
    };
    let middle = between_good_ones(changing);
    middle.assert_played();
    assert!(middle.seen.len() > 60, "{}", middle.seen.len());
}

#[test]
fn a_decoder_that_never_returns_costs_its_slot_and_the_engine_lives_on() {
    stuck::register();
    let mut wall = Wall::start_with(|config| {
        config.patience.preroll_limit = Duration::from_secs(2);
        config.patience.leaked_after = Duration::from_millis(500);
    });
    let middle = show_between(&mut wall, |folder| {
        medium(&clip(3000).codec("mpeg4").size(640, 360).make(folder))
    });
    assert_eq!(middle.fault, Some("not-ready"));
    wall.wait_for("the leak", |e| matches!(e, EngineEvent::Leaked { .. }));
    assert!(Engine::stop(wall.engine, Duration::from_secs(2)).is_err());
}

#[test]
fn a_hardware_decoder_that_hangs_on_air_is_replaced_by_software_within_the_slot() {
    stuck::register();
    let mut wall = Wall::start_with(|config| {
        config.patience.stall_after = Duration::from_millis(900);
        config.patience.preroll_limit = Duration::from_secs(20);
    });
    let middle = show_between(&mut wall, |folder| {
        let clip = clip(5000).codec("mpeg4").noisy();
        assert_eq!(i32::try_from(clip.size.1).unwrap(), stuck::PASSES_AT_HEIGHT);
        medium(&clip.make(folder))
    });
    let replaced = |event: &EngineEvent| matches!(event, EngineEvent::DecoderReplaced { .. });
    assert!(wall.events().iter().any(replaced), "{:?}", wall.events());
    assert_eq!(middle.fault, None);
    assert!(Engine::stop(wall.engine, Duration::from_secs(2)).is_err());
}
