//! The judgement as a table, and what holds for every file and every board.

use super::*;
use cotmoc_proto::media::Mime;
use std::collections::BTreeSet;

fn board(name: &str) -> Board {
    Board::built_in(name).unwrap()
}

/// A film that every board plays.
fn film() -> Probe {
    Probe {
        extension: Some("mp4".to_owned()),
        size_bytes: 1_000_000,
        mime: Some(Mime::Mp4),
        bytes: Bytes {
            index: Some(IndexPlace::Front),
            wants_bytes: Some(1_000_000),
            ..Bytes::default()
        },
        length_ms: Some(10_000),
        picture: Some(Picture {
            codec: Codec {
                name: "h264".to_owned(),
                profile: Some("High".to_owned()),
                level: Some(42),
            },
            width_px: 1_920,
            height_px: 1_080,
            format: PixelFormat::named("yuv420p"),
            mfps: Some(30_000),
            base_mfps: Some(30_000),
            bits_per_s: Some(8_000_000),
            ..Picture::default()
        }),
        pictures: 1,
        sound: Some(SoundTrack {
            codec: Codec {
                name: "aac".to_owned(),
                ..Codec::default()
            },
            channels: 2,
            rate_hz: 48_000,
        }),
        sounds: 1,
        scan: Some(Scan {
            pictures: 300,
            before_first_key: Some(0),
            longest_key_gap_ms: 1_000,
            shortest_ms: 33,
            longest_ms: 34,
            picture_end_ms: Some(10_000),
            sound_end_ms: Some(10_010),
            complaint: None,
        }),
        ..Probe::default()
    }
}

fn still(mime: Mime, extension: &str) -> Probe {
    Probe {
        extension: Some(extension.to_owned()),
        size_bytes: 5_000,
        mime: Some(mime),
        picture: Some(Picture {
            width_px: 1_920,
            height_px: 1_080,
            ..Picture::default()
        }),
        pictures: 1,
        ..Probe::default()
    }
}

fn sound() -> Probe {
    Probe {
        extension: Some("ogg".to_owned()),
        mime: Some(Mime::Ogg),
        picture: None,
        pictures: 0,
        scan: None,
        sound: Some(SoundTrack {
            codec: Codec {
                name: "vorbis".to_owned(),
                ..Codec::default()
            },
            channels: 1,
            rate_hz: 48_000,
        }),
        bytes: Bytes::default(),
        ..film()
    }
}

fn codes(probe: &Probe, board: &Board) -> Vec<String> {
    let reasons = judge(probe, board);
    let code = |reason: &Reason| serde_json::to_value(reason).unwrap()["reason"].clone();
    reasons
        .iter()
        .map(|one| code(one).as_str().unwrap().to_owned())
        .collect()
}

/// What a change of the good film comes to on the usual computer.
#[track_caller]
fn expect(change: impl FnOnce(&mut Probe), verdict: Verdict, code: &str) {
    let mut probe = film();
    change(&mut probe);
    on("generic-amd64", &probe, verdict, code);
}

#[track_caller]
fn on(name: &str, probe: &Probe, verdict: Verdict, code: &str) {
    let board = board(name);
    let found = codes(probe, &board);
    assert!(found.iter().any(|one| one == code), "{code}: {found:?}");
    assert_eq!(Verdict::of(&judge(probe, &board)), verdict, "{found:?}");
}

fn picture(probe: &mut Probe) -> &mut Picture {
    probe.picture.as_mut().unwrap()
}

fn scan(probe: &mut Probe) -> &mut Scan {
    probe.scan.as_mut().unwrap()
}

fn decoded(stopped: Stopped) -> Decoded {
    Decoded {
        stopped,
        end_ms: 3_000,
        pictures: 90,
        size_changes: 0,
        has_interlaced: false,
        complaint: None,
    }
}

use Verdict::{Plays, PlaysWithRemark, WillNotPlay};

