//! Certificates of devices are renewed long before they end, by real agents and a real controller
//! whose clocks are moved.

#![allow(
    clippy::unwrap_used,
    reason = "a test fails by panicking, helpers of a test too"
)]
use cotmoc_proto::device::EventKind;
use cotmoc_tests::{Board, Lab, eventually};
use std::path::{Path, PathBuf};

/// A certificate of one day; half of it is over after 12 hours.
const ONE_DAY: &str = "[enrol]\ncertificate_days = 1\n";
const HOUR_S: i64 = 3_600;

#[test]
fn e16_a_certificate_is_renewed_at_half_of_its_life_by_a_new_key_and_the_device_goes_on() {
    let (lab, mut board, clock) = world();
    let first = shown(&lab);
    heard(&lab, "before the renewal");
    clock.set(11 * HOUR_S);
    heard(&lab, "at eleven hours");
    assert_eq!(shown(&lab), first);
    clock.set(13 * HOUR_S);
    lab.wait_for_event_kind("W01", &EventKind::CertificateRenewed);
    let second = shown(&lab);
    assert_ne!(first, second);
    assert_eq!(previous(&lab), Some(first));
    heard(&lab, "with the new key");
    // Well past the end of the first certificate, and after a start of its own.
    board.agent.as_mut().unwrap().stop();
    clock.set(20 * HOUR_S);
    board.start_agent().unwrap();
    heard(&lab, "after a start");
    assert_eq!(shown(&lab), second);
    assert!(!board.path("agent/device.next.key").exists());
    clock.set(26 * HOUR_S);
    eventually("it is renewed again", || {
        (previous(&lab).as_ref() == Some(&second)).then_some(())
    });
    heard(&lab, "with the third key");
}

#[test]
fn e16_an_agent_that_was_away_past_the_end_of_its_certificate_comes_back_by_itself() {
    let (lab, mut board, clock) = world();
    let first = shown(&lab);
    heard(&lab, "before it goes away");
    board.agent.as_mut().unwrap().kill();
    clock.set(100 * 24 * HOUR_S);
    board.start_agent().unwrap();
    eventually("it has a new key", || {
        (previous(&lab).as_ref() == Some(&first)).then_some(())
    });
    heard(&lab, "after it came back");
}

#[test]
fn e16_an_agent_whose_clock_stands_renews_when_the_controller_says_that_it_is_over() {
    let (lab, mut board, clock) = world();
    let first = shown(&lab);
    board.agent.as_mut().unwrap().stop();
    board.env = Vec::new();
    clock.set(30 * HOUR_S);
    board.start_agent().unwrap();
    eventually("it has a new key", || {
        (previous(&lab).as_ref() == Some(&first)).then_some(())
    });
    heard(&lab, "after it came back");
}

#[test]
fn e16_an_agent_killed_again_and_again_while_it_renews_ends_with_one_good_key() {
    let (lab, mut board, clock) = world();
    let mut before = shown(&lab);
    for round in 1..=3 {
        // By the clock that nobody moves it has just renewed: a start makes it look anew.
        board.agent.as_mut().unwrap().kill();
        clock.set(round * 13 * HOUR_S);
        board.start_agent().unwrap();
        for file in ["agent/device.next.key", "agent/device.next.pem"] {
            eventually("a step of the renewal, or all of it", || {
                let begun = board.path(file).exists() || shown(&lab) != before;
                begun.then_some(())
            });
            board.agent.as_mut().unwrap().kill();
            board.start_agent().unwrap();
        }
        eventually("the key is another", || {
            (shown(&lab) != before && !board.path("agent/device.next.key").exists()).then_some(())
        });
        before = shown(&lab);
        heard(&lab, "with the new key");
    }
}

/// A site whose clocks can be moved, with one device that is enrolled and runs.
fn world() -> (Lab, Board, Clock) {
    let clock = Clock::new();
    let lab = Lab::start_with(ONE_DAY, &clock.environment()).unwrap();
    let mut board = Board::new(&lab, lab.site.identity("W01")).unwrap();
    board.env = clock.environment();
    board.enrol(&lab).unwrap();
    board.start_agent().unwrap();
    (lab, board, clock)
}

/// Waits for a heartbeat that comes after this.
fn heard(lab: &Lab, what: &str) {
    let before = last_seen(lab);
    eventually(&format!("a heartbeat {what}"), || {
        (last_seen(lab) > before).then_some(())
    });
}

fn last_seen(lab: &Lab) -> i64 {
    let answer = lab.request("GET", "/api/v1/status", None).unwrap();
    let json = answer.json().unwrap();
    let seen = json.pointer("/devices/0/last_seen_ms");
    seen.and_then(serde_json::Value::as_i64).unwrap_or_default()
}

fn field(lab: &Lab, name: &str) -> Option<String> {
    let answer = lab.request("GET", "/api/v1/devices/W01", None).unwrap();
    let json = answer.json().unwrap();
    json.get(name)?.as_str().map(ToOwned::to_owned)
}

/// The key of the device, as the controller has it.
fn shown(lab: &Lab) -> String {
    field(lab, "spki_sha256").unwrap()
}

fn previous(lab: &Lab) -> Option<String> {
    field(lab, "previous_spki_sha256")
}

/// A wall clock that processes with its environment see; their monotonic clock is real.
struct Clock {
    folder: tempfile::TempDir,
}

impl Clock {
    fn new() -> Self {
        let clock = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        clock.set(0);
        clock
    }

    /// Moves the clock so many seconds past the real one.
    fn set(&self, ahead_s: i64) {
        let draft = self.folder.path().join("draft");
        std::fs::write(&draft, format!("{ahead_s:+}\n")).unwrap();
        std::fs::rename(draft, self.file()).unwrap();
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("clock")
    }

    fn environment(&self) -> Vec<(String, String)> {
        let library = ["x86_64-linux-gnu", "aarch64-linux-gnu"]
            .iter()
            .map(|arch| format!("/usr/lib/{arch}/faketime/libfaketime.so.1"))
            .find(|path| Path::new(path).exists())
            .unwrap();
        [
            ("LD_PRELOAD", library),
            ("FAKETIME_TIMESTAMP_FILE", self.file().display().to_string()),
            ("FAKETIME_NO_CACHE", "1".to_owned()),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .to_vec()
    }
}
