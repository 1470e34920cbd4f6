//! What is drawn, looked at pixel by pixel.

use super::{Script, TextFault, check_typefaces, draw_slide, overlay};
use crate::pipeline::Overlay;
use cotmoc_canvas::{PictureBuf, Yuv};
use cotmoc_proto::layout::{self, Clock, ClockFormat, Message, Ticker};
use cotmoc_proto::playlist::Language;
use cotmoc_proto::slide::{Align, Block, Slide, Valign};
use cotmoc_proto::style::{Area, Backing, Colour, TextStyle, Typeface};
use cotmoc_proto::time::TimeMs;
use cotmoc_proto::window::OperatingWindow;
use std::sync::Arc;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(120);
const SECOND_NS: i64 = 1_000_000_000;
/// 23/11/2026 00:00 at the border gate, a Monday.
const MIDNIGHT_NS: i64 = 1_795_366_800 * SECOND_NS;

fn style(size_px: u32) -> TextStyle {
    TextStyle {
        typeface: Typeface::Sans,
        bold: false,
        size_px,
        colour: Colour::WHITE,
    }
}

fn block(area: Area, text: &str, size_px: u32) -> Block {
    Block {
        area,
        text: text.to_owned(),
        style: style(size_px),
        align: Align::Center,
        valign: Valign::Middle,
        fill: None,
    }
}

fn slide(width_px: u32, height_px: u32, blocks: Vec<Block>) -> Slide {
    Slide {
        width_px,
        height_px,
        ground: Colour::BLACK,
        blocks,
    }
}

fn drawn(slide: &Slide, width: usize, height: usize) -> PictureBuf {
    let mut picture = PictureBuf::new(width, height);
    draw_slide(slide, &mut picture.as_picture_mut()).unwrap();
    picture
}

/// A picture of one text in the middle.
fn picture_of(text: &str, size_px: u32) -> PictureBuf {
    let area = Area::whole(800, 200);
    drawn(&slide(800, 200, vec![block(area, text, size_px)]), 800, 200)
}

/// The brighter the picture, the more ink.
fn ink(picture: &PictureBuf) -> u64 {
    let luma = picture.as_picture().width() * picture.as_picture().height();
    let bytes = &picture.bytes()[..luma];
    bytes.iter().map(|byte| u64::from(*byte) - 16).sum()
}

/// The rows that have ink.
fn rows_with_ink(picture: &PictureBuf) -> Vec<usize> {
    let view = picture.as_picture();
    let has_ink = |y: &usize| (0..view.width()).any(|x| view.at(x, *y).unwrap().y > 40);
    (0..view.height()).filter(has_ink).collect()
}

