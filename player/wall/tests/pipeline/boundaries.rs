//! What is seen where one item ends and the next begins.

use cotmoc_wall::pipeline::{Cue, EngineEvent, Showing};

use crate::support::media::{Clip, still};
use crate::support::wall::{MS, SECOND, STANDBY_ITEM, Wall};

/// Every frame on a tick of the cue's slot shows that cue, and the frame that is due.
fn assert_slot(wall: &Wall, cue: &Cue, item: u8, rate: Option<(i64, i64)>) {
    let seen = wall.seen_in(cue.starts_at_ns, cue.ends_at_ns);
    assert!(!seen.is_empty(), "item {item} was never presented");
    let mut behind = 0;
    for frame in &seen {
        assert_eq!(frame.showing, Showing::Cue(cue.id), "at {}", frame.at_ns);
        let stamp = frame
            .stamp
            .unwrap_or_else(|| panic!("no stamp in item {item}"));
        assert_eq!(stamp.item, item);
        let local = frame.at_ns - cue.starts_at_ns + cue.offset_ns;
        let due = rate.map_or(0, |(num, den)| (local + MS / 2) * num / (den * SECOND));
        assert!(i64::from(stamp.frame) <= due, "item {item} ran ahead");
        behind += usize::from(i64::from(stamp.frame) < due);
    }
    assert!(
        behind * 10 <= seen.len(),
        "item {item}: {behind} of {} frames behind",
        seen.len()
    );
}

fn lost(event: &EngineEvent) -> u64 {
    match event {
        EngineEvent::Ended { lost, .. } => *lost,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_mixed_list_is_shown_in_order_without_black_and_each_item_from_its_first_tick_to_its_last() {
    let mut wall = Wall::start();
    let folder = wall.path().to_owned();
    let clip = |item| Clip::h264(item, 2000);
    let list = [
        (clip(1).tone(440).make(&folder), Some((30, 1))),
        (
            clip(2).rate(25, 1).size(640, 360).make(&folder),
            Some((25, 1)),
        ),
        (still(3, "three.jpg", &folder), None),
        (
            clip(4).rate(24000, 1001).tone(660).make(&folder),
            Some((24000, 1001)),
        ),
        (clip(5).codec("libx265").make(&folder), Some((30, 1))),
        (still(6, "six.png", &folder), None),
        (
            clip(7).codec("libvpx-vp9").rate(25, 1).make(&folder),
            Some((25, 1)),
        ),
        (clip(8).codec("libaom-av1").make(&folder), Some((30, 1))),
        (still(9, "nine.webp", &folder), None),
        (clip(10).rate(60, 1).tone(880).make(&folder), Some((60, 1))),
    ];
    let paths: Vec<_> = list.iter().map(|l| l.0.clone()).collect();
    let starts = wall.soon(2 * SECOND);
    let cues = wall.announce(&paths, starts, 2 * SECOND);
    let ends: Vec<EngineEvent> = cues.iter().map(|c| wall.wait_for_end_of(c)).collect();

    for (item, (cue, (_, rate))) in (1..).zip(cues.iter().zip(&list)) {
        let rate = rate.map(|(n, d): (u32, u32)| (i64::from(n), i64::from(d)));
        assert_slot(&wall, cue, item, rate);
    }
    let dropped = wall.engine.status().frames_dropped;
    let missing: u64 = ends.iter().map(lost).sum();
    assert!(
        missing <= dropped,
        "{missing} ticks lost, the machine dropped {dropped}"
    );
    assert!(wall.seen().iter().all(|s| !s.black));
    let before = wall.seen_in(0, starts);
    assert!(
        before
            .iter()
            .all(|s| s.stamp.map(|s| s.item) == Some(STANDBY_ITEM))
    );
    wall.stop();
}
