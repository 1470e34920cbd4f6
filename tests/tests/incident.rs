//! From a wall that stops to the people who must hear of it: detected, told, confirmed, remembered over
//! a controller that dies, resolved.

#![allow(
    clippy::unwrap_used,
    reason = "a test fails by panicking, helpers of a test too"
)]

use cotmoc_controller_core::report::{Fault, examine};
use cotmoc_tests::{Lab, Programme, eventually};
use serde_json::{Value, json};
use std::path::Path;

const SETTINGS: &str = r#"
[[notices.routes]]
name = "sheet"
channel = "sheet"
folder = "sheets"

[incidents]
suspect_s = 2
silent_s = 4
stable_s = 3
grace_s = 1

[[incidents.people]]
name = "Trực ban"
roles = ["operator"]
via = ["sheet"]

[[incidents.people]]
name = "Sở"
roles = ["department"]
via = ["sheet"]
"#;

fn incidents(lab: &Lab) -> Vec<Value> {
    let answer = lab.request("GET", "/api/v1/incidents", None);
    let answer = answer.and_then(|answer| answer.json()).unwrap_or_default();
    let all = answer.get("incidents").and_then(Value::as_array).cloned();
    all.unwrap_or_default()
}

fn is(incident: &Value, key: &str, value: &str) -> bool {
    incident.get(key).and_then(Value::as_str) == Some(value)
}

/// The words of every sheet that was written.
fn sheets(folder: &Path) -> String {
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let texts = files.filter_map(|file| std::fs::read_to_string(file.path()).ok());
    texts.collect()
}

#[test]
fn a_wall_that_stops_is_an_incident_until_it_is_well_again() {
    let mut programme = Programme::on_air_with(SETTINGS).unwrap();
    assert_eq!(incidents(&programme.lab), [] as [Value; 0]);
    programme.board.wall.as_mut().unwrap().kill();
    let open = eventually("the incident is open", || {
        incidents(&programme.lab)
            .pop()
            .filter(|one| is(one, "state", "open"))
    });
    assert!(is(&open, "cause", "player"), "{open}");
    assert!(is(&open, "duty", "running"), "{open}");
    let id = open["incident"].as_str().unwrap().to_owned();
    let page = programme.lab.request("GET", "/", None).unwrap();
    let page = String::from_utf8(page.body).unwrap();
    assert!(
        page.contains(&id) && page.contains("báo Sở trước"),
        "{page}"
    );
    let folder = programme.lab.dir().join("sheets");
    let sheet = eventually("the operator has a sheet", || {
        Some(sheets(&folder)).filter(|text| text.contains(&id))
    });
    assert!(sheet.contains("bộ phát ngừng hoạt động"), "{sheet}");

    eventually("the device says since when", || {
        let one = incidents(&programme.lab).pop()?;
        is(&one, "occurred_by", "device").then_some(())
    });
    let open = incidents(&programme.lab).pop().unwrap();

    programme.lab.controller.as_mut().unwrap().kill();
    programme.lab.restart_controller().unwrap();
    let again = eventually("the controller knows it still", || {
        incidents(&programme.lab).pop()
    });
    assert_eq!(again["incident"], open["incident"]);
    assert_eq!(again["deadline_ms"], open["deadline_ms"]);

    let path = format!("/api/v1/incidents/{id}/told");
    programme
        .lab
        .post(&path, json!({ "by": "Lan" }).to_string().as_bytes())
        .unwrap();
    let told = incidents(&programme.lab).pop().unwrap();
    assert!(is(&told, "duty", "satisfied"), "{told}");

    programme.board.start_wall().unwrap();
    eventually("the incident is resolved", || {
        incidents(&programme.lab)
            .pop()
            .filter(|one| is(one, "state", "resolved"))
    });
    eventually("and who heard of it hears that", || {
        sheets(&folder).contains("khắc phục").then_some(())
    });
    assert_eq!(incidents(&programme.lab).len(), 1, "it was one incident");
    it_is_closed_and_its_report_agrees(&programme.lab, &id);
}

/// Two sign; the report verifies, and no longer once somebody has made a figure better.
fn it_is_closed_and_its_report_agrees(lab: &Lab, id: &str) {
    let close = |by: &str| {
        let body = json!({ "by": by, "countersigned": "Lan", "remedy": "Khởi động lại bộ phát" });
        let path = format!("/api/v1/incidents/{id}/close");
        lab.post(&path, body.to_string().as_bytes()).is_ok()
    };
    assert!(!close(" Lan "), "one person signs twice");
    assert!(!close("  "), "nobody signs");
    assert!(close("Minh"));
    let path = format!("/api/v1/incidents/{id}/report");
    let signed = lab.request("GET", &path, None).unwrap().body;
    let mut report = examine(&signed, None).unwrap().report;
    let notices = &report.notices;
    assert!(
        notices.iter().any(|one| one.stage == "operator"),
        "{report:?}"
    );
    assert_eq!(report.faults(), []);
    report.figures.occurred_ms = report.figures.occurred_ms.plus(60_000);
    let faults = report.faults();
    assert!(
        matches!(faults.as_slice(), [Fault::Differs(what)] if what.of.en == "occurrence"),
        "{faults:?}"
    );
}

#[test]
fn a_device_that_falls_silent_is_an_incident_since_its_last_heartbeat() {
    let mut programme = Programme::on_air_with(SETTINGS).unwrap();
    programme.board.agent.as_mut().unwrap().kill();
    let open = eventually("the incident is open", || incidents(&programme.lab).pop());
    assert!(is(&open, "cause", "unknown"), "{open}");
    assert!(is(&open, "occurred_by", "silence"), "{open}");
    let silent = open["detected_ms"].as_i64().unwrap() - open["occurred_ms"].as_i64().unwrap();
    assert!(silent >= 4_000, "{open}");
    programme.board.start_agent().unwrap();
    eventually("it is resolved once it is heard again", || {
        incidents(&programme.lab)
            .pop()
            .filter(|one| is(one, "state", "resolved"))
    });
}
