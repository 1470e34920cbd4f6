//! Stories of one board, and random ones against a board that obeys: bundles that do not start, that
//! are never well, and power cuts at every moment.

use super::*;
use proptest::prelude::*;

const MINUTES: Millis = 60 * SECOND;

fn version(number: u64) -> Version {
    Version { epoch: 1, number }
}

fn target(number: u64) -> Target {
    Target {
        version: version(number),
        health_ms: 5 * MINUTES,
    }
}

fn boot(number: u32) -> BootId {
    format!("boot-{number}").parse().unwrap()
}

fn started(slot: Slot, number: u32) -> Fact {
    Fact::Started {
        slot,
        boot: boot(number),
    }
}

/// A board that runs version 1 from A, with version 2 written and chosen.
fn chosen() -> Update {
    let mut update = Update::new(Slot::A, version(1));
    let keep = [Effect::Keep(Slot::A)];
    assert_eq!(update.observe(&started(Slot::A, 1), 0, false), keep);
    let install = Effect::Install {
        version: version(2),
        slot: Slot::B,
    };
    assert_eq!(update.observe(&Fact::Ready(target(2)), 1, false), [install]);
    assert_eq!(update.observe(&Fact::Installed(true), 2, false), []);
    assert_eq!(
        update.observe(&Fact::Time, 3, false),
        [],
        "people look at it"
    );
    let go = [Effect::TryOnce(Slot::B), Effect::Restart];
    assert_eq!(update.observe(&Fact::Time, 4, true), go);
    update
}

#[test]
fn software_that_is_well_without_a_break_is_kept() {
    let mut update = chosen();
    assert_eq!(update.observe(&started(Slot::B, 2), 0, false), []);
    assert_eq!(update.observe(&Fact::Health(true), 10 * SECOND, false), []);
    assert_eq!(update.observe(&Fact::Health(false), 20 * SECOND, false), []);
    assert_eq!(update.observe(&Fact::Health(true), 31 * SECOND, false), []);
    let kept = [
        Effect::Keep(Slot::B),
        Effect::Kept {
            version: version(2),
        },
    ];
    assert_eq!(
        update.observe(&Fact::Health(true), 51 * SECOND, false),
        kept
    );
    assert_eq!((update.slot(), update.version()), (Slot::B, version(2)));
}

#[test]
fn u04_software_that_is_not_well_in_its_time_is_left_and_given_up_after_three_tries() {
    let mut update = Update::new(Slot::A, version(1));
    update.observe(&started(Slot::A, 0), 0, false);
    for tries in 1..=MOST_TRIES {
        update.observe(&Fact::Ready(target(2)), 1, false);
        update.observe(&Fact::Installed(true), 2, false);
        update.observe(&Fact::Time, 3, true);
        update.observe(&started(Slot::B, 2 * tries), 0, false);
        assert_eq!(
            update.observe(&Fact::Health(false), 5 * MINUTES - 1, true),
            []
        );
        let back = [Effect::Keep(Slot::A), Effect::Restart];
        assert_eq!(update.observe(&Fact::Time, 5 * MINUTES, false), back);
        let failed = Effect::Failed {
            version: version(2),
            why: Failure::NotWell,
            is_last: tries == MOST_TRIES,
        };
        let said = update.observe(&started(Slot::A, 2 * tries + 1), 0, false);
        assert_eq!(said, [Effect::Keep(Slot::A), failed]);
    }
    assert!(!update.wants(version(2)));
    assert!(update.wants(version(3)));
    assert!(update.wants(Version {
        epoch: 2,
        number: 1
    }));
}

#[test]
fn a_slot_that_does_not_start_is_known_by_the_slot_that_did() {
    let mut update = chosen();
    let failed = Effect::Failed {
        version: version(2),
        why: Failure::NotStarted,
        is_last: false,
    };
    let said = update.observe(&started(Slot::A, 2), 0, false);
    assert_eq!(said, [Effect::Keep(Slot::A), failed]);
}

#[test]
fn what_is_older_or_being_tried_already_is_not_installed() {
    let mut update = chosen();
    assert_eq!(update.observe(&Fact::Ready(target(3)), 9, false), []);
    let mut update = Update::new(Slot::A, version(5));
    assert_eq!(update.observe(&Fact::Ready(target(5)), 9, false), []);
    assert_eq!(update.observe(&Fact::Ready(target(4)), 9, false), []);
}

/// What the bundle of a version does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Quality {
    Good,
    /// It cannot be written.
    Unwritable,
    /// The starter goes back to the old slot by itself.
    Dead,
    /// It runs and shows nothing.
    Sick,
}

#[derive(Debug, Clone, Copy)]
enum Happens {
    Minute,
    /// The process dies and starts again; so many of the effects that were due were carried out.
    Crash(usize),
    /// The board loses its power; the same.
    Cut(usize),
}

/// A board as it is outside: what is in its slots, and what its starter does.
struct Board {
    update: Update,
    /// What survives a cut: the machine as it was written last.
    disk: Update,
    slots: [u64; 2],
    kept: Slot,
    once: Option<Slot>,
    runs: Slot,
    boots: u32,
    mono_ms: Millis,
}

const fn index(slot: Slot) -> usize {
    match slot {
        Slot::A => 0,
        Slot::B => 1,
    }
}

