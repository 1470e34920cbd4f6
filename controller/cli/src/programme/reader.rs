//! Reads a TOML table key by key, notes every mistake with its line, and goes on.

use super::mistake::{Mistake, Place};
use super::words::{self, a_list, missing, say, wanted};
use crate::text::Text;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::str::FromStr;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The file's text, and what was found wrong so far.
#[derive(Debug)]
pub struct Notes<'t> {
    text: &'t str,
    mistakes: RefCell<Vec<Mistake>>,
}

/// One table of the file.
#[derive(Debug)]
pub struct Section<'t> {
    notes: &'t Notes<'t>,
    /// For example `playlist[1].item[2]`; empty at the top.
    path: String,
    line: usize,
    table: &'t DeTable<'t>,
    asked: RefCell<BTreeSet<&'static str>>,
}

impl<'t> Notes<'t> {
    pub fn new(text: &'t str) -> Self {
        Self {
            text,
            mistakes: RefCell::new(Vec::new()),
        }
    }

    pub fn add(&self, place: Place, found: impl Into<String>, expected: impl Into<String>) {
        self.mistakes.borrow_mut().push(Mistake {
            place,
            found: found.into().chars().take(100).collect(),
            expected: expected.into(),
        });
    }

    /// The line that byte `offset` stands in, from 1.
    pub fn line(&self, offset: usize) -> usize {
        let before = self.text.as_bytes().iter().take(offset);
        1 + before.filter(|byte| **byte == b'\n').count()
    }

    /// All mistakes in the order of the file.
    pub fn into_list(self) -> Vec<Mistake> {
        let mut list = self.mistakes.into_inner();
        list.sort_by(|a, b| a.place.cmp(&b.place));
        list
    }

    fn source(&self, value: &Spanned<DeValue<'_>>) -> String {
        self.text.get(value.span()).unwrap_or_default().to_owned()
    }
}

impl<'t> Section<'t> {
    pub fn top(notes: &'t Notes<'t>, table: &'t DeTable<'t>) -> Self {
        Self {
            notes,
            path: String::new(),
            line: 1,
            table,
            asked: RefCell::default(),
        }
    }

    /// Where `key` stands, or this table if it is missing.
    pub fn place(&self, key: &str) -> Place {
        let line = self
            .table
            .get(key)
            .map_or(self.line, |value| self.notes.line(value.span().start));
        Place {
            line,
            key: self.named(key),
        }
    }

    pub fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// Notes a mistake at `key`.
    pub fn mistake(&self, key: &str, expected: impl Into<String>) {
        let found = self
            .table
            .get(key)
            .map(|value| self.notes.source(value))
            .unwrap_or_default();
        self.notes.add(self.place(key), found, expected);
    }

    /// A value that must be there.
    pub fn required<T: FromStr>(&self, key: &'static str, expected: Text) -> Option<T> {
        if !self.has(key) {
            self.asked.borrow_mut().insert(key);
            self.mistake(key, missing(expected));
            return None;
        }
        self.maybe(key, expected)
    }

    /// A value that may be missing. Numbers, dates and texts are all read by their text.
    pub fn maybe<T: FromStr>(&self, key: &'static str, expected: Text) -> Option<T> {
        let value = self.get(key)?;
        let parsed = scalar(value.get_ref()).and_then(|text| text.parse().ok());
        if parsed.is_none() {
            self.mistake(key, wanted(expected));
        }
        parsed
    }

    /// A text, empty if missing.
    pub fn text(&self, key: &'static str) -> String {
        let Some(value) = self.get(key) else {
            return String::new();
        };
        if let DeValue::String(text) = value.get_ref() {
            return text.clone().into_owned();
        }
        self.mistake(key, wanted(words::QUOTED));
        String::new()
    }

