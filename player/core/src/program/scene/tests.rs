use super::super::tests::programme::{MIDNIGHT, item, playlist, release};
use super::super::{AnnouncementPlan, CueShow, announcements, plan};
use super::*;
use cotmoc_proto::Digest;
use cotmoc_proto::layout::{Clock, ClockFormat, Logo, Zone};
use cotmoc_proto::media::{Loudness, Mime};
use cotmoc_proto::plan::Announcement;
use cotmoc_proto::playlist::Language;
use cotmoc_proto::release::OnStale;
use cotmoc_proto::style::{Backing, Colour, TextStyle, Typeface};
use cotmoc_proto::time::{DAY, HOUR, MINUTE, Millis, SECOND};
use proptest::prelude::*;

const OPENING: TimeMs = TimeMs(MIDNIGHT.0 + 7 * HOUR);

fn trusted(at: TimeMs) -> Moment {
    Moment { at, trusted: true }
}

fn zone(id: &str, x_px: u32, width_px: u32) -> Zone {
    Zone {
        id: id.parse().unwrap(),
        x_px,
        y_px: 0,
        width_px,
        height_px: 1080,
    }
}

const STYLE: TextStyle = TextStyle {
    typeface: Typeface::Sans,
    bold: false,
    size_px: 32,
    colour: Colour::WHITE,
};
const BACKING: Backing = Backing {
    colour: Colour::BLACK,
    opacity_percent: 100,
};
const AREA: Area = Area {
    x_px: 0,
    y_px: 0,
    width_px: 320,
    height_px: 64,
};

fn ticker() -> Ticker {
    let message = |text: &str, from_ms| Message {
        text: text.to_owned(),
        language: Language::Vi,
        from_ms,
        to_ms: None,
    };
    Ticker {
        area: AREA,
        style: STYLE,
        backing: BACKING,
        speed_px_per_s: 100,
        messages: vec![message("luôn", None), message("từ", Some(OPENING))],
    }
}

/// Films of 20 and 45 s beside notices of 7 s, with a ticker, a clock and a logo.
fn divided() -> Release {
    let mut notices = playlist("notices", 1, &[], vec![item("c", 7_000), item("d", 7_000)]);
    notices.zone = "notice".parse().unwrap();
    let films = vec![item("a", 20_000), item("b", 45_000)];
    let mut release = release(vec![playlist("films", 1, &[], films), notices]);
    release.layout.zones = vec![zone("main", 0, 1440), zone("notice", 1440, 480)];
    release.layout.overlays = vec![
        Overlay::Ticker(ticker()),
        Overlay::Clock(Clock {
            area: AREA,
            style: STYLE,
            backing: BACKING,
            format: ClockFormat::Time,
        }),
        Overlay::Logo(Logo {
            area: AREA,
            asset: item("logo", 1_000).asset,
            opacity_percent: 100,
        }),
    ];
    release
}

fn words(zone: &ZonePlan, zero: TimeMs) -> Vec<(String, Millis, Millis)> {
    zone.cues
        .iter()
        .map(|cue| {
            let CueShow::Item { item, .. } = &cue.show else {
                panic!("{cue:?}")
            };
            (
                item.to_string(),
                cue.from.since(zero),
                cue.until.since(zero),
            )
        })
        .collect()
}

fn without(names: &[&str]) -> ScreenState {
    ScreenState {
        unavailable: names
            .iter()
            .map(|name| Digest::of(name.as_bytes()))
            .collect(),
        ..ScreenState::default()
    }
}

#[test]
fn each_zone_has_its_own_cues() {
    let scenes = plan(
        Some(&divided()),
        &ScreenState::default(),
        trusted(OPENING.plus(10_000)),
        12_000,
    );
    assert_eq!(scenes.len(), 1);
    let [main, notice] = scenes[0].zones.as_slice() else {
        panic!("{scenes:?}")
    };
    assert_eq!(scenes[0].size_px, Some((1920, 1080)));
    assert_eq!(main.area, Some(zone("main", 0, 1440).area()));
    assert_eq!(notice.zone, Some("notice".parse().unwrap()));
    let seen = words(main, OPENING);
    assert_eq!(seen, [("a", 0, 20_000), ("b", 20_000, 65_000)].map(owned));
    let seen = words(notice, OPENING);
    let expected = [
        ("d", 7_000, 14_000),
        ("c", 14_000, 21_000),
        ("d", 21_000, 28_000),
    ];
    assert_eq!(seen, expected.map(owned));
}

fn owned((word, from, until): (&str, Millis, Millis)) -> (String, Millis, Millis) {
    (word.to_owned(), from, until)
}

