//! Tables for a terminal, aligned by what each character takes there: Vietnamese marks nothing,
//! Chinese characters two columns.

use unicode_width::UnicodeWidthStr as _;

const GAP: &str = "  ";

/// Rows of text under headings.
#[derive(Debug, Default)]
pub struct Table {
    headings: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// An empty table.
    pub fn new(headings: impl IntoIterator<Item = String>) -> Self {
        Self {
            headings: headings.into_iter().collect(),
            rows: Vec::new(),
        }
    }

    /// Appends a row.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows
            .push(cells.into_iter().map(|cell| plain(&cell)).collect());
    }

    /// The table's lines.
    pub fn lines(&self) -> Vec<String> {
        let all = || std::iter::once(&self.headings).chain(&self.rows);
        let columns = all().map(Vec::len).max().unwrap_or_default();
        let width = |column: usize| {
            all()
                .filter_map(|row| row.get(column))
                .map(|cell| cell.width())
                .max()
                .unwrap_or_default()
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        let rule: Vec<String> = widths.iter().map(|width| "─".repeat(*width)).collect();
        std::iter::once(&self.headings)
            .chain([&rule])
            .chain(&self.rows)
            .map(|row| line(row, &widths))
            .collect()
    }
}

/// `text` without anything that could move a terminal's cursor or colour.
pub fn plain(text: &str) -> String {
    text.chars()
        .map(|c| if hides(c) { '\u{fffd}' } else { c })
        .collect()
}

/// Control characters, and those that change the direction of writing.
fn hides(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn line(cells: &[String], widths: &[usize]) -> String {
    let padded: Vec<String> = cells
        .iter()
        .zip(widths)
        .map(|(cell, width)| {
            let missing = width.saturating_sub(cell.width());
            format!("{cell}{}", " ".repeat(missing))
        })
        .collect();
    padded.join(GAP).trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_whatever_script_they_hold() {
        let mut table = Table::new(["Tên".to_owned(), "x".to_owned()]);
        table.row(["Cửa khẩu".to_owned(), "1".to_owned()]);
        table.row(["边境口岸".to_owned(), "2".to_owned()]);
        table.row(["Cử\u{0301}a".to_owned(), "3".to_owned()]);
        let starts: Vec<usize> = table
            .lines()
            .iter()
            .map(|line| {
                let tail = line.rsplit_once("  ").expect("two columns").1;
                line.width() - tail.width()
            })
            .collect();
        assert_eq!(starts, [10; 5]);
    }

    #[test]
    fn a_title_cannot_repaint_the_terminal() {
        assert_eq!(
            plain("a\x1b[2Jb\u{202e}c\n"),
            "a\u{fffd}[2Jb\u{fffd}c\u{fffd}"
        );
    }
}
