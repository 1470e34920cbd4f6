//! A layout on a real wall: zones beside each other, running text, clock, logo, a text slide and an
//! announcement, from the signed release to the glass and back as proof.

#![allow(
    clippy::unwrap_used,
    reason = "a test fails by panicking, helpers of a test too"
)]

use cotmoc_proto::TimeMs;
use cotmoc_proto::device::Showing;
use cotmoc_proto::layout::{Clock, ClockFormat, Layout, Logo, Message, Overlay, Ticker, Zone};
use cotmoc_proto::media::{Asset, Mime};
use cotmoc_proto::plan::Announcement;
use cotmoc_proto::playlist::{Item, Language, Playlist};
use cotmoc_proto::release::Release;
use cotmoc_proto::slide::{Align, Block, Slide, Valign};
use cotmoc_proto::style::{Area, Backing, Colour, TextStyle, Typeface};
use cotmoc_proto::time::MINUTE;
use cotmoc_proto::window::DayTime;
use cotmoc_test_kit as kit;
use cotmoc_tests::programme::{GREEN, RED, colour_of, is_near, pictures};
use cotmoc_tests::{Programme, eventually};
use std::time::{SystemTime, UNIX_EPOCH};

const WIDTH: u32 = 640;
const HEIGHT: u32 = 360;
const MAIN: (u32, u32, u32, u32) = (0, 0, 480, 320);
const SIDE: (u32, u32, u32, u32) = (480, 0, 160, 320);
const BAR: (u32, u32, u32, u32) = (0, 320, 520, 40);
const CORNER: (u32, u32, u32, u32) = (520, 320, 120, 40);
const NAVY: [u8; 3] = [16, 32, 112];

fn area((x_px, y_px, width_px, height_px): (u32, u32, u32, u32)) -> Area {
    Area {
        x_px,
        y_px,
        width_px,
        height_px,
    }
}

fn zone(id: &str, place: (u32, u32, u32, u32)) -> Zone {
    let Area {
        x_px,
        y_px,
        width_px,
        height_px,
    } = area(place);
    Zone {
        id: id.parse().unwrap(),
        x_px,
        y_px,
        width_px,
        height_px,
    }
}

fn style(size_px: u32) -> TextStyle {
    TextStyle {
        typeface: Typeface::Sans,
        bold: true,
        size_px,
        colour: Colour::WHITE,
    }
}

fn navy() -> Backing {
    let [red, green, blue] = NAVY;
    Backing {
        colour: Colour::new(red, green, blue),
        opacity_percent: 100,
    }
}

fn message(text: &str, language: Language) -> Message {
    Message {
        text: text.to_owned(),
        language,
        from_ms: None,
        to_ms: None,
    }
}

fn item(id: &str, asset: &Asset, dur_ms: u32) -> Item {
    Item {
        id: id.parse().unwrap(),
        title: id.to_owned(),
        languages: vec![Language::Vi],
        source: "Sở Văn hóa".to_owned(),
        credit: String::new(),
        asset: asset.clone(),
        dur_ms,
        from_ms: None,
        to_ms: None,
    }
}

fn slide() -> Vec<u8> {
    let [red, green, blue] = NAVY;
    let slide = Slide {
        width_px: 160,
        height_px: 320,
        ground: Colour::new(red, green, blue),
        blocks: vec![Block {
            area: area((10, 120, 140, 80)),
            text: "Thủ tục\nxuất nhập cảnh".to_owned(),
            style: style(18),
            align: Align::Center,
            valign: Valign::Middle,
            fill: None,
        }],
    };
    serde_json::to_vec(&slide).unwrap()
}

/// A second of a tone.
fn tone() -> Vec<u8> {
    let samples = (0..48_000_u32).flat_map(|n| {
        let level = (f64::from(n) * 0.0576).sin() * 8_000.0;
        #[allow(clippy::cast_possible_truncation, reason = "within ±8,000")]
        let sample = level as i16;
        sample.to_le_bytes()
    });
    let data: Vec<u8> = samples.collect();
    let length = u32::try_from(data.len()).unwrap();
    let mut wav = b"RIFF".to_vec();
    wav.extend((length + 36).to_le_bytes());
    wav.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0\x80\xbb\0\0\0\x77\x01\0\x02\0\x10\0data");
    wav.extend(length.to_le_bytes());
    wav.extend(data);
    wav
}

