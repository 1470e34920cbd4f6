//! The frame clock: one thread that wakes for every output tick, asks every zone what to show, and hands on the one
//! picture that comes of it.

mod change;

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use cotmoc_canvas::Tone;

use self::change::Take;
use super::board::Board;
use super::clock::{GroupClock, Ticks};
use super::compose::{Composer, Outcome};
use super::config::Patience;
use super::cue::{CueId, ZoneId};
use super::mixer::SoundTimeline;
use super::output::PictureFeed;
use super::report::{EngineEvent, Path};
use super::scene::SceneId;
use super::shelf::Shelf;
use super::show::Show;
use super::zone::{Owner, ZoneCommand};

/// A picture that is passed on as it is is chosen this long before its tick.
const LEAD_NS: i64 = 15_000_000;
/// The most that drawing one may begin earlier.
const MOST_LEAD_NS: i64 = 33_000_000;
/// Later than this, ticks are skipped instead of being sent late.
const LATE_NS: i64 = 100_000_000;

/// What the owner asks of the frame clock.
#[derive(Debug)]
pub(super) enum Order {
    Zone(ZoneId, ZoneCommand),
    Prepare(Box<Show>),
    Take { scene: SceneId, at_ns: i64 },
    Discard(SceneId),
    Light(Box<Tone>),
    Stop,
}

/// What the frame clock works with.
#[derive(Clone, Debug)]
pub(super) struct BeatTools {
    pub clock: Arc<GroupClock>,
    pub ticks: Ticks,
    pub patience: Patience,
    pub feed: Arc<PictureFeed>,
    pub timeline: Arc<SoundTimeline>,
    pub board: Arc<Board>,
    pub shelf: Arc<Shelf>,
    pub events: Sender<EngineEvent>,
}

/// Handle of the frame clock's thread.
#[derive(Debug)]
pub(super) struct Scheduler {
    orders: Sender<Order>,
    thread: JoinHandle<()>,
}

impl Scheduler {
    pub(super) fn start(tools: BeatTools, show: Show) -> io::Result<Self> {
        let (orders, inbox) = channel();
        let beat = Beat {
            tools,
            inbox,
            shown: show,
            prepared: Vec::new(),
            next: None,
            composer: Composer::default(),
            paths: BTreeMap::new(),
        };
        let thread = thread::Builder::new()
            .name("frame clock".to_owned())
            .spawn(move || beat.run())?;
        Ok(Self { orders, thread })
    }

    /// False when the frame clock is gone.
    pub(super) fn send(&self, order: Order) -> bool {
        self.orders.send(order).is_ok()
    }

    pub(super) fn has_ended(&self) -> bool {
        self.thread.is_finished()
    }
}

struct Beat {
    tools: BeatTools,
    inbox: Receiver<Order>,
    shown: Show,
    prepared: Vec<Show>,
    next: Option<Take>,
    composer: Composer,
    /// How what each zone shows goes to the outputs.
    paths: BTreeMap<ZoneId, (CueId, Path)>,
}

impl Beat {
    fn run(mut self) {
        let mut tick = self.first_tick_after(self.tools.clock.running_ns());
        loop {
            let at_ns = self.tools.ticks.at(tick);
            let running_ns = self.tools.clock.running_of(at_ns);
            if !self.wait_until(running_ns - self.lead_ns()) {
                break;
            }
            let now_ns = self.tools.clock.running_ns();
            if now_ns > running_ns + LATE_NS {
                let next = self.first_tick_after(now_ns);
                self.tools.board.skipped(next - tick);
                tick = next;
                continue;
            }
            self.present(at_ns, running_ns);
            tick = self.tick_after(tick, running_ns);
        }
        self.close();
    }

    fn present(&mut self, at_ns: i64, running_ns: i64) {
        for show in &mut self.prepared {
            show.furnish(&self.tools.shelf);
            show.tick(at_ns);
            let seats = show.seats.iter();
            seats.for_each(|seat| seat.stage.pass_over_sound(at_ns));
            show.overlays.iter().for_each(|o| o.expect(at_ns));
        }
        if !self.change_scene(at_ns) {
            self.shown.furnish(&self.tools.shelf);
            self.shown.tick(at_ns);
        }
        self.publish_sound(at_ns);
        self.note();
        let Outcome {
            composed,
            is_direct,
        } = self.composer.compose(&self.shown, at_ns);
        self.tools.board.composed(!is_direct);
        self.tools.feed.push(composed, at_ns, running_ns);
        self.report_paths();
    }

