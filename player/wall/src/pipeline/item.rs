//! One cue being decoded: a thread that opens, joins, supervises and ends its disposable pipeline.

mod decoding;
mod pictures;
mod slide;
mod sound;

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use gstreamer as gst;

use self::decoding::{Attempt, Decoding, Notebook};
pub(super) use self::pictures::{Frame, Pictures, Taken};
pub(super) use self::sound::{CHANNELS, RATE_HZ, Sound, SoundFrame, frame_at};
use super::clock::GroupClock;
use super::cue::{Cue, ItemFault, MediumKind};
use super::graveyard::{Graveyard, Marker};
use super::path::Route;

/// Joins nearer to the beginning decode their way there instead of seeking.
const SEEK_FROM_NS: i64 = 500_000_000;
/// Containers may promise this much more than their frames fill.
const DURATION_SLACK_NS: i64 = 500_000_000;

/// What every item needs from the engine.
#[derive(Clone, Debug)]
pub(super) struct Workshop {
    pub clock: Arc<GroupClock>,
    pub graveyard: Graveyard,
    pub caps: gst::Caps,
    /// Pixels of the pictures that they make.
    pub size: (u32, u32),
    pub route: Arc<Route>,
}

/// What callbacks and the scheduler tell the item's thread.
#[derive(Debug)]
enum Note {
    Prerolled,
    Picture,
    Ended,
    NoPicture,
    NoSound,
    Missing(String),
    Broken(String),
    Source(ItemFault),
    Stalled,
    Released,
}

/// A cue with its queues. Announced first, opened later, released once.
#[derive(Debug)]
pub(super) struct Item {
    pub number: u64,
    pub cue: Cue,
    /// Group time at which the owner announced it.
    pub announced_ns: i64,
    pub pictures: Pictures,
    pub sound: Sound,
    caps: gst::Caps,
    route: Arc<Route>,
    seeked_ns: AtomicI64,
    /// The running attempt uses a hardware decoder.
    hardware: AtomicBool,
    notes: Sender<(u64, Note)>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    unopened: Option<Receiver<(u64, Note)>>,
    opened: Option<Instant>,
    thread: Option<Marker>,
    fault: Option<ItemFault>,
    software_only: bool,
}

impl Item {
    pub(super) fn announce(number: u64, cue: Cue, shop: &Workshop) -> Arc<Self> {
        let (notes, unopened) = channel();
        Arc::new(Self {
            number,
            announced_ns: shop.clock.now_ns(),
            pictures: Pictures::new(cue.medium.kind),
            sound: Sound::default(),
            caps: shop.caps.clone(),
            route: Arc::clone(&shop.route),
            seeked_ns: AtomicI64::new(0),
            hardware: AtomicBool::new(false),
            notes,
            state: Mutex::new(State {
                unopened: Some(unopened),
                opened: None,
                thread: None,
                fault: None,
                software_only: false,
            }),
            cue,
        })
    }

    /// An item whose one picture is decoded already: it can take the air on the next tick.
    pub(super) fn ready_made(number: u64, cue: Cue, shop: &Workshop, frame: Frame) -> Arc<Self> {
        let item = Self::announce(number, cue, shop);
        if item.pictures.push(ANY_GENERATION, frame).is_err() {
            tracing::trace!(cue = %item.cue.id, "An item refused its picture.");
        }
        item.seal();
        let mut state = item.lock();
        state.unopened = None;
        state.opened = Some(Instant::now());
        drop(state);
        item
    }

    /// Starts decoding on a thread of its own. Further calls do nothing.
    pub(super) fn open(self: &Arc<Self>, shop: &Workshop) {
        let Some(notes) = self.lock().unopened.take() else {
            return;
        };
        let (item, tools) = (Arc::clone(self), shop.clone());
        let started =
            shop.graveyard
                .spawn(&format!("item {}", self.cue.medium.label), move |ending| {
                    work(&item, &notes, &tools);
                    drop(ending);
                });
        let mut state = self.lock();
        state.opened = Some(Instant::now());
        match started {
            Ok(marker) => state.thread = Some(marker),
            Err(error) => {
                state.fault = Some(ItemFault::Undecodable {
                    detail: error.to_string(),
                });
            }
        }
    }

    pub(super) fn is_opened(&self) -> bool {
        self.lock().opened.is_some()
    }