/// The full minutes that come next, in local time.
fn next_minutes(zone: &cotmoc_proto::window::Zone) -> Vec<DayTime> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let now = TimeMs(i64::try_from(since.as_millis()).unwrap());
    let clock = |minutes: i64| {
        let local = zone.format(now.plus(minutes * MINUTE));
        let (time, _seconds) = local.rsplit_once(':').unwrap();
        time.split(' ').nth(1).unwrap().parse().unwrap()
    };
    let mut times: Vec<DayTime> = (1..=5).map(clock).collect();
    times.sort_unstable();
    times
}

fn with_layout(programme: &Programme, mut release: Release) -> Release {
    let lab = &programme.lab;
    let logo = lab
        .upload(Mime::Png, &kit::media::png(64, 64, [240, 220, 20]))
        .unwrap();
    let slide = lab.upload(Mime::Slide, &slide()).unwrap();
    let tone = lab.upload(Mime::Wav, &tone()).unwrap();
    release.layout = Layout {
        width_px: WIDTH,
        height_px: HEIGHT,
        zones: vec![zone("main", MAIN), zone("side", SIDE)],
        overlays: vec![
            Overlay::Ticker(Ticker {
                area: area(BAR),
                style: style(22),
                backing: navy(),
                speed_px_per_s: 60,
                messages: vec![
                    message("Chào mừng đến cửa khẩu Hữu Nghị", Language::Vi),
                    message("Welcome to the border gate", Language::En),
                    message("欢迎来到友谊关口岸", Language::Zh),
                ],
            }),
            Overlay::Clock(Clock {
                area: area(CORNER),
                style: style(22),
                backing: navy(),
                format: ClockFormat::Seconds,
            }),
            Overlay::Logo(Logo {
                area: area((8, 8, 48, 48)),
                asset: logo,
                opacity_percent: 100,
            }),
        ],
    };
    release.playlists.push(Playlist {
        id: "notices".parse().unwrap(),
        zone: "side".parse().unwrap(),
        priority: 0,
        dayparts: Vec::new(),
        crossfade_ms: 200,
        items: vec![
            item("slide", &slide, 1_500),
            item("green-beside", &programme.green, 1_500),
        ],
    });
    release.announcements = vec![Announcement {
        item: item("tone", &tone, 1_000),
        times: next_minutes(&release.window.zone),
        days: Vec::new(),
        first_date: None,
        last_date: None,
    }];
    release
}

#[test]
fn zones_text_clock_and_logo_share_the_glass_and_every_zone_is_proved() {
    let programme = Programme::on_air_at("640", "360").unwrap();
    let next = with_layout(&programme, programme.next(2, &[&programme.red]));
    programme.lab.publish_release(&next).unwrap();
    let report = eventually("both zones of release 2 on air", || {
        let report = programme.lab.report("W01")?;
        let zones = report
            .showing
            .iter()
            .filter(|show| matches!(show, Showing::Item { .. }));
        (report.release == 2 && zones.count() == 2).then_some(report)
    });
    assert_eq!(report.showing.len(), 2, "{:?}", report.showing);
    let seen = pictures(&programme.board).len();
    let (mut slide, mut green) = (false, false);
    eventually(
        "the side zone shows the slide and the green picture",
        || {
            for path in pictures(&programme.board).iter().skip(seen) {
                let at = |place: (u32, u32, u32, u32)| colour_of(path, place);
                assert!(
                    is_near(at((100, 100, 200, 100)), RED),
                    "the main zone is red"
                );
                assert!(
                    is_near(at((12, 12, 36, 36)), [240, 220, 20]),
                    "the logo is there"
                );
                let bar = at(BAR);
                assert!(
                    !is_near(bar, RED) && !is_near(bar, [0, 0, 0]),
                    "the bar covers the zones: {bar:?}"
                );
                slide |= is_near(at((490, 230, 140, 60)), NAVY);
                green |= is_near(at((500, 140, 120, 40)), GREEN);
            }
            (slide && green).then_some(())
        },
    );
    let aired = eventually("the items of both zones are proved", || {
        let aired = programme.lab.aired("W01");
        let has = |item: &str| {
            aired
                .iter()
                .any(|one| one.release == 2 && one.item.to_string() == item)
        };
        (has("slide") && has("green-beside")).then_some(aired)
    });
    assert!(aired.iter().all(|one| one.frames > 0), "{aired:?}");
    eventually("the announcement of a full minute is proved", || {
        let aired = programme.lab.aired("W01");
        aired
            .into_iter()
            .find(|one| one.item.as_str() == "tone" && one.playlist.as_str() == "announcements")
    });
}

