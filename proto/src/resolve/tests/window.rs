//! The edges of the operating window, walked deadline by deadline over whole years.

use super::programme::{MIDNIGHT, at, item, playlist, release, window};
use crate::release::Release;
use crate::resolve::{Moment, Picture, ScreenState, resolve};
use crate::time::{DAY, HOUR, Millis, TimeMs};
use crate::window::{DayTime, Zone};

/// One item longer than any day, so that only the window has edges.
fn one_item() -> Release {
    release(vec![playlist("all-day", 1, &[], vec![item("a", u32::MAX)])])
}

/// Every stretch of light from `from` until `to`, found by asking again at each deadline.
fn lit(release: &Release, from: TimeMs, to: TimeMs) -> Vec<(TimeMs, TimeMs)> {
    let mut stretches: Vec<(TimeMs, TimeMs)> = Vec::new();
    let mut now = from;
    while now < to {
        let answer = at(release, now);
        assert!(answer.until > now, "no end at {now:?}");
        if matches!(answer.picture, Picture::Lit(_)) {
            match stretches.last_mut() {
                Some((_, until)) if *until == now => *until = answer.until,
                Some(_) | None => stretches.push((now, answer.until)),
            }
        }
        now = answer.until;
    }
    stretches
}

#[test]
fn f13_the_window_of_the_regulation_is_00_to_15_utc_on_every_day_of_a_leap_year() {
    let utc_midnight = MIDNIGHT.plus(7 * HOUR);
    let stretches = lit(&one_item(), MIDNIGHT, MIDNIGHT.plus(366 * DAY));
    let expected: Vec<(TimeMs, TimeMs)> = (0..366)
        .map(|day| utc_midnight.plus(day * DAY))
        .map(|opens| (opens, opens.plus(15 * HOUR)))
        .collect();
    assert_eq!(stretches, expected);
}

#[test]
fn f13_summer_time_neither_closes_the_window_early_nor_opens_it_twice() {
    for (name, opens, closes, usual) in [
        ("Europe/Berlin", "07:00", "22:00", 15 * HOUR),
        ("Europe/Berlin", "00:00", "05:00", 5 * HOUR),
        ("America/New_York", "01:00", "04:00", 3 * HOUR),
        ("Australia/Lord_Howe", "00:00", "12:00", 12 * HOUR),
    ] {
        let zone = Zone::try_from(name.to_owned()).unwrap();
        let mut release = one_item();
        release.window = window(name, opens, closes);
        let start = zone.at("2026-01-01".parse().unwrap(), DayTime::MIDNIGHT);
        let end = zone.at("2027-01-01".parse().unwrap(), DayTime::MIDNIGHT);
        let stretches = lit(&release, start, end);
        assert_eq!(stretches.len(), 365, "{name}");
        let (local_opens, local_closes) = (format!("{opens}:00"), format!("{closes}:00"));
        for (from, until) in &stretches {
            assert!(
                zone.format(*from).ends_with(&local_opens),
                "{name} {from:?}"
            );
            assert!(
                zone.format(*until).ends_with(&local_closes),
                "{name} {until:?}"
            );
        }
        let longest_change = stretches
            .iter()
            .map(|(from, until)| (until.since(*from) - usual).abs())
            .max();
        assert!(longest_change <= Some(HOUR), "{name}");
        let total: Millis = stretches
            .iter()
            .map(|(from, until)| until.since(*from))
            .sum();
        assert_eq!(total, 365 * usual, "{name}: the two changes cancel out");
    }
}

#[test]
fn f13_a_window_whose_edge_summer_time_leaves_out_moves_it_to_the_end_of_the_gap() {
    let zone = Zone::try_from("Europe/Berlin".to_owned()).unwrap();
    let midnight = zone.at("2026-03-29".parse().unwrap(), DayTime::MIDNIGHT);
    let gap = midnight.plus(2 * HOUR);
    for (opens, closes, expected) in [
        ("02:30", "05:00", (gap, gap.plus(2 * HOUR))),
        ("01:00", "02:30", (midnight.plus(HOUR), gap)),
    ] {
        let mut release = one_item();
        release.window = window("Europe/Berlin", opens, closes);
        let stretches = lit(&release, midnight, midnight.plus(20 * HOUR));
        assert_eq!(stretches, [expected], "{opens} to {closes}");
    }
}

#[test]
fn f13_a_clock_nobody_believes_darkens_nothing_at_either_edge() {
    let release = one_item();
    for edge in [7 * HOUR, 22 * HOUR] {
        for off in [-1, 0, 1] {
            let at = MIDNIGHT.plus(edge + off);
            let now = Moment { at, trusted: false };
            let answer = resolve(Some(&release), &ScreenState::default(), now);
            assert!(matches!(answer.picture, Picture::Lit(_)), "{edge} {off}");
        }
    }
}
