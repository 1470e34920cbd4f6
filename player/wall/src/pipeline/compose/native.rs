//! Brings pictures that came in a decoder's own format into the format of their zone, where they must be drawn on:
//! whole, in their shape, with black around them.

use gstreamer as gst;
use gstreamer_video as gst_video;

use crate::pipeline::item::Frame;

/// Pairs of formats in use at once; more than any scene has.
const MOST: usize = 32;

/// Converters in use, one for each pair of formats.
#[derive(Debug, Default)]
pub(super) struct Converters(Vec<Entry>);

#[derive(Debug)]
struct Entry {
    from: gst::Caps,
    to: gst_video::VideoInfo,
    info: gst_video::VideoInfo,
    converter: gst_video::VideoConverter,
    /// What it was given last, and what it made of that.
    last: Option<(gst::Buffer, gst::Buffer)>,
}

impl Converters {
    /// The picture in the zone's format. None when there is no way to it.
    pub(super) fn in_format(
        &mut self,
        frame: &Frame,
        info: &gst_video::VideoInfo,
    ) -> Option<gst::Buffer> {
        let Some(caps) = &frame.caps else {
            return Some(frame.buffer.clone());
        };
        let known = |entry: &Entry| entry.from == *caps && entry.to == *info;
        if !self.0.iter().any(known) {
            self.0.truncate(MOST - 1);
            self.0.insert(0, Entry::new(caps, info)?);
        }
        let entry = self.0.iter_mut().find(|entry| known(entry))?;
        entry.convert(&frame.buffer)
    }
}

impl Entry {
    fn new(caps: &gst::Caps, to: &gst_video::VideoInfo) -> Option<Self> {
        let mut from = caps.clone();
        // Converters refuse to change the rate of pictures, and are not asked to.
        from.make_mut().set("framerate", to.fps());
        let info = gst_video::VideoInfo::from_caps(&from).ok()?;
        let (width, height) = shape_within(&info, to);
        let mut config = gst_video::VideoConverterConfig::new();
        config.set_dest_x(edge(to.width() - width) / 2);
        config.set_dest_y(edge(to.height() - height) / 2);
        config.set_dest_width(Some(edge(width)));
        config.set_dest_height(Some(edge(height)));
        config.set_fill_border(true);
        config.set_threads(1);
        let converter = gst_video::VideoConverter::new(&info, to, Some(config)).ok()?;
        Some(Self {
            from: caps.clone(),
            to: to.clone(),
            info,
            converter,
            last: None,
        })
    }

    /// A picture that stays for several ticks is converted once.
    fn convert(&mut self, buffer: &gst::Buffer) -> Option<gst::Buffer> {
        if let Some((source, made)) = &self.last
            && source.as_ptr() == buffer.as_ptr()
        {
            return Some(made.clone());
        }
        let source = gst_video::VideoFrameRef::from_buffer_ref_readable(buffer, &self.info).ok()?;
        let made = gst::Buffer::with_size(self.to.size()).ok()?;
        let mut target = gst_video::VideoFrame::from_buffer_writable(made, &self.to).ok()?;
        self.converter
            .frame_ref(&source, &mut target.as_mut_video_frame_ref());
        let made = target.into_buffer();
        self.last = Some((buffer.clone(), made.clone()));
        Some(made)
    }
}

/// The largest size of a picture's own shape that `to` holds.
fn shape_within(info: &gst_video::VideoInfo, to: &gst_video::VideoInfo) -> (u32, u32) {
    let [w, h, room_w, room_h] =
        [info.width(), info.height(), to.width(), to.height()].map(u64::from);
    let small = |edge: u64, most: u32| u32::try_from(edge).unwrap_or(most).clamp(1, most);
    if w * room_h > h * room_w {
        (to.width(), small(h * room_w / w.max(1), to.height()))
    } else {
        (small(w * room_h / h.max(1), to.width()), to.height())
    }
}

fn edge(pixels: u32) -> i32 {
    i32::try_from(pixels).unwrap_or(i32::MAX)
}
