//! What the owner orders: cut, dark, standby, another time.

use std::fs::File;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use cotmoc_wall::pipeline::{EngineError, EngineEvent, Showing, ZoneId};

use crate::support::barcode;
use crate::support::media::{Clip, HEIGHT, WIDTH, luma_of_png, still};
use crate::support::wall::{MS, SECOND, STANDBY_ITEM, Wall, ZONE, medium_read_by};

#[test]
fn a_cut_replaces_what_is_on_air_and_everything_announced() {
    let mut wall = Wall::start();
    let long = Clip::h264(1, 20_000).make(wall.path());
    let other = still(2, "other.png", wall.path());
    let urgent = still(3, "urgent.png", wall.path());
    let first = wall.cue_of(&long, wall.soon(SECOND), 20 * SECOND);
    let never = wall.cue_of(&other, first.ends_at_ns, SECOND);
    wall.engine.cue(ZONE, first.clone()).unwrap();
    wall.engine.cue(ZONE, never.clone()).unwrap();
    wall.wait_for_start_of(&first);
    let cut = wall.cue_of(&urgent, wall.engine.now_ns(), 40 * SECOND);
    wall.engine.cut(ZONE, cut.clone()).unwrap();
    let EngineEvent::Started { at_ns, .. } = wall.wait_for_start_of(&cut) else {
        panic!("not a start");
    };
    let ended = wall.wait_for_end_of(&first);

    let seen = wall.seen_in(first.starts_at_ns, i64::MAX);
    assert!(
        seen.iter()
            .all(|s| s.showing == Showing::Cue(if s.at_ns < at_ns { first.id } else { cut.id }))
    );
    assert!(at_ns < never.starts_at_ns);
    let dropped = wall.engine.status().frames_dropped;
    assert!(
        matches!(ended, EngineEvent::Ended { lost, .. } if lost <= dropped),
        "{ended:?}"
    );
    wall.stop();
}

#[test]
fn darkness_is_black_by_plan_and_ends_with_the_next_cue() {
    let mut wall = Wall::start();
    let clip = Clip::h264(1, 1000).tone(440).make(wall.path());
    let starts = wall.soon(2 * SECOND);
    let before = wall.cue_of(&clip, starts, SECOND);
    wall.engine.cue(ZONE, before.clone()).unwrap();
    wall.engine.dark(ZONE, before.ends_at_ns).unwrap();
    let after = wall.cue_of(&clip, starts + 3 * SECOND, SECOND);
    wall.engine.cue(ZONE, after.clone()).unwrap();
    wall.wait_for(
        "darkness",
        |e| matches!(e, EngineEvent::Dark { at_ns, .. } if *at_ns == before.ends_at_ns),
    );
    wall.wait_for_end_of(&after);

    let dark = wall.seen_in(before.ends_at_ns, after.starts_at_ns);
    assert!(!dark.is_empty());
    assert!(dark.iter().all(|s| s.black && s.showing == Showing::Dark));
    let back = wall.seen_in(after.starts_at_ns, after.ends_at_ns);
    assert!(!back.is_empty());
    assert!(
        back.iter()
            .all(|s| !s.black && s.showing == Showing::Cue(after.id))
    );
    wall.stop();
}

#[test]
fn the_standby_picture_can_be_ordered_at_once() {
    let mut wall = Wall::start();
    let clip = Clip::h264(1, 20_000).make(wall.path());
    let cue = wall.cue_of(&clip, wall.engine.now_ns(), 20 * SECOND);
    wall.engine.cut(ZONE, cue.clone()).unwrap();
    wall.wait_for_start_of(&cue);
    wall.engine.standby(ZONE, wall.engine.now_ns()).unwrap();
    wall.wait_for_end_of(&cue);
    let last = *wall.seen().last().unwrap();
    assert_eq!(last.showing, Showing::Standby);
    assert_eq!(last.stamp.unwrap().item, STANDBY_ITEM);
    wall.stop();
}

#[test]
fn a_video_shorter_than_its_slot_keeps_its_last_frame_and_a_longer_one_is_cut() {
    let mut wall = Wall::start();
    let short = Clip::h264(1, 1000).make(wall.path());
    let long = Clip::h264(2, 4000).make(wall.path());
    let starts = wall.soon(2 * SECOND);
    let cues = wall.announce(&[short, long.clone(), long], starts, 2 * SECOND);
    wall.wait_for_end_of(&cues[2]);

    let held = wall.seen_in(starts + 1100 * MS, starts + 2 * SECOND);
    assert!(!held.is_empty());
    assert!(
        held.iter()
            .all(|s| s.stamp.unwrap().frame == 29 && s.stamp.unwrap().item == 1)
    );
    let cut = wall.seen_in(cues[2].starts_at_ns, cues[2].ends_at_ns);
    assert!(
        cut.iter()
            .all(|s| s.showing == Showing::Cue(cues[2].id) && s.stamp.unwrap().frame < 60)
    );
    wall.stop();
}

