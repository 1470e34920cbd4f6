//! What is wrong with a spreadsheet: where, and what to do about it, in both languages.

use super::tables::{Row, Source};
use serde::Serialize;
use std::cell::RefCell;
use std::fmt;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    pub file: String,
    pub sheet: String,
    /// Counted from 1; 0: the table as a whole.
    pub line: usize,
    /// As spreadsheets call it: `B (name.vi)`; empty: the row as a whole.
    pub column: String,
    pub vi: String,
    pub en: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file)?;
        if !self.sheet.is_empty() {
            write!(f, " · {}", self.sheet)?;
        }
        if self.line > 0 {
            write!(f, " · dòng/row {}", self.line)?;
        }
        if !self.column.is_empty() {
            write!(f, " · cột/column {}", self.column)?;
        }
        Ok(())
    }
}

/// What was found so far.
#[derive(Debug, Default)]
pub struct Findings(RefCell<Vec<Finding>>);

impl Findings {
    /// Something about a file or a table.
    pub fn table(&self, source: &Source, vi: impl Into<String>, en: impl Into<String>) {
        self.0.borrow_mut().push(Finding {
            file: source.file.clone(),
            sheet: source.sheet.clone(),
            line: 0,
            column: String::new(),
            vi: vi.into(),
            en: en.into(),
        });
    }

    /// Something about a cell, or about the row as a whole if `heading` is empty.
    pub fn cell(&self, row: &Row, heading: &str, vi: impl Into<String>, en: impl Into<String>) {
        let column = row.columns.get(heading).map(|at| column_name(*at));
        let column = match (column, heading) {
            (_, "") => String::new(),
            (Some(column), heading) => format!("{column} ({heading})"),
            (None, heading) => format!("({heading})"),
        };
        self.0.borrow_mut().push(Finding {
            file: row.source.file.clone(),
            sheet: row.source.sheet.clone(),
            line: row.line,
            column,
            vi: vi.into(),
            en: en.into(),
        });
    }

    /// Whether nothing was found.
    pub fn is_empty(&self) -> bool {
        self.0.borrow().is_empty()
    }

    /// Everything, in the order in which it stands in the files.
    pub fn into_list(self) -> Vec<Finding> {
        let mut list = self.0.into_inner();
        list.sort_by(|a, b| (&a.file, &a.sheet, a.line).cmp(&(&b.file, &b.sheet, b.line)));
        list.dedup();
        list
    }
}

/// The name of a column, counted from 0: A, B, …, Z, AA.
pub fn column_name(mut at: usize) -> String {
    let mut name = Vec::new();
    loop {
        let letter = u8::try_from(at % 26).unwrap_or_default();
        name.push(char::from(b'A' + letter));
        if at < 26 {
            return name.into_iter().rev().collect();
        }
        at = at / 26 - 1;
    }
}

#[cfg(test)]
mod tests {
    use super::column_name;

    #[test]
    fn columns_are_called_as_spreadsheets_call_them() {
        let names = [0, 25, 26, 51, 52, 701, 702].map(column_name);
        assert_eq!(names, ["A", "Z", "AA", "AZ", "BA", "ZZ", "AAA"]);
    }
}
