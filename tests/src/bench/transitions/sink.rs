//! The engine of the wall in a process of its own without a window, read at its sink: every frame
//! that it presented, and every block of sound.

use crate::bench::media::Clip;
use crate::bench::player::{self, NS_PER_MS, Setup, ZONE};
use crate::bench::screen::{Content, SCREEN, Sight};
use crate::bench::{barcode, usage};
use cotmoc_wall::pipeline::{
    AudioKind, PresentedFrame, SinkKind, SoundBlock, Witness, monotonic_ns,
};
use serde::{Deserialize, Serialize};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Before the first slot, in milliseconds: a process under a limit takes its time to start.
const START_MS: i64 = 4_000;
/// Items that play before the judge begins to count.
const SETTLING_ITEMS: usize = 6;
const SAMPLES_PER_MS: usize = 48 * 2;
/// Silence this long is an item without sound, not a gap.
const NO_SOUND: usize = 500 * SAMPLES_PER_MS;

/// What the process is to play.
#[derive(Debug, Serialize, Deserialize)]
pub struct Order {
    pub clips: Vec<Clip>,
    pub boundaries: usize,
}

/// What its witness saw.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Seen {
    /// By the tick on which each frame was due.
    pub by_tick: Vec<Sight>,
    /// By the moment at which the sink was done with each frame.
    pub by_clock: Vec<Sight>,
    pub frames_late: u64,
    pub frames_dropped: u64,
    pub cpu_ms: f64,
    pub sound: Sound,
}

/// What was heard.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Sound {
    /// The longest hole between two blocks.
    pub hole_max_ms: f64,
    /// The longest silence between two items that both have sound.
    pub silence_max_ms: f64,
    pub silences: u64,
}

/// Plays the order in `file` and returns what was seen. To be called in a process of its own.
///
/// # Errors
/// If the engine does not start or stops taking orders.
pub fn play(order: &Order) -> anyhow::Result<Seen> {
    let ear_and_eye = Arc::new(Recorder::default());
    let (engine, _events) = player::start(Setup {
        size: SCREEN,
        sink: SinkKind::Headless,
        audio: AudioKind::Meter,
        witness: Some(ear_and_eye.clone()),
    })?;
    let mut starts_ms = engine.now_ns() / NS_PER_MS + START_MS;
    let clips = order.clips.iter().cycle();
    for (clip, number) in clips.zip(1_u64..).take(order.boundaries + SETTLING_ITEMS) {
        let ends_ms = starts_ms + i64::from(clip.slot_ms);
        engine.cue(ZONE, player::cue(clip, number, (starts_ms, ends_ms)))?;
        starts_ms = ends_ms;
        player::wait_for_horizon(&engine, starts_ms);
    }
    player::wait_until(&engine, starts_ms);
    let status = engine.status();
    engine.stop(Duration::from_secs(5))?;
    let mut seen = std::mem::take(&mut *ear_and_eye.lock());
    seen.seen.frames_late = status.frames_late;
    seen.seen.frames_dropped = status.frames_dropped;
    let (cpu, _) = usage(std::process::id()).unwrap_or_default();
    seen.seen.cpu_ms = cpu.as_secs_f64() * 1e3;
    Ok(seen.seen)
}

#[derive(Debug, Default)]
struct Recorder(Mutex<Notes>);

#[derive(Debug, Default)]
struct Notes {
    seen: Seen,
    first_ns: Option<i64>,
    next_sound_ns: Option<i64>,
    silent: usize,
    has_heard: bool,
}

impl Recorder {
    fn lock(&self) -> std::sync::MutexGuard<'_, Notes> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Witness for Recorder {
    fn frame(&self, frame: &PresentedFrame<'_>) {
        let clock_ns = monotonic_ns().unwrap_or_default();
        let content = content(frame);
        let mut notes = self.lock();
        let first_ns = *notes.first_ns.get_or_insert(frame.at_ns);
        note(&mut notes.seen.by_tick, frame.at_ns - first_ns, content);
        note(&mut notes.seen.by_clock, clock_ns, content);
    }

    fn sound(&self, block: &SoundBlock<'_>) {
        self.lock().hear(block);
    }
}

impl Notes {
    fn hear(&mut self, block: &SoundBlock<'_>) {
        if let Some(expected_ns) = self.next_sound_ns {
            let hole_ms = millis((block.at_ns - expected_ns).abs());
            self.seen.sound.hole_max_ms = self.seen.sound.hole_max_ms.max(hole_ms);
        }
        let frames = i64::try_from(block.samples.len() / 2).unwrap_or(0);
        self.next_sound_ns = Some(block.at_ns + frames * 1_000_000_000 / 48_000);
        for sample in block.samples {
            if *sample == 0 {
                self.silent += 1;
            } else {
                self.end_silence();
            }
        }
    }

    fn end_silence(&mut self) {
        let silent = std::mem::take(&mut self.silent);
        let heard_before = std::mem::replace(&mut self.has_heard, true);
        if heard_before && (SAMPLES_PER_MS..NO_SOUND).contains(&silent) {
            let ms = f64::from(u32::try_from(silent).unwrap_or(u32::MAX)) / 96.0;
            self.seen.sound.silences += 1;
            self.seen.sound.silence_max_ms = self.seen.sound.silence_max_ms.max(ms);
        }
    }
}

fn content(frame: &PresentedFrame<'_>) -> Content {
    let luma = frame.luma;
    let row = |y: usize| move |x: usize| luma.at(x, y).unwrap_or(0);
    if let Some(stamp) = barcode::read(row(barcode::code_row(luma.height)), luma.width) {
        return Content::Frame(stamp);
    }
    let rows = barcode::probe_rows(luma.height);
    if rows.iter().all(|y| barcode::is_dark(row(*y), luma.width)) {
        Content::Black
    } else {
        Content::Other
    }
}

fn note(sights: &mut Vec<Sight>, at_ns: i64, content: Content) {
    if sights.last().is_none_or(|last| last.content != content) {
        let at_ms = millis(at_ns);
        sights.push(Sight {
            at_ms,
            blind_ms: 0.0,
            content,
        });
    }
}

#[allow(
    clippy::cast_precision_loss,
    reason = "hours in nanoseconds, far below 2^52"
)]
fn millis(ns: i64) -> f64 {
    ns as f64 / 1e6
}
