//! Whole days: by plan, with a power cut, with a process that falls, over midnight.

use super::board::{Board, rows};
use crate::clock::Belief;
use crate::ledger::{Condition, Fact};
use crate::program::tests::programme::{MIDNIGHT, day};
use crate::program::{CueShow, plan};
use cotmoc_proto::device::OnAirState::{Off, OnAir, Standby, Unknown};
use cotmoc_proto::resolve::ScreenState;
use cotmoc_proto::time::{DAY, HOUR, MINUTE, SECOND};

/// What the plan says the sink presents now, and when that changes at the latest.
fn planned(belief: &Belief) -> (Condition, cotmoc_proto::TimeMs) {
    let release = day();
    let scenes = plan(Some(&release), &ScreenState::default(), belief.moment(), 0);
    let cue = &scenes[0].zones[0].cues[0];
    let condition = match cue.show {
        CueShow::Dark => Condition::Standby,
        CueShow::Item { .. } | CueShow::Template { .. } => Condition::OnAir,
        CueShow::Fallback { .. } => Condition::Fallback,
        CueShow::Factory { .. } => Condition::Factory,
    };
    (condition, cue.until)
}

/// Plays by plan until `end`, with a word at every change and at least every ten seconds.
fn play_by_plan(board: &mut Board, end: cotmoc_proto::TimeMs) {
    while board.now < end {
        let (condition, until) = planned(&board.belief());
        board.show(condition);
        board.now = until.min(board.now.plus(10 * SECOND)).min(end);
    }
    let (condition, _) = planned(&board.belief());
    board.show(condition);
}

#[test]
fn a_day_by_plan_is_on_air_from_7_to_22_h_and_makes_fifteen_hours() {
    let mut board = Board::at(MIDNIGHT.plus(-20_000));
    board.boot(20_000);
    play_by_plan(&mut board, MIDNIGHT.plus(DAY - 10 * SECOND));
    let today = board.today();
    assert_eq!(today.on_air_ms, 15 * HOUR);
    assert_eq!(today.missing_ms(&board.window), 0);
    let rest = (
        today.off_ms,
        today.unknown_ms,
        today.standby_ms,
        today.on_air_outside_ms,
    );
    assert_eq!(rest, (0, 0, 0, 0));
    let expected = [
        (Standby, String::new(), 0, 7 * HOUR),
        (OnAir, String::new(), 7 * HOUR, 22 * HOUR),
        (Standby, String::new(), 22 * HOUR, DAY - 10 * SECOND),
    ];
    assert_eq!(board.table(MIDNIGHT), expected);
    assert_eq!(rows(board.sent.iter(), MIDNIGHT), expected[..2]);
}

#[test]
fn a_power_cut_at_noon_is_an_interval_with_its_uncertainty() {
    let mut board = Board::at(MIDNIGHT.plus(-20_000));
    board.boot(20_000);
    play_by_plan(&mut board, MIDNIGHT.plus(12 * HOUR + 4_000));
    board.crash();
    board.now = MIDNIGHT.plus(12 * HOUR + 30 * MINUTE);
    board.boot(40_000);
    board.now = board.now.plus(2_000);
    play_by_plan(&mut board, MIDNIGHT.plus(23 * HOUR));
    let text = str::to_owned;
    let (cut, back) = (12 * HOUR, 12 * HOUR + 30 * MINUTE + 42_000);
    let table = board.table(MIDNIGHT);
    let expected = [
        (Standby, text(""), 0, 7 * HOUR),
        (OnAir, text(""), 7 * HOUR, cut),
        (Unknown, text("power"), cut, cut + 10_000),
        (Off, text("power"), cut + 10_000, back),
        (OnAir, text(""), back, 22 * HOUR),
        (Standby, text(""), 22 * HOUR, 23 * HOUR),
    ];
    assert_eq!(table, expected, "the last line before the cut is of noon");
    assert_eq!(rows(board.sent.iter(), MIDNIGHT), expected[..5]);
    let today = board.today();
    assert_eq!(today.on_air_ms, 15 * HOUR - (back - cut));
    assert_eq!(today.unknown_ms, 10_000);
    assert_eq!(today.off_ms, back - cut - 10_000);
}

#[test]
fn a_process_that_falls_costs_at_most_one_mark_and_the_time_it_was_away() {
    let mut board = Board::at(MIDNIGHT.plus(8 * HOUR));
    board.boot(0);
    board.play(Condition::OnAir, MINUTE);
    board.crash();
    board.now = board.now.plus(4_000);
    board.start();
    board.now = board.now.plus(500);
    board.play(Condition::OnAir, MINUTE);
    let zero = MIDNIGHT.plus(8 * HOUR);
    let table = board.table(zero);
    let (last_mark, back) = (table[0].3, MINUTE + 4_500);
    assert!((MINUTE - 10_000..=MINUTE).contains(&last_mark));
    let started = (last_mark + 10_000).min(MINUTE + 4_000);
    assert_eq!(
        table[1],
        (Unknown, "restart".to_owned(), last_mark, started)
    );
    assert_eq!(table[2], (Off, "restart".to_owned(), started, back));
    assert_eq!(table[3].0, OnAir);
}

