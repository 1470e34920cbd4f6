//! The terms of the index that a query's words may mean, looked up within a budget.

use super::Query;
use super::rank::{BIGRAMS, JOINED, Table};
use crate::fold::{fuzzy_pinyin, stem, telex, vni};
use crate::index::{Family, View};
use fst::automaton::Str;
use fst::{Automaton, IntoStreamer as _, Streamer as _};
use levenshtein_automata::{DFA, Distance, LevenshteinAutomatonBuilder, SINK_STATE};
use std::collections::BTreeSet;

/// Most terms that one query may look at.
const TERMS: usize = 3_000;
/// Most postings that one query may look at.
const POSTINGS: usize = 400_000;
/// From so many letters on a word may have one slip, from so many two.
const ONE_SLIP: usize = 3;
const TWO_SLIPS: usize = 8;
/// Longest word that is looked up by initials.
const INITIALS: usize = 14;

/// Tables from which the automata for slips are made.
pub(super) struct Speller {
    one: LevenshteinAutomatonBuilder,
    two: LevenshteinAutomatonBuilder,
}

impl std::fmt::Debug for Speller {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Speller")
    }
}

impl Speller {
    pub(super) fn new() -> Self {
        Self {
            one: LevenshteinAutomatonBuilder::new(1, true),
            two: LevenshteinAutomatonBuilder::new(2, true),
        }
    }

    /// Accepts what is a slip away from `word`, or begins so if it may go on; `None` for a short one.
    fn near(&self, word: &str, open: bool) -> Option<DFA> {
        let letters = word.chars().count();
        let builder = match letters {
            0..ONE_SLIP => return None,
            ONE_SLIP..TWO_SLIPS => &self.one,
            TWO_SLIPS.. => &self.two,
        };
        let open = open && letters > ONE_SLIP + 1;
        Some(if open {
            builder.build_prefix_dfa(word)
        } else {
            builder.build_dfa(word)
        })
    }
}

pub(super) struct Expander<'q, 'i> {
    view: &'q View<'i>,
    speller: &'q Speller,
    pub(super) table: &'q mut Table,
    terms_left: usize,
    postings_left: usize,
}

impl<'q, 'i> Expander<'q, 'i> {
    pub(super) const fn new(
        view: &'q View<'i>,
        speller: &'q Speller,
        table: &'q mut Table,
    ) -> Self {
        Self {
            view,
            speller,
            table,
            terms_left: TERMS,
            postings_left: POSTINGS,
        }
    }

    /// What was typed, as it is.
    pub(super) fn exact_pass(&mut self, query: &Query) {
        if query.words.len() > 1 {
            let joined = query.joined();
            self.prefix(JOINED, &Family::Joined.term(&joined), 90);
            self.prefix(
                JOINED,
                &Family::FuzzyPinyin.term(&fuzzy_pinyin(&joined)),
                70,
            );
        }
        let last = query.words.len().saturating_sub(1);
        for (slot, word) in query.words.iter().enumerate() {
            let open = query.open && slot == last;
            self.word(slot, word, open);
        }
        for (slot, c) in (query.words.len()..).zip(&query.han) {
            self.term(slot, &c.to_string(), 100);
        }
        for pair in query.han.windows(2) {
            self.term(BIGRAMS, &pair.iter().collect::<String>(), 100);
        }
    }

    /// What is a slip away from what was typed.
    pub(super) fn slip_pass(&mut self, query: &Query) {
        (self.terms_left, self.postings_left) = (TERMS, POSTINGS);
        if query.words.len() > 1 {
            self.near(JOINED, Some(Family::Joined), &query.joined(), true, 75);
        }
        let last = query.words.len().saturating_sub(1);
        for (slot, word) in query.words.iter().enumerate() {
            let open = query.open && slot == last;
            self.near(slot, None, word, open, 75);
            self.near(slot, Some(Family::Joined), word, open, 70);
            for keys in [telex(word), vni(word)].into_iter().flatten() {
                self.near(slot, None, &keys, open, 65);
            }
        }
    }

    /// The entries that are called just so.
    pub(super) fn whole(&self, query: &Query) -> BTreeSet<u32> {
        let key = query.joined() + &query.han.iter().collect::<String>();
        let term = self.view.map.get(Family::Whole.term(&key));
        term.map(|term| {
            self.view
                .postings(term)
                .map(|(document, _)| document)
                .collect()
        })
        .unwrap_or_default()
    }

