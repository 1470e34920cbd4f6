//! Duty officers show an approved template, for a time, and nothing but that.

use crate::board::{Board, NOON, codes, shown, shown_at};
use cotmoc_gate::{Gate, Outcome, What};
use cotmoc_proto::Reject;
use cotmoc_proto::envelope::PayloadType;
use cotmoc_proto::override_order::{Action, Override};
use cotmoc_proto::playlist::Item;
use cotmoc_proto::release::Release;
use cotmoc_proto::time::{DAY, HOUR, MINUTE, SECOND};
use cotmoc_proto::trust::RoleName;
use cotmoc_test_kit::{Person, item, seal, seal_payload};
use std::fs;

impl Board {
    /// The approved template of [`Board::with_template`].
    fn template(&self) -> Item {
        item("evacuate", &self.items[1], 10_000)
    }

    /// A release with one template; it plays only the first item.
    fn with_template(&self, version: u64) -> Release {
        let mut release = self
            .site
            .release(version, &self.fallback, &[&self.items[0]]);
        release.templates = vec![self.template()];
        release
    }

    /// A device that runs [`Board::with_template`].
    fn ready(&self) -> Gate {
        let mut gate = self.boot();
        let release = self.site.seal_release(&self.with_template(1));
        self.offer(&mut gate, &release);
        assert_eq!(shown(&gate), "item-1");
        gate
    }

    fn show(&self, seq: u64, duration_ms: i64) -> Override {
        self.site.override_show(seq, &self.template(), duration_ms)
    }

    fn put_override(&self, order: &Override) {
        let name = format!("override.{}.dsse", order.seq);
        self.put_inbox(&name, &self.site.seal_override(order));
    }

    fn order(&self, gate: &mut Gate, order: &Override) -> Vec<Outcome> {
        self.put_override(order);
        gate.ingest()
    }

    /// Puts an order into the inbox that must be refused, and must change nothing.
    fn refused_order(&self, gate: &mut Gate, seq: u64, envelope: &[u8]) -> Reject {
        let state = gate.state().clone();
        let before = shown(gate);
        self.put_inbox(&format!("override.{seq}.dsse"), envelope);
        let outcomes = gate.ingest();
        assert_eq!(gate.state(), &state);
        assert_eq!(shown(gate), before);
        match outcomes.as_slice() {
            [
                Outcome::Refused {
                    what: What::Override,
                    reject,
                    ..
                },
            ] => reject.clone(),
            other => panic!("{other:?}"),
        }
    }
}

fn is_accepted(outcomes: &[Outcome], wanted: u64) -> bool {
    matches!(outcomes, [Outcome::OverrideAccepted { seq, .. }] if *seq == wanted)
}

#[test]
fn a_template_is_shown_over_everything_by_day_and_night_and_over_reboots_until_it_is_ended() {
    let board = Board::new();
    let mut gate = board.ready();
    assert!(is_accepted(&board.order(&mut gate, &board.show(1, DAY)), 1));
    assert_eq!(shown(&gate), "template evacuate");
    assert_eq!(shown_at(&gate, NOON.plus(14 * HOUR)), "template evacuate");
    assert_eq!(gate.ingest(), []);
    for _ in 0..3 {
        drop(gate);
        gate = board.boot();
        assert_eq!(shown(&gate), "template evacuate");
        assert_eq!(gate.ingest(), []);
    }
    let ended = board.order(&mut gate, &board.site.override_end(2, 1));
    assert!(is_accepted(&ended, 2));
    assert_eq!(shown(&gate), "item-1");
    assert_eq!(shown_at(&gate, NOON.plus(14 * HOUR)), "dark");
    drop(gate);
    assert_eq!(shown(&board.boot()), "item-1");
}

