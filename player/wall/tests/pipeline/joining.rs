//! Items that begin in their middle: a wall that starts late shows what the others show.

use std::fs::File;
use std::sync::{Arc, Mutex, mpsc};

use cotmoc_wall::pipeline::EngineEvent;

use crate::support::media::{Clip, still};
use crate::support::wall::{MS, SECOND, Wall, ZONE, medium};

#[test]
fn a_cue_with_an_offset_begins_with_exactly_that_frame() {
    let mut wall = Wall::start();
    let path = Clip::h264(5, 6000).make(wall.path());
    let starts = wall.soon(2 * SECOND);
    let mut cue = wall.cue_of(&path, starts, SECOND);
    cue.offset_ns = 3500 * MS;
    wall.engine.cue(ZONE, cue.clone()).unwrap();
    wall.wait_for_end_of(&cue);

    let seen = wall.seen_in(starts, cue.ends_at_ns);
    let first = seen.first().unwrap();
    let due = (first.at_ns - starts + cue.offset_ns + MS / 2) * 30 / SECOND;
    assert_eq!(i64::from(first.stamp.unwrap().frame), due);
    assert_eq!(first.at_ns, starts, "the first tick of the slot was lost");
    wall.stop();
}

#[test]
fn a_cue_whose_slot_has_begun_is_joined_where_it_stands() {
    let mut wall = Wall::start();
    let path = Clip::h264(6, 8000).tone(440).make(wall.path());
    let cue = wall.cue_of(&path, wall.engine.now_ns() - 3 * SECOND, 8 * SECOND);
    wall.engine.cut(ZONE, cue.clone()).unwrap();
    wall.wait_for_start_of(&cue);
    wall.wait_until(cue.starts_at_ns + 6 * SECOND);

    let seen = wall.seen_in(cue.starts_at_ns + 5 * SECOND, cue.starts_at_ns + 6 * SECOND);
    assert!(!seen.is_empty());
    for frame in seen {
        let due = (frame.at_ns - cue.starts_at_ns + MS / 2) * 30 / SECOND;
        let shown = i64::from(frame.stamp.unwrap().frame);
        assert!((due - 3..=due).contains(&shown), "due {due}, shown {shown}");
    }
    let first = wall
        .seen()
        .into_iter()
        .find(|s| s.stamp.is_some_and(|s| s.item == 6));
    assert!(
        first.unwrap().stamp.unwrap().frame >= 80,
        "it began too early in the medium"
    );
    wall.stop();
}

#[test]
fn a_cue_joined_after_its_video_has_ended_shows_the_last_frame() {
    let mut wall = Wall::start();
    let path = Clip::h264(7, 2000).make(wall.path());
    let cue = wall.cue_of(&path, wall.engine.now_ns() - 4 * SECOND, 8 * SECOND);
    wall.engine.cut(ZONE, cue.clone()).unwrap();
    wall.wait_for_end_of(&cue);

    let seen = wall.seen();
    let shown: Vec<u16> = seen
        .iter()
        .filter_map(|s| s.stamp.filter(|s| s.item == 7))
        .map(|s| s.frame)
        .collect();
    assert!(!shown.is_empty());
    assert!(shown.iter().all(|frame| *frame == 59), "shown {shown:?}");
    wall.stop();
}

#[test]
fn a_cue_joined_too_near_its_end_to_be_decoded_is_not_blamed_for_it() {
    let mut wall = Wall::start();
    let path = Clip::h264(8, 2000).make(wall.path());
    let (release, gate) = mpsc::channel::<()>();
    let gate = Mutex::new(gate);
    let mut late = medium(&path);
    late.open = Arc::new(move || {
        assert!(gate.lock().unwrap().recv().is_err(), "nothing is sent");
        Ok(Box::new(File::open(&path)?))
    });
    let now = wall.engine.now_ns();
    let mut joined = wall.cue_reading(late, now - SECOND, 2 * SECOND);
    joined.ends_at_ns = now + SECOND / 2;
    let picture = still(9, "nine.png", wall.path());
    let next = wall.cue_of(&picture, joined.ends_at_ns, 60 * SECOND);
    wall.engine.cut(ZONE, joined).unwrap();
    wall.engine.cue(ZONE, next.clone()).unwrap();
    wall.wait_for_start_of(&next);

    let blamed = |event: &EngineEvent| matches!(event, EngineEvent::Fault { .. });
    assert!(!wall.events().iter().any(blamed), "{:#?}", wall.events());
    assert!(wall.seen().iter().all(|s| !s.black));
    drop(release);
    wall.stop();
}
