//! How the picture is divided: a canvas in pixels and the zones on it.

use crate::id::ZoneId;
use serde::{Deserialize, Serialize};

/// The largest canvas edge, in pixels.
pub const MAX_EDGE_PX: u32 = 16_384;

/// The canvas of a wall and its zones, back to front.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Layout {
    pub width_px: u32,
    pub height_px: u32,
    pub zones: Vec<Zone>,
}

/// One rectangle of the canvas that playlists fill.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Zone {
    pub id: ZoneId,
    pub x_px: u32,
    pub y_px: u32,
    pub width_px: u32,
    pub height_px: u32,
}

impl Layout {
    /// One zone called `main` that fills the canvas.
    #[must_use]
    pub fn full_screen(width_px: u32, height_px: u32) -> Self {
        let id = "main".parse().expect("`main` is a legal identifier");
        Self {
            width_px,
            height_px,
            zones: vec![Zone {
                id,
                x_px: 0,
                y_px: 0,
                width_px,
                height_px,
            }],
        }
    }

    /// What is wrong with the layout, if anything. Walls of this version fill one zone; the form
    /// is ready for several.
    #[must_use]
    pub fn defect(&self) -> Option<String> {
        let edge = 16..=MAX_EDGE_PX;
        if !edge.contains(&self.width_px) || !edge.contains(&self.height_px) {
            return Some(format!("canvas of {}×{} px", self.width_px, self.height_px));
        }
        let [zone] = self.zones.as_slice() else {
            return Some(format!(
                "{} zones; this version plays exactly one",
                self.zones.len()
            ));
        };
        let full = zone.x_px == 0
            && zone.y_px == 0
            && zone.width_px == self.width_px
            && zone.height_px == self.height_px;
        (!full).then(|| format!("zone {} does not fill the canvas", zone.id))
    }
}
