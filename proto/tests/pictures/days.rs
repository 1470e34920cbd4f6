//! Volume, light and announcements at any time of any day.

use crate::samples::{announcement, light, message, volume};
use cotmoc_proto::TimeMs;
use cotmoc_proto::plan::{Light, LightPlan, SoundPlan};
use cotmoc_proto::playlist::Language;
use cotmoc_proto::time::{DAY, HOUR, MINUTE};
use cotmoc_proto::window::{Day, DayTime, Zone};
use proptest::prelude::*;

/// Zones and days on which a day is not 24 hours long, and some on which it is.
const DAYS: [(&str, &str); 8] = [
    ("Asia/Ho_Chi_Minh", "2026-11-23"),
    ("Europe/Berlin", "2026-03-29"),
    ("Europe/Berlin", "2026-10-25"),
    ("America/St_Johns", "2010-11-07"),
    ("America/Havana", "2026-03-08"),
    ("America/Havana", "2026-11-01"),
    ("Australia/Lord_Howe", "2026-04-05"),
    ("Pacific/Apia", "2011-12-29"),
];

fn zone(name: &str) -> Zone {
    Zone::try_from(name.to_owned()).unwrap()
}

fn time(minutes: u16) -> DayTime {
    DayTime::new(minutes / 60, minutes % 60).unwrap()
}

fn at(zone: &Zone, date: &str, time: &str) -> TimeMs {
    zone.at(date.parse().unwrap(), time.parse().unwrap())
}

fn plan(steps: &[(&str, u8)]) -> SoundPlan {
    SoundPlan {
        volume: steps.iter().map(|(from, p)| volume(from, *p)).collect(),
        ..SoundPlan::default()
    }
}

#[test]
fn the_last_step_of_a_day_holds_over_midnight_until_the_first_of_the_next() {
    let zone = zone("Asia/Ho_Chi_Minh");
    let plan = plan(&[("07:00", 60), ("12:30", 80), ("22:00", 5)]);
    for (now, percent) in [
        ("00:00", 5),
        ("06:59", 5),
        ("07:00", 60),
        ("12:29", 60),
        ("12:30", 80),
        ("21:59", 80),
        ("22:00", 5),
        ("24:00", 5),
    ] {
        let now = at(&zone, "2026-11-23", now);
        assert_eq!(plan.volume_at(&zone, now), percent, "{}", zone.format(now));
    }
    assert_eq!(
        plan.volume_at(&zone, at(&zone, "2026-11-23", "07:00").plus(-1)),
        5
    );
}

#[test]
fn a_step_at_midnight_holds_from_midnight() {
    let zone = zone("Asia/Ho_Chi_Minh");
    let plan = plan(&[("00:00", 0), ("06:00", 70)]);
    let midnight = at(&zone, "2026-11-24", "00:00");
    assert_eq!(plan.volume_at(&zone, midnight.plus(-1)), 70);
    assert_eq!(plan.volume_at(&zone, midnight), 0);
}

#[test]
fn a_plan_without_steps_changes_nothing() {
    let zone = zone("UTC");
    assert_eq!(SoundPlan::default().volume_at(&zone, TimeMs(0)), 100);
    assert_eq!(LightPlan::default().at(&zone, TimeMs(0)), Light::NEUTRAL);
}

#[test]
fn a_step_in_the_hour_that_summer_time_leaves_out_holds_after_it() {
    let berlin = zone("Europe/Berlin");
    let plan = plan(&[("01:00", 10), ("02:30", 50), ("04:00", 90)]);
    let gap = at(&berlin, "2026-03-29", "03:00");
    assert_eq!(plan.volume_at(&berlin, gap.plus(-1)), 10);
    assert_eq!(plan.volume_at(&berlin, gap), 50);
}

#[test]
fn announcements_keep_their_days_dates_and_times() {
    let zone = zone("Asia/Ho_Chi_Minh");
    let one = announcement("loa", &["16:30", "08:00"]);
    let from = at(&zone, "2026-11-20", "00:00");
    let heard = one.starts_between(&zone, from, from.plus(9 * DAY));
    let expected = [
        ("2026-11-23", "08:00"),
        ("2026-11-23", "16:30"),
        ("2026-11-27", "08:00"),
        ("2026-11-27", "16:30"),
    ];
    assert_eq!(
        heard,
        expected.map(|(date, time)| at(&zone, date, time)).to_vec(),
        "Mondays and Fridays from the 23rd"
    );
    assert_eq!(one.starts_between(&zone, heard[0], heard[0]), []);
    assert_eq!(
        one.starts_between(&zone, heard[0], heard[0].plus(1)),
        [heard[0]]
    );
}

