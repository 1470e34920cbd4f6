//! Filling, copying and fading rectangles.

use crate::area::{Area, Window};
use crate::colour::Yuv;
use crate::mix::{OPAQUE, blend, tint};
use crate::picture::{Picture, PictureMut, Plane, PlaneMut};

impl PictureMut<'_> {
    /// Fills `area` with one colour.
    pub fn fill(&mut self, area: Area, colour: Yuv) {
        let Some(window) = self.window(area) else {
            return;
        };
        self.each_plane(&window, colour, |row, level| row.fill(level));
    }

    /// Lays one colour over `area`, letting through what `opacity` leaves.
    pub fn blend_fill(&mut self, area: Area, colour: Yuv, opacity: u16) {
        let Some(window) = self.window(area) else {
            return;
        };
        let weight = opacity.min(OPAQUE);
        self.each_plane(&window, colour, |row, level| tint(row, level, weight));
    }

    /// Copies `source` to the corner of `area`, as much of it as `area` has room for.
    pub fn blit(&mut self, area: Area, source: &Picture<'_>) {
        let Some(window) = self.window_for(area, source) else {
            return;
        };
        for ((plane, from), (to, at)) in self
            .planes
            .iter_mut()
            .zip(&source.planes)
            .zip(places(&window, area))
        {
            for (row, bytes) in plane.rows(&to).zip(from.rows(&at)) {
                row.copy_from_slice(bytes);
            }
        }
    }

    /// Draws the mixture of two pictures to the corner of `area`: `b` in the share `weight` of 256, `a` in the rest.
    pub fn crossfade(&mut self, area: Area, a: &Picture<'_>, b: &Picture<'_>, weight: u16) {
        let weight = weight.min(OPAQUE);
        if weight == 0 {
            return self.blit(area, a);
        }
        if weight == OPAQUE {
            return self.blit(area, b);
        }
        let smaller = Area {
            width: width_of(a).min(width_of(b)).min(area.width),
            height: height_of(a).min(height_of(b)).min(area.height),
            ..area
        };
        let Some(window) = self.window(smaller) else {
            return;
        };
        let sources = a.planes.iter().zip(&b.planes);
        for ((plane, (a, b)), (to, at)) in self
            .planes
            .iter_mut()
            .zip(sources)
            .zip(places(&window, area))
        {
            fade_plane(plane, (a, b), (&to, &at), weight);
        }
    }

    fn window_for(&self, area: Area, source: &Picture<'_>) -> Option<Window> {
        self.window(Area {
            width: width_of(source).min(area.width),
            height: height_of(source).min(area.height),
            ..area
        })
    }

    fn each_plane(&mut self, window: &Window, colour: Yuv, draw: impl Fn(&mut [u8], u8)) {
        let levels = [colour.y, colour.u, colour.v];
        let windows = [window.clone(), window.chroma(), window.chroma()];
        for ((plane, window), level) in self.planes.iter_mut().zip(windows).zip(levels) {
            plane.rows(&window).for_each(|row| draw(row, level));
        }
    }
}

fn fade_plane(
    plane: &mut PlaneMut<'_>,
    (a, b): (&Plane<'_>, &Plane<'_>),
    (to, at): (&Window, &Window),
    weight: u16,
) {
    for ((row, a), b) in plane.rows(to).zip(a.rows(at)).zip(b.rows(at)) {
        blend(row, a, b, weight);
    }
}

/// For each channel where `window` lies, and the same place counted from the corner of `area`.
fn places(window: &Window, area: Area) -> [(Window, Window); 3] {
    let luma = (window.clone(), window.counted_from(area.x, area.y));
    let half = |edge: i32| edge.div_euclid(2) + edge.rem_euclid(2);
    let chroma = window.chroma();
    let counted = chroma.counted_from(half(area.x), half(area.y));
    [luma, (chroma.clone(), counted.clone()), (chroma, counted)]
}

fn width_of(picture: &Picture<'_>) -> i32 {
    i32::try_from(picture.width()).unwrap_or(i32::MAX)
}

fn height_of(picture: &Picture<'_>) -> i32 {
    i32::try_from(picture.height()).unwrap_or(i32::MAX)
}
