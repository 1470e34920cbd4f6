//! Duty officers take content away, at once, and nothing but that.

use crate::board::{Board, accepted, codes, shown, version};
use cotmoc_gate::{Gate, Outcome};
use cotmoc_proto::envelope::PayloadType;
use cotmoc_proto::takedown::Takedown;
use cotmoc_proto::{Digest, Reject};
use cotmoc_test_kit::{Person, seal};
use std::fs;

impl Board {
    fn put_takedown(&self, takedown: &Takedown) {
        let name = format!("takedown.{}.dsse", takedown.seq);
        self.put_inbox(&name, &self.site.seal_takedown(takedown));
    }

    fn take_down(&self, gate: &mut Gate, takedown: &Takedown) {
        self.put_takedown(takedown);
        let seq = takedown.seq;
        assert_eq!(gate.ingest(), [Outcome::TakedownAccepted { seq }]);
    }

    fn kept_takedowns(&self) -> usize {
        let names = fs::read_dir(self.path("trust")).unwrap();
        names
            .filter(|entry| {
                let name = entry.as_ref().unwrap().file_name();
                name.to_str().unwrap().starts_with("takedown.")
            })
            .count()
    }

    fn first(&self) -> Digest {
        self.items[0].sha256
    }
}

#[test]
fn d01_a_takedown_of_an_item_and_of_the_whole_holds_over_a_reboot() {
    let board = Board::new();
    let mut gate = board.boot();
    board.accept(&mut gate, [1]);
    board.take_down(&mut gate, &board.site.takedown(1, 1, &[board.first()]));
    assert_eq!(shown(&gate), "item-2");
    assert_eq!(gate.ingest(), []);
    drop(gate);
    let mut gate = board.boot();
    assert_eq!(shown(&gate), "item-2");
    assert_eq!(gate.ingest(), []);
    board.take_down(&mut gate, &board.site.takedown(2, 1, &[]));
    drop(gate);
    let gate = board.boot();
    assert_eq!(shown(&gate), "fallback");
    assert_eq!(version(&gate), Some(1));
}

#[test]
fn d01_an_asset_stays_down_in_later_releases_until_one_lifts_it() {
    let board = Board::new();
    let mut gate = board.boot();
    board.accept(&mut gate, [1]);
    board.take_down(&mut gate, &board.site.takedown(1, 1, &[board.first()]));
    board.accept(&mut gate, [2]);
    assert_eq!(shown(&gate), "item-2");
    let mut lifting = board.release(3);
    lifting.lifts_takedown = 1;
    board.offer(&mut gate, &board.site.seal_release(&lifting));
    assert_eq!(shown(&gate), "item-1");
    drop(gate);
    assert_eq!(shown(&board.boot()), "item-1");
}

#[test]
fn d02_a_lifted_takedown_sent_again_takes_nothing_from_a_later_release() {
    let board = Board::new();
    let mut gate = board.boot();
    board.accept(&mut gate, [1]);
    board.take_down(&mut gate, &board.site.takedown(1, 1, &[board.first()]));
    board.take_down(&mut gate, &board.site.takedown(2, 1, &[]));
    let mut lifting = board.release(2);
    lifting.lifts_takedown = 2;
    board.offer(&mut gate, &board.site.seal_release(&lifting));
    assert_eq!(
        (shown(&gate), board.kept_takedowns()),
        ("item-1".to_owned(), 2)
    );
    board.accept(&mut gate, [3]);
    assert_eq!(board.kept_takedowns(), 0);
    for _ in 0..2 {
        drop(gate);
        gate = board.boot();
        assert_eq!(gate.ingest(), []);
        assert_eq!(shown(&gate), "item-1");
    }
}

