//! Any story of deliveries, orders, time, reboots and damage: counters never fall but by a new
//! epoch, what was taken down stays down, no order is shown after its end or its time, and inside
//! the window there is always a picture.

use crate::board::{Board, NOON, resolved};
use cotmoc_gate::Gate;
use cotmoc_proto::Digest;
use cotmoc_proto::resolve::{Picture, Show};
use cotmoc_proto::time::{DAY, HOUR, SECOND};
use cotmoc_test_kit::item;
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::fs;

#[derive(Debug, Clone)]
enum Step {
    /// A release this much newer than the newest.
    Release(u64),
    OldRelease,
    Takedown(usize),
    /// A template for so many hours.
    Override(i64),
    EndOverride,
    NewEpoch,
    Hours(i64),
    Reboot,
    /// One file, by position, at one point; then a reboot, and the agent delivers anew.
    Damage(prop::sample::Index, prop::sample::Index),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let any_index = any::<prop::sample::Index>;
    let step = prop_oneof![
        5 => (1_u64..4).prop_map(Step::Release),
        1 => Just(Step::OldRelease),
        2 => (0_usize..3).prop_map(Step::Takedown),
        2 => (1_i64..24).prop_map(Step::Override),
        1 => Just(Step::EndOverride),
        1 => Just(Step::NewEpoch),
        1 => (1_i64..300).prop_map(Step::Hours),
        1 => (1_i64..12).prop_map(Step::Hours),
        2 => Just(Step::Reboot),
        4 => (any_index(), any_index()).prop_map(|(file, at)| Step::Damage(file, at)),
    ];
    prop::collection::vec(step, 1..25)
}

/// What must hold, told by simple means.
struct Model {
    board: Board,
    gate: Option<Gate>,
    epoch: u64,
    newest: u64,
    takedowns: u64,
    denied: BTreeSet<Digest>,
    root: u64,
    overrides: u64,
    /// How long a template may still be shown.
    ordered_ms: i64,
    /// What the loss of one state slot may forget of that.
    unsure_ms: i64,
}

impl Model {
    fn new() -> Self {
        let board = Board::new();
        Self {
            gate: Some(board.boot()),
            board,
            epoch: 1,
            newest: 0,
            takedowns: 0,
            denied: BTreeSet::new(),
            root: 1,
            overrides: 0,
            ordered_ms: 0,
            unsure_ms: 0,
        }
    }

    fn gate(&mut self) -> &mut Gate {
        self.gate.as_mut().unwrap()
    }

    fn deliver(&mut self, version: u64) {
        let mut release = self.board.release(version);
        release.epoch = self.epoch;
        release.expires_ms = release.issued_ms.plus(350 * DAY);
        release.templates = vec![item("evacuate", &self.board.items[1], 10_000)];
        let sealed = self.board.site.seal_release(&release);
        self.board.put_inbox("release.dsse", &sealed);
        self.gate().ingest();
    }

    fn reboot(&mut self) {
        self.gate = None;
        self.gate = Some(self.board.boot_with_findings().0);
    }

    fn apply(&mut self, step: &Step) {
        match step {
            Step::Release(more) => {
                self.newest += more;
                self.deliver(self.newest);
            }
            Step::OldRelease => self.deliver((self.newest / 2).max(1).min(self.newest + 1)),
            Step::Takedown(which) => self.take_down(*which),
            Step::NewEpoch => self.begin_epoch(),
            Step::Hours(hours) => {
                self.gate().powered(hours * HOUR);
                self.ordered_ms -= hours * HOUR;
                self.unsure_ms = hours * HOUR;
            }
            Step::Override(hours) => self.order(*hours * HOUR),
            Step::EndOverride => self.order(0),
            Step::Reboot => self.reboot(),
            Step::Damage(file, at) => self.damage(file, at),
        }
        self.newest = self.newest.max(self.gate().state().release);
    }

    fn take_down(&mut self, which: usize) {
        let board = &self.board;
        let assets = [&board.items[0], &board.items[1], &board.fallback];
        self.takedowns += 1;
        let asset = assets[which].sha256;
        let up_to = self.newest.max(1);
        let mut takedown = board.site.takedown(self.takedowns, up_to, &[asset]);
        takedown.epoch = self.epoch;
        let name = format!("takedown.{}.dsse", self.takedowns);
        board.put_inbox(&name, &board.site.seal_takedown(&takedown));
        self.denied.insert(asset);
        self.gate().ingest();
    }

