//! A planner: queries that a package can be tried with, for a content whose authors wrote none.

use super::documents::documents;
use super::lookup::CANARY_ANSWERS;
use crate::content::{Canary, Content, Entry, MIN_CANARIES};
use crate::fold::QUERY_CHARS;
use crate::index::{Index, TooBig, build};
use crate::language::Language;
use crate::query::{Effort, Searcher, Wanted};
use std::cmp::Reverse;

/// As many queries as a content needs: names of the most popular entries, in the three languages by
/// turns, that find their entry today. They tell a damaged or mixed-up package, and a later version
/// that finds less.
///
/// # Errors
/// More entries than an index holds.
pub fn suggested_canaries(content: &Content) -> Result<Vec<Canary>, TooBig> {
    let Ok(index) = Index::open(build(&documents(content))?) else {
        return Ok(Vec::new());
    };
    let mut searcher = Searcher::new();
    let wanted = Wanted {
        now: None,
        limit: CANARY_ANSWERS,
        categories: None,
        effort: Effort::Full,
    };
    let mut entries: Vec<(u32, &Entry)> = (0..).zip(&content.entries).collect();
    entries.sort_by_key(|(_, entry)| (Reverse(entry.popularity), &entry.id));
    let typed = entries.into_iter().zip(Language::ALL.into_iter().cycle());
    let found = typed.filter_map(|((number, entry), language)| {
        let query: String = entry
            .name(language)
            .value
            .chars()
            .take(QUERY_CHARS)
            .collect();
        let answer = searcher.search(&index, &query, &wanted);
        let is_found = answer.hits.iter().any(|hit| hit.document == number);
        let expect = vec![entry.id.clone()];
        is_found.then_some(Canary { query, expect })
    });
    Ok(found.take(MIN_CANARIES).collect())
}
