//! Which of the entries that were touched come first.

use super::{Hit, MAX_HAN, MAX_WORDS, Query, Wanted};
use crate::index::{Record, View};
use std::collections::BTreeSet;

/// A name of the entry that was typed exactly: weight 200 at 100 percent.
const ONE: u32 = 20_000;
/// Slot of all words written as one.
pub(super) const JOINED: usize = MAX_WORDS + MAX_HAN;
/// Slot of neighbouring characters.
pub(super) const BIGRAMS: usize = JOINED + 1;
const SLOTS: usize = BIGRAMS + 1;
/// As many times the answers as this are looked at for marks.
const FINALISTS: usize = 8;

/// For each entry the best score of each slot.
#[derive(Debug, Default)]
pub(super) struct Table {
    rows: Vec<Row>,
    touched: Vec<u32>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Row {
    slots: [u16; SLOTS],
    touched: bool,
}

impl Table {
    /// Forgets everything.
    pub(super) fn reset(&mut self, documents: usize) {
        if self.rows.len() != documents {
            self.rows = vec![Row::default(); documents];
            self.touched.clear();
        }
        for document in self.touched.drain(..) {
            if let Some(row) = self.rows.get_mut(document as usize) {
                *row = Row::default();
            }
        }
    }

    pub(super) fn raise(&mut self, document: u32, slot: usize, score: u16) {
        let Some(row) = self.rows.get_mut(document as usize) else {
            return;
        };
        if !row.touched {
            row.touched = true;
            self.touched.push(document);
        }
        if let Some(best) = row.slots.get_mut(slot) {
            *best = score.max(*best);
        }
    }
}

/// The best entries that match `need` parts of the query, the best first; equals by number.
pub(super) fn rank(
    table: &Table,
    view: &View<'_>,
    query: &Query,
    wanted: &Wanted,
    whole: &BTreeSet<u32>,
    need: usize,
) -> Vec<Hit> {
    let mut found: Vec<(Hit, Record<'_>)> = Vec::new();
    for document in &table.touched {
        let Some(row) = table.rows.get(*document as usize) else {
            continue;
        };
        let Some(match_score) = matched(row, query, need) else {
            continue;
        };
        let Some(record) = view
            .record(*document)
            .filter(|record| is_wanted(record, wanted))
        else {
            continue;
        };
        let mut score = match_score + standing(&record, query);
        if whole.contains(document) {
            score += ONE * 8 / 10;
        }
        let hit = Hit {
            document: *document,
            score,
        };
        found.push((hit, record));
    }
    keep_best(&mut found, wanted.limit.saturating_mul(FINALISTS));
    if let Some(marked) = &query.marked {
        for (hit, record) in &mut found {
            if record.names.contains(marked.as_str()) {
                hit.score += ONE * 3 / 10;
            }
        }
    }
    keep_best(&mut found, wanted.limit);
    found.into_iter().map(|(hit, _)| hit).collect()
}

fn keep_best(found: &mut Vec<(Hit, Record<'_>)>, limit: usize) {
    let order = |(hit, _): &(Hit, Record<'_>)| (std::cmp::Reverse(hit.score), hit.document);
    if limit > 0 && limit < found.len() {
        found.select_nth_unstable_by_key(limit - 1, order);
    }
    found.truncate(limit);
    found.sort_unstable_by_key(order);
}

fn is_wanted(record: &Record<'_>, wanted: &Wanted) -> bool {
    let named = wanted.categories.as_ref();
    wanted.now.is_none_or(|now| record.is_valid(now))
        && named.is_none_or(|categories| categories.contains(&record.category))
}

/// How well the parts of the query match; `None` if too few do.
fn matched(row: &Row, query: &Query, need: usize) -> Option<u32> {
    let count = u32::try_from(query.slots()).ok()?;
    let parts = row
        .slots
        .iter()
        .take(query.slots())
        .map(|score| u32::from(*score));
    let (hits, sum) = parts.fold((0, 0), |(hits, sum), score| {
        (hits + u32::from(score > 0), sum + score)
    });
    let slot = |slot: usize| u32::from(row.slots.get(slot).copied().unwrap_or_default());
    let joined = slot(JOINED);
    if usize::try_from(hits).ok()? < need && joined == 0 {
        return None;
    }
    let mut score = sum / count;
    let mut covered = hits;
    if joined > 0 {
        score = score.max(joined) + ONE / 20;
        covered = count;
    }
    if slot(BIGRAMS) > 0 {
        score += ONE * 15 / 100;
    }
    Some(score * covered / count)
}

/// What speaks for an entry besides the match: a name that is not much longer, and popularity.
fn standing(record: &Record<'_>, query: &Query) -> u32 {
    let typed = u32::try_from(query.slots()).unwrap_or(1);
    let words = u32::from(record.words).max(1);
    ONE / 4 * typed.min(words) / words + ONE * 3 / 10 * u32::from(record.popularity) / 1_000
}