    fn word(&mut self, slot: usize, word: &str, open: bool) {
        self.term(slot, word, 100);
        self.term(slot, &Family::Stem.term(&stem(word)), 93);
        self.term(slot, &Family::Joined.term(word), 100);
        if open {
            self.prefix(slot, word, 90);
            self.prefix(slot, &Family::Joined.term(word), 88);
        }
        for keys in [telex(word), vni(word)].into_iter().flatten() {
            self.term(slot, &keys, 96);
            if open {
                self.prefix(slot, &keys, 85);
            }
        }
        if word.len() >= 2 && word.bytes().all(|b| b.is_ascii_lowercase()) {
            self.pinyin(slot, word, open);
        }
    }

    fn pinyin(&mut self, slot: usize, word: &str, open: bool) {
        let initials = Family::Initials.term(word);
        let fuzzy = Family::FuzzyPinyin.term(&fuzzy_pinyin(word));
        if word.len() <= INITIALS {
            if open {
                self.prefix(slot, &initials, 60)
            } else {
                self.term(slot, &initials, 60)
            }
        }
        if word.len() > 2 {
            if open {
                self.prefix(slot, &fuzzy, 75)
            } else {
                self.term(slot, &fuzzy, 70)
            }
        }
    }

    fn term(&mut self, slot: usize, term: &str, percent: u16) {
        if let Some(ordinal) = self.view.map.get(term) {
            self.add(slot, ordinal, percent);
        }
    }

    /// Terms that begin so; the shorter the rest, the better.
    fn prefix(&mut self, slot: usize, start: &str, percent: u16) {
        let view = self.view;
        let mut stream = view.map.search(Str::new(start).starts_with()).into_stream();
        while let Some((term, ordinal)) = stream.next() {
            let share = start.len() * 25 / term.len().max(1);
            let share = 75 + u16::try_from(share).unwrap_or_default();
            if !self.add(slot, ordinal, percent * share / 100) {
                break;
            }
        }
    }

    /// Terms of a family that are a slip or two away, with the same first letter.
    fn near(&mut self, slot: usize, family: Option<Family>, word: &str, open: bool, percent: u16) {
        let Some(dfa) = self.speller.near(word, open) else {
            return;
        };
        let near = Near {
            family: family.and_then(|family| u8::try_from(family.mark()).ok()),
            first: word.bytes().next().unwrap_or_default(),
            dfa: &dfa,
        };
        let view = self.view;
        let mut stream = view.map.search_with_state(&near).into_stream();
        while let Some((_, ordinal, state)) = stream.next() {
            let slips = match dfa.distance(state.1) {
                Distance::Exact(slips) | Distance::AtLeast(slips) => u16::from(slips),
            };
            let percent = percent * 100_u16.saturating_sub(22 * slips) / 100;
            if !self.add(slot, ordinal, percent) {
                break;
            }
        }
    }

    /// Gives the term's entries their score in `slot`; false once the budget is used up.
    fn add(&mut self, slot: usize, term: u64, percent: u16) -> bool {
        let postings = self.view.postings(term);
        if self.terms_left == 0 || self.postings_left < postings.len() {
            return false;
        }
        self.terms_left -= 1;
        self.postings_left -= postings.len();
        for (document, weight) in postings {
            self.table
                .raise(document, slot, u16::from(weight) * percent);
        }
        true
    }
}

/// The family's mark, then the first letter, then what the automaton accepts.
struct Near<'d> {
    family: Option<u8>,
    first: u8,
    dfa: &'d DFA,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Mark,
    First,
    Rest,
}

impl Automaton for Near<'_> {
    type State = (Stage, u32);

    fn start(&self) -> Self::State {
        let stage = if self.family.is_some() {
            Stage::Mark
        } else {
            Stage::First
        };
        (stage, self.dfa.initial_state())
    }

    fn is_match(&self, state: &Self::State) -> bool {
        state.0 == Stage::Rest && matches!(self.dfa.distance(state.1), Distance::Exact(_))
    }

    fn can_match(&self, state: &Self::State) -> bool {
        state.1 != SINK_STATE
    }

    fn accept(&self, state: &Self::State, byte: u8) -> Self::State {
        match state.0 {
            Stage::Mark if Some(byte) == self.family => (Stage::First, state.1),
            Stage::First if byte == self.first => (Stage::Rest, self.dfa.transition(state.1, byte)),
            Stage::Rest => (Stage::Rest, self.dfa.transition(state.1, byte)),
            Stage::Mark | Stage::First => (Stage::Rest, SINK_STATE),
        }
    }
}
