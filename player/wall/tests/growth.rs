//! Many short items leave nothing behind. Alone in its process, because it counts what the process holds.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    reason = "a test that meets something unexpected shall fail on the spot"
)]

#[path = "pipeline/support"]
#[allow(dead_code, reason = "shared with the other tests of the engine")]
mod support {
    pub mod barcode;
    pub mod media;
    pub mod wall;
}

use support::media::{Clip, still};
use support::wall::{MS, SECOND, Wall};

fn entries(folder: &str) -> usize {
    std::fs::read_dir(folder).unwrap().count()
}

#[test]
fn sixty_short_items_leave_no_thread_and_no_open_file_behind() {
    let mut wall = Wall::start();
    let kinds = [
        Clip::h264(1, 500).tone(440).make(wall.path()),
        still(2, "two.jpg", wall.path()),
        Clip::h264(3, 500).rate(25, 1).make(wall.path()),
        still(4, "four.webp", wall.path()),
    ];
    let list: Vec<_> = kinds.iter().cycle().take(60).cloned().collect();
    let cues = wall.announce(&list, wall.soon(2 * SECOND), 500 * MS);
    wall.wait_for_end_of(&cues[9]);
    let (threads, files) = (entries("/proc/self/task"), entries("/proc/self/fd"));
    wall.wait_for_end_of(&cues[59]);
    wall.wait_until_true("the end of all decoders", || {
        entries("/proc/self/task") <= threads && entries("/proc/self/fd") <= files
    });
    assert!(wall.seen().iter().all(|s| !s.black));
    wall.stop();
}
