//! Text slides and logos through the real engine and the real decoders.

use std::fs::File;
use std::io::{self, Cursor};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use cotmoc_canvas::{PictureBuf, Yuv};
use cotmoc_proto::layout::{Clock, ClockFormat, Logo, Message, Overlay as Spec, Ticker};
use cotmoc_proto::media::{Asset, CHUNK_BYTES, Mime};
use cotmoc_proto::playlist::Language;
use cotmoc_proto::slide::{Align, Block, Slide, Valign};
use cotmoc_proto::style::{Area, Backing, Colour, TextStyle, Typeface};
use cotmoc_proto::window::OperatingWindow;
use cotmoc_wall::pipeline::{
    Medium, MediumKind, OpenMedium, Overlay, PixelArea, PresentedFrame, Scene, SceneId, ScenePlace,
    Showing, SoundBlock, Witness, ZoneId,
};
use cotmoc_wall::text;

use crate::support::media::{Clip, HEIGHT, WIDTH, luma_of_png};
use crate::support::wall::{Hole, MS, PATIENCE, SECOND, Wall, ZONE};

fn welcome() -> Slide {
    let block = |y_px, text: &str, size_px| Block {
        area: Area {
            x_px: 40,
            y_px,
            width_px: 560,
            height_px: 100,
        },
        text: text.to_owned(),
        style: TextStyle {
            typeface: Typeface::Sans,
            bold: true,
            size_px,
            colour: Colour::WHITE,
        },
        align: Align::Center,
        valign: Valign::Middle,
        fill: None,
    };
    Slide {
        width_px: 640,
        height_px: 360,
        ground: Colour::new(120, 0, 0),
        blocks: vec![
            block(20, "Chào mừng đến Hữu Nghị", 60),
            block(130, "Welcome", 60),
            block(240, "出入境手续", 60),
        ],
    }
}

fn slide_medium(bytes: Vec<u8>) -> Medium {
    let size_bytes = u64::try_from(bytes.len()).unwrap();
    let open: OpenMedium = Arc::new(move || Ok(Box::new(Cursor::new(bytes.clone()))));
    Medium {
        label: "slide".to_owned(),
        kind: MediumKind::Slide,
        key: "slide".to_owned(),
        mime: Mime::Slide.as_str().to_owned(),
        size_bytes,
        open,
    }
}

fn good_slide() -> Medium {
    slide_medium(serde_json::to_vec(&welcome()).unwrap())
}

#[test]
fn a_text_slide_between_videos_is_there_on_its_tick_and_looks_as_it_is_signed() {
    let mut wall = Wall::start();
    let clip = Clip::h264(1, 2000).make(wall.path());
    let starts = wall.soon(2 * SECOND);
    let before = wall.cue_of(&clip, starts, SECOND);
    let slide = wall.cue_reading(good_slide(), before.ends_at_ns, 2 * SECOND);
    let after = wall.cue_of(&clip, slide.ends_at_ns, SECOND);
    for cue in [&before, &slide, &after] {
        wall.engine.cue(ZONE, cue.clone()).unwrap();
    }
    wall.wait_for_start_of(&slide);
    let png = wall.engine.picture().unwrap();
    wall.wait_for_end_of(&after);

    for seen in wall.seen_in(before.starts_at_ns, after.ends_at_ns) {
        let expected = [&before, &slide, &after]
            .into_iter()
            .find(|cue| seen.at_ns < cue.ends_at_ns)
            .unwrap();
        assert_eq!(seen.showing, Showing::Cue(expected.id), "{}", seen.at_ns);
    }
    let mut drawn = PictureBuf::new(WIDTH, HEIGHT);
    text::draw_slide(&welcome(), &mut drawn.as_picture_mut()).unwrap();
    let wanted = &drawn.bytes()[..WIDTH * HEIGHT];
    let shown = luma_of_png(&png);
    let off = wanted
        .iter()
        .zip(&shown)
        .filter(|(a, b)| a.abs_diff(**b) > 12);
    assert!(off.count() < WIDTH * HEIGHT / 100);
    let bright = wanted.iter().filter(|luma| **luma > 200).count();
    assert!(bright > WIDTH * HEIGHT / 50, "{bright} pixels of text");
    wall.stop();
}

