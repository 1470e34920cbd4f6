pub(crate) mod programme;

use super::*;
use cotmoc_proto::Digest;
use cotmoc_proto::release::OnStale;
use cotmoc_proto::time::{DAY, HOUR, MINUTE, SECOND};
use programme::{MIDNIGHT, day, item, playlist, release};
use proptest::prelude::*;

fn trusted(at: TimeMs) -> Moment {
    Moment { at, trusted: true }
}

/// What the first zone shows, scene after scene.
fn first_zone(
    release: Option<&Release>,
    state: &ScreenState,
    now: Moment,
    horizon_ms: Millis,
) -> Vec<CuePlan> {
    plan(release, state, now, horizon_ms)
        .into_iter()
        .flat_map(|scene| scene.zones[0].cues.clone())
        .collect()
}

fn word(cue: &CuePlan) -> String {
    match &cue.show {
        CueShow::Dark => "dark".to_owned(),
        CueShow::Item { item, .. }
        | CueShow::Template { item, .. }
        | CueShow::Fallback { item, .. } => item.to_string(),
        CueShow::Factory { .. } => "factory".to_owned(),
    }
}

/// Each cue as its name, and its start, end and offset relative to `zero`.
fn table(cues: &[CuePlan], zero: TimeMs) -> Vec<(String, Millis, Millis, Millis)> {
    cues.iter()
        .map(|cue| {
            (
                word(cue),
                cue.from.since(zero),
                cue.until.since(zero),
                cue.offset_ms,
            )
        })
        .collect()
}

#[test]
fn a_plan_begins_with_what_is_on_and_names_what_comes_next() {
    let release = day();
    let opening = MIDNIGHT.plus(7 * HOUR);
    let cues = first_zone(
        Some(&release),
        &ScreenState::default(),
        trusted(opening.plus(25_000)),
        60_000,
    );
    let expected = [
        ("b", 20_000, 65_000, 5_000),
        ("a", 65_000, 85_000, 0),
        ("b", 85_000, 130_000, 0),
    ];
    assert_eq!(
        table(&cues, opening),
        expected.map(|(w, a, b, c)| (w.to_owned(), a, b, c))
    );
    assert_eq!(cues[0].zone, Some("main".parse().unwrap()));
}

#[test]
fn a_dark_wall_knows_what_it_opens_with() {
    let release = day();
    let night = MIDNIGHT.plus(22 * HOUR + 1_000);
    let cues = first_zone(
        Some(&release),
        &ScreenState::default(),
        trusted(night),
        SECOND,
    );
    assert_eq!(cues.len(), 2);
    assert_eq!((word(&cues[0]).as_str(), cues[0].from), ("dark", night));
    let opening = MIDNIGHT.plus(DAY + 7 * HOUR);
    assert_eq!((word(&cues[1]).as_str(), cues[1].from), ("a", opening));
}

#[test]
fn a_showing_that_outlasts_an_answer_stays_one_cue() {
    let release = release(vec![playlist("p", 1, &[], vec![item("long", 3_600_000)])]);
    let now = Moment {
        at: MIDNIGHT.plus(30 * SECOND),
        trusted: false,
    };
    let cues = first_zone(Some(&release), &ScreenState::default(), now, 10 * MINUTE);
    assert_eq!(
        cues[0].until.since(cues[0].from),
        HOUR,
        "asked every minute, shown once"
    );
    assert_eq!(cues.len(), 2);
    let down = ScreenState {
        down: true,
        ..ScreenState::default()
    };
    let cues = first_zone(Some(&day()), &down, trusted(MIDNIGHT.plus(8 * HOUR)), HOUR);
    assert_eq!(
        cues[0].until,
        MIDNIGHT.plus(22 * HOUR),
        "one fallback over all dayparts"
    );
    assert_eq!(word(&cues[1]), "dark");
}

#[test]
fn an_item_that_follows_itself_is_shown_anew() {
    let release = release(vec![playlist("p", 1, &[], vec![item("only", 10_000)])]);
    let opening = MIDNIGHT.plus(7 * HOUR);
    let cues = first_zone(
        Some(&release),
        &ScreenState::default(),
        trusted(opening),
        15_000,
    );
    let starts: Vec<Millis> = cues.iter().map(|cue| cue.from.since(opening)).collect();
    assert_eq!(starts, [0, 10_000]);
}

