//! What passes between the screens and the controller through the agent.

use crate::board::{self, Board, until};
use cotmoc_link::Stamp;
use cotmoc_proto::TimeMs;
use cotmoc_proto::device::{
    ClockQuality, Event, EventKind, OutputHealth, RecordBody, ScreenKind, ScreenReport,
    ScreenStatus, Showing,
};
use cotmoc_proto::trust::verify_receipt;

#[tokio::test(flavor = "multi_thread")]
async fn what_a_screen_records_reaches_the_controller_once_whatever_stops_in_between() {
    let mut board = Board::started().await;
    board.adversary.be_deaf(true);
    let (screen, _looks) = board.screen();
    for n in 0..20 {
        screen.record(stamp(), event(&n.to_string()));
    }
    until("the agent is there", || screen.is_connected()).await;
    board.stop().await;
    for n in 20..40 {
        screen.record(stamp(), event(&n.to_string()));
    }
    board.start();
    board.adversary.be_deaf(false);
    until("all of them came", || items(&board).len() >= 40).await;
    let expected: Vec<_> = (0..40).map(|n| n.to_string()).collect();
    assert_eq!(items(&board), expected);
    let seqs: Vec<_> = board
        .adversary
        .records()
        .iter()
        .map(|record| record.seq)
        .collect();
    let unbroken: Vec<_> = (1..).take(seqs.len()).collect();
    assert_eq!(seqs, unbroken);
    let processes = board.adversary.events(&EventKind::Started).len();
    assert_eq!(
        (processes, board.adversary.events(&EventKind::Stopped).len()),
        (2, 1)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn receipts_are_signed_with_the_devices_key_and_name_the_one_before() {
    let board = Board::started().await;
    let (screen, _looks) = board.screen();
    let count = || receipts(&board).len();
    screen.report(report(1));
    until("the first receipt came", || count() == 1).await;
    screen.report(report(2));
    until("the second receipt came", || count() == 2).await;
    let key = cotmoc_agent::key::DeviceKey::load_or_make(&board.path("agent")).unwrap();
    let read = |text: &String| verify_receipt(&key.spki(), text.as_bytes()).unwrap();
    let receipts = receipts(&board);
    let ((first, digest), (second, _)) = (read(&receipts[0]), read(&receipts[1]));
    assert_eq!((first.n, first.release, first.prev), (1, 1, None));
    assert_eq!(
        (second.n, second.release, second.prev),
        (2, 2, Some(digest))
    );
    assert_eq!(second.showing.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_screen_that_falls_silent_is_lost_and_comes_back() {
    let board = Board::started().await;
    let (screen, _looks) = board.screen();
    screen.report(report(1));
    until("it is lost", || {
        board.adversary.events(&EventKind::ScreenLost).len() == 1
    })
    .await;
    screen.report(report(1));
    until("it is back", || {
        board.adversary.events(&EventKind::ScreenRestored).len() == 1
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_certificate_the_agent_serves_the_screens_and_waits() {
    let mut board = Board::new("").await;
    let pem = std::fs::read(board.path("agent/device.pem")).unwrap();
    std::fs::remove_file(board.path("agent/device.pem")).unwrap();
    board.start();
    let (screen, looks) = board.screen();
    screen.record(stamp(), event("kept"));
    looks.recv_timeout(board::PATIENCE).unwrap();
    assert_eq!(board.adversary.asked_for("/"), 0);
    std::fs::write(board.path("agent/device.pem"), pem).unwrap();
    until("the record came", || items(&board) == ["kept"]).await;
}

fn items(board: &Board) -> Vec<String> {
    let events = board.adversary.events(&EventKind::ItemFault);
    events
        .iter()
        .map(|event| event.detail["item"].clone())
        .collect()
}

fn receipts(board: &Board) -> Vec<String> {
    let records = board.adversary.records().into_iter();
    let receipt = |body| match body {
        RecordBody::Receipt(text) => Some(text),
        _ => None,
    };
    records.filter_map(|record| receipt(record.body)).collect()
}

fn stamp() -> Stamp {
    Stamp {
        mono_ms: 1,
        wall_ms: TimeMs(2),
        clock: ClockQuality::Held,
    }
}

fn event(item: &str) -> RecordBody {
    RecordBody::Event(Event::new(
        EventKind::ItemFault,
        [("item", item.to_owned())],
    ))
}

fn report(release: u64) -> ScreenReport {
    ScreenReport {
        kind: ScreenKind::Wall,
        at_ms: TimeMs(1),
        status: ScreenStatus::OnAir,
        clock: ClockQuality::Held,
        showing: vec![Showing::Fallback {
            item: "fallback".parse().unwrap(),
            reason: "test".to_owned(),
            since_ms: TimeMs(1),
        }],
        root_version: 1,
        release,
        release_sha256: None,
        takedown: 0,
        override_seq: 0,
        output: OutputHealth::default(),
        display: None,
        on_air_today_ms: 0,
        quota_ms: 0,
    }
}
