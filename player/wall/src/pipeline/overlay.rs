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

    /// There is nothing to wait for: all that it needs is in memory, or it has a fault.
    fn ready(&self) -> bool;

    /// Tells ahead of time at which tick it will be seen first; what depends on the time is then drawn for that.
    fn expect(&self, _at_ns: i64) {}

    /// Why it is not drawn, or not all of it.
    fn fault(&self) -> Option<String> {
        None
    }
}

impl From<PixelArea> for Area {
    fn from(area: PixelArea) -> Self {
        Self::new(area.x, area.y, area.width, area.height)
    }
}
