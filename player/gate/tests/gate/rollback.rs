//! Counters never fall, whatever is offered and whatever happens to the files behind them.

use crate::board::{Board, accepted, codes, shown, version};
use cotmoc_gate::Finding;
use cotmoc_proto::{Digest, Reject};
use std::fs;

#[test]
fn r01_an_older_release_is_refused_now_and_after_a_reboot() {
    let board = Board::new();
    let mut gate = board.boot();
    board.accept(&mut gate, [5]);
    let (have, got) = (5, 4);
    let old = board.sealed(4);
    assert_eq!(
        board.refused(&mut gate, &old),
        Reject::Rollback { have, got }
    );
    drop(gate);
    let mut gate = board.boot();
    assert_eq!(version(&gate), Some(5));
    assert_eq!(
        board.refused(&mut gate, &old),
        Reject::Rollback { have, got }
    );
    board.accept(&mut gate, [6]);
}

#[test]
fn r07_a_counter_does_not_jump_out_of_reach() {
    let board = Board::new();
    let mut gate = board.boot();
    board.accept(&mut gate, [1]);
    for far in [10_002, u64::MAX >> 11] {
        let reject = board.refused(&mut gate, &board.sealed(far));
        assert!(matches!(reject, Reject::Jump { have: 1, .. }), "{reject}");
    }
    let mut lifting = board.release(2);
    lifting.lifts_takedown = 10_001;
    let reject = board.refused(&mut gate, &board.site.seal_release(&lifting));
    assert!(matches!(reject, Reject::Jump { .. }));
    board.accept(&mut gate, [2]);
}

#[test]
fn r08_two_contents_under_one_version_are_told_and_the_first_stays() {
    let board = Board::new();
    let mut gate = board.boot();
    board.accept(&mut gate, [1]);
    let running = gate.release_digest();
    let mut other = board.release(1);
    other.note = "khác".to_owned();
    let reject = board.refused(&mut gate, &board.site.seal_release(&other));
    assert_eq!(reject, Reject::Equivocation { version: 1 });
    drop(gate);
    assert_eq!(board.boot().release_digest(), running);
}

/// The slot written last.
fn newest_slot(board: &Board) -> &'static str {
    let generation = |name: &str| {
        let bytes = fs::read(board.trust(name)).unwrap();
        let json: serde_json::Value = serde_json::from_slice(&bytes[65..]).unwrap();
        json["trust"]["generation"].as_u64().unwrap()
    };
    if generation("state.a") > generation("state.b") {
        "state.a"
    } else {
        "state.b"
    }
}

#[test]
fn r09_a_truncated_newest_slot_loses_neither_the_release_nor_its_number() {
    let board = Board::new();
    let mut gate = board.boot();
    board.accept(&mut gate, [1, 2]);
    drop(gate);
    let slot = newest_slot(&board);
    crate::board::truncate(&board.trust(slot), 100);
    let (mut gate, findings) = board.boot_with_findings();
    assert_eq!(findings, [Finding::SlotDamaged { slot }]);
    assert_eq!((version(&gate), gate.state().release), (Some(2), 2));
    assert!(!gate.is_degraded() && !gate.is_recovering());
    assert_eq!(
        board.refused(&mut gate, &board.sealed(1)),
        Reject::Rollback { have: 2, got: 1 }
    );
    drop(gate);
    board.boot();
}

#[test]
fn r11_with_both_slots_gone_nothing_older_than_what_is_on_disk_is_accepted() {
    let board = Board::new();
    let mut gate = board.boot();
    board.accept(&mut gate, [3, 4, 5]);
    drop(gate);
    fs::remove_file(board.trust("state.a")).unwrap();
    fs::write(board.trust("state.b"), b"garbage").unwrap();
    let (mut gate, findings) = board.boot_with_findings();
    assert_eq!(findings, [Finding::StateLost { release: 5 }]);
    assert!(gate.is_recovering() && !gate.is_degraded());
    assert_eq!(version(&gate), Some(5));
    assert_eq!(
        board.refused(&mut gate, &board.sealed(4)),
        Reject::Rollback { have: 5, got: 4 }
    );
    drop(gate);
    let mut gate = board.boot();
    assert!(gate.is_recovering());
    board.accept(&mut gate, [6]);
    assert!(!gate.is_recovering());
    drop(gate);
    assert!(!board.boot().is_recovering());
}

#[test]
fn r12_a_release_on_disk_swapped_for_an_older_signed_one_is_not_shown() {
    let board = Board::new();
    let mut gate = board.boot();
    board.accept(&mut gate, [1, 2, 3]);
    drop(gate);
    let oldest = board.sealed(1);
    let newest = [0, 1]
        .map(|n| board.trust(&format!("release.{n}.dsse")))
        .into_iter()
        .find(|path| {
            let bytes = fs::read(path).unwrap();
            let root = board.site.root();
            let me = board.site.identity("W01");
            let admitted = cotmoc_proto::trust::verify_release(&root, &me, &bytes);
            admitted.unwrap().document.version == 3
        })
        .unwrap();
    fs::write(&newest, &oldest).unwrap();
    let (mut gate, findings) = board.boot_with_findings();
    assert_eq!(codes(&findings), ["release-lost"]);
    assert_eq!((version(&gate), gate.state().release), (Some(2), 3));
    assert!(gate.is_degraded());
    for old in [1, 2] {
        let outcomes = board.offer(&mut gate, &board.sealed(old));
        assert!(!accepted(&outcomes, old));
        assert_eq!(version(&gate), Some(2));
    }
    drop(gate);
    for n in [0, 1] {
        fs::write(board.trust(&format!("release.{n}.dsse")), &oldest).unwrap();
    }
    let (mut gate, _) = board.boot_with_findings();
    assert_eq!((version(&gate), shown(&gate)), (None, "factory".to_owned()));
    assert_eq!(gate.state().release, 3);
    board.accept(&mut gate, [3]);
    assert!(!gate.is_degraded());
}

