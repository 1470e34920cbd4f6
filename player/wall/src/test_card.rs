//! The test card: colour bars and a tone on the real outputs, and what the outputs say of them. Built in, for the
//! technician who sets a wall up: it is the only thing beside the factory slide that needs no signature.

use crate::pipeline::{
    AudioKind, Cue, CueId, Engine, EngineEvent, Medium, MediumKind, OpenMedium, Status,
};
use crate::settings::Settings;
use crate::setup;
use anyhow::Context as _;
use cotmoc_player_core::clock::Belief;
use cotmoc_proto::TimeMs;
use cotmoc_proto::device::ClockQuality;
use cotmoc_service::boot;
use serde::Serialize;
use std::io::{Cursor, Write as _};
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// Bars from left to right: red, green, blue of each, as far as they go.
const BARS: [[f64; 3]; 8] = [
    [1.0, 1.0, 1.0],
    [1.0, 1.0, 0.0],
    [0.0, 1.0, 1.0],
    [0.0, 1.0, 0.0],
    [1.0, 0.0, 1.0],
    [1.0, 0.0, 0.0],
    [0.0, 0.0, 1.0],
    [0.0, 0.0, 0.0],
];
/// A whole number of samples a period, so that a listener finds exactly this.
const TONE_HZ: u32 = 480;
const SAMPLES_PER_S: u32 = 48_000;
/// A quarter of full scale.
const TONE_PEAK: f64 = 8_192.0;
const TONE_BEGINS_AFTER: Duration = Duration::from_secs(1);
/// What the mixer must have measured for the tone to count.
const LEAST_LEVEL: f64 = 0.05;
const TURN: Duration = Duration::from_millis(100);
const STOP_LIMIT: Duration = Duration::from_secs(5);

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// Whether the first output presented the card.
    pub picture: bool,
    pub frames: u64,
    pub width: u32,
    pub height: u32,
    /// Whether the sound's output took the tone; `None`: this wall has none.
    pub sound: Option<bool>,
}

/// Shows the card for `seconds`, then prints the verdict as one line of JSON.
///
/// # Errors
/// If the card cannot be made or the engine does not start.
pub fn run(settings: &Settings, seconds: u32, shutdown: &CancellationToken) -> anyhow::Result<()> {
    let verdict = show(settings, seconds, shutdown)?;
    writeln!(std::io::stdout(), "{}", serde_json::to_string(&verdict)?)?;
    Ok(())
}

fn show(
    settings: &Settings,
    seconds: u32,
    shutdown: &CancellationToken,
) -> anyhow::Result<Verdict> {
    let nothing_known = Belief {
        mono_ms: boot::since_boot_ms(),
        now: TimeMs(boot::wall_ms()),
        quality: ClockQuality::Untrusted,
    };
    let mut config = setup::engine(settings, nothing_known);
    let (width, height) = (config.width, config.height);
    config.standby_png = card(width, height).context("drawing the test card")?.into();
    let (engine, events) = Engine::start(&config)?;
    let begins = engine.now_ns() + ns(TONE_BEGINS_AFTER);
    let length = Duration::from_secs(u64::from(seconds));
    engine.announce_sound(tone(begins, length, seconds));
    let begun = Instant::now();
    let mut loudest = 0.0_f64;
    let until = length + TONE_BEGINS_AFTER;
    while begun.elapsed() < until && !shutdown.is_cancelled() {
        std::thread::sleep(TURN);
        loudest = loudest.max(engine.status().level.rms);
    }
    let status = engine.status();
    engine
        .stop(STOP_LIMIT)
        .context("stopping the playing engine")?;
    let complaints = complaints(&events);
    for complaint in &complaints {
        tracing::warn!(complaint, "the test card");
    }
    Ok(Verdict {
        picture: is_seen(&status, settings, seconds),
        frames: status.frames_presented,
        width,
        height,
        sound: match settings.audio {
            AudioKind::None => None,
            AudioKind::Alsa { .. } | AudioKind::Auto | AudioKind::Meter => {
                Some(status.audio_ok && loudest >= LEAST_LEVEL)
            }
        },
    })
}

/// Whether the output presents, and has presented at least a tenth of what it was to.
fn is_seen(status: &Status, settings: &Settings, seconds: u32) -> bool {
    let due =
        u64::from(seconds) * u64::from(settings.rate.num) / u64::from(settings.rate.den.max(1));
    status.output_ok && status.frames_presented > 0 && status.frames_presented >= due / 10
}

