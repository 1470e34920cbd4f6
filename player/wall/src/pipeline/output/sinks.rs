//! The sinks that pictures can go to, and how each is set up.

use std::env;

use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_base as gst_base;

use crate::pipeline::config::{KmsPlane, PixelArea, SinkKind};
use crate::pipeline::elements::{make, set_if_there};

/// Elements in their order, and the one among them that presents.
#[derive(Debug)]
pub(super) struct SinkChain {
    pub elements: Vec<gst::Element>,
    pub sink: gst_base::BaseSink,
    /// Where on the display; sinks forget it whenever they stop.
    pub area: Option<PixelArea>,
}

/// Ways to reach the sink, best first.
pub(super) fn candidates(kind: &SinkKind) -> Vec<Result<SinkChain, String>> {
    match kind {
        SinkKind::Headless => vec![plain("fakesink")],
        SinkKind::Window => window(),
        SinkKind::Kms(plane) => vec![kms(plane)],
        SinkKind::Custom { description } => vec![custom(description)],
    }
}

fn plain(name: &str) -> Result<SinkChain, String> {
    let element = make(name).map_err(|e| e.to_string())?;
    chain(Vec::new(), element)
}

fn window() -> Vec<Result<SinkChain, String>> {
    let mut names = Vec::new();
    if env::var_os("WAYLAND_DISPLAY").is_some() {
        names.push("waylandsink");
    }
    names.extend(["xvimagesink", "ximagesink"]);
    names
        .into_iter()
        .map(|name| {
            let element = make(name).map_err(|e| e.to_string())?;
            set_if_there(&element, "force-aspect-ratio", true);
            chain(vec![convert()?], element)
        })
        .collect()
}

fn kms(plane: &KmsPlane) -> Result<SinkChain, String> {
    let element = make("kmssink").map_err(|e| e.to_string())?;
    if let Some(driver) = &plane.driver {
        element.set_property("driver-name", driver);
    }
    if let Some(connector) = plane.connector_id {
        element.set_property("connector-id", connector);
    }
    if let Some(id) = plane.plane_id {
        element.set_property("plane-id", id);
    }
    set_if_there(&element, "skip-vsync", true);
    Ok(SinkChain {
        area: plane.area,
        ..chain(Vec::new(), element)?
    })
}

pub(super) fn place_on_display(sink: &gst::Element, area: PixelArea) {
    let sides = [area.x, area.y, area.width, area.height];
    sink.set_property("render-rectangle", gst::Array::new(sides));
}

fn custom(description: &str) -> Result<SinkChain, String> {
    let bin = gst::parse::bin_from_description(description, true).map_err(|e| e.to_string())?;
    let mut sinks = Vec::new();
    bin.iterate_sinks()
        .foreach(|sink| sinks.push(sink))
        .map_err(|e| e.to_string())?;
    let sink = sinks.into_iter().next().ok_or("it has no sink")?;
    let sink = present_in_time(sink)?;
    Ok(SinkChain {
        elements: vec![bin.upcast()],
        sink,
        area: None,
    })
}

fn convert() -> Result<gst::Element, String> {
    let convert = make("videoconvert").map_err(|e| e.to_string())?;
    set_if_there(&convert, "n-threads", 1u32);
    set_if_there(&convert, "qos", false);
    Ok(convert)
}

fn chain(before: Vec<gst::Element>, element: gst::Element) -> Result<SinkChain, String> {
    let sink = present_in_time(element.clone())?;
    let mut elements = before;
    elements.push(element);
    Ok(SinkChain {
        elements,
        sink,
        area: None,
    })
}

/// The scheduler alone drops frames; the sink presents every one it gets, at its time.
fn present_in_time(element: gst::Element) -> Result<gst_base::BaseSink, String> {
    set_if_there(&element, "sync", true);
    set_if_there(&element, "qos", false);
    set_if_there(&element, "max-lateness", -1i64);
    set_if_there(&element, "enable-last-sample", true);
    element
        .downcast::<gst_base::BaseSink>()
        .map_err(|e| format!("{} does not count what it presents", e.name()))
}