/// Writes a slot with a right checksum after `change`, newer than both.
fn forge_slot(board: &Board, change: impl Fn(&mut serde_json::Value)) {
    let newest = newest_slot(board);
    let bytes = fs::read(board.trust(newest)).unwrap();
    let mut json: serde_json::Value = serde_json::from_slice(&bytes[65..]).unwrap();
    let generation = json["trust"]["generation"].as_u64().unwrap();
    json["trust"]["generation"] = (generation + 1).into();
    change(&mut json);
    let body = serde_json::to_vec(&json).unwrap();
    let slot = [format!("{}\n", Digest::of(&body)).into_bytes(), body].concat();
    fs::write(board.trust(newest), slot).unwrap();
}

#[test]
fn r15_a_number_changed_without_its_checksum_makes_the_slot_count_for_nothing() {
    let board = Board::new();
    let mut gate = board.boot();
    board.accept(&mut gate, [1, 2]);
    drop(gate);
    let slot = newest_slot(&board);
    let text = fs::read_to_string(board.trust(slot)).unwrap();
    let forged = text.replace("\"release\":2", "\"release\":7");
    assert_ne!(forged, text);
    fs::write(board.trust(slot), forged).unwrap();
    let (gate, findings) = board.boot_with_findings();
    assert_eq!(findings, [Finding::SlotDamaged { slot }]);
    assert_eq!((version(&gate), gate.state().release), (Some(2), 2));
}

#[test]
fn r15_forged_higher_numbers_raise_an_alarm_and_a_new_epoch_recovers() {
    let board = Board::new();
    let mut gate = board.boot();
    board.accept(&mut gate, [1, 2]);
    drop(gate);
    forge_slot(&board, |json| json["trust"]["release"] = 999_999.into());
    let (mut gate, findings) = board.boot_with_findings();
    assert_eq!(codes(&findings), ["release-lost"]);
    assert_eq!(version(&gate), Some(1));
    let reject = board.refused(&mut gate, &board.sealed(3));
    assert!(matches!(reject, Reject::Rollback { have: 999_999, .. }));
    let mut root = board.site.root();
    (root.version, root.epoch) = (2, 2);
    board.put_inbox("root.2.dsse", &board.site.seal_root(&root));
    let mut release = board.release(1);
    release.epoch = 2;
    let outcomes = board.offer(&mut gate, &board.site.seal_release(&release));
    assert_eq!(outcomes.len(), 2, "{outcomes:?}");
    assert_eq!((version(&gate), gate.state().release), (Some(1), 1));
    assert!(!gate.is_degraded());
}

#[test]
fn r15_a_slot_that_contradicts_the_roots_counts_for_nothing() {
    let board = Board::new();
    let mut gate = board.boot();
    board.accept(&mut gate, [1, 2]);
    drop(gate);
    forge_slot(&board, |json| json["trust"]["epoch"] = 77.into());
    let (gate, findings) = board.boot_with_findings();
    assert_eq!(codes(&findings), ["state-implausible"]);
    assert_eq!((version(&gate), gate.state().release), (Some(2), 2));
    assert!(gate.is_recovering());
}

#[test]
fn a_release_that_was_written_but_not_counted_is_taken_over_at_boot() {
    let board = Board::new();
    let mut gate = board.boot();
    board.accept(&mut gate, [1]);
    let slots = ["state.a", "state.b"].map(|name| fs::read(board.trust(name)).unwrap());
    board.accept(&mut gate, [2]);
    drop(gate);
    for (name, bytes) in ["state.a", "state.b"].iter().zip(slots) {
        fs::write(board.trust(name), bytes).unwrap();
    }
    let gate = board.boot();
    assert_eq!((version(&gate), gate.state().release), (Some(2), 2));
    assert!(!gate.is_degraded() && !gate.is_recovering());
}

#[test]
fn a_device_that_moved_to_another_channel_counts_anew() {
    let board = Board::new();
    let mut gate = board.boot();
    board.accept(&mut gate, [9]);
    drop(gate);
    let mut config = board.config();
    config.me.channel = "vip".parse().unwrap();
    let (mut gate, findings) = cotmoc_gate::Gate::open(config).unwrap();
    assert_eq!(codes(&findings), ["moved-channel"]);
    assert_eq!((version(&gate), gate.state().release), (None, 0));
    let mut release = board.release(1);
    release.channel = "vip".parse().unwrap();
    let outcomes = board.offer(&mut gate, &board.site.seal_release(&release));
    assert!(accepted(&outcomes, 1));
}
