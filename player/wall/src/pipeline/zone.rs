//! The frame clock of one zone: a thread that wakes for every output tick, asks the stage what to show, and hands it on.

mod programme;
mod stage;

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use self::stage::Stage;
pub(super) use self::stage::{Backdrops, Choice, Owner, Slot, Span, StageParts};
use super::board::Board;
use super::clock::{GroupClock, Ticks};
use super::cue::ZoneId;
use super::item::Item;
use super::mixer::SoundTimeline;
use super::output::{Composed, PictureFeed};

/// A frame is chosen this long before its tick.
const LEAD_NS: i64 = 15_000_000;
/// Later than this, ticks are skipped instead of being sent late.
const LATE_NS: i64 = 100_000_000;

/// What the owner asks of a zone.
#[derive(Debug)]
pub(super) enum ZoneCommand {
    Announce(Arc<Item>),
    Cut(Arc<Item>),
    Darken { at_ns: i64 },
    StandBy { at_ns: i64 },
    Stop,
}

/// Where a zone's choices go.
#[derive(Clone, Debug)]
pub(super) struct ZoneTools {
    pub clock: Arc<GroupClock>,
    pub ticks: Ticks,
    pub feed: Arc<PictureFeed>,
    pub timeline: Arc<SoundTimeline>,
    pub board: Arc<Board>,
}

/// Handle of a zone's scheduler thread.
#[derive(Debug)]
pub(super) struct ZoneScheduler {
    pub zone: ZoneId,
    commands: Sender<ZoneCommand>,
    thread: JoinHandle<()>,
}

impl ZoneScheduler {
    pub(super) fn start(parts: StageParts, tools: ZoneTools) -> io::Result<Self> {
        let (commands, inbox) = channel();
        let zone = parts.zone;
        let beat = Beat {
            zone,
            stage: Stage::new(parts),
            tools,
            inbox,
        };
        let thread = thread::Builder::new()
            .name(format!("zone {zone}"))
            .spawn(move || beat.run())?;
        Ok(Self {
            zone,
            commands,
            thread,
        })
    }

    /// False when the scheduler is gone.
    pub(super) fn send(&self, command: ZoneCommand) -> bool {
        self.commands.send(command).is_ok()
    }

    pub(super) fn has_ended(&self) -> bool {
        self.thread.is_finished()
    }
}

struct Beat {
    zone: ZoneId,
    stage: Stage,
    tools: ZoneTools,
    inbox: Receiver<ZoneCommand>,
}

impl Beat {
    fn run(mut self) {
        let mut tick = self.first_tick_after(self.tools.clock.running_ns());
        loop {
            let at_ns = self.tools.ticks.at(tick);
            let running_ns = self.tools.clock.running_of(at_ns);
            if !self.wait_until(running_ns - LEAD_NS) {
                break;
            }
            let now_ns = self.tools.clock.running_ns();
            if now_ns > running_ns + LATE_NS {
                let next = self.first_tick_after(now_ns);
                self.tools.board.skipped(next - tick);
                tick = next;
                continue;
            }
            self.show(at_ns, running_ns);
            tick = self.tick_after(tick, running_ns);
        }
        self.stage.close();
        self.tools.timeline.set(self.zone, Vec::new());
    }

    fn show(&mut self, at_ns: i64, running_ns: i64) {
        let choice = self.stage.tick(at_ns);
        self.tools.timeline.set(self.zone, self.stage.spans());
        self.tools.board.chose(
            self.zone,
            &choice.owner,
            self.stage.announced(),
            self.stage.next_ready(),
        );
        let composed = Composed {
            buffer: choice.frame.buffer.clone(),
            caps: choice.frame.caps.clone(),
            shares: vec![(self.zone, choice)],
        };
        self.tools.feed.push(composed, at_ns, running_ns);
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
        let group_ns = self.tools.clock.group_at(running_ns + LEAD_NS);
        self.tools.ticks.first_from(group_ns)
    }

    /// Carries out commands until then. False when the zone shall stop.
    fn wait_until(&mut self, running_ns: i64) -> bool {
        loop {
            let left_ns = running_ns - self.tools.clock.running_ns();
            let left = Duration::from_nanos(u64::try_from(left_ns).unwrap_or(0));
            match self.inbox.recv_timeout(left) {
                Ok(ZoneCommand::Stop) | Err(RecvTimeoutError::Disconnected) => return false,
                Ok(ZoneCommand::Announce(item)) => self.stage.announce(item),
                Ok(ZoneCommand::Cut(item)) => self.stage.cut(item),
                Ok(ZoneCommand::Darken { at_ns }) => self.stage.darken(at_ns),
                Ok(ZoneCommand::StandBy { at_ns }) => self.stage.stand_by(at_ns),
                Err(RecvTimeoutError::Timeout) => return true,
            }
        }
    }
}