    pub(super) fn opened_for(&self) -> Duration {
        self.lock().opened.map_or(Duration::ZERO, |at| at.elapsed())
    }

    /// Enough is decoded to take the air.
    pub(super) fn is_ready(&self) -> bool {
        let decoded = match self.cue.medium.kind {
            MediumKind::Sound => self.sound.ready(),
            MediumKind::Video | MediumKind::Still | MediumKind::Slide => self.pictures.ready(),
        };
        self.is_opened() && decoded
    }

    pub(super) fn fault(&self) -> Option<ItemFault> {
        self.lock().fault.clone()
    }

    /// A hardware decoder is at work that a software decoder could replace.
    pub(super) fn can_replace_decoder(&self) -> bool {
        self.hardware.load(Ordering::Relaxed)
    }

    pub(super) fn report_stall(&self) {
        self.note(Note::Stalled);
    }

    /// Ends decoding and lets go of frames. Returns at once.
    pub(super) fn release(&self) {
        self.note(Note::Released);
        self.pictures.close();
        self.sound.close();
        if let Some(thread) = &self.lock().thread {
            thread.should_end();
        }
    }

    /// Draws the one picture of a text slide.
    fn draw_slide(&self) {
        let drawn = slide::draw(&self.cue.medium, &self.caps);
        let pushed = drawn.map(|frame| self.pictures.push(ANY_GENERATION, frame));
        self.seal();
        if let Err(fault) = pushed {
            self.fail(fault);
        }
    }

    fn note(&self, note: Note) {
        if self.notes.send((ANY_GENERATION, note)).is_err() {
            tracing::trace!(cue = %self.cue.id, "A note came after the end of its item.");
        }
    }

    fn seeked_ns(&self) -> i64 {
        self.seeked_ns.load(Ordering::Acquire)
    }

    /// Time in the medium that should show at group time `now_ns`.
    fn join_ns(&self, now_ns: i64) -> i64 {
        self.cue.offset_ns + (now_ns - self.cue.starts_at_ns).max(0)
    }

    fn seal(&self) {
        self.pictures.seal();
        self.sound.seal();
    }

    fn fail(&self, fault: ItemFault) {
        self.lock().fault.get_or_insert(fault);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Notes from the scheduler belong to whatever attempt is running.
const ANY_GENERATION: u64 = 0;

/// How an attempt at decoding came to its end.
#[derive(Debug)]
enum Outcome {
    Released,
    /// All there is to decode is decoded.
    Complete,
    Failed(ItemFault),
}

fn work(item: &Arc<Item>, notes: &Receiver<(u64, Note)>, shop: &Workshop) {
    if item.cue.medium.size_bytes == 0 {
        item.fail(ItemFault::Empty);
        return;
    }
    if item.cue.medium.kind == MediumKind::Slide {
        item.draw_slide();
        return wait_for_release(notes);
    }
    let mut generation = 0;
    loop {
        generation += 1;
        let outcome = attempt(item, generation, notes, shop);
        match outcome {
            Outcome::Released => return,
            Outcome::Complete => {
                item.seal();
                break;
            }
            Outcome::Failed(fault) => {
                if retries_in_software(item, &fault) {
                    continue;
                }
                item.seal();
                item.fail(fault);
                break;
            }
        }
    }
    wait_for_release(notes);
}

fn wait_for_release(notes: &Receiver<(u64, Note)>) {
    while let Ok((_, note)) = notes.recv() {
        if matches!(note, Note::Released) {
            return;
        }
    }
}

fn retries_in_software(item: &Item, fault: &ItemFault) -> bool {
    let decoder_to_blame = matches!(fault, ItemFault::Stalled | ItemFault::Undecodable { .. });
    let mut state = item.lock();
    let hardware = item.hardware.load(Ordering::Relaxed);
    if !decoder_to_blame || !hardware || state.software_only {
        return false;
    }
    state.software_only = true;
    tracing::warn!(cue = %item.cue.id, item = %item.cue.medium.label, %fault,
        "The hardware decoder gave up; decoding goes on in software.");
    true
}

fn attempt(
    item: &Arc<Item>,
    generation: u64,
    notes: &Receiver<(u64, Note)>,
    shop: &Workshop,
) -> Outcome {
    let join_ns = item.join_ns(shop.clock.now_ns());
    item.seeked_ns.store(0, Ordering::Release);
    item.hardware.store(false, Ordering::Relaxed);
    item.pictures.restart(generation, join_ns);
    item.sound.restart(generation, join_ns);
    let notebook = Notebook {
        generation,
        notes: item.notes.clone(),
    };
    let attempt = Attempt {
        join_ns,
        software_only: item.lock().software_only,
    };
    let decoding = match Decoding::build(item, attempt, &notebook, &shop.graveyard) {
        Ok(decoding) => decoding,
        Err(fault) => return Outcome::Failed(fault),
    };
    let outcome = Supervision {
        item,
        decoding: &decoding,
        missing: None,
        joining: false,
    }
    .run(attempt, generation, notes);
    decoding.bury(&shop.graveyard);
    outcome
}

struct Supervision<'a> {
    item: &'a Item,
    decoding: &'a Decoding,
    missing: Option<String>,
    joining: bool,
}

impl Supervision<'_> {
    fn run(mut self, attempt: Attempt, generation: u64, notes: &Receiver<(u64, Note)>) -> Outcome {
        self.joining = !self.item.cue.medium.kind.is_still() && attempt.join_ns >= SEEK_FROM_NS;
        let started = if self.joining {
            self.decoding.pause()
        } else {
            self.decoding.play()
        };
        let mut outcome = started.err().map(|fault| self.explain(fault));
        loop {
            let patience = Duration::from_millis(if outcome.is_some() { 50 } else { 1_000 });
            match notes.recv_timeout(patience) {
                Ok((of, _)) if of != generation && of != ANY_GENERATION => {}
                Ok((_, Note::Source(fault))) => return Outcome::Failed(fault),
                Ok((_, note)) => outcome = outcome.or_else(|| self.hear(note, attempt)),
                Err(RecvTimeoutError::Timeout) => {
                    if let Some(outcome) = outcome {
                        return outcome;
                    }
                }
                Err(RecvTimeoutError::Disconnected) => return Outcome::Released,
            }
            if matches!(outcome, Some(Outcome::Released | Outcome::Complete)) {
                return outcome.unwrap_or(Outcome::Released);
            }
        }
    }

