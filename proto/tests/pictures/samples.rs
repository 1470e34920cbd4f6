//! A release of several zones with everything on them, and a text slide, every field filled.

use cotmoc_proto::Digest;
use cotmoc_proto::layout::{Clock, ClockFormat, Layout, Logo, Message, Overlay, Ticker, Zone};
use cotmoc_proto::media::{Asset, CHUNK_BYTES, Loudness, Mime};
use cotmoc_proto::plan::{Announcement, LightPlan, LightStep, SoundPlan, VolumeStep};
use cotmoc_proto::playlist::{CalendarDate, Item, Language, Playlist};
use cotmoc_proto::release::{OnStale, Release};
use cotmoc_proto::slide::{Align, Block, Slide, Valign};
use cotmoc_proto::style::{Area, Backing, Colour, TextStyle, Typeface};
use cotmoc_proto::time::{DAY, HOUR, TimeMs};
use cotmoc_proto::window::{Day, DayTime, OperatingWindow};
use std::fmt::Debug;
use std::num::NonZeroU32;
use std::str::FromStr;

/// 23/11/2026 00:00 at the border gate.
pub const ISSUED: TimeMs = TimeMs(1_795_366_800_000);

pub fn id<T: FromStr<Err: Debug>>(text: &str) -> T {
    text.parse().unwrap()
}

pub const fn area(x_px: u32, y_px: u32, width_px: u32, height_px: u32) -> Area {
    Area {
        x_px,
        y_px,
        width_px,
        height_px,
    }
}

pub fn zone(name: &str, area: Area) -> Zone {
    Zone {
        id: id(name),
        x_px: area.x_px,
        y_px: area.y_px,
        width_px: area.width_px,
        height_px: area.height_px,
    }
}

pub fn asset(name: &str, mime: Mime) -> Asset {
    Asset {
        sha256: Digest::of(name.as_bytes()),
        size_bytes: 40_000,
        mime,
        chunk_bytes: NonZeroU32::new(CHUNK_BYTES).unwrap(),
        chunks_sha256: Digest::of(b"chunks"),
        loudness: None,
    }
}

pub fn item(name: &str, mime: Mime) -> Item {
    Item {
        id: id(name),
        title: format!("Tiêu đề {name}"),
        languages: vec![Language::Vi],
        source: String::new(),
        credit: String::new(),
        asset: asset(name, mime),
        dur_ms: 15_000,
        from_ms: None,
        to_ms: None,
    }
}

const fn style(size_px: u32, bold: bool) -> TextStyle {
    TextStyle {
        typeface: Typeface::Sans,
        bold,
        size_px,
        colour: Colour::WHITE,
    }
}

pub fn message(text: &str, language: Language) -> Message {
    Message {
        text: text.to_owned(),
        language,
        from_ms: None,
        to_ms: None,
    }
}

const BACKING: Backing = Backing {
    colour: Colour::new(0x0a, 0x2a, 0x5e),
    opacity_percent: 80,
};

pub fn ticker() -> Ticker {
    Ticker {
        area: area(0, 1000, 1920, 80),
        style: style(48, true),
        backing: BACKING,
        speed_px_per_s: 120,
        messages: vec![
            Message {
                from_ms: Some(ISSUED.plus(7 * HOUR)),
                to_ms: Some(ISSUED.plus(DAY)),
                ..message("Đường Hùng Vương cấm xe từ 18 giờ", Language::Vi)
            },
            message("Welcome to Lào Cai", Language::En),
            message("老街欢迎您", Language::Zh),
        ],
    }
}

pub fn clock() -> Clock {
    Clock {
        area: area(1440, 0, 480, 120),
        style: style(72, true),
        backing: Backing {
            colour: Colour::BLACK,
            opacity_percent: 100,
        },
        format: ClockFormat::TimeAndDate,
    }
}

pub fn logo() -> Logo {
    Logo {
        area: area(40, 40, 160, 160),
        asset: asset("logo", Mime::Png),
        opacity_percent: 90,
    }
}

