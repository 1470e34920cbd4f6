//! Mixes the sound of every zone, sample by sample on the group timeline, ahead of its time.

mod line;
mod meter;
mod voice;

use std::collections::BTreeMap;
use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

pub(super) use self::line::{SoundFeed, SoundLine};
use self::meter::Meter;
use self::voice::{Block, Voice};
use super::board::Board;
use super::clock::{GroupClock, SECOND_NS};
use super::config::{SoundBlock, Witness};
use super::cue::ZoneId;
use super::item::{CHANNELS, RATE_HZ};
use super::zone::Span;

/// Frames per block: 10 ms.
const BLOCK_FRAMES: i64 = RATE_HZ / 100;
const BLOCK_SAMPLES: usize = 480 * CHANNELS;
/// Sound is mixed this long before it is heard.
const AHEAD_NS: i64 = 100_000_000;
/// Later than this, blocks are skipped.
const LATE_NS: i64 = 100_000_000;

/// What each zone wants to be heard, written by schedulers and read by the mixer.
#[derive(Debug, Default)]
pub(super) struct SoundTimeline {
    zones: Mutex<BTreeMap<ZoneId, Vec<Span>>>,
}

impl SoundTimeline {
    pub(super) fn set(&self, zone: ZoneId, spans: Vec<Span>) {
        let old = if spans.is_empty() {
            self.lock().remove(&zone)
        } else {
            self.lock().insert(zone, spans)
        };
        drop(old);
    }

    fn spans(&self) -> Vec<Span> {
        self.lock().values().flatten().cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<ZoneId, Vec<Span>>> {
        self.zones.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the mixer works with.
#[derive(Clone, Debug)]
pub(super) struct MixerTools {
    pub clock: Arc<GroupClock>,
    pub timeline: Arc<SoundTimeline>,
    pub feed: Arc<SoundFeed>,
    pub board: Arc<Board>,
    pub witness: Option<Arc<dyn Witness>>,
}

/// Handle of the mixer's thread.
#[derive(Debug)]
pub(super) struct Mixer {
    stop: Sender<()>,
    thread: JoinHandle<()>,
}

impl Mixer {
    pub(super) fn start(tools: MixerTools) -> io::Result<Self> {
        let (stop, stopped) = channel();
        let desk = Desk {
            tools,
            stopped,
            voices: BTreeMap::new(),
            meter: Meter::default(),
        };
        let thread = thread::Builder::new()
            .name("mixer".to_owned())
            .spawn(move || desk.run())?;
        Ok(Self { stop, thread })
    }

    pub(super) fn stop(&self) {
        if self.stop.send(()).is_err() {
            tracing::trace!("The mixer had ended already.");
        }
    }

    pub(super) fn has_ended(&self) -> bool {
        self.thread.is_finished()
    }
}

struct Desk {
    tools: MixerTools,
    stopped: Receiver<()>,
    voices: BTreeMap<u64, Voice>,
    meter: Meter,
}

impl Desk {
    fn run(mut self) {
        let mut position = block_at(self.tools.clock.running_ns());
        loop {
            let running_ns = position / BLOCK_FRAMES * (SECOND_NS / 100);
            if !self.wait_until(running_ns - AHEAD_NS) {
                return;
            }
            let now_ns = self.tools.clock.running_ns();
            if now_ns > running_ns + LATE_NS {
                position = block_at(now_ns);
                continue;
            }
            self.mix(position, running_ns);
            position += BLOCK_FRAMES;
        }
    }

    fn mix(&mut self, position: i64, running_ns: i64) {
        let at_ns = self.tools.clock.group_at(running_ns);
        let spans = self.tools.timeline.spans();
        self.voices.retain(|number, voice| {
            voice.follow(spans.iter().find(|s| s.item.number == *number));
            !voice.is_silent()
        });
        for span in spans {
            self.voices
                .entry(span.item.number)
                .or_insert_with(|| Voice::new(span));
        }
        let mut sum = [0i32; BLOCK_SAMPLES];
        let block = Block {
            position,
            at_ns,
            frames: BLOCK_FRAMES,
        };
        for voice in self.voices.values_mut() {
            voice.add(block, &mut sum);
        }
        self.hand_on(at_ns, running_ns, &sum.map(clip));
    }

    fn hand_on(&mut self, at_ns: i64, running_ns: i64, samples: &[i16]) {
        self.tools.board.set_level(self.meter.add(samples));
        if let Some(witness) = &self.tools.witness {
            witness.sound(&SoundBlock { at_ns, samples });
        }
        self.tools.feed.push(running_ns, samples);
    }

    fn wait_until(&self, running_ns: i64) -> bool {
        let left_ns = running_ns - self.tools.clock.running_ns();
        let left = Duration::from_nanos(u64::try_from(left_ns).unwrap_or(0));
        match self.stopped.recv_timeout(left) {
            Err(RecvTimeoutError::Timeout) => true,
            Ok(()) | Err(RecvTimeoutError::Disconnected) => false,
        }
    }
}

fn block_at(running_ns: i64) -> i64 {
    running_ns.div_euclid(SECOND_NS / 100) * BLOCK_FRAMES
}

fn clip(sample: i32) -> i16 {
    let clamped = sample.clamp(i32::from(i16::MIN), i32::from(i16::MAX));
    i16::try_from(clamped).unwrap_or(0)
}