#[test]
fn a_good_film_still_or_sound_plays_everywhere_without_a_word() {
    for name in Board::names() {
        let board = board(name);
        let codes_of = |probe: &Probe| codes(probe, &board);
        let quiet = if name == "raspberry-pi-5" {
            vec!["in-software".to_owned()]
        } else {
            Vec::new()
        };
        assert_eq!(codes_of(&film()), quiet, "{name}");
        assert_eq!(codes_of(&still(Mime::Png, "png")), Vec::<String>::new());
        assert_eq!(codes_of(&sound()), Vec::<String>::new());
    }
}

#[test]
fn files_that_are_not_what_they_should_be() {
    expect(|p| p.size_bytes = 0, WillNotPlay, "empty");
    expect(|p| p.mime = None, WillNotPlay, "unknown");
    expect(|p| p.size_bytes = 999, WillNotPlay, "cut-off");
    expect(
        |p| p.extension = Some("png".to_owned()),
        PlaysWithRemark,
        "misnamed",
    );
    expect(
        |p| p.bytes.index = Some(IndexPlace::End),
        Plays,
        "index-at-end",
    );
    let locked = BTreeSet::from([Mark::Encrypted]);
    expect(|p| p.bytes.marks = locked, WillNotPlay, "encrypted");
    let unreadable = |p: &mut Probe| {
        *p = Probe {
            unreadable: Some("moov atom not found".to_owned()),
            picture: None,
            sound: None,
            scan: None,
            length_ms: None,
            ..film()
        };
    };
    expect(unreadable, WillNotPlay, "unreadable");
}

#[test]
fn pictures_that_a_computer_plays_otherwise_or_not() {
    expect(|p| p.picture = None, WillNotPlay, "no-picture");
    expect(
        |p| picture(p).codec.name = "mpeg4".to_owned(),
        WillNotPlay,
        "codec-not-played",
    );
    expect(|p| picture(p).width_px = 7_680, WillNotPlay, "too-large");
    expect(
        |p| picture(p).width_px = 40_000,
        WillNotPlay,
        "unusable-size",
    );
    expect(|p| picture(p).mfps = Some(120_000), WillNotPlay, "too-fast");
    expect(
        |p| picture(p).bits_per_s = Some(900_000_000),
        WillNotPlay,
        "too-many-bits",
    );
    expect(
        |p| picture(p).codec.level = Some(62),
        WillNotPlay,
        "level-too-high",
    );
    expect(
        |p| picture(p).hdr = Some("smpte2084".to_owned()),
        PlaysWithRemark,
        "hdr",
    );
    expect(
        |p| picture(p).is_interlaced = true,
        PlaysWithRemark,
        "interlaced",
    );
    expect(
        |p| picture(p).turned_degrees = -90,
        PlaysWithRemark,
        "turned",
    );
    expect(
        |p| picture(p).height_px = 1_079,
        PlaysWithRemark,
        "odd-size",
    );
    expect(|p| p.pictures = 2, PlaysWithRemark, "several-pictures");
    let ten = |p: &mut Probe| {
        picture(p).format = PixelFormat::named("yuv420p10le");
        picture(p).codec.profile = Some("High 10".to_owned());
    };
    expect(ten, PlaysWithRemark, "shown-in-eight-bits");
    let mut probe = film();
    ten(&mut probe);
    on("raspberry-pi-4", &probe, WillNotPlay, "depth-not-played");
    picture(&mut probe).codec.name = "hevc".to_owned();
    picture(&mut probe).codec.profile = Some("Main 10".to_owned());
    on(
        "raspberry-pi-4",
        &probe,
        PlaysWithRemark,
        "shown-in-eight-bits",
    );
    on("raspberry-pi-5", &film(), PlaysWithRemark, "in-software");
}

