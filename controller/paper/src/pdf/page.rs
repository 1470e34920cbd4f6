//! Values: what stands where on a page. Lengths are in points, from the top left corner.

use crate::content::Style;

/// A4.
pub(super) const WIDTH: f32 = 595.28;
pub(super) const HEIGHT: f32 = 841.89;
const MM: f32 = 72.0 / 25.4;
/// 20 mm above and below, 30 left, 15 right.
pub(super) const TOP: f32 = 20.0 * MM;
pub(super) const BOTTOM: f32 = HEIGHT - 20.0 * MM;
pub(super) const LEFT: f32 = 30.0 * MM;
pub(super) const RIGHT: f32 = WIDTH - 15.0 * MM;
/// Between the margins.
pub(super) const INNER: f32 = RIGHT - LEFT;

/// One thing on a page.
#[derive(Debug)]
pub(super) enum Mark {
    /// A line of text; `stretch` widens each of its spaces.
    Text {
        at: (f32, f32),
        text: String,
        style: Style,
        size: f32,
        stretch: f32,
    },
    /// A black rectangle.
    Block {
        at: (f32, f32),
        width: f32,
        height: f32,
    },
}

#[derive(Debug, Default)]
pub(super) struct Page {
    pub marks: Vec<Mark>,
}
