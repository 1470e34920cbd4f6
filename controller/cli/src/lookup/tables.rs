//! Planner: the rows of all tables, each with where it stands, and what becomes of those that are
//! there when a file brings others.

use super::sheets::{Key, Shape, Sheet};
use jiff::civil::DateTime;
use std::collections::{BTreeMap, BTreeSet};

/// What a cell holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    Text(String),
    Number(f64),
    /// A date, with a time of day if it has one.
    Date(DateTime),
    /// A time of day, in minutes.
    Time(u16),
}

/// Where a table stands.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Source {
    pub file: String,
    pub sheet: String,
}

/// One row.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    pub source: Source,
    /// Counted from 1, as spreadsheets do.
    pub line: usize,
    /// By heading; empty cells are left out.
    pub cells: BTreeMap<String, Cell>,
    /// The column of each heading of the table, counted from 0.
    pub columns: std::rc::Rc<BTreeMap<String, usize>>,
}

/// The rows of each table; a table that is there without rows was given empty.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Tables {
    pub sheets: BTreeMap<Key, Vec<Row>>,
}

impl Row {
    /// The text of a cell, without what surrounds it; `None` if there is none.
    pub fn text(&self, heading: &str) -> Option<String> {
        let text = match self.cells.get(heading)? {
            Cell::Text(text) => text.trim().to_owned(),
            Cell::Number(number) => number.to_string(),
            Cell::Date(date) => date.strftime("%d/%m/%Y %H:%M").to_string(),
            Cell::Time(minutes) => format!("{:02}:{:02}", minutes / 60, minutes % 60),
        };
        Some(text).filter(|text| !text.is_empty())
    }
}

impl Tables {
    /// The rows of a table.
    pub fn rows(&self, key: Key) -> &[Row] {
        self.sheets.get(&key).map_or(&[], Vec::as_slice)
    }

    /// Puts what `new` brings in place of what it is about: named rows by their name, rows of an entry
    /// together with the entry, lists as a whole unless they are empty.
    pub fn merge(&mut self, new: Self) {
        let named: BTreeSet<String> = new
            .rows(Key::Entries)
            .iter()
            .filter_map(|row| row.text("id"))
            .collect();
        for (key, rows) in new.sheets {
            let old = self.sheets.entry(key).or_default();
            match Sheet::of(key).shape {
                Shape::Named(heading) => put_named(old, rows, heading),
                Shape::OfEntry => {
                    let own = rows.iter().filter_map(|row| row.text("entry"));
                    let about: BTreeSet<String> = named.iter().cloned().chain(own).collect();
                    old.retain(|row| row.text("entry").is_none_or(|id| !about.contains(&id)));
                    old.extend(rows);
                }
                Shape::Single | Shape::List if rows.is_empty() => {}
                Shape::Single | Shape::List => *old = rows,
            }
        }
    }
}

fn put_named(old: &mut Vec<Row>, rows: Vec<Row>, heading: &str) {
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    for (place, row) in old.iter().enumerate() {
        places.extend(row.text(heading).map(|name| (name, place)));
    }
    for row in rows {
        let place = row.text(heading).and_then(|name| places.get(&name));
        match place.and_then(|place| old.get_mut(*place)) {
            Some(place) => *place = row,
            None => old.push(row),
        }
    }
}
