//! Keeps an output up: a thread that builds it, hears of its loss, builds it anew, and stands in for it meanwhile.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use gstreamer as gst;
use gstreamer::prelude::*;

use super::board::Board;
use super::config::Patience;
use super::graveyard::Graveyard;
use super::report::EngineEvent;

/// Losses within this time of each other are repeated.
const REPEATED_WITHIN: Duration = Duration::from_secs(10);
/// Buffers that must pass before an output counts as working.
const PROVEN_BUFFERS: u64 = 3;
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Which sink a line leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Configured,
    StandIn,
}

/// A kind of output that can be built again and again.
pub(super) trait Line: Send + 'static {
    /// Builds a pipeline up to READY and lets it be fed.
    fn build(&self, place: Place, generation: u64) -> Result<gst::Pipeline, String>;
    fn disconnect(&self);
    /// Buffers offered by the engine so far, over all generations.
    fn pushed(&self) -> u64;
    /// Buffers that reached a sink so far, over all generations.
    fn arrived(&self) -> u64;
}

/// Whether picture or sound is kept; they differ in what is reported.
#[derive(Clone, Copy, Debug)]
pub(super) enum Medium {
    Picture { output: usize },
    Sound,
}

/// What a keeper reports to.
#[derive(Clone, Debug)]
pub(super) struct KeeperTools {
    pub medium: Medium,
    pub patience: Patience,
    pub graveyard: Graveyard,
    pub board: Arc<Board>,
    pub events: Sender<EngineEvent>,
}

#[derive(Debug)]
enum Message {
    Broken { generation: u64, reason: String },
    Stop,
}

/// Handle of a keeper's thread.
#[derive(Debug)]
pub(super) struct Keeper {
    inbox: Sender<Message>,
    thread: JoinHandle<()>,
}

impl Keeper {
    pub(super) fn start(line: impl Line, tools: KeeperTools) -> io::Result<Self> {
        let (sender, inbox) = channel();
        let name = match tools.medium {
            Medium::Picture { output } => format!("output {output}"),
            Medium::Sound => "sound output".to_owned(),
        };
        let watch = Watch {
            line,
            tools,
            sender: sender.clone(),
            generation: 0,
            up: None,
            losses: VecDeque::new(),
            lost: false,
            leaked: 0,
        };
        let thread = thread::Builder::new()
            .name(name)
            .spawn(move || watch.run(&inbox))?;
        Ok(Self {
            inbox: sender,
            thread,
        })
    }

    pub(super) fn stop(&self) {
        if self.inbox.send(Message::Stop).is_err() {
            tracing::trace!("The output had ended already.");
        }
    }

    pub(super) fn has_ended(&self) -> bool {
        self.thread.is_finished()
    }
}

struct Watch<L: Line> {
    line: L,
    tools: KeeperTools,
    sender: Sender<Message>,
    generation: u64,
    up: Option<Up>,
    losses: VecDeque<Instant>,
    lost: bool,
    leaked: usize,
}

/// A pipeline that is up, and how it is doing.
struct Up {
    pipeline: gst::Pipeline,
    place: Place,
    since: Instant,
    proven: bool,
    arrived_at_start: u64,
    arrived: u64,
    pushed: u64,
    moved: Instant,
}

impl<L: Line> Watch<L> {
    fn run(mut self, inbox: &Receiver<Message>) {
        self.raise(Place::Configured);
        loop {
            match inbox.recv_timeout(LOOK_EVERY) {
                Ok(Message::Stop) | Err(RecvTimeoutError::Disconnected) => break,
                Ok(Message::Broken { generation, reason }) if generation == self.generation => {
                    self.lose(reason);
                }
                Ok(Message::Broken { .. }) => {}
                Err(RecvTimeoutError::Timeout) => self.look(),
            }
        }
        self.lower();
    }

