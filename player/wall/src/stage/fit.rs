//! Brings a release's canvas onto the wall's own: as large as it fits, in the middle, whole pixels.

use crate::pipeline::PixelArea;
use cotmoc_proto::layout::Overlay;
use cotmoc_proto::style::{Area, TextStyle};

/// Scale and place of one canvas on another.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fit {
    /// The release's canvas, in pixels.
    from: (u32, u32),
    /// The wall's.
    to: (u32, u32),
}

impl Fit {
    /// `from` on `to`; without `from` the canvases are the same.
    pub(super) fn new(from: Option<(u32, u32)>, to: (u32, u32)) -> Self {
        Self {
            from: from.unwrap_or(to),
            to,
        }
    }

    /// Where a zone lies; without an area it is the whole canvas of the wall.
    pub(super) fn zone(self, area: Option<Area>) -> PixelArea {
        let (width_px, height_px) = self.to;
        pixel_area(area.map_or(Area::whole(width_px, height_px), |area| self.area(area)))
    }

    /// The overlay as it is drawn on the wall's canvas.
    pub(super) fn overlay(self, overlay: &Overlay) -> Overlay {
        match overlay.clone() {
            Overlay::Ticker(mut ticker) => {
                ticker.area = self.area(ticker.area);
                ticker.speed_px_per_s = self.scaled(ticker.speed_px_per_s).max(1);
                self.style(&mut ticker.style);
                Overlay::Ticker(ticker)
            }
            Overlay::Clock(mut clock) => {
                clock.area = self.area(clock.area);
                self.style(&mut clock.style);
                Overlay::Clock(clock)
            }
            Overlay::Logo(mut logo) => {
                logo.area = self.area(logo.area);
                Overlay::Logo(logo)
            }
        }
    }

    fn style(self, style: &mut TextStyle) {
        style.size_px = self.scaled(style.size_px).max(1);
    }

    /// Edges, not lengths, are scaled, so that zones that touch still touch.
    fn area(self, area: Area) -> Area {
        let (left, top) = self.margins();
        let edge = |from: u32, margin: u32| margin.saturating_add(even(self.scaled(from)));
        let x_px = edge(area.x_px, left);
        let y_px = edge(area.y_px, top);
        Area {
            x_px,
            y_px,
            width_px: edge(area.x_px.saturating_add(area.width_px), left).saturating_sub(x_px),
            height_px: edge(area.y_px.saturating_add(area.height_px), top).saturating_sub(y_px),
        }
    }

    fn margins(self) -> (u32, u32) {
        let margin = |from: u32, to: u32| even(to.saturating_sub(self.scaled(from)) / 2);
        (
            margin(self.from.0, self.to.0),
            margin(self.from.1, self.to.1),
        )
    }

    fn scaled(self, length: u32) -> u32 {
        let ((from_w, from_h), (to_w, to_h)) = (self.from, self.to);
        let by_width = u64::from(to_w) * u64::from(from_h);
        let by_height = u64::from(to_h) * u64::from(from_w);
        let (to, from) = if by_width <= by_height {
            (to_w, from_w)
        } else {
            (to_h, from_h)
        };
        let scaled = u64::from(length) * u64::from(to) / u64::from(from.max(1));
        u32::try_from(scaled).unwrap_or(u32::MAX)
    }
}

/// How many pixels an area has.
pub(super) fn pixels(area: PixelArea) -> u64 {
    let side = |side: i32| u64::try_from(side).unwrap_or(0);
    side(area.width) * side(area.height)
}

const fn even(length: u32) -> u32 {
    length - length % 2
}

fn pixel_area(area: Area) -> PixelArea {
    let side = |side: u32| i32::try_from(side).unwrap_or(i32::MAX);
    PixelArea {
        x: side(area.x_px),
        y: side(area.y_px),
        width: side(area.width_px),
        height: side(area.height_px),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn area(x_px: u32, y_px: u32, width_px: u32, height_px: u32) -> Area {
        Area {
            x_px,
            y_px,
            width_px,
            height_px,
        }
    }

    #[test]
    fn a_canvas_of_the_same_size_is_taken_as_it_is() {
        let fit = Fit::new(Some((1920, 1080)), (1920, 1080));
        let part = area(100, 200, 640, 360);
        assert_eq!(fit.zone(Some(part)), pixel_area(part));
        assert_eq!(fit.zone(None), pixel_area(Area::whole(1920, 1080)));
    }

    #[test]
    fn a_canvas_of_another_size_or_shape_keeps_its_shape_and_lies_in_the_middle() {
        let fit = Fit::new(Some((1920, 1080)), (1280, 960));
        let whole = fit.zone(Some(Area::whole(1920, 1080)));
        assert_eq!(whole, pixel_area(area(0, 120, 1280, 720)));
        let [left, right] = [area(0, 0, 1284, 1080), area(1284, 0, 636, 1080)];
        let (left, right) = (fit.zone(Some(left)), fit.zone(Some(right)));
        assert_eq!(left.x + left.width, right.x);
        assert_eq!(right.x + right.width, 1280);
    }
}
