//! Many short items and scenes leave nothing behind. Alone in its process, because it counts what the process holds.
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

use cotmoc_wall::pipeline::{PixelArea, Scene, SceneId, ScenePlace, ZoneId};
use std::path::Path;
use support::media::{Clip, HEIGHT, WIDTH, still};
use support::wall::{MS, SECOND, Wall};

fn entries(folder: &str) -> usize {
    std::fs::read_dir(folder).unwrap().count()
}

/// Shows two zones one over the other, of a size that is new each time, both with `path`, and waits until they do.
fn change_scene(wall: &Wall, number: u16, path: &Path) {
    let [width, height] = [WIDTH, HEIGHT].map(|edge| i32::try_from(edge).unwrap());
    let zones = [2 * number, 2 * number + 1].map(ZoneId);
    let half = height / 2 + i32::from(number % 7);
    let places = [(0, half), (half, height - half)];
    let zones = zones.into_iter().zip(places);
    let scene = Scene {
        id: SceneId(number.into()),
        width: u32::try_from(width).unwrap(),
        height: u32::try_from(height).unwrap(),
        zones: zones
            .map(|(zone, (y, height))| ScenePlace {
                zone,
                area: PixelArea {
                    x: 0,
                    y,
                    width,
                    height,
                },
            })
            .collect(),
        overlays: Vec::new(),
    };
    let zones: Vec<ZoneId> = scene.zones.iter().map(|place| place.zone).collect();
    let id = scene.id;
    wall.engine.prepare(scene).unwrap();
    let now = wall.engine.now_ns();
    for zone in zones {
        let cue = wall.cue_of(path, now, 1000 * SECOND);
        wall.engine.cue(zone, cue).unwrap();
    }
    wall.engine.take(id, now).unwrap();
    wall.wait_until_true("the next scene", || wall.engine.status().scene == id);
}

#[test]
fn sixty_short_items_and_forty_scenes_leave_no_thread_and_no_open_file_behind() {
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
    for number in 1..=40 {
        change_scene(&wall, number, &kinds[usize::from(number) % kinds.len()]);
    }
    wall.wait_until_true("the end of what scenes left", || {
        entries("/proc/self/task") <= threads && entries("/proc/self/fd") <= files
    });
    assert_eq!(wall.engine.status().zones.len(), 2);
    assert!(wall.seen().iter().all(|s| !s.black));
    wall.stop();
}