#[test]
fn stills_that_walls_show_otherwise_or_not() {
    let marked = |probe: Probe, mark| Probe {
        bytes: Bytes {
            marks: BTreeSet::from([mark]),
            ..probe.bytes.clone()
        },
        ..probe
    };
    let usual = "generic-amd64";
    let cmyk = marked(still(Mime::Jpeg, "jpg"), Mark::Cmyk);
    on(usual, &cmyk, WillNotPlay, "cmyk");
    let moving = marked(still(Mime::Webp, "webp"), Mark::Animated);
    on(usual, &moving, WillNotPlay, "animation-not-played");
    let moving = marked(still(Mime::Png, "png"), Mark::Animated);
    on(usual, &moving, PlaysWithRemark, "first-picture-only");
    let mut turned = still(Mime::Jpeg, "jpg");
    turned.bytes.orientation = Some(6);
    on(usual, &turned, PlaysWithRemark, "exif-turned");
    turned.bytes.orientation = Some(1);
    assert_eq!(codes(&turned, &board(usual)), Vec::<String>::new());
    let mut more = still(Mime::Png, "png");
    more.bytes.wants_bytes = Some(4_000);
    on(usual, &more, WillNotPlay, "more-behind");
    let mut large = still(Mime::Png, "png");
    (picture(&mut large).width_px, picture(&mut large).height_px) = (8_000, 7_000);
    assert_eq!(codes(&large, &board(usual)), Vec::<String>::new());
    on("raspberry-pi-4", &large, WillNotPlay, "unusable-size");
}

#[test]
fn the_course_of_a_film() {
    expect(|p| p.length_ms = None, WillNotPlay, "no-length");
    expect(
        |p| p.length_ms = Some(400_000_000),
        WillNotPlay,
        "absurd-length",
    );
    expect(|p| p.length_ms = Some(60_000), WillNotPlay, "ends-early");
    expect(|p| p.length_ms = Some(2_000), PlaysWithRemark, "goes-on");
    expect(
        |p| scan(p).before_first_key = Some(12),
        WillNotPlay,
        "no-key-at-start",
    );
    expect(
        |p| scan(p).before_first_key = None,
        WillNotPlay,
        "no-key-at-start",
    );
    expect(
        |p| scan(p).longest_ms = 90,
        PlaysWithRemark,
        "variable-rate",
    );
    expect(
        |p| scan(p).longest_key_gap_ms = 30_000,
        PlaysWithRemark,
        "few-key-pictures",
    );
    expect(
        |p| scan(p).picture_end_ms = Some(4_000),
        PlaysWithRemark,
        "picture-ends-first",
    );
    let torn = Some("partial file".to_owned());
    expect(|p| scan(p).complaint = torn, WillNotPlay, "damaged");
    expect(
        |p| p.decoded = Some(decoded(Stopped::ByDamage)),
        WillNotPlay,
        "damaged",
    );
    expect(
        |p| p.decoded = Some(decoded(Stopped::OutOfTime)),
        PlaysWithRemark,
        "not-finished",
    );
    let change = |p: &mut Probe| {
        p.decoded = Some(Decoded {
            size_changes: 2,
            ..decoded(Stopped::AtTheEnd)
        });
    };
    expect(change, PlaysWithRemark, "size-changes");
}

#[test]
fn sound_in_films_and_alone() {
    fn track(probe: &mut Probe) -> &mut SoundTrack {
        probe.sound.as_mut().unwrap()
    }
    expect(|p| p.sound = None, Plays, "silent-film");
    expect(|p| track(p).channels = 6, PlaysWithRemark, "mixed-down");
    expect(|p| p.sounds = 2, PlaysWithRemark, "several-sounds");
    expect(
        |p| track(p).codec.name = "dts".to_owned(),
        PlaysWithRemark,
        "shown-silent",
    );
    let usual = "generic-amd64";
    let mut alone = sound();
    track(&mut alone).codec.name = "speex".to_owned();
    on(usual, &alone, WillNotPlay, "sound-not-played");
    alone.sound = None;
    on(usual, &alone, WillNotPlay, "no-sound");
    let mut cut = sound();
    cut.bytes.marks.insert(Mark::Endless);
    on(usual, &cut, PlaysWithRemark, "no-last-page");
}

