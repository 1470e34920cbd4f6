//! What holds of every programme, screen and day: the promises of `resolve`, on random ones.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "this is a test"
)]

mod worlds;

use cotmoc_proto::TimeMs;
use cotmoc_proto::playlist::{Item, Playlist};
use cotmoc_proto::release::{OnStale, Release};
use cotmoc_proto::resolve::{
    FallbackReason, Moment, Picture, Resolution, ScreenState, Show, resolve,
};
use cotmoc_proto::time::{DAY, HOUR};
use proptest::prelude::*;
use worlds::{SHORTEST, World, screen, world};

fn config() -> ProptestConfig {
    ProptestConfig {
        cases: 96,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

fn at(world: &World, now: TimeMs, trusted: bool) -> Resolution<'_> {
    resolve(
        Some(&world.release),
        &world.state,
        Moment { at: now, trusted },
    )
}

fn show<'a, 'r>(answer: &'a Resolution<'r>) -> Option<&'a Show<'r>> {
    match &answer.picture {
        Picture::Dark => None,
        Picture::Lit(zones) => Some(&zones[0].show),
    }
}

fn item_since<'r>(answer: &Resolution<'r>) -> Option<(&'r Item, TimeMs)> {
    match show(answer) {
        Some(Show::Item { item, since, .. }) => Some((item, *since)),
        Some(Show::Template { .. } | Show::Fallback { .. } | Show::Factory { .. }) | None => None,
    }
}

/// Two days around noon, answer by answer, each with the moment at which it begins.
fn walk(world: &World, trusted: bool) -> Vec<(TimeMs, Resolution<'_>)> {
    let end = world.noon.plus(DAY);
    let mut now = world.noon.plus(-DAY);
    let mut answers = Vec::new();
    while now < end {
        let answer = at(world, now, trusted);
        assert!(answer.until > now, "an answer that ends at its own start");
        let until = answer.until;
        answers.push((now, answer));
        now = until;
    }
    answers
}

/// Whether the local clock stands between opening and closing on a day without a change of clocks.
fn open_by_the_local_clock(release: &Release, now: TimeMs) -> Option<bool> {
    let window = &release.window;
    let date = window.zone.date(now);
    let midnight = window.zone.at(date, "00:00".parse().unwrap());
    let end = window.zone.at(date, "24:00".parse().unwrap());
    let minutes = now.since(midnight) / (HOUR / 60);
    let plain = end.since(midnight) == DAY && midnight <= now && now < end;
    plain.then(|| {
        i64::from(window.opens.minutes()) <= minutes && minutes < i64::from(window.closes.minutes())
    })
}