    fn look(&mut self) {
        self.report_leaks();
        let (arrived, pushed) = (self.line.arrived(), self.line.pushed());
        let Some(up) = &mut self.up else {
            return self.raise(Place::Configured);
        };
        if arrived != up.arrived || pushed == up.pushed {
            up.moved = Instant::now();
        }
        up.arrived = arrived;
        up.pushed = pushed;
        let stalled = up.moved.elapsed() > self.tools.patience.output_stall_after;
        let retry = up.since.elapsed() > self.tools.patience.output_retry_every;
        match up.place {
            Place::Configured if !up.proven && arrived >= up.arrived_at_start + PROVEN_BUFFERS => {
                up.proven = true;
                self.restore();
            }
            Place::Configured if stalled => self.lose("it presents nothing".to_owned()),
            Place::StandIn if retry => {
                self.lower();
                self.raise(Place::Configured);
            }
            Place::Configured | Place::StandIn => {}
        }
    }

    fn lose(&mut self, reason: String) {
        self.lower();
        self.report_loss(reason);
        self.losses.push_back(Instant::now());
        self.losses.retain(|at| at.elapsed() < REPEATED_WITHIN);
        let place = if self.losses.len() > 1 {
            Place::StandIn
        } else {
            Place::Configured
        };
        self.raise(place);
    }

    fn raise(&mut self, place: Place) {
        self.generation += 1;
        match self.line.build(place, self.generation) {
            Ok(pipeline) => self.play(pipeline, place),
            Err(reason) => {
                self.report_loss(reason);
                if place == Place::Configured {
                    self.raise(Place::StandIn);
                }
            }
        }
    }

    fn play(&mut self, pipeline: gst::Pipeline, place: Place) {
        self.watch_bus(&pipeline);
        let started = pipeline.set_state(gst::State::Playing);
        let arrived = self.line.arrived();
        self.up = Some(Up {
            pipeline,
            place,
            since: Instant::now(),
            proven: false,
            arrived_at_start: arrived,
            arrived,
            pushed: self.line.pushed(),
            moved: Instant::now(),
        });
        if started.is_err() && place == Place::Configured {
            self.lower();
            self.report_loss("the sink does not start".to_owned());
            self.raise(Place::StandIn);
        }
    }

    fn watch_bus(&self, pipeline: &gst::Pipeline) {
        let Some(bus) = pipeline.bus() else { return };
        let (sender, generation) = (self.sender.clone(), self.generation);
        bus.set_sync_handler(move |_, message| {
            let view = message.view();
            let reason = if let gst::MessageView::Error(error) = view {
                Some(error.error().to_string())
            } else if let gst::MessageView::Eos(_) = view {
                Some("it ended".to_owned())
            } else {
                None
            };
            if let Some(reason) = reason
                && sender.send(Message::Broken { generation, reason }).is_err()
            {
                tracing::trace!("An output broke after its end.");
            }
            gst::BusSyncReply::Drop
        });
    }

    fn lower(&mut self) {
        self.line.disconnect();
        if let Some(up) = self.up.take() {
            self.tools.graveyard.bury(up.pipeline, ());
        }
    }

    fn restore(&mut self) {
        self.mark(true);
        if std::mem::take(&mut self.lost) {
            tracing::info!("The output presents again.");
            self.tell(match self.tools.medium {
                Medium::Picture { output } => EngineEvent::OutputRestored { output },
                Medium::Sound => EngineEvent::AudioRestored,
            });
        }
    }

    fn report_loss(&mut self, reason: String) {
        self.mark(false);
        if std::mem::replace(&mut self.lost, true) {
            return;
        }
        tracing::warn!(%reason, "An output is lost.");
        self.tell(match self.tools.medium {
            Medium::Picture { output } => EngineEvent::OutputLost { output, reason },
            Medium::Sound => EngineEvent::AudioLost { reason },
        });
    }

    fn mark(&self, ok: bool) {
        let flag = match self.tools.medium {
            Medium::Picture { output: 0 } => &self.tools.board.output_ok,
            Medium::Picture { .. } => return,
            Medium::Sound => &self.tools.board.audio_ok,
        };
        flag.store(ok, Ordering::Relaxed);
    }

    fn report_leaks(&mut self) {
        let count = self.tools.graveyard.leaked();
        let grown = count > self.leaked;
        self.leaked = count;
        if grown && matches!(self.tools.medium, Medium::Picture { output: 0 }) {
            tracing::error!(
                count,
                "Decoders do not end; the process should be restarted."
            );
            self.tell(EngineEvent::Leaked { count });
        }
    }

    fn tell(&self, event: EngineEvent) {
        if self.tools.events.send(event).is_err() {
            tracing::trace!("Nobody listens to the engine's events.");
        }
    }
}
