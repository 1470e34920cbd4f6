//! Small helpers shared by everything that builds pipelines.

use gstreamer as gst;
use gstreamer::prelude::*;

use super::config::EngineConfig;
use super::item::{CHANNELS, RATE_HZ};

pub(super) fn make(name: &str) -> Result<gst::Element, gst::glib::BoolError> {
    gst::ElementFactory::make(name).build()
}

/// Sets a property that not every sink has.
pub(super) fn set_if_there<V: Into<gst::glib::Value>>(
    element: &gst::Element,
    name: &str,
    value: V,
) {
    if element.has_property(name) {
        element.set_property_from_value(name, &value.into());
    }
}

/// The format in which every item of a zone arrives.
pub(super) fn picture_caps(config: &EngineConfig) -> gst::Caps {
    gst::Caps::builder("video/x-raw")
        .field("format", "I420")
        .field("width", i32::try_from(config.width).unwrap_or(i32::MAX))
        .field("height", i32::try_from(config.height).unwrap_or(i32::MAX))
        .field("pixel-aspect-ratio", gst::Fraction::new(1, 1))
        .field("colorimetry", "bt709")
        .build()
}

/// The same with the output's frame rate, fixed for the life of the engine.
pub(super) fn output_caps(config: &EngineConfig) -> gst::Caps {
    let mut caps = picture_caps(config);
    let rate = gst::Fraction::new(
        i32::try_from(config.rate.num).unwrap_or(i32::MAX),
        i32::try_from(config.rate.den).unwrap_or(1),
    );
    if let Some(structure) = caps.make_mut().structure_mut(0) {
        structure.set("framerate", rate);
        structure.set("interlace-mode", "progressive");
    }
    caps
}

pub(super) fn sound_caps() -> gst::Caps {
    gst::Caps::builder("audio/x-raw")
        .field("format", "S16LE")
        .field("layout", "interleaved")
        .field("rate", i32::try_from(RATE_HZ).unwrap_or(0))
        .field("channels", i32::try_from(CHANNELS).unwrap_or(0))
        .build()
}
