//! The written forms: golden files byte by byte, old messages that must stay readable, and
//! documents that must be refused, each for the reason in its file's name.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "this is a test, and it reads its files"
)]

mod samples;

use cotmoc_proto::device::{
    EnrolRequest, EnrolResponse, EventKind, Record, RenewRequest, RenewResponse, ScreenReport,
    SyncRequest, SyncResponse, WaitResponse,
};
use cotmoc_proto::envelope::Envelope;
use cotmoc_proto::json::parse_strict;
use cotmoc_proto::override_order::Override;
use cotmoc_proto::release::Release;
use cotmoc_proto::software::Software;
use cotmoc_proto::takedown::Takedown;
use cotmoc_proto::trust::{
    Identity, Receipt, Root, TrustState, admit_override, admit_release, admit_root, admit_takedown,
    factory_root,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::fmt::Debug;
use std::path::PathBuf;

/// What a file holds, by the first word of its name.
const READERS: [(&str, Reader); 15] = [
    ("root", strict::<Root>),
    ("release", strict::<Release>),
    ("takedown", strict::<Takedown>),
    ("override", strict::<Override>),
    ("software", strict::<Software>),
    ("receipt", strict::<Receipt>),
    ("envelope", |bytes| {
        Envelope::parse(bytes).map(drop).map_err(|e| e.to_string())
    }),
    ("sync-request", open::<SyncRequest>),
    ("sync-response", open::<SyncResponse>),
    ("wait-response", open::<WaitResponse>),
    ("enrol-request", open::<EnrolRequest>),
    ("enrol-response", open::<EnrolResponse>),
    ("renew-request", open::<RenewRequest>),
    ("renew-response", open::<RenewResponse>),
    ("record", open::<Record>),
];

/// What the refusal must say, by the second word of a file's name.
const REASONS: [(&str, &str); 15] = [
    ("unknown-field", "unknown field"),
    ("duplicate-key", "a key occurs twice"),
    ("missing-field", "missing field"),
    ("float", "not an integer"),
    ("null", "a null"),
    ("wrong-type", "invalid type"),
    ("out-of-range", "invalid value"),
    ("unknown-word", "unknown variant"),
    ("integer-too-big", "beyond 2^53 - 1"),
    ("bad-id", "expected 1 to 64 letters"),
    ("bad-digest", "expected 64 lower-case"),
    ("bad-time", "expected HH:MM"),
    ("bad-date", "expected YYYY-MM-DD"),
    ("bad-zone", "not in the IANA database"),
    ("more-after-the-end", "trailing characters"),
];

type Reader = fn(&[u8]) -> Result<(), String>;

fn strict<T: DeserializeOwned>(bytes: &[u8]) -> Result<(), String> {
    parse_strict::<T>(bytes)
        .map(drop)
        .map_err(|e| e.to_string())
}

fn open<T: DeserializeOwned>(bytes: &[u8]) -> Result<(), String> {
    serde_json::from_slice::<T>(bytes)
        .map(drop)
        .map_err(|e| e.to_string())
}

fn folder(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests")
        .join(name)
}

/// Every file of a folder: its name in words, and its bytes.
fn files(name: &str) -> Vec<(Vec<String>, Vec<u8>)> {
    let mut files: Vec<_> = std::fs::read_dir(folder(name))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| {
            let name = path.file_name().unwrap().to_str().unwrap();
            let words = name.split('.').map(str::to_owned).collect();
            (words, std::fs::read(&path).unwrap())
        })
        .collect();
    files.sort();
    files
}

fn reader(kind: &str) -> Reader {
    let known = READERS.iter().find(|(name, _)| *name == kind);
    known.unwrap_or_else(|| panic!("{kind}: no reader")).1
}

fn golden(name: &str) -> Vec<u8> {
    std::fs::read(folder("golden").join(format!("{name}.json"))).unwrap()
}

fn same<T: Serialize + PartialEq + Debug>(
    name: &str,
    value: &T,
    read: impl Fn(&[u8]) -> serde_json::Result<T>,
) {
    let golden = golden(name);
    let written = serde_json::to_vec(value).unwrap();
    let text = String::from_utf8_lossy;
    assert_eq!(text(&written), text(&golden), "{name}: written anew");
    assert_eq!(&read(&golden).unwrap(), value, "{name}: read back");
}

fn signed<T: Serialize + DeserializeOwned + PartialEq + Debug>(name: &str, value: &T) {
    same(name, value, parse_strict);
}

fn message<T: Serialize + DeserializeOwned + PartialEq + Debug>(name: &str, value: &T) {
    same(name, value, |bytes| serde_json::from_slice(bytes));
    let mut wider: Value = serde_json::from_slice(&golden(name)).unwrap();
    widen(&mut wider);
    let read: T = serde_json::from_value(wider).unwrap();
    assert_eq!(&read, value, "{name}: with fields of a later version");
}