#[test]
fn a_takedown_in_one_zone_leaves_the_other_zone_alone() {
    let programme = Programme::on_air_at("640", "360").unwrap();
    let next = with_layout(&programme, programme.next(2, &[&programme.red]));
    programme.lab.publish_release(&next).unwrap();
    eventually("both zones of release 2 on air", || {
        let report = programme.lab.report("W01")?;
        (report.release == 2 && report.showing.len() == 2).then_some(())
    });
    let site = &programme.lab.site;
    let order = site.takedown(1, 2, &[programme.green.sha256]);
    programme.lab.publish(&site.seal_takedown(&order)).unwrap();
    eventually(
        "the side zone shows its slide alone and the main zone plays on",
        || {
            let report = programme.lab.report("W01")?;
            let items: Vec<String> = report
                .showing
                .iter()
                .filter_map(|show| match show {
                    Showing::Item { item, .. } => Some(item.to_string()),
                    Showing::Dark { .. }
                    | Showing::Fallback { .. }
                    | Showing::Template { .. }
                    | Showing::Factory { .. } => None,
                })
                .collect();
            (report.takedown == 1 && items.len() == 2 && items.iter().any(|item| item == "slide"))
                .then_some(())
        },
    );
    let seen = pictures(&programme.board).len();
    eventually("more pictures are presented", || {
        (pictures(&programme.board).len() >= seen + 3).then_some(())
    });
    for path in pictures(&programme.board).iter().skip(seen) {
        let side = colour_of(path, (500, 140, 120, 40));
        assert!(!is_near(side, GREEN), "what was taken down is not shown");
    }
}

#[test]
fn a_release_may_bring_a_canvas_of_another_size_and_the_next_one_bring_the_old_one_back() {
    let programme = Programme::on_air_at("640", "360").unwrap();
    let size = |release: &Release| (release.layout.width_px, release.layout.height_px);
    let mut wide = programme.next(2, &[&programme.red]);
    let usual = size(&wide);
    wide.layout = Layout {
        width_px: 1_280,
        height_px: 360,
        zones: vec![
            zone("main", (0, 0, 640, 360)),
            zone("side", (640, 0, 640, 360)),
        ],
        overlays: Vec::new(),
    };
    wide.playlists.push(Playlist {
        id: "notices".parse().unwrap(),
        zone: "side".parse().unwrap(),
        priority: 0,
        dayparts: Vec::new(),
        crossfade_ms: 0,
        items: vec![item("green-beside", &programme.green, 1_000)],
    });
    assert_ne!(size(&wide), usual);
    programme.lab.publish_release(&wide).unwrap();
    let halves = |path: &std::path::PathBuf| {
        let left = colour_of(path, (60, 120, 200, 120));
        (left, colour_of(path, (380, 120, 200, 120)))
    };
    eventually("the wide canvas fills the output", || {
        let newest = pictures(&programme.board).pop()?;
        let (left, right) = halves(&newest);
        (is_near(left, RED) && is_near(right, GREEN)).then_some(())
    });
    let seen = pictures(&programme.board).len();
    let old = programme.next_after(&wide, 3, &[&programme.green]);
    assert_eq!(size(&old), usual);
    programme.lab.publish_release(&old).unwrap();
    eventually("the old canvas is back", || {
        let newest = pictures(&programme.board).pop()?;
        let (left, right) = halves(&newest);
        (is_near(left, GREEN) && is_near(right, GREEN)).then_some(())
    });
    for path in pictures(&programme.board).iter().skip(seen) {
        let (left, right) = halves(path);
        assert!(is_near(left, RED) || is_near(left, GREEN), "{left:?}");
        assert!(is_near(right, GREEN), "{right:?}");
    }
}
