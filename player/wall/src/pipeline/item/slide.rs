//! The one picture of a text slide: read through the item's reader, checked, drawn.

use std::io::Read;

use cotmoc_canvas::{PictureMut, PlaneMut};
use cotmoc_proto::slide::{BadSlide, MAX_SLIDE_BYTES, Slide};
use gstreamer as gst;
use gstreamer_video as gst_video;
use gstreamer_video::VideoFrameExt;

use super::pictures::Frame;
use crate::pipeline::cue::{ItemFault, Medium};
use crate::text;

/// Draws the slide in `medium` in the format of `caps`. Called on the item's own thread.
pub(super) fn draw(medium: &Medium, caps: &gst::Caps) -> Result<Frame, ItemFault> {
    let slide = Slide::parse(&read(medium)?).map_err(undecodable)?;
    let info = gst_video::VideoInfo::from_caps(caps).map_err(undecodable)?;
    let buffer = gst::Buffer::with_size(info.size()).map_err(undecodable)?;
    let mut frame = gst_video::VideoFrame::from_buffer_writable(buffer, &info)
        .ok()
        .ok_or_else(|| undecodable("its picture cannot be mapped"))?;
    paint(&slide, &mut frame)?;
    Ok(Frame {
        at_ns: 0,
        duration_ns: 0,
        caps: None,
        buffer: frame.into_buffer(),
    })
}

fn undecodable(error: impl std::fmt::Display) -> ItemFault {
    ItemFault::Undecodable {
        detail: error.to_string(),
    }
}

fn read(medium: &Medium) -> Result<Vec<u8>, ItemFault> {
    let size = usize::try_from(medium.size_bytes).unwrap_or(usize::MAX);
    if size > MAX_SLIDE_BYTES {
        return Err(undecodable(BadSlide::TooLong(size)));
    }
    let reader = (medium.open)().map_err(|e| ItemFault::Unreadable {
        detail: e.to_string(),
    })?;
    let mut bytes = Vec::new();
    let read = reader.take(medium.size_bytes).read_to_end(&mut bytes);
    read.map_err(|e| ItemFault::Integrity {
        detail: e.to_string(),
    })?;
    Ok(bytes)
}

fn paint(
    slide: &Slide,
    frame: &mut gst_video::VideoFrame<gst_video::video_frame::Writable>,
) -> Result<(), ItemFault> {
    let (width, height) = (frame.width(), frame.height());
    let [y, u, v] = [0, 1, 2].map(|plane| {
        let stride = frame.plane_stride().get(plane).copied().unwrap_or(0);
        usize::try_from(stride).unwrap_or(0)
    });
    let [luma, blue, red, _] = frame.planes_data_mut();
    let planes = [(luma, y), (blue, u), (red, v)];
    let planes = planes.map(|(bytes, stride)| PlaneMut { bytes, stride });
    let edge = |px: u32| usize::try_from(px).unwrap_or(0);
    let mut picture = PictureMut::new(edge(width), edge(height), planes)
        .ok_or_else(|| undecodable("its picture has not the format of the zone"))?;
    text::draw_slide(slide, &mut picture).map_err(undecodable)
}
