//! Small helpers shared by everything that builds pipelines.

use gstreamer as gst;
use gstreamer::prelude::*;
use gstreamer_app as gst_app;
use gstreamer_video as gst_video;

use super::config::FrameRate;
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

/// The format of pictures of one size that can be drawn on.
pub(super) fn picture_caps(width: u32, height: u32) -> gst::Caps {
    gst::Caps::builder("video/x-raw")
        .field("format", "I420")
        .field("width", i32::try_from(width).unwrap_or(i32::MAX))
        .field("height", i32::try_from(height).unwrap_or(i32::MAX))
        .field("pixel-aspect-ratio", gst::Fraction::new(1, 1))
        .field("colorimetry", "bt709")
        .build()
}

/// The same with the outputs' frame rate.
pub(super) fn canvas_caps((width, height): (u32, u32), rate: FrameRate) -> gst::Caps {
    let mut caps = picture_caps(width, height);
    let rate = gst::Fraction::new(
        i32::try_from(rate.num).unwrap_or(i32::MAX),
        i32::try_from(rate.den).unwrap_or(1),
    );
    if let Some(structure) = caps.make_mut().structure_mut(0) {
        structure.set("framerate", rate);
        structure.set("interlace-mode", "progressive");
    }
    caps
}

/// Lets a decoder hand its own memory to an `appsink`: rows may have any stride, and `ahead` buffers are kept.
pub(super) fn take_as_it_is(sink: &gst_app::AppSink, ahead: u32) {
    let Some(pad) = sink.static_pad("sink") else {
        return;
    };
    pad.add_probe(gst::PadProbeType::QUERY_DOWNSTREAM, move |_, info| {
        let Some(query) = info.query_mut() else {
            return gst::PadProbeReturn::Ok;
        };
        let gst::QueryViewMut::Allocation(query) = query.view_mut() else {
            return gst::PadProbeReturn::Ok;
        };
        let caps = query.get_owned().0;
        let Some(info) = caps.and_then(|caps| gst_video::VideoInfo::from_caps(&caps).ok()) else {
            return gst::PadProbeReturn::Ok;
        };
        query.add_allocation_meta::<gst_video::VideoMeta>(None);
        let size = u32::try_from(info.size()).unwrap_or(u32::MAX);
        query.add_allocation_pool(None::<&gst::BufferPool>, size, ahead, 0);
        gst::PadProbeReturn::Handled
    });
}

pub(super) fn sound_caps() -> gst::Caps {
    gst::Caps::builder("audio/x-raw")
        .field("format", "S16LE")
        .field("layout", "interleaved")
        .field("rate", i32::try_from(RATE_HZ).unwrap_or(0))
        .field("channels", i32::try_from(CHANNELS).unwrap_or(0))
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_asks_the_direct_path_for_memory_may_keep_its_own_rows_and_enough_buffers() {
        gst::init().unwrap();
        let sink = gst_app::AppSink::builder().build();
        take_as_it_is(&sink, 12);
        let source = gst::Pad::builder(gst::PadDirection::Src)
            .name("src")
            .build();
        source.set_active(true).unwrap();
        sink.set_state(gst::State::Ready).unwrap();
        let pad = sink.static_pad("sink").unwrap();
        pad.set_active(true).unwrap();
        source.link(&pad).unwrap();
        let caps = picture_caps(640, 360);
        let mut asked = gst::query::Allocation::new(Some(&caps), true);
        assert!(source.peer_query(&mut asked));
        assert!(
            asked
                .find_allocation_meta::<gst_video::VideoMeta>()
                .is_some()
        );
        let pools: Vec<_> = asked
            .allocation_pools()
            .map(|pool| (pool.1, pool.2))
            .collect();
        assert_eq!(pools, [(640 * 360 * 3 / 2, 12)]);
        sink.set_state(gst::State::Null).unwrap();
    }
}
