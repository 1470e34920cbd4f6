//! Random stories against what really happened.

use super::board::Board;
use crate::ledger::{Condition, Fact};
use crate::program::tests::programme::MIDNIGHT;
use cotmoc_proto::device::{OnAir, OnAirState};
use cotmoc_proto::time::{HOUR, Millis, SECOND};
use proptest::prelude::*;

#[derive(Debug, Clone)]
enum Act {
    Play(Condition, Millis),
    Stop(Millis),
    Crash(Millis),
    PowerCut(Millis, Millis),
}

fn act() -> impl Strategy<Value = Act> {
    let condition = prop::sample::select(vec![
        Condition::OnAir,
        Condition::Fallback,
        Condition::Standby,
        Condition::Factory,
        Condition::OutputLost,
    ]);
    prop_oneof![
        6 => (condition, 0..HOUR).prop_map(|(condition, ms)| Act::Play(condition, ms)),
        1 => (0..60 * SECOND).prop_map(Act::Stop),
        1 => (0..60 * SECOND).prop_map(Act::Crash),
        1 => (0..12 * HOUR, 0..60 * SECOND).prop_map(|(ms, boot)| Act::PowerCut(ms, boot)),
    ]
}

/// Plays a story; the answer is how long the screen really was on air, and how often it fell.
fn play(board: &mut Board, story: &[Act]) -> (Millis, i64) {
    let (mut on_air, mut falls) = (0, 0);
    for act in story {
        match act {
            Act::Play(condition, ms) => {
                board.play(*condition, *ms);
                if condition.state() == OnAirState::OnAir {
                    on_air += ms;
                }
            }
            Act::Stop(ms) => {
                board.stop();
                board.now = board.now.plus(*ms);
                board.start();
            }
            Act::Crash(ms) => {
                board.crash();
                falls += 1;
                board.now = board.now.plus(*ms);
                board.start();
            }
            Act::PowerCut(ms, boot) => {
                board.crash();
                falls += 1;
                board.now = board.now.plus(*ms);
                board.boot(*boot);
            }
        }
    }
    board.tell(Fact::Stopping, true);
    (on_air, falls)
}

fn total(intervals: &[OnAir], state: OnAirState) -> Millis {
    let of_state = intervals.iter().filter(|i| i.state == state);
    of_state.map(|i| i.to_ms.since(i.from_ms)).sum()
}

#[test]
fn what_was_not_handed_over_before_a_crash_is_given_again() {
    let mut board = Board::at(MIDNIGHT.plus(8 * HOUR));
    board.boot(0);
    board.play(Condition::OnAir, HOUR);
    board.tell(Fact::Presented(Condition::Factory), false);
    board.play(Condition::Factory, HOUR);
    assert_eq!(board.sent.len(), 1, "given once while the process lives");
    board.crash();
    board.start();
    let on_air = |one: &&OnAir| one.state == OnAirState::OnAir;
    let given: Vec<_> = board.sent.iter().filter(on_air).collect();
    assert_eq!(given.len(), 2);
    assert_eq!(given[0], given[1]);
    board.crash();
    board.start();
    assert_eq!(board.sent.iter().filter(on_air).count(), 2);
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 64,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn the_ledger_is_whole_and_never_claims_more_than_there_was(
        story in prop::collection::vec(act(), 1..20),
    ) {
        let start = MIDNIGHT.plus(5 * HOUR);
        let mut board = Board::at(start);
        board.boot(0);
        let (on_air, falls) = play(&mut board, &story);
        let mut all = board.sent.clone();
        let last = board.ledger().intervals().last().cloned();
        all.extend(last.filter(|last| all.last() != Some(last)));
        if let (Some(first), Some(last)) = (all.first(), all.last()) {
            prop_assert_eq!((first.from_ms, last.to_ms), (start, board.now));
        }
        for pair in all.windows(2) {
            prop_assert_eq!(pair[0].to_ms, pair[1].from_ms, "each interval sent exactly once");
        }
        let (counted, unknown) = (total(&all, OnAirState::OnAir), total(&all, OnAirState::Unknown));
        prop_assert!(unknown <= 10 * SECOND * falls);
        prop_assert!(counted <= on_air && on_air - counted <= unknown);
        for one in &all {
            let (opens, closes) = board.window.on(board.window.zone.date(one.from_ms));
            for edge in [opens, closes] {
                prop_assert!(edge <= one.from_ms || one.to_ms <= edge, "divided at the edge");
            }
        }
    }

    #[test]
    fn a_ledger_read_from_its_file_is_the_one_that_wrote_it(
        story in prop::collection::vec(act(), 1..20),
    ) {
        let mut board = Board::at(MIDNIGHT.plus(5 * HOUR));
        board.boot(0);
        play(&mut board, &story);
        let before: Vec<OnAir> = board.ledger().intervals().cloned().collect();
        let sent = board.sent.len();
        board.crash();
        board.start();
        let after: Vec<OnAir> = board.ledger().intervals().cloned().collect();
        prop_assert_eq!(after, before);
        prop_assert_eq!(board.sent.len(), sent, "nothing is sent again");
    }
}
