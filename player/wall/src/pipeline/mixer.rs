//! Mixes the sound of every zone, sample by sample on the group timeline, ahead of its time.

mod dials;
mod law;
mod line;
mod meter;
mod seam;
mod voice;

use std::collections::BTreeMap;
use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

pub(super) use self::dials::Dials;
use self::law::Glide;
pub(super) use self::line::{SoundFeed, SoundLine};
use self::meter::Meter;
pub(super) use self::voice::Heard;
use self::voice::{Block, Pair, Voice};
use super::announce::Announcer;
use super::board::Board;
use super::clock::{GroupClock, SECOND_NS};
use super::config::{SoundBlock, Witness};
use super::cue::ZoneId;
use super::item::RATE_HZ;
use super::zone::Span;

/// Frames per block: 20 ms.
const BLOCK_FRAMES: i64 = RATE_HZ / 50;
pub(super) const BLOCK_NS: i64 = SECOND_NS / 50;
const BLOCK_LENGTH: usize = 960;
/// Sound is mixed this long before it is heard.
const AHEAD_NS: i64 = 100_000_000;
/// Later than this, blocks are skipped.
const LATE_NS: i64 = 100_000_000;
/// How long the volume takes to another value, and the programme to step back for an announcement and to return.
const VOLUME_FRAMES: u32 = 12_000;
const DUCK_FRAMES: u32 = 9_600;
const RETURN_FRAMES: u32 = 24_000;
/// The programme begins to step back this long before the announcement.
pub(super) const DUCK_NS: i64 = 200_000_000;

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
    pub announcer: Arc<Announcer>,
    pub dials: Arc<Dials>,
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
        let desk = Desk::new(tools, stopped);
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
    programme: Voices,
    announcements: Voices,
    volume: Glide,
    duck: Glide,
    meter: Meter,
}

type Sum = [Pair; BLOCK_LENGTH];

/// What sounds together, by the number of the item.
#[derive(Debug, Default)]
struct Voices(BTreeMap<u64, Voice>);

impl Voices {
    fn mix(&mut self, block: Block, spans: Vec<Span>) -> Sum {
        self.0.retain(|number, voice| {
            voice.follow(spans.iter().find(|s| s.item.number == *number));
            !voice.is_silent()
        });
        for span in spans {
            self.0
                .entry(span.item.number)
                .or_insert_with(|| Voice::new(span));
        }
        let mut sum = [Pair::default(); BLOCK_LENGTH];
        for voice in self.0.values_mut() {
            voice.add(block, &mut sum);
        }
        sum
    }

    fn heard(&self, number: u64) -> Option<Heard> {
        self.0.get(&number)?.heard()
    }
}

impl Desk {
    fn new(tools: MixerTools, stopped: Receiver<()>) -> Self {
        Self {
            volume: Glide::at(tools.dials.volume()),
            duck: Glide::at(1.0),
            tools,
            stopped,
            programme: Voices::default(),
            announcements: Voices::default(),
            meter: Meter::default(),
        }
    }

    fn run(mut self) {
        let mut position = block_at(self.tools.clock.running_ns());
        loop {
            let running_ns = position / BLOCK_FRAMES * BLOCK_NS;
            if !self.wait_until(running_ns - AHEAD_NS) {
                return self.tools.announcer.silence();
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
        let block = Block {
            position,
            at_ns,
            frames: BLOCK_FRAMES,
        };
        let programme = self.programme.mix(block, self.tools.timeline.spans());
        let speech = self.announce(block);
        self.volume.aim(self.tools.dials.volume(), VOLUME_FRAMES);
        let pairs = programme.iter().zip(&speech);
        let samples: Vec<i16> = pairs
            .flat_map(|([left, right], [over_left, over_right])| {
                let (duck, volume) = (self.duck.next(), self.volume.next());
                [(left, over_left), (right, over_right)]
                    .map(|(under, over)| law::limit((under * duck + over) * volume))
            })
            .collect();
        self.hand_on(at_ns, running_ns, &samples);
    }

    fn announce(&mut self, block: Block) -> Sum {
        let call = self.tools.announcer.tend(block.at_ns);
        if call.duck {
            self.duck.aim(self.tools.dials.duck(), DUCK_FRAMES);
        } else {
            self.duck.aim(1.0, RETURN_FRAMES);
        }
        let numbers: Vec<u64> = call.spans.iter().map(|s| s.item.number).collect();
        let sum = self.announcements.mix(block, call.spans);
        let at = |frame: i64| block.at_ns + (frame - block.position) * SECOND_NS / RATE_HZ;
        for number in numbers {
            if let Some(heard) = self.announcements.heard(number) {
                let times = (at(heard.first), at(heard.last));
                self.tools.announcer.heard(number, times, heard.frames);
            }
        }
        sum
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
    running_ns.div_euclid(BLOCK_NS) * BLOCK_FRAMES
}