#[test]
fn a_newer_order_takes_the_place_of_the_one_before_and_an_end_ends_what_it_names() {
    let board = Board::new();
    let mut gate = board.ready();
    board.order(&mut gate, &board.show(1, HOUR));
    board.order(&mut gate, &board.show(2, 2 * HOUR));
    board.order(&mut gate, &board.site.override_end(3, 1));
    assert_eq!(shown(&gate), "template evacuate");
    gate.powered(HOUR);
    assert_eq!(shown(&gate), "template evacuate");
    board.order(&mut gate, &board.site.override_end(4, 2));
    assert_eq!(shown(&gate), "item-1");
}

#[test]
fn d05_a_template_that_nobody_approved_is_not_shown() {
    let board = Board::new();
    let mut gate = board.ready();
    let own = item("own", &board.items[1], 10_000);
    let other_content = item("evacuate", &board.items[0], 10_000);
    let no_template = item("item-1", &board.items[0], 10_000);
    for (seq, template) in (1..).zip([own, other_content, no_template]) {
        let order = board.site.override_show(seq, &template, HOUR);
        let outcomes = board.order(&mut gate, &order);
        let hidden = outcomes.iter().any(|outcome| {
            matches!(
                outcome,
                Outcome::OverrideHidden {
                    reject: Reject::NoSuchTemplate { .. },
                    ..
                }
            )
        });
        assert!(hidden, "{outcomes:?}");
        assert_eq!(shown(&gate), "item-1");
        assert_eq!(gate.ingest(), [], "it is told once");
    }
}

#[test]
fn d05_a_later_release_cannot_change_what_was_ordered() {
    let board = Board::new();
    let mut gate = board.ready();
    board.order(&mut gate, &board.show(1, HOUR));
    let mut swapped = board.with_template(2);
    swapped.templates[0].asset = board.items[0].clone();
    board.offer(&mut gate, &board.site.seal_release(&swapped));
    assert_eq!(shown(&gate), "item-1");
    let same = board.site.seal_release(&board.with_template(3));
    board.offer(&mut gate, &same);
    assert_eq!(shown(&gate), "template evacuate");
    let late = board.site.seal_release(&board.with_template(51));
    board.offer(&mut gate, &late);
    assert_eq!(shown(&gate), "item-1", "it is for releases 1 to 50");
}

#[test]
fn d06_nothing_lasts_longer_than_the_root_document_allows() {
    let board = Board::new();
    let mut gate = board.ready();
    let sealed = |order: &Override| board.site.seal_override(order);
    let longer = sealed(&board.show(1, DAY + 1));
    let reject = board.refused_order(&mut gate, 1, &longer);
    assert!(matches!(reject, Reject::BadOverride { .. }), "{reject}");
    for odd in [-1, 0, SECOND - 1] {
        let reject = board.refused_order(&mut gate, 1, &sealed(&board.show(1, odd)));
        assert!(matches!(reject, Reject::BadOverride { .. }), "{reject}");
    }
    let mut root = board.site.root();
    (root.version, root.override_limit_ms) = (2, 10 * MINUTE);
    board.put_inbox("root.2.dsse", &board.site.seal_root(&root));
    gate.ingest();
    let day = sealed(&board.show(1, DAY));
    let reject = board.refused_order(&mut gate, 1, &day);
    assert!(matches!(reject, Reject::BadOverride { .. }), "{reject}");
    assert!(is_accepted(
        &board.order(&mut gate, &board.show(1, 10 * MINUTE)),
        1
    ));
}

#[test]
fn d06_powered_on_time_ends_it_and_cutting_the_power_does_not_lengthen_it() {
    let board = Board::new();
    let mut gate = board.ready();
    board.order(&mut gate, &board.show(1, HOUR));
    gate.powered(HOUR - 1);
    assert_eq!(shown(&gate), "template evacuate");
    gate.powered(1);
    assert_eq!(shown(&gate), "item-1");
    assert_eq!(gate.ingest(), [Outcome::OverrideOver { seq: 1 }]);
    drop(gate);
    let mut gate = board.boot();
    assert_eq!((shown(&gate), gate.ingest()), ("item-1".to_owned(), vec![]));
    board.order(&mut gate, &board.show(2, HOUR));
    let mut lit_ms = 0;
    while shown(&gate) != "item-1" {
        // Just before it would be written.
        gate.powered(59 * SECOND);
        lit_ms += 59 * SECOND;
        drop(gate);
        gate = board.boot();
        gate.ingest();
        assert!(lit_ms <= HOUR);
    }
}

