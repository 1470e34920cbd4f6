//! The terms under which a document is found, each with the weight of the best name that has it.

use super::{Document, Family, Name};
use crate::fold::{fold, fuzzy_pinyin, han_runs, readings, stem, words};
use crate::language::Language;
use std::collections::BTreeMap;

/// Longest joined word of a name.
const JOINED_CHARS: usize = 40;
/// Most syllables of one pinyin term.
const SYLLABLES: usize = 14;
/// Most ways to read a run of characters in which some have two readings.
const WAYS: usize = 4;

/// The terms of `document` with weights of 1 to 200.
#[must_use]
pub fn terms(document: &Document) -> BTreeMap<String, u8> {
    let mut terms = Terms(BTreeMap::new());
    for name in &document.names {
        let folded = fold(&name.text);
        let words: Vec<String> = words(&folded).collect();
        latin(name, &words, &mut terms);
        let mut syllables = name
            .pinyin
            .as_deref()
            .unwrap_or_default()
            .split_whitespace();
        for run in han_runs(&folded) {
            let read: Vec<Vec<String>> = run
                .iter()
                .map(|c| match syllables.next() {
                    Some(syllable) => vec![fold(syllable)],
                    None => readings(*c).into_iter().map(str::to_owned).collect(),
                })
                .collect();
            han(name, &run, &read, &mut terms);
        }
        if name.own {
            let characters: String = han_runs(&folded).flatten().collect();
            terms.put(
                Family::Whole.term(&(words.concat() + &characters)),
                name.weight,
                100,
            );
        }
    }
    terms.0
}

struct Terms(BTreeMap<String, u8>);

impl Terms {
    fn put(&mut self, term: String, weight: u8, percent: u16) {
        let weight = (u16::from(weight) * percent / 100).clamp(1, 200);
        let weight = u8::try_from(weight).unwrap_or(u8::MAX);
        let best = self.0.entry(term).or_insert(weight);
        *best = weight.max(*best);
    }
}

fn latin(name: &Name, words: &[String], terms: &mut Terms) {
    for (start, word) in words.iter().enumerate() {
        terms.put(word.clone(), name.weight, 100);
        if name.language != Some(Language::Vi) {
            terms.put(Family::Stem.term(&stem(word)), name.weight, 90);
        }
        for count in 2..=if name.own { 3 } else { 2 } {
            let joined = words.get(start..start + count).map(<[_]>::concat);
            if let Some(joined) = joined.filter(|joined| joined.len() <= JOINED_CHARS) {
                terms.put(Family::Joined.term(&joined), name.weight, 80);
            }
        }
    }
    let joined = words.concat();
    if name.own && words.len() > 3 && joined.len() <= JOINED_CHARS {
        terms.put(Family::Joined.term(&joined), name.weight, 80);
    }
}

fn han(name: &Name, run: &[char], read: &[Vec<String>], terms: &mut Terms) {
    for c in run {
        terms.put(c.to_string(), name.weight, 100);
    }
    for pair in run.windows(2) {
        terms.put(pair.iter().collect(), name.weight, 100);
    }
    for syllable in read.iter().flatten() {
        terms.put(syllable.clone(), name.weight, 70);
    }
    let starts = if name.own { run.len() } else { 1 };
    for start in 0..starts {
        let percent = if start == 0 { 85 } else { 60 };
        let rest = read.get(start..).unwrap_or_default();
        pinyin(rest, name.weight, percent, terms);
    }
}

/// Whole readings from one character on; searching by prefix finds the shorter ones.
fn pinyin(read: &[Vec<String>], weight: u8, percent: u16, terms: &mut Terms) {
    let read: Vec<&Vec<String>> = read
        .iter()
        .take(SYLLABLES)
        .take_while(|readings| !readings.is_empty())
        .collect();
    if read.len() < 2 {
        return;
    }
    let (mut whole, mut initials) = (vec![String::new()], vec![String::new()]);
    for readings in read {
        let ways = if whole.len() < WAYS { 2 } else { 1 };
        let tails = || readings.iter().take(ways).map(String::as_str);
        whole = extended(&whole, tails());
        let first = tails().filter_map(|tail| tail.get(..1));
        initials = extended(&initials, first);
    }
    for pinyin in whole {
        terms.put(
            Family::FuzzyPinyin.term(&fuzzy_pinyin(&pinyin)),
            weight,
            percent * 9 / 10,
        );
        terms.put(Family::Joined.term(&pinyin), weight, percent);
    }
    for letters in initials {
        terms.put(Family::Initials.term(&letters), weight, percent * 8 / 10);
    }
}

fn extended<'t>(heads: &[String], tails: impl Iterator<Item = &'t str>) -> Vec<String> {
    let mut out: Vec<String> = tails
        .flat_map(|tail| heads.iter().map(move |head| format!("{head}{tail}")))
        .collect();
    out.sort();
    out.dedup();
    out
}
