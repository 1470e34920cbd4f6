//! When the answer changes: opening and closing, dayparts, items, summer time.

use super::programme::{
    MIDNIGHT, at, daypart, item, playlist, release, window, with, without, word,
};
use crate::playlist::CalendarDate;
use crate::release::Release;
use crate::resolve::{Picture, Show};
use crate::time::{DAY, HOUR, MINUTE, SECOND, TimeMs};
use crate::window::{Day, Zone};

fn day_and_noon() -> Release {
    let mut release = release(vec![
        playlist(
            "all-day",
            1,
            &[],
            vec![item("a", 10_000), item("b", 20_000)],
        ),
        playlist("noon", 5, &["noon"], vec![item("n", 7_000)]),
    ]);
    release.dayparts = vec![daypart("noon", "12:00", "13:00")];
    release
}

#[test]
fn each_edge_of_the_day_holds_to_the_millisecond() {
    let release = day_and_noon();
    let table = [
        (0, "dark", 7 * HOUR),
        (7 * HOUR - 1, "dark", 7 * HOUR),
        (7 * HOUR, "a", 7 * HOUR + 10 * SECOND),
        (7 * HOUR + 9_999, "a", 7 * HOUR + 10 * SECOND),
        (7 * HOUR + 10_000, "b", 7 * HOUR + 30 * SECOND),
        (12 * HOUR - 1, "b", 12 * HOUR),
        (12 * HOUR, "n", 12 * HOUR + 7 * SECOND),
        (13 * HOUR - 1, "n", 13 * HOUR),
        (13 * HOUR, "a", 13 * HOUR + 10 * SECOND),
        (22 * HOUR - 1, "b", 22 * HOUR),
        (22 * HOUR, "dark", 31 * HOUR),
        (DAY - 1, "dark", 31 * HOUR),
    ];
    for (now, expected, until) in table {
        let answer = at(&release, MIDNIGHT.plus(now));
        assert_eq!(word(&answer), expected, "at {now}");
        assert_eq!(answer.until, MIDNIGHT.plus(until), "at {now}");
    }
}

#[test]
fn the_wall_opens_on_every_day_of_the_year() {
    let release = day_and_noon();
    for day in 0..366 {
        let midnight = MIDNIGHT.plus(day * DAY);
        assert_eq!(word(&at(&release, midnight.plus(7 * HOUR - 1))), "dark");
        assert_ne!(word(&at(&release, midnight.plus(7 * HOUR))), "dark");
        assert_ne!(word(&at(&release, midnight.plus(22 * HOUR - 1))), "dark");
        assert_eq!(word(&at(&release, midnight.plus(22 * HOUR))), "dark");
    }
}

#[test]
fn a_daypart_keeps_its_days_and_dates() {
    let mut release = day_and_noon();
    release.dayparts[0].days = vec![Day::Mon, Day::Wed];
    let noons = |release: &Release| -> Vec<String> {
        (0..8)
            .map(|day| word(&at(release, MIDNIGHT.plus(day * DAY + 12 * HOUR))))
            .collect()
    };
    assert_eq!(noons(&release), ["n", "a", "n", "a", "a", "a", "a", "n"]);
    let date = |text: &str| Some(CalendarDate::try_from(text.to_owned()).unwrap());
    release.dayparts[0].first_date = date("2026-11-24");
    release.dayparts[0].last_date = date("2026-11-25");
    assert_eq!(noons(&release), ["a", "a", "n", "a", "a", "a", "a", "a"]);
}

#[test]
fn an_item_is_shown_inside_its_own_time_only() {
    let mut release = day_and_noon();
    release.playlists[0].items[1].from_ms = Some(MIDNIGHT.plus(8 * HOUR + 5_000));
    release.playlists[0].items[1].to_ms = Some(MIDNIGHT.plus(8 * HOUR + 20_000));
    let seen = |now| {
        let answer = at(&release, MIDNIGHT.plus(8 * HOUR + now));
        (word(&answer), answer.until.since(MIDNIGHT.plus(8 * HOUR)))
    };
    assert_eq!(seen(0), ("a".to_owned(), 5_000));
    assert_eq!(seen(5_000), ("a".to_owned(), 15_000));
    assert_eq!(seen(15_000), ("b".to_owned(), 20_000));
    assert_eq!(seen(20_000), ("a".to_owned(), 30_000));
}