#[test]
fn what_failed_is_not_planned() {
    let release = day();
    let mut faults = ItemFaults::new(FaultRules::default());
    faults.failed(Digest::of(b"b"), Fault::Undecodable, 1_000);
    let state = ScreenState {
        unavailable: faults.unavailable(2_000),
        ..ScreenState::default()
    };
    let cues = first_zone(
        Some(&release),
        &state,
        trusted(MIDNIGHT.plus(8 * HOUR)),
        HOUR,
    );
    assert!(cues.iter().all(|cue| word(cue) == "a"));
}

#[test]
fn a_template_is_one_showing_over_the_whole_canvas_day_and_night() {
    let mut release = day();
    let template = item("emergency", 10_000);
    let state = ScreenState {
        template: Some((template.id.clone(), template.asset.sha256)),
        ..ScreenState::default()
    };
    release.templates = vec![template];
    for (now, horizon) in [
        (trusted(MIDNIGHT.plus(8 * HOUR)), MINUTE),
        (trusted(MIDNIGHT.plus(21 * HOUR)), DAY),
        (trusted(MIDNIGHT), 0),
        (
            Moment {
                at: MIDNIGHT,
                trusted: false,
            },
            HOUR,
        ),
    ] {
        let scenes = plan(Some(&release), &state, now, horizon);
        assert_eq!((scenes.len(), scenes[0].zones.len()), (1, 1));
        assert!(scenes[0].overlays.is_empty());
        let cues = &scenes[0].zones[0].cues;
        assert_eq!((cues.len(), word(&cues[0]).as_str()), (1, "emergency"));
        assert_eq!((&cues[0].zone, cues[0].from), (&None, now.at));
        let lasts = cues[0].until.since(now.at);
        assert!(lasts >= 7 * DAY, "no seam while it lasts");
        assert!(announcements(&release, &state, now, DAY).is_empty());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_plan_is_contiguous_covers_now_and_goes_on_where_it_said(
        lengths in prop::collection::vec(500_u32..7_200_000, 1..6),
        lost in prop::collection::vec(any::<bool>(), 6),
        now in 0..2 * DAY,
        horizon in 0..2 * HOUR,
        trusted: bool,
        down in prop::bool::weighted(0.1),
    ) {
        let mut release = day();
        let named = lengths.iter().enumerate();
        release.playlists[0].items = named.map(|(n, dur)| item(&format!("i{n}"), *dur)).collect();
        release.on_stale = OnStale::Keep;
        let state = ScreenState {
            unavailable: release
                .items()
                .zip(&lost)
                .filter(|(_, lost)| **lost)
                .map(|(item, _)| item.digest())
                .collect(),
            down,
            stale: true,
            template: None,
        };
        let now = Moment { at: MIDNIGHT.plus(now), trusted };
        let cues = first_zone(Some(&release), &state, now, horizon);
        prop_assert!(cues[0].from <= now.at && now.at < cues[0].until);
        prop_assert_eq!(cues[0].offset_ms, now.at.since(cues[0].from));
        for pair in cues.windows(2) {
            prop_assert_eq!(pair[0].until, pair[1].from);
            prop_assert_eq!(pair[1].offset_ms, 0);
            let later = Moment { at: pair[0].until, ..now };
            let next = &first_zone(Some(&release), &state, later, horizon)[0];
            prop_assert_eq!((&next.show, next.from), (&pair[1].show, pair[1].from));
        }
        let end = cues.last().unwrap().until;
        prop_assert!(cues.len() > 1 || end > now.at.plus(horizon));
        prop_assert!(end > now.at.plus(horizon) || cues.len() > 64);
    }

    #[test]
    fn any_moment_has_a_plan(now: i64, trusted: bool, horizon: i64) {
        let now = Moment { at: TimeMs(now), trusted };
        prop_assert!(!plan(Some(&day()), &ScreenState::default(), now, horizon).is_empty());
        prop_assert!(!plan(None, &ScreenState::default(), now, horizon).is_empty());
    }
}