#[test]
fn pixel_formats_are_understood() {
    let cases = [
        ("yuv420p", 8, "4:2:0"),
        ("yuvj420p", 8, "4:2:0"),
        ("nv12", 8, "4:2:0"),
        ("yuv420p10le", 10, "4:2:0"),
        ("p010le", 10, "4:2:0"),
        ("yuv422p12be", 12, "4:2:2"),
        ("gbrp", 8, "4:4:4"),
        ("rgb48be", 16, "4:4:4"),
        ("gray", 8, "4:0:0"),
        ("gray10le", 10, "4:0:0"),
        ("yuva444p", 8, "4:4:4"),
    ];
    for (name, depth, chroma) in cases {
        let found = PixelFormat::named(name);
        assert_eq!(found, Some(PixelFormat { depth, chroma }), "{name}");
    }
    assert_eq!(PixelFormat::named("xyz12"), None);
}

#[test]
fn a_profile_that_is_wrong_says_where() {
    let unknown = Board::built_in("pi").unwrap_err().to_string();
    assert!(unknown.contains("raspberry-pi-4"), "{unknown}");
    let none = Board::parse("x", "vi = 1").unwrap_err().to_string();
    assert!(none.contains("board x is malformed"), "{none}");
    let zero =
        include_str!("../../profiles/raspberry-pi-4.toml").replace("max_fps = 60", "max_fps = 0");
    assert!(Board::parse("x", &zero).is_err());
}

mod properties {
    use super::*;
    use proptest::prelude::*;

    fn any_film() -> impl Strategy<Value = Probe> {
        let codec = prop::sample::select(vec!["h264", "hevc", "vp9", "av1", "mpeg4"]);
        let format = prop::sample::select(vec!["yuv420p", "yuv422p10le", "yuv444p", "gray", "?"]);
        let size = (any::<u16>(), any::<u16>());
        let rates = (0_u64..200_000, 0_u64..500_000_000, any::<Option<u32>>());
        let times = (any::<Option<u64>>(), any::<Option<u64>>(), any::<bool>());
        (codec, format, size, rates, times).prop_map(|(codec, format, size, rates, times)| {
            let mut probe = film();
            probe.length_ms = times.0;
            scan(&mut probe).picture_end_ms = times.1.map(|ms| ms / 2);
            probe.decoded = times.2.then(|| decoded(Stopped::AtTheEnd));
            let picture = picture(&mut probe);
            picture.codec.name = codec.to_owned();
            picture.codec.level = rates.2;
            picture.format = PixelFormat::named(format);
            (picture.width_px, picture.height_px) = (size.0.into(), size.1.into());
            (picture.mfps, picture.bits_per_s) = (Some(rates.0), Some(rates.1));
            probe
        })
    }

    proptest! {
        #[test]
        fn a_stronger_board_stops_nothing_that_a_weaker_one_plays(probe in any_film()) {
            for name in Board::names() {
                let weak = board(name);
                let mut strong = weak.clone();
                for ability in &mut strong.abilities.video {
                    ability.max_level = None;
                    ability.max_width_px *= 2;
                    ability.max_fps *= 2;
                    ability.max_mpx_s *= 2;
                    ability.max_mbps *= 2;
                    ability.depths.push(12);
                }
                let (before, after) = (judge(&probe, &weak), judge(&probe, &strong));
                prop_assert!(Verdict::of(&after) <= Verdict::of(&before), "{after:?} {before:?}");
            }
        }

        #[test]
        fn what_stops_a_film_stands_first_and_every_reason_has_words(probe in any_film()) {
            let reasons = judge(&probe, &board("raspberry-pi-4"));
            let severities: Vec<Severity> = reasons.iter().map(Reason::severity).collect();
            prop_assert!(severities.is_sorted_by(|a, b| a >= b), "{severities:?}");
            for reason in &reasons {
                let words = reason.words();
                prop_assert!(!words.vi.is_empty() && !words.en.is_empty());
            }
        }
    }
}
