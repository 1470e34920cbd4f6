//! Makes one picture of what the zones of a scene chose, or passes the only one on untouched.

mod native;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use cotmoc_canvas::{Area, Picture, PictureMut, Plane, PlaneMut, Tone, Yuv};
use gstreamer as gst;
use gstreamer_video as gst_video;
use gstreamer_video::prelude::*;

use self::native::Converters;
use super::output::Composed;
use super::overlay::Overlay;
use super::show::Show;
use super::zone::{Choice, Under};

/// More pictures than this are never on their way to the outputs.
const MOST_BUFFERS: usize = 16;

/// Draws on buffers that it uses again and again.
#[derive(Debug, Default)]
pub(super) struct Composer {
    tone: Tone,
    used: Vec<gst::Buffer>,
    converters: Converters,
    /// Overlays that broke while they were drawn.
    broken: Vec<Arc<dyn Overlay>>,
}

/// What became of a tick.
pub(super) struct Outcome {
    pub composed: Composed,
    /// A decoded picture as it is.
    pub is_direct: bool,
}

impl Composer {
    pub(super) fn set_light(&mut self, tone: Tone) {
        self.tone = tone;
    }

    /// Nothing is done to brightness.
    pub(super) fn is_neutral(&self) -> bool {
        self.tone.is_neutral()
    }

    /// Another scene is seen: nothing of the last one is kept.
    pub(super) fn start_over(&mut self) {
        self.converters = Converters::default();
        self.broken.clear();
    }

    /// The picture of `show` for the tick at group time `at_ns`.
    pub(super) fn compose(&mut self, show: &Show, at_ns: i64) -> Outcome {
        if let Some(composed) = self.pass(show) {
            return Outcome {
                composed,
                is_direct: true,
            };
        }
        let mut buffer = self.fresh(show.info.size());
        self.draw(&mut buffer, show, at_ns);
        self.used.push(buffer.clone());
        let composed = Composed {
            buffer,
            caps: show.caps.clone(),
            shares: show.choices.clone(),
        };
        Outcome {
            composed,
            is_direct: false,
        }
    }

    /// Whether pictures of `show` are passed on untouched, apart from fades.
    pub(super) fn passes(&self, show: &Show) -> bool {
        show.is_plain && self.tone.is_neutral()
    }

    fn pass(&self, show: &Show) -> Option<Composed> {
        let (_, choice) = show.choices.first()?;
        (self.passes(show) && choice.under.is_none()).then(|| Composed {
            buffer: choice.frame.buffer.clone(),
            caps: choice.frame.caps.clone().or_else(|| show.caps.clone()),
            shares: show.choices.clone(),
        })
    }

    /// A buffer that nobody else looks at any more, or a new one.
    fn fresh(&mut self, size: usize) -> gst::Buffer {
        self.used.retain(|buffer| buffer.size() == size);
        let free = self.used.iter_mut().position(|buffer| {
            let own = buffer.get_mut();
            own.is_some_and(|own| own.is_all_memory_writable())
        });
        if let Some(free) = free {
            return self.used.swap_remove(free);
        }
        if self.used.len() >= MOST_BUFFERS {
            self.used.clear();
        }
        gst::Buffer::from_mut_slice(vec![0u8; size])
    }

    fn draw(&mut self, buffer: &mut gst::Buffer, show: &Show, at_ns: i64) {
        let Some(own) = buffer.get_mut() else { return };
        let Ok(mut bytes) = own.map_writable() else {
            return;
        };
        let Some(mut canvas) = canvas_on(&mut bytes, &show.info) else {
            return;
        };
        if !show.is_covered {
            let whole = canvas.area();
            canvas.fill(whole, Yuv::BLACK);
        }
        for (_, choice) in &show.choices {
            self.draw_zone(&mut canvas, choice);
        }
        for overlay in show.overlays.iter().filter(|overlay| overlay.ready()) {
            self.draw_overlay(&mut canvas, overlay, at_ns);
        }
        self.tone.apply(&mut canvas);
    }