#[test]
fn a_slide_that_cannot_be_shown_costs_its_own_slot_and_says_why() {
    let good = serde_json::to_vec(&welcome()).unwrap();
    let with = |from: &str, to: &str| {
        let text = String::from_utf8(good.clone()).unwrap();
        assert!(text.contains(from));
        slide_medium(text.replacen(from, to, 1).into_bytes())
    };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("slide");
    std::fs::write(&path, &good).unwrap();
    let damaged: OpenMedium = Arc::new(move || {
        Ok(Box::new(Hole {
            file: File::open(&path)?,
            bytes: 100..200,
            then: || Err(io::Error::other("chunk 0 is not what was signed")),
        }))
    });
    let missing: OpenMedium = Arc::new(|| Err(io::ErrorKind::NotFound.into()));
    let cases = [
        ("empty", slide_medium(Vec::new())),
        (
            "unreadable",
            Medium {
                open: missing,
                ..good_slide()
            },
        ),
        (
            "integrity",
            Medium {
                open: damaged,
                ..good_slide()
            },
        ),
        ("undecodable", slide_medium(good[..good.len() / 2].to_vec())),
        (
            "undecodable",
            slide_medium(b"<html><script>alert(1)</script>".to_vec()),
        ),
        (
            "undecodable",
            with("\"ground\"", "\"onload\":\"run()\",\"ground\""),
        ),
        ("undecodable", with("\"size_px\":60", "\"size_px\":60000")),
        (
            "undecodable",
            with("\"width_px\":640", "\"width_px\":4000000000"),
        ),
        (
            "undecodable",
            Medium {
                size_bytes: 1 << 30,
                ..good_slide()
            },
        ),
        ("undecodable", slide_medium(vec![b' '; 70_000])),
    ];
    let mut wall = Wall::start();
    for (code, medium) in cases {
        let cue = wall.cue_reading(medium, wall.engine.now_ns(), 60 * SECOND);
        wall.engine.cut(ZONE, cue.clone()).unwrap();
        assert_eq!(wall.wait_for_fault_of(&cue), code);
    }
    let cue = wall.cue_reading(good_slide(), wall.engine.now_ns(), 60 * SECOND);
    wall.engine.cut(ZONE, cue.clone()).unwrap();
    wall.wait_for_start_of(&cue);
    wall.stop();
}

#[test]
fn a_slide_whose_reader_never_returns_leaves_the_programme_alone() {
    let mut wall = Wall::start_with(|config| {
        config.patience.preroll_limit = Duration::from_secs(2);
    });
    let stuck: OpenMedium = Arc::new(|| {
        loop {
            thread::park();
        }
    });
    let clip = Clip::h264(1, 20_000).make(wall.path());
    let video = wall.cue_of(&clip, wall.engine.now_ns(), 20 * SECOND);
    wall.engine.cut(ZONE, video.clone()).unwrap();
    wall.wait_for_start_of(&video);
    let medium = Medium {
        open: stuck,
        ..good_slide()
    };
    let cue = wall.cue_reading(medium, video.ends_at_ns - 12 * SECOND, SECOND);
    wall.engine.cue(ZONE, cue.clone()).unwrap();
    assert_eq!(wall.wait_for_fault_of(&cue), "not-ready");
    let presented = wall.engine.status().frames_presented;
    wall.wait_until_true("pictures that go on", || {
        wall.engine.status().frames_presented > presented + 10
    });
    let gone = wall.engine.stop(Duration::from_secs(1));
    assert!(gone.is_err(), "a reader that never returns is told of");
}

/// A red picture, its right half transparent where the format can say so.
fn red(folder: &Path, name: &str, size: &str) -> PathBuf {
    let path = folder.join(name);
    let paint = "format=rgba,geq=r=255:g=0:b=0:a='if(lt(X,W/2),255,0)'";
    let status = Command::new("ffmpeg")
        .args(["-v", "error", "-y", "-f", "lavfi", "-i"])
        .arg(format!("color=black:s={size},{paint}"))
        .args(["-frames:v", "1", "-lossless", "1"])
        .arg(&path)
        .status()
        .unwrap();
    assert!(status.success());
    path
}

fn logo(bytes: &[u8], mime: Mime) -> Arc<dyn Overlay> {
    let none = "00".repeat(32);
    let spec = Spec::Logo(Logo {
        area: Area {
            x_px: 20,
            y_px: 10,
            width_px: 100,
            height_px: 100,
        },
        asset: Asset {
            sha256: none.parse().unwrap(),
            size_bytes: u64::try_from(bytes.len()).unwrap(),
            mime,
            chunk_bytes: CHUNK_BYTES.try_into().unwrap(),
            chunks_sha256: none.parse().unwrap(),
            loudness: None,
        },
        opacity_percent: 100,
    });
    let bytes = bytes.to_vec();
    let open: OpenMedium = Arc::new(move || Ok(Box::new(Cursor::new(bytes.clone()))));
    let zone = OperatingWindow::default().zone;
    let overlay = text::overlay(&spec, &zone, (160, 120), Some(open));
    let deadline = Instant::now() + PATIENCE;
    while !overlay.ready() {
        assert!(Instant::now() < deadline, "the logo is not ready");
        thread::sleep(Duration::from_millis(2));
    }
    overlay
}

