//! Files that a power cut or a bad disk has left.

use super::board::Board;
use crate::ledger::{Condition, Ledger};
use crate::program::tests::programme::MIDNIGHT;
use cotmoc_proto::device::OnAirState;
use cotmoc_proto::time::{HOUR, MINUTE};
use proptest::prelude::*;

fn some_day() -> Board {
    let mut board = Board::at(MIDNIGHT.plus(8 * HOUR));
    board.boot(0);
    board.play(Condition::OnAir, MINUTE);
    board.play(Condition::Factory, MINUTE / 2);
    board.play(Condition::OnAir, MINUTE);
    board
}

fn open(board: &Board, file: &[u8]) -> (Ledger, usize) {
    let boot = "boot-9".parse().unwrap();
    let (ledger, opened) = Ledger::open(file, boot, &board.belief(), &board.window);
    (ledger, opened.damaged)
}

#[test]
fn wherever_the_file_ends_everything_before_it_is_kept() {
    let mut board = some_day();
    let file = board.file.clone();
    let whole: Vec<_> = board.ledger().intervals().cloned().collect();
    board.now = board.now.plus(HOUR);
    for length in 0..file.len() {
        let (ledger, damaged) = open(&board, &file[..length]);
        assert!(damaged <= 1, "{length} bytes");
        let mut kept = ledger.intervals().filter(|i| i.reason != "power");
        for (kept, whole) in kept.by_ref().zip(&whole) {
            assert_eq!((kept.state, kept.from_ms), (whole.state, whole.from_ms));
            assert!(kept.to_ms <= whole.to_ms, "{length} bytes");
        }
        assert_eq!(kept.next(), None);
    }
}

#[test]
fn a_torn_line_does_not_spoil_the_next_one() {
    let mut board = some_day();
    let length = board.file.len() - 20;
    board.file.truncate(length);
    board.crash();
    board.boot(MINUTE);
    board.show(Condition::OnAir);
    let (ledger, damaged) = open(&board, &board.file);
    assert_eq!(damaged, 1);
    let last = ledger.intervals().last().unwrap();
    assert_ne!(last.state, OnAirState::OnAir);
    assert!(ledger.intervals().count() > 4);
}

#[test]
fn a_line_of_garbage_costs_only_itself() {
    let mut board = some_day();
    let whole: Vec<_> = board.ledger().intervals().cloned().collect();
    let mut file = board.file.clone();
    let middle = file
        .iter()
        .enumerate()
        .filter(|(_, byte)| **byte == b'\n')
        .nth(9)
        .unwrap()
        .0;
    drop(file.splice(middle..middle, b"\n\xff\x00garbage {}\n".iter().copied()));
    board.now = board.now.plus(HOUR);
    let (ledger, damaged) = open(&board, &file);
    assert_eq!(damaged, 1);
    let kept: Vec<_> = ledger
        .intervals()
        .filter(|i| i.reason != "power")
        .cloned()
        .collect();
    assert_eq!(kept, whole);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_file_at_all_makes_it_panic(
        harms in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..20),
        noise in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let board = some_day();
        let mut file = board.file.clone();
        for (at, byte) in harms {
            let at = at.index(file.len());
            file[at] = byte;
        }
        file.extend(noise);
        let (ledger, _) = open(&board, &file);
        prop_assert!(ledger.intervals().all(|i| i.from_ms < i.to_ms));
    }
}