pub fn layout() -> Layout {
    Layout {
        width_px: 1920,
        height_px: 1080,
        zones: vec![
            zone("main", area(0, 0, 1440, 1000)),
            zone("notice", area(1440, 120, 480, 880)),
        ],
        overlays: vec![
            Overlay::Ticker(ticker()),
            Overlay::Clock(clock()),
            Overlay::Logo(logo()),
        ],
    }
}

pub fn playlist(name: &str, zone: &str, items: Vec<Item>) -> Playlist {
    Playlist {
        id: id(name),
        zone: id(zone),
        priority: 1,
        dayparts: Vec::new(),
        crossfade_ms: 0,
        items,
    }
}

pub fn announcement(name: &str, times: &[&str]) -> Announcement {
    let date = |text: &str| CalendarDate::try_from(text.to_owned()).ok();
    Announcement {
        item: item(name, Mime::Ogg),
        times: times.iter().map(|time| id::<DayTime>(time)).collect(),
        days: vec![Day::Mon, Day::Fri],
        first_date: date("2026-11-23"),
        last_date: date("2026-12-31"),
    }
}

pub fn release() -> Release {
    let mut film = item("phim", Mime::Webm);
    film.asset.loudness = Some(Loudness {
        integrated_mlufs: -18_400,
        true_peak_mdbtp: -300,
    });
    let mut fading = playlist("all-day", "main", vec![film, item("anh", Mime::Jpeg)]);
    fading.crossfade_ms = 800;
    Release {
        site: id("lao-cai"),
        channel: id("gate"),
        devices: vec![id("W01")],
        epoch: 1,
        version: 8,
        prev: None,
        issued_ms: ISSUED,
        refresh_by_ms: ISSUED.plus(14 * DAY),
        expires_ms: ISSUED.plus(30 * DAY),
        offline_grace_ms: 14 * DAY,
        on_stale: OnStale::Keep,
        window: OperatingWindow::default(),
        layout: layout(),
        dayparts: Vec::new(),
        playlists: vec![
            fading,
            playlist("notices", "notice", vec![item("thong-bao", Mime::Slide)]),
        ],
        fallback: item("du-phong", Mime::Png),
        templates: Vec::new(),
        sound: SoundPlan {
            target_mlufs: -23_000,
            volume: vec![volume("07:00", 60), volume("22:00", 0)],
            duck_percent: 20,
        },
        light: LightPlan {
            steps: vec![light("06:30", 100, 100), light("18:00", 45, 120)],
        },
        announcements: vec![announcement("loa", &["08:00", "16:30"])],
        lookup: None,
        lifts_takedown: 0,
        note: String::new(),
    }
}

pub fn volume(from: &str, percent: u8) -> VolumeStep {
    VolumeStep {
        from: id(from),
        percent,
    }
}

pub fn light(from: &str, brightness_percent: u8, gamma_percent: u16) -> LightStep {
    LightStep {
        from: id(from),
        brightness_percent,
        gamma_percent,
    }
}

pub fn slide() -> Slide {
    Slide {
        width_px: 480,
        height_px: 880,
        ground: Colour::new(0xc8, 0x10, 0x2e),
        blocks: vec![
            Block {
                area: area(20, 20, 440, 120),
                text: "THÔNG BÁO".to_owned(),
                style: style(64, true),
                align: Align::Center,
                valign: Valign::Middle,
                fill: Some(Colour::new(0xff, 0xcd, 0x00)),
            },
            Block {
                area: area(20, 160, 440, 700),
                text: "Cửa khẩu mở cửa từ 7 giờ\nOpen from 7 am\n口岸7点开放".to_owned(),
                style: TextStyle {
                    typeface: Typeface::Serif,
                    ..style(40, false)
                },
                align: Align::Left,
                valign: Valign::Top,
                fill: None,
            },
        ],
    }
}
