//! Outputs that break: the picture's is rebuilt or stood in for, the sound's never touches the picture.

use std::time::Duration;

use cotmoc_wall::pipeline::{AudioKind, EngineEvent, Patience, Showing, SinkKind};

use crate::support::media::Clip;
use crate::support::wall::{SECOND, Wall, ZONE, output};

fn is_lost(event: &EngineEvent) -> bool {
    matches!(event, EngineEvent::OutputLost { output: 0, .. })
}

fn is_restored(event: &EngineEvent) -> bool {
    matches!(event, EngineEvent::OutputRestored { output: 0 })
}

#[test]
fn a_sink_that_breaks_is_rebuilt_and_the_programme_goes_on_in_time() {
    let mut wall = Wall::start_with(|config| {
        config.outputs = vec![output(SinkKind::Custom {
            description: "identity error-after=90 ! fakesink".to_owned(),
        })];
        config.patience.output_retry_every = Duration::from_millis(500);
    });
    let clip = Clip::h264(1, 20_000).make(wall.path());
    let cue = wall.cue_of(&clip, wall.soon(SECOND), 20 * SECOND);
    wall.engine.cue(ZONE, cue.clone()).unwrap();
    wall.wait_for("loss of the output", is_lost);
    wall.wait_for("return of the output", is_restored);
    wall.wait_for_start_of(&cue);
    wall.wait_until(cue.starts_at_ns + 6 * SECOND);

    let seen = wall.seen_in(cue.starts_at_ns, cue.ends_at_ns);
    assert!(seen.iter().all(|s| s.showing == Showing::Cue(cue.id)));
    for frame in &seen {
        let due = (frame.at_ns - cue.starts_at_ns + 500_000) * 30 / SECOND;
        assert!(i64::from(frame.stamp.unwrap().frame) <= due);
    }
    let losses = wall.events().iter().filter(|e| is_lost(e)).count();
    let returns = wall.events().iter().filter(|e| is_restored(e)).count();
    assert!(losses >= 1 && returns >= 1 && losses.abs_diff(returns) <= 1);
    wall.stop();
}

#[test]
fn a_sink_that_never_works_is_reported_once_and_nothing_counts_as_presented() {
    let mut wall = Wall::start_with(|config| {
        config.outputs = vec![output(SinkKind::Custom {
            description: "fakesink state-error=ready-to-paused".to_owned(),
        })];
        config.patience.output_retry_every = Duration::from_millis(200);
    });
    wall.wait_for("loss of the output", is_lost);
    let ticks = wall.engine.status().ticks;
    wall.wait_until_true("a hundred ticks", || {
        wall.engine.status().ticks > ticks + 100
    });
    let status = wall.engine.status();
    assert!(!status.output_ok);
    assert_eq!(status.frames_presented, 0);
    assert_eq!(wall.events().iter().filter(|e| is_lost(e)).count(), 1);
    assert!(!wall.events().iter().any(is_restored));
    wall.stop();
}

#[test]
fn a_sink_that_stops_taking_pictures_is_noticed_within_a_second_and_stood_in_for() {
    let patience = Patience::default();
    let second = Duration::from_secs(1);
    assert!(patience.output_stall_after < second && patience.stall_after < second);
    let mut wall = Wall::start_with(|config| {
        config.outputs = vec![output(SinkKind::Custom {
            description: "identity sleep-time=3000000 ! fakesink".to_owned(),
        })];
        config.patience.output_stall_after = patience.output_stall_after;
    });
    let lost = wall.wait_for("loss of the output", is_lost);
    let EngineEvent::OutputLost { reason, .. } = lost else {
        panic!("{lost:?}");
    };
    assert_eq!(reason, "it presents nothing");
    let ticks = wall.engine.status().ticks;
    wall.wait_until_true("a hundred ticks", || {
        wall.engine.status().ticks > ticks + 100
    });
    assert!(!wall.engine.status().output_ok);
    wall.stop();
}

#[test]
fn a_sink_that_does_not_exist_is_a_lost_output_and_no_crash() {
    let mut wall = Wall::start_with(|config| {
        config.outputs = vec![output(SinkKind::Custom {
            description: "nosuchsink".to_owned(),
        })];
    });
    wall.wait_for("loss of the output", is_lost);
    wall.stop();
}

#[test]
fn a_missing_sound_device_never_touches_the_picture() {
    let mut wall = Wall::start_with(|config| {
        config.audio = AudioKind::Alsa {
            device: "hw:CARD=nosuchcard".to_owned(),
        };
    });
    wall.wait_for("loss of sound", |e| {
        matches!(e, EngineEvent::AudioLost { .. })
    });
    let clip = Clip::h264(1, 1500).tone(440).make(wall.path());
    let cue = wall.cue_of(&clip, wall.soon(2 * SECOND), SECOND);
    wall.engine.cue(ZONE, cue.clone()).unwrap();
    wall.wait_for_end_of(&cue);
    let seen = wall.seen_in(cue.starts_at_ns, cue.ends_at_ns);
    assert!(seen.iter().all(|s| s.showing == Showing::Cue(cue.id)));
    assert!(!wall.engine.status().audio_ok);
    assert!(!wall.events().iter().any(is_lost));
    wall.stop();
}
