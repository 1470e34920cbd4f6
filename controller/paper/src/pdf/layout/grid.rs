//! Planner: a table over as many pages as it takes, its head on each.

use super::lines::{Set, broken};
use super::{INNER, LEADING, LEFT, RULE, SMALL, Sheet};
use crate::content::{Grid, Style};
use crate::pdf::page::{BOTTOM, TOP};

/// Between a cell's border and its text.
const PAD: f32 = 3.5;
const LINE: f32 = SMALL * LEADING;

/// The lines of every cell of a row.
struct Row {
    cells: Vec<Vec<String>>,
    style: Style,
}

impl Sheet<'_, '_> {
    pub(super) fn grid(&mut self, grid: &Grid) {
        let widths: Vec<f32> = grid
            .widths
            .iter()
            .map(|thousandths| INNER * f32::from(*thousandths) / 1000.0)
            .collect();
        let head = (!grid.head.is_empty()).then(|| self.row(&grid.head, &widths, Style::Bold));
        let rows = grid.rows.iter();
        let rows: Vec<Row> = rows
            .map(|row| self.row(row, &widths, Style::Regular))
            .collect();
        let first = rows.first().map_or(0, Row::lines).min(3);
        self.need(height(first) + head.as_ref().map_or(0.0, |head| height(head.lines())));
        self.head(head.as_ref(), &widths);
        for row in rows {
            self.put(row, head.as_ref(), &widths);
        }
    }

    fn row(&self, texts: &[String], widths: &[f32], style: Style) -> Row {
        let cell = |(text, width): (&String, &f32)| {
            let set = Set {
                style,
                size: SMALL,
                width: width - 2.0 * PAD,
                indent: 0.0,
            };
            let paragraphs = text.split('\n');
            let lines = paragraphs.flat_map(|line| {
                let clean = self.faces.clean(line, style);
                broken(self.faces, &clean, &set)
            });
            lines.map(|line| line.text).collect()
        };
        Row {
            cells: texts.iter().zip(widths).map(cell).collect(),
            style,
        }
    }

    fn head(&mut self, head: Option<&Row>, widths: &[f32]) {
        self.rule((LEFT, self.y), INNER, RULE);
        if let Some(head) = head {
            self.draw(head, (0, head.lines()), widths);
        }
    }

    /// A row on this page or the next; one that no page holds goes on over several.
    fn put(&mut self, row: Row, head: Option<&Row>, widths: &[f32]) {
        let above = head.map_or(0.0, |head| height(head.lines()));
        let is_long = height(row.lines()) > BOTTOM - TOP - above;
        let (mut from, all) = (0, row.lines());
        while from < all {
            let fits = (from..all)
                .take_while(|line| self.y + height(line + 1 - from) <= BOTTOM)
                .count();
            let is_enough = from + fits == all || (is_long && fits > 0);
            if is_enough {
                self.draw(&row, (from, from + fits), widths);
                from += fits;
            }
            if from < all {
                self.turn();
                self.head(head, widths);
            }
        }
    }

    fn draw(&mut self, row: &Row, (from, to): (usize, usize), widths: &[f32]) {
        let (top, bottom) = (self.y, self.y + height(to - from));
        let mut x = LEFT;
        for (cell, width) in row.cells.iter().zip(widths) {
            let mut y = top + PAD;
            for line in cell.iter().skip(from).take(to - from) {
                self.text((x + PAD, y), (line.clone(), row.style, SMALL), 0.0);
                y += LINE;
            }
            self.rule((x, top), RULE, bottom - top);
            x += width;
        }
        self.rule((x, top), RULE, bottom - top + RULE);
        self.rule((LEFT, bottom), INNER, RULE);
        self.y = bottom;
    }
}

impl Row {
    fn lines(&self) -> usize {
        self.cells.iter().map(Vec::len).max().unwrap_or(0)
    }
}

fn height(lines: usize) -> f32 {
    f32::from(u16::try_from(lines).unwrap_or(u16::MAX)) * LINE + 2.0 * PAD
}
