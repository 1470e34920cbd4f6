//! The picture outputs: pipelines that never stop, fed one frame per tick, rebuilt only when their sink is lost.

mod sinks;
mod view;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app as gst_app;
use gstreamer_base as gst_base;
use gstreamer_base::prelude::*;

use self::sinks::SinkChain;
use super::aired::Aired;
use super::clock::{GroupClock, from_ns, to_ns};
use super::config::OutputConfig;
use super::cue::ZoneId;
use super::keeper::{Line, Place};
use super::path::Takes;
use super::zone::Choice;

/// Frames that may wait in front of the sink; more means that it does not keep up.
const WAITING_FRAMES: u64 = 2;

/// A finished picture of the whole canvas, and which zones have a share in it.
#[derive(Debug)]
pub(super) struct Composed {
    pub buffer: gst::Buffer,
    /// Where they are not the canvas' own.
    pub caps: Option<gst::Caps>,
    pub shares: Vec<(ZoneId, Choice)>,
}

/// The way from the composer into whichever output pipelines are up. Never blocks.
#[derive(Debug)]
pub(super) struct PictureFeed {
    aired: Arc<Aired>,
    canvas: gst::Caps,
    duration_ns: i64,
    takes: Arc<Takes>,
    lanes: Vec<Lane>,
}

/// The way into one output.
#[derive(Debug, Default)]
struct Lane {
    pushed: AtomicU64,
    line: Mutex<Option<Connected>>,
}

#[derive(Debug)]
struct Connected {
    source: gst_app::AppSrc,
    sink: gst_base::BaseSink,
    place: Place,
    /// Of the buffer pushed last.
    caps: gst::Caps,
}

impl PictureFeed {
    pub(super) fn new(
        aired: Arc<Aired>,
        canvas: gst::Caps,
        duration_ns: i64,
        (outputs, takes): (usize, Arc<Takes>),
    ) -> Self {
        Self {
            aired,
            canvas,
            duration_ns,
            takes,
            lanes: (0..outputs).map(|_| Lane::default()).collect(),
        }
    }

    /// Hands a picture to every output. What becomes of it in the first one is what counts.
    pub(super) fn push(&self, composed: Composed, at_ns: i64, running_ns: i64) {
        let buffer = self.stamped(composed.buffer.clone(), running_ns);
        let caps = composed.caps.clone();
        let caps = caps.as_ref().unwrap_or(&self.canvas);
        let Some((first, others)) = self.lanes.split_first() else {
            return;
        };
        let taken = first.offer(&buffer, caps, || {
            self.aired.sent(composed, at_ns, running_ns);
        });
        if !taken {
            self.aired.not_sent();
        }
        for other in others {
            other.offer(&buffer, caps, || {});
        }
    }

    /// The sink of the first output that presents now; a stand-in does not.
    pub(super) fn sink(&self) -> Option<gst_base::BaseSink> {
        let line = self.lanes.first()?.lock();
        let line = line.as_ref().filter(|l| l.place == Place::Configured)?;
        Some(line.sink.clone())
    }

    /// The same memory with a tick's time. The original stays whole until the sink is done: its memory may be a decoder's.
    fn stamped(&self, mut original: gst::Buffer, running_ns: i64) -> gst::Buffer {
        if original.get_mut().is_none() {
            let mut copy = original.copy();
            if let Some(copy) = copy.get_mut() {
                gst::ParentBufferMeta::add(copy, &original);
            }
            original = copy;
        }
        if let Some(buffer) = original.get_mut() {
            buffer.set_pts(from_ns(running_ns));
            buffer.set_dts(gst::ClockTime::NONE);
            buffer.set_duration(from_ns(self.duration_ns));
        }
        original
    }

    fn lane(&self, output: usize) -> Option<&Lane> {
        self.lanes.get(output)
    }
}

impl Lane {
    /// False when the output is not there or does not keep up. `before` runs when it is about to get the picture.
    fn offer(&self, buffer: &gst::Buffer, caps: &gst::Caps, before: impl FnOnce()) -> bool {
        self.pushed.fetch_add(1, Ordering::Relaxed);
        let mut line = self.lock();
        let Some(line) = line.as_mut() else {
            return false;
        };
        if line.source.current_level_buffers() >= WAITING_FRAMES {
            return false;
        }
        if line.caps != *caps {
            line.source.set_caps(Some(caps));
            line.caps = caps.clone();
        }
        before();
        if line.source.push_buffer(buffer.clone()).is_err() {
            tracing::trace!("The output did not take a frame.");
        }
        true
    }

