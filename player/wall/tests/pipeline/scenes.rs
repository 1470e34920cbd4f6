//! Several zones on one canvas, one scene after the other, and pictures held ready.

use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use cotmoc_canvas::{PictureMut, Tone, Yuv};
use cotmoc_wall::pipeline::{
    Cue, EngineError, EngineEvent, Medium, OutputConfig, Overlay, PixelArea, Scene, SceneId,
    ScenePlace, Showing, SinkKind, ZoneId,
};

use crate::sound::longest_silence;
use crate::support::media::{Clip, HEIGHT, WIDTH, still};
use crate::support::wall::{MS, SECOND, STANDBY_ITEM, Wall, ZONE, lost, medium, medium_read_by};

const LEFT: ZoneId = ZoneId(1);
const RIGHT: ZoneId = ZoneId(2);
pub const TICK: i64 = SECOND / 30;

/// A wall of two pictures' width.
fn wide_wall() -> Wall {
    Wall::start_with(|config| {
        config.width *= 2;
        let (width, height) = (config.width, config.height);
        config.outputs = vec![OutputConfig::whole(SinkKind::Headless, width, height)];
    })
}

/// Two zones side by side.
fn halves(id: u64) -> Scene {
    let [width, height] = [WIDTH, HEIGHT].map(|edge| i32::try_from(edge).unwrap());
    let place = |zone, x| ScenePlace {
        zone,
        area: PixelArea {
            x,
            y: 0,
            width,
            height,
        },
    };
    Scene {
        id: SceneId(id),
        width: u32::try_from(2 * WIDTH).unwrap(),
        height: u32::try_from(HEIGHT).unwrap(),
        zones: vec![place(LEFT, 0), place(RIGHT, width)],
        overlays: Vec::new(),
    }
}

fn announce(wall: &Wall, zone: ZoneId, paths: &[PathBuf], starts: i64, length: i64) -> Vec<Cue> {
    let starts = (0..).map(|i| starts + i * length);
    let cues: Vec<Cue> = paths
        .iter()
        .zip(starts)
        .map(|(path, start)| wall.cue_of(path, start, length))
        .collect();
    for cue in &cues {
        wall.engine.cue(zone, cue.clone()).unwrap();
    }
    cues
}

pub fn assert_lost_no_more_than_the_machine(wall: &mut Wall, cues: &[Cue]) {
    let ends: Vec<EngineEvent> = cues.iter().map(|c| wall.wait_for_end_of(c)).collect();
    let dropped = wall.engine.status().frames_dropped;
    for end in &ends {
        assert!(
            lost(end) <= dropped,
            "{end:?}, the machine dropped {dropped}"
        );
    }
}

#[test]
fn two_zones_play_different_lists_and_each_is_exact_at_every_boundary() {
    let mut wall = wide_wall();
    let folder = wall.path().to_owned();
    let clip = |item| Clip::h264(item, 1000);
    let left = [clip(1), clip(2), clip(3), clip(4)].map(|clip| clip.make(&folder));
    let right = [
        clip(5).codec("libvpx-vp9").make(&folder),
        still(6, "six.png", &folder),
        clip(7).rate(25, 1).make(&folder),
        clip(8).make(&folder),
    ];
    wall.engine.prepare(halves(1)).unwrap();
    let starts = wall.soon(3 * SECOND);
    let left = announce(&wall, LEFT, &left, starts, SECOND);
    let right = announce(&wall, RIGHT, &right, starts, SECOND);
    wall.engine.take(SceneId(1), wall.engine.now_ns()).unwrap();
    let all = [left.clone(), right.clone()].concat();
    assert_lost_no_more_than_the_machine(&mut wall, &all);

    for (item, cue) in (1..).zip(&left) {
        wall.assert_shown((LEFT, cue), cue.starts_at_ns, (item, Some((30, 1))));
    }
    let rates = [Some((30, 1)), None, Some((25, 1)), Some((30, 1))];
    for ((item, cue), rate) in (5..).zip(&right).zip(rates) {
        wall.assert_shown((RIGHT, cue), cue.starts_at_ns, (item, rate));
    }
    assert!(wall.seen().iter().all(|s| !s.black));
    let before = wall.seen_of(RIGHT, 0, starts);
    let standby = |s: &crate::support::wall::Seen| s.stamp.unwrap().item == STANDBY_ITEM;
    assert!(!before.is_empty() && before.iter().all(standby));
    let pictures = |wall: &Wall| {
        let seen = wall.seen().into_iter();
        u64::try_from(seen.filter(|s| s.zone != RIGHT).count()).unwrap()
    };
    let before = pictures(&wall);
    let status = wall.engine.status();
    assert_eq!(status.scene, SceneId(1));
    let counted = status.frames_presented;
    assert!(before <= counted + 1 && counted <= pictures(&wall));
    wall.stop();
}

