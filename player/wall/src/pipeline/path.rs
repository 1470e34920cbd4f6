//! Chooses for each item how its pictures reach the outputs: as they are decoded, or over the canvas.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use gstreamer as gst;
use gstreamer::glib;
use gstreamer::prelude::*;
use gstreamer_base as gst_base;

use super::config::PathChoice;
use super::cue::{Cue, MediumKind};

/// What decoders make that an output may be given untouched: brightness first, of known range, whole pictures.
const FORMATS: [&str; 2] = ["I420", "NV12"];
const MEMORIES: [Option<&str>; 2] = [None, Some("memory:DMABuf")];

/// What each output takes as it comes.
#[derive(Debug)]
pub(super) struct Takes {
    outputs: Mutex<Vec<Taken>>,
}

#[derive(Debug, Default)]
struct Taken {
    caps: Option<gst::Caps>,
    sink: glib::WeakRef<gst_base::BaseSink>,
}

impl Taken {
    /// A display that once failed to scale has told its sink, and will not scale again.
    fn caps(&self) -> gst::Caps {
        let sink = self.sink.upgrade();
        let scales = sink.is_some_and(|sink| {
            !sink.has_property("can-scale") || sink.property::<bool>("can-scale")
        });
        match &self.caps {
            Some(caps) if scales => caps.clone(),
            Some(_) | None => gst::Caps::new_empty(),
        }
    }
}

impl Takes {
    /// Nothing yet.
    pub(super) fn new(outputs: usize) -> Self {
        let nothing = (0..outputs).map(|_| Taken::default());
        Self {
            outputs: Mutex::new(nothing.collect()),
        }
    }

    pub(super) fn set(&self, output: usize, caps: gst::Caps, sink: &gst_base::BaseSink) {
        if let Some(known) = self.lock().get_mut(output) {
            *known = Taken {
                caps: Some(caps),
                sink: sink.downgrade(),
            };
        }
    }

    /// The output is not there, or cannot take anything as it comes.
    pub(super) fn clear(&self, output: usize) {
        if let Some(known) = self.lock().get_mut(output) {
            *known = Taken::default();
        }
    }

    /// What all of them take and the engine can account for; often nothing.
    fn common(&self) -> gst::Caps {
        let outputs = self.lock();
        if outputs.is_empty() {
            return gst::Caps::new_empty();
        }
        let all = outputs.iter();
        all.fold(plain_pictures(), |common, one| {
            common.intersect(&one.caps())
        })
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Taken>> {
        self.outputs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The choice for the items of one zone.
#[derive(Debug)]
pub(super) struct Route {
    choice: PathChoice,
    takes: Arc<Takes>,
    plain: AtomicBool,
}

impl Route {
    /// A route over the canvas.
    pub(super) fn new(choice: PathChoice, takes: Arc<Takes>) -> Self {
        Self {
            choice,
            takes,
            plain: AtomicBool::new(false),
        }
    }

    /// Whether the zone fills the canvas alone and nothing is drawn over it or done to its brightness. What is
    /// already open keeps its path.
    pub(super) fn set_plain(&self, plain: bool) {
        self.plain.store(plain, Ordering::Relaxed);
    }

    /// What the item's decoder may hand over untouched, if `decoded` is that.
    pub(super) fn direct_caps(&self, cue: &Cue, decoded: &gst::CapsRef) -> Option<gst::Caps> {
        let may = self.choice == PathChoice::Auto
            && self.plain.load(Ordering::Relaxed)
            && cue.medium.kind == MediumKind::Video
            && cue.crossfade_ns == 0
            && is_plain(decoded);
        let caps = may.then(|| self.takes.common())?;
        caps.can_intersect(decoded).then_some(caps)
    }
}

fn plain_pictures() -> gst::Caps {
    let mut caps = gst::Caps::new_empty();
    let all = caps.make_mut();
    for memory in MEMORIES {
        let structure = gst::Structure::builder("video/x-raw")
            .field("format", gst::List::new(FORMATS))
            .field("pixel-aspect-ratio", gst::Fraction::new(1, 1))
            .build();
        let features = memory.map(|memory| gst::CapsFeatures::new([memory]));
        all.append_structure_full(structure, features);
    }
    caps
}

/// Sinks know neither fields nor full range.
fn is_plain(decoded: &gst::CapsRef) -> bool {
    decoded.structure(0).is_some_and(|structure| {
        let is =
            |name: &str, bad: &dyn Fn(&str) -> bool| structure.get::<&str>(name).is_ok_and(bad);
        !is("interlace-mode", &|mode| mode != "progressive")
            && !is("colorimetry", &|range| range.starts_with("1:"))
    })
}
