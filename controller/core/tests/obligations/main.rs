//! Obligations by the calendar: every period gives one, told in time, and done in time or late.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "in a test a panic is the message"
)]

mod properties;

use cotmoc_controller_core::obligation::{
    Cluster, Delivery, Entry, Hearer, Kind, Known, Measure, Monthly, Obligation, Owed, Refused,
    Rhythm, Rule, Rules, Shift, Stage, Standing, Terms, Unfit, What, When, WorkingDays, due,
};
use cotmoc_controller_core::stage::Audience;
use cotmoc_proto::TimeMs;
use cotmoc_proto::time::{DAY, HOUR, MINUTE, Millis};
use cotmoc_proto::window::{DayTime, OperatingWindow, Zone};
use jiff::civil::{Date, date};
use std::collections::BTreeMap;

fn zone() -> Zone {
    OperatingWindow::default().zone
}

fn at(date: Date, hour: u16, minute: u16) -> TimeMs {
    zone().at(date, DayTime::new(hour, minute).unwrap())
}

fn stage(id: &str, when: When) -> Stage {
    Stage {
        id: id.to_owned(),
        when,
        to: [Hearer::Subject, Hearer::Office(Audience::Department)].into(),
    }
}

fn stages() -> Vec<Stage> {
    vec![
        stage("before-7", When::Before { ms: 7 * DAY }),
        stage("before-1", When::Before { ms: DAY }),
        stage("due", When::After { ms: 0 }),
        stage("after-3", When::After { ms: 3 * DAY }),
    ]
}

fn monthly(months: &[i8], day: i8, shift: Shift) -> Rule {
    Rule {
        id: "bao".to_owned(),
        kind: Kind::Contribution,
        rhythm: Rhythm::Monthly {
            agency: "Báo".to_owned(),
            least: 1,
            monthly: Monthly {
                months: months.iter().copied().collect(),
                day,
                time: DayTime::new(17, 0).unwrap(),
                shift,
            },
        },
        stages: stages(),
        from: None,
        until: None,
    }
}

fn rules(all: Vec<Rule>) -> Rules {
    Rules {
        all,
        days: WorkingDays::default(),
        zone: zone(),
    }
}

fn opened(terms: Terms, at_ms: TimeMs) -> Obligation {
    let what = What::Opened(terms);
    Obligation::open(&Entry { at_ms, what }).unwrap()
}

/// The contribution of November 2026, due on Wednesday the 25th at 17:00.
fn november() -> Obligation {
    let now = at(date(2026, 11, 1), 0, 0);
    let begun = rules(vec![monthly(&[], 25, Shift::Later)]).begin(&[], &Known::default(), now);
    assert_eq!(begun.len(), 1);
    let (id, terms) = begun.into_iter().next().unwrap();
    assert_eq!(id, "bao.2026-11");
    assert_eq!(terms.due_ms, at(date(2026, 11, 25), 17, 0));
    opened(terms, now)
}

fn delivered(done_ms: TimeMs, second: Option<&str>) -> What {
    What::Delivered(Delivery {
        done_ms,
        reference: "Phóng sự chợ Bắc Hà".to_owned(),
        by: "Minh".to_owned(),
        second: second.map(str::to_owned),
    })
}

fn add(obligation: &mut Obligation, at_ms: TimeMs, what: What) -> Result<(), Refused> {
    obligation.add(&Entry { at_ms, what })
}

#[test]
fn what_is_done_before_the_moment_is_in_time_and_at_the_moment_late() {
    let due = at(date(2026, 11, 25), 17, 0);
    let mut kept = november();
    add(&mut kept, due, delivered(due.plus(-1), None)).unwrap();
    let in_time = Standing::Satisfied { at: due.plus(-1) };
    assert_eq!(kept.standing(due.plus(400 * DAY)), in_time);
    let mut late = november();
    add(&mut late, due, delivered(due, None)).unwrap();
    let breached = |late| Standing::Breached { due, late };
    assert_eq!(late.standing(due), breached(Some(due)));
    let none = november();
    assert_eq!(none.standing(due.plus(-1)), Standing::Running { due });
    assert_eq!(none.standing(due), breached(None));
}

