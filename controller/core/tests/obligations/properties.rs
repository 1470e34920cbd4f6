//! Random settings, askings and stories.

use super::{at, delivered, monthly, november, rules, zone};
use cotmoc_controller_core::ledger::Span;
use cotmoc_controller_core::obligation::{
    Cluster, Entry, Kind, Known, Obligation, Rhythm, Rule, Shift, Subject, Terms, What, When, due,
};
use cotmoc_proto::TimeMs;
use cotmoc_proto::time::{DAY, HOUR};
use cotmoc_proto::window::OperatingWindow;
use jiff::civil::date;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// Versions of one rule that follow each other at these months, counted from January 2026.
fn versions() -> impl Strategy<Value = Vec<Rule>> {
    let months = prop_oneof![
        Just(vec![]),
        Just(vec![6, 12]),
        Just(vec![3, 6, 9, 12]),
        Just(vec![1]),
    ];
    let shift = prop_oneof![Just(Shift::Same), Just(Shift::Earlier), Just(Shift::Later)];
    let one = (months, 1_i8..=31, shift, 0_i8..40);
    prop::collection::vec(one, 1..4).prop_map(|parts| {
        let turns: BTreeSet<i8> = parts.iter().map(|(.., turn)| *turn).collect();
        let turns: Vec<TimeMs> = turns.into_iter().map(|turn| month(turn.into())).collect();
        let count = turns.len();
        let versions = parts.into_iter().take(count).enumerate();
        versions
            .map(|(number, (months, day, shift, _))| Rule {
                from: (number > 0).then(|| turns[number]),
                until: turns.get(number + 1).copied(),
                ..monthly(&months, day, shift)
            })
            .collect()
    })
}