    fn note(&self) {
        let shows = [&self.shown].into_iter().chain(&self.prepared);
        for show in shows {
            for (seat, (zone, choice)) in show.seats.iter().zip(&show.choices) {
                let (announced, ready) = (seat.stage.announced(), seat.stage.next_ready());
                self.tools
                    .board
                    .chose(*zone, &choice.owner, announced, ready);
            }
        }
        self.tools.board.ticked();
    }

    /// Tells once for each item how its pictures go to the outputs.
    fn report_paths(&mut self) {
        let passes = self.composer.passes(&self.shown);
        for (zone, choice) in &self.shown.choices {
            let Owner::Cue(slot) = &choice.owner else {
                continue;
            };
            let is_direct = passes && choice.frame.caps.is_some();
            let path = if is_direct { Path::Direct } else { Path::Mixed };
            let (zone, cue) = (*zone, slot.cue);
            if self.paths.insert(zone, (cue, path)) == Some((cue, path)) {
                continue;
            }
            tracing::debug!(%zone, %cue, ?path, "The way of an item to the outputs is chosen.");
            let event = EngineEvent::PathChosen { zone, cue, path };
            if self.tools.events.send(event).is_err() {
                tracing::trace!("Nobody listens to the engine's events.");
            }
        }
    }

    /// Drawing takes time that passing on does not.
    fn lead_ns(&self) -> i64 {
        if self.composer.passes(&self.shown) {
            return LEAD_NS;
        }
        let period_ns = self.tools.ticks.period_ns();
        period_ns.clamp(LEAD_NS, MOST_LEAD_NS)
    }

    /// The next tick, or the present one after group time was stepped.
    fn tick_after(&self, tick: i64, running_ns: i64) -> i64 {
        let period_ns = self.tools.ticks.period_ns();
        let next_ns = self.tools.clock.running_of(self.tools.ticks.at(tick + 1));
        if next_ns > running_ns && next_ns < running_ns + 2 * period_ns {
            return tick + 1;
        }
        let earliest_ns = running_ns + period_ns / 2;
        let from_ns = self.tools.clock.running_ns().max(earliest_ns);
        self.tools
            .ticks
            .first_from(self.tools.clock.group_at(from_ns))
    }

    fn first_tick_after(&self, running_ns: i64) -> i64 {
        let group_ns = self.tools.clock.group_at(running_ns + self.lead_ns());
        self.tools.ticks.first_from(group_ns)
    }

    /// Carries out orders until then. False when the clock shall stop.
    fn wait_until(&mut self, running_ns: i64) -> bool {
        loop {
            let left_ns = running_ns - self.tools.clock.running_ns();
            let left = Duration::from_nanos(u64::try_from(left_ns).unwrap_or(0));
            match self.inbox.recv_timeout(left) {
                Ok(Order::Stop) | Err(RecvTimeoutError::Disconnected) => return false,
                Ok(Order::Zone(zone, command)) => self.obey(zone, command),
                Ok(Order::Prepare(show)) => self.prepare(*show),
                Ok(Order::Take { scene, at_ns }) => self.plan_take(scene, at_ns),
                Ok(Order::Discard(scene)) => self.discard(scene),
                Ok(Order::Light(tone)) => self.set_light(*tone),
                Err(RecvTimeoutError::Timeout) => return true,
            }
        }
    }

    fn prepare(&mut self, show: Show) {
        show.choose_routes(self.composer.is_neutral());
        self.prepared.push(show);
    }

    fn set_light(&mut self, tone: Tone) {
        self.composer.set_light(tone);
        for show in [&self.shown].into_iter().chain(&self.prepared) {
            show.choose_routes(self.composer.is_neutral());
        }
    }

    fn obey(&mut self, zone: ZoneId, command: ZoneCommand) {
        let mut left = Some(command);
        for show in [&mut self.shown].into_iter().chain(&mut self.prepared) {
            let Some(command) = left.take() else { return };
            left = show.obey(zone, command).err();
        }
        if left.is_some() {
            tracing::debug!(%zone, "An order came for a zone that is gone.");
        }
    }
}