#[test]
fn d06_no_clock_ends_or_lengthens_it() {
    let board = Board::new();
    let mut gate = board.ready();
    board.order(&mut gate, &board.show(1, HOUR));
    for days in [-20_000, -1, 1, 300, 9_000] {
        assert_eq!(shown_at(&gate, NOON.plus(days * DAY)), "template evacuate");
    }
    gate.powered(HOUR);
    for days in [-20_000, -1, 0, 1, 9_000] {
        assert_eq!(shown_at(&gate, NOON.plus(days * DAY)), "item-1");
    }
}

#[test]
fn d07_an_order_that_has_ended_is_of_no_use_again() {
    let board = Board::new();
    let mut gate = board.ready();
    let recorded = board.site.seal_override(&board.show(1, HOUR));
    board.put_inbox("override.1.dsse", &recorded);
    gate.ingest();
    board.order(&mut gate, &board.site.override_end(2, 1));
    fs::remove_file(board.path("inbox").join("override.2.dsse")).unwrap();
    for name in ["override.1.dsse", "override.9.dsse"] {
        board.put_inbox(name, &recorded);
        gate.ingest();
        assert_eq!(shown(&gate), "item-1");
        drop(gate);
        gate = board.boot();
        gate.ingest();
        assert_eq!(shown(&gate), "item-1");
    }
    let other = board.site.seal_override(&board.show(2, HOUR));
    let reject = board.refused_order(&mut gate, 2, &other);
    assert!(matches!(reject, Reject::Equivocation { version: 2 }));
    let jump = board.site.seal_override(&board.show(10_003, HOUR));
    let reject = board.refused_order(&mut gate, 10_003, &jump);
    assert!(matches!(reject, Reject::Jump { .. }));
}

#[test]
fn d07_an_order_that_was_recorded_long_ago_is_refused_by_proven_time() {
    let board = Board::new();
    let mut gate = board.ready();
    gate.powered(31 * DAY + 2 * HOUR);
    let old = board.site.seal_override(&board.show(1, HOUR));
    let reject = board.refused_order(&mut gate, 1, &old);
    assert!(matches!(reject, Reject::Expired { .. }), "{reject}");
}

#[test]
fn d07_state_that_is_lost_starts_no_order_again() {
    let board = Board::new();
    let mut gate = board.ready();
    board.order(&mut gate, &board.show(1, HOUR));
    drop(gate);
    for slot in ["state.a", "state.b"] {
        fs::remove_file(board.trust(slot)).unwrap();
    }
    let (mut gate, findings) = board.boot_with_findings();
    assert_eq!(codes(&findings), ["state-lost"]);
    assert_eq!(shown(&gate), "item-1");
    gate.ingest();
    assert_eq!(shown(&gate), "item-1");
    assert!(is_accepted(
        &board.order(&mut gate, &board.show(2, HOUR)),
        2
    ));
    assert_eq!(shown(&gate), "template evacuate");
}

#[test]
fn d08_a_takedown_comes_before_an_override_whichever_came_first() {
    for takedown_first in [true, false] {
        for whole in [true, false] {
            let board = Board::new();
            let mut gate = board.ready();
            let asset = board.template().digest();
            let assets = if whole { vec![] } else { vec![asset] };
            let takedown = board.site.takedown(1, 1, &assets);
            let takedown = board.site.seal_takedown(&takedown);
            if takedown_first {
                board.put_inbox("takedown.1.dsse", &takedown);
                gate.ingest();
            }
            board.order(&mut gate, &board.show(1, HOUR));
            board.put_inbox("takedown.1.dsse", &takedown);
            gate.ingest();
            let expected = if whole { "fallback" } else { "item-1" };
            assert_eq!(shown(&gate), expected);
            drop(gate);
            assert_eq!(shown(&board.boot()), expected);
        }
    }
}

