//! The hour of the regulation (Điều 8.3b, 13.3b) on simulated days: who hears when, what counts as
//! the occurrence, and that nothing people do stops the clock.

#![allow(
    clippy::unwrap_used,
    reason = "a test fails by panicking, helpers of a test too"
)]

use cotmoc_controller_core::cause::{Cause, Source};
use cotmoc_controller_core::incident::{Duty, Entry, Incident, Opening, Refused, State, What};
use cotmoc_controller_core::stage::{Audience, Table};
use cotmoc_proto::TimeMs;
use cotmoc_proto::time::{HOUR, MINUTE, Millis, SECOND};
use cotmoc_proto::window::OperatingWindow;
use proptest::prelude::*;
use std::collections::BTreeSet;

/// 24/11/2026 00:00 at Lào Cai.
const MIDNIGHT: TimeMs = TimeMs(1_795_453_200_000);

fn clock(hour: i64, minute: i64) -> TimeMs {
    MIDNIGHT.plus(hour * HOUR + minute * MINUTE)
}

fn entry(at_ms: TimeMs, what: What) -> Entry {
    Entry { at_ms, what }
}

/// A log, its incident, and what has been called for so far.
#[derive(Clone)]
struct Desk {
    log: Vec<Entry>,
    incident: Incident,
    sent: Vec<(TimeMs, Vec<String>, Vec<Audience>)>,
    maintenance: bool,
}

impl Desk {
    fn opened(detected: TimeMs, cause: Cause, last_proof_ms: TimeMs) -> Self {
        let opening = Opening::new(cause, last_proof_ms, OperatingWindow::default());
        let first = entry(detected, What::Opened(opening));
        Self {
            incident: Incident::open(&first).unwrap(),
            log: vec![first],
            sent: Vec::new(),
            maintenance: false,
        }
    }

    fn try_add(&mut self, at: TimeMs, what: What) -> Result<(), Refused> {
        let entry = entry(at, what);
        self.incident.add(&entry)?;
        self.log.push(entry);
        Ok(())
    }

    fn add(&mut self, at: TimeMs, what: What) {
        self.try_add(at, what).unwrap();
    }

    fn evidence(&mut self, at: TimeMs, source: Source, occurred: TimeMs) {
        let what = What::Evidence {
            source,
            cause: None,
            occurred_ms: Some(occurred),
            stopped_ms: None,
            device: None,
        };
        self.add(at, what);
    }

    /// Fires what is due at `now`; once more at once, which must find nothing.
    fn fire(&mut self, now: TimeMs) {
        let calls = Table::default().due(&self.incident, self.maintenance, now);
        if calls.is_empty() {
            return;
        }
        for call in &calls {
            let stage = call.stage.clone();
            self.add(now, What::Fired { stage });
        }
        let to: BTreeSet<Audience> = calls.iter().flat_map(|call| &call.to).copied().collect();
        let stages = calls.into_iter().map(|call| call.stage).collect();
        self.sent.push((now, stages, to.into_iter().collect()));
        let again = Table::default().due(&self.incident, self.maintenance, now);
        assert_eq!(again, []);
    }

    /// From one moment at which something may be due to the next, as a scheduler goes.
    fn run(&mut self, from: TimeMs, to: TimeMs) {
        let mut now = from;
        self.fire(now);
        while let Some(next) = Table::default()
            .next(&self.incident, now)
            .filter(|at| *at <= to)
        {
            now = next;
            self.fire(now);
        }
    }

    /// When `stage` was sent.
    fn sent_at(&self, stage: &str) -> Option<TimeMs> {
        let mut of = self
            .sent
            .iter()
            .filter(|(_, stages, _)| stages.iter().any(|s| s == stage));
        let at = of.next().map(|(at, ..)| *at);
        assert!(of.next().is_none(), "{stage} was sent twice");
        at
    }
}

