//! What the owner of the engine hands over to divide the wall: zones, and what is drawn over them.

use std::fmt;
use std::sync::Arc;

use super::config::PixelArea;
use super::cue::ZoneId;
use super::overlay::Overlay;

/// Names one division of the wall. The owner chooses it; a number is used once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SceneId(pub u64);

impl fmt::Display for SceneId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Where on the canvas a zone lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScenePlace {
    /// New for every scene.
    pub zone: ZoneId,
    /// In pixels of the canvas.
    pub area: PixelArea,
}

/// A canvas, the zones on it from back to front, and what is drawn over them in its order.
#[derive(Clone, Debug)]
pub struct Scene {
    /// What the owner calls it.
    pub id: SceneId,
    /// Pixels of the canvas.
    pub width: u32,
    /// Pixels of the canvas.
    pub height: u32,
    /// Back to front.
    pub zones: Vec<ScenePlace>,
    /// Drawn over the zones, in this order.
    pub overlays: Vec<Arc<dyn Overlay>>,
}
