//! One item fades into the next, and loses nothing by it.

use cotmoc_wall::pipeline::{Cue, EngineEvent, Path, Showing};

use crate::scenes::{TICK, assert_lost_no_more_than_the_machine};
use crate::support::media::{Clip, still};
use crate::support::wall::{SECOND, STANDBY_ITEM, Wall, ZONE};

#[test]
fn a_fade_goes_steadily_from_one_picture_to_the_next_and_loses_nothing() {
    let mut wall = Wall::start();
    let folder = wall.path().to_owned();
    let paths = [
        still(1, "one.png", &folder),
        still(7, "seven.png", &folder),
        Clip::h264(2, 3000).make(&folder),
        Clip::h264(3, 3000).make(&folder),
    ];
    let starts = wall.soon(2 * SECOND);
    let fades = [0, SECOND, SECOND / 2, SECOND / 2];
    let cues: Vec<Cue> = (0..)
        .zip(&paths)
        .zip(fades)
        .map(|((i, path), crossfade_ns)| Cue {
            crossfade_ns,
            ..wall.cue_of(path, starts + i * 2 * SECOND, 2 * SECOND)
        })
        .collect();
    for cue in &cues {
        wall.engine.cue(ZONE, cue.clone()).unwrap();
    }
    assert_lost_no_more_than_the_machine(&mut wall, &cues);

    let fade = wall.seen_in(cues[1].starts_at_ns, cues[1].starts_at_ns + SECOND);
    let levels: Vec<u8> = fade.iter().map(|s| s.luma).collect();
    assert!(levels.is_sorted(), "{levels:?}");
    let (before, after) = (
        wall.seen_in(starts, cues[1].starts_at_ns)[0].luma,
        wall.seen_in(cues[1].starts_at_ns + SECOND, cues[2].starts_at_ns)[0].luma,
    );
    assert!(
        before < levels[0] && *levels.last().unwrap() < after,
        "{before} {levels:?} {after}"
    );
    for frame in &fade {
        let gone = (frame.at_ns - cues[1].starts_at_ns + TICK) * 256 / (SECOND + TICK);
        let due = i64::from(before) + (i64::from(after) - i64::from(before)) * gone / 256;
        assert!(
            (i64::from(frame.luma) - due).abs() <= 2,
            "{} instead of {due}",
            frame.luma
        );
    }
    let rates = [None, None, Some((30, 1)), Some((30, 1))];
    for (((cue, fade), item), rate) in cues.iter().zip(fades).zip([1, 7, 2, 3]).zip(rates) {
        wall.assert_shown((ZONE, cue), cue.starts_at_ns + fade, (item, rate));
        let slot = wall.seen_in(cue.starts_at_ns, cue.ends_at_ns);
        assert!(
            slot.iter()
                .all(|s| s.showing == Showing::Cue(cue.id) && !s.black)
        );
    }
    wall.stop();
}

#[test]
fn nothing_fades_into_darkness_or_out_of_it_or_on_a_cut() {
    let mut wall = Wall::start();
    let [one, seven] =
        [(1, "one.png"), (7, "seven.png")].map(|(item, name)| still(item, name, wall.path()));
    let starts = wall.soon(2 * SECOND);
    let fading = |path, at, length| Cue {
        crossfade_ns: SECOND,
        ..wall.cue_of(path, at, length)
    };
    let first = fading(&one, starts, SECOND);
    let second = fading(&seven, starts + 2 * SECOND, 100 * SECOND);
    wall.engine.cue(ZONE, first.clone()).unwrap();
    wall.engine.dark(ZONE, starts + SECOND).unwrap();
    wall.engine.cue(ZONE, second.clone()).unwrap();
    wall.wait_for_start_of(&second);
    let cut = Cue {
        crossfade_ns: SECOND,
        ..wall.cue_of(&one, wall.engine.now_ns(), 100 * SECOND)
    };
    wall.engine.cut(ZONE, cut.clone()).unwrap();
    wall.wait_for_start_of(&cut);
    wall.engine.standby(ZONE, wall.engine.now_ns()).unwrap();
    wall.wait_for_end_of(&cut);

    let [one, seven, standby] = [1, 7, STANDBY_ITEM];
    for frame in wall.seen() {
        let item = frame.stamp.map(|stamp| stamp.item);
        match frame.showing {
            Showing::Dark => assert!(frame.black),
            Showing::Standby => assert_eq!(item, Some(standby)),
            Showing::Cue(cue) if cue == second.id => assert_eq!(item, Some(seven)),
            Showing::Cue(_) => assert_eq!(item, Some(one)),
        }
    }
    wall.stop();
}

#[test]
fn a_video_that_reached_the_outputs_as_it_was_decoded_fades_like_any_other() {
    let mut wall = Wall::start();
    let native = Clip::h264(1, 4000).size(640, 360).make(wall.path());
    let seven = still(7, "seven.png", wall.path());
    let starts = wall.soon(2 * SECOND);
    let native = wall.cue_of(&native, starts, 2 * SECOND);
    let faded = Cue {
        crossfade_ns: SECOND,
        ..wall.cue_of(&seven, starts + 2 * SECOND, 2 * SECOND)
    };
    wall.engine.cue(ZONE, native.clone()).unwrap();
    wall.engine.cue(ZONE, faded.clone()).unwrap();
    let path = wall.wait_for(
        "the path",
        |e| matches!(e, EngineEvent::PathChosen { cue, .. } if *cue == native.id),
    );
    assert!(matches!(
        path,
        EngineEvent::PathChosen {
            path: Path::Direct,
            ..
        }
    ));
    wall.wait_for_end_of(&faded);

    let fade = wall.seen_in(faded.starts_at_ns, faded.starts_at_ns + SECOND);
    for frame in &fade {
        let gone = (frame.at_ns - faded.starts_at_ns + TICK) * 256 / (SECOND + TICK);
        // The picture below is between 96 and 103, the one above is 192.
        let (low, high) = (96 + (192 - 96) * gone / 256, 103 + (192 - 103) * gone / 256);
        let luma = i64::from(frame.luma);
        assert!(
            (low - 4..=high + 4).contains(&luma),
            "{luma}, due {low} to {high}"
        );
    }
    assert!(
        wall.seen_in(starts, faded.ends_at_ns)
            .iter()
            .all(|s| !s.black)
    );
    wall.stop();
}