fn wait(overlay: &Arc<dyn Overlay>) {
    let deadline = Instant::now() + PATIENCE;
    while !overlay.ready() {
        assert!(Instant::now() < deadline, "{overlay:?} is not ready");
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn start(spec: &layout::Overlay) -> Arc<dyn Overlay> {
    let zone = OperatingWindow::default().zone;
    let overlay = overlay(spec, &zone, (1280, 720), None);
    overlay.expect(MIDNIGHT_NS);
    wait(&overlay);
    overlay
}

/// What the overlay alone draws on a black canvas.
fn seen(overlay: &Arc<dyn Overlay>, at_ns: i64) -> PictureBuf {
    let mut picture = PictureBuf::new(1280, 720);
    overlay.draw(at_ns, &mut picture.as_picture_mut());
    picture
}

fn message(text: &str, language: Language) -> Message {
    Message {
        text: text.to_owned(),
        language,
        from_ms: None,
        to_ms: None,
    }
}

fn ticker(messages: Vec<Message>) -> Ticker {
    Ticker {
        area: Area {
            x_px: 100,
            y_px: 600,
            width_px: 1000,
            height_px: 80,
        },
        style: style(48),
        backing: Backing {
            colour: Colour::BLACK,
            opacity_percent: 60,
        },
        speed_px_per_s: 120,
        messages,
    }
}

const LONG: &str = "Chào mừng quý khách đến cửa khẩu quốc tế Hữu Nghị – Lễ hội Kỳ Cùng Tả Phủ";

/// The same letters from ready-made characters and from a letter with marks put on it.
const COMPOSED: [(&str, &str); 6] = [
    ("Ệ", "E\u{323}\u{302}"),
    ("Ẩ", "A\u{302}\u{309}"),
    ("ữ", "u\u{31b}\u{303}"),
    ("ỡ", "o\u{31b}\u{303}"),
    ("Ẵ", "A\u{306}\u{303}"),
    ("ỵ", "y\u{323}"),
];

#[test]
fn letters_look_the_same_however_their_marks_are_written() {
    for (ready_made, put_together) in COMPOSED {
        let pictures = [ready_made, put_together].map(|text| picture_of(text, 96));
        assert!(ink(&pictures[0]) > 1_000, "{ready_made} has no ink");
        assert!(pictures[0] == pictures[1], "{ready_made}");
    }
}

#[test]
fn every_language_has_letters_of_its_own_and_none_is_a_box() {
    let box_ink = ink(&picture_of("\u{10ffff}", 96));
    let mut inks: Vec<u64> = ["Ữ", "ũ", "đ", "g", "境", "续", "门"]
        .iter()
        .map(|text| ink(&picture_of(text, 96)))
        .collect();
    assert!(inks.iter().all(|found| *found > 1_000 && *found != box_ink));
    inks.sort_unstable();
    inks.dedup();
    assert_eq!(inks.len(), 7);
}

#[test]
fn marks_above_and_below_are_not_cut_off_wherever_the_text_lies() {
    let text = "ẨỆỖ Ẵ gjpq ỵ Ậ";
    let free = slide(800, 400, vec![block(Area::whole(800, 400), text, 60)]);
    let wanted = ink(&drawn(&free, 800, 400));
    for valign in [Valign::Top, Valign::Middle, Valign::Bottom] {
        let area = Area {
            y_px: 100,
            height_px: 84,
            ..Area::whole(800, 400)
        };
        let tight = Block {
            valign,
            ..block(area, text, 60)
        };
        let picture = drawn(&slide(800, 400, vec![tight]), 800, 400);
        let rows = rows_with_ink(&picture);
        assert!(rows[0] >= 100 && rows[rows.len() - 1] < 184, "{rows:?}");
        let found = ink(&picture);
        assert!(found.abs_diff(wanted) < wanted / 50, "{found} {wanted}");
    }
}

#[test]
fn text_that_is_too_long_is_made_smaller_until_it_fits_and_cut_only_at_the_smallest_type() {
    let area = Area {
        x_px: 200,
        y_px: 100,
        width_px: 300,
        height_px: 100,
    };
    for words in [1, 4, 30, 400] {
        let text = "khẩu ".repeat(words);
        let picture = drawn(&slide(800, 400, vec![block(area, &text, 90)]), 800, 400);
        let rows = rows_with_ink(&picture);
        assert!(rows[0] >= 100 && rows[rows.len() - 1] < 200, "{words}");
        assert!(rows.len() > 20, "{words}: {rows:?}");
    }
}

#[test]
fn alignment_and_fill_are_where_the_slide_says() {
    let area = Area::whole(800, 200);
    let centre_of_ink = |align, valign| {
        let there = Block {
            align,
            valign,
            ..block(area, "Cửa khẩu", 40)
        };
        let picture = drawn(&slide(800, 200, vec![there]), 800, 200);
        let view = picture.as_picture();
        let columns: Vec<usize> = (0..800)
            .filter(|x| (0..200).any(|y| view.at(*x, y).unwrap().y > 100))
            .collect();
        let rows = rows_with_ink(&picture);
        let middle = |of: &[usize]| of[0].midpoint(of[of.len() - 1]);
        (middle(&columns), middle(&rows))
    };
    let (left, top) = centre_of_ink(Align::Left, Valign::Top);
    let (centre, middle) = centre_of_ink(Align::Center, Valign::Middle);
    let (right, bottom) = centre_of_ink(Align::Right, Valign::Bottom);
    assert!(left < 150 && centre.abs_diff(400) < 5 && right > 650);
    assert!(top < 60 && middle.abs_diff(100) < 15 && bottom > 140);

    let filled = Block {
        fill: Some(Colour::new(255, 0, 0)),
        ..block(area, "", 40)
    };
    let picture = drawn(&slide(800, 400, vec![filled]), 800, 400);
    let view = picture.as_picture();
    assert_eq!(view.at(10, 10), Some(Yuv::from_rgb(255, 0, 0)));
    assert_eq!(view.at(10, 390), Some(Yuv::BLACK));
}

#[test]
fn a_slide_of_another_shape_keeps_its_own_with_its_ground_around_it() {
    let filled = Block {
        fill: Some(Colour::WHITE),
        ..block(Area::whole(400, 400), "", 40)
    };
    let square = Slide {
        ground: Colour::new(0, 0, 255),
        ..slide(400, 400, vec![filled])
    };
    let picture = drawn(&square, 600, 300);
    let view = picture.as_picture();
    let blue = Some(Yuv::from_rgb(0, 0, 255));
    for (x, expected) in [
        (10, blue),
        (140, blue),
        (160, Some(Yuv::WHITE)),
        (440, Some(Yuv::WHITE)),
        (460, blue),
    ] {
        assert_eq!(view.at(x, 150), expected, "{x}");
    }
}

#[test]
fn a_large_picture_drawn_in_bands_has_no_seam() {
    let text = "Hữu Nghị";
    let tall = Area::whole(4_000, 4_000);
    let large = drawn(
        &slide(4_000, 4_000, vec![block(tall, text, 700)]),
        4_000,
        4_000,
    );
    let small = drawn(
        &slide(4_000, 4_000, vec![block(tall, text, 700)]),
        1_000,
        1_000,
    );
    let ratio = ink(&large).abs_diff(16 * ink(&small)) * 100 / ink(&large);
    assert!(ratio < 2, "{ratio} %");
}

#[test]
fn hostile_slides_cost_a_moment_and_nothing_else() {
    let texts = [
        "W".repeat(2_000),
        "ﷺ﷽".repeat(1_000),
        "\u{202e}\u{2067}א\u{202d}ب".repeat(400),
        "👩‍👩‍👧‍👦🏳️‍🌈".repeat(150),
        "\u{200b}\u{200d}\u{feff}".repeat(600),
        "\u{378}\u{e000}\u{10fffd}\u{fdd0}".repeat(500),
        format!("a{}", "\u{302}\u{309}\u{323}".repeat(600)),
        " ".repeat(2_000),
        "\n".repeat(2_000),
        "i l\n".repeat(500),
        "出入境手续".repeat(400),
        "a\u{2028}\u{2029}\u{85}b\u{ad}".repeat(300),
    ];
    let begun = Instant::now();
    for text in &texts {
        for (width, height, size_px) in [(1920, 1080, 2_000), (64, 64, 2_000), (16_384, 16, 8)] {
            let all = Area::whole(width, height);
            let blocks = (0..20).map(|_| block(all, text, size_px)).collect();
            let mut picture = PictureBuf::new(640, 360);
            let drawn = draw_slide(&slide(width, height, blocks), &mut picture.as_picture_mut());
            assert_eq!(drawn, Ok(()));
            eprintln!(
                "{:?} {width} {:?}",
                text.chars().take(4).collect::<String>(),
                begun.elapsed()
            );
        }
    }
    assert!(begun.elapsed() < PATIENCE, "{:?}", begun.elapsed());
}

fn three_languages() -> Vec<Message> {
    vec![
        message(LONG, Language::Vi),
        message("Please have your passport ready", Language::En),
        message("出入境手续 请准备好您的护照", Language::Zh),
    ]
}

#[test]
fn a_ticker_shows_the_same_on_every_wall_and_moves_by_parts_of_a_pixel() {
    let spec = layout::Overlay::Ticker(ticker(three_languages()));
    let (one, other) = (start(&spec), start(&spec));
    assert_eq!(one.fault(), None);
    let mut before = seen(&one, MIDNIGHT_NS);
    assert!(ink(&before) > 10_000);
    for tick in 1..40 {
        let at_ns = MIDNIGHT_NS + tick * SECOND_NS / 60;
        let now = seen(&one, at_ns);
        assert!(now == seen(&other, at_ns));
        assert!(
            now != before,
            "tick {tick} shows what the one before showed"
        );
        before = now;
    }
    // At 120 px in a second everything is 60 px further left after half of one.
    let (start, later) = (
        seen(&one, MIDNIGHT_NS),
        seen(&one, MIDNIGHT_NS + SECOND_NS / 2),
    );
    let (start, later) = (start.as_picture(), later.as_picture());
    for y in 600..680 {
        for x in 160..1_100 {
            let (was, is) = (start.at(x, y).unwrap(), later.at(x - 60, y).unwrap());
            assert_eq!(was.y, is.y, "{x} {y}");
        }
    }
}

#[test]
fn a_ticker_stays_inside_its_area() {
    let overlay = start(&layout::Overlay::Ticker(ticker(three_languages())));
    for second in 0..30 {
        let picture = seen(&overlay, MIDNIGHT_NS + second * SECOND_NS);
        let view = picture.as_picture();
        for (x, y) in (0..1_280).flat_map(|x| (0..720).map(move |y| (x, y))) {
            let inside = (100..1_100).contains(&x) && (600..680).contains(&y);
            assert!(inside || view.at(x, y).unwrap().y == 16, "{x} {y}");
        }
    }
}

#[test]
fn a_ticker_shows_messages_in_their_time_only_and_nothing_when_it_has_none() {
    let in_a_minute = Message {
        from_ms: Some(TimeMs((MIDNIGHT_NS + 60 * SECOND_NS) / 1_000_000)),
        to_ms: Some(TimeMs((MIDNIGHT_NS + 120 * SECOND_NS) / 1_000_000)),
        ..message("Cửa khẩu", Language::Vi)
    };
    let spec = Ticker {
        backing: Backing {
            colour: Colour::WHITE,
            opacity_percent: 100,
        },
        ..ticker(vec![in_a_minute])
    };
    let overlay = start(&layout::Overlay::Ticker(spec));
    let shows = |second: i64| ink(&seen(&overlay, MIDNIGHT_NS + second * SECOND_NS)) > 0;
    assert!(!shows(0) && !shows(59));
    assert!(shows(61) && shows(119));
    assert!(shows(121), "what is in view runs out to the left");
    assert!(!shows(180));
}

#[test]
fn a_ticker_too_long_to_be_held_is_drawn_piece_by_piece() {
    let long = "出入境手续".repeat(100);
    let messages = (0..50).map(|_| message(&long, Language::Zh)).collect();
    let spec = Ticker {
        speed_px_per_s: 2_000,
        ..ticker(messages)
    };
    let overlay = start(&layout::Overlay::Ticker(spec));
    for second in [0, 1, 30, 500] {
        let at_ns = MIDNIGHT_NS + second * SECOND_NS;
        let deadline = Instant::now() + PATIENCE;
        while ink(&seen(&overlay, at_ns)) < 100_000 {
            assert!(Instant::now() < deadline, "second {second}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

#[test]
fn hostile_messages_cost_their_own_length_and_nothing_else() {
    let texts = [
        "﷽".repeat(500),
        "W".repeat(500),
        "\u{200b}".repeat(500),
        "\u{202e}abc\u{378}👩‍👩‍👧‍👦".to_owned(),
        format!("a{}", "\u{302}".repeat(400)),
    ];
    for text in texts {
        for (height_px, size_px) in [(16, 2_000), (720, 2_000), (80, 8)] {
            let mut spec = ticker(vec![message(&text, Language::None)]);
            spec.area = Area::whole(1_280, height_px);
            spec.style.size_px = size_px;
            let overlay = start(&layout::Overlay::Ticker(spec));
            assert_eq!(overlay.fault(), None);
            seen(&overlay, MIDNIGHT_NS);
        }
    }
}

fn clock(format: ClockFormat) -> Clock {
    Clock {
        area: Area {
            x_px: 600,
            y_px: 40,
            width_px: 600,
            height_px: 80,
        },
        style: style(60),
        backing: Backing {
            colour: Colour::BLACK,
            opacity_percent: 0,
        },
        format,
    }
}

#[test]
fn a_clock_changes_on_the_very_tick_and_is_drawn_ahead() {
    let overlay = start(&layout::Overlay::Clock(clock(ClockFormat::Seconds)));
    let midnight = seen(&overlay, MIDNIGHT_NS);
    assert!(ink(&midnight) > 10_000);
    assert!(seen(&overlay, MIDNIGHT_NS + SECOND_NS - 1) == midnight);
    let next = seen(&overlay, MIDNIGHT_NS + SECOND_NS);
    assert!(next != midnight, "the next second was not drawn ahead");

    let leapt_ns = MIDNIGHT_NS + 3_600 * SECOND_NS;
    let deadline = Instant::now() + PATIENCE;
    while seen(&overlay, leapt_ns) == next {
        assert!(
            Instant::now() < deadline,
            "the clock does not follow a step"
        );
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn a_clock_waits_for_the_time_that_it_will_show_first() {
    let clock = layout::Overlay::Clock(clock(ClockFormat::Seconds));
    let overlay = start(&clock);
    for hour in 1..30 {
        let at_ns = MIDNIGHT_NS + hour * 3_601 * SECOND_NS;
        overlay.expect(at_ns);
        wait(&overlay);
    }
    let at_ns = MIDNIGHT_NS + 29 * 3_601 * SECOND_NS;
    let there = start(&clock);
    there.expect(at_ns);
    wait(&there);
    assert!(seen(&overlay, at_ns) == seen(&there, at_ns));
    assert!(ink(&seen(&overlay, at_ns)) > 10_000);
}

#[test]
fn every_clock_fits_its_area_whatever_the_size_of_its_type() {
    for format in [
        ClockFormat::Time,
        ClockFormat::Seconds,
        ClockFormat::Date,
        ClockFormat::Weekday,
        ClockFormat::TimeAndDate,
    ] {
        let mut spec = clock(format);
        spec.style.size_px = 2_000;
        let overlay = start(&layout::Overlay::Clock(spec));
        let picture = seen(&overlay, MIDNIGHT_NS);
        let view = picture.as_picture();
        let found = ink(&picture);
        let inside: u64 = (600..1_200)
            .flat_map(|x| (40..120).map(move |y| (x, y)))
            .map(|(x, y)| u64::from(view.at(x, y).unwrap().y) - 16)
            .sum();
        assert!(found > 10_000 && inside == found, "{format:?}");
        let edges = (600..1_200)
            .map(|x| (x, 40))
            .chain((40..120).map(|y| (600, y)));
        for (x, y) in edges {
            assert_eq!(view.at(x, y).unwrap().y, 16, "{format:?} touches {x} {y}");
        }
    }
}

#[test]
fn overlays_that_come_and_go_leave_no_thread_behind() {
    let threads = || std::fs::read_dir("/proc/self/task").unwrap().count();
    let ticker = layout::Overlay::Ticker(ticker(three_languages()));
    let clock = layout::Overlay::Clock(clock(ClockFormat::Seconds));
    drop([start(&ticker), start(&clock)]);
    for _ in 0..40 {
        drop([start(&ticker), start(&clock)]);
    }
    let deadline = Instant::now() + PATIENCE;
    // Other tests run beside this one.
    while threads() > 60 {
        assert!(Instant::now() < deadline, "{} threads", threads());
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_logo_that_is_not_there_is_said_and_not_drawn() {
    let spec = layout::Overlay::Logo(layout::Logo {
        area: Area::whole(64, 64),
        asset: cotmoc_proto::media::Asset {
            sha256: "00".repeat(32).parse().unwrap(),
            size_bytes: 10,
            mime: cotmoc_proto::media::Mime::Png,
            chunks_sha256: "00".repeat(32).parse().unwrap(),
            loudness: None,
            chunk_bytes: cotmoc_proto::media::CHUNK_BYTES.try_into().unwrap(),
        },
        opacity_percent: 100,
    });
    let overlay = start(&spec);
    assert!(overlay.fault().is_some());
    assert_eq!(ink(&seen(&overlay, 0)), 0);
}

/// Set in a process that has no typefaces.
const WITHOUT_TYPEFACES: &str = "COTMOC_TEST_WITHOUT_TYPEFACES";

#[test]
fn a_machine_without_typefaces_says_so_and_draws_no_text() {
    if std::env::var_os(WITHOUT_TYPEFACES).is_some() {
        let overlay = start(&layout::Overlay::Ticker(ticker(three_languages())));
        let said = overlay.fault().unwrap();
        assert!(said.contains("install fonts-noto-core"), "{said}");
        assert_eq!(ink(&seen(&overlay, MIDNIGHT_NS)), 0);
        let mut picture = PictureBuf::new(100, 100);
        let words = slide(100, 100, vec![block(Area::whole(100, 100), "chào", 20)]);
        let drawn = draw_slide(&words, &mut picture.as_picture_mut());
        let script = Script::Latin;
        assert_eq!(drawn, Err(TextFault::NoLetters { script }));
        assert_eq!(check_typefaces(), drawn);
        return;
    }
    assert_eq!(check_typefaces(), Ok(()));
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("fonts.conf");
    std::fs::write(&config, "<fontconfig></fontconfig>").unwrap();
    let outcome = std::process::Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "text::tests::a_machine_without_typefaces_says_so_and_draws_no_text",
        ])
        .env(WITHOUT_TYPEFACES, "1")
        .env("FONTCONFIG_FILE", &config)
        .env("XDG_DATA_HOME", folder.path())
        .env("XDG_CONFIG_HOME", folder.path())
        .output()
        .unwrap();
    assert!(outcome.status.success(), "{outcome:?}");
}