#[test]
fn what_is_recorded_long_after_it_was_done_needs_two_different_persons_and_keeps_both_dates() {
    let done = at(date(2026, 11, 20), 9, 0);
    let mut obligation = november();
    let soon = done.plus(5 * MINUTE);
    let mut quick = obligation.clone();
    add(&mut quick, soon, delivered(done, None)).unwrap();
    let recorded = at(date(2026, 11, 27), 8, 0);
    for second in [None, Some(""), Some(" Minh ")] {
        let refused = add(&mut obligation, recorded, delivered(done, second));
        assert_eq!(refused, Err(Refused::SecondPerson), "{second:?}");
        let refused = add(&mut obligation, soon.plus(1), delivered(done, second));
        assert_eq!(refused, Err(Refused::SecondPerson));
    }
    add(&mut obligation, recorded, delivered(done, Some("Lan"))).unwrap();
    assert_eq!(
        obligation.standing(recorded),
        Standing::Satisfied { at: done }
    );
    assert_eq!(obligation.deliveries()[0].0, recorded);
    assert_eq!(obligation.deliveries()[0].1.done_ms, done);
    let future = add(&mut obligation, recorded, delivered(recorded.plus(1), None));
    assert_eq!(future, Err(Refused::Future));
    let before = at(date(2026, 10, 31), 23, 59).plus(MINUTE - 1);
    let before = add(&mut obligation, recorded, delivered(before, Some("Lan")));
    assert_eq!(before, Err(Refused::BeforePeriod));
    let first = at(date(2026, 11, 1), 0, 0);
    add(&mut obligation, recorded, delivered(first, Some("Lan"))).unwrap();
}

#[test]
fn what_one_person_proposes_counts_once_another_agrees() {
    let mut obligation = november();
    let done = at(date(2026, 11, 20), 9, 0);
    let recorded = at(date(2026, 11, 26), 8, 0);
    let agreed = |by: &str| What::Agreed { by: by.to_owned() };
    let nothing = add(&mut obligation, recorded, agreed("Lan"));
    assert_eq!(nothing, Err(Refused::NotProposed));
    let What::Delivered(delivery) = delivered(done, None) else {
        panic!("a delivery");
    };
    add(&mut obligation, recorded, What::Proposed(delivery)).unwrap();
    let late = Standing::Breached {
        due: obligation.terms().due_ms,
        late: None,
    };
    assert_eq!(obligation.standing(recorded), late);
    let alone = add(&mut obligation, recorded, agreed("Minh"));
    assert_eq!(alone, Err(Refused::SecondPerson));
    add(&mut obligation, recorded, agreed("Lan")).unwrap();
    assert_eq!(
        obligation.standing(recorded),
        Standing::Satisfied { at: done }
    );
    assert_eq!(obligation.deliveries()[0].1.second.as_deref(), Some("Lan"));
    assert_eq!(obligation.proposal(), None);
}

#[test]
fn a_mistaken_record_is_withdrawn_with_a_reason_and_reminders_come_back() {
    let mut obligation = november();
    let done = at(date(2026, 11, 10), 9, 0);
    let withdrawn = |reason: &str| What::Withdrawn {
        by: "Lan".to_owned(),
        reason: reason.to_owned(),
    };
    let nothing = add(&mut obligation, done, withdrawn("nhầm cơ quan"));
    assert_eq!(nothing, Err(Refused::NothingRecorded));
    add(&mut obligation, done, delivered(done, None)).unwrap();
    let eve = at(date(2026, 11, 24), 18, 0);
    assert_eq!(due(&obligation, None, eve), []);
    assert_eq!(
        add(&mut obligation, eve, withdrawn(" ")),
        Err(Refused::NoReason)
    );
    add(&mut obligation, eve, withdrawn("nhầm cơ quan")).unwrap();
    let called: Vec<_> = due(&obligation, None, eve)
        .into_iter()
        .map(|c| c.stage)
        .collect();
    assert_eq!(called, ["before-7", "before-1"]);
}

