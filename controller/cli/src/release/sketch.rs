//! A layout as a small picture of characters: zones are boxes with their names, overlays are filled.

use cotmoc_proto::layout::{Layout, Overlay};
use cotmoc_proto::style::Area;

const COLUMNS: u32 = 64;
const MOST_ROWS: u32 = 40;

/// A grid of characters, and what one of them stands for.
struct Paper {
    rows: Vec<Vec<char>>,
    width_px: u32,
    height_px: u32,
}

/// The lines of the picture; a character is twice as high as it is wide.
pub fn lines(layout: &Layout) -> Vec<String> {
    let (width_px, height_px) = (layout.width_px.max(1), layout.height_px.max(1));
    let rows = (COLUMNS * height_px / width_px / 2).clamp(5, MOST_ROWS);
    let row = vec![' '; usize::try_from(COLUMNS).unwrap_or_default()];
    let mut paper = Paper {
        rows: vec![row; usize::try_from(rows).unwrap_or_default()],
        width_px,
        height_px,
    };
    for zone in &layout.zones {
        paper.outline(zone.area());
    }
    for zone in &layout.zones {
        paper.label(zone.area(), zone.id.as_str());
    }
    for overlay in &layout.overlays {
        paper.fill(overlay.area(), sign(overlay));
    }
    paper
        .rows
        .into_iter()
        .map(|row| row.into_iter().collect::<String>().trim_end().to_owned())
        .collect()
}

/// What an overlay is filled with.
pub const fn sign(overlay: &Overlay) -> char {
    match overlay {
        Overlay::Ticker(_) => '~',
        Overlay::Clock(_) => ':',
        Overlay::Logo(_) => '#',
    }
}

impl Paper {
    fn outline(&mut self, area: Area) {
        let (left, top, right, bottom) = self.cells(area);
        for y in top..=bottom {
            for x in left..=right {
                let c = match (y == top || y == bottom, x == left || x == right) {
                    (true, true) => '+',
                    (true, false) => '-',
                    (false, true) => '|',
                    (false, false) => ' ',
                };
                self.put(x, y, c);
            }
        }
    }

    fn fill(&mut self, area: Area, c: char) {
        let (left, top, right, bottom) = self.cells(area);
        for y in top..=bottom {
            for x in left..=right {
                self.put(x, y, c);
            }
        }
    }

    fn label(&mut self, area: Area, text: &str) {
        let (left, top, right, bottom) = self.cells(area);
        let room = right.saturating_sub(left + 1);
        let shown: Vec<char> = text.chars().take(room).collect();
        let x = left + 1 + room.saturating_sub(shown.len()) / 2;
        let y = top.midpoint(bottom);
        for (at, c) in shown.into_iter().enumerate() {
            self.put(x + at, y, c);
        }
    }

    /// First and last column and row, at least one of each.
    fn cells(&self, area: Area) -> (usize, usize, usize, usize) {
        let rows = u32::try_from(self.rows.len()).unwrap_or_default();
        let scale = |px: u32, of: u32, cells: u32| -> usize {
            let cell = u64::from(px) * u64::from(cells) / u64::from(of);
            usize::try_from(cell).unwrap_or_default()
        };
        let left = scale(area.x_px, self.width_px, COLUMNS);
        let top = scale(area.y_px, self.height_px, rows);
        let right = scale(
            area.x_px.saturating_add(area.width_px),
            self.width_px,
            COLUMNS,
        );
        let bottom = scale(
            area.y_px.saturating_add(area.height_px),
            self.height_px,
            rows,
        );
        (
            left,
            top,
            right.saturating_sub(1).max(left),
            bottom.saturating_sub(1).max(top),
        )
    }

    fn put(&mut self, x: usize, y: usize, c: char) {
        if let Some(cell) = self.rows.get_mut(y).and_then(|row| row.get_mut(x)) {
            *cell = c;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cotmoc_proto::layout::Zone;

    #[test]
    fn a_layout_is_drawn_to_scale() {
        let mut layout = Layout::full_screen(1920, 1080);
        layout.zones[0].width_px = 1440;
        layout.zones.push(Zone {
            id: "notice".parse().unwrap(),
            x_px: 1440,
            width_px: 480,
            ..layout.zones[0].clone()
        });
        let lines = lines(&layout);
        assert_eq!(lines.len(), 18);
        let edge = format!("+{}++{}+", "-".repeat(46), "-".repeat(14));
        assert_eq!(lines[0], edge);
        assert_eq!(lines[17], edge);
        assert!(lines[8].contains("main") && lines[8].contains("notice"));
    }

    #[test]
    fn any_layout_at_all_can_be_drawn() {
        for (width, height) in [(16, 16_384), (16_384, 16), (0, 0)] {
            assert!(lines(&Layout::full_screen(width, height)).len() >= 5);
        }
        let mut layout = Layout::full_screen(100, 100);
        layout.zones[0].x_px = u32::MAX;
        assert!(!lines(&layout).is_empty());
    }
}
