//! What is drawn, looked at pixel by pixel.

mod overlays;
mod slides;

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

fn three_languages() -> Vec<Message> {
    vec![
        message(LONG, Language::Vi),
        message("Please have your passport ready", Language::En),
        message("出入境手续 请准备好您的护照", Language::Zh),
    ]
}

const LONG: &str = "Chào mừng quý khách đến cửa khẩu quốc tế Hữu Nghị – Lễ hội Kỳ Cùng Tả Phủ";

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