#[test]
fn least_counts_deliveries_and_the_one_that_fulfils_it_dates_it() {
    let mut rule = monthly(&[], 25, Shift::Same);
    if let Rhythm::Monthly { least, .. } = &mut rule.rhythm {
        *least = 2;
    }
    let now = at(date(2026, 11, 1), 0, 0);
    let begun = rules(vec![rule]).begin(&[], &Known::default(), now);
    let mut obligation = opened(begun[0].1.clone(), now);
    let (first, second) = (at(date(2026, 11, 3), 8, 0), at(date(2026, 11, 9), 8, 0));
    add(&mut obligation, second, delivered(second, None)).unwrap();
    assert!(!obligation.is_fulfilled());
    add(&mut obligation, second, delivered(first, Some("Lan"))).unwrap();
    assert_eq!(
        obligation.standing(second),
        Standing::Satisfied { at: second }
    );
}

#[test]
fn a_25th_that_falls_into_tet_is_due_as_the_settings_say() {
    // 25/01/2028 is two days before the lunar new year's eve here; off from 25/01 to 01/02.
    let begins = date(2028, 1, 25);
    let off = std::iter::successors(Some(begins), |day| day.tomorrow().ok());
    let days = WorkingDays {
        off: off.take(8).collect(),
        ..WorkingDays::default()
    };
    for (shift, expected) in [
        (Shift::Same, date(2028, 1, 25)),
        (Shift::Later, date(2028, 2, 2)),
        (Shift::Earlier, date(2028, 1, 24)),
    ] {
        let rules = Rules {
            days: days.clone(),
            ..rules(vec![monthly(&[], 25, shift)])
        };
        let now = at(date(2028, 1, 1), 0, 0);
        let begun = rules.begin(&[], &Known::default(), now);
        assert_eq!(begun.len(), 1, "{shift:?}");
        assert_eq!(begun[0].1.due_ms, at(expected, 17, 0), "{shift:?}");
        assert_eq!(begun[0].0, "bao.2028-01");
    }
}

#[test]
fn settings_that_change_from_a_date_change_what_begins_from_then_on_and_nothing_before() {
    let turn = at(date(2027, 1, 1), 0, 0);
    let old = Rule {
        until: Some(turn),
        ..monthly(&[], 25, Shift::Same)
    };
    let new = Rule {
        from: Some(turn),
        ..monthly(&[], 20, Shift::Same)
    };
    let before = rules(vec![monthly(&[], 25, Shift::Same)]);
    let after = rules(vec![old.clone(), new.clone()]);
    assert_eq!(after.check(), Ok(()));
    assert_eq!(
        rules(vec![old.clone(), Rule { from: None, ..new }]).check(),
        Err(Unfit::Overlap("bao".to_owned()))
    );
    let november = at(date(2026, 11, 2), 0, 0);
    let mut known = Known::default();
    let mut all = BTreeMap::new();
    let mut ask = |rules: &Rules, now| {
        for (id, terms) in rules.begin(&[], &known, now) {
            known.add(&id, &terms);
            assert_eq!(all.insert(id, terms), None);
        }
        all.clone()
    };
    ask(&before, november);
    let all = ask(&after, at(date(2027, 2, 25), 0, 0));
    let due: Vec<_> = all.values().map(|t| zone().format(t.due_ms)).collect();
    let expected = ["25/11/2026", "25/12/2026", "20/01/2027", "20/02/2027"];
    assert_eq!(due, expected.map(|day| format!("{day} 17:00:00")));
}

