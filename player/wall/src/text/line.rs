//! Sets single lines in a box of a given height, all on one baseline, and turns them into shapes.

use super::setting::{SMALLEST_PX, Setter, TextFault, UNITS, pixels_up, units};
use cotmoc_canvas::Coverage;
use cotmoc_proto::playlist::Language;
use cotmoc_proto::style::TextStyle;
use std::sync::Arc;

/// Drawn at a time: painters refuse larger surfaces.
const TILE_PX: usize = 8_192;
/// The widest line that is measured, so that the typesetter's numbers do not run over.
const LONGEST_LINE_PX: u32 = 1 << 20;
/// Left free at every edge where type is made smaller, so that no rounding cuts it.
const MARGIN_PX: u32 = 1;
/// Sizes are tried this often; each try comes nearer.
const TRIES: u32 = 4;

/// A text and the language whose letter forms it wants.
pub(super) type Worded<'a> = (&'a str, Language);

/// A box for lines of text.
#[derive(Debug, Clone)]
pub(super) struct Frame {
    pub style: TextStyle,
    pub height_px: u32,
    /// As wide as it needs when there is none.
    pub width_px: Option<u32>,
}

/// The size at which every line fits, and the baseline that they share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fit {
    pub size_px: u32,
    /// Below the upper edge of the box.
    pub baseline_px: i32,
}

/// A line as a shape.
#[derive(Debug, Clone)]
pub(super) struct Shape {
    pub coverage: Arc<Coverage>,
    /// Where the shape lies from the line's beginning; letters may reach before it.
    pub x: i32,
    /// Where it lies below the upper edge of the box.
    pub y: i32,
}

/// How far ink reaches from the baseline, and how wide the line is; in the typesetter's units.
#[derive(Debug, Clone, Copy, Default)]
struct Reach {
    above: i32,
    below: i32,
    width: i32,
}