#[test]
fn only_duty_officers_order_and_only_for_this_site_channel_and_epoch() {
    let board = Board::new();
    let mut gate = board.ready();
    let order = board.show(1, HOUR);
    let others = [
        &board.site.editors[0],
        &board.site.approvers[0],
        &board.site.root_holders[0],
        &Person::new("stranger"),
    ];
    for person in others {
        let envelope = seal(PayloadType::Override, &order, &[person]);
        let reject = board.refused_order(&mut gate, 1, &envelope);
        assert!(matches!(reject, Reject::Unsigned { .. }), "{reject}");
    }
    let as_takedown = seal(PayloadType::Takedown, &order, &[&board.site.duty[0]]);
    let reject = board.refused_order(&mut gate, 1, &as_takedown);
    assert!(matches!(reject, Reject::UnknownType { .. }), "{reject}");
    let site = Override {
        site: "elsewhere".parse().unwrap(),
        ..order.clone()
    };
    let channel = Override {
        channel: "yard".parse().unwrap(),
        ..order.clone()
    };
    let epoch = Override { epoch: 2, ..order };
    for (other, code) in [
        (site, "not-for-us"),
        (channel, "not-for-us"),
        (epoch, "wrong-epoch"),
    ] {
        let envelope = board.site.seal_override(&other);
        assert_eq!(board.refused_order(&mut gate, 1, &envelope).code(), code);
    }
}

#[test]
fn a_root_without_the_role_refuses_overrides_and_changes_nothing_else() {
    let board = Board::new();
    let mut root = board.site.root();
    root.roles.0.remove(&RoleName::Override);
    fs::write(board.path("factory.dsse"), board.site.seal_root(&root)).unwrap();
    let mut gate = board.ready();
    let envelope = board.site.seal_override(&board.show(1, HOUR));
    let reject = board.refused_order(&mut gate, 1, &envelope);
    assert!(matches!(reject, Reject::Unsigned { .. }), "{reject}");
    let takedown = board.site.takedown(1, 1, &[]);
    board.put_inbox("takedown.1.dsse", &board.site.seal_takedown(&takedown));
    gate.ingest();
    assert_eq!(shown(&gate), "fallback");
    let mut next = board.site.root();
    next.version = 2;
    board.put_inbox("root.2.dsse", &board.site.seal_root(&next));
    let outcomes = gate.ingest();
    let taken = |o: &Outcome| matches!(o, Outcome::OverrideAccepted { seq: 1, .. });
    assert!(outcomes.iter().any(taken), "{outcomes:?}");
}

#[test]
fn an_order_ends_with_the_key_that_gave_it_unless_another_officer_signs_it_too() {
    for signed_anew in [false, true] {
        let board = Board::new();
        let mut gate = board.ready();
        let order = board.show(1, HOUR);
        board.order(&mut gate, &order);
        let [thief, colleague] = &board.site.duty;
        if signed_anew {
            let envelope = seal(PayloadType::Override, &order, &[colleague]);
            board.put_inbox("override.1.dsse", &envelope);
            assert_eq!(gate.ingest(), []);
        }
        let mut root = board.site.root();
        root.version = 2;
        for name in [RoleName::Takedown, RoleName::Override] {
            let role = root.roles.0.get_mut(&name).unwrap();
            role.all[0].keys.retain(|key| *key != thief.keyid());
        }
        board.put_inbox("root.2.dsse", &board.site.seal_root(&root));
        let outcomes = gate.ingest();
        let expected = if signed_anew {
            "template evacuate"
        } else {
            "item-1"
        };
        assert_eq!(shown(&gate), expected, "{outcomes:?}");
        drop(gate);
        assert_eq!(shown(&board.boot_with_findings().0), expected);
    }
}

