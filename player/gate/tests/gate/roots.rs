//! The chain of roots: who may change it, and what a change does at once.

use crate::board::{Board, accepted, codes, shown, version};
use cotmoc_gate::{Finding, Gate, GateError, Outcome};
use cotmoc_proto::envelope::PayloadType;
use cotmoc_proto::trust::{RoleName, Root};
use cotmoc_proto::{Digest, Reject};
use cotmoc_test_kit::{Person, Site, seal};
use std::fs;

/// The board's root as `version`, without the keys of `revoked`.
fn root_without(board: &Board, version: u64, revoked: &[&Person]) -> Root {
    let mut root = board.site.root();
    root.version = version;
    let gone: Vec<Digest> = revoked.iter().map(|person| person.keyid()).collect();
    root.keys.0.retain(|keyid, _| !gone.contains(keyid));
    for role in root.roles.0.values_mut() {
        for clause in &mut role.all {
            clause.keys.retain(|keyid| !gone.contains(keyid));
        }
    }
    root
}

fn put_root(board: &Board, root: &Root) {
    let name = format!("root.{}.dsse", root.version);
    board.put_inbox(&name, &board.site.seal_root(root));
}

/// Offers a root that must be refused.
fn refused(board: &Board, gate: &mut Gate, name: &str, envelope: &[u8]) -> Reject {
    let before = gate.root().clone();
    board.put_inbox(name, envelope);
    let outcomes = gate.ingest();
    assert_eq!(gate.root(), &before);
    match outcomes.as_slice() {
        [Outcome::Refused { reject, .. }] => reject.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn r02_a_root_by_one_of_two_with_a_gap_or_of_another_site_is_refused() {
    let board = Board::new();
    let mut gate = board.boot();
    let next = root_without(&board, 2, &[]);
    let one = seal(PayloadType::Root, &next, &[&board.site.root_holders[0]]);
    let reject = refused(&board, &mut gate, "root.2.dsse", &one);
    assert!(matches!(
        reject,
        Reject::Unsigned {
            valid: 1,
            needed: 2,
            ..
        }
    ));
    let gap = board.site.seal_root(&root_without(&board, 4, &[]));
    let reject = refused(&board, &mut gate, "root.2.dsse", &gap);
    assert_eq!(reject, Reject::RootGap { have: 1, got: 4 });
    let mut foreign = next.clone();
    foreign.site = "lao-bao".parse().unwrap();
    let foreign = board.site.seal_root(&foreign);
    let reject = refused(&board, &mut gate, "root.2.dsse", &foreign);
    assert!(matches!(reject, Reject::NotForUs { .. }));
    let mut far = next.clone();
    far.epoch = 3;
    let reject = refused(
        &board,
        &mut gate,
        "root.2.dsse",
        &board.site.seal_root(&far),
    );
    assert_eq!(reject, Reject::WrongEpoch { have: 1, got: 3 });
    let same = board.site.seal_root(&board.site.root());
    let reject = refused(&board, &mut gate, "root.2.dsse", &same);
    assert_eq!(reject, Reject::Rollback { have: 1, got: 1 });
}

#[test]
fn r03_an_attackers_own_root_is_refused_and_so_is_one_that_only_the_old_keys_signed() {
    let board = Board::new();
    let mut gate = board.boot();
    let attacker = Site::new();
    let mut own = attacker.root();
    own.version = 2;
    let reject = refused(&board, &mut gate, "root.2.dsse", &attacker.seal_root(&own));
    assert!(matches!(reject, Reject::Unsigned { .. }));
    let by_old_keys_only = board.site.seal_root(&own);
    let reject = refused(&board, &mut gate, "root.2.dsse", &by_old_keys_only);
    assert!(matches!(reject, Reject::Unsigned { .. }));
}

#[test]
fn s05_a_signed_root_with_a_threshold_of_zero_or_an_empty_clause_is_refused() {
    let board = Board::new();
    let mut gate = board.boot();
    let spoils: [fn(&mut Root); 3] = [
        |root| root.roles.0.get_mut(&RoleName::Release).unwrap().all[0].threshold = 0,
        |root| {
            root.roles.0.get_mut(&RoleName::Release).unwrap().all[1]
                .keys
                .clear()
        },
        |root| root.roles.0.get_mut(&RoleName::Root).unwrap().all[0].threshold = 1,
    ];
    for spoil in spoils {
        let mut root = root_without(&board, 2, &[]);
        spoil(&mut root);
        let envelope = board.site.seal_root(&root);
        let reject = refused(&board, &mut gate, "root.2.dsse", &envelope);
        assert!(matches!(reject, Reject::BadRoot { .. }), "{reject}");
    }
}

#[test]
fn r04_a_revoked_key_stays_dead_when_the_mailbox_hides_the_root_that_revoked_it() {
    let board = Board::new();
    let mut gate = board.boot();
    board.accept(&mut gate, [1]);
    let stolen = &board.site.editors[1];
    put_root(&board, &root_without(&board, 2, &[stolen]));
    assert_eq!(gate.ingest(), [Outcome::RootAccepted { version: 2 }]);
    drop(gate);
    fs::remove_file(board.path("inbox/root.2.dsse")).unwrap();
    let mut gate = board.boot();
    assert_eq!(gate.root().version, 2);
    let people = [stolen, &board.site.approvers[0]];
    let envelope = seal(PayloadType::Release, &board.release(2), &people);
    assert!(matches!(
        board.refused(&mut gate, &envelope),
        Reject::Unsigned { .. }
    ));
    board.accept(&mut gate, [2]);
}

#[test]
fn r05_a_new_epoch_voids_every_older_document_and_counters_start_again() {
    let board = Board::new();
    let mut gate = board.boot();
    board.accept(&mut gate, [9]);
    let mut root = root_without(&board, 2, &[]);
    root.epoch = 2;
    put_root(&board, &root);
    let outcomes = board.offer(&mut gate, &board.sealed(10));
    assert!(matches!(
        outcomes.as_slice(),
        [
            Outcome::RootAccepted { version: 2 },
            Outcome::Refused {
                reject: Reject::WrongEpoch { have: 2, got: 1 },
                ..
            }
        ]
    ));
    assert_eq!((version(&gate), gate.state().release), (None, 0));
    let mut release = board.release(1);
    release.epoch = 2;
    let outcomes = board.offer(&mut gate, &board.site.seal_release(&release));
    assert!(accepted(&outcomes, 1));
    drop(gate);
    assert_eq!(version(&board.boot()), Some(1));
}

#[test]
fn r05_a_takedown_of_an_older_epoch_takes_nothing_from_the_new_one() {
    let board = Board::new();
    let mut gate = board.boot();
    let mut root = root_without(&board, 2, &[]);
    root.epoch = 2;
    put_root(&board, &root);
    let mut release = board.release(1);
    release.epoch = 2;
    board.offer(&mut gate, &board.site.seal_release(&release));
    let before = shown(&gate);
    let old = board.site.takedown(1, 1, &[]);
    board.put_inbox("takedown.1.dsse", &board.site.seal_takedown(&old));
    let outcomes = gate.ingest();
    assert!(
        matches!(
            outcomes.as_slice(),
            [Outcome::Refused {
                reject: Reject::WrongEpoch { have: 2, got: 1 },
                ..
            }]
        ),
        "{outcomes:?}"
    );
    assert_eq!((shown(&gate), gate.state().takedown), (before, 0));
}

#[test]
fn r06_without_the_newest_root_nothing_signed_is_shown_until_it_is_back() {
    let board = Board::new();
    let mut gate = board.boot();
    board.accept(&mut gate, [1]);
    let root = root_without(&board, 2, &[&board.site.editors[1]]);
    put_root(&board, &root);
    gate.ingest();
    drop(gate);
    let away = fs::read(board.path("inbox/root.2.dsse")).unwrap();
    fs::remove_file(board.path("inbox/root.2.dsse")).unwrap();
    fs::remove_file(board.trust("root.2.dsse")).unwrap();
    fs::write(board.trust("root.2.dsse.bak"), b"").unwrap();
    let (mut gate, findings) = board.boot_with_findings();
    assert_eq!(codes(&findings), ["root-damaged", "root-chain-broken"]);
    assert_eq!(shown(&gate), "factory");
    assert_eq!(board.offer(&mut gate, &board.sealed(2)), []);
    assert!(!gate.is_chain_whole() && gate.is_degraded());
    board.put_inbox("root.2.dsse", &away);
    let outcomes = gate.ingest();
    assert_eq!(outcomes[0], Outcome::RootAccepted { version: 2 });
    assert!(accepted(&outcomes[1..], 2), "{outcomes:?}");
    assert_eq!(gate.state().root_version, 2);
    drop(gate);
    assert_eq!(version(&board.boot()), Some(2));
}

#[test]
fn r06_one_lost_copy_of_a_root_is_replaced_by_the_other() {
    let board = Board::new();
    let mut gate = board.boot();
    put_root(&board, &root_without(&board, 2, &[]));
    gate.ingest();
    drop(gate);
    for name in ["root.2.dsse", "root.2.dsse.bak"] {
        fs::write(board.trust(name), b"{}").unwrap();
        let (gate, findings) = board.boot_with_findings();
        assert_eq!(findings, [Finding::RootCopyRepaired { version: 2 }]);
        assert_eq!(gate.root().version, 2);
        drop(gate);
        board.boot();
    }
}

#[test]
fn r14_a_root_that_revokes_the_signer_of_the_running_release_ends_it_at_once() {
    let board = Board::new();
    let mut gate = board.boot();
    board.accept(&mut gate, [1]);
    put_root(&board, &root_without(&board, 2, &[&board.site.editors[0]]));
    let outcomes = gate.ingest();
    assert_eq!(outcomes[0], Outcome::RootAccepted { version: 2 });
    let lost = Outcome::Found(Finding::ReleaseLost {
        version: 1,
        reason: "unsigned",
        showing: None,
    });
    assert!(outcomes.contains(&lost), "{outcomes:?}");
    assert_eq!(shown(&gate), "factory");
    assert_eq!(gate.state().release, 1);
}

#[test]
fn r14_the_release_before_it_is_shown_if_its_signers_are_still_trusted() {
    let board = Board::new();
    let mut gate = board.boot();
    let (stays, goes) = (&board.site.editors[0], &board.site.editors[1]);
    let approver = &board.site.approvers[0];
    for (version, editor) in [(1, stays), (2, goes)] {
        let release = board.release(version);
        let envelope = seal(PayloadType::Release, &release, &[editor, approver]);
        assert!(accepted(&board.offer(&mut gate, &envelope), version));
    }
    put_root(&board, &root_without(&board, 2, &[goes]));
    gate.ingest();
    assert_eq!((version(&gate), gate.state().release), (Some(1), 2));
    assert!(gate.is_degraded());
}

#[test]
fn r14_a_release_that_was_signed_again_first_outlives_the_root_that_revokes_its_signer() {
    let board = Board::new();
    let mut gate = board.boot();
    board.accept(&mut gate, [1]);
    let people = [&board.site.editors[1], &board.site.approvers[1]];
    let again = seal(PayloadType::Release, &board.release(1), &people);
    assert_eq!(board.offer(&mut gate, &again), []);
    // The mailbox going back to the first envelope takes no signature away.
    assert_eq!(board.offer(&mut gate, &board.sealed(1)), []);
    put_root(&board, &root_without(&board, 2, &[&board.site.editors[0]]));
    assert_eq!(gate.ingest()[0], Outcome::RootAccepted { version: 2 });
    assert_eq!(version(&gate), Some(1));
    drop(gate);
    assert_eq!(version(&board.boot()), Some(1));
}

#[test]
fn several_roots_are_followed_in_one_go() {
    let board = Board::new();
    let mut gate = board.boot();
    for version in [2, 3, 4] {
        put_root(&board, &root_without(&board, version, &[]));
    }
    let versions = [2, 3, 4].map(|version| Outcome::RootAccepted { version });
    assert_eq!(gate.ingest(), versions);
    drop(gate);
    assert_eq!(board.boot().root().version, 4);
}

#[test]
fn a_factory_root_that_is_not_usable_is_the_only_reason_not_to_open() {
    let board = Board::new();
    let mut config = board.config();
    config.factory_root = board.sealed(1);
    assert!(matches!(Gate::open(config), Err(GateError::FactoryRoot(_))));
    let mut config = board.config();
    config.me.site = "lao-bao".parse().unwrap();
    assert!(matches!(
        Gate::open(config),
        Err(GateError::FactorySite { .. })
    ));
    let mut config = board.config();
    fs::write(board.path("file"), b"").unwrap();
    config.trust_dir = board.path("file");
    assert!(matches!(Gate::open(config), Err(GateError::Folder { .. })));
}
