use super::*;
use cotmoc_proto::time::{HOUR, MINUTE};
use cotmoc_proto::window::DEFAULT_ZONE;
use proptest::prelude::*;

/// Monday 23/11/2026 00:00 at the border gate.
const MONDAY: TimeMs = TimeMs(1_795_366_800_000);

fn zone() -> Zone {
    Zone::try_from(DEFAULT_ZONE.to_owned()).unwrap()
}

fn span(text: &str) -> Span {
    let (opens, closes) = text.split_once('-').unwrap();
    Span {
        opens: opens.parse().unwrap(),
        closes: closes.parse().unwrap(),
    }
}

fn hours(week: &[(Day, &[&str])], exceptions: &[(&str, &[&str])]) -> Hours {
    let spans = |texts: &[&str]| texts.iter().map(|text| span(text)).collect::<Vec<_>>();
    Hours {
        week: UniqueMap(
            week.iter()
                .map(|(day, texts)| (*day, spans(texts)))
                .collect(),
        ),
        exceptions: exceptions
            .iter()
            .map(|(date, texts)| Exception {
                date: date.parse().unwrap(),
                spans: spans(texts),
                note: None,
            })
            .collect(),
    }
}

fn at(days: i64, time: &str) -> TimeMs {
    let time: DayTime = time.parse().unwrap();
    MONDAY.plus(days * 24 * HOUR + i64::from(time.minutes()) * MINUTE)
}

const ALL_WEEK: [Day; 7] = [
    Day::Mon,
    Day::Tue,
    Day::Wed,
    Day::Thu,
    Day::Fri,
    Day::Sat,
    Day::Sun,
];

#[test]
fn a_place_is_open_inside_its_spans_and_says_when_that_changes() {
    let office = hours(
        &[
            (Day::Mon, &["07:30-11:30", "13:30-17:00"]),
            (Day::Fri, &["07:30-11:30"]),
        ],
        &[("2026-11-27", &[]), ("2026-12-04", &["08:00-09:00"])],
    );
    let open = |days, time| OpenState::Open {
        until: Some(at(days, time)),
    };
    let closed = |days, time| OpenState::Closed {
        opens: Some(at(days, time)),
    };
    for (now, want) in [
        (at(0, "07:29"), closed(0, "07:30")),
        (at(0, "07:30"), open(0, "11:30")),
        (at(0, "11:30"), closed(0, "13:30")),
        (at(0, "16:59"), open(0, "17:00")),
        (at(0, "17:00"), closed(7, "07:30")),
        (at(4, "08:00"), closed(7, "07:30")),
        (at(11, "07:45"), closed(11, "08:00")),
        (at(11, "08:30"), open(11, "09:00")),
    ] {
        assert_eq!(office.open_state(&zone(), now), want, "{now}");
    }
}

#[test]
fn spans_over_midnight_belong_to_the_day_they_open_on() {
    let bar = hours(
        &[(Day::Mon, &["18:00-02:00"]), (Day::Tue, &["02:00-03:00"])],
        &[],
    );
    let until_three = OpenState::Open {
        until: Some(at(1, "03:00")),
    };
    assert_eq!(bar.open_state(&zone(), at(0, "23:00")), until_three);
    assert_eq!(bar.open_state(&zone(), at(1, "01:59")), until_three);
    assert_eq!(bar.open_state(&zone(), at(1, "02:30")), until_three);
    let next = OpenState::Closed {
        opens: Some(at(7, "18:00")),
    };
    assert_eq!(bar.open_state(&zone(), at(1, "03:00")), next);
}

#[test]
fn always_and_never_have_no_time_of_change() {
    let always: Vec<(Day, &[&str])> = ALL_WEEK.map(|day| (day, ["00:00-24:00"].as_slice())).into();
    assert_eq!(
        hours(&always, &[]).open_state(&zone(), at(2, "03:00")),
        OpenState::Open { until: None }
    );
    assert_eq!(
        hours(&[], &[]).open_state(&zone(), at(2, "03:00")),
        OpenState::Closed { opens: None }
    );
}

#[test]
fn dates_are_read_in_one_form_only() {
    assert_eq!(
        "2026-11-23".parse::<LocalDate>().unwrap().to_string(),
        "2026-11-23"
    );
    for bad in [
        "2026-13-01",
        "2026-02-29",
        "23/11/2026",
        "20261123",
        "2026-11-23T00:00",
        "",
    ] {
        assert!(bad.parse::<LocalDate>().is_err(), "{bad}");
    }
}

fn some_hours() -> impl Strategy<Value = Hours> {
    let time = || (0_u16..24, 0_u16..60).prop_map(|(h, m)| DayTime::new(h, m).unwrap());
    let span = (time(), time()).prop_map(|(opens, closes)| Span { opens, closes });
    let days = prop::collection::btree_map(
        prop::sample::select(ALL_WEEK.to_vec()),
        prop::collection::vec(span, 0..3),
        0..7,
    );
    days.prop_map(|week| Hours {
        week: UniqueMap(week),
        exceptions: Vec::new(),
    })
}

proptest! {
    #[test]
    fn the_answer_agrees_with_a_look_at_every_span(hours in some_hours(), minute in 0_i64..20_160) {
        let now = MONDAY.plus(minute * MINUTE);
        let inside = |now: TimeMs| {
            let today = zone().date(now);
            [today.yesterday().unwrap(), today]
                .into_iter()
                .flat_map(|date| hours.on(&zone(), date).collect::<Vec<_>>())
                .any(|(opens, closes)| opens <= now && now < closes)
        };
        match hours.open_state(&zone(), now) {
            OpenState::Open { until } => {
                prop_assert!(inside(now));
                if let Some(until) = until {
                    prop_assert!(!inside(until) && inside(until.plus(-1)) && until > now);
                }
            }
            OpenState::Closed { opens } => {
                prop_assert!(!inside(now));
                if let Some(opens) = opens {
                    prop_assert!(inside(opens) && !inside(opens.plus(-1)) && opens > now);
                }
            }
        }
    }
}