#[test]
fn messages_and_announcements_keep_their_own_time() {
    let zone = zone("UTC");
    let noon = at(&zone, "2026-11-23", "12:00");
    let mut one = message("a", Language::En);
    assert!(one.is_current(TimeMs(i64::MIN)) && one.is_current(TimeMs::MAX));
    (one.from_ms, one.to_ms) = (Some(noon), Some(noon.plus(HOUR)));
    let seen = [-1, 0, HOUR - 1, HOUR].map(|by| one.is_current(noon.plus(by)));
    assert_eq!(seen, [false, true, true, false]);
    let mut spoken = announcement("loa", &["12:00"]);
    spoken.days.clear();
    spoken.item.to_ms = Some(noon.plus(1));
    assert_eq!(
        spoken.starts_between(&zone, noon, noon.plus(3 * DAY)),
        [noon]
    );
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn on_days_without_a_change_of_clocks_a_plan_follows_the_local_clock(
        steps in prop::collection::btree_map(0_u16..1440, (0_u8..=100, 10_u8..=100, 30_u16..=300), 1..9),
        now in 0_u16..1440,
    ) {
        let zone = zone("Asia/Ho_Chi_Minh");
        let sound = SoundPlan {
            volume: steps.iter().map(|(m, (p, _, _))| volume(&time(*m).to_string(), *p)).collect(),
            ..SoundPlan::default()
        };
        let lights = LightPlan {
            steps: steps.iter().map(|(m, (_, b, g))| light(&time(*m).to_string(), *b, *g)).collect(),
        };
        prop_assert_eq!(sound.defect(), None);
        prop_assert_eq!(lights.defect(), None);
        let holds = steps.range(..=now).next_back().or_else(|| steps.iter().next_back());
        let (_, (percent, brightness, gamma)) = holds.unwrap();
        let at = zone.at("2026-11-23".parse().unwrap(), time(now));
        prop_assert_eq!(sound.volume_at(&zone, at), *percent);
        let shone = lights.at(&zone, at);
        prop_assert_eq!((shone.brightness_percent, shone.gamma_percent), (*brightness, *gamma));
    }

    #[test]
    fn a_plan_says_one_of_its_steps_at_any_time_at_all(now: i64, day in 0..DAYS.len()) {
        let plan = plan(&[("00:00", 1), ("02:30", 2), ("23:59", 3)]);
        let percent = plan.volume_at(&zone(DAYS[day].0), TimeMs(now));
        prop_assert!((1..=3).contains(&percent));
    }

    #[test]
    fn through_any_day_the_steps_come_in_their_order(
        day in 0..DAYS.len(),
        cuts in prop::collection::btree_set(0_u16..1440, 2..6),
    ) {
        let (name, date) = DAYS[day];
        let zone = zone(name);
        let plan = SoundPlan {
            volume: cuts.iter().zip(0..).map(|(m, n)| volume(&time(*m).to_string(), n)).collect(),
            ..SoundPlan::default()
        };
        let date = date.parse().unwrap();
        let (start, end) = (zone.at(date, DayTime::MIDNIGHT), zone.at(date, DayTime::END));
        let last = u8::try_from(cuts.len() - 1).unwrap();
        let mut before = last;
        let mut now = start;
        while now < end {
            let step = plan.volume_at(&zone, now);
            prop_assert!(step >= before || before == last, "{} after {}", step, before);
            before = step;
            now = now.plus(5 * MINUTE);
        }
        prop_assert_eq!(plan.volume_at(&zone, end.plus(-1)), last);
    }

    #[test]
    fn an_announcement_begins_once_at_each_of_its_times_on_each_of_its_days(
        day in 0..DAYS.len(),
        times in prop::collection::btree_set(0_u16..1440, 1..5),
        days in prop::collection::btree_set(0_usize..7, 0..4),
        span in 1_i64..9,
        cut in 0..DAY,
    ) {
        let week = [Day::Mon, Day::Tue, Day::Wed, Day::Thu, Day::Fri, Day::Sat, Day::Sun];
        let (name, date) = DAYS[day];
        let zone = zone(name);
        let mut one = announcement("loa", &[]);
        (one.first_date, one.last_date) = (None, None);
        one.times = times.iter().map(|minutes| time(*minutes)).collect();
        one.days = days.iter().map(|day| week[*day]).collect();
        let from = zone.at(date.parse().unwrap(), DayTime::MIDNIGHT).plus(cut);
        let to = from.plus(span * DAY);
        let all = one.starts_between(&zone, from, to);
        prop_assert!(all.windows(2).all(|pair| pair[0] < pair[1]));
        prop_assert!(all.iter().all(|at| (from..to).contains(at)));
        for at in &all {
            let on = Day::from(zone.date(*at).weekday());
            prop_assert!(one.days.is_empty() || one.days.contains(&on));
        }
        // However the time is cut, the same is heard.
        let middle = from.plus(cut * span);
        let mut parts = one.starts_between(&zone, from, middle);
        parts.extend(one.starts_between(&zone, middle, to));
        prop_assert_eq!(&parts, &all);
        if one.days.is_empty() {
            let most = times.len() * usize::try_from(span + 2).unwrap();
            prop_assert!(all.len() <= most && all.len() + 2 * times.len() >= most - 2 * times.len());
        }
    }

    #[test]
    fn any_span_of_time_at_all_has_an_answer(from: i64, to: i64) {
        let heard = announcement("loa", &["08:00"]).starts_between(&zone("UTC"), TimeMs(from), TimeMs(to));
        prop_assert!(heard.len() <= 366);
    }
}