impl Board {
    fn new() -> Self {
        let update = Update::new(Slot::A, version(1));
        Self {
            disk: update.clone(),
            update,
            slots: [1, 0],
            kept: Slot::A,
            once: None,
            runs: Slot::A,
            boots: 0,
            mono_ms: 0,
        }
    }

    /// Starts from the slot that is due; a dead one is passed over.
    fn start(&mut self, quality: impl Fn(u64) -> Quality) -> Fact {
        self.boots += 1;
        self.mono_ms = 0;
        let wanted = self.once.take().unwrap_or(self.kept);
        let holds = self.slots[index(wanted)];
        let starts = holds != 0 && quality(holds) != Quality::Dead;
        self.runs = if starts { wanted } else { wanted.other() };
        self.update = self.disk.clone();
        started(self.runs, self.boots)
    }

    /// Carries out one effect: what follows from it, and whether it starts the board again.
    fn carry_out(
        &mut self,
        effect: Effect,
        quality: impl Fn(u64) -> Quality,
    ) -> (Option<Fact>, bool) {
        match effect {
            Effect::Install { version, slot } => {
                assert_ne!(slot, self.runs, "it writes what it runs from");
                assert_ne!(slot, self.update.slot(), "it writes what it falls back to");
                let good = quality(version.number) != Quality::Unwritable;
                self.slots[index(slot)] = if good { version.number } else { 0 };
                return (Some(Fact::Installed(good)), false);
            }
            Effect::TryOnce(slot) => self.once = Some(slot),
            Effect::Keep(slot) => {
                self.kept = slot;
                self.once = None;
            }
            Effect::Restart => return (None, true),
            Effect::Kept { .. } | Effect::Failed { .. } => {}
        }
        (None, false)
    }

    /// Tells the machine facts until nothing follows, or `budget` effects are carried out; `true` if the
    /// board starts again then.
    fn tell(
        &mut self,
        mut facts: Vec<Fact>,
        mut budget: usize,
        quality: impl Fn(u64) -> Quality,
    ) -> bool {
        while !facts.is_empty() {
            let fact = facts.remove(0);
            let before = self.update.version();
            let effects = self.update.observe(&fact, self.mono_ms, true);
            self.disk = self.update.clone();
            assert!(self.update.version() >= before, "it went back by itself");
            for effect in effects {
                if budget == 0 {
                    return false;
                }
                budget -= 1;
                let (more, restarts) = self.carry_out(effect, &quality);
                facts.extend(more);
                if restarts {
                    return true;
                }
            }
        }
        false
    }

    fn health(&self, quality: impl Fn(u64) -> Quality) -> Fact {
        Fact::Health(quality(self.slots[index(self.runs)]) == Quality::Good)
    }
}

fn quality() -> impl Strategy<Value = Quality> {
    prop_oneof![
        Just(Quality::Good),
        Just(Quality::Unwritable),
        Just(Quality::Dead),
        Just(Quality::Sick)
    ]
}

fn happens() -> impl Strategy<Value = Happens> {
    prop_oneof![
        6 => Just(Happens::Minute),
        1 => (0usize..4).prop_map(Happens::Crash),
        2 => (0usize..4).prop_map(Happens::Cut),
    ]
}

/// Runs a story and then lets the board alone for an hour. Whatever happened, it ends on a version
/// that is good, and on the newest good one if nothing went wrong with it three times.
fn run(qualities: &[Quality], story: &[Happens]) -> (Board, u64) {
    let of = |number: u64| match number {
        0 => Quality::Dead,
        1 => Quality::Good,
        _ => qualities[usize::try_from(number).unwrap() - 2],
    };
    let newest = 1 + u64::try_from(qualities.len()).unwrap();
    let mut board = Board::new();
    let mut first = vec![board.start(of)];
    let calm = std::iter::repeat_n(Happens::Minute, 120);
    for happens in story.iter().copied().chain(calm) {
        board.mono_ms += MINUTES;
        let mut facts = std::mem::take(&mut first);
        facts.extend([board.health(of), Fact::Ready(target(newest)), Fact::Time]);
        let (budget, is_cut) = match happens {
            Happens::Minute => (usize::MAX, false),
            Happens::Crash(most) => (most, false),
            Happens::Cut(most) => (most, true),
        };
        let restarts = board.tell(facts, budget, of);
        if restarts || is_cut {
            first = vec![board.start(of)];
        } else if budget != usize::MAX {
            board.update = board.disk.clone();
            first = vec![started(board.runs, board.boots)];
        }
    }
    (board, newest)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn u05_whatever_is_cut_off_the_board_ends_with_software_that_is_well(
        qualities in prop::collection::vec(quality(), 1..4),
        story in prop::collection::vec(happens(), 0..40),
    ) {
        let (board, newest) = run(&qualities, &story);
        let runs = board.slots[index(board.runs)];
        let newest_is_good = qualities.last() == Some(&Quality::Good);
        prop_assert!(runs == 1 || (runs == newest && newest_is_good), "it runs {runs}");
        prop_assert_eq!(board.runs, board.kept);
        prop_assert_eq!(board.update.version().number, runs);
        prop_assert_eq!(board.update.phase(), &Phase::Idle);
    }

    #[test]
    fn good_software_is_kept_when_nothing_is_cut_off(count in 1usize..4) {
        let (board, newest) = run(&vec![Quality::Good; count], &[]);
        prop_assert_eq!(board.update.version(), version(newest));
    }
}