    /// Orders a template for so long; ends what was ordered if that is 0.
    fn order(&mut self, duration_ms: i64) {
        let site = &self.board.site;
        self.overrides += 1;
        let mut order = if duration_ms == 0 && self.overrides > 1 {
            site.override_end(self.overrides, self.overrides - 1)
        } else {
            let template = item("evacuate", &self.board.items[1], 10_000);
            site.override_show(self.overrides, &template, duration_ms.max(SECOND))
        };
        order.epoch = self.epoch;
        order.issued_ms = self.gate.as_ref().unwrap().state().earliest_now();
        let name = format!("override.{}.dsse", self.overrides);
        let sealed = site.seal_override(&order);
        self.board.put_inbox(&name, &sealed);
        self.gate().ingest();
        self.ordered_ms = order.template().map_or(0, |template| template.duration_ms);
        self.unsure_ms = 0;
    }

    fn begin_epoch(&mut self) {
        let mut root = self.board.site.root();
        self.root += 1;
        self.epoch += 1;
        (root.version, root.epoch) = (self.root, self.epoch);
        let sealed = self.board.site.seal_root(&root);
        self.board
            .put_inbox(&format!("root.{}.dsse", self.root), &sealed);
        (self.newest, self.takedowns) = (0, 0);
        (self.overrides, self.ordered_ms, self.unsure_ms) = (0, 0, 0);
        self.denied.clear();
        for entry in fs::read_dir(self.board.path("inbox")).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            if name.starts_with("takedown") || name.starts_with("override") {
                fs::remove_file(path).unwrap();
            }
        }
        self.gate().ingest();
    }

    fn damage(&mut self, file: &prop::sample::Index, at: &prop::sample::Index) {
        self.gate = None;
        let entries = fs::read_dir(self.board.path("trust")).unwrap();
        let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
        files.sort();
        let path = file.get(&files);
        let mut bytes = fs::read(path).unwrap();
        let position = at.index(bytes.len());
        if position.is_multiple_of(2) {
            bytes.truncate(position);
        } else {
            bytes[position] ^= 0x10;
        }
        fs::write(path, bytes).unwrap();
        // The other slot is as old as the last save before.
        if self.ordered_ms > -self.unsure_ms {
            self.ordered_ms += self.unsure_ms;
        }
        self.unsure_ms = 0;
        self.reboot();
        self.check();
        if self.newest > 0 {
            self.deliver(self.newest);
        }
    }

    fn check(&mut self) {
        let (newest, takedowns) = (self.newest, self.takedowns);
        let (epoch, root) = (self.epoch, self.root);
        let denied = self.denied.clone();
        let (overrides, ordered_ms) = (self.overrides, self.ordered_ms);
        let gate = self.gate();
        let state = gate.state();
        assert_eq!((state.epoch, state.root_version), (epoch, root));
        assert!(
            state.release >= newest,
            "{} fell below {newest}",
            state.release
        );
        assert!(state.takedown >= takedowns);
        assert!(state.override_seq >= overrides);
        if gate.release().is_some() {
            let unavailable = gate.screen_state().unavailable;
            assert!(unavailable.is_superset(&denied));
        }
        for seconds in [0, 7, 13, 3_600] {
            let picture = resolved(gate, NOON.plus(seconds * SECOND)).picture;
            let Picture::Lit(zones) = picture else {
                panic!("dark inside the window");
            };
            match &zones[0].show {
                Show::Item { item, .. } | Show::Fallback { item, .. } => {
                    assert!(!denied.contains(&item.digest()));
                }
                Show::Template { item } => {
                    assert!(!denied.contains(&item.digest()));
                    assert!(ordered_ms > 0, "an order is shown that is over");
                }
                Show::Factory { .. } => {}
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_story_lowers_a_counter_shows_what_was_taken_down_or_ends_in_the_dark(story in steps()) {
        let mut model = Model::new();
        for step in &story {
            model.apply(step);
            model.check();
        }
    }
}
