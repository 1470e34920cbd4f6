//! Which zone shows what, and when the whole canvas takes their place.

use crate::samples::{self, ISSUED, id, item, release};
use cotmoc_proto::Digest;
use cotmoc_proto::TimeMs;
use cotmoc_proto::media::Mime;
use cotmoc_proto::playlist::Daypart;
use cotmoc_proto::release::{OnStale, Release};
use cotmoc_proto::resolve::{
    FactoryReason, FallbackReason, Moment, Picture, Resolution, ScreenState, Show, ZoneShow,
    resolve,
};
use cotmoc_proto::time::{DAY, HOUR, MINUTE};
use proptest::prelude::*;

const OPENING: TimeMs = TimeMs(ISSUED.0 + 7 * HOUR);

fn now(release: &Release, state: &ScreenState) -> Resolution<'static> {
    let release: &'static Release = Box::leak(Box::new(release.clone()));
    let moment = Moment {
        at: OPENING,
        trusted: true,
    };
    resolve(Some(release), state, moment)
}

fn lit(answer: Resolution<'static>) -> Vec<ZoneShow<'static>> {
    match answer.picture {
        Picture::Lit(zones) => zones,
        Picture::Dark => panic!("dark"),
    }
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
fn each_zone_plays_its_own_playlists() {
    let shown = lit(now(&release(), &ScreenState::default()));
    let names: Vec<_> = shown
        .iter()
        .map(|zone| {
            let Show::Item { item, .. } = zone.show else {
                panic!("{zone:?}")
            };
            (zone.zone.unwrap().to_string(), item.id.to_string())
        })
        .collect();
    let expected = [("main", "phim"), ("notice", "thong-bao")];
    assert_eq!(names, expected.map(|(a, b)| (a.to_owned(), b.to_owned())));
}

#[test]
fn each_zone_keeps_its_own_time() {
    let mut release = release();
    release.playlists[1].items[0].dur_ms = 7_000;
    let answer = now(&release, &ScreenState::default());
    assert_eq!(answer.until, OPENING.plus(7_000));
    let untils: Vec<TimeMs> = lit(answer).iter().map(|zone| zone.until).collect();
    assert_eq!(untils, [OPENING.plus(15_000), OPENING.plus(7_000)]);
}

#[test]
fn a_zone_that_has_nothing_left_shows_the_fallback_and_the_others_go_on() {
    let shown = lit(now(&release(), &without(&["thong-bao"])));
    assert!(matches!(shown[0].show, Show::Item { .. }));
    assert_eq!(shown[1].zone, Some(&id("notice")));
    let reason = FallbackReason::NothingPlayable;
    assert!(matches!(shown[1].show, Show::Fallback { reason: r, .. } if r == reason));
    let shown = lit(now(&release(), &without(&["thong-bao", "du-phong"])));
    let reason = FactoryReason::FallbackUnavailable;
    assert_eq!(shown[1].show, Show::Factory { reason });
}

#[test]
fn where_every_zone_would_show_the_fallback_it_fills_the_canvas_once() {
    let mut stale = release();
    stale.on_stale = OnStale::Fallback;
    let none = without(&["phim", "anh", "thong-bao"]);
    let down = ScreenState {
        down: true,
        ..ScreenState::default()
    };
    let over = ScreenState {
        stale: true,
        ..ScreenState::default()
    };
    for (release, state, reason) in [
        (&release(), &none, FallbackReason::NothingPlayable),
        (&release(), &down, FallbackReason::TakenDown),
        (&stale, &over, FallbackReason::Stale),
    ] {
        let answer = now(release, state);
        let until = answer.until;
        let shown = lit(answer);
        assert_eq!(shown.len(), 1, "{reason:?}");
        assert_eq!((shown[0].zone, shown[0].until), (None, until));
        assert!(matches!(shown[0].show, Show::Fallback { reason: r, .. } if r == reason));
        let mut gone = state.clone();
        gone.unavailable.insert(Digest::of(b"du-phong"));
        let shown = lit(now(release, &gone));
        let reason = FactoryReason::FallbackUnavailable;
        assert_eq!(
            (shown[0].zone, &shown[0].show),
            (None, &Show::Factory { reason })
        );
    }
}

#[test]
fn a_programme_that_plays_on_after_its_time_keeps_its_zones() {
    let over = ScreenState {
        stale: true,
        ..ScreenState::default()
    };
    assert_eq!(lit(now(&release(), &over)).len(), 2);
}

#[test]
fn zones_may_show_the_same_file() {
    let mut release = release();
    let mut again = item("anh-nho", Mime::Jpeg);
    again.asset = release.playlists[0].items[1].asset.clone();
    release.playlists[1].items.push(again);
    assert_eq!(release.check(), Ok(()));
}

/// Three zones, each with a list that always plays and one that plays in a part of the day.
fn three_zones() -> impl Strategy<Value = Release> {
    let list = || prop::collection::vec(20_000_u32..3_600_000, 1..5);
    let part = (0_u16..24, 1_u16..24);
    prop::collection::vec((list(), list(), part), 3).prop_map(|zones| {
        let mut release = release();
        release.layout.overlays.clear();
        release.layout.zones = Vec::new();
        release.playlists.clear();
        for (n, (always, at_times, (from, hours))) in zones.into_iter().enumerate() {
            let x_px = u32::try_from(n).unwrap() * 600;
            let name = format!("z{n}");
            let zone = samples::zone(&name, samples::area(x_px, 0, 600, 1080));
            release.layout.zones.push(zone);
            release.dayparts.push(Daypart {
                id: id(&name),
                from: id(&format!("{from:02}:00")),
                to: id(&format!("{:02}:00", (from + hours).min(24))),
                days: Vec::new(),
                first_date: None,
                last_date: None,
            });
            for (list, priority) in [(always, 1), (at_times, 2)] {
                let items = list.iter().enumerate().map(|(i, dur_ms)| {
                    let mut item = item(&format!("{name}-{priority}-{i}"), Mime::Png);
                    item.dur_ms = *dur_ms;
                    item
                });
                let mut list =
                    samples::playlist(&format!("{name}-{priority}"), &name, items.collect());
                list.priority = priority;
                if priority == 2 {
                    list.dayparts = vec![id(&name)];
                }
                release.playlists.push(list);
            }
        }
        release
    })
}

/// The release with the zone alone, over the whole canvas.
fn alone(release: &Release, zone: &cotmoc_proto::ZoneId) -> Release {
    let mut release = release.clone();
    release.layout.zones.retain(|other| other.id == *zone);
    release.playlists.retain(|list| list.zone == *zone);
    release
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 48,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn a_day_of_three_zones_has_no_gap_and_each_zone_plays_as_if_it_were_alone(
        release in three_zones(),
        lost in prop::collection::vec(prop::bool::weighted(0.3), 24),
        trusted: bool,
        inside in 0_i64..1_000_000,
    ) {
        prop_assert_eq!(release.check(), Ok(()));
        let items = release.playlists.iter().flat_map(|list| &list.items);
        let state = ScreenState {
            unavailable: items
                .zip(&lost)
                .filter(|(_, lost)| **lost)
                .map(|(item, _)| item.digest())
                .collect(),
            ..ScreenState::default()
        };
        let alone: Vec<Release> =
            release.layout.zones.iter().map(|zone| alone(&release, &zone.id)).collect();
        let mut now = OPENING.plus(-HOUR);
        while now < OPENING.plus(DAY) {
            let at = Moment { at: now, trusted };
            let answer = resolve(Some(&release), &state, at);
            prop_assert!(answer.until > now);
            let later = now.plus(answer.until.since(now) * inside / 1_000_000);
            let again = resolve(Some(&release), &state, Moment { at: later, trusted });
            prop_assert_eq!(&again, &answer);
            if let Picture::Lit(shown) = &answer.picture {
                let whole = shown.len() == 1 && shown[0].zone.is_none();
                prop_assert!(whole || shown.len() == 3);
                for (n, own) in alone.iter().enumerate() {
                    let own = resolve(Some(own), &state, at);
                    let Picture::Lit(own) = own.picture else { panic!("dark alone") };
                    let shown = &shown[if whole { 0 } else { n }];
                    let is_item = matches!(own[0].show, Show::Item { .. });
                    prop_assert!(!whole || !is_item);
                    prop_assert_eq!(&shown.show, &own[0].show);
                    prop_assert!(whole || !is_item || shown.until == own[0].until);
                }
            }
            now = answer.until.min(now.plus(20 * MINUTE));
        }
    }
}