#[test]
fn between_two_scenes_there_is_no_tick_without_a_picture_of_the_programme() {
    let mut wall = wide_wall();
    let folder = wall.path().to_owned();
    let first = Clip::h264(1, 20_000).tone(440).make(&folder);
    let [left, right] =
        [(2, 660), (3, 880)].map(|(item, hz)| Clip::h264(item, 2000).tone(hz).make(&folder));
    let first = wall.cue_of(&first, wall.soon(SECOND), 100 * SECOND);
    wall.engine.cue(ZONE, first.clone()).unwrap();
    wall.wait_for_start_of(&first);

    wall.engine.prepare(halves(7)).unwrap();
    let taken = wall.soon(3 * SECOND);
    let left = announce(&wall, LEFT, &[left], taken, 2 * SECOND);
    let right = announce(&wall, RIGHT, &[right], taken, 2 * SECOND);
    wall.engine.take(SceneId(7), taken).unwrap();
    wall.wait_for_start_of(&right[0]);
    assert_eq!(wall.engine.status().scene, SceneId(7));
    let first_end = wall.wait_for_end_of(&first);
    let both = [left.clone(), right.clone()].concat();
    assert_lost_no_more_than_the_machine(&mut wall, &both);

    let seen = wall.seen_in(first.starts_at_ns, left[0].ends_at_ns);
    assert!(
        seen.iter()
            .all(|s| !s.black && s.showing != Showing::Standby)
    );
    let last_old = seen.iter().rfind(|s| s.zone == ZONE).unwrap().at_ns;
    let first_new = seen.iter().find(|s| s.zone == LEFT).unwrap().at_ns;
    let first_right = seen.iter().find(|s| s.zone == RIGHT).unwrap().at_ns;
    assert!(last_old < first_new && first_new == first_right && first_new >= taken);
    let dropped = i64::try_from(wall.engine.status().frames_dropped).unwrap();
    assert!(first_new - last_old <= TICK * (dropped + 1) + MS);
    assert!(lost(&first_end) <= u64::try_from(dropped).unwrap());
    for (zone, cue, item) in [(LEFT, &left[0], 2), (RIGHT, &right[0], 3)] {
        wall.assert_shown((zone, cue), first_new, (item, Some((30, 1))));
    }
    // A machine that is late may be heard to be.
    if first_new == taken {
        let around = wall.heard_in(taken - 500 * MS, taken + 500 * MS);
        let silence = longest_silence(&around);
        assert!(silence < 48 * 5, "{silence} silent samples");
    }
    let gone = wall.engine.dark(ZONE, 0);
    assert!(matches!(gone, Err(EngineError::NoSuchZone { zone: ZONE })));
    wall.stop();
}

#[test]
fn a_scene_whose_pictures_are_not_decoded_in_time_does_not_take_the_air_before_they_are() {
    let mut wall = wide_wall();
    let first = Clip::h264(1, 3000).make(wall.path());
    let next = Clip::h264(2, 60_000).make(wall.path());
    let first = wall.cue_of(&first, wall.soon(SECOND), 3 * SECOND);
    wall.engine.cue(ZONE, first.clone()).unwrap();
    wall.wait_for_start_of(&first);
    wall.engine.prepare(halves(1)).unwrap();
    let taken = wall.engine.now_ns();
    let file = next.clone();
    let (go, gate) = std::sync::mpsc::channel::<()>();
    let gate = std::sync::Mutex::new(gate);
    let late = medium_read_by(
        &next,
        Arc::new(move || {
            assert!(gate.lock().unwrap().recv().is_err(), "nothing is sent");
            Ok(Box::new(File::open(&file)?))
        }),
    );
    let late = wall.cue_reading(late, taken, 60 * SECOND);
    wall.engine.cue(LEFT, late.clone()).unwrap();
    let unheard = Clip::h264(3, 20_000).tone(440).make(wall.path());
    let unheard = wall.cue_of(&unheard, taken, 60 * SECOND);
    wall.engine.cue(RIGHT, unheard.clone()).unwrap();
    wall.engine.take(SceneId(1), taken).unwrap();
    wall.wait_until(first.ends_at_ns + 2 * SECOND);
    assert_eq!(wall.engine.status().scene, SceneId(0));
    drop(go);
    wall.wait_for_start_of(&late);
    wall.wait_for_start_of(&unheard);

    let seen = wall.seen_in(first.starts_at_ns, i64::MAX);
    let shows = |zone, cue: &Cue| {
        let seen = seen.iter().filter(|s| s.zone == zone);
        seen.clone().count() > 0 && seen.clone().all(|s| s.showing == Showing::Cue(cue.id))
    };
    assert!(shows(ZONE, &first) && shows(LEFT, &late) && shows(RIGHT, &unheard));
    let joined = seen.iter().find(|s| s.zone == RIGHT).unwrap();
    let due = (joined.at_ns - unheard.starts_at_ns + MS / 2) * 30 / SECOND;
    let shown = i64::from(joined.stamp.unwrap().frame);
    assert!((due - 5..=due).contains(&shown), "due {due}, shown {shown}");
    let fault = |e: &EngineEvent| matches!(e, EngineEvent::Fault { .. });
    assert!(!wall.events().iter().any(fault));
    wall.stop();
}