#[test]
fn power_lost_is_told_to_the_operator_and_the_power_unit_at_once() {
    let mut desk = Desk::opened(clock(9, 12), Cause::Power, clock(9, 11));
    desk.evidence(clock(9, 12), Source::Device, clock(9, 12));
    desk.run(clock(9, 12), clock(9, 13));
    let (at, stages, to) = &desk.sent[0];
    let names = ["operator", "power"].map(str::to_owned);
    assert_eq!((*at, stages.as_slice()), (clock(9, 12), &names[..]));
    assert_eq!(
        to.as_slice(),
        [
            Audience::Operator,
            Audience::Technician,
            Audience::PowerUnit
        ]
    );
    let mut screen = Desk::opened(clock(9, 12), Cause::Display, clock(9, 11));
    screen.run(clock(9, 12), clock(9, 13));
    assert!(!screen.sent[0].2.contains(&Audience::PowerUnit));
}

#[test]
fn of_silence_the_hour_begins_with_the_last_proof() {
    let desk = Desk::opened(clock(9, 14), Cause::Unknown, clock(9, 11));
    assert_eq!(desk.incident.begins(), clock(9, 11));
    assert_eq!(
        desk.incident.duty(clock(9, 20)),
        Duty::Running {
            deadline: clock(10, 11)
        }
    );
}

#[test]
fn only_two_people_together_can_say_that_nothing_stopped() {
    let mut desk = Desk::opened(clock(9, 14), Cause::Unknown, clock(9, 11));
    let agreed = |by: &str| What::Dismissed { by: by.to_owned() };
    let refused = desk.try_add(clock(9, 30), agreed("lan"));
    assert_eq!(refused, Err(Refused::NotProposed));
    let proposed = What::DismissalProposed {
        by: "lan".to_owned(),
        proof: "the journal shows every frame".to_owned(),
    };
    desk.add(clock(9, 31), proposed);
    assert_eq!(
        desk.try_add(clock(9, 32), agreed("lan")),
        Err(Refused::SamePerson)
    );
    desk.add(clock(9, 33), agreed("minh"));
    assert_eq!(desk.incident.duty(clock(12, 0)), Duty::NotDue);
    desk.run(clock(9, 33), clock(20, 0));
    assert_eq!(desk.sent, []);
}

#[test]
fn better_evidence_moves_the_hour_and_takes_nothing_back() {
    let mut desk = Desk::opened(clock(9, 14), Cause::Unknown, clock(9, 0));
    desk.run(clock(9, 14), clock(9, 14));
    assert_eq!(
        desk.sent_at("remind-5"),
        Some(clock(9, 14)),
        "five minutes were over"
    );
    desk.evidence(clock(9, 40), Source::Device, clock(9, 12));
    assert_eq!(desk.incident.deadline(), clock(10, 12));
    assert_eq!(desk.incident.fired("remind-5"), Some(clock(9, 14)));
    desk.evidence(clock(9, 41), Source::Operator, clock(9, 1));
    assert_eq!(
        desk.incident.deadline(),
        clock(10, 12),
        "a person knows less than the journal"
    );
    desk.run(clock(9, 40), clock(10, 0));
    assert_eq!(desk.sent_at("department"), Some(clock(9, 57)));
}

#[test]
fn an_occurrence_after_the_proof_of_the_stop_is_not_believed() {
    let mut desk = Desk::opened(clock(9, 14), Cause::Unknown, clock(9, 0));
    let proof = What::Evidence {
        source: Source::Neighbour,
        cause: None,
        occurred_ms: None,
        stopped_ms: Some(clock(9, 5)),
        device: None,
    };
    desk.add(clock(9, 20), proof);
    desk.evidence(clock(9, 21), Source::Device, clock(9, 13));
    assert_eq!(desk.incident.occurred(), clock(9, 5));
}

#[test]
fn what_is_found_late_is_one_message_of_all_that_is_due() {
    let mut desk = Desk::opened(clock(9, 50), Cause::Player, clock(9, 0));
    desk.run(clock(9, 50), clock(9, 50));
    let (_, stages, to) = &desk.sent[0];
    let names = [
        "operator",
        "remind-5",
        "remind-15",
        "remind-30",
        "department",
    ];
    assert_eq!(stages.as_slice(), names.map(str::to_owned));
    assert!(to.contains(&Audience::Department));
    assert_eq!(desk.sent.len(), 1);
}