#[test]
fn an_orderly_stop_leaves_nothing_unknown() {
    let mut board = Board::at(MIDNIGHT.plus(8 * HOUR));
    board.boot(0);
    board.play(Condition::OnAir, MINUTE);
    board.stop();
    board.now = board.now.plus(5 * MINUTE);
    board.boot(MINUTE);
    board.play(Condition::OnAir, MINUTE);
    assert_eq!(board.today().unknown_ms, 0);
    let table = board.table(MIDNIGHT.plus(8 * HOUR));
    assert_eq!(table[0], (OnAir, String::new(), 0, MINUTE));
    assert_eq!(table[1], (Off, "stopped".to_owned(), MINUTE, 7 * MINUTE));
}

#[test]
fn a_night_without_power_is_divided_into_its_days() {
    let mut board = Board::at(MIDNIGHT.plus(20 * HOUR));
    board.boot(0);
    board.play(Condition::OnAir, HOUR);
    board.crash();
    board.now = MIDNIGHT.plus(DAY + 9 * HOUR);
    board.boot(0);
    board.show(Condition::OnAir);
    let off: Vec<_> = board
        .table(MIDNIGHT)
        .into_iter()
        .filter(|row| row.0 == Off)
        .collect();
    let edges: Vec<_> = off.iter().map(|row| (row.2, row.3)).collect();
    let start = edges[0].0;
    assert!((21 * HOUR..=21 * HOUR + 10_000).contains(&start));
    let expected = [
        (start, 22 * HOUR),
        (22 * HOUR, DAY),
        (DAY, DAY + 7 * HOUR),
        (DAY + 7 * HOUR, DAY + 9 * HOUR),
    ];
    assert_eq!(edges, expected);
    assert_eq!(board.today().off_ms, 2 * HOUR);
}

#[test]
fn what_is_not_an_approved_picture_does_not_count_for_the_quota() {
    let mut board = Board::at(MIDNIGHT.plus(8 * HOUR));
    board.boot(0);
    board.play(Condition::Fallback, HOUR);
    for bad in [
        Condition::Factory,
        Condition::OutputLost,
        Condition::Stalled,
    ] {
        board.play(bad, HOUR);
    }
    let today = board.today();
    assert_eq!((today.on_air_ms, today.off_ms), (HOUR, 3 * HOUR));
    assert_eq!(today.missing_ms(&board.window), 13 * HOUR);
    let reasons: Vec<_> = board.table(MIDNIGHT).into_iter().map(|row| row.1).collect();
    assert_eq!(reasons, ["fallback", "factory", "output-lost", "stalled"]);
}

#[test]
fn light_outside_the_window_is_counted_apart() {
    let mut board = Board::at(MIDNIGHT.plus(21 * HOUR));
    board.boot(0);
    board.play(Condition::OnAir, 2 * HOUR);
    let today = board.today();
    assert_eq!((today.on_air_ms, today.on_air_outside_ms), (HOUR, HOUR));
}

#[test]
fn a_long_silence_is_unknown_and_not_on_air() {
    let mut board = Board::at(MIDNIGHT.plus(8 * HOUR));
    board.boot(0);
    board.show(Condition::OnAir);
    board.now = board.now.plus(HOUR);
    board.show(Condition::OnAir);
    let today = board.today();
    assert_eq!((today.on_air_ms, today.unknown_ms), (10_000, HOUR - 10_000));
}

#[test]
fn little_is_written_while_nothing_changes() {
    let mut board = Board::at(MIDNIGHT.plus(8 * HOUR));
    board.boot(0);
    let before = board.file.len();
    for _ in 0..3_600 {
        board.show(Condition::OnAir);
        board.now = board.now.plus(SECOND);
    }
    let lines = board.file[before..]
        .iter()
        .filter(|byte| **byte == b'{')
        .count();
    assert!((360..=362).contains(&lines), "{lines} lines in an hour");
    let told = Fact::Presented(Condition::OnAir);
    let (belief, window) = (board.belief(), board.window.clone());
    assert!(board.ledger().deadline() <= belief.mono_ms);
    board.ledger().observe(told, &belief, &window);
    assert_eq!(board.ledger().deadline(), belief.mono_ms + 10_000);
}
