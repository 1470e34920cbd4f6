//! Shapes of one colour, such as a line of text, drawn at any fraction of a pixel along the line.

use crate::area::{Area, Window};
use crate::colour::Yuv;
use crate::mix::{OPAQUE, halve, slide, stencil};
use crate::picture::PictureMut;
use std::fmt;
use std::ops::Range;

const PARTS: i64 = 256;

/// How much of each pixel a shape covers: 0 is nothing, 255 all.
#[derive(Clone, PartialEq, Eq)]
pub struct Coverage {
    width: usize,
    height: usize,
    /// Rows with one empty pixel before and after.
    padded: Vec<u8>,
}

/// What a shape is drawn with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ink {
    /// What it covers with.
    pub colour: Yuv,
    /// 0 to 256.
    pub opacity: u16,
}

impl Ink {
    /// A colour that lets nothing through.
    #[must_use]
    pub const fn opaque(colour: Yuv) -> Self {
        Self {
            colour,
            opacity: OPAQUE,
        }
    }
}

impl Coverage {
    /// The shape in rows of `width` bytes; what `bytes` lack is empty.
    #[must_use]
    pub fn new(width: usize, height: usize, bytes: &[u8]) -> Self {
        let mut padded = Vec::with_capacity((width + 2) * height);
        let mut rows = bytes.chunks(width.max(1));
        for _ in 0..height {
            padded.push(0);
            let row = rows.next().unwrap_or_default();
            padded.extend_from_slice(row);
            padded.resize(padded.len() + 1 + width - row.len().min(width), 0);
        }
        Self {
            width,
            height,
            padded,
        }
    }

    /// Pixels from left to right.
    #[must_use]
    pub const fn width(&self) -> usize {
        self.width
    }

    /// Pixels from top to bottom.
    #[must_use]
    pub const fn height(&self) -> usize {
        self.height
    }

    /// The row with an empty pixel at each end.
    fn row(&self, row: usize) -> &[u8] {
        let stride = self.width + 2;
        let from = row * stride;
        self.padded.get(from..from + stride).unwrap_or_default()
    }
}

impl fmt::Debug for Coverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Coverage({}x{})", self.width, self.height)
    }
}

impl PictureMut<'_> {
    /// Draws `shape` with its corner `x_256ths` of 256 pixels from the left and `y` from the top, inside `clip` only.
    pub fn stamp(&mut self, shape: &Coverage, x_256ths: i64, y: i32, clip: Area, ink: Ink) {
        let (x, part) = (x_256ths.div_euclid(PARTS), x_256ths.rem_euclid(PARTS));
        let Some(window) = self.window(clip) else {
            return;
        };
        let Some(columns) = common(&window.columns, x, shape.width + usize::from(part > 0)) else {
            return;
        };
        let Some(rows) = common(&window.rows, i64::from(y), shape.height) else {
            return;
        };
        let window = Window { columns, rows };
        let cells = window.columns.start / 2..window.columns.end.div_ceil(2);
        let part = u16::try_from(part).unwrap_or(0);
        let tracing = Tracing {
            shape,
            window: &window,
            first: offset(window.columns.start, x),
            part,
            indent: window.columns.start % 2,
        };
        let ink = Ink {
            opacity: ink.opacity.min(OPAQUE),
            ..ink
        };
        let mut alpha = Alpha::new(cells.len());
        for cell in window.rows.start / 2..window.rows.end.div_ceil(2) {
            tracing.trace(2 * cell, y, &mut alpha.top);
            tracing.trace(2 * cell + 1, y, &mut alpha.bottom);
            halve(&mut alpha.half, &alpha.top, &alpha.bottom);
            self.stencil_cells((cell, &cells), &alpha, ink);
        }
    }

    /// Draws on two rows of brightness and the row of colour that they share.
    fn stencil_cells(&mut self, (cell, cells): (usize, &Range<usize>), alpha: &Alpha, ink: Ink) {
        let width = self.width();
        let [luma, blue, red] = &mut self.planes;
        let pixels = Window {
            columns: 2 * cells.start..(2 * cells.end).min(width),
            rows: 2 * cell..2 * cell + 2,
        };
        for (row, alpha) in luma.rows(&pixels).zip([&alpha.top, &alpha.bottom]) {
            stencil(row, alpha, ink.colour.y, ink.opacity);
        }
        let samples = Window {
            columns: cells.clone(),
            rows: cell..cell + 1,
        };
        for row in blue.rows(&samples) {
            stencil(row, &alpha.half, ink.colour.u, ink.opacity);
        }
        for row in red.rows(&samples) {
            stencil(row, &alpha.half, ink.colour.v, ink.opacity);
        }
    }
}

/// Coverage of two rows of pixels from an even one on, and of the colour samples they share.
struct Alpha {
    top: Vec<u8>,
    bottom: Vec<u8>,
    half: Vec<u8>,
}

impl Alpha {
    fn new(cells: usize) -> Self {
        Self {
            top: vec![0; 2 * cells],
            bottom: vec![0; 2 * cells],
            half: vec![0; cells],
        }
    }
}

/// Where a shape's rows fall.
struct Tracing<'a> {
    shape: &'a Coverage,
    window: &'a Window,
    /// Column of the shape at the window's first.
    first: usize,
    part: u16,
    /// Pixels between the first even column and the window.
    indent: usize,
}

impl Tracing<'_> {
    /// What the shape covers of a row of the picture, nothing outside the window.
    fn trace(&self, row: usize, y: i32, alpha: &mut [u8]) {
        let width = self.window.columns.len();
        let inside = self.window.rows.contains(&row);
        let Some(alpha) = alpha.get_mut(self.indent..self.indent + width) else {
            return;
        };
        if !inside {
            return alpha.fill(0);
        }
        let line = self.shape.row(offset(row, i64::from(y)));
        let before = line.get(self.first..).unwrap_or_default();
        let here = line.get(self.first + 1..).unwrap_or_default();
        slide(alpha, before, here, self.part);
    }
}

/// The part of `range` in which something of `length` from `origin` on lies.
fn common(range: &Range<usize>, origin: i64, length: usize) -> Option<Range<usize>> {
    let whole = |edge: usize| i64::try_from(edge).unwrap_or(i64::MAX);
    let start = whole(range.start).max(origin);
    let end = whole(range.end).min(origin.saturating_add(whole(length)));
    let edge = |edge: i64| usize::try_from(edge).ok();
    (start < end)
        .then_some(())
        .and_then(|()| Some(edge(start)?..edge(end)?))
}

fn offset(at: usize, origin: i64) -> usize {
    let at = i64::try_from(at).unwrap_or(i64::MAX);
    usize::try_from(at.saturating_sub(origin)).unwrap_or(0)
}
