//! A report against its own log: every figure follows, and whatever was changed is named with its place.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "in a test a panic is the message"
)]
use cotmoc_controller_core::cause::Cause;
use cotmoc_controller_core::incident::{Duty, Entry, Incident, Opening, What};
use cotmoc_controller_core::ledger::Span;
use cotmoc_controller_core::report::{
    Context, Downtime, Examined, Fault, Report, Seal, Subject, examine, words,
};
use cotmoc_proto::TimeMs;
use cotmoc_proto::envelope::{Envelope, PayloadType, Signature};
use cotmoc_proto::time::{HOUR, MINUTE, SECOND};
use cotmoc_proto::window::OperatingWindow;
use cotmoc_test_kit::Person;
use proptest::prelude::*;

/// 24/11/2026 12:00 at Lào Cai.
const NOON: TimeMs = TimeMs(1_795_496_400_000);

fn entry(after: i64, what: What) -> Entry {
    Entry {
        at_ms: NOON.plus(after),
        what,
    }
}

fn opened(cause: Cause) -> What {
    What::Opened(Opening::new(cause, NOON, OperatingWindow::default()))
}

fn log() -> Vec<Entry> {
    let fired = What::Fired {
        stage: "department".to_owned(),
    };
    vec![
        entry(2 * MINUTE, opened(Cause::Power)),
        entry(3 * MINUTE, fired),
        entry(4 * MINUTE, What::Accepted),
        entry(20 * MINUTE, What::Recovered),
        entry(22 * MINUTE, What::Relapsed),
        entry(32 * MINUTE, What::Recovered),
        entry(35 * MINUTE, What::Resolved),
    ]
}

fn report_of(log: Vec<Entry>, at: TimeMs) -> Report {
    let incident = Incident::replay(&log).unwrap();
    let subject = Subject {
        incident: "W01-1".to_owned(),
        cluster: "cua-khau".parse().unwrap(),
        context: Context::default(),
    };
    Report::of(subject, (log, &incident), Vec::new(), at)
}

fn report() -> Report {
    report_of(log(), NOON.plus(HOUR))
}

fn sealed(report: &Report, by: &Person) -> Vec<u8> {
    let payload = serde_json::to_vec(report).unwrap();
    let mut envelope = Envelope::unsigned(PayloadType::Report, payload);
    let sig = by.sign(&envelope.signed_bytes());
    let keyid = by.keyid();
    envelope.add_signature(Signature { keyid, sig }).unwrap();
    envelope.to_bytes()
}

fn examined(bytes: &[u8], key: &Person) -> Examined {
    examine(bytes, Some(&key.spki())).unwrap()
}

#[test]
fn what_was_lost_is_what_lay_within_the_operating_window_relapses_too() {
    let downtime = report().downtime.unwrap();
    let span = |from: i64, to: i64| Span {
        from_ms: NOON.plus(from * MINUTE),
        to_ms: NOON.plus(to * MINUTE),
    };
    assert_eq!(downtime.stops, [span(0, 20), span(22, 32)]);
    assert_eq!(downtime.lost_ms, 30 * MINUTE);
    assert_eq!(downtime.days[0].window.length_ms(), 15 * HOUR);
    assert!(!downtime.days[0].is_short);

    let night = vec![
        Entry {
            at_ms: NOON.plus(10 * HOUR + 2 * MINUTE),
            what: What::Opened(Opening::new(
                Cause::Power,
                NOON.plus(9 * HOUR + 50 * MINUTE),
                OperatingWindow::default(),
            )),
        },
        entry(20 * HOUR + 5 * MINUTE, What::Recovered),
    ];
    let downtime = report_of(night, NOON.plus(21 * HOUR)).downtime.unwrap();
    let lost: Vec<_> = downtime
        .days
        .iter()
        .map(|day| (day.lost_ms, day.is_short))
        .collect();
    assert_eq!(lost, [(10 * MINUTE, false), (65 * MINUTE, true)]);
}

#[test]
fn what_was_dismissed_cost_nothing() {
    let mut log = vec![entry(2 * MINUTE, opened(Cause::Unknown))];
    let by = |by: &str| by.to_owned();
    let proof = "phát liên tục".to_owned();
    log.push(entry(
        5 * MINUTE,
        What::DismissalProposed {
            by: by("Lan"),
            proof,
        },
    ));
    log.push(entry(6 * MINUTE, What::Dismissed { by: by("Minh") }));
    let report = report_of(log, NOON.plus(HOUR));
    assert_eq!(report.downtime, Some(Downtime::default()));
    assert!(report.is_final);
    assert_eq!(report.faults(), []);
}