#[test]
fn d02_a_takedown_cannot_be_made_for_all_releases_to_come() {
    let board = Board::new();
    let mut gate = board.boot();
    board.accept(&mut gate, [1]);
    board.put_takedown(&board.site.takedown(1, 20_000, &[]));
    board.put_takedown(&board.site.takedown(20_001, 1, &[]));
    let outcomes = gate.ingest();
    assert_eq!(outcomes.len(), 2);
    for outcome in outcomes {
        let Outcome::Refused { reject, .. } = outcome else {
            panic!("{outcome:?}");
        };
        assert!(matches!(reject, Reject::Jump { .. }));
    }
    assert_eq!(shown(&gate), "item-1");
}

#[test]
fn d03_a_takedown_with_any_other_key_is_refused() {
    let board = Board::new();
    let mut gate = board.boot();
    board.accept(&mut gate, [1]);
    let takedown = board.site.takedown(1, 1, &[]);
    let stranger = Person::new("controller");
    let site = &board.site;
    for person in [
        &stranger,
        &site.editors[0],
        &site.approvers[0],
        &site.root_holders[0],
    ] {
        let envelope = seal(PayloadType::Takedown, &takedown, &[person]);
        board.put_inbox("takedown.1.dsse", &envelope);
        assert!(matches!(
            gate.ingest().as_slice(),
            [Outcome::Refused {
                reject: Reject::Unsigned { .. },
                ..
            }]
        ));
    }
    let mut foreign = takedown;
    foreign.channel = "vip".parse().unwrap();
    board.put_takedown(&foreign);
    assert!(matches!(
        gate.ingest().as_slice(),
        [Outcome::Refused {
            reject: Reject::NotForUs { .. },
            ..
        }]
    ));
    assert_eq!(shown(&gate), "item-1");
}

#[test]
fn d04_with_everything_taken_down_the_built_in_slide_shows() {
    let board = Board::new();
    let mut gate = board.boot();
    board.accept(&mut gate, [1]);
    let mut all = board.site.takedown(1, 1, &[]);
    all.assets = board.release(1).assets().iter().map(|a| a.sha256).collect();
    board.take_down(&mut gate, &all);
    assert_eq!(shown(&gate), "factory");
}

#[test]
fn d10_a_takedown_and_a_release_brought_by_hand_count_like_any_other() {
    let board = Board::new();
    let mut gate = board.boot();
    board.accept(&mut gate, [1]);
    let stick = tempfile::tempdir().unwrap();
    let takedown = board.site.takedown(1, 1, &[board.first()]);
    fs::write(stick.path().join("t"), board.site.seal_takedown(&takedown)).unwrap();
    fs::write(stick.path().join("r"), board.sealed(2)).unwrap();
    for (from, to) in [("t", "takedown.0001.dsse"), ("r", "release.dsse")] {
        fs::copy(stick.path().join(from), board.path("inbox").join(to)).unwrap();
    }
    assert_eq!(gate.ingest().len(), 2);
    assert_eq!(
        (shown(&gate), version(&gate)),
        ("item-2".to_owned(), Some(2))
    );
}

#[test]
fn losing_both_slots_loses_no_takedown() {
    let board = Board::new();
    let mut gate = board.boot();
    board.accept(&mut gate, [1]);
    board.take_down(&mut gate, &board.site.takedown(1, 1, &[board.first()]));
    board.accept(&mut gate, [2]);
    board.take_down(&mut gate, &board.site.takedown(2, 2, &[]));
    let before = gate.screen_state();
    drop(gate);
    for name in [
        "state.a",
        "state.b",
        "../inbox/takedown.1.dsse",
        "../inbox/takedown.2.dsse",
    ] {
        fs::remove_file(board.trust(name)).unwrap();
    }
    let (gate, findings) = board.boot_with_findings();
    assert_eq!(codes(&findings), ["state-lost"]);
    assert_eq!((gate.screen_state(), gate.state().takedown), (before, 2));
    assert_eq!(shown(&gate), "fallback");
}