#[test]
fn an_issue_in_the_future_starts_the_loop_anew() {
    let mut release = day_and_noon();
    release.issued_ms = MIDNIGHT.plus(8 * HOUR + 12_345);
    let before = at(&release, release.issued_ms.plus(-1));
    assert_eq!(
        (word(&before).as_str(), before.until),
        ("b", release.issued_ms)
    );
    let after = at(&release, release.issued_ms);
    assert_eq!(word(&after), "a");
    assert_eq!(after.until, release.issued_ms.plus(10_000));
}

#[test]
fn an_unavailable_item_costs_its_own_slot() {
    let release = release(vec![playlist(
        "all-day",
        1,
        &[],
        vec![item("a", 10_000), item("b", 25_000), item("c", 4_000)],
    )]);
    let open = MIDNIGHT.plus(7 * HOUR);
    let state = without(&["b"]);
    let table = [
        (0, "a", 0, 10_000),
        (10_000, "c", 10_000, 14_000),
        (14_000, "a", 14_000, 24_000),
        (24_000, "c", 24_000, 28_000),
        (28_000, "a", 28_000, 35_000),
        (35_000, "c", 35_000, 39_000),
        (39_000, "a", 39_000, 49_000),
    ];
    for (now, expected, since_ms, until) in table {
        let answer = with(&release, &state, open.plus(now));
        assert_eq!(word(&answer), expected, "at {now}");
        assert_eq!(answer.until, open.plus(until), "at {now}");
        let Picture::Lit(zones) = answer.picture else {
            panic!("dark at {now}")
        };
        assert!(matches!(zones[0].show, Show::Item { since, .. } if since == open.plus(since_ms)));
    }
}

fn zone(name: &str) -> Zone {
    Zone::try_from(name.to_owned()).unwrap()
}

fn local(zone: &Zone, date: &str, time: &str) -> TimeMs {
    zone.at(date.parse().unwrap(), time.parse().unwrap())
}

#[test]
fn dayparts_follow_the_local_clock_when_summer_time_begins() {
    let berlin = zone("Europe/Berlin");
    let date = "2026-03-29".parse().unwrap();
    let length = |from, to| {
        let (from, to) = daypart("p", from, to).on(&berlin, date).unwrap();
        to.since(from) / MINUTE
    };
    assert_eq!(length("02:15", "02:45"), 0, "wholly inside the gap");
    assert_eq!(length("01:30", "02:30"), 30);
    assert_eq!(length("02:30", "03:15"), 15);
    assert_eq!(length("00:00", "24:00"), 23 * 60);
}

#[test]
fn dayparts_follow_the_local_clock_when_summer_time_ends() {
    let berlin = zone("Europe/Berlin");
    let date = "2026-10-25".parse().unwrap();
    let length = |from, to| {
        let (from, to) = daypart("p", from, to).on(&berlin, date).unwrap();
        to.since(from) / MINUTE
    };
    assert_eq!(length("02:15", "02:45"), 30, "the first of the two");
    assert_eq!(length("02:00", "03:00"), 120);
    assert_eq!(length("00:00", "24:00"), 25 * 60);
}

#[test]
fn a_wall_that_never_closes_stays_lit_where_midnight_comes_twice() {
    let mut release = release(vec![playlist("p", 1, &[], vec![item("a", 60_000)])]);
    release.window = window("America/St_Johns", "00:00", "24:00");
    let before = local(&release.window.zone, "2010-11-06", "12:00");
    let mut now = before;
    while now < before.plus(DAY) {
        let answer = at(&release, now);
        assert_eq!(word(&answer), "a", "at {now}");
        assert!(answer.until > now, "at {now}");
        now = answer.until;
    }
}

#[test]
fn a_day_that_the_calendar_skips_harms_nothing() {
    let mut release = release(vec![playlist("p", 1, &[], vec![item("a", 60_000)])]);
    release.window = window("Pacific/Apia", "07:00", "22:00");
    let apia = release.window.zone.clone();
    let evening = local(&apia, "2011-12-29", "23:00");
    let first = at(&release, evening);
    assert_eq!(word(&first), "dark");
    let second = at(&release, first.until);
    let opening = local(&apia, "2011-12-31", "07:00");
    assert_eq!((word(&second).as_str(), second.until), ("dark", opening));
    assert_eq!(word(&at(&release, opening)), "a");
}