/// The beginning of a month, counted from January 2026.
fn month(number: i16) -> TimeMs {
    let month = i8::try_from(number % 12).unwrap() + 1;
    at(date(2026 + number / 12, month, 1), 0, 0)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn every_month_of_a_rule_gives_exactly_one_obligation_however_it_is_asked(
        rule in monthly_rule(),
        begins in 0_i64..400,
        gaps in prop::collection::vec(1_i64..4_000, 1..120),
    ) {
        let rules = rules(vec![rule.clone()]);
        let start = month(0).plus(begins * DAY);
        let (mut now, mut all) = (start, BTreeMap::<String, Terms>::new());
        let mut asked = Vec::new();
        for gap in gaps {
            // Read again from the log each time, as after a crash.
            let mut known = Known::default();
            for (id, terms) in &all {
                known.add(id, terms);
            }
            for (id, terms) in rules.begin(&[], &known, now) {
                prop_assert!(all.insert(id, terms).is_none());
            }
            asked.push(now);
            now = now.plus(gap * HOUR);
        }
        let Rhythm::Monthly { monthly, .. } = &rule.rhythm else { panic!() };
        let mut months = Vec::new();
        for first in (0..700).map(|number| zone().date(month(number))) {
            let due = monthly.due(first, &rules.days, &zone());
            let begun = monthly.period(first, &zone()).from_ms.min(due.plus(-7 * DAY));
            if monthly.is_in(first.month()) {
                let id = format!("bao.{:04}-{:02}", first.year(), first.month());
                months.push((id, begun, due));
            }
        }
        let found: BTreeSet<String> = all.keys().cloned().collect();
        prop_assert_eq!(found, since_the_first(&months, &asked));
        for terms in all.values() {
            prop_assert!(terms.period.from_ms < terms.period.to_ms);
        }
    }

    #[test]
    fn no_two_obligations_of_a_rule_are_of_the_same_month_when_settings_change(
        versions in versions(),
        gaps in prop::collection::vec(1_i64..1_500, 1..80),
    ) {
        let rules = rules(versions.clone());
        prop_assert_eq!(rules.check(), Ok(()));
        let (mut now, mut known) = (month(0), Known::default());
        let mut ids = BTreeSet::new();
        for gap in gaps {
            for (id, terms) in rules.begin(&[], &known, now) {
                known.add(&id, &terms);
                prop_assert!(ids.insert(id));
            }
            now = now.plus(gap * HOUR);
        }
    }

    #[test]
    fn every_window_of_every_cluster_gives_exactly_one(
        gaps in prop::collection::vec(1_i64..300, 1..60),
        begins in 0_i64..48,
    ) {
        let rule = Rule {
            id: "air".to_owned(),
            kind: Kind::AirTime,
            rhythm: Rhythm::EveryWindow { clusters: Vec::new() },
            stages: Vec::new(),
            from: None,
            until: None,
        };
        let clusters = ["a", "b"].map(|name| Cluster {
            name: name.parse().unwrap(),
            window: OperatingWindow::default(),
        });
        let rules = rules(vec![rule]);
        let start = month(10).plus(begins * HOUR);
        let (mut now, mut known) = (start, Known::default());
        let mut asked = Vec::new();
        let mut spans: BTreeMap<Subject, Vec<Span>> = BTreeMap::new();
        for gap in gaps {
            for (id, terms) in rules.begin(&clusters, &known, now) {
                known.add(&id, &terms);
                spans.entry(terms.subject.clone()).or_default().push(terms.period);
            }
            asked.push(now);
            now = now.plus(gap * HOUR);
        }
        let mut windows = Vec::new();
        let mut day = zone().date(start);
        while day <= zone().date(now) {
            let (from_ms, to_ms) = OperatingWindow::default().on(day);
            windows.push((Span { from_ms, to_ms }, from_ms, to_ms));
            day = day.tomorrow().unwrap();
        }
        let expected: Vec<Span> = since_the_first(&windows, &asked).into_iter().collect();
        for cluster in ["a", "b"] {
            let subject = Subject::Cluster(cluster.parse().unwrap());
            let mut found = spans.get(&subject).cloned().unwrap_or_default();
            found.sort_unstable();
            prop_assert_eq!(&found, &expected);
        }
    }

    #[test]
    fn a_stage_is_never_early_comes_at_most_once_and_rests_when_it_is_done(
        steps in prop::collection::vec((1_i64..200, 0_u8..8), 1..80),
    ) {
        let mut obligation = november();
        let terms = obligation.terms().clone();
        let mut log = vec![Entry { at_ms: terms.period.from_ms, what: What::Opened(terms.clone()) }];
        let mut now = terms.period.from_ms;
        let mut fired = BTreeMap::new();
        for (hours, what) in steps {
            now = now.plus(hours * HOUR / 4);
            let calls = due(&obligation, None, now);
            prop_assert!(calls.is_empty() || !obligation.is_fulfilled());
            let done = match what {
                0 => vec![delivered(now, None)],
                1 => vec![What::Withdrawn { by: "Lan".to_owned(), reason: "nhầm".to_owned() }],
                // The controller dies before it has written what it fired.
                2 => Vec::new(),
                _ => calls.iter().map(|c| What::Fired { stage: c.stage.clone() }).collect(),
            };
            for what in done {
                let entry = Entry { at_ms: now, what };
                if let What::Fired { stage } = &entry.what {
                    prop_assert_eq!(fired.insert(stage.clone(), now), None);
                }
                if obligation.add(&entry).is_ok() {
                    log.push(entry);
                }
            }
            prop_assert_eq!(&Obligation::replay(&log).unwrap(), &obligation);
        }
        for (stage, at) in fired {
            let of = terms.stages.iter().find(|one| one.id == stage).unwrap();
            match of.when {
                When::Before { ms } => {
                    prop_assert!(terms.due_ms.plus(-ms) <= at && at < terms.due_ms);
                }
                When::After { ms } => prop_assert!(terms.due_ms.plus(ms) <= at),
                When::Undecided { .. } | When::SlackUsed { .. } => prop_assert!(false),
            }
        }
    }
}

/// What must have begun, of all periods with their beginning and due time: the first one that ran while
/// somebody asked, and everything after it.
fn since_the_first<T: Clone + Ord>(all: &[(T, TimeMs, TimeMs)], asked: &[TimeMs]) -> BTreeSet<T> {
    let runs = |at: TimeMs| all.iter().any(|(_, begun, due)| *begun <= at && at < *due);
    let first = asked.iter().copied().find(|at| runs(*at));
    let (Some(first), Some(last)) = (first, asked.last()) else {
        return BTreeSet::new();
    };
    let begun = all
        .iter()
        .filter(|(_, begun, due)| first < *due && begun <= last);
    begun.map(|(one, ..)| one.clone()).collect()
}

fn monthly_rule() -> impl Strategy<Value = Rule> {
    let months = prop_oneof![
        Just(vec![]),
        Just(vec![6, 12]),
        Just(vec![2]),
        Just(vec![1, 5, 7])
    ];
    let shift = prop_oneof![Just(Shift::Same), Just(Shift::Earlier), Just(Shift::Later)];
    (months, 1_i8..=31, shift).prop_map(|(months, day, shift)| monthly(&months, day, shift))
}
