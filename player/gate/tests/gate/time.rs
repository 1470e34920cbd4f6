//! Expiry follows proven time alone: no clock that anybody can set reaches the gate.

use crate::board::{Board, NOON, accepted, shown, version};
use cotmoc_gate::Gate;
use cotmoc_proto::release::OnStale;
use cotmoc_proto::resolve::{Moment, Picture, Show, resolve};
use cotmoc_proto::time::{DAY, MINUTE};
use cotmoc_proto::{Reject, TimeMs};

/// The kit's root was issued 30 days before the release, which lasts 30 days with 14 of grace.
const UNTIL_STALE: i64 = (30 + 30 + 14) * DAY;

#[test]
fn f07_a_week_or_a_month_without_network_changes_nothing() {
    let board = Board::new();
    let mut gate = board.boot();
    board.accept(&mut gate, [1]);
    for _ in 0..43 {
        gate.powered(DAY);
        assert_eq!(shown(&gate), "item-1");
    }
    drop(gate);
    assert_eq!(shown(&board.boot()), "item-1");
}

#[test]
fn f08_when_the_grace_is_used_up_the_wall_keeps_or_falls_back_as_the_release_says() {
    for (on_stale, expected) in [(OnStale::Fallback, "fallback"), (OnStale::Keep, "item-1")] {
        let board = Board::new();
        let mut gate = board.boot();
        let mut release = board.release(1);
        release.on_stale = on_stale;
        board.offer(&mut gate, &board.site.seal_release(&release));
        gate.powered(UNTIL_STALE - 1);
        assert!(!gate.screen_state().stale);
        gate.powered(1);
        assert!(gate.screen_state().stale);
        assert_eq!(shown(&gate), expected);
        gate.powered(DAY);
        drop(gate);
        assert_eq!(shown(&board.boot()), expected);
    }
}

/// Whether an item of the release is shown by a clock that cannot be believed.
fn plays_at(gate: &Gate, at: TimeMs) -> bool {
    let state = gate.screen_state();
    let now = Moment { at, trusted: false };
    let release = gate.release().map(AsRef::as_ref);
    match resolve(release, &state, now).picture {
        Picture::Lit(zones) => matches!(zones[0].show, Show::Item { .. }),
        Picture::Dark => false,
    }
}

#[test]
fn f09_a_clock_set_years_ahead_ends_nothing() {
    let board = Board::new();
    let mut gate = board.boot();
    board.accept(&mut gate, [1]);
    for days in [60, 300, 9_000] {
        assert!(plays_at(&gate, NOON.plus(days * DAY)), "{days}");
    }
    assert!(!gate.screen_state().stale);
}

#[test]
fn f10_a_clock_in_1970_ends_nothing_and_stops_no_boot() {
    let board = Board::new();
    let mut gate = board.boot();
    board.accept(&mut gate, [1]);
    assert!(plays_at(&gate, TimeMs(12_000)));
    drop(gate);
    let gate = board.boot();
    assert!(plays_at(&gate, TimeMs(0)));
    assert!(gate.state().earliest_now() >= board.site.root().issued_ms);
}

#[test]
fn f11_a_month_without_power_does_not_count() {
    let board = Board::new();
    let mut gate = board.boot();
    board.accept(&mut gate, [1]);
    gate.powered(40 * DAY);
    let proven = gate.state().earliest_now();
    drop(gate);
    let gate = board.boot();
    assert_eq!(gate.state().earliest_now(), proven);
    assert!(plays_at(&gate, NOON.plus(90 * DAY)));
}

#[test]
fn f12_a_release_that_has_provably_expired_does_not_replace_one_that_runs() {
    let board = Board::new();
    let mut gate = board.boot();
    let mut lasting = board.release(1);
    lasting.expires_ms = lasting.issued_ms.plus(300 * DAY);
    let outcomes = board.offer(&mut gate, &board.site.seal_release(&lasting));
    assert!(accepted(&outcomes, 1));
    gate.powered(UNTIL_STALE);
    let reject = board.refused(&mut gate, &board.sealed(2));
    assert!(matches!(reject, Reject::Expired { .. }));
    assert_eq!(
        (version(&gate), shown(&gate)),
        (Some(1), "item-1".to_owned())
    );
}

#[test]
fn a_power_cut_takes_ten_minutes_of_proven_time_at_most() {
    let board = Board::new();
    let mut gate = board.boot();
    gate.powered(-5);
    for _ in 0..25 {
        gate.powered(MINUTE);
    }
    drop(gate);
    assert_eq!(board.boot().state().powered_ms, 20 * MINUTE);
}
