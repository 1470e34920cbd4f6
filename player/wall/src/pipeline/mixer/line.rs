//! The sound output: a pipeline of its own that never closes; its loss never touches the picture.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app as gst_app;

use super::BLOCK_FRAMES;
use crate::pipeline::clock::{GroupClock, SECOND_NS, from_ns};
use crate::pipeline::config::AudioKind;
use crate::pipeline::elements::{make, set_if_there, sound_caps};
use crate::pipeline::item::RATE_HZ;
use crate::pipeline::keeper::{Line, Place};
use crate::pipeline::output::{first_error, stop};

/// Blocks that may wait in front of the sink; more means that it does not keep up.
const WAITING_BLOCKS: u64 = 15;
const DEVICE_BUFFER_US: i64 = 200_000;

/// The way from the mixer into whichever sound pipeline is up. Never blocks.
#[derive(Debug, Default)]
pub(in crate::pipeline) struct SoundFeed {
    pushed: AtomicU64,
    line: Mutex<Option<gst_app::AppSrc>>,
}

impl SoundFeed {
    pub(super) fn push(&self, running_ns: i64, samples: &[i16]) {
        self.pushed.fetch_add(1, Ordering::Relaxed);
        let line = self.lock();
        let Some(source) = line.as_ref() else { return };
        if source.current_level_buffers() >= WAITING_BLOCKS {
            return;
        }
        let bytes: Vec<u8> = samples.iter().flat_map(|s| s.to_le_bytes()).collect();
        let mut buffer = gst::Buffer::from_mut_slice(bytes);
        if let Some(buffer) = buffer.get_mut() {
            buffer.set_pts(from_ns(running_ns));
            buffer.set_duration(from_ns(BLOCK_FRAMES * SECOND_NS / RATE_HZ));
        }
        if source.push_buffer(buffer).is_err() {
            tracing::trace!("The sound output did not take a block.");
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<gst_app::AppSrc>> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Builds sound output pipelines for the keeper.
#[derive(Debug)]
pub(in crate::pipeline) struct SoundLine {
    pub kind: AudioKind,
    pub clock: Arc<GroupClock>,
    pub feed: Arc<SoundFeed>,
    pub arrived: Arc<AtomicU64>,
}

impl Line for SoundLine {
    fn build(&self, place: Place, _generation: u64) -> Result<gst::Pipeline, String> {
        let sink = self.sink(place).map_err(|e| e.to_string())?;
        let pipeline = gst::Pipeline::new();
        let source = gst_app::AppSrc::builder()
            .caps(&sound_caps())
            .format(gst::Format::Time)
            .is_live(false)
            .block(false)
            .build();
        self.assemble(&pipeline, &source, sink)
            .map_err(|e| e.to_string())?;
        self.clock.drive(&pipeline);
        if pipeline.set_state(gst::State::Ready).is_err() {
            let reason = first_error(&pipeline);
            stop(&pipeline);
            return Err(reason);
        }
        *self.feed.lock() = Some(source);
        Ok(pipeline)
    }

    fn disconnect(&self) {
        *self.feed.lock() = None;
    }

    fn pushed(&self) -> u64 {
        self.feed.pushed.load(Ordering::Relaxed)
    }

    fn arrived(&self) -> u64 {
        self.arrived.load(Ordering::Relaxed)
    }
}

impl SoundLine {
    fn sink(&self, place: Place) -> Result<gst::Element, gst::glib::BoolError> {
        if place == Place::StandIn {
            return timed_nowhere();
        }
        match &self.kind {
            AudioKind::None | AudioKind::Meter => timed_nowhere(),
            AudioKind::Auto => make("autoaudiosink"),
            AudioKind::Alsa { device } => {
                let sink = make("alsasink")?;
                sink.set_property("device", device);
                set_if_there(&sink, "provide-clock", false);
                sink.set_property_from_str("slave-method", "skew");
                set_if_there(&sink, "buffer-time", DEVICE_BUFFER_US);
                Ok(sink)
            }
        }
    }

    fn assemble(
        &self,
        pipeline: &gst::Pipeline,
        source: &gst_app::AppSrc,
        sink: gst::Element,
    ) -> Result<(), gst::glib::BoolError> {
        let (convert, resample) = (make("audioconvert")?, make("audioresample")?);
        let chain = [source.upcast_ref(), &convert, &resample, &sink];
        pipeline.add_many(chain)?;
        gst::Element::link_many(chain)?;
        if let Some(pad) = sink.static_pad("sink") {
            let arrived = Arc::clone(&self.arrived);
            pad.add_probe(gst::PadProbeType::BUFFER, move |_, _| {
                arrived.fetch_add(1, Ordering::Relaxed);
                gst::PadProbeReturn::Ok
            });
        }
        Ok(())
    }
}

fn timed_nowhere() -> Result<gst::Element, gst::glib::BoolError> {
    let sink = make("fakesink")?;
    sink.set_property("sync", true);
    sink.set_property("enable-last-sample", false);
    Ok(sink)
}
