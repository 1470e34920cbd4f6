//! What may lie in the inbox besides a good file: nothing of it stops or fools the gate.

use crate::board::{Board, accepted, version};
use cotmoc_gate::{Gate, Outcome};
use cotmoc_proto::Reject;
use rustix::fs::{CWD, FileType, Mode};
use std::fs;
use std::path::Path;

const NAMES: [&str; 3] = ["release.dsse", "root.2.dsse", "takedown.1.dsse"];

/// Puts something under every name of the inbox, and expects one refusal each, told once.
fn refuse_each(lay: impl Fn(&Board, &Path)) {
    let board = Board::new();
    let mut gate = board.boot();
    board.accept(&mut gate, [1]);
    fs::remove_file(board.path("inbox/release.dsse")).unwrap();
    for name in NAMES {
        lay(&board, &board.path("inbox").join(name));
    }
    let outcomes = gate.ingest();
    assert_eq!(outcomes.len(), 3, "{outcomes:?}");
    for outcome in outcomes {
        let Outcome::Refused { reject, .. } = outcome else {
            panic!("{outcome:?}");
        };
        assert!(matches!(
            reject,
            Reject::Malformed { .. } | Reject::TooBig { .. }
        ));
    }
    assert_eq!(gate.ingest(), []);
    assert_eq!(version(&gate), Some(1));
}

#[test]
fn b07_a_pipe_in_the_inbox_does_not_block() {
    refuse_each(|_, path| {
        let mode = Mode::RUSR | Mode::WUSR;
        rustix::fs::mknodat(CWD, path, FileType::Fifo, mode, 0).unwrap();
    });
}

#[test]
fn b07_a_symbolic_link_in_the_inbox_is_not_followed() {
    refuse_each(|board, path| {
        let target = board.path("good.dsse");
        fs::write(&target, board.sealed(2)).unwrap();
        std::os::unix::fs::symlink(&target, path).unwrap();
    });
}

#[test]
fn b07_a_folder_in_the_inbox_is_refused() {
    refuse_each(|_, path| fs::create_dir(path).unwrap());
}

#[test]
fn b07_an_endless_file_is_read_no_further_than_an_envelope_goes() {
    refuse_each(|_, path| {
        let file = fs::File::create(path).unwrap();
        file.set_len(1 << 40).unwrap();
    });
}

#[test]
fn b07_a_hard_link_is_judged_by_its_content_and_later_changes_reach_nothing() {
    let board = Board::new();
    let mut gate = board.boot();
    let outside = board.path("outside.dsse");
    fs::write(&outside, board.sealed(1)).unwrap();
    fs::hard_link(&outside, board.path("inbox/release.dsse")).unwrap();
    assert!(accepted(&gate.ingest(), 1));
    fs::write(&outside, b"changed").unwrap();
    assert_eq!(gate.ingest().len(), 1);
    drop(gate);
    assert_eq!(version(&board.boot()), Some(1));
}

#[test]
fn an_inbox_that_is_not_there_or_full_of_other_names_is_no_reason_to_show_less() {
    let board = Board::new();
    let mut gate = board.boot();
    board.accept(&mut gate, [1]);
    for n in 0..300 {
        board.put_inbox(&format!("takedown.{n}.dsse"), b"junk");
        board.put_inbox(&format!("takedown.x{n}.dsse"), b"junk");
    }
    assert_eq!(gate.ingest().len(), 1);
    fs::remove_dir_all(board.path("inbox")).unwrap();
    assert_eq!(gate.ingest(), []);
    drop(gate);
    assert_eq!(version(&board.boot()), Some(1));
}

#[test]
fn the_gate_can_live_in_another_thread() {
    const fn send<T: Send>() {}
    send::<Gate>();
}

#[test]
fn a_takedown_that_was_ahead_of_its_time_is_taken_when_its_time_has_come() {
    let board = Board::new();
    let mut gate = board.boot();
    board.accept(&mut gate, [1]);
    let early = board.site.takedown(1, 10_002, &[board.items[0].sha256]);
    board.put_inbox("takedown.1.dsse", &board.site.seal_takedown(&early));
    let refused = gate.ingest();
    assert!(
        matches!(refused.as_slice(), [Outcome::Refused { .. }]),
        "{refused:?}"
    );
    assert_eq!(gate.ingest(), []);
    board.accept(&mut gate, [2]);
    assert_eq!(gate.ingest(), [Outcome::TakedownAccepted { seq: 1 }]);
}

#[test]
fn a_takedown_put_in_place_of_a_refused_one_is_taken() {
    let board = Board::new();
    let mut gate = board.boot();
    board.accept(&mut gate, [1]);
    let good = board
        .site
        .seal_takedown(&board.site.takedown(1, 1, &[board.items[0].sha256]));
    board.put_inbox("takedown.1.dsse", &vec![b'x'; good.len()]);
    let refused = gate.ingest();
    assert!(
        matches!(refused.as_slice(), [Outcome::Refused { .. }]),
        "{refused:?}"
    );
    assert_eq!(gate.ingest(), []);
    // In place: the same file, the same length.
    fs::write(board.path("inbox/takedown.1.dsse"), &good).unwrap();
    assert_eq!(gate.ingest(), [Outcome::TakedownAccepted { seq: 1 }]);
}

#[test]
fn a_look_in_steps_never_hashes_much_at_once_and_takes_a_takedown_in_between() {
    let board = Board::new();
    let mut gate = board.boot();
    board.accept(&mut gate, [1]);
    let film = cotmoc_test_kit::media::put(
        &board.path("media"),
        cotmoc_proto::media::Mime::Mp4,
        &cotmoc_test_kit::media::noise(7, 100 << 20),
    );
    let next = board.site.release(2, &board.fallback, &[&film]);
    board.put_inbox("release.dsse", &board.site.seal_release(&next));
    let mut steps = 0;
    assert_eq!(gate.ingest_step(), []);
    let takedown = board.site.takedown(1, 1, &[board.items[0].sha256]);
    board.put_inbox("takedown.1.dsse", &board.site.seal_takedown(&takedown));
    let mut outcomes = Vec::new();
    while gate.is_checking() {
        outcomes.extend(gate.ingest_step());
        steps += 1;
    }
    assert!(steps >= 5, "{steps}");
    assert_eq!(
        outcomes.first(),
        Some(&Outcome::TakedownAccepted { seq: 1 })
    );
    assert!(accepted(&outcomes[1..], 2), "{outcomes:?}");
}
