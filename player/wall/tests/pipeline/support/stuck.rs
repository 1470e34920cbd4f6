//! A decoder for MPEG-4 part 2 that passes for hardware and hangs for ever: at once, or with small pictures after a while.

use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use gstreamer as gst;
use gstreamer::glib;
use gstreamer::glib::subclass::prelude::*;
use gstreamer::prelude::*;
use gstreamer::subclass::prelude::*;

/// Pictures of clips as high as this pass before it hangs.
pub const PASSES_AT_HEIGHT: i32 = 180;
const PASSED: u32 = 45;

glib::wrapper! {
    pub struct StuckDecoder(ObjectSubclass<imp::StuckDecoder>)
        @extends gst::Bin, gst::Element, gst::Object;
}

/// Prefers it to every other decoder, from now on and in the whole process.
pub fn register() {
    gst::init().unwrap();
    let rank = gst::Rank::PRIMARY + 500;
    gst::Element::register(None, "cotmocstuckdec", rank, StuckDecoder::static_type()).unwrap();
}

fn hang_when_due(pad: &gst::Pad) {
    let seen = AtomicU32::new(0);
    pad.add_probe(gst::PadProbeType::BUFFER, move |pad, _| {
        let height = pad.current_caps().and_then(|caps| {
            let structure = caps.structure(0)?;
            structure.get::<i32>("height").ok()
        });
        let passes = if height == Some(PASSES_AT_HEIGHT) {
            PASSED
        } else {
            0
        };
        if seen.fetch_add(1, Ordering::Relaxed) >= passes {
            loop {
                thread::park();
            }
        }
        gst::PadProbeReturn::Ok
    });
}

mod imp {
    use std::sync::LazyLock;

    use super::*;

    #[derive(Debug, Default)]
    pub struct StuckDecoder;

    #[glib::object_subclass]
    impl ObjectSubclass for StuckDecoder {
        const NAME: &'static str = "CotMocStuckDecoder";
        type Type = super::StuckDecoder;
        type ParentType = gst::Bin;
    }

    impl ObjectImpl for StuckDecoder {
        fn constructed(&self) {
            self.parent_constructed();
            let bin = self.obj();
            let decoder = gst::ElementFactory::make("avdec_mpeg4").build().unwrap();
            bin.add(&decoder).unwrap();
            for name in ["sink", "src"] {
                let inner = decoder.static_pad(name).unwrap();
                let template = bin.pad_template(name).unwrap();
                let ghost = gst::GhostPad::builder_from_template_with_target(&template, &inner)
                    .unwrap()
                    .name(name)
                    .build();
                bin.add_pad(&ghost).unwrap();
            }
            hang_when_due(&decoder.static_pad("sink").unwrap());
        }
    }

    impl GstObjectImpl for StuckDecoder {}

    impl ElementImpl for StuckDecoder {
        fn metadata() -> Option<&'static gst::subclass::ElementMetadata> {
            static METADATA: LazyLock<gst::subclass::ElementMetadata> = LazyLock::new(|| {
                gst::subclass::ElementMetadata::new(
                    "Stuck decoder",
                    "Codec/Decoder/Video/Hardware",
                    "Hangs for ever",
                    "Cột Mốc",
                )
            });
            Some(&METADATA)
        }

        fn pad_templates() -> &'static [gst::PadTemplate] {
            static TEMPLATES: LazyLock<Vec<gst::PadTemplate>> = LazyLock::new(|| {
                let coded = gst::Caps::builder("video/mpeg")
                    .field("mpegversion", 4)
                    .field("systemstream", false)
                    .build();
                let raw = gst::Caps::new_empty_simple("video/x-raw");
                [
                    ("sink", gst::PadDirection::Sink, coded),
                    ("src", gst::PadDirection::Src, raw),
                ]
                .map(|(name, direction, caps)| {
                    gst::PadTemplate::new(name, direction, gst::PadPresence::Always, &caps).unwrap()
                })
                .to_vec()
            });
            TEMPLATES.as_ref()
        }
    }

    impl BinImpl for StuckDecoder {}
}
