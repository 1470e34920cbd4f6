//! The wall's engine in this process, for the measurements that look inside.

use super::media::{Clip, Size};
use cotmoc_test_kit as kit;
use cotmoc_wall::pipeline::{
    AudioKind, Cue, CueId, Engine, EngineConfig, EngineEvent, FrameRate, Medium, MediumKind,
    OpenMedium, OutputConfig, PathChoice, Patience, SinkKind, Witness, ZoneId, monotonic_ns,
};
use std::fs::File;
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::{Duration, SystemTime};

/// The zone that fills the canvas.
pub const ZONE: ZoneId = ZoneId(0);
/// Output ticks per second, as the shipped configuration has them.
pub const RATE: u32 = 30;
pub const NS_PER_MS: i64 = 1_000_000;
/// How far ahead the wall tells the engine what comes, in milliseconds.
const HORIZON_MS: i64 = 20_000;

/// What differs between measurements.
#[derive(Debug)]
pub struct Setup {
    pub size: Size,
    pub sink: SinkKind,
    pub audio: AudioKind,
    pub witness: Option<Arc<dyn Witness>>,
}

/// Starts the engine on the time of the system clock.
///
/// # Errors
/// If it does not start.
pub fn start(setup: Setup) -> anyhow::Result<(Engine, Receiver<EngineEvent>)> {
    let (width, height) = (u32::try_from(setup.size.0)?, u32::try_from(setup.size.1)?);
    Ok(Engine::start(&EngineConfig {
        width,
        height,
        rate: FrameRate { num: RATE, den: 1 },
        outputs: vec![OutputConfig::whole(setup.sink, width, height)],
        path: PathChoice::Auto,
        audio: setup.audio,
        volume: 1.0,
        standby_png: kit::media::png(64, 36, [128; 3]).into(),
        offset_ns: i64::try_from(since_epoch().as_nanos())? - monotonic_ns()?,
        patience: Patience::default(),
        witness: setup.witness,
    })?)
}

/// The showing `number` of `clip` from `starts_ms` to `ends_ms` of the system clock.
#[must_use]
pub fn cue(clip: &Clip, number: u64, (starts_ms, ends_ms): (i64, i64)) -> Cue {
    let path = clip.path.clone();
    let open: OpenMedium = Arc::new(move || Ok(Box::new(File::open(&path)?)));
    Cue {
        id: CueId(number),
        medium: Medium {
            label: format!("item-{}", clip.item),
            kind: if clip.is_still() {
                MediumKind::Still
            } else {
                MediumKind::Video
            },
            key: clip.path.display().to_string(),
            mime: clip.mime().as_str().to_owned(),
            size_bytes: clip.path.metadata().map_or(0, |file| file.len()),
            open,
        },
        starts_at_ns: starts_ms * NS_PER_MS,
        ends_at_ns: ends_ms * NS_PER_MS,
        offset_ns: 0,
        crossfade_ns: 0,
        gain_mdb: 0,
    }
}

/// Waits, as the wall does, until what starts at `starts_ms` is near enough to be told.
pub fn wait_for_horizon(engine: &Engine, starts_ms: i64) {
    wait_until(engine, starts_ms - HORIZON_MS);
}

/// Waits until `at_ms` of the engine's time.
pub fn wait_until(engine: &Engine, at_ms: i64) {
    while engine.now_ns() / NS_PER_MS < at_ms {
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// The system clock in milliseconds.
#[must_use]
pub fn system_ms() -> i64 {
    i64::try_from(since_epoch().as_millis()).unwrap_or(i64::MAX)
}

fn since_epoch() -> Duration {
    SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default()
}