impl Frame {
    /// The largest type, up to the style's own, in which no line is cut off above, below or at its sides.
    pub(super) fn fit(&self, setter: &Setter, lines: &[Worded<'_>]) -> Fit {
        let mut size_px = self.largest(setter, lines);
        let mut reach = self.reach(setter, lines, size_px);
        for _ in 0..TRIES {
            let smaller = self.smaller(size_px, reach);
            if smaller >= size_px {
                break;
            }
            size_px = smaller;
            reach = self.reach(setter, lines, size_px);
        }
        Fit {
            size_px,
            baseline_px: self.baseline(setter, size_px, reach),
        }
    }

    pub(super) fn line(&self, setter: &Setter, (text, language): Worded<'_>, fit: Fit) -> Line {
        Line {
            layout: setter.line(text, &self.style, fit.size_px, language),
            baseline_px: fit.baseline_px,
            height_px: self.height_px,
        }
    }

    /// Type that keeps the widest line within the numbers of the typesetter.
    fn largest(&self, setter: &Setter, lines: &[Worded<'_>]) -> u32 {
        let widest = self.reach(setter, lines, SMALLEST_PX).width.max(1);
        let widest_px = u32::try_from(pixels_up(widest)).unwrap_or(1).max(1);
        let largest = SMALLEST_PX.saturating_mul(LONGEST_LINE_PX / widest_px);
        self.style.size_px.min(largest).max(SMALLEST_PX)
    }

    fn reach(&self, setter: &Setter, lines: &[Worded<'_>], size_px: u32) -> Reach {
        let size = units(size_px);
        let mut reach = Reach::default();
        for (text, language) in lines {
            let layout = setter.line(text, &self.style, size_px, *language);
            let (ink, logical) = layout.extents();
            let bottom = ink.y().saturating_add(ink.height());
            let below = bottom.saturating_sub(layout.baseline());
            // Marks heaped upon marks do not make all the other lines small; they are cut off.
            let above = layout.baseline().saturating_sub(ink.y());
            let above = above.min(size + size / 2);
            reach.above = reach.above.max(above);
            reach.below = reach.below.max(below.min(size));
            reach.width = reach.width.max(logical.width());
        }
        reach
    }

    fn smaller(&self, size_px: u32, reach: Reach) -> u32 {
        let shrunk = |room_px: u32, needed: i32| {
            let room = i64::from(room_px.saturating_sub(2 * MARGIN_PX));
            let needed = i64::from(pixels_up(needed)).max(1);
            let fitting = i64::from(size_px) * room / needed;
            u32::try_from(fitting)
                .unwrap_or(size_px)
                .clamp(SMALLEST_PX, size_px)
        };
        let by_height = shrunk(self.height_px, reach.above + reach.below);
        let by_width = self.width_px.map(|width| shrunk(width, reach.width));
        by_height.min(by_width.unwrap_or(size_px))
    }

    /// Centres what letters usually take, then moves it so that no ink is cut off.
    fn baseline(&self, setter: &Setter, size_px: u32, reach: Reach) -> i32 {
        let usual = setter.line("Hg", &self.style, size_px, Language::Vi);
        let height = units(self.height_px);
        let centred = (height - usual.size().1) / 2 + usual.baseline();
        let baseline = centred.min(height - reach.below).max(reach.above);
        (baseline + UNITS / 2).div_euclid(UNITS)
    }
}

/// A line that is set.
pub(super) struct Line {
    layout: pango::Layout,
    baseline_px: i32,
    height_px: u32,
}

impl Line {
    /// How far the next line begins after this one.
    pub(super) fn width_px(&self) -> u32 {
        u32::try_from(pixels_up(self.layout.size().0)).unwrap_or(0)
    }

    /// Cuts it at `limit_px` with an ellipsis. Whether anything was cut.
    pub(super) fn shorten(&self, limit_px: u32) -> bool {
        if self.width_px() <= limit_px {
            return false;
        }
        self.layout.set_width(units(limit_px));
        self.layout.set_ellipsize(pango::EllipsizeMode::End);
        true
    }

    pub(super) fn unknown_letters(&self) -> i32 {
        self.layout.unknown_glyphs_count()
    }

    /// Draws it, as much as lies in the box.
    pub(super) fn shape(&self) -> Result<Shape, TextFault> {
        let (ink, _) = self.layout.extents();
        let baseline = self.layout.baseline();
        let from_top = |y: i32| self.baseline_px + y.saturating_sub(baseline).div_euclid(UNITS);
        let box_height = i32::try_from(self.height_px).unwrap_or(i32::MAX);
        let top = from_top(ink.y()).clamp(0, box_height);
        let bottom = from_top(ink.y().saturating_add(ink.height()));
        let bottom = bottom.saturating_add(1).clamp(top, box_height);
        // Letters lean a little over the ends of their line.
        let end = pixels_up(self.layout.size().0).saturating_add(box_height);
        let left = ink.x().div_euclid(UNITS).clamp(-box_height, 0);
        let right = pixels_up(ink.x().saturating_add(ink.width())).clamp(left, end.max(left));
        let width = usize::try_from(right - left).unwrap_or(0);
        let height = usize::try_from(bottom - top).unwrap_or(0);
        let mut bytes = vec![0; width * height];
        let columns = if height > 0 { width } else { 0 };
        for from in (0..columns).step_by(TILE_PX) {
            let tile = from..columns.min(from + TILE_PX);
            self.draw_tile((left, top), tile, width, &mut bytes)?;
        }
        Ok(Shape {
            coverage: Arc::new(Coverage::new(width, height, &bytes)),
            x: left,
            y: top,
        })
    }

    fn draw_tile(
        &self,
        (left, top): (i32, i32),
        columns: std::ops::Range<usize>,
        width: usize,
        bytes: &mut [u8],
    ) -> Result<(), TextFault> {
        let edge = |px: usize| i32::try_from(px).unwrap_or(i32::MAX);
        let height = bytes.len().checked_div(width).unwrap_or(0);
        let (tile_width, tile_height) = (edge(columns.len()), edge(height));
        let mut surface = cairo::ImageSurface::create(cairo::Format::A8, tile_width, tile_height)?;
        let drawing = cairo::Context::new(&surface)?;
        let above = f64::from(self.layout.baseline()) / f64::from(UNITS);
        drawing.translate(
            f64::from(-left) - f64::from(edge(columns.start)),
            f64::from(self.baseline_px - top) - above,
        );
        pangocairo::functions::show_layout(&drawing, &self.layout);
        drop(drawing);
        let stride = usize::try_from(surface.stride()).unwrap_or(0).max(1);
        let drawn = surface.data()?;
        for (row, line) in bytes.chunks_mut(width).zip(drawn.chunks(stride)) {
            let Some(row) = row.get_mut(columns.clone()) else {
                continue;
            };
            for (byte, ink) in row.iter_mut().zip(line) {
                *byte = *ink;
            }
        }
        Ok(())
    }
}
