//! Where the check is, and what it has found so far.

use crate::content::{Defect, Place, Problem};
use crate::language::Localized;
use std::collections::BTreeMap;
use std::ops::RangeInclusive;

#[derive(Default)]
pub(super) struct Report {
    pub(super) defects: Vec<Defect>,
    list: &'static str,
    line: usize,
    id: String,
}

impl Report {
    /// What follows is about a list as a whole.
    pub(super) fn list(&mut self, list: &'static str) {
        (self.list, self.line) = (list, 0);
        self.id.clear();
    }

    /// What follows is about member `index` of a list.
    pub(super) fn member(&mut self, list: &'static str, index: usize, id: &str) {
        (self.list, self.line) = (list, index + 1);
        self.id.clear();
        self.id.push_str(id);
    }

    pub(super) fn add(&mut self, field: impl Into<String>, problem: Problem) {
        let place = Place {
            list: self.list,
            line: self.line,
            id: self.id.clone(),
            field: field.into(),
        };
        self.defects.push(Defect { place, problem });
    }

    pub(super) fn unknown(&mut self, field: &str, what: &str) {
        self.add(field, Problem::Unknown { what: what.into() });
    }

    pub(super) fn cycle(&mut self, field: &str) {
        self.add(field, Problem::Cycle);
    }

    pub(super) fn ends_before_start(&mut self, field: &str) {
        self.add(field, Problem::EndsBeforeStart);
    }

    pub(super) fn count(&mut self, field: &str, count: usize, allowed: RangeInclusive<usize>) {
        let (least, most) = allowed.into_inner();
        if count < least {
            self.add(field, Problem::TooFew { count, least });
        } else if count > most {
            self.add(field, Problem::TooMany { count, most });
        }
    }

    /// A text of one line that may not be empty.
    pub(super) fn text(&mut self, field: &str, text: &str, most: usize) {
        if text.trim().is_empty() {
            self.add(field, Problem::Empty);
        }
        self.optional(field, text, most, &[]);
    }

    /// A text that may be empty, and may hold the control characters in `allowed`.
    pub(super) fn optional(&mut self, field: &str, text: &str, most: usize, allowed: &[char]) {
        let chars = text.chars().count();
        if chars > most {
            self.add(field, Problem::TooLong { chars, most });
        }
        let hidden = |c: &char| is_invisible(*c) && !allowed.contains(c);
        if let Some(bad) = text.chars().find(hidden) {
            self.add(field, Problem::Invisible { code: bad.into() });
        }
    }

    pub(super) fn texts(&mut self, field: &str, texts: &[String], most: usize) {
        for text in texts {
            self.text(field, text, most);
        }
    }

    pub(super) fn localized(&mut self, field: &str, texts: &Localized<String>, most: usize) {
        for (language, text) in texts.iter() {
            self.text(&format!("{field}.{language}"), text, most);
        }
    }

    /// The line of each id; an id that occurs again is a defect.
    pub(super) fn unique<'i, T: Ord + std::fmt::Display>(
        &mut self,
        list: &'static str,
        ids: impl Iterator<Item = &'i T>,
    ) -> BTreeMap<&'i T, usize> {
        let mut lines = BTreeMap::new();
        for (index, id) in ids.enumerate() {
            let first_line = *lines.entry(id).or_insert(index + 1);
            if first_line != index + 1 {
                self.member(list, index, &id.to_string());
                self.add("id", Problem::Duplicate { first_line });
            }
        }
        lines
    }
}

/// Characters that are not seen and change what is: controls, direction marks, zero widths, tags.
fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(u32::from(c),
            0x00AD | 0x061C | 0x180E | 0x200B..=0x200F | 0x2028..=0x202E | 0x2060..=0x206F
            | 0xFEFF | 0xFFF9..=0xFFFB | 0xE0000..=0xE0FFF)
}