#[test]
fn a_new_epoch_ends_every_order_and_starts_their_numbers_again() {
    let board = Board::new();
    let mut gate = board.ready();
    board.order(&mut gate, &board.show(7, HOUR));
    let mut root = board.site.root();
    (root.version, root.epoch) = (2, 2);
    board.put_inbox("root.2.dsse", &board.site.seal_root(&root));
    gate.ingest();
    let mut release = board.with_template(1);
    release.epoch = 2;
    board.offer(&mut gate, &board.site.seal_release(&release));
    assert_eq!(shown(&gate), "item-1");
    let mut order = board.show(1, HOUR);
    order.epoch = 2;
    board.order(&mut gate, &order);
    assert_eq!(shown(&gate), "template evacuate");
}

#[test]
fn a_power_cut_between_the_signed_file_and_the_counter_loses_no_order() {
    let board = Board::new();
    let gate = board.ready();
    drop(gate);
    let order = board.show(1, HOUR);
    fs::write(
        board.trust("override.1.dsse"),
        board.site.seal_override(&order),
    )
    .unwrap();
    let gate = board.boot();
    assert_eq!(shown(&gate), "template evacuate");
    assert_eq!(gate.state().override_seq, 1);
}

#[test]
fn an_order_without_its_signed_file_ends_and_is_told() {
    let board = Board::new();
    let mut gate = board.ready();
    board.order(&mut gate, &board.show(1, HOUR));
    drop(gate);
    fs::write(board.trust("override.1.dsse"), b"rot").unwrap();
    let (gate, findings) = board.boot_with_findings();
    assert_eq!(codes(&findings), ["override-unproven"]);
    assert_eq!(shown(&gate), "item-1");
}

#[test]
fn an_order_that_arrives_before_its_release_is_shown_for_what_is_left_of_its_time() {
    let board = Board::new();
    let mut gate = board.boot();
    let outcomes = board.order(&mut gate, &board.show(1, HOUR));
    assert!(
        matches!(
            outcomes.as_slice(),
            [
                Outcome::OverrideAccepted { seq: 1, .. },
                Outcome::OverrideHidden { seq: 1, .. },
            ]
        ),
        "{outcomes:?}"
    );
    gate.powered(30 * MINUTE);
    let release = board.site.seal_release(&board.with_template(1));
    board.offer(&mut gate, &release);
    assert_eq!(shown(&gate), "template evacuate");
    gate.powered(30 * MINUTE);
    assert_eq!(shown(&gate), "item-1");
}

#[test]
fn odd_orders_are_refused() {
    let board = Board::new();
    let mut gate = board.ready();
    let good = serde_json::to_string(&board.show(1, HOUR)).unwrap();
    let duty = &board.site.duty[0];
    for (from, to) in [
        ("\"seq\":1", "\"seq\":0"),
        ("\"seq\":1", "\"seq\":1,\"more\":1"),
        ("\"seq\":1", "\"seq\":1,\"seq\":2"),
        ("\"item\"", "\"url\":\"x\",\"item\""),
        ("\"min_release\":1", "\"min_release\":0"),
        ("\"max_release\":50", "\"max_release\":101"),
        ("{\"show\":", "{\"end\":{\"ends\":1},\"show\":"),
        ("\"duration_ms\":3600000", "\"duration_ms\":3600000.5"),
    ] {
        let bad = good.replacen(from, to, 1);
        assert_ne!(bad, good, "{from}");
        let envelope = seal_payload(PayloadType::Override, bad.into_bytes(), &[duty]);
        let reject = board.refused_order(&mut gate, 1, &envelope);
        assert!(
            matches!(
                reject,
                Reject::Malformed { .. } | Reject::BadOverride { .. }
            ),
            "{to}: {reject}"
        );
    }
    let mut order = board.show(1, HOUR);
    for ends in [0, 1, 2] {
        order.action = Action::End { ends };
        let envelope = board.site.seal_override(&order);
        let reject = board.refused_order(&mut gate, 1, &envelope);
        assert!(matches!(reject, Reject::BadOverride { .. }), "{reject}");
    }
}
