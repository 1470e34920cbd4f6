//! The picture output: a pipeline that never stops, fed one frame per tick, rebuilt only when its sink is lost.

mod sinks;

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
use super::config::SinkKind;
use super::cue::ZoneId;
use super::keeper::{Line, Place};
use super::zone::Choice;

/// Frames that may wait in front of the sink; more means that it does not keep up.
const WAITING_FRAMES: u64 = 2;

/// The way from the schedulers into whichever output pipeline is up. Never blocks.
#[derive(Debug)]
pub(super) struct PictureFeed {
    aired: Arc<Aired>,
    duration_ns: i64,
    pushed: AtomicU64,
    line: Mutex<Option<Connected>>,
}

#[derive(Debug)]
struct Connected {
    source: gst_app::AppSrc,
    sink: gst_base::BaseSink,
    place: Place,
}

impl PictureFeed {
    pub(super) fn new(aired: Arc<Aired>, duration_ns: i64) -> Self {
        Self {
            aired,
            duration_ns,
            pushed: AtomicU64::new(0),
            line: Mutex::default(),
        }
    }

    pub(super) fn push(&self, zone: ZoneId, choice: Choice, at_ns: i64, running_ns: i64) {
        self.pushed.fetch_add(1, Ordering::Relaxed);
        let line = self.lock();
        let Some(line) = line.as_ref() else {
            return self.aired.not_sent();
        };
        if line.source.current_level_buffers() >= WAITING_FRAMES {
            return self.aired.not_sent();
        }
        let mut buffer = choice.frame.buffer.copy();
        if let Some(buffer) = buffer.get_mut() {
            buffer.set_pts(from_ns(running_ns));
            buffer.set_dts(gst::ClockTime::NONE);
            buffer.set_duration(from_ns(self.duration_ns));
        }
        self.aired.sent(zone, choice, at_ns, running_ns);
        if line.source.push_buffer(buffer).is_err() {
            tracing::trace!("The output did not take a frame.");
        }
    }

    /// The sink that presents now; a stand-in does not.
    pub(super) fn sink(&self) -> Option<gst_base::BaseSink> {
        let line = self.lock();
        let line = line.as_ref().filter(|l| l.place == Place::Configured)?;
        Some(line.sink.clone())
    }

    fn connect(&self, line: Option<Connected>) {
        *self.lock() = line;
    }

    fn lock(&self) -> MutexGuard<'_, Option<Connected>> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Builds picture output pipelines for the keeper.
#[derive(Debug)]
pub(super) struct PictureLine {
    pub kind: SinkKind,
    pub caps: gst::Caps,
    pub clock: Arc<GroupClock>,
    pub aired: Arc<Aired>,
    pub feed: Arc<PictureFeed>,
    pub arrived: Arc<AtomicU64>,
}

impl Line for PictureLine {
    fn build(&self, place: Place, generation: u64) -> Result<gst::Pipeline, String> {
        let stand_in = SinkKind::Headless;
        let kind = match place {
            Place::Configured => &self.kind,
            Place::StandIn => &stand_in,
        };
        let mut reason = String::from("no sink is known for it");
        for chain in sinks::candidates(kind) {
            let built = chain.and_then(|chain| self.assemble(chain, place, generation));
            match built {
                Ok(pipeline) => return Ok(pipeline),
                Err(error) => reason = error,
            }
        }
        Err(reason)
    }

    fn disconnect(&self) {
        self.feed.connect(None);
    }

    fn pushed(&self) -> u64 {
        self.feed.pushed.load(Ordering::Relaxed)
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
        let source = gst_app::AppSrc::builder()
            .caps(&self.caps)
            .format(gst::Format::Time)
            .is_live(false)
            .block(false)
            .build();
        let SinkChain {
            elements,
            sink,
            area,
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
        self.aired.restart(generation, place == Place::Configured);
        self.feed.connect(Some(Connected {
            source,
            sink,
            place,
        }));
        Ok(pipeline)
    }

    fn watch_sink(&self, sink: &gst_base::BaseSink, generation: u64) -> Result<(), String> {
        let pad = sink.static_pad("sink").ok_or("the sink has no pad")?;
        let (aired, clock) = (Arc::clone(&self.aired), Arc::clone(&self.clock));
        let arrived = Arc::clone(&self.arrived);
        let weak = sink.downgrade();
        pad.add_probe(gst::PadProbeType::BUFFER, move |_, info| {
            if let Some(sink) = weak.upgrade()
                && let Some(pts) = info.buffer().and_then(|b| b.pts())
            {
                let rendered = sink.stats().get::<u64>("rendered").unwrap_or(0);
                arrived.fetch_add(1, Ordering::Relaxed);
                aired.arrived(generation, to_ns(pts), rendered, clock.running_ns());
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
