//! Rectangles of pixels, and what is left of them inside a picture.

use std::ops::Range;

/// A rectangle in pixels. One without width or height is empty; it may lie anywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Area {
    /// Of its left edge.
    pub x: i32,
    /// Of its upper edge.
    pub y: i32,
    /// To the right of `x`.
    pub width: i32,
    /// Below `y`.
    pub height: i32,
}

impl Area {
    /// The rectangle at `x`, `y`.
    #[must_use]
    pub const fn new(x: i32, y: i32, width: i32, height: i32) -> Self {
        Self {
            x,
            y,
            width,
            height,
        }
    }

    /// All of a picture of that size.
    #[must_use]
    pub fn whole(width: usize, height: usize) -> Self {
        let edge = |edge| i32::try_from(edge).unwrap_or(i32::MAX);
        Self::new(0, 0, edge(width), edge(height))
    }

    /// What lies in both, if anything does.
    #[must_use]
    pub fn intersection(self, other: Self) -> Option<Self> {
        let (x, width) = overlap((self.x, self.width), (other.x, other.width))?;
        let (y, height) = overlap((self.y, self.height), (other.y, other.height))?;
        Some(Self::new(x, y, width, height))
    }

    /// The part inside a picture of that size.
    pub(crate) fn within(self, width: usize, height: usize) -> Option<Window> {
        let inside = self.intersection(Self::whole(width, height))?;
        Some(Window {
            columns: span(inside.x, inside.width),
            rows: span(inside.y, inside.height),
        })
    }
}

fn overlap(a: (i32, i32), b: (i32, i32)) -> Option<(i32, i32)> {
    let end = |(from, length)| i64::from(from) + i64::from(i32::max(length, 0));
    let from = a.0.max(b.0);
    let length = end(a).min(end(b)) - i64::from(from);
    (length > 0).then(|| (from, i32::try_from(length).unwrap_or(i32::MAX)))
}

fn span(from: i32, length: i32) -> Range<usize> {
    let from = usize::try_from(from).unwrap_or(0);
    from..from + usize::try_from(length).unwrap_or(0)
}

/// A rectangle that is known to lie inside its picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    pub columns: Range<usize>,
    pub rows: Range<usize>,
}

impl Window {
    /// The colour samples whose even pixel lies in the window.
    pub(crate) fn chroma(&self) -> Self {
        let halve = |range: &Range<usize>| range.start.div_ceil(2)..range.end.div_ceil(2);
        Self {
            columns: halve(&self.columns),
            rows: halve(&self.rows),
        }
    }

    /// The same pixels counted from `x`, `y`, which lie at or before the window's first.
    pub(crate) fn counted_from(&self, x: i32, y: i32) -> Self {
        Self {
            columns: shift(&self.columns, x),
            rows: shift(&self.rows, y),
        }
    }
}

fn shift(range: &Range<usize>, origin: i32) -> Range<usize> {
    let from = i64::try_from(range.start).unwrap_or(0) - i64::from(origin);
    let from = usize::try_from(from).unwrap_or(0);
    from..from + range.len()
}