#[test]
fn every_figure_that_somebody_made_better_is_named() {
    type Change = fn(&mut Report);
    let changes: [(Change, &str); 9] = [
        (|r| r.figures.cause = Cause::Network, "cause"),
        (
            |r| r.figures.occurred_ms = r.figures.occurred_ms.plus(MINUTE),
            "occurrence",
        ),
        (
            |r| r.figures.detected_ms = r.figures.detected_ms.plus(-MINUTE),
            "detection",
        ),
        (
            |r| r.figures.deadline_ms = r.figures.deadline_ms.plus(MINUTE),
            "deadline",
        ),
        (|r| r.figures.notified_ms = Some(NOON), "notice"),
        (|r| r.figures.confirmed_ms = Some(NOON), "confirmation"),
        (|r| r.figures.duty = Duty::NotDue, "duty"),
        (|r| r.downtime.as_mut().unwrap().lost_ms = 0, "downtime"),
        (|r| r.is_final = true, "final or draft"),
    ];
    for (change, name) in changes {
        let mut report = report();
        change(&mut report);
        let faults = report.faults();
        let [Fault::Differs(what)] = faults.as_slice() else {
            panic!("{name}: {faults:?}");
        };
        assert_eq!(what.of.en, name);
        assert!(faults[0].saying().vi.contains(what.of.vi));
    }
    let mut report = report();
    report.figures.occurred_ms = report.figures.occurred_ms.plus(1);
    assert!(!report.faults().is_empty(), "less than a second counts");
}

#[test]
fn a_line_of_the_log_that_does_not_follow_is_named_by_its_number() {
    let mut shorter = report();
    shorter.log.remove(0);
    let found = shorter.faults();
    assert!(matches!(found[0], Fault::Log { line: 1, .. }), "{found:?}");
    let mut twice = report();
    twice.log.push(entry(40 * MINUTE, opened(Cause::Power)));
    let found = twice.faults();
    assert!(matches!(found[0], Fault::Log { line: 8, .. }), "{found:?}");
    let mut later = report();
    later.log.push(entry(2 * HOUR, What::Accepted));
    assert_eq!(later.faults(), [Fault::Later { line: 8 }]);
    let mut newer = report();
    newer.version = 4;
    assert_eq!(newer.faults(), [Fault::Version(4)]);
}

#[test]
fn a_signature_is_the_controllers_or_counts_for_nothing() {
    let (controller, stranger) = (Person::new("controller"), Person::new("em"));
    let bytes = sealed(&report(), &controller);
    let good = examined(&bytes, &controller);
    let by = controller.keyid();
    assert_eq!((good.seal, good.faults), (Seal::Holds { by }, vec![]));
    let unchecked = examine(&bytes, None).unwrap();
    assert_eq!(
        (unchecked.seal, unchecked.faults),
        (Seal::Unchecked { by }, vec![])
    );

    let other = examined(&bytes, &stranger);
    assert_eq!(other.faults, [Fault::OtherKey { found: Some(by) }]);
    let mut changed = report();
    changed.incident = "W02-1".to_owned();
    let payload = serde_json::to_vec(&changed).unwrap();
    let mut moved = Envelope::unsigned(PayloadType::Report, payload);
    let signature = Envelope::parse(&bytes).unwrap().signatures()[0].clone();
    moved.add_signature(signature).unwrap();
    let moved = examined(&moved.to_bytes(), &controller);
    assert_eq!(
        (moved.seal, moved.faults),
        (Seal::Broken, vec![Fault::Signature])
    );

    let release = Envelope::unsigned(PayloadType::Release, b"{}".to_vec());
    assert!(examine(&release.to_bytes(), None).is_err());
}

#[test]
fn a_report_of_the_first_form_is_read_and_said_to_be_unsigned() {
    let mut old = serde_json::to_value(report()).unwrap();
    let fields = old.as_object_mut().unwrap();
    fields.insert("version".to_owned(), 1.into());
    for new in ["downtime", "context", "is_final", "notices"] {
        fields.remove(new);
    }
    let bytes = serde_json::to_vec(&old).unwrap();
    let read = examine(&bytes, None).unwrap();
    assert_eq!((read.seal, read.faults), (Seal::None, vec![]));
    let read = examined(&bytes, &Person::new("controller"));
    assert_eq!(read.faults, [Fault::Unsigned]);
}

#[test]
fn the_words_say_how_the_hour_begins() {
    let night = vec![Entry {
        at_ms: NOON.plus(-8 * HOUR),
        what: What::Opened(Opening::new(
            Cause::Power,
            NOON.plus(-9 * HOUR),
            OperatingWindow::default(),
        )),
    }];
    let report = report_of(night, NOON);
    let steps = words::derivation(&report, &report.replayed().unwrap());
    let last = &steps.last().unwrap().vi;
    assert!(
        last.contains("tính từ lúc phải mở lại, 24/11/2026 07:00:00"),
        "{last}"
    );
    assert_eq!(words::length(HOUR + 90 * SECOND).vi, "1 giờ 1 phút 30 giây");
    assert_eq!(words::length(0).vi, "0 giây");
}

proptest! {
    /// Whichever byte of a signed report is changed, it is not believed.
    #[test]
    fn no_byte_of_a_signed_report_can_be_changed(at in any::<prop::sample::Index>(), bit in 0_u8..8) {
        let controller = Person::new("controller");
        let mut bytes = sealed(&report(), &controller);
        let index = at.index(bytes.len());
        bytes[index] ^= 1 << bit;
        let found = examine(&bytes, Some(&controller.spki()));
        let is_believed = found.is_ok_and(|read| read.faults.is_empty());
        prop_assert!(!is_believed);
    }
}
