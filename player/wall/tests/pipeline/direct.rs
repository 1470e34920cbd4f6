//! Pictures that reach the outputs as they were decoded: every format follows the other without a seam.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use cotmoc_wall::pipeline::{
    Cue, EngineEvent, Path, PathChoice, PresentedFrame, Showing, SoundBlock, Witness,
};

use crate::support::barcode::{self, Stamp};
use crate::support::media::{Clip, HEIGHT, WIDTH, still};
use crate::support::wall::{MS, SECOND, Wall};

type Size = (usize, usize);

const CANVAS: Size = (WIDTH, HEIGHT);

/// One presented frame, with the size in which the sink got it.
#[derive(Clone, Copy, Debug)]
struct Sized {
    at_ns: i64,
    showing: Showing,
    size: Size,
    stamp: Option<Stamp>,
    black: bool,
}

#[derive(Debug, Default)]
struct SizeWitness(Mutex<Vec<Sized>>);

impl Witness for SizeWitness {
    fn frame(&self, frame: &PresentedFrame<'_>) {
        let luma = frame.luma;
        let at = |x, y| luma.at(x, y).unwrap_or(0);
        self.0.lock().unwrap().push(Sized {
            at_ns: frame.at_ns,
            showing: frame.showing,
            size: (luma.width, luma.height),
            stamp: barcode::read(at, luma.width, luma.height),
            black: barcode::is_black(at, luma.width, luma.height),
        });
    }

    fn sound(&self, _: &SoundBlock<'_>) {}
}

/// Plays what `list` makes one after the other, a second each, and checks each slot: the size in which its pictures
/// came, and the frame that was due on every tick.
fn plays_without_a_seam(path: PathChoice, list: impl FnOnce(&Wall) -> Vec<(PathBuf, Size)>) {
    let witness = Arc::new(SizeWitness::default());
    let mut wall = Wall::start_with(|config| {
        config.path = path;
        config.witness = Some(witness.clone());
    });
    let list = list(&wall);
    let paths: Vec<PathBuf> = list.iter().map(|(path, _)| path.clone()).collect();
    let cues = wall.announce(&paths, wall.soon(3 * SECOND), SECOND);
    let mut missing = 0;
    for cue in &cues {
        match wall.wait_for_end_of(cue) {
            EngineEvent::Ended { lost, .. } => missing += lost,
            other => panic!("{other:?}"),
        }
    }
    let dropped = wall.engine.status().frames_dropped;
    assert!(
        missing <= dropped,
        "{missing} ticks lost, the machine dropped {dropped}"
    );
    let seen = witness.0.lock().unwrap().clone();
    assert!(seen.iter().all(|frame| !frame.black));
    assert_paths(&wall, &cues, &list, path);
    for (item, (cue, (path, size))) in (1..).zip(cues.iter().zip(&list)) {
        let is_still = path.extension().is_none_or(|ending| ending != "mp4");
        assert_slot(&seen, cue, (item, is_still), *size);
    }
    wall.stop();
}

/// What reached the sink in a size of its own was said to go there directly; who wants the canvas gets nothing so.
fn assert_paths(wall: &Wall, cues: &[Cue], list: &[(PathBuf, Size)], choice: PathChoice) {
    for (cue, (_, size)) in cues.iter().zip(list) {
        let directly = wall.events().iter().any(|event| {
            matches!(event, EngineEvent::PathChosen { cue: of, path: Path::Direct, .. } if *of == cue.id)
        });
        if *size != CANVAS {
            assert!(directly, "{size:?}");
        }
        assert!(choice == PathChoice::Auto || !directly);
    }
}

fn assert_slot(seen: &[Sized], cue: &Cue, (item, is_still): (u8, bool), size: Size) {
    let slot = cue.starts_at_ns..cue.ends_at_ns;
    let seen = seen.iter().filter(|frame| slot.contains(&frame.at_ns));
    let mut behind = 0;
    let mut frames = 0;
    for frame in seen {
        assert_eq!(frame.showing, Showing::Cue(cue.id), "item {item}");
        assert_eq!(frame.size, size, "item {item}");
        let stamp = frame.stamp.unwrap_or_else(|| panic!("no stamp in {item}"));
        assert_eq!(stamp.item, item);
        let due = (frame.at_ns - cue.starts_at_ns + MS / 2) * 30 / SECOND;
        let due = if is_still { 0 } else { due };
        assert!(i64::from(stamp.frame) <= due, "item {item} ran ahead");
        behind += usize::from(i64::from(stamp.frame) < due);
        frames += 1;
    }
    assert!(frames > 0, "item {item} was never presented");
    assert!(
        behind * 10 <= frames,
        "item {item}: {behind} of {frames} behind"
    );
}

#[test]
fn media_of_several_sizes_and_formats_reach_the_sink_as_they_were_decoded_without_a_lost_frame() {
    plays_without_a_seam(PathChoice::Auto, |wall| {
        let clips = [
            ("libx264", (640, 360)),
            ("libx265", (320, 180)),
            ("libvpx-vp9", (480, 360)),
            ("libaom-av1", (640, 360)),
            ("libx264", (1280, 720)),
            ("libx264", (192, 256)),
        ];
        let made = (1..).zip(clips).map(|(item, (codec, (width, height)))| {
            let clip = Clip::h264(item, 1000).codec(codec).size(width, height);
            (clip.make(wall.path()), (width, height))
        });
        made.collect()
    });
}

#[test]
fn pictures_as_decoded_and_pictures_over_the_canvas_follow_each_other_without_a_seam() {
    plays_without_a_seam(PathChoice::Auto, |wall| {
        let folder = wall.path();
        vec![
            (Clip::h264(1, 1000).size(640, 360).make(folder), (640, 360)),
            (still(2, "two.png", folder), CANVAS),
            (Clip::h264(3, 1000).size(480, 360).make(folder), (480, 360)),
            (
                Clip::h264(4, 1000)
                    .size(640, 360)
                    .format("yuvj420p")
                    .make(folder),
                CANVAS,
            ),
            (Clip::h264(5, 1000).size(640, 360).make(folder), (640, 360)),
            (
                Clip::h264(6, 1000)
                    .size(640, 360)
                    .format("yuv420p10le")
                    .make(folder),
                CANVAS,
            ),
        ]
    });
}

#[test]
fn who_asks_for_the_canvas_always_gets_it() {
    plays_without_a_seam(PathChoice::Mixed, |wall| {
        let clip = |item| Clip::h264(item, 1000).size(640, 360).make(wall.path());
        vec![(clip(1), CANVAS), (clip(2), CANVAS)]
    });
}
