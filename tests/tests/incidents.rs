//! What ails a board reaches the controller: a power cut with its date, a process that dies, a
//! screen that goes, a line that cannot be read.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, helpers of a test too"
)]

use cotmoc_proto::device::{Event, EventKind};
use cotmoc_tests::{Board, Lab, eventually, within};
use std::io::Write as _;
use std::time::{Duration, SystemTime};

#[test]
fn a_power_cut_is_dated_between_the_last_mark_of_life_and_the_next_start() {
    let lab = Lab::start().unwrap();
    let mut board = enrolled(&lab, "");
    let began_ms = now_ms();
    board.start_agent().unwrap();
    started(&lab, 1);

    board.agent.take().unwrap().kill();
    board.start_agent().unwrap();
    started(&lab, 2);
    let died = find(&lab, &EventKind::ProcessDied).unwrap();
    assert_eq!(died.detail["process"], "agent");
    assert!(time(&died, "after_ms") >= began_ms);
    assert_eq!(find(&lab, &EventKind::PowerLost), None);

    // Switched off in order and on again: nothing to tell.
    board.agent.as_mut().unwrap().stop();
    boots(&mut board, "second-boot");
    started(&lab, 3);
    assert_eq!(find(&lab, &EventKind::PowerLost), None);
    let deaths = lab.events("W01").into_iter();
    let deaths = deaths.filter(|event| event.kind == EventKind::ProcessDied);
    assert_eq!(deaths.count(), 1);

    let cut_ms = now_ms();
    board.agent.take().unwrap().kill();
    boots(&mut board, "third-boot");
    started(&lab, 4);
    let lost = find(&lab, &EventKind::PowerLost).unwrap();
    assert_eq!(lost.detail["boot"], "second-boot");
    let (after, before) = (time(&lost, "after_ms"), time(&lost, "before_ms"));
    assert!(began_ms <= after && after <= cut_ms + 1_000, "{lost:?}");
    assert!(cut_ms <= before && before <= now_ms(), "{lost:?}");
}

#[test]
fn a_screen_that_goes_is_told_within_seconds_and_told_again_when_it_is_back() {
    let lab = Lab::start().unwrap();
    let mut board = enrolled(&lab, "");
    // Nobody waits for the next beat.
    let config = std::fs::read_to_string(board.path("agent.toml")).unwrap();
    let config = config.replace("sync_ms = 500", "sync_ms = 600000");
    std::fs::write(board.path("agent.toml"), config).unwrap();
    board.start_agent().unwrap();
    board.start_wall().unwrap();
    lab.wait_for_event("W01", &EventKind::Started, "cotmoc-wall");
    assert_eq!(find(&lab, &EventKind::ScreenLost), None);

    let gone_ms = now_ms();
    board.wall.take().unwrap().kill();
    let patience = Duration::from_secs(15);
    let lost = within(patience, "the screen is told lost", || {
        find(&lab, &EventKind::ScreenLost)
    });
    assert_eq!(lost.detail["screen"], "wall");
    assert!(time(&lost, "since_ms") >= gone_ms - 1_000, "{lost:?}");
    assert_eq!(find(&lab, &EventKind::ScreenRestored), None);

    board.start_wall().unwrap();
    let back = eventually("the screen is told back", || {
        find(&lab, &EventKind::ScreenRestored)
    });
    assert_eq!(back.detail["since_mono_ms"], lost.detail["since_mono_ms"]);
    assert!(time(&back, "until_ms") > time(&back, "since_ms"));
}

#[test]
fn a_line_that_is_not_there_is_a_fault_and_never_mains_that_is_fine() {
    let lab = Lab::start().unwrap();
    let line = "[[line]]\nname = \"mains sense\"\nrole = \"mains\"\nline = 3\n\
                chip = \"no-such-chip\"\n";
    let mut board = enrolled(&lab, line);
    board.start_agent().unwrap();
    lab.wait_for_event("W01", &EventKind::LineLost, "mains sense");
    // The line is tried again every few seconds, and told once.
    eventually("the line was tried again", || {
        let tried = board.agent_log().matches("a line cannot be read").count();
        (tried >= 2).then_some(())
    });
    let events = lab.events("W01").into_iter();
    let kinds: Vec<EventKind> = events.map(|event| event.kind).collect();
    let told = kinds.iter().filter(|kind| **kind == EventKind::LineLost);
    assert_eq!(told.count(), 1);
    assert!(!kinds.contains(&EventKind::MainsRestored));
    assert!(!kinds.contains(&EventKind::LineRestored));
}

fn enrolled(lab: &Lab, extra: &str) -> Board {
    let board = Board::new(lab, lab.site.identity("W01")).unwrap();
    let config = std::fs::File::options()
        .append(true)
        .open(board.path("agent.toml"));
    config.unwrap().write_all(extra.as_bytes()).unwrap();
    board.enrol(lab).unwrap();
    board
}

/// The board starts anew under another boot's name.
fn boots(board: &mut Board, boot: &str) {
    board.env = vec![("COTMOC_BOOT_ID".to_owned(), boot.to_owned())];
    board.start_agent().unwrap();
}

/// Waits until the controller knows of so many starts of the agent, and of all that came before.
fn started(lab: &Lab, times: usize) {
    eventually("the agent has started", || {
        let events = lab.events("W01").into_iter();
        let starts = events
            .filter(|event| event.kind == EventKind::Started && event.detail["process"] == "agent");
        (starts.count() >= times).then_some(())
    });
}

fn find(lab: &Lab, kind: &EventKind) -> Option<Event> {
    let mut events = lab.events("W01").into_iter();
    events.find(|event| event.kind == *kind)
}

fn time(event: &Event, key: &str) -> i64 {
    event.detail[key].parse().unwrap()
}

fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    i64::try_from(since.unwrap().as_millis()).unwrap()
}
