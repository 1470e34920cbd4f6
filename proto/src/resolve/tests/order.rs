//! What wins: priority, the order of the release, the fallback slide, the factory slide.

use super::programme::{MIDNIGHT, at, daypart, item, playlist, release, with, without, word};
use crate::release::{OnStale, Release};
use crate::resolve::{Moment, Picture, ScreenState, resolve};
use crate::time::{DAY, HOUR, MINUTE, TimeMs};

const NOON: TimeMs = TimeMs(MIDNIGHT.0 + 12 * HOUR);

fn two_priorities() -> Release {
    release(vec![
        playlist("low", 1, &[], vec![item("low", 10_000)]),
        playlist("high", 2, &[], vec![item("high", 10_000)]),
    ])
}

#[test]
fn the_higher_priority_wins_as_long_as_it_has_something_to_play() {
    let release = two_priorities();
    assert_eq!(word(&at(&release, NOON)), "high");
    assert_eq!(word(&with(&release, &without(&["high"]), NOON)), "low");
    assert_eq!(
        word(&with(&release, &without(&["high", "low"]), NOON)),
        "fallback NothingPlayable"
    );
    assert_eq!(
        word(&with(
            &release,
            &without(&["high", "low", "fallback"]),
            NOON
        )),
        "factory FallbackUnavailable"
    );
}

#[test]
fn of_equal_priorities_the_first_of_the_release_wins() {
    let mut release = two_priorities();
    release.playlists[1].priority = 1;
    assert_eq!(word(&at(&release, NOON)), "low");
    release.playlists.reverse();
    assert_eq!(word(&at(&release, NOON)), "high");
}

#[test]
fn a_playlist_without_items_wins_nothing() {
    let mut release = two_priorities();
    release.playlists[1].items.clear();
    assert_eq!(word(&at(&release, NOON)), "low");
    release.playlists.clear();
    assert_eq!(word(&at(&release, NOON)), "fallback NothingPlayable");
}

#[test]
fn a_programme_taken_down_gives_way_to_the_fallback_inside_the_window_only() {
    let release = two_priorities();
    let down = ScreenState {
        down: true,
        stale: true,
        ..ScreenState::default()
    };
    assert_eq!(word(&with(&release, &down, NOON)), "fallback TakenDown");
    let until = with(&release, &down, NOON).until;
    assert_eq!(until, MIDNIGHT.plus(22 * HOUR));
    assert_eq!(word(&with(&release, &down, MIDNIGHT)), "dark");
}

#[test]
fn a_stale_programme_does_what_its_release_says() {
    let mut release = two_priorities();
    let stale = ScreenState {
        stale: true,
        ..ScreenState::default()
    };
    assert_eq!(word(&with(&release, &stale, NOON)), "fallback Stale");
    release.on_stale = OnStale::Keep;
    assert_eq!(word(&with(&release, &stale, NOON)), "high");
}

#[test]
fn without_a_release_the_factory_slide_keeps_the_window_of_the_regulation() {
    let seen = |now, trusted| {
        let answer = resolve(None, &ScreenState::default(), Moment { at: now, trusted });
        (word(&answer), answer.until)
    };
    let open = MIDNIGHT.plus(7 * HOUR);
    let close = MIDNIGHT.plus(22 * HOUR);
    let factory = "factory NoRelease".to_owned();
    assert_eq!(seen(open.plus(-1), true), ("dark".to_owned(), open));
    assert_eq!(seen(open, true), (factory.clone(), close));
    assert_eq!(seen(close, true), ("dark".to_owned(), open.plus(DAY)));
    assert_eq!(seen(close, false), (factory, close.plus(MINUTE)));
}

#[test]
fn without_a_clock_to_believe_only_items_without_a_time_are_shown_at_any_hour() {
    let mut release = release(vec![
        playlist("noon", 9, &["noon"], vec![item("noon", 10_000)]),
        playlist("news", 5, &[], vec![item("news", 10_000)]),
        playlist(
            "always",
            1,
            &[],
            vec![item("always", 10_000), item("dated", 10_000)],
        ),
    ]);
    release.dayparts = vec![daypart("noon", "00:00", "24:00")];
    release.playlists[1].items[0].to_ms = Some(MIDNIGHT.plus(DAY));
    release.playlists[2].items[1].from_ms = Some(MIDNIGHT.plus(-DAY));
    for hour in 0..48 {
        let now = Moment {
            at: MIDNIGHT.plus(hour * HOUR + 5_000),
            trusted: false,
        };
        let state = ScreenState::default();
        let answer = resolve(Some(&release), &state, now);
        assert_eq!(word(&answer), "always");
        assert!(answer.until.since(now.at) <= MINUTE);
        assert!(matches!(answer.picture, Picture::Lit(_)));
    }
}

/// What the release's template `emergency` is ordered to show.
fn ordered() -> (Release, ScreenState) {
    let mut release = two_priorities();
    let template = item("emergency", 10_000);
    let state = ScreenState {
        template: Some((template.id.clone(), template.digest())),
        ..ScreenState::default()
    };
    release.templates = vec![template];
    (release, state)
}

#[test]
fn a_template_comes_before_the_programme_the_window_and_the_releases_end() {
    let (release, state) = ordered();
    let stale = ScreenState {
        stale: true,
        ..state.clone()
    };
    for (state, at) in [
        (&state, NOON),
        (&state, MIDNIGHT),
        (&stale, NOON),
        (&stale, MIDNIGHT),
    ] {
        let answer = with(&release, state, at);
        assert_eq!(word(&answer), "template emergency");
        let Picture::Lit(zones) = &answer.picture else {
            panic!("{answer:?}");
        };
        assert_eq!((zones.len(), zones[0].zone), (1, None), "the whole canvas");
    }
    let until = with(&release, &state, MIDNIGHT).until;
    assert_eq!(until, MIDNIGHT.plus(7 * DAY), "no order lasts longer");
    for at in [TimeMs(0), NOON, NOON.plus(9_000 * DAY), TimeMs::MAX] {
        let now = Moment { at, trusted: false };
        let answer = resolve(Some(&release), &state, now);
        assert_eq!(word(&answer), "template emergency");
    }
}

#[test]
fn a_template_is_shown_only_if_the_release_has_it_as_ordered_and_it_may_and_can_be_shown() {
    let (release, state) = ordered();
    let mut other = release.clone();
    other.templates[0].asset.sha256 = item("other", 1_000).digest();
    assert_eq!(word(&with(&other, &state, NOON)), "high");
    other.templates.clear();
    assert_eq!(word(&with(&other, &state, NOON)), "high");
    assert_eq!(word(&with(&other, &state, MIDNIGHT)), "dark");
    let damaged = ScreenState {
        unavailable: without(&["emergency"]).unavailable,
        ..state.clone()
    };
    assert_eq!(word(&with(&release, &damaged, NOON)), "high");
    let down = ScreenState {
        down: true,
        ..state.clone()
    };
    assert_eq!(word(&with(&release, &down, NOON)), "fallback TakenDown");
    let item_of_a_playlist = item("high", 10_000);
    let playing = ScreenState {
        template: Some((item_of_a_playlist.id.clone(), item_of_a_playlist.digest())),
        ..ScreenState::default()
    };
    assert_eq!(word(&with(&release, &playing, MIDNIGHT)), "dark");
    let now = Moment {
        at: NOON,
        trusted: true,
    };
    assert_eq!(word(&resolve(None, &state, now)), "factory NoRelease");
}
