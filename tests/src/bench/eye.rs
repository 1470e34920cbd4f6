//! A sink that reads the stamp of every picture at the moment of its presentation, in this process:
//! where skew and delay are measured, the moment must be the sink's own.

use super::barcode::{self, Stamp};
use cotmoc_wall::pipeline::SinkKind;
use gstreamer as gst;
use gstreamer::glib;
use gstreamer::prelude::*;
use gstreamer_base as gst_base;
use gstreamer_video as gst_video;
use gstreamer_video::prelude::*;
use rustix::time::{ClockId, clock_gettime};
use std::sync::{Mutex, MutexGuard, PoisonError};

const ELEMENT: &str = "cotmocbencheye";

/// A picture that differs from the one before.
#[derive(Debug, Clone, Copy)]
pub struct Glimpse {
    /// Monotonic time of its presentation.
    pub at_ns: i64,
    /// None for a picture that is not from the measurement's media.
    pub stamp: Option<Stamp>,
}

static SEEN: Mutex<Vec<Glimpse>> = Mutex::new(Vec::new());

glib::wrapper! {
    pub struct Eye(ObjectSubclass<element::Eye>) @extends gst_base::BaseSink, gst::Element, gst::Object;
}

/// Makes the sink known and returns how an engine finds it. One engine of a process may use it.
///
/// # Errors
/// If the media framework does not take it.
pub fn sink() -> anyhow::Result<SinkKind> {
    gst::init()?;
    gst::Element::register(None, ELEMENT, gst::Rank::NONE, Eye::static_type())?;
    Ok(SinkKind::Custom {
        description: ELEMENT.to_owned(),
    })
}

/// What was presented since the last call.
#[must_use]
pub fn take() -> Vec<Glimpse> {
    std::mem::take(&mut *seen())
}

/// When a picture that `is_wanted` was first presented, if it was.
pub fn first(is_wanted: impl Fn(&Glimpse) -> bool) -> Option<i64> {
    let glimpse = seen().iter().find(|one| is_wanted(one)).copied();
    glimpse.map(|one| one.at_ns)
}

/// Monotonic time now.
#[must_use]
pub fn now_ns() -> i64 {
    let now = clock_gettime(ClockId::Monotonic);
    now.tv_sec * 1_000_000_000 + now.tv_nsec
}

fn seen() -> MutexGuard<'static, Vec<Glimpse>> {
    SEEN.lock().unwrap_or_else(PoisonError::into_inner)
}

fn note(at_ns: i64, stamp: Option<Stamp>) {
    let mut seen = seen();
    if seen.last().is_none_or(|last| last.stamp != stamp) {
        seen.push(Glimpse { at_ns, stamp });
    }
}

fn stamp_of(frame: &gst_video::VideoFrameRef<&gst::BufferRef>) -> Option<Stamp> {
    let size = |pixels: u32| usize::try_from(pixels).unwrap_or(0);
    let (width, height) = (size(frame.width()), size(frame.height()));
    let stride = usize::try_from(*frame.plane_stride().first()?).ok()?;
    let luma = frame.plane_data(0).ok()?;
    let row = barcode::code_row(height) * stride;
    barcode::read(|x| luma.get(row + x).copied().unwrap_or(0), width)
}

mod element {
    use super::{glib, gst, gst_base, gst_video, note, now_ns, stamp_of};
    use gst_base::subclass::prelude::*;
    use std::sync::{LazyLock, Mutex, PoisonError};

    #[derive(Debug, Default)]
    pub struct Eye {
        info: Mutex<Option<gst_video::VideoInfo>>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for Eye {
        const NAME: &'static str = "CotmocBenchEye";
        type Type = super::Eye;
        type ParentType = gst_base::BaseSink;
    }

    impl ObjectImpl for Eye {}
    impl GstObjectImpl for Eye {}

    impl ElementImpl for Eye {
        fn metadata() -> Option<&'static gst::subclass::ElementMetadata> {
            static METADATA: LazyLock<gst::subclass::ElementMetadata> = LazyLock::new(|| {
                gst::subclass::ElementMetadata::new(
                    "Eye of the benchmarks",
                    "Sink/Video",
                    "Reads the stamp of every picture that it presents",
                    "Cột Mốc",
                )
            });
            Some(&METADATA)
        }

        fn pad_templates() -> &'static [gst::PadTemplate] {
            static TEMPLATES: LazyLock<Vec<gst::PadTemplate>> = LazyLock::new(|| {
                let template = gst::PadTemplate::new(
                    "sink",
                    gst::PadDirection::Sink,
                    gst::PadPresence::Always,
                    &gst::Caps::new_empty_simple("video/x-raw"),
                );
                template.into_iter().collect()
            });
            &TEMPLATES
        }
    }

    impl BaseSinkImpl for Eye {
        fn set_caps(&self, caps: &gst::Caps) -> Result<(), gst::LoggableError> {
            let info = gst_video::VideoInfo::from_caps(caps).ok();
            *self.info.lock().unwrap_or_else(PoisonError::into_inner) = info;
            Ok(())
        }

        fn render(&self, buffer: &gst::Buffer) -> Result<gst::FlowSuccess, gst::FlowError> {
            let at_ns = now_ns();
            let info = self.info.lock().unwrap_or_else(PoisonError::into_inner);
            let frame = info.as_ref().and_then(|info| {
                gst_video::VideoFrameRef::from_buffer_ref_readable(buffer, info).ok()
            });
            note(at_ns, frame.as_ref().and_then(stamp_of));
            Ok(gst::FlowSuccess::Ok)
        }
    }
}