fn drawn_on_white(overlay: &Arc<dyn Overlay>) -> PictureBuf {
    let mut picture = PictureBuf::new(160, 120);
    let mut canvas = picture.as_picture_mut();
    let all = canvas.area();
    canvas.fill(all, Yuv::WHITE);
    overlay.draw(0, &mut canvas);
    picture
}

#[test]
fn a_logo_of_any_format_keeps_its_shape_and_lets_through_what_is_transparent() {
    let folder = tempfile::tempdir().unwrap();
    for (name, mime, see_through) in [
        ("logo.png", Mime::Png, true),
        ("logo.webp", Mime::Webp, true),
        ("logo.jpg", Mime::Jpeg, false),
    ] {
        let bytes = std::fs::read(red(folder.path(), name, "400x200")).unwrap();
        let overlay = logo(&bytes, mime);
        assert_eq!(overlay.fault(), None, "{name}");
        let picture = drawn_on_white(&overlay);
        let view = picture.as_picture();
        let luma = |x, y| view.at(x, y).unwrap().y;
        assert!(luma(40, 60).abs_diff(63) < 4, "{name}: {}", luma(40, 60));
        let right = if see_through { 235 } else { 63 };
        assert!(
            luma(100, 60).abs_diff(right) < 4,
            "{name}: {}",
            luma(100, 60)
        );
        for (x, y) in [(40, 30), (40, 90), (10, 60), (130, 60)] {
            assert_eq!(luma(x, y), 235, "{name} {x} {y}");
        }
    }
}

#[test]
fn a_logo_that_is_damaged_or_too_large_is_told_of_and_not_drawn() {
    let folder = tempfile::tempdir().unwrap();
    let good = std::fs::read(red(folder.path(), "logo.png", "400x200")).unwrap();
    let huge = std::fs::read(red(folder.path(), "huge.png", "5000x4000")).unwrap();
    let mut bomb = good.clone();
    bomb[16..24].fill(0x7f);
    for (bytes, mime) in [
        (good[..good.len() / 4].to_vec(), Mime::Png),
        (good, Mime::Jpeg),
        (
            b"not a picture at all, whatever its name".to_vec(),
            Mime::Png,
        ),
        (Vec::new(), Mime::Png),
        (huge, Mime::Png),
        (bomb, Mime::Png),
    ] {
        let overlay = logo(&bytes, mime);
        let fault = overlay.fault();
        assert!(fault.is_some(), "{} bytes as {mime:?}", bytes.len());
        let picture = drawn_on_white(&overlay);
        let luma = &picture.bytes()[..160 * 120];
        assert!(luma.iter().all(|luma| *luma == 235), "{fault:?}");
    }
}

/// Keeps the brightness of one area of every presented frame.
#[derive(Debug, Default)]
struct Watcher {
    frames: Mutex<Vec<(i64, Vec<u8>)>>,
}

const BAR: Area = Area {
    x_px: 20,
    y_px: 130,
    width_px: 280,
    height_px: 40,
};
const CLOCK: Area = Area {
    x_px: 180,
    y_px: 10,
    width_px: 130,
    height_px: 30,
};

fn luma_in(area: Area, at: impl Fn(usize, usize) -> u8) -> Vec<u8> {
    let [x, y, width, height] = [area.x_px, area.y_px, area.width_px, area.height_px]
        .map(|edge| usize::try_from(edge).unwrap());
    (y..y + height)
        .flat_map(|y| (x..x + width).map(move |x| (x, y)))
        .map(|(x, y)| at(x, y))
        .collect()
}

fn both_areas(at: impl Fn(usize, usize) -> u8) -> Vec<u8> {
    [luma_in(BAR, &at), luma_in(CLOCK, &at)].concat()
}

impl Witness for Watcher {
    fn frame(&self, frame: &PresentedFrame<'_>) {
        let seen = both_areas(|x, y| frame.luma.at(x, y).unwrap_or(0));
        self.frames.lock().unwrap().push((frame.at_ns, seen));
    }