#[test]
fn the_whole_canvas_takes_the_place_of_the_zones_when_the_wall_goes_dark() {
    let closing = MIDNIGHT.plus(22 * HOUR);
    let release = divided();
    let now = trusted(closing.plus(-5_000));
    let scenes = plan(Some(&release), &ScreenState::default(), now, 20_000);
    assert_eq!(scenes.len(), 2);
    assert_eq!((scenes[0].until, scenes[1].from), (closing, closing));
    assert!(
        scenes[0]
            .zones
            .iter()
            .all(|zone| zone.cues.last().unwrap().until == closing)
    );
    assert_eq!(scenes[1].zones.len(), 1);
    assert_eq!(
        (&scenes[1].zones[0].zone, &scenes[1].zones[0].area),
        (&None, &None)
    );
    assert_eq!(scenes[1].zones[0].cues[0].show, CueShow::Dark);
    assert_eq!((scenes[0].overlays.len(), scenes[1].overlays.len()), (3, 0));
    assert!(!scenes[0].is_same_stage(&scenes[1]));
}

#[test]
fn what_takes_the_place_of_the_programme_has_nothing_over_it() {
    let down = ScreenState {
        down: true,
        ..ScreenState::default()
    };
    for state in [down, without(&["a", "b", "c", "d"])] {
        let scenes = plan(Some(&divided()), &state, trusted(OPENING), SECOND);
        assert_eq!(scenes[0].zones.len(), 1);
        assert!(scenes[0].overlays.is_empty());
        assert!(matches!(
            scenes[0].zones[0].cues[0].show,
            CueShow::Fallback { .. }
        ));
    }
}

#[test]
fn a_plain_layout_is_one_scene_all_day() {
    let release = release(vec![playlist("p", 1, &[], vec![item("a", 20_000)])]);
    let state = ScreenState::default();
    let night = plan(Some(&release), &state, trusted(OPENING.plus(-1)), MINUTE);
    assert_eq!(night.len(), 1);
    assert_eq!(night[0].zones[0].cues[0].show, CueShow::Dark);
    assert_eq!(
        night[0].zones[0].cues[1].zone,
        Some("main".parse().unwrap())
    );
    let day = plan(Some(&release), &state, trusted(OPENING), MINUTE);
    assert!(night[0].is_same_stage(&day[0]));
}

#[test]
fn an_overlay_that_may_not_be_shown_is_not_in_the_plan() {
    let overlays = |state: &ScreenState, now| {
        plan(Some(&divided()), state, now, SECOND)[0]
            .overlays
            .clone()
    };
    let logo_gone = overlays(&without(&["logo"]), trusted(OPENING));
    assert!(logo_gone.iter().all(|one| !matches!(one, Overlay::Logo(_))));
    assert_eq!(logo_gone.len(), 2);
    let doubtful = Moment {
        at: OPENING,
        trusted: false,
    };
    let left = overlays(&ScreenState::default(), doubtful);
    let [Overlay::Ticker(ticker), Overlay::Logo(_)] = left.as_slice() else {
        panic!("{left:?}: a clock that nobody believes is shown")
    };
    let texts: Vec<&str> = ticker.messages.iter().map(|m| m.text.as_str()).collect();
    assert_eq!(texts, ["luôn"], "nobody knows whether the other is due");
}

#[test]
fn a_cue_carries_how_it_fades_in_and_how_loud_it_is() {
    let mut release = divided();
    release.playlists[0].crossfade_ms = 3_000;
    release.playlists[0].items[1].dur_ms = 1_000;
    let loud = |integrated_mlufs, true_peak_mdbtp| {
        Some(Loudness {
            integrated_mlufs,
            true_peak_mdbtp,
        })
    };
    release.playlists[0].items[0].asset.loudness = loud(-14_000, 0);
    release.playlists[0].items[1].asset.loudness = loud(-60_000, -50_000);
    let scenes = plan(
        Some(&release),
        &ScreenState::default(),
        trusted(OPENING),
        MINUTE,
    );
    let carried: Vec<(u32, i32)> = scenes[0].zones[0]
        .cues
        .iter()
        .take(2)
        .map(|cue| (cue.show.crossfade_ms(), cue.show.gain_mdb()))
        .collect();
    assert_eq!(carried, [(3_000, -9_000), (500, 12_000)]);
}

fn spoken(id: &str, dur_ms: u32, times: &[&str]) -> Announcement {
    let mut item = item(id, dur_ms);
    item.asset.mime = Mime::Ogg;
    Announcement {
        item,
        times: times.iter().map(|time| time.parse().unwrap()).collect(),
        days: Vec::new(),
        first_date: None,
        last_date: None,
    }
}

fn speaking(all: Vec<Announcement>) -> Release {
    Release {
        announcements: all,
        ..divided()
    }
}

fn heard(all: &[AnnouncementPlan], zero: TimeMs) -> Vec<(String, Millis, Millis)> {
    all.iter()
        .map(|one| {
            (
                one.id.to_string(),
                one.at.since(zero),
                one.until.since(zero),
            )
        })
        .collect()
}

