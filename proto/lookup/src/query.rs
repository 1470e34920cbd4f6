//! A resolver: which entries a visitor means by what has been typed so far.
//!
//! First what was typed exactly, by prefix, by Telex and VNI keys, joined and by initials; if that
//! finds little, what is a slip away from it; if that finds little, what has most of its words.

mod expand;
mod rank;

use crate::fold::{clean, fold, han_runs, is_han, words};
use crate::index::Index;
use cotmoc_proto::TimeMs;
use expand::{Expander, Speller};
use std::collections::BTreeSet;

/// Most words of a query that count.
const MAX_WORDS: usize = 10;
/// Most Chinese characters of a query that count.
const MAX_HAN: usize = 12;
/// As many entries as this satisfy a visitor; with fewer, slips are looked for.
const ENOUGH: usize = 3;
/// Words that say nothing, unless they are all there is.
const STOP_WORDS: [&str; 12] = [
    "a", "at", "for", "in", "is", "near", "o", "of", "tai", "the", "to", "where",
];

/// What is asked of a search besides the words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Entries that are not valid at this time are left out; none: nothing is left out.
    pub now: Option<TimeMs>,
    /// Most answers.
    pub limit: usize,
    /// Numbers of the categories to keep to; none: all.
    pub categories: Option<BTreeSet<u16>>,
    pub effort: Effort,
}

/// How far a search goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effort {
    /// What was typed and nothing else: for the answer that is shown at once.
    Exact,
    /// Slips too.
    Full,
}

/// What a search found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The best first.
    pub hits: Vec<Hit>,
    /// A search with [`Effort::Full`] may find more.
    pub more: bool,
}

/// One entry that was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hit {
    /// Number of the entry in the index.
    pub document: u32,
    /// Comparable among those found in the same pass.
    pub score: u32,
}

/// Memory that searches use again and again; one for each thread that searches.
#[derive(Debug)]
pub struct Searcher {
    speller: Speller,
    table: rank::Table,
}

impl Default for Searcher {
    fn default() -> Self {
        Self::new()
    }
}

impl Searcher {
    /// Prepares the tables for slips, a few milliseconds' work.
    #[must_use]
    pub fn new() -> Self {
        Self {
            speller: Speller::new(),
            table: rank::Table::default(),
        }
    }

    /// The entries that `typed` means. Whatever is typed, there is an answer, if an empty one.
    pub fn search<B: AsRef<[u8]>>(
        &mut self,
        index: &Index<B>,
        typed: &str,
        wanted: &Wanted,
    ) -> Answer {
        let query = Query::read(typed);
        let none = Answer {
            hits: Vec::new(),
            more: false,
        };
        let Some(view) = index.view().filter(|_| query.slots() > 0) else {
            return none;
        };
        self.table.reset(index.len());
        let mut expander = Expander::new(&view, &self.speller, &mut self.table);
        expander.exact_pass(&query);
        let whole = expander.whole(&query);
        let rank =
            |table: &rank::Table, need| rank::rank(table, &view, &query, wanted, &whole, need);
        let mut hits = rank(expander.table, query.slots());
        if hits.len() >= ENOUGH || !whole.is_empty() {
            return Answer { hits, more: false };
        }
        if wanted.effort == Effort::Exact {
            return Answer { hits, more: true };
        }
        expander.slip_pass(&query);
        for need in [query.slots(), (query.slots() * 3).div_ceil(5)] {
            if hits.len() < ENOUGH {
                append(&mut hits, rank(expander.table, need), wanted.limit);
            }
        }
        Answer { hits, more: false }
    }
}

/// Puts what is new in `more` after `hits`: who has every word as it was typed comes before a more
/// popular one that does not.
fn append(hits: &mut Vec<Hit>, more: Vec<Hit>, limit: usize) {
    let known: BTreeSet<u32> = hits.iter().map(|hit| hit.document).collect();
    hits.extend(
        more.into_iter()
            .filter(|hit| !known.contains(&hit.document)),
    );
    hits.truncate(limit);
}

/// What was typed, taken apart.
#[derive(Debug, PartialEq, Eq)]
struct Query {
    words: Vec<String>,
    han: Vec<char>,
    /// The last word may go on.
    open: bool,
    /// As it was typed, if it has marks that entries can be told apart by.
    marked: Option<String>,
}

impl Query {
    fn read(typed: &str) -> Self {
        let typed = clean(typed);
        let folded = fold(&typed);
        let mut all: Vec<String> = words(&folded).take(MAX_WORDS).collect();
        let last = all.len().saturating_sub(1);
        let telling: Vec<String> = all
            .iter()
            .enumerate()
            .filter(|(index, word)| *index == last || !STOP_WORDS.contains(&word.as_str()))
            .map(|(_, word)| word.clone())
            .collect();
        if !telling.is_empty() {
            all = telling;
        }
        let marked = typed.trim();
        let has_marks = !marked.is_ascii() && !marked.chars().any(is_han);
        Self {
            words: all,
            han: han_runs(&folded).flatten().take(MAX_HAN).collect(),
            open: !typed.ends_with(' '),
            marked: has_marks.then(|| marked.to_owned()),
        }
    }

    /// How many parts an entry can match.
    const fn slots(&self) -> usize {
        self.words.len() + self.han.len()
    }

    fn joined(&self) -> String {
        self.words.concat()
    }
}

#[cfg(test)]
mod tests;