#[test]
fn dead_at_three_and_still_dark_at_seven_is_an_incident_of_seven() {
    let mut desk = Desk::opened(clock(3, 2), Cause::Power, clock(3, 0));
    desk.run(clock(3, 2), clock(8, 30));
    assert_eq!(desk.sent_at("operator"), Some(clock(7, 0)));
    assert_eq!(desk.sent_at("department"), Some(clock(7, 45)));
    assert_eq!(desk.sent_at("breach"), Some(clock(8, 0)));
    let mut mended = Desk::opened(clock(3, 2), Cause::Power, clock(3, 0));
    mended.add(clock(6, 50), What::Recovered);
    mended.run(clock(3, 2), clock(9, 0));
    assert_eq!(mended.sent, []);
    assert_eq!(mended.incident.duty(clock(9, 0)), Duty::NotDue);
}

#[test]
fn the_hour_of_a_stop_before_closing_runs_on_after_it() {
    let mut desk = Desk::opened(clock(21, 52), Cause::Display, clock(21, 50));
    desk.run(clock(21, 52), clock(23, 0));
    assert_eq!(desk.sent_at("department"), Some(clock(22, 35)));
}

#[test]
fn an_attack_found_late_is_breached_since_its_own_hour() {
    let mut desk = Desk::opened(clock(5, 0), Cause::Integrity, clock(2, 0));
    let breached = Duty::Breached {
        deadline: clock(3, 0),
        late: None,
    };
    assert_eq!(desk.incident.duty(clock(5, 0)), breached);
    desk.run(clock(5, 0), clock(5, 0));
    assert!(desk.sent_at("department").is_some() && desk.sent_at("breach").is_some());
    desk.add(clock(5, 1), What::Accepted);
    let late = Duty::Breached {
        deadline: clock(3, 0),
        late: Some(clock(5, 1)),
    };
    assert_eq!(desk.incident.duty(clock(9, 0)), late);
}

#[test]
fn what_was_mended_in_ten_minutes_is_reported_all_the_same() {
    let mut desk = Desk::opened(clock(9, 2), Cause::Player, clock(9, 0));
    desk.add(clock(9, 10), What::Recovered);
    desk.add(clock(9, 13), What::Resolved);
    desk.run(clock(9, 13), clock(10, 30));
    assert_eq!(desk.sent_at("department"), Some(clock(9, 45)));
    assert_eq!(
        desk.sent_at("remind-15"),
        None,
        "nobody is reminded of what works"
    );
}

#[test]
fn an_acknowledgement_stops_reminders_and_nothing_else() {
    let mut desk = Desk::opened(clock(9, 0), Cause::Player, clock(9, 0));
    desk.run(clock(9, 0), clock(9, 4));
    let until = |at: TimeMs| What::Acknowledged {
        by: "truc".to_owned(),
        until_ms: at.plus(15 * MINUTE),
    };
    desk.add(clock(9, 4), until(clock(9, 4)));
    desk.run(clock(9, 4), clock(9, 18));
    assert_eq!(desk.sent.len(), 1);
    desk.run(clock(9, 19), clock(9, 19));
    assert_eq!(
        desk.sent_at("remind-5"),
        Some(clock(9, 19)),
        "it came after all"
    );
    desk.add(clock(9, 40), until(clock(9, 40)));
    desk.run(clock(9, 40), clock(9, 45));
    assert_eq!(desk.sent_at("department"), Some(clock(9, 45)));
    let too_long = What::Acknowledged {
        by: "truc".to_owned(),
        until_ms: clock(12, 0),
    };
    assert_eq!(
        desk.try_add(clock(9, 46), too_long),
        Err(Refused::TooLong(15 * MINUTE))
    );
}