fn day_of(cluster: &str, day: Date, now: TimeMs) -> Obligation {
    let rule = Rule {
        id: "air".to_owned(),
        kind: Kind::AirTime,
        rhythm: Rhythm::EveryWindow {
            clusters: Vec::new(),
        },
        stages: vec![
            stage("slack-50", When::SlackUsed { percent: 50 }),
            stage("breach", When::After { ms: 15 * MINUTE }),
            stage("unknown", When::Undecided { ms: DAY }),
        ],
        from: None,
        until: None,
    };
    let cluster = Cluster {
        name: cluster.parse().unwrap(),
        window: OperatingWindow::default(),
    };
    let begun = rules(vec![rule]).begin(&[cluster], &Known::default(), now);
    assert_eq!(begun.len(), 1, "{begun:?}");
    let (id, terms) = begun.into_iter().next().unwrap();
    assert_eq!(id, format!("air.gate.{day}"));
    opened(terms, now)
}

fn measure(until_ms: TimeMs, on_air_ms: Millis, unknown_ms: Millis) -> Measure {
    Measure {
        until_ms,
        on_air_ms,
        unknown_ms,
        full_ms: None,
    }
}

#[test]
fn a_day_warns_when_half_of_its_slack_is_used_and_is_breached_only_when_records_prove_it() {
    let day = date(2026, 11, 23);
    let opening = at(day, 7, 0);
    let mut air = day_of("gate", day, opening);
    assert_eq!(
        air.terms().owed,
        Owed::OnAir {
            quota_ms: 14 * HOUR
        }
    );
    let called = |air: &Obligation, live: Option<Measure>, now| -> Vec<String> {
        let calls = due(air, live.as_ref(), now);
        calls.into_iter().map(|call| call.stage).collect()
    };
    let noon = at(day, 12, 0);
    let almost = measure(noon, 5 * HOUR - 30 * MINUTE + 1, 0);
    assert!(called(&air, Some(almost), noon).is_empty());
    let half = measure(noon, 5 * HOUR - 30 * MINUTE, 0);
    assert_eq!(called(&air, Some(half), noon), ["slack-50"]);
    let fired = What::Fired {
        stage: "slack-50".to_owned(),
    };
    add(&mut air, noon, fired).unwrap();
    assert!(called(&air, Some(half), noon).is_empty());

    let closing = at(day, 22, 0);
    assert_eq!(air.standing(closing), Standing::Undecided { due: closing });
    let missing = measure(closing, 10 * HOUR, 5 * HOUR);
    add(&mut air, closing, What::Measured(missing)).unwrap();
    assert!(called(&air, None, closing.plus(HOUR)).is_empty());
    assert_eq!(called(&air, None, closing.plus(DAY)), ["unknown"]);

    let mut short = air.clone();
    let proved = measure(closing, 14 * HOUR - 2, 1);
    add(&mut short, closing.plus(MINUTE), What::Measured(proved)).unwrap();
    let breached = Standing::Breached {
        due: closing,
        late: None,
    };
    assert_eq!(short.standing(closing), breached);
    assert!(called(&short, None, closing.plus(14 * MINUTE)).is_empty());
    assert_eq!(called(&short, None, closing.plus(15 * MINUTE)), ["breach"]);

    let full = Measure {
        full_ms: Some(at(day, 21, 30)),
        ..measure(closing, 14 * HOUR + 30 * MINUTE, 0)
    };
    add(&mut short, closing.plus(DAY), What::Measured(full)).unwrap();
    let kept = Standing::Satisfied {
        at: at(day, 21, 30),
    };
    assert_eq!(short.standing(closing.plus(DAY)), kept);
    let by_hand = add(&mut short, closing, delivered(closing, None));
    assert_eq!(by_hand, Err(Refused::Measured));
    let ledger = add(&mut november(), closing, What::Measured(full));
    assert_eq!(ledger, Err(Refused::NotMeasured));
}