/// Adds a field that nobody knows to every structure of a message.
fn widen(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields.iter_mut() {
                match (name.as_str(), field) {
                    ("detail" | "ack", _) => {}
                    ("body", Value::Object(body)) => body.values_mut().for_each(widen),
                    (_, field) => widen(field),
                }
            }
            fields.insert("of_a_later_version".to_owned(), Value::Null);
        }
        Value::Array(list) => list.iter_mut().for_each(widen),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn documents_are_written_and_read_byte_by_byte_as_ever() {
    signed("root", &samples::root());
    signed("release", &samples::release());
    signed("takedown", &samples::takedown());
    signed("receipt", &samples::receipt());
    assert_eq!(samples::root().check(), Ok(()));
    assert_eq!(samples::release().check(), Ok(()));
    assert_eq!(samples::takedown().check(), Ok(()));
    signed("override-show", &samples::override_show());
    signed("override-end", &samples::override_end());
    signed("override-root", &samples::root_with_override());
    signed("override-receipt", &samples::receipt_of_override());
    assert_eq!(samples::override_show().check(), Ok(()));
    assert_eq!(samples::override_end().check(), Ok(()));
    assert_eq!(samples::root_with_override().check(), Ok(()));
    signed("software", &samples::software());
    assert_eq!(samples::software().check(), Ok(()));
}

#[test]
fn an_envelope_is_written_and_read_byte_by_byte_as_ever() {
    let bytes = golden("envelope");
    let envelope = Envelope::parse(&bytes).unwrap();
    assert_eq!(envelope.to_bytes(), bytes);
    assert_eq!(envelope.unverified_payload(), golden("takedown"));
}

#[test]
fn messages_are_written_as_ever_and_read_with_fields_of_a_later_version() {
    message::<SyncRequest>("sync-request", &samples::sync_request());
    message::<SyncResponse>("sync-response", &samples::sync_response());
    message::<WaitResponse>("wait-response", &samples::wait_response());
    message::<EnrolRequest>("enrol-request", &samples::enrol_request());
    message::<EnrolResponse>("enrol-response", &samples::enrol_response());
    message::<RenewRequest>("renew-request", &samples::renew_request());
    message::<RenewResponse>("renew-response", &samples::renew_response());
    message::<ScreenReport>("screen-report", &samples::screen_report());
    message::<ScreenReport>("override-report", &samples::report_of_override());
    message::<SyncResponse>("override-response", &samples::response_with_override());
}

#[test]
fn kinds_of_events_that_tell_of_certificates_and_overrides_have_words_of_their_own() {
    for (kind, word) in [
        (EventKind::CertificateRenewed, "\"certificate-renewed\""),
        (EventKind::CertificateExpiring, "\"certificate-expiring\""),
        (EventKind::OverrideAccepted, "\"override-accepted\""),
        (EventKind::OverrideRefused, "\"override-refused\""),
        (EventKind::OverrideOver, "\"override-over\""),
    ] {
        assert_eq!(serde_json::to_string(&kind).unwrap(), word);
        assert_eq!(serde_json::from_str::<EventKind>(word).unwrap(), kind);
    }
}

#[test]
fn every_recorded_message_can_still_be_read() {
    let recorded = files("recorded");
    assert!(recorded.len() >= 10);
    for (words, bytes) in recorded {
        if let Err(detail) = reader(&words[0])(&bytes) {
            panic!("{words:?}: {detail}");
        }
    }
}

#[test]
fn every_recorded_envelope_is_still_admitted() {
    let read = |name: &str| std::fs::read(folder("recorded").join(name)).unwrap();
    let me = Identity {
        site: "lao-cai".parse().unwrap(),
        channel: "gate".parse().unwrap(),
        device: "W01".parse().unwrap(),
    };
    let first = factory_root(&read("envelope.root-1.json")).unwrap();
    let root = admit_root(&first, &read("envelope.root-2.json")).unwrap();
    let mut state = TrustState::fresh(&root);
    let release = admit_release(&root, &state, &me, &read("envelope.release-1.json")).unwrap();
    state.on_release(&release.document, release.digest);
    admit_takedown(&root, &state, &me, &read("envelope.takedown-1.json")).unwrap();
}

#[test]
fn every_recorded_override_is_still_admitted() {
    let read = |name: &str| std::fs::read(folder("recorded").join(name)).unwrap();
    let root = factory_root(&read("envelope.override-root.json")).unwrap();
    let me = Identity {
        site: "huu-nghi".parse().unwrap(),
        channel: "hall".parse().unwrap(),
        device: "W01".parse().unwrap(),
    };
    let mut state = TrustState::fresh(&root);
    for (name, shows) in [("show", true), ("end", false)] {
        let bytes = read(&format!("envelope.override-{name}.json"));
        let order = admit_override(&root, &state, &me, &bytes).unwrap();
        state.on_override(&order.document, order.digest);
        assert_eq!(state.override_in_force.is_some(), shows);
    }
}

#[test]
fn every_document_to_be_refused_is_refused_for_the_reason_in_its_name() {
    let refused = files("refused");
    for (reason, _) in REASONS {
        let is_tried = refused.iter().any(|(words, _)| words[1] == reason);
        assert!(is_tried, "no file is refused for {reason}");
    }
    for (words, bytes) in refused {
        let known = REASONS.iter().find(|(reason, _)| *reason == words[1]);
        let (_, expected) = known.unwrap_or_else(|| panic!("{words:?}: unknown reason"));
        let answer = reader(&words[0])(&bytes);
        let detail = answer.expect_err(&format!("{words:?} was read"));
        assert!(detail.contains(expected), "{words:?}: {detail}");
    }
}
