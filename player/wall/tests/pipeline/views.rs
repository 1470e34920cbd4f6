//! Outputs that show a part of the canvas, turned, mirrored, scaled and placed; judged by the pixels their sinks got.

use std::path::{Path, PathBuf};

use cotmoc_wall::pipeline::{
    EngineEvent, OutputConfig, PixelArea, Rotation, Showing, SinkKind, View,
};

use crate::support::media::{Clip, HEIGHT, WIDTH, quarters};
use crate::support::wall::{SECOND, Wall, ZONE, output};

/// Brightness of the canvas' quarters, row by row.
const CANVAS: [u8; 4] = [50, 100, 150, 200];
/// What a sink is given, and where the picture stands in it.
const SINK: (usize, usize) = (160, 120);
const PLACE: PixelArea = area([16, 24, 96, 64]);

const fn area([x, y, width, height]: [i32; 4]) -> PixelArea {
    PixelArea {
        x,
        y,
        width,
        height,
    }
}

fn canvas() -> PixelArea {
    View::whole(
        u32::try_from(WIDTH).unwrap(),
        u32::try_from(HEIGHT).unwrap(),
    )
    .crop
}

/// An output that writes its pictures into a file.
fn into_file(path: &Path, view: View) -> OutputConfig {
    let description = format!(
        "capsfilter caps=video/x-raw,format=I420 ! filesink buffer-mode=unbuffered location={}",
        path.display()
    );
    OutputConfig {
        sink: SinkKind::Custom { description },
        width: u32::try_from(SINK.0).unwrap(),
        height: u32::try_from(SINK.1).unwrap(),
        view,
    }
}

/// The last whole picture in the file, brightness first.
fn picture_in(path: &Path) -> Option<Vec<u8>> {
    let bytes = std::fs::read(path).ok()?;
    let pictures = bytes.chunks_exact(SINK.0 * SINK.1 * 3 / 2);
    pictures.last().map(<[u8]>::to_vec)
}

/// Starts a wall that shows the marked picture on one output for each view.
fn shown_through(views: &[View]) -> (Wall, Vec<Vec<u8>>) {
    let folder = tempfile::tempdir().unwrap();
    let marked = quarters(CANVAS, folder.path());
    let files: Vec<PathBuf> = (0..views.len())
        .map(|n| folder.path().join(format!("output-{n}.i420")))
        .collect();
    let wall = Wall::start_with(|config| {
        config.standby_png = std::fs::read(marked).unwrap().into();
        let others = files
            .iter()
            .zip(views)
            .map(|(file, view)| into_file(file, *view));
        config.outputs.extend(others);
    });
    wall.wait_until_true("a picture on every output", || {
        files.iter().all(|file| picture_in(file).is_some())
    });
    let pictures = files.iter().map(|file| picture_in(file).unwrap()).collect();
    (wall, pictures)
}

fn at(picture: &[u8], (x, y): (i32, i32)) -> u8 {
    picture[usize::try_from(y).unwrap() * SINK.0 + usize::try_from(x).unwrap()]
}

/// Brightness in the middle of each quarter of `place`, row by row.
fn quarters_of(picture: &[u8], place: PixelArea) -> [u8; 4] {
    [(1, 1), (3, 1), (1, 3), (3, 3)].map(|(across, down)| {
        let x = place.x + place.width * across / 4;
        let y = place.y + place.height * down / 4;
        at(picture, (x, y))
    })
}

#[track_caller]
fn assert_like(found: [u8; 4], expected: [u8; 4], what: &str) {
    let close = found.iter().zip(expected).all(|(f, e)| f.abs_diff(e) <= 8);
    assert!(close, "{what}: found {found:?}, expected {expected:?}");
}

#[test]
fn each_quarter_lands_where_turning_and_mirroring_put_it_and_around_the_place_all_is_black() {
    let [a, b, c, d] = CANVAS;
    let cases = [
        (Rotation::None, false, [a, b, c, d]),
        (Rotation::Right, false, [c, a, d, b]),
        (Rotation::Half, false, [d, c, b, a]),
        (Rotation::Left, false, [b, d, a, c]),
        (Rotation::None, true, [b, a, d, c]),
        (Rotation::Right, true, [d, b, c, a]),
        (Rotation::Half, true, [c, d, a, b]),
        (Rotation::Left, true, [a, c, b, d]),
    ];
    let views = cases.map(|(rotate, mirror, _)| View {
        crop: canvas(),
        rotate,
        mirror,
        place: PLACE,
    });
    let (wall, pictures) = shown_through(&views);
    for ((rotate, mirror, expected), picture) in cases.iter().zip(&pictures) {
        let what = format!("{rotate:?}, mirrored: {mirror}");
        assert_like(quarters_of(picture, PLACE), *expected, &what);
        let right = PLACE.x + PLACE.width + 2;
        let below = PLACE.y + PLACE.height + 2;
        for corner in [(8, 60), (60, 8), (right, 60), (60, below)] {
            assert!(at(picture, corner) <= 20, "{what}: not black at {corner:?}");
        }
    }
    wall.stop();
}

#[test]
fn two_outputs_show_the_two_halves_of_the_canvas() {
    let half = canvas().width / 2;
    let whole = area([0, 0, 160, 120]);
    let of_half = |x| View {
        crop: area([x, 0, half, canvas().height]),
        rotate: Rotation::None,
        mirror: false,
        place: whole,
    };
    let (wall, pictures) = shown_through(&[of_half(0), of_half(half)]);
    let [a, b, c, d] = CANVAS;
    assert_like(quarters_of(&pictures[0], whole), [a, a, c, c], "left half");
    assert_like(quarters_of(&pictures[1], whole), [b, b, d, d], "right half");
    wall.stop();
}

#[test]
fn a_second_output_that_breaks_is_named_and_rebuilt_and_the_first_shows_every_frame() {
    let mut wall = Wall::start_with(|config| {
        config.outputs.push(output(SinkKind::Custom {
            description: "identity error-after=120 ! fakesink".to_owned(),
        }));
    });
    let clip = Clip::h264(1, 6000).make(wall.path());
    let cue = wall.cue_of(&clip, wall.soon(SECOND), 6 * SECOND);
    wall.engine.cue(ZONE, cue.clone()).unwrap();
    wall.wait_for("loss of the second output", |e| {
        matches!(e, EngineEvent::OutputLost { output: 1, .. })
    });
    wall.wait_for("return of the second output", |e| {
        matches!(e, EngineEvent::OutputRestored { output: 1 })
    });
    let ended = wall.wait_for_end_of(&cue);
    let EngineEvent::Ended { lost, .. } = ended else {
        panic!("{ended:?}");
    };
    let status = wall.engine.status();
    assert!(status.output_ok);
    assert!(lost <= status.frames_dropped, "{lost} lost");
    let seen = wall.seen_in(cue.starts_at_ns, cue.ends_at_ns);
    assert!(
        seen.iter()
            .all(|s| s.showing == Showing::Cue(cue.id) && !s.black)
    );
    let of_the_first = |e: &EngineEvent| matches!(e, EngineEvent::OutputLost { output: 0, .. });
    assert!(!wall.events().iter().any(of_the_first));
    wall.stop();
}