#[test]
fn maintenance_keeps_reminders_away_but_neither_the_duty_nor_an_attack() {
    let mut desk = Desk::opened(clock(9, 0), Cause::Player, clock(9, 0));
    desk.maintenance = true;
    desk.run(clock(9, 0), clock(10, 0));
    assert_eq!(desk.sent_at("remind-5"), None);
    assert_eq!(desk.sent_at("department"), Some(clock(9, 45)));
    let mut tamper = Desk::opened(clock(9, 0), Cause::Access, clock(9, 0));
    tamper.maintenance = true;
    tamper.run(clock(9, 0), clock(9, 20));
    assert_eq!(tamper.sent_at("department"), Some(clock(9, 0)));
    assert_eq!(tamper.sent_at("remind-5"), Some(clock(9, 5)));
}

#[test]
fn a_relapse_within_ten_minutes_is_the_same_incident() {
    let mut desk = Desk::opened(clock(9, 0), Cause::Player, clock(9, 0));
    desk.add(clock(9, 30), What::Resolved);
    let mut later = desk.clone();
    desk.add(clock(9, 40).plus(-SECOND), What::Relapsed);
    assert_eq!(desk.incident.state(), State::Open);
    assert_eq!(desk.incident.deadline(), clock(10, 0), "the hour runs on");
    let refused = later.try_add(clock(9, 40).plus(SECOND), What::Relapsed);
    assert_eq!(refused, Err(Refused::TooLate(10 * MINUTE)));
}

#[test]
fn a_security_incident_is_neither_dismissed_nor_turned_into_a_fault() {
    let mut desk = Desk::opened(clock(23, 0), Cause::Integrity, clock(23, 0));
    let proposed = What::DismissalProposed {
        by: "lan".to_owned(),
        proof: String::new(),
    };
    assert_eq!(desk.try_add(clock(23, 1), proposed), Err(Refused::Security));
    let fault = What::Evidence {
        source: Source::Device,
        cause: Some(Cause::Power),
        occurred_ms: None,
        stopped_ms: None,
        device: None,
    };
    desk.add(clock(23, 2), fault);
    assert_eq!(desk.incident.cause(), Cause::Integrity);
    assert_eq!(desk.incident.begins(), clock(23, 0), "day and night");
}

#[test]
fn an_incident_is_closed_by_two_people_once_it_is_resolved_and_the_department_knows() {
    let mut desk = Desk::opened(clock(9, 0), Cause::Player, clock(9, 0));
    let closed = |by: &str, countersigned: &str| What::Closed {
        by: by.to_owned(),
        countersigned: countersigned.to_owned(),
        remedy: "replaced the fan".to_owned(),
    };
    let end = clock(11, 0);
    assert_eq!(
        desk.try_add(end, closed("a", "b")),
        Err(Refused::NotResolved)
    );
    desk.add(clock(9, 30), What::Resolved);
    assert_eq!(
        desk.try_add(end, closed("a", "a")),
        Err(Refused::SamePerson)
    );
    assert_eq!(desk.try_add(end, closed("a", "b")), Err(Refused::DutyOpen));
    desk.add(
        clock(9, 50),
        What::Confirmed {
            by: "sở".to_owned(),
        },
    );
    desk.add(end, closed("a", "b"));
    assert_eq!(
        desk.incident.duty(end),
        Duty::Satisfied { at: clock(9, 50) }
    );
    assert_eq!(desk.try_add(end, What::Recovered), Err(Refused::Over));
}

fn source() -> impl Strategy<Value = Source> {
    prop::sample::select(vec![Source::Neighbour, Source::Operator, Source::Device])
}

fn what() -> impl Strategy<Value = What> {
    let minutes = 0..180_i64;
    prop_oneof![
        (minutes.clone(), source()).prop_map(|(minute, source)| What::Evidence {
            source,
            cause: None,
            occurred_ms: Some(clock(8, 0).plus(minute * MINUTE)),
            stopped_ms: None,
            device: None,
        }),
        minutes.prop_map(|minute| What::Acknowledged {
            by: "truc".to_owned(),
            until_ms: clock(9, minute),
        }),
        Just(What::Recovered),
        Just(What::Resolved),
        Just(What::Relapsed),
        Just(What::Accepted),
    ]
}