/// A medium that counts how often it is opened.
fn counted(path: &std::path::Path) -> (Medium, Arc<AtomicUsize>) {
    let opened = Arc::new(AtomicUsize::new(0));
    let (count, file) = (Arc::clone(&opened), path.to_owned());
    let open = Arc::new(
        move || -> io::Result<Box<dyn cotmoc_wall::pipeline::MediaReader>> {
            count.fetch_add(1, Ordering::SeqCst);
            Ok(Box::new(File::open(&file)?))
        },
    );
    (medium_read_by(path, open), opened)
}

#[test]
fn a_picture_held_ready_takes_the_air_on_the_next_tick_without_being_decoded_again() {
    let mut wall = wide_wall();
    let (held, opened) = counted(&still(9, "held.png", wall.path()));
    wall.engine.keep_ready(vec![held.clone()]);
    wall.wait_until_true("the picture held ready", || {
        wall.engine.status().to_be_kept == 0
    });
    let clip = medium(&Clip::h264(1, 2000).make(wall.path()));
    // On a machine that stands still now and then, one of many is enough.
    let is_prompt = |wall: &mut Wall, zone| {
        let under = wall.cue_reading(clip.clone(), wall.engine.now_ns(), 100 * SECOND);
        wall.engine.cut(zone, under.clone()).unwrap();
        wall.wait_for_start_of(&under);
        let ordered = wall.engine.now_ns();
        let cut = wall.cue_reading(held.clone(), ordered, 100 * SECOND);
        wall.engine.cut(zone, cut.clone()).unwrap();
        let EngineEvent::Started { at_ns, .. } = wall.wait_for_start_of(&cut) else {
            panic!("not a start");
        };
        at_ns - ordered <= 2 * TICK
    };
    assert!((0..50).any(|_| is_prompt(&mut wall, ZONE)));
    assert_eq!(opened.load(Ordering::SeqCst), 1);

    wall.engine.prepare(halves(1)).unwrap();
    wall.wait_until_true("the picture in the new size", || {
        wall.engine.status().to_be_kept == 0
    });
    wall.engine.take(SceneId(1), wall.engine.now_ns()).unwrap();
    wall.wait_until_true("the new scene", || wall.engine.status().scene == SceneId(1));
    assert!((0..50).any(|_| is_prompt(&mut wall, RIGHT)));
    assert_eq!(opened.load(Ordering::SeqCst), 2, "once for each size");
    wall.stop();
}

#[test]
fn what_is_taken_down_in_one_zone_leaves_the_other_as_it_is() {
    let mut wall = wide_wall();
    let [left, right] = [2, 3].map(|item| Clip::h264(item, 4000).make(wall.path()));
    wall.engine.prepare(halves(1)).unwrap();
    let starts = wall.soon(2 * SECOND);
    let left = announce(&wall, LEFT, &[left], starts, 4 * SECOND);
    let right = announce(&wall, RIGHT, &[right], starts, 4 * SECOND);
    wall.engine.take(SceneId(1), starts).unwrap();
    wall.wait_for_start_of(&left[0]);
    wall.engine.standby(LEFT, wall.engine.now_ns()).unwrap();
    let EngineEvent::Standby { at_ns, .. } = wall.wait_for(
        "standby of the left",
        |e| matches!(e, EngineEvent::Standby { zone, at_ns } if *zone == LEFT && *at_ns > starts),
    ) else {
        panic!("not standby");
    };
    assert_lost_no_more_than_the_machine(&mut wall, &right);

    wall.assert_shown((RIGHT, &right[0]), starts, (3, Some((30, 1))));
    let after = wall.seen_of(LEFT, at_ns, i64::MAX);
    assert!(after.iter().all(|s| s.showing == Showing::Standby));
    assert!(after.iter().all(|s| s.stamp.unwrap().item == STANDBY_ITEM));
    wall.stop();
}