#[test]
fn a_takedown_outlives_the_key_of_the_officer_who_made_it() {
    let board = Board::new();
    let mut gate = board.boot();
    board.accept(&mut gate, [1]);
    board.take_down(&mut gate, &board.site.takedown(1, 1, &[board.first()]));
    let mut root = board.site.root();
    root.version = 2;
    let gone = board.site.duty[0].keyid();
    root.keys.0.remove(&gone);
    for role in root.roles.0.values_mut() {
        role.all
            .iter_mut()
            .for_each(|c| c.keys.retain(|k| *k != gone));
    }
    board.put_inbox("root.2.dsse", &board.site.seal_root(&root));
    gate.ingest();
    assert_eq!(shown(&gate), "item-2");
    drop(gate);
    fs::remove_file(board.trust("state.a")).unwrap();
    fs::remove_file(board.trust("state.b")).unwrap();
    let (gate, _) = board.boot_with_findings();
    assert_eq!(shown(&gate), "item-2");
}

#[test]
fn a_takedown_that_arrives_after_a_later_one_still_counts() {
    let board = Board::new();
    let mut gate = board.boot();
    board.accept(&mut gate, [1]);
    board.take_down(
        &mut gate,
        &board.site.takedown(2, 1, &[board.items[1].sha256]),
    );
    assert_eq!(shown(&gate), "item-1");
    board.take_down(&mut gate, &board.site.takedown(1, 1, &[board.first()]));
    assert_eq!(
        (shown(&gate), gate.state().takedown),
        ("fallback".to_owned(), 2)
    );
}

#[test]
fn the_release_before_a_lifting_one_does_not_bring_back_what_was_taken_down() {
    let board = Board::new();
    let mut gate = board.boot();
    board.accept(&mut gate, [1]);
    board.take_down(&mut gate, &board.site.takedown(1, 1, &[board.first()]));
    let mut lifting = board.release(2);
    lifting.lifts_takedown = 1;
    board.offer(&mut gate, &board.site.seal_release(&lifting));
    assert_eq!(shown(&gate), "item-1");
    drop(gate);
    fs::write(board.trust("release.1.dsse"), b"").unwrap();
    let (gate, _) = board.boot_with_findings();
    assert_eq!(
        (version(&gate), shown(&gate)),
        (Some(1), "item-2".to_owned())
    );
}

#[test]
fn a_release_cannot_lift_in_advance_the_takedown_that_was_made_for_it() {
    let board = Board::new();
    let mut gate = board.boot();
    let mut greedy = board.release(1);
    greedy.lifts_takedown = 9_999;
    let outcomes = board.offer(&mut gate, &board.site.seal_release(&greedy));
    assert!(accepted(&outcomes, 1));
    board.take_down(&mut gate, &board.site.takedown(1, 1, &[board.first()]));
    assert_eq!(shown(&gate), "item-2");
}

#[test]
fn a_takedown_is_in_force_even_if_the_disk_does_not_take_it() {
    let board = Board::new();
    let mut gate = board.boot();
    board.accept(&mut gate, [1]);
    for slot in ["state.a", "state.b"] {
        fs::remove_file(board.trust(slot)).unwrap();
        fs::create_dir_all(board.trust(slot).join("full")).unwrap();
    }
    board.put_takedown(&board.site.takedown(1, 1, &[board.first()]));
    let outcomes = gate.ingest();
    assert!(
        matches!(
            outcomes.as_slice(),
            [
                Outcome::TakedownAccepted { seq: 1 },
                Outcome::NotKept { .. }
            ]
        ),
        "{outcomes:?}"
    );
    assert_eq!(shown(&gate), "item-2");
    assert_eq!(gate.ingest(), []);
    for slot in ["state.a", "state.b"] {
        fs::remove_dir_all(board.trust(slot)).unwrap();
    }
    assert_eq!(gate.ingest(), []);
    drop(gate);
    let (gate, _) = board.boot_with_findings();
    assert_eq!(
        (shown(&gate), gate.state().takedown),
        ("item-2".to_owned(), 1)
    );
}
