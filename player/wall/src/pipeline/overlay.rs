//! What is drawn over the zones of a scene on every tick: running text, clocks, logos.

use std::fmt;

use cotmoc_canvas::{Area, PictureMut};

use super::config::PixelArea;

/// Something drawn over the zones. Called by the scheduler on every tick: it draws what is ready, and never waits.
pub trait Overlay: Send + Sync + fmt::Debug {
    /// Where on the canvas; nothing outside is drawn on.
    fn area(&self) -> PixelArea;

    /// Draws what the tick at group time `at_ns` shows.
    fn draw(&self, at_ns: i64, canvas: &mut PictureMut<'_>);

    /// All that it needs is in memory.
    fn ready(&self) -> bool;
}

impl From<PixelArea> for Area {
    fn from(area: PixelArea) -> Self {
        Self::new(area.x, area.y, area.width, area.height)
    }
}
