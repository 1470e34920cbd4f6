//! The sinks that pictures can go to, and how each is set up.

use std::env;

use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_base as gst_base;

use super::view::{self, Size};
use crate::pipeline::config::{KmsPlane, OutputConfig, PixelArea, SinkKind};
use crate::pipeline::elements::{make, set_if_there};

/// Elements in their order, and the one among them that presents.
#[derive(Debug)]
pub(super) struct SinkChain {
    pub elements: Vec<gst::Element>,
    pub sink: gst_base::BaseSink,
    /// Where on the display; sinks forget it whenever they stop.
    pub area: Option<PixelArea>,
    /// Pictures of any size come to the sink as they are, and it makes them fit.
    pub takes_any_size: bool,
}

/// Ways to reach the sink, best first.
pub(super) fn candidates(config: &OutputConfig, canvas: Size) -> Vec<Result<SinkChain, String>> {
    match &config.sink {
        SinkKind::Headless => vec![headless(config, canvas)],
        SinkKind::Window => window(config, canvas),
        SinkKind::Kms(plane) => vec![kms(plane, config, canvas)],
        SinkKind::Custom { description } => vec![custom(description, config, canvas)],
    }
}

/// Presents in real time to nobody, whatever it is given.
pub(super) fn stand_in() -> Result<SinkChain, String> {
    chain(Vec::new(), element("fakesink")?)
}

/// What reaches the sink untouched, as far as that is known before the first picture.
pub(super) fn taken(entry: Option<&gst::Element>, sink: &gst_base::BaseSink) -> gst::Caps {
    let pads = entry
        .and_then(|entry| entry.static_pad("sink"))
        .zip(sink.static_pad("sink"));
    match pads {
        Some((first, last)) => first.query_caps(None).intersect(&last.query_caps(None)),
        None => gst::Caps::new_empty(),
    }
}

fn headless(config: &OutputConfig, canvas: Size) -> Result<SinkChain, String> {
    let view = view_of(config, canvas)?;
    chain(view, element("fakesink")?)
}

fn window(config: &OutputConfig, canvas: Size) -> Vec<Result<SinkChain, String>> {
    let mut names = Vec::new();
    if env::var_os("WAYLAND_DISPLAY").is_some() {
        names.push("waylandsink");
    }
    names.extend(["xvimagesink", "ximagesink"]);
    names
        .into_iter()
        .map(|name| {
            let sink = element(name)?;
            set_if_there(&sink, "force-aspect-ratio", true);
            let mut before = view_of(config, canvas)?;
            let scales = name != "ximagesink";
            if !scales && before.is_empty() {
                before = view::brought_to(size_of(config)).map_err(|e| e.to_string())?;
            }
            let as_it_is = before.is_empty();
            before.push(convert()?);
            Ok(SinkChain {
                takes_any_size: as_it_is,
                ..chain(before, sink)?
            })
        })
        .collect()
}

fn kms(plane: &KmsPlane, config: &OutputConfig, canvas: Size) -> Result<SinkChain, String> {
    let sink = element("kmssink")?;
    if let Some(driver) = &plane.driver {
        sink.set_property("driver-name", driver);
    }
    if let Some(connector) = plane.connector_id {
        sink.set_property("connector-id", connector);
    }
    if let Some(id) = plane.plane_id {
        sink.set_property("plane-id", id);
    }
    // Atomic drivers wait for the display by themselves; waiting twice halves the rate.
    set_if_there(&sink, "skip-vsync", true);
    // A new mode with every new format would be a black flash.
    set_if_there(&sink, "force-modesetting", false);
    set_if_there(&sink, "can-scale", true);
    let view = view::elements_before_a_plane(&config.view, canvas).map_err(|e| e.to_string())?;
    let (width, height) = size_of(config);
    let all = PixelArea {
        x: 0,
        y: 0,
        width,
        height,
    };
    Ok(SinkChain {
        area: (config.view.place != all).then_some(config.view.place),
        ..chain(view, sink)?
    })
}

pub(super) fn place_on_display(sink: &gst::Element, area: PixelArea) {
    let sides = [area.x, area.y, area.width, area.height];
    sink.set_property("render-rectangle", gst::Array::new(sides));
}

fn custom(description: &str, config: &OutputConfig, canvas: Size) -> Result<SinkChain, String> {
    let bin = gst::parse::bin_from_description(description, true).map_err(|e| e.to_string())?;
    let mut sinks = Vec::new();
    bin.iterate_sinks()
        .foreach(|sink| sinks.push(sink))
        .map_err(|e| e.to_string())?;
    let sink = sinks.into_iter().next().ok_or("it has no sink")?;
    let sink = present_in_time(sink)?;
    let mut elements = view_of(config, canvas)?;
    let bin: gst::Element = bin.upcast();
    let as_it_is = elements.is_empty() && is_open(&bin);
    if elements.is_empty() && !as_it_is {
        elements = view::brought_to(size_of(config)).map_err(|e| e.to_string())?;
    }
    elements.push(bin);
    Ok(SinkChain {
        elements,
        sink,
        area: None,
        takes_any_size: as_it_is,
    })
}

/// It takes pictures of any size.
fn is_open(element: &gst::Element) -> bool {
    let any_size = gst::Caps::builder("video/x-raw")
        .field("width", gst::IntRange::new(1, i32::MAX))
        .field("height", gst::IntRange::new(1, i32::MAX))
        .build();
    element.static_pad("sink").is_some_and(|pad| {
        let taken = pad.query_caps(None);
        let sized = taken.intersect(&any_size);
        sized.iter().any(|structure| {
            ["width", "height"]
                .iter()
                .all(|edge| structure.get::<gst::IntRange<i32>>(*edge).is_ok())
        })
    })
}

fn view_of(config: &OutputConfig, canvas: Size) -> Result<Vec<gst::Element>, String> {
    view::elements(&config.view, canvas, size_of(config)).map_err(|e| e.to_string())
}

fn size_of(config: &OutputConfig) -> Size {
    let whole = PixelArea::whole(config.width, config.height);
    (whole.width, whole.height)
}

fn element(name: &str) -> Result<gst::Element, String> {
    make(name).map_err(|e| e.to_string())
}

fn convert() -> Result<gst::Element, String> {
    let convert = make("videoconvert").map_err(|e| e.to_string())?;
    set_if_there(&convert, "n-threads", 1u32);
    set_if_there(&convert, "qos", false);
    Ok(convert)
}

fn chain(before: Vec<gst::Element>, element: gst::Element) -> Result<SinkChain, String> {
    let sink = present_in_time(element.clone())?;
    let takes_any_size = before.is_empty();
    let mut elements = before;
    elements.push(element);
    Ok(SinkChain {
        elements,
        sink,
        area: None,
        takes_any_size,
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
