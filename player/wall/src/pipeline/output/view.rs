//! The elements that give an output its part of the canvas: none at all where it shows the whole of it as it is.

use gstreamer as gst;
use gstreamer::prelude::*;

use crate::pipeline::config::{PixelArea, Rotation, View};
use crate::pipeline::elements::make;

/// Width and height.
pub(super) type Size = (i32, i32);

/// Everything between the canvas and a sink of `size` that does not place pictures by itself.
pub(super) fn elements(
    view: &View,
    canvas: Size,
    size: Size,
) -> Result<Vec<gst::Element>, gst::glib::BoolError> {
    if is_identity(view, canvas, size) {
        return Ok(Vec::new());
    }
    let mut elements = cut_and_turned(view, canvas)?;
    if turned(view) != of(view.place) {
        elements.extend(scaled(of(view.place))?);
    }
    if view.place != whole(size) {
        elements.extend(padded(view.place, size)?);
    }
    Ok(elements)
}

/// The same for a sink whose plane scales and places: what is left is what a plane cannot do.
pub(super) fn elements_before_a_plane(
    view: &View,
    canvas: Size,
) -> Result<Vec<gst::Element>, gst::glib::BoolError> {
    let (shape, place) = (turned(view), of(view.place));
    let mut elements = if is_uncut(view, canvas) {
        Vec::new()
    } else {
        cut_and_turned(view, canvas)?
    };
    // A plane keeps the shape of what it scales.
    if i64::from(shape.0) * i64::from(place.1) != i64::from(shape.1) * i64::from(place.0) {
        elements.extend(scaled(place)?);
    }
    Ok(elements)
}

/// Brings whatever comes to `size`; what has it already passes untouched.
pub(super) fn brought_to(size: Size) -> Result<Vec<gst::Element>, gst::glib::BoolError> {
    let scale = scale()?;
    scale.set_property("add-borders", true);
    Ok(vec![scale, filter(size)?])
}

pub(super) fn is_identity(view: &View, canvas: Size, size: Size) -> bool {
    is_uncut(view, canvas) && view.place == whole(size) && canvas == size
}

fn is_uncut(view: &View, canvas: Size) -> bool {
    view.crop == whole(canvas) && view.rotate == Rotation::None && !view.mirror
}

fn cut_and_turned(view: &View, canvas: Size) -> Result<Vec<gst::Element>, gst::glib::BoolError> {
    let mut elements = brought_to(canvas)?;
    if view.crop != whole(canvas) {
        let crop = make("videocrop")?;
        let area = view.crop;
        crop.set_property("left", area.x);
        crop.set_property("top", area.y);
        crop.set_property("right", canvas.0 - area.x - area.width);
        crop.set_property("bottom", canvas.1 - area.y - area.height);
        elements.push(crop);
    }
    if view.rotate != Rotation::None || view.mirror {
        let flip = make("videoflip")?;
        flip.set_property_from_str("video-direction", direction(view));
        flip.set_property("qos", false);
        elements.push(flip);
    }
    Ok(elements)
}

/// Mirrored first, then turned.
const fn direction(view: &View) -> &'static str {
    match (view.rotate, view.mirror) {
        (Rotation::None, false) => "identity",
        (Rotation::Right, false) => "90r",
        (Rotation::Half, false) => "180",
        (Rotation::Left, false) => "90l",
        (Rotation::None, true) => "horiz",
        (Rotation::Half, true) => "vert",
        (Rotation::Right, true) => "ur-ll",
        (Rotation::Left, true) => "ul-lr",
    }
}

fn scaled(size: Size) -> Result<[gst::Element; 2], gst::glib::BoolError> {
    let scale = scale()?;
    scale.set_property("add-borders", false);
    Ok([scale, filter(size)?])
}

fn scale() -> Result<gst::Element, gst::glib::BoolError> {
    let scale = make("videoconvertscale")?;
    scale.set_property("n-threads", 1u32);
    scale.set_property("qos", false);
    Ok(scale)
}

fn filter((width, height): Size) -> Result<gst::Element, gst::glib::BoolError> {
    let filter = make("capsfilter")?;
    let caps = gst::Caps::builder("video/x-raw")
        .field("format", "I420")
        .field("width", width)
        .field("height", height)
        .field("pixel-aspect-ratio", gst::Fraction::new(1, 1))
        .build();
    filter.set_property("caps", caps);
    Ok(filter)
}

fn padded(place: PixelArea, size: Size) -> Result<[gst::Element; 1], gst::glib::BoolError> {
    let pad = make("videobox")?;
    pad.set_property("left", -place.x);
    pad.set_property("top", -place.y);
    pad.set_property("right", place.x + place.width - size.0);
    pad.set_property("bottom", place.y + place.height - size.1);
    pad.set_property("qos", false);
    Ok([pad])
}

/// The size of what is cut out, after it was turned.
const fn turned(view: &View) -> Size {
    let (width, height) = of(view.crop);
    match view.rotate {
        Rotation::None | Rotation::Half => (width, height),
        Rotation::Right | Rotation::Left => (height, width),
    }
}

const fn of(area: PixelArea) -> Size {
    (area.width, area.height)
}

const fn whole((width, height): Size) -> PixelArea {
    PixelArea {
        x: 0,
        y: 0,
        width,
        height,
    }
}