    /// A list; empty if missing.
    pub fn list<T: FromStr>(&self, key: &'static str, expected: Text) -> Vec<T> {
        let Some(value) = self.get(key) else {
            return Vec::new();
        };
        let DeValue::Array(items) = value.get_ref() else {
            self.mistake(key, a_list(expected));
            return Vec::new();
        };
        items
            .iter()
            .filter_map(|item| {
                let parsed = scalar(item.get_ref()).and_then(|text| text.parse().ok());
                if parsed.is_none() {
                    let place = Place {
                        line: self.notes.line(item.span().start),
                        key: self.named(key),
                    };
                    let found = self.notes.source(item);
                    self.notes.add(place, found, wanted(expected));
                }
                parsed
            })
            .collect()
    }

    /// A value, or `usual` where it is missing or wrong.
    pub fn or<T: FromStr>(&self, key: &'static str, expected: Text, usual: T) -> T {
        self.maybe(key, expected).unwrap_or(usual)
    }

    /// Notes a mistake of this table as a whole.
    pub fn mistake_here(&self, expected: impl Into<String>) {
        self.notes.add(self.here(), String::new(), expected);
    }

    /// Where this table stands.
    pub fn here(&self) -> Place {
        Place {
            line: self.line,
            key: self.path.clone(),
        }
    }

    /// A table inside this one.
    pub fn section(&self, key: &'static str) -> Option<Section<'t>> {
        let value = self.get(key)?;
        let section = self.inner(value, self.named(key));
        if section.is_none() {
            self.mistake(
                key,
                say(
                    &format!("cần một bảng: [{}]", self.named(key)),
                    &format!("expected a table: [{}]", self.named(key)),
                ),
            );
        }
        section
    }

    /// The tables of a list of tables.
    pub fn sections(&self, key: &'static str) -> Vec<Section<'t>> {
        let Some(value) = self.get(key) else {
            return Vec::new();
        };
        let DeValue::Array(items) = value.get_ref() else {
            self.mistake(
                key,
                say(
                    &format!("viết thành [[{}]]", self.named(key)),
                    &format!("expected [[{}]]", self.named(key)),
                ),
            );
            return Vec::new();
        };
        items
            .iter()
            .enumerate()
            .filter_map(|(index, item)| {
                let path = format!("{}[{}]", self.named(key), index + 1);
                self.inner(item, path)
            })
            .collect()
    }

    /// The end of this table: what was never asked for is a mistake.
    pub fn finish(self) {
        self.check_known();
    }

    /// The same for a table that is still needed.
    pub fn check_known(&self) {
        let asked = self.asked.borrow();
        for (key, value) in self.table {
            if !asked.contains(key.get_ref().as_ref()) {
                let place = Place {
                    line: self.notes.line(value.span().start),
                    key: self.named(key.get_ref()),
                };
                let known: Vec<&str> = asked.iter().copied().collect();
                let known = known.join(", ");
                let expected = say(
                    &format!("ở đây không có mục này; các mục dùng được: {known}"),
                    &format!("no such key here; known are {known}"),
                );
                self.notes.add(place, String::new(), expected);
            }
        }
    }

    fn get(&self, key: &'static str) -> Option<&'t Spanned<DeValue<'t>>> {
        self.asked.borrow_mut().insert(key);
        self.table.get(key)
    }

    fn inner(&self, value: &'t Spanned<DeValue<'t>>, path: String) -> Option<Section<'t>> {
        let DeValue::Table(table) = value.get_ref() else {
            return None;
        };
        Some(Section {
            notes: self.notes,
            path,
            line: self.notes.line(value.span().start),
            table,
            asked: RefCell::default(),
        })
    }

    fn named(&self, key: &str) -> String {
        if self.path.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.path)
        }
    }
}

/// A value that has a text; tables and lists have none.
fn scalar(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.clone().into_owned()),
        DeValue::Integer(number) if number.radix() == 10 => Some(number.as_str().to_owned()),
        DeValue::Float(number) => Some(number.as_str().to_owned()),
        DeValue::Boolean(value) => Some(value.to_string()),
        DeValue::Datetime(time) => Some(time.to_string()),
        DeValue::Integer(_) | DeValue::Array(_) | DeValue::Table(_) => None,
    }
}