#[test]
fn a_picture_is_drawn_only_while_something_must_be_drawn() {
    let mut wall = Wall::start();
    let clip = Clip::h264(1, 60_000).make(wall.path());
    let cue = wall.cue_of(&clip, wall.engine.now_ns(), 60 * SECOND);
    wall.engine.cut(ZONE, cue.clone()).unwrap();
    wall.wait_for_start_of(&cue);
    assert_eq!(wall.engine.status().frames_composed, 0);
    let bright = wall.seen().last().unwrap().luma;

    wall.engine.set_light(Tone::new(50, 100)).unwrap();
    let dimmed = |wall: &Wall| wall.seen().last().unwrap().luma < bright - 20;
    wall.wait_until_true("dimmed pictures", || dimmed(&wall));
    let composed = wall.engine.status().frames_composed;
    assert!(composed > 0);
    let dark = *wall.seen().last().unwrap();
    let due = 16 + (i64::from(bright) - 16) / 2;
    assert!(
        (i64::from(dark.luma) - due).abs() <= 5,
        "{} {due}",
        dark.luma
    );

    wall.engine.set_light(Tone::default()).unwrap();
    wall.wait_until_true("pictures as they were", || !dimmed(&wall));
    let composed = wall.engine.status().frames_composed;
    wall.wait_until(wall.engine.now_ns() + SECOND);
    assert_eq!(wall.engine.status().frames_composed, composed);
    wall.stop();
}

#[test]
fn numbers_of_scenes_and_zones_are_used_once() {
    let wall = wide_wall();
    wall.engine.prepare(halves(1)).unwrap();
    let again = wall.engine.prepare(halves(1));
    assert!(matches!(again, Err(EngineError::SceneKnown { .. })));
    let zones_again = wall.engine.prepare(halves(2));
    assert!(matches!(zones_again, Err(EngineError::SceneKnown { .. })));
    let unknown = wall.engine.take(SceneId(5), 0);
    assert!(matches!(
        unknown,
        Err(EngineError::NoSuchScene { scene: SceneId(5) })
    ));
    wall.engine.discard(SceneId(1)).unwrap();
    wall.wait_until_true("the end of the scene", || {
        wall.engine.dark(LEFT, 0).is_err()
    });
    wall.engine.prepare(halves(1)).unwrap();
    wall.stop();
}

/// Draws a white square, or breaks.
#[derive(Debug)]
struct Square {
    breaks: bool,
    drawn: AtomicUsize,
}

impl Overlay for Square {
    fn area(&self) -> PixelArea {
        PixelArea {
            x: 0,
            y: i32::try_from(HEIGHT).unwrap() - 20,
            width: 20,
            height: 20,
        }
    }

    fn draw(&self, _at_ns: i64, canvas: &mut PictureMut<'_>) {
        self.drawn.fetch_add(1, Ordering::SeqCst);
        assert!(!self.breaks, "the overlay breaks, as it shall");
        canvas.fill(self.area().into(), Yuv::WHITE);
    }

    fn ready(&self) -> bool {
        true
    }
}

#[test]
fn an_overlay_that_breaks_is_left_out_and_the_others_are_drawn() {
    let mut wall = wide_wall();
    let clip = Clip::h264(2, 20_000).make(wall.path());
    let [broken, square] = [true, false].map(|breaks| {
        Arc::new(Square {
            breaks,
            drawn: AtomicUsize::new(0),
        })
    });
    let mut scene = halves(1);
    scene.overlays = vec![broken.clone(), square.clone()];
    wall.engine.prepare(scene).unwrap();
    let cue = wall.cue_of(&clip, wall.engine.now_ns(), 20 * SECOND);
    wall.engine.cue(LEFT, cue.clone()).unwrap();
    wall.engine.take(SceneId(1), wall.engine.now_ns()).unwrap();
    wall.wait_for_start_of(&cue);
    let shown = |wall: &Wall| wall.seen_of(LEFT, cue.starts_at_ns, i64::MAX);
    wall.wait_until_true("pictures", || shown(&wall).len() > 5);

    assert_eq!(broken.drawn.load(Ordering::SeqCst), 1);
    let seen = shown(&wall);
    assert!(square.drawn.load(Ordering::SeqCst) >= seen.len());
    assert!(seen.iter().all(|s| s.luma == 235));
    assert!(seen.iter().all(|s| s.stamp.unwrap().item == 2));
    wall.stop();
}