    fn sound(&self, _block: &SoundBlock<'_>) {}
}

fn words_over_the_picture() -> [Spec; 2] {
    let style = |size_px| TextStyle {
        typeface: Typeface::Sans,
        bold: false,
        size_px,
        colour: Colour::WHITE,
    };
    let backing = Backing {
        colour: Colour::BLACK,
        opacity_percent: 100,
    };
    let message = |text: &str, language| Message {
        text: text.to_owned(),
        language,
        from_ms: None,
        to_ms: None,
    };
    [
        Spec::Ticker(Ticker {
            area: BAR,
            style: style(24),
            backing,
            speed_px_per_s: 90,
            messages: vec![
                message("Chào mừng đến cửa khẩu quốc tế Hữu Nghị", Language::Vi),
                message("Welcome", Language::En),
                message("出入境手续", Language::Zh),
            ],
        }),
        Spec::Clock(Clock {
            area: CLOCK,
            style: style(24),
            backing,
            format: ClockFormat::Seconds,
        }),
    ]
}

#[test]
fn a_scene_shows_running_text_and_the_time_on_every_tick_from_its_first_as_any_other_wall_does() {
    let watcher = Arc::new(Watcher::default());
    let witness: Arc<dyn Witness> = watcher.clone();
    let wall = Wall::start_with(|config| config.witness = Some(witness));
    let zone = OperatingWindow::default().zone;
    let size = (
        u32::try_from(WIDTH).unwrap(),
        u32::try_from(HEIGHT).unwrap(),
    );
    let overlays = words_over_the_picture().map(|spec| text::overlay(&spec, &zone, size, None));
    let scene = Scene {
        id: SceneId(1),
        width: size.0,
        height: size.1,
        zones: vec![ScenePlace {
            zone: ZoneId(1),
            area: PixelArea {
                x: 0,
                y: 0,
                width: i32::try_from(WIDTH).unwrap(),
                height: i32::try_from(HEIGHT).unwrap(),
            },
        }],
        overlays: overlays.to_vec(),
    };
    wall.engine.prepare(scene).unwrap();
    let at_ns = wall.soon(2 * SECOND);
    wall.engine.take(SceneId(1), at_ns).unwrap();
    wall.wait_until(at_ns + 4 * SECOND);

    let others = words_over_the_picture().map(|spec| text::overlay(&spec, &zone, size, None));
    let deadline = Instant::now() + PATIENCE;
    let mut checked = 0;
    for (tick_ns, shown) in watcher.frames.lock().unwrap().iter() {
        if !(at_ns..at_ns + 3 * SECOND).contains(tick_ns) {
            continue;
        }
        others.iter().for_each(|other| other.expect(*tick_ns));
        let drawn = || {
            let mut picture = PictureBuf::new(WIDTH, HEIGHT);
            for other in &others {
                other.draw(*tick_ns, &mut picture.as_picture_mut());
            }
            both_areas(|x, y| picture.as_picture().at(x, y).unwrap().y)
        };
        // The other wall's clock is asked for times that have passed, and needs a moment for each second.
        while drawn() != *shown {
            assert!(Instant::now() < deadline, "tick {}", tick_ns - at_ns);
            thread::sleep(Duration::from_millis(5));
        }
        checked += 1;
    }
    assert!(checked > 20, "{checked} ticks");
    wall.stop();
}

#[test]
fn a_slide_is_held_for_its_whole_slot() {
    let mut wall = Wall::start();
    let cue = wall.cue_reading(good_slide(), wall.soon(SECOND), 2 * SECOND);
    wall.engine.cue(ZONE, cue.clone()).unwrap();
    wall.wait_for_end_of(&cue);
    let seen = wall.seen_in(cue.starts_at_ns, cue.ends_at_ns - 100 * MS);
    assert!(!seen.is_empty());
    assert!(seen.iter().all(|s| s.showing == Showing::Cue(cue.id)));
    wall.stop();
}

#[test]
fn a_slide_held_ready_is_drawn_once_and_takes_the_air_without_being_read_again() {
    let opened = Arc::new(AtomicUsize::new(0));
    let (count, good) = (Arc::clone(&opened), good_slide());
    let open: OpenMedium = Arc::new(move || {
        count.fetch_add(1, Ordering::SeqCst);
        (good.open)()
    });
    let held = Medium {
        open,
        ..good_slide()
    };
    let mut wall = Wall::start();
    wall.engine.keep_ready(vec![held.clone()]);
    wall.wait_until_true("the slide held ready", || {
        wall.engine.status().to_be_kept == 0
    });
    for _ in 0..5 {
        let cut = wall.cue_reading(held.clone(), wall.engine.now_ns(), 60 * SECOND);
        wall.engine.cut(ZONE, cut.clone()).unwrap();
        wall.wait_for_start_of(&cut);
    }
    assert_eq!(opened.load(Ordering::SeqCst), 1);
    wall.stop();
}