#[test]
fn what_begins_at_one_time_is_heard_one_after_the_other() {
    let release = speaking(vec![
        spoken("vi", 20_000, &["08:00"]),
        spoken("en", 15_000, &["08:00", "09:00"]),
    ]);
    let eight = MIDNIGHT.plus(8 * HOUR);
    let table = |state: &ScreenState, now: Millis| {
        let now = trusted(eight.plus(now));
        heard(&announcements(&release, state, now, 20 * SECOND), eight)
    };
    let all = ScreenState::default();
    let both = [("vi", 0, 20_000), ("en", 20_000, 35_000)].map(owned);
    assert_eq!(table(&all, -20_000), []);
    assert_eq!(table(&all, -10_000), [both[0].clone()]);
    assert_eq!(table(&all, 1), both);
    assert_eq!(
        table(&all, 20_000),
        [both[1].clone()],
        "what speaks now is in the plan"
    );
    assert_eq!(table(&all, 35_000), []);
    assert_eq!(table(&without(&["vi"]), 0), [], "the other keeps its time");
    assert_eq!(table(&without(&["vi"]), 1), [both[1].clone()]);
}

#[test]
fn nothing_is_announced_by_a_wall_that_is_dark_or_taken_down_or_has_no_clock() {
    let mut release = speaking(vec![spoken("vi", 20_000, &["06:59", "07:00", "21:59"])]);
    release.announcements[0].item.dur_ms = 90_000;
    let at = |state: &ScreenState, now: Moment| announcements(&release, state, now, MINUTE);
    let all = ScreenState::default();
    assert_eq!(at(&all, trusted(OPENING.plus(-MINUTE))), [], "dark");
    assert_eq!(at(&all, trusted(OPENING)).len(), 1);
    let closing = MIDNIGHT.plus(22 * HOUR);
    let last = at(&all, trusted(closing.plus(-10_000)));
    assert_eq!(last[0].until, closing, "cut at the closing");
    for (down, stale) in [(true, false), (false, true)] {
        let state = ScreenState {
            down,
            stale,
            ..ScreenState::default()
        };
        assert_eq!(at(&state, trusted(OPENING)), []);
    }
    let doubtful = Moment {
        at: OPENING,
        trusted: false,
    };
    assert_eq!(at(&all, doubtful), []);
    release.on_stale = OnStale::Keep;
    let over = ScreenState {
        stale: true,
        ..ScreenState::default()
    };
    assert_eq!(
        announcements(&release, &over, trusted(OPENING), MINUTE).len(),
        1
    );
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 64,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn scenes_and_the_cues_of_every_zone_are_contiguous_and_go_on_where_they_said(
        lengths in prop::collection::vec(500_u32..600_000, 4),
        lost in prop::collection::vec(prop::bool::weighted(0.3), 4),
        now in 0..DAY,
        horizon in 0..10 * MINUTE,
        trusted: bool,
    ) {
        let mut release = divided();
        let items = release.playlists.iter_mut().flat_map(|list| &mut list.items);
        for (item, length) in items.zip(&lengths) {
            item.dur_ms = *length;
        }
        let names = ["a", "b", "c", "d"].into_iter().zip(&lost);
        let lost: Vec<&str> = names.filter(|(_, lost)| **lost).map(|(name, _)| name).collect();
        let state = without(&lost);
        let now = Moment { at: MIDNIGHT.plus(now), trusted };
        let scenes = plan(Some(&release), &state, now, horizon);
        prop_assert_eq!(scenes[0].from, now.at);
        for pair in scenes.windows(2) {
            prop_assert_eq!(pair[0].until, pair[1].from);
            prop_assert!(!pair[0].is_same_stage(&pair[1]));
        }
        for scene in &scenes {
            prop_assert_eq!(scene.zones.len(), if scene.overlays.is_empty() { 1 } else { 2 });
            for zone in &scene.zones {
                prop_assert!(zone.cues[0].from <= scene.from && scene.from < zone.cues[0].until);
                prop_assert!(zone.cues.last().unwrap().until >= scene.until);
                for pair in zone.cues.windows(2) {
                    prop_assert_eq!(pair[0].until, pair[1].from);
                    let later = Moment { at: pair[1].from, ..now };
                    let again = &plan(Some(&release), &state, later, 0)[0];
                    let same = again.zones.iter().find(|other| other.zone == zone.zone).unwrap();
                    prop_assert_eq!(&same.cues[0].show, &pair[1].show);
                    prop_assert_eq!(same.cues[0].from, pair[1].from);
                }
            }
        }
    }

    #[test]
    fn an_announcement_is_planned_the_same_from_wherever_one_looks(
        now in 6 * HOUR..23 * HOUR,
        earlier in 0..20 * SECOND,
    ) {
        let release = speaking(vec![
            spoken("vi", 30_000, &["06:59", "08:00", "12:00", "21:59"]),
            spoken("en", 45_000, &["07:00", "08:00", "12:01", "21:59"]),
        ]);
        let state = ScreenState::default();
        let now = MIDNIGHT.plus(now);
        let then = announcements(&release, &state, trusted(now.plus(-earlier)), 40 * SECOND);
        let held: Vec<_> = then.into_iter().filter(|one| one.until > now).collect();
        let seen = announcements(&release, &state, trusted(now), 40 * SECOND - earlier);
        prop_assert_eq!(held, seen);
    }
}