    fn lock(&self) -> MutexGuard<'_, Option<Connected>> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Builds the pipelines of one output for its keeper.
#[derive(Debug)]
pub(super) struct PictureLine {
    /// Its place among the outputs; the first is accounted for.
    pub output: usize,
    pub config: OutputConfig,
    pub clock: Arc<GroupClock>,
    pub feed: Arc<PictureFeed>,
    pub arrived: Arc<AtomicU64>,
}

impl Line for PictureLine {
    fn build(&self, place: Place, generation: u64) -> Result<gst::Pipeline, String> {
        let candidates = match place {
            Place::Configured => sinks::candidates(&self.config, self.canvas()?),
            Place::StandIn => vec![sinks::stand_in()],
        };
        let mut reason = String::from("no sink is known for it");
        for chain in candidates {
            let built = chain.and_then(|chain| self.assemble(chain, place, generation));
            match built {
                Ok(pipeline) => return Ok(pipeline),
                Err(error) => reason = error,
            }
        }
        Err(reason)
    }

    fn disconnect(&self) {
        self.feed.takes.clear(self.output);
        self.connect(None);
    }

    fn pushed(&self) -> u64 {
        let lane = self.feed.lane(self.output);
        lane.map_or(0, |lane| lane.pushed.load(Ordering::Relaxed))
    }

    fn arrived(&self) -> u64 {
        self.arrived.load(Ordering::Relaxed)
    }
}

impl PictureLine {
    fn assemble(
        &self,
        chain: SinkChain,
        place: Place,
        generation: u64,
    ) -> Result<gst::Pipeline, String> {
        let pipeline = gst::Pipeline::new();
        let caps = self.feed.canvas.clone();
        let source = gst_app::AppSrc::builder()
            .caps(&caps)
            .format(gst::Format::Time)
            .is_live(false)
            .block(false)
            .build();
        let SinkChain {
            elements,
            sink,
            area,
            takes_any_size,
        } = chain;
        pipeline
            .add(&source)
            .and_then(|()| pipeline.add_many(&elements))
            .and_then(|()| gst::Element::link_many(&elements))
            .and_then(|()| match elements.first() {
                Some(first) => source.link(first),
                None => Err(gst::glib::bool_error!("the output has no element")),
            })
            .map_err(|e| e.to_string())?;
        self.watch_sink(&sink, generation)?;
        self.clock.drive(&pipeline);
        if pipeline.set_state(gst::State::Ready).is_err() {
            let reason = first_error(&pipeline);
            stop(&pipeline);
            return Err(reason);
        }
        if let Some(area) = area {
            sinks::place_on_display(sink.upcast_ref(), area);
        }
        if takes_any_size && place == Place::Configured {
            let taken = sinks::taken(elements.first(), &sink);
            self.feed.takes.set(self.output, taken, &sink);
        }
        if let Some(aired) = self.account() {
            aired.restart(generation, place == Place::Configured);
        }
        self.connect(Some(Connected {
            source,
            sink,
            place,
            caps,
        }));
        Ok(pipeline)
    }

    fn connect(&self, line: Option<Connected>) {
        if let Some(lane) = self.feed.lane(self.output) {
            *lane.lock() = line;
        }
    }

    fn canvas(&self) -> Result<view::Size, String> {
        let structure = self.feed.canvas.structure(0);
        let edge = |name| structure.and_then(|s| s.get::<i32>(name).ok());
        let size = edge("width").zip(edge("height"));
        size.ok_or_else(|| "the canvas has no size".to_owned())
    }

    /// Whom this output's frames are reported to.
    fn account(&self) -> Option<&Arc<Aired>> {
        (self.output == 0).then_some(&self.feed.aired)
    }

    fn watch_sink(&self, sink: &gst_base::BaseSink, generation: u64) -> Result<(), String> {
        let pad = sink.static_pad("sink").ok_or("the sink has no pad")?;
        let (aired, clock) = (self.account().cloned(), Arc::clone(&self.clock));
        let arrived = Arc::clone(&self.arrived);
        let weak = sink.downgrade();
        pad.add_probe(gst::PadProbeType::BUFFER, move |_, info| {
            if let Some(sink) = weak.upgrade()
                && let Some(pts) = info.buffer().and_then(|b| b.pts())
            {
                arrived.fetch_add(1, Ordering::Relaxed);
                if let Some(aired) = &aired {
                    let rendered = sink.stats().get::<u64>("rendered").unwrap_or(0);
                    aired.arrived(generation, to_ns(pts), rendered, clock.running_ns());
                }
            }
            gst::PadProbeReturn::Ok
        });
        Ok(())
    }
}

pub(super) fn first_error(pipeline: &gst::Pipeline) -> String {
    let error = pipeline
        .bus()
        .and_then(|bus| bus.pop_filtered(&[gst::MessageType::Error]))
        .and_then(|message| {
            let gst::MessageView::Error(error) = message.view() else {
                return None;
            };
            Some(error.error().to_string())
        });
    error.unwrap_or_else(|| "the sink does not start".to_owned())
}

pub(super) fn stop(pipeline: &gst::Pipeline) {
    if pipeline.set_state(gst::State::Null).is_err() {
        tracing::warn!(pipeline = %pipeline.name(), "A pipeline refused to stop.");
    }
}
