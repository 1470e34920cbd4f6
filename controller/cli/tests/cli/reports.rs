//! A report of an incident, as an auditor gets it: checked without any controller, and made into paper.

use crate::support::Place;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cotmoc_controller_core::cause::Cause;
use cotmoc_controller_core::incident::{Entry, Incident, Opening, What};
use cotmoc_controller_core::report::{Context, Report, Subject};
use cotmoc_proto::TimeMs;
use cotmoc_proto::envelope::{Envelope, PayloadType, Signature};
use cotmoc_proto::time::{HOUR, MINUTE};
use cotmoc_proto::window::OperatingWindow;
use cotmoc_test_kit::Person;

/// 24/11/2026 12:00 at Lào Cai.
const NOON: TimeMs = TimeMs(1_795_496_400_000);

/// A folder with a signed report and the controller's key.
fn place() -> (Place, Report, Person) {
    let opened = What::Opened(Opening::new(Cause::Power, NOON, OperatingWindow::default()));
    let at_ms = NOON.plus(2 * MINUTE);
    let log = vec![Entry {
        at_ms,
        what: opened,
    }];
    let incident = Incident::replay(&log).unwrap();
    let subject = Subject {
        incident: "W01-1".to_owned(),
        cluster: "cua-khau".parse().unwrap(),
        context: Context::default(),
    };
    let report = Report::of(subject, (log, &incident), Vec::new(), NOON.plus(HOUR));
    let (place, controller) = (Place::new(), Person::new("controller"));
    place.write("report.json", &sealed(&report, &controller));
    place.write("beacon.pub", STANDARD.encode(controller.spki()).as_bytes());
    (place, report, controller)
}

fn sealed(report: &Report, by: &Person) -> Vec<u8> {
    let payload = serde_json::to_vec(report).unwrap();
    let mut envelope = Envelope::unsigned(PayloadType::Report, payload);
    let sig = by.sign(&envelope.signed_bytes());
    let keyid = by.keyid();
    envelope.add_signature(Signature { keyid, sig }).unwrap();
    envelope.to_bytes()
}

#[test]
fn a_report_is_checked_against_the_key_of_a_file_or_of_the_settings() {
    let (place, _, controller) = place();
    let said = place.json("incident verify report.json --key beacon.pub");
    assert_eq!(said["signature"], "holds");
    assert_eq!(said["key"], controller.keyid().to_string());
    place.write("cli.toml", b"report_key = \"beacon.pub\"\n");
    let said = place.json("incident verify report.json --config cli.toml");
    assert_eq!(
        (&said["signature"], &said["final"]),
        (&"holds".into(), &false.into())
    );

    let unchecked = place.line("incident verify report.json").good();
    assert!(unchecked.err.contains("beacon.pub"), "{}", unchecked.err);
    assert!(unchecked.out.contains("CHƯA kiểm tra"), "{}", unchecked.out);
}

#[test]
fn what_does_not_agree_is_said_in_both_languages_and_no_paper_is_made_of_it() {
    let (place, mut report, controller) = place();
    report.figures.deadline_ms = report.figures.deadline_ms.plus(HOUR);
    place.write("better.json", &sealed(&report, &controller));
    let words = [
        "Thời hạn báo Sở: hồ sơ ghi 24/11/2026 14:00:00, nhật ký cho thấy 24/11/2026 13:00:00",
        "deadline: the report states 24/11/2026 14:00:00, its log gives 24/11/2026 13:00:00",
        "not to be believed",
    ];
    place
        .line("incident verify better.json --key beacon.pub")
        .refused(&words);
    place
        .line("incident paper better.json --output b.pdf")
        .refused(&words[2..]);
    assert!(!place.path("b.pdf").exists());

    let stranger = Person::new("em");
    place.write("other.pub", STANDARD.encode(stranger.spki()).as_bytes());
    let words = ["ký bằng khóa khác", "another key has signed it"];
    place
        .line("incident verify report.json --key other.pub")
        .refused(&words);
    place.write("bare.json", &serde_json::to_vec(&report).unwrap());
    let words = ["hồ sơ chưa được ký", "nobody has signed it"];
    place
        .line("incident verify bare.json --key beacon.pub")
        .refused(&words);
    place.write("no.json", b"{}");
    place
        .line("incident verify no.json")
        .refused(&["no report of an incident"]);
    place.write("no.pub", b"?");
    place
        .line("incident verify report.json --key no.pub")
        .refused(&["no copy of beacon.pub"]);
}

#[test]
fn the_paper_is_what_its_ending_says() {
    let (place, ..) = place();
    for (name, begins) in [("b.pdf", b"%PDF".as_slice()), ("b.docx", b"PK")] {
        let line = format!("incident paper report.json --key beacon.pub --output {name}");
        place.line(&line).good();
        assert!(place.read(name).starts_with(begins));
    }
    let words = ["end its name with .pdf or .docx"];
    place
        .line("incident paper report.json --output b.odt")
        .refused(&words);
    let words = ["LiberationSerif-Regular.ttf", "fonts-liberation2"];
    place
        .line("incident paper report.json --fonts /nowhere --output c.pdf")
        .refused(&words);
}