/// What the outputs complained of.
fn complaints(events: &Receiver<EngineEvent>) -> Vec<String> {
    let words = |event| match event {
        EngineEvent::OutputLost { output, reason } => Some(format!("output {output}: {reason}")),
        EngineEvent::AudioLost { reason } => Some(format!("sound: {reason}")),
        EngineEvent::Fault { fault, .. } => Some(fault.to_string()),
        EngineEvent::Started { .. }
        | EngineEvent::Ended { .. }
        | EngineEvent::Standby { .. }
        | EngineEvent::Dark { .. }
        | EngineEvent::Held { .. }
        | EngineEvent::DecoderReplaced { .. }
        | EngineEvent::PathChosen { .. }
        | EngineEvent::AnnouncementStarted { .. }
        | EngineEvent::AnnouncementEnded { .. }
        | EngineEvent::OutputRestored { .. }
        | EngineEvent::AudioRestored
        | EngineEvent::Leaked { .. } => None,
    };
    events.try_iter().filter_map(words).collect()
}

/// Eight bars over the whole canvas, as PNG.
fn card(width: u32, height: u32) -> anyhow::Result<Vec<u8>> {
    let (width, height) = (i32::try_from(width)?, i32::try_from(height)?);
    let surface = cairo::ImageSurface::create(cairo::Format::Rgb24, width, height)?;
    let drawing = cairo::Context::new(&surface)?;
    drawing.set_antialias(cairo::Antialias::None);
    let count = i32::try_from(BARS.len())?;
    for (number, [red, green, blue]) in (0..).zip(BARS) {
        let edge = |number: i32| f64::from(width * number / count);
        drawing.set_source_rgb(red, green, blue);
        drawing.rectangle(
            edge(number),
            0.0,
            edge(number + 1) - edge(number),
            f64::from(height),
        );
        drawing.fill()?;
    }
    drop(drawing);
    surface.flush();
    let mut png = Vec::new();
    surface.write_to_png(&mut png)?;
    Ok(png)
}

fn tone(begins_ns: i64, length: Duration, seconds: u32) -> Cue {
    let wav: Arc<[u8]> = wav(seconds).into();
    let size_bytes = u64::try_from(wav.len()).unwrap_or(u64::MAX);
    let open: OpenMedium = Arc::new(move || Ok(Box::new(Cursor::new(Arc::clone(&wav)))));
    Cue {
        id: CueId(1),
        medium: Medium {
            label: "test tone".to_owned(),
            kind: MediumKind::Sound,
            key: "test tone".to_owned(),
            mime: "audio/x-wav".to_owned(),
            size_bytes,
            open,
        },
        starts_at_ns: begins_ns,
        ends_at_ns: begins_ns + ns(length),
        offset_ns: 0,
        crossfade_ns: 0,
        gain_mdb: 0,
    }
}

fn ns(length: Duration) -> i64 {
    i64::try_from(length.as_nanos()).unwrap_or(i64::MAX)
}

/// A tone on both channels as a WAV file.
fn wav(seconds: u32) -> Vec<u8> {
    let frames = SAMPLES_PER_S * seconds;
    let data_bytes = frames * 4;
    let mut wav = Vec::new();
    wav.extend(b"RIFF");
    wav.extend((36 + data_bytes).to_le_bytes());
    wav.extend(b"WAVEfmt ");
    wav.extend(16_u32.to_le_bytes());
    wav.extend(1_u16.to_le_bytes());
    wav.extend(2_u16.to_le_bytes());
    wav.extend(SAMPLES_PER_S.to_le_bytes());
    wav.extend((SAMPLES_PER_S * 4).to_le_bytes());
    wav.extend(4_u16.to_le_bytes());
    wav.extend(16_u16.to_le_bytes());
    wav.extend(b"data");
    wav.extend(data_bytes.to_le_bytes());
    let period = SAMPLES_PER_S / TONE_HZ;
    for frame in 0..frames {
        let phase = f64::from(frame % period) / f64::from(period);
        let sample = (phase * std::f64::consts::TAU).sin() * TONE_PEAK;
        #[allow(
            clippy::cast_possible_truncation,
            reason = "a quarter of full scale fits, and as rounds towards zero"
        )]
        let sample = (sample as i16).to_le_bytes();
        wav.extend(sample);
        wav.extend(sample);
    }
    wav
}