    fn hear(&mut self, note: Note, attempt: Attempt) -> Option<Outcome> {
        match note {
            Note::Prerolled => self.join(attempt),
            Note::Picture => self
                .item
                .cue
                .medium
                .kind
                .is_still()
                .then_some(Outcome::Complete),
            Note::Ended => Some(self.check_end()),
            Note::NoPicture => Some(self.explain(ItemFault::Undecodable {
                detail: "there is no picture in it".to_owned(),
            })),
            Note::NoSound => Some(self.explain(ItemFault::Undecodable {
                detail: "there is no sound in it".to_owned(),
            })),
            Note::Missing(name) => {
                self.missing = Some(name);
                None
            }
            Note::Broken(detail) => Some(self.explain(ItemFault::Undecodable { detail })),
            Note::Stalled => Some(Outcome::Failed(ItemFault::Stalled)),
            Note::Source(fault) => Some(Outcome::Failed(fault)),
            Note::Released => Some(Outcome::Released),
        }
    }

    fn join(&mut self, attempt: Attempt) -> Option<Outcome> {
        if !std::mem::take(&mut self.joining) {
            return None;
        }
        let at_ns = self.decoding.seek(attempt.join_ns);
        self.item.seeked_ns.store(at_ns, Ordering::Release);
        let playing = self.decoding.play();
        playing.err().map(Outcome::Failed)
    }

    /// An error while a decoder is missing is that decoder's absence.
    fn explain(&self, fault: ItemFault) -> Outcome {
        Outcome::Failed(match (&self.missing, fault) {
            (Some(name), ItemFault::Undecodable { detail }) => ItemFault::Undecodable {
                detail: format!("{detail} (not installed: {name})"),
            },
            (_, fault) => fault,
        })
    }

    fn check_end(&self) -> Outcome {
        let ended_ns = self.item.pictures.end_ns().max(self.item.sound.end_ns());
        let promised_ns = self.decoding.duration_ns().unwrap_or(0);
        if self.item.cue.medium.kind == MediumKind::Video
            && promised_ns > ended_ns + DURATION_SLACK_NS
        {
            return Outcome::Failed(ItemFault::Truncated {
                ended_ms: ended_ns / 1_000_000,
                promised_ms: promised_ns / 1_000_000,
            });
        }
        Outcome::Complete
    }
}