fn plays(playlist: &Playlist, release: &Release, now: TimeMs) -> bool {
    let zone = &release.window.zone;
    let today = zone.date(now);
    let dates = [today.yesterday(), Ok(today), today.tomorrow()];
    playlist.dayparts.is_empty()
        || release
            .dayparts
            .iter()
            .filter(|part| playlist.dayparts.contains(&part.id))
            .flat_map(|part| {
                dates
                    .iter()
                    .flatten()
                    .filter_map(|date| part.on(zone, *date))
            })
            .any(|(from, to)| from <= now && now < to)
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn made_up_programmes_keep_the_rules(world in world()) {
        prop_assert_eq!(world.release.check(), Ok(()));
    }

    #[test]
    fn two_days_have_no_gap_no_overlap_and_a_bounded_number_of_changes(world in world()) {
        let release = &world.release;
        let answers = walk(&world, true);
        for pair in answers.windows(2) {
            prop_assert_eq!(pair[0].1.until, pair[1].0);
        }
        // Every slot may be cut once by an item that fills it, and every edge may cut a slot.
        let edges = 4 * (2 + 2 * release.dayparts.len()) + 2 * release.items().count() + 1;
        let slots = usize::try_from(2 * 2 * DAY / SHORTEST).unwrap();
        prop_assert!(answers.len() <= slots + 2 * edges);
    }

    #[test]
    fn an_answer_is_the_same_until_its_own_deadline(
        world in world(),
        trusted: bool,
        parts in prop::collection::vec(0_i64..1_000_000, 3),
    ) {
        for (start, answer) in walk(&world, trusted) {
            let length = answer.until.since(start);
            for inside in parts.iter().map(|part| part * length / 1_000_000).chain([length - 1]) {
                prop_assert_eq!(&at(&world, start.plus(inside), trusted), &answer);
            }
        }
    }

    #[test]
    fn the_wall_is_lit_inside_the_window_and_dark_outside(world in world()) {
        for (start, answer) in walk(&world, true) {
            let lit = answer.picture != Picture::Dark;
            for now in [start, answer.until.plus(-1)] {
                if let Some(open) = open_by_the_local_clock(&world.release, now) {
                    prop_assert_eq!(lit, open, "at {}", now);
                }
            }
        }
    }

    #[test]
    fn without_a_clock_to_believe_the_wall_is_never_dark_and_shows_nothing_dated(world in world()) {
        for (_, answer) in walk(&world, false) {
            match show(&answer) {
                None => prop_assert!(false, "dark"),
                Some(Show::Item { item, playlist, .. }) => {
                    prop_assert!(item.is_evergreen());
                    let of = world.release.playlists.iter().find(|p| p.id == playlist.id);
                    prop_assert!(of.unwrap().is_always_on());
                }
                Some(Show::Template { .. } | Show::Fallback { .. } | Show::Factory { .. }) => {}
            }
        }
    }

    #[test]
    fn what_cannot_be_shown_is_not_shown(world in world(), trusted: bool) {
        for (start, answer) in walk(&world, trusted) {
            let shown = match show(&answer) {
                Some(Show::Item { item, .. } | Show::Template { item } | Show::Fallback { item, .. }) => item,
                Some(Show::Factory { .. }) => {
                    prop_assert!(world.state.unavailable.contains(&world.release.fallback.digest()));
                    continue;
                }
                None => continue,
            };
            prop_assert!(!world.state.unavailable.contains(&shown.digest()));
            prop_assert!(!trusted || shown.is_current(start));
        }
    }

    #[test]
    fn the_highest_priority_with_something_to_play_wins(world in world()) {
        let release = &world.release;
        for (start, answer) in walk(&world, true) {
            let playable = |item: &&Item| {
                item.is_current(start) && !world.state.unavailable.contains(&item.digest())
            };
            let best = release
                .playlists
                .iter()
                .filter(|playlist| plays(playlist, release, start))
                .filter(|playlist| playlist.items.iter().any(|item| playable(&item)))
                .max_by_key(|playlist| playlist.priority)
                .map(|best| best.priority);
            let first = release.playlists.iter().find(|playlist| {
                Some(playlist.priority) == best
                    && plays(playlist, release, start)
                    && playlist.items.iter().any(|item| playable(&item))
            });
            let overruled = world.state.down
                || world.state.stale && release.on_stale == OnStale::Fallback;
            match show(&answer) {
                Some(Show::Item { playlist, .. }) => {
                    prop_assert!(!overruled);
                    prop_assert_eq!(Some(*playlist), first);
                }
                Some(Show::Fallback { reason, .. }) => {
                    prop_assert_eq!(overruled, *reason != FallbackReason::NothingPlayable);
                    prop_assert!(overruled || first.is_none());
                }
                Some(Show::Template { .. }) => prop_assert!(false, "none is ordered"),
                Some(Show::Factory { .. }) => prop_assert!(overruled || first.is_none()),
                None => {}
            }
        }
    }

    #[test]
    fn an_unavailable_item_costs_its_own_slot_and_no_other(world in world(), trusted: bool) {
        let whole = World {
            state: ScreenState { unavailable: [].into(), ..world.state.clone() },
            ..world.clone()
        };
        for (start, answer) in walk(&whole, trusted) {
            let Some((item, since)) = item_since(&answer) else { continue };
            if world.state.unavailable.contains(&item.digest()) {
                continue;
            }
            prop_assert_eq!(item_since(&at(&world, start, trusted)), Some((item, since)));
            prop_assert_eq!(at(&world, start, trusted).until, answer.until);
        }
    }

    #[test]
    fn two_walls_agree_wherever_both_can_play_what_is_planned(
        (one, other) in world().prop_flat_map(|one| {
            let other = screen(&one.release);
            (Just(one), other)
        }),
    ) {
        let planned = World { state: ScreenState::default(), ..one.clone() };
        let other = World { state: ScreenState { unavailable: other.unavailable, ..one.state.clone() }, ..one.clone() };
        for (start, answer) in walk(&planned, true) {
            let Some((item, _)) = item_since(&answer) else { continue };
            let lost = [&one, &other].iter().any(|w| w.state.unavailable.contains(&item.digest()));
            if !lost {
                prop_assert_eq!(item_since(&at(&one, start, true)), item_since(&at(&other, start, true)));
            }
        }
    }

    #[test]
    fn any_moment_at_all_has_an_answer(world in world(), now: i64, trusted: bool) {
        let answer = at(&world, TimeMs(now), trusted);
        prop_assert!(answer.until > TimeMs(now) || now == i64::MAX);
    }
}