/// Runs a random story, firing what is due every half minute.
fn story(cause: Cause, steps: &[(Millis, What)]) -> (Desk, TimeMs) {
    let mut desk = Desk::opened(clock(9, 0), cause, clock(8, 55));
    let mut now = clock(9, 0);
    for (wait, what) in steps {
        let until = now.plus(*wait * SECOND);
        while now < until {
            desk.fire(now);
            now = now.plus(30 * SECOND);
        }
        drop(desk.try_add(now, what.clone()));
    }
    desk.fire(now);
    (desk, now)
}

fn steps() -> impl Strategy<Value = Vec<(Millis, What)>> {
    prop::collection::vec((0..1_800_i64, what()), 0..12)
}

fn cause() -> impl Strategy<Value = Cause> {
    prop_oneof![Just(Cause::Player), Just(Cause::Power), Just(Cause::Access)]
}

proptest! {
    /// P1: the same log is the same incident, with the same next deadline.
    #[test]
    fn replaying_the_log_gives_the_same_incident(cause in cause(), steps in steps()) {
        let (desk, now) = story(cause, &steps);
        let again = Incident::replay(&desk.log).unwrap();
        prop_assert_eq!(&again, &desk.incident);
        let table = Table::default();
        prop_assert_eq!(table.next(&again, now), table.next(&desk.incident, now));
    }

    /// P2: no stage twice, and none before its time by what was known when it was sent.
    #[test]
    fn a_stage_is_sent_once_and_never_early(cause in cause(), steps in steps()) {
        let (desk, _) = story(cause, &steps);
        for (at, stages, _) in &desk.sent {
            let upto = desk.log.iter().position(|e| {
                matches!(&e.what, What::Fired { stage } if stages.contains(stage))
            }).unwrap();
            let known = Incident::replay(&desk.log[..upto]).unwrap();
            let table = Table::default();
            let of = if cause.is_security() { table.security } else { table.operation };
            for step in of.steps.iter().filter(|step| stages.contains(&step.id)) {
                prop_assert!(known.begins().plus(step.after_ms) <= *at);
                prop_assert_eq!(desk.sent_at(&step.id), Some(*at));
            }
        }
    }

    /// P3: acknowledgements and recovery change nothing about the duty.
    #[test]
    fn what_people_do_about_the_fault_does_not_stop_the_clock(cause in cause(), steps in steps()) {
        let (desk, now) = story(cause, &steps);
        let is_about_duty = |entry: &&Entry| !matches!(
            entry.what,
            What::Acknowledged { .. } | What::Recovered | What::Resolved | What::Relapsed
        );
        let bare: Vec<Entry> = desk.log.iter().filter(is_about_duty).cloned().collect();
        let bare = Incident::replay(&bare).unwrap();
        prop_assert_eq!(bare.duty(now), desk.incident.duty(now));
    }

    /// P4: whoever was told in time stays told, unless better evidence moves the occurrence.
    #[test]
    fn a_notice_in_time_satisfies_for_good(cause in cause(), later in 0..10_000_i64) {
        let mut desk = Desk::opened(clock(9, 0), cause, clock(8, 55));
        desk.add(clock(9, 30), What::Accepted);
        let satisfied = Duty::Satisfied { at: clock(9, 30) };
        prop_assert_eq!(desk.incident.duty(clock(9, 30).plus(later * MINUTE)), satisfied);
    }

    /// P5: unless the department was told, the department's stage is sent before the deadline and
    /// the breach is dated at it.
    #[test]
    fn nobody_telling_the_department_means_that_we_do(cause in cause(), steps in steps()) {
        let quiet: Vec<_> = steps.into_iter().filter(|(_, what)| {
            !matches!(what, What::Accepted | What::Evidence { .. })
        }).collect();
        let (mut desk, now) = story(cause, &quiet);
        desk.run(now, clock(14, 0));
        let told = desk.sent_at("department").unwrap();
        prop_assert!(told < desk.incident.deadline());
        let breached = Duty::Breached { deadline: desk.incident.deadline(), late: None };
        prop_assert_eq!(desk.incident.duty(clock(14, 0)), breached);
        prop_assert!(desk.sent_at("breach").is_some());
    }
}