    fn draw_zone(&mut self, canvas: &mut PictureMut<'_>, choice: &Choice) {
        let area = Area::from(choice.place.area);
        let info = &choice.place.info;
        let over = self.converters.in_format(&choice.frame, info);
        let over = over.as_ref().and_then(|buffer| mapped(buffer, info));
        let Some(over) = over.as_ref().and_then(picture_of) else {
            return canvas.fill(area, Yuv::BLACK);
        };
        let Some(Under { frame, weight }) = &choice.under else {
            return canvas.blit(area, &over);
        };
        let under = self.converters.in_format(frame, info);
        let under = under.as_ref().and_then(|buffer| mapped(buffer, info));
        match under.as_ref().and_then(picture_of) {
            Some(under) => canvas.crossfade(area, &under, &over, *weight),
            None => canvas.blit(area, &over),
        }
    }

    /// An overlay that breaks is left out from then on; the picture goes on without it.
    fn draw_overlay(
        &mut self,
        canvas: &mut PictureMut<'_>,
        overlay: &Arc<dyn Overlay>,
        at_ns: i64,
    ) {
        if self.broken.iter().any(|known| Arc::ptr_eq(known, overlay)) {
            return;
        }
        let drawn = catch_unwind(AssertUnwindSafe(|| overlay.draw(at_ns, canvas)));
        if drawn.is_err() {
            tracing::error!(
                ?overlay,
                "An overlay broke; the picture goes on without it."
            );
            self.broken.push(Arc::clone(overlay));
        }
    }
}

type Mapped<'a> = gst_video::VideoFrameRef<&'a gst::BufferRef>;

fn mapped<'a>(buffer: &'a gst::Buffer, info: &gst_video::VideoInfo) -> Option<Mapped<'a>> {
    gst_video::VideoFrameRef::from_buffer_ref_readable(buffer, info).ok()
}

fn picture_of<'a>(frame: &'a Mapped<'_>) -> Option<Picture<'a>> {
    let [y, u, v, _] = frame.planes_data();
    let strides = frame.plane_stride().iter();
    let mut strides = strides.map(|stride| usize::try_from(*stride).unwrap_or(0));
    let planes = [y, u, v].map(|bytes| Plane {
        bytes,
        stride: strides.next().unwrap_or(0),
    });
    Picture::new(pixels(frame.width()), pixels(frame.height()), planes)
}

/// The canvas in a buffer of our own, its planes where the format puts them.
fn canvas_on<'a>(bytes: &'a mut [u8], info: &gst_video::VideoInfo) -> Option<PictureMut<'a>> {
    let [_, u_at, v_at] = info.offset().first_chunk::<3>()?;
    let (y, rest) = bytes.split_at_mut_checked(*u_at)?;
    let (u, v) = rest.split_at_mut_checked(v_at.checked_sub(*u_at)?)?;
    let strides = info.stride().iter();
    let mut strides = strides.map(|stride| usize::try_from(*stride).unwrap_or(0));
    let planes = [y, u, v].map(|bytes| PlaneMut {
        bytes,
        stride: strides.next().unwrap_or(0),
    });
    PictureMut::new(pixels(info.width()), pixels(info.height()), planes)
}

fn pixels(edge: u32) -> usize {
    usize::try_from(edge).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_is_used_again_when_nobody_looks_at_it_any_more_and_not_before() {
        gst::init().unwrap();
        let mut composer = Composer::default();
        let memory = |buffer: &gst::Buffer| buffer.peek_memory(0).as_ptr();
        let first = composer.fresh(100);
        composer.used.push(first.clone());
        // As an output holds it: another buffer of the same memory.
        let mut sent = first.copy();
        gst::ParentBufferMeta::add(sent.get_mut().unwrap(), &first);
        let of_first = memory(&first);
        drop(first);

        let second = composer.fresh(100);
        assert_ne!(memory(&second), of_first);
        composer.used.push(second.clone());
        drop(sent);
        assert_eq!(memory(&composer.fresh(100)), of_first);
        assert_eq!(composer.fresh(50).size(), 50, "another scene");
        drop(second);
        assert!(composer.used.is_empty());
    }
}
