//! Clocks that cannot be believed, become believable, or step.

use super::board::{Board, rows};
use crate::ledger::Condition;
use crate::program::tests::programme::MIDNIGHT;
use cotmoc_proto::TimeMs;
use cotmoc_proto::device::ClockQuality;
use cotmoc_proto::device::OnAirState::{Off, OnAir, Unknown};
use cotmoc_proto::time::{DAY, HOUR, MINUTE};

const EIGHT: TimeMs = TimeMs(MIDNIGHT.0 + 8 * HOUR);

#[test]
fn time_on_air_before_the_clock_was_believed_gets_its_place_when_it_is() {
    let mut board = Board::at(EIGHT);
    board.quality = ClockQuality::Untrusted;
    board.off_ms = -EIGHT.0;
    board.boot(MINUTE);
    board.play(Condition::OnAir, HOUR);
    assert_eq!(board.table(EIGHT), []);
    board.quality = ClockQuality::Synchronised;
    board.off_ms = 0;
    board.show(Condition::OnAir);
    assert_eq!(
        board.table(EIGHT),
        [(OnAir, String::new(), MINUTE, MINUTE + HOUR)]
    );
    let clock = board.ledger().intervals().next().unwrap().clock;
    assert_eq!(clock, ClockQuality::Held);
}

#[test]
fn a_power_cut_is_measured_once_the_clock_is_believed_again() {
    let mut board = Board::at(EIGHT);
    board.boot(0);
    board.play(Condition::OnAir, MINUTE);
    board.crash();
    board.now = EIGHT.plus(HOUR);
    board.quality = ClockQuality::Untrusted;
    board.off_ms = -EIGHT.0;
    board.boot(0);
    board.play(Condition::OnAir, MINUTE);
    board.quality = ClockQuality::Synchronised;
    board.off_ms = 0;
    board.play(Condition::OnAir, MINUTE);
    let table = board.table(EIGHT);
    let last_mark = table[0].3;
    let text = "power".to_owned();
    assert_eq!(
        table[1],
        (Unknown, text.clone(), last_mark, last_mark + 10_000)
    );
    assert_eq!(table[2], (Off, text, last_mark + 10_000, HOUR));
    assert_eq!(table[3], (OnAir, String::new(), HOUR, HOUR + 2 * MINUTE));
}

#[test]
fn a_boot_that_never_knew_the_time_is_sent_as_it_claims_and_counts_for_no_day() {
    let mut board = Board::at(EIGHT);
    board.boot(0);
    board.play(Condition::OnAir, MINUTE);
    board.crash();
    board.now = EIGHT.plus(HOUR);
    board.quality = ClockQuality::Untrusted;
    board.off_ms = -board.now.0;
    board.boot(0);
    board.play(Condition::OnAir, MINUTE);
    board.crash();
    board.now = EIGHT.plus(2 * HOUR);
    board.quality = ClockQuality::Synchronised;
    board.off_ms = 0;
    board.boot(0);
    board.show(Condition::OnAir);
    let table = board.table(EIGHT);
    assert_eq!(
        table[1].0, Unknown,
        "nobody can say where in it the wall was lit"
    );
    assert_eq!((table[1].1.as_str(), table[1].3), ("clock", 2 * HOUR));
    let claimed = board
        .sent
        .iter()
        .filter(|i| i.clock == ClockQuality::Untrusted);
    let claimed = rows(claimed, TimeMs(0));
    assert_eq!((claimed.len(), claimed[0].0, claimed[0].2), (1, OnAir, 0));
}

#[test]
fn a_step_forward_makes_no_time_on_air() {
    let mut board = Board::at(EIGHT);
    board.boot(0);
    board.play(Condition::OnAir, HOUR);
    board.off_ms = HOUR;
    board.play(Condition::OnAir, HOUR);
    let today = board.today();
    assert_eq!((today.on_air_ms, today.unknown_ms), (2 * HOUR, HOUR));
}

#[test]
fn a_step_back_takes_back_what_was_claimed_of_the_future() {
    let mut board = Board::at(EIGHT);
    board.off_ms = HOUR;
    board.boot(0);
    board.play(Condition::OnAir, 2 * HOUR);
    board.off_ms = 0;
    board.play(Condition::OnAir, HOUR);
    let table = board.table(EIGHT);
    assert_eq!((table[0].2, table.last().unwrap().3), (HOUR, 3 * HOUR));
    assert_eq!(board.today().on_air_ms, 2 * HOUR);
}

#[test]
fn a_clock_that_was_a_month_ahead_does_not_stop_the_ledger() {
    let mut board = Board::at(EIGHT);
    board.off_ms = 30 * DAY;
    board.boot(0);
    board.play(Condition::OnAir, HOUR);
    board.off_ms = 0;
    board.play(Condition::OnAir, HOUR);
    let on_air = board.today().on_air_ms;
    assert!((HOUR..=HOUR + 10_000).contains(&on_air), "{on_air}");
}
