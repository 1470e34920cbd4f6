//! Hundreds of harmed files through the real decoders: no crash, no darkness, and nothing spoilt
//! beyond the slot of each.

use std::collections::BTreeMap;
use std::path::Path;
use std::thread;
use std::time::Duration;

use cotmoc_wall::pipeline::{Cue, CueId, EngineEvent, Showing};

use crate::support::harm::{harmed, with_sums_that_fit};
use crate::support::media::{Clip, still};
use crate::support::wall::{MS, SECOND, STANDBY_ITEM, Wall, ZONE, medium};

const FILES: u64 = 200;
/// Played at the same time, each on an engine of its own.
const WALLS: u64 = 4;
const GOOD_ITEM: u8 = 1;
const LENGTH_MS: u32 = 400;

#[test]
fn b10_two_hundred_harmed_videos_cost_their_own_slots_and_no_more() {
    all_cost_only_their_slots("mp4", |folder, number| {
        let good = std::fs::read(Clip::h264(2, LENGTH_MS).tone(440).make(folder)).unwrap();
        harmed(&good, number)
    });
}

#[test]
fn b10_two_hundred_harmed_stills_cost_their_own_slots_and_no_more() {
    all_cost_only_their_slots("png", |folder, number| {
        let good = std::fs::read(still(2, "good.png", folder)).unwrap();
        let bad = harmed(&good, number / 2);
        if number % 2 == 0 {
            bad
        } else {
            with_sums_that_fit(bad)
        }
    });
}

fn all_cost_only_their_slots(ending: &str, harm: fn(&Path, u64) -> Vec<u8>) {
    let verdicts: Vec<&'static str> = thread::scope(|scope| {
        let walls: Vec<_> = (0..WALLS)
            .map(|first| scope.spawn(move || play(ending, harm, first)))
            .collect();
        walls.into_iter().flat_map(|w| w.join().unwrap()).collect()
    });
    let mut counts = BTreeMap::new();
    for verdict in verdicts {
        *counts.entry(verdict).or_insert(0_u64) += 1;
    }
    assert_eq!(counts.values().sum::<u64>(), FILES, "{counts:?}");
    assert!(counts.contains_key("undecodable"), "{counts:?}");
    assert!(counts.contains_key("played"), "{counts:?}");
}

/// Plays every `WALLS`th file, and something good after each; says what became of them.
fn play(ending: &str, harm: fn(&Path, u64) -> Vec<u8>, first: u64) -> Vec<&'static str> {
    let mut wall = Wall::start_with(|config| {
        config.patience.preroll_limit = Duration::from_secs(5);
        config.patience.stall_after = Duration::from_secs(2);
    });
    let good = still(GOOD_ITEM, "after.png", wall.path());
    let mut bad_ids = Vec::new();
    let mut verdicts = Vec::new();
    cut_to(&mut wall, &good);
    for number in (first..FILES).step_by(usize::try_from(WALLS).unwrap()) {
        let path = wall.path().join(format!("harmed-{number}.{ending}"));
        std::fs::write(&path, harm(wall.path(), number)).unwrap();
        let cue = wall.cue_reading(medium(&path), wall.engine.now_ns(), 600 * SECOND);
        bad_ids.push(cue.id);
        wall.engine.cut(ZONE, cue.clone()).unwrap();
        verdicts.push(verdict(&mut wall, &cue));
        cut_to(&mut wall, &good);
    }
    assert_the_rest_is_right(&wall, &bad_ids);
    wall.wait_until_true("nothing is left behind", || {
        wall.engine.status().leaked == 0
    });
    assert!(wall.engine.status().output_ok);
    wall.stop();
    verdicts
}

fn cut_to(wall: &mut Wall, path: &Path) {
    let cue = wall.cue_of(path, wall.engine.now_ns(), 600 * SECOND);
    wall.engine.cut(ZONE, cue.clone()).unwrap();
    wall.wait_for_start_of(&cue);
}

/// The fault of the cue, or that it played its length.
fn verdict(wall: &mut Wall, cue: &Cue) -> &'static str {
    let id = cue.id;
    let started = |e: &EngineEvent| matches!(e, EngineEvent::Started { cue, .. } if *cue == id);
    let failed = |e: &EngineEvent| matches!(e, EngineEvent::Fault { cue, .. } if *cue == id);
    let label = cue.medium.label.clone();
    let event = wall.wait_for(&format!("a start or a fault of {label}"), |e| {
        started(e) || failed(e)
    });
    match event {
        EngineEvent::Started { at_ns, .. } => {
            wall.wait_until(at_ns + i64::from(LENGTH_MS) * MS);
            "played"
        }
        EngineEvent::Fault { fault, .. } => fault.code(),
        other => panic!("{other:?}"),
    }
}

/// Whatever is not of a harmed file is the right picture; a harmed one has its own slot only.
fn assert_the_rest_is_right(wall: &Wall, bad: &[CueId]) {
    for seen in wall.seen() {
        let item = seen.stamp.map(|stamp| stamp.item);
        match seen.showing {
            Showing::Cue(id) if bad.contains(&id) => {}
            Showing::Cue(_) => assert_eq!(item, Some(GOOD_ITEM), "{seen:?}"),
            Showing::Standby => assert_eq!(item, Some(STANDBY_ITEM), "{seen:?}"),
            Showing::Dark => panic!("dark without a plan: {seen:?}"),
        }
    }
}
