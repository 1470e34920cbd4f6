//! What is seen where one item ends and the next begins.

use cotmoc_wall::pipeline::EngineEvent;

use crate::support::media::{Clip, still};
use crate::support::wall::{SECOND, STANDBY_ITEM, Wall, ZONE, lost};

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
        wall.assert_shown((ZONE, cue), cue.starts_at_ns, (item, rate));
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