#[test]
fn the_picture_is_a_png_of_the_item_on_air() {
    let mut wall = Wall::start();
    let clip = Clip::h264(9, 20_000).make(wall.path());
    let cue = wall.cue_of(&clip, wall.engine.now_ns(), 20 * SECOND);
    wall.engine.cut(ZONE, cue.clone()).unwrap();
    wall.wait_for_start_of(&cue);
    let png = wall.engine.picture().unwrap();
    let luma = luma_of_png(&png);
    let stamp = barcode::read(|x, y| luma[y * WIDTH + x], WIDTH, HEIGHT).unwrap();
    assert_eq!(stamp.item, 9);
    wall.stop();
}

#[test]
fn a_step_of_group_time_moves_the_programme_and_a_small_correction_is_slewed() {
    let mut wall = Wall::start();
    let offset = wall.engine.now_ns() - cotmoc_wall::pipeline::monotonic_ns().unwrap();
    let first = still(1, "one.png", wall.path());
    let second = still(2, "two.png", wall.path());
    let starts = wall.soon(2 * SECOND);
    let cues = wall.announce(&[first, second], starts, 100 * SECOND);
    wall.wait_for_start_of(&cues[0]);
    wall.engine.set_offset(offset + 10 * MS);
    let soon_after = wall.engine.now_ns() - cotmoc_wall::pipeline::monotonic_ns().unwrap();
    assert!(
        soon_after < offset + 9 * MS,
        "the correction was not slewed"
    );
    wall.wait_until_true("the correction", || {
        let now = wall.engine.now_ns() - cotmoc_wall::pipeline::monotonic_ns().unwrap();
        now >= offset + 9 * MS
    });
    wall.engine.set_offset(offset + 95 * SECOND);
    wall.wait_for_start_of(&cues[1]);
    let ticks: Vec<i64> = wall.seen().iter().map(|s| s.at_ns).collect();
    assert!(ticks.windows(2).all(|w| w[0] < w[1]), "a tick came twice");
    wall.engine.set_offset(offset - 50 * SECOND);
    let before = wall.engine.status().frames_presented;
    wall.wait_until_true("frames after a step back", || {
        wall.engine.status().frames_presented > before + 10
    });
    assert!(wall.seen().last().unwrap().at_ns < *ticks.last().unwrap());
    wall.stop();
}

#[test]
fn an_order_for_a_zone_that_is_not_there_is_refused() {
    let wall = Wall::start();
    let refused = wall.engine.dark(ZoneId(7), 0);
    assert!(matches!(
        refused,
        Err(EngineError::NoSuchZone { zone: ZoneId(7) })
    ));
    wall.stop();
}

#[test]
fn a_cue_that_is_announced_again_is_not_decoded_again() {
    let mut wall = Wall::start();
    let clip = Clip::h264(1, 2000).make(wall.path());
    let opened = Arc::new(AtomicUsize::new(0));
    let (count, file) = (Arc::clone(&opened), clip.clone());
    let counting = medium_read_by(
        &clip,
        Arc::new(move || {
            count.fetch_add(1, Ordering::SeqCst);
            Ok(Box::new(File::open(&file)?))
        }),
    );
    let cue = wall.cue_reading(counting, wall.soon(2 * SECOND), SECOND);
    for _ in 0..5 {
        wall.engine.cue(ZONE, cue.clone()).unwrap();
    }
    wall.wait_until_true("the decoded cue", || {
        wall.engine.status().zones[0].next_ready
    });
    wall.engine.cue(ZONE, cue.clone()).unwrap();
    wall.wait_for_start_of(&cue);
    wall.engine.cue(ZONE, cue.clone()).unwrap();
    wall.wait_for_end_of(&cue);
    assert_eq!(opened.load(Ordering::SeqCst), 1);
    wall.stop();
}

#[test]
fn after_the_last_slot_the_picture_is_held_for_a_moment_and_then_the_standby_picture_comes() {
    let mut wall = Wall::start();
    let clip = Clip::h264(1, 2000).make(wall.path());
    let cue = wall.cue_of(&clip, wall.soon(2 * SECOND), SECOND);
    wall.engine.cue(ZONE, cue.clone()).unwrap();
    wall.wait_for(
        "the hold",
        |e| matches!(e, EngineEvent::Held { cue: held, .. } if *held == cue.id),
    );
    wall.wait_for(
        "standby",
        |e| matches!(e, EngineEvent::Standby { at_ns, .. } if *at_ns > cue.ends_at_ns),
    );
    let held = wall.seen_in(cue.ends_at_ns, cue.ends_at_ns + 400 * MS);
    assert!(
        held.iter()
            .all(|s| s.showing == Showing::Cue(cue.id) && s.stamp.unwrap().frame == 29)
    );
    wall.stop();
}
