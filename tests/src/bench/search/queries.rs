//! Seventeen ways in which people type the name of an entry.

use super::dice::Dice;
use cotmoc_lookup::fold::{fold, is_han, readings, simplified};
use cotmoc_lookup::{Content, Entry};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use unicode_normalization::UnicodeNormalization as _;

const SEED: u64 = 4_250;
const KINDS: [Kind; 17] = [
    Kind::Vietnamese,
    Kind::NoMarks,
    Kind::Telex,
    Kind::Vni,
    Kind::Typo,
    Kind::NoSpaces,
    Kind::Beginning,
    Kind::Chinese,
    Kind::Traditional,
    Kind::Pinyin,
    Kind::SpacedPinyin,
    Kind::Initials,
    Kind::PinyinSlip,
    Kind::English,
    Kind::EnglishTypo,
    Kind::Plural,
    Kind::Reordered,
];

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Kind {
    Vietnamese,
    NoMarks,
    Telex,
    Vni,
    Typo,
    NoSpaces,
    Beginning,
    Chinese,
    Traditional,
    Pinyin,
    SpacedPinyin,
    Initials,
    PinyinSlip,
    English,
    EnglishTypo,
    Plural,
    Reordered,
    ByHand,
}

/// What is typed, and the entry that is meant.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Query {
    pub kind: Kind,
    pub typed: String,
    pub entry: String,
}

/// `each` queries of each kind, for entries drawn by lot.
pub fn make(content: &Content, each: usize) -> anyhow::Result<Vec<Query>> {
    let mut dice = Dice::new(SEED);
    let traditional = traditional();
    let mut queries = Vec::new();
    for kind in KINDS {
        for _ in 0..each {
            let entry = dice.pick(&content.entries)?;
            queries.push(Query {
                kind,
                typed: type_name(kind, entry, &mut dice, &traditional),
                entry: entry.id.to_string(),
            });
        }
    }
    Ok(queries)
}

fn type_name(
    kind: Kind,
    entry: &Entry,
    dice: &mut Dice,
    traditional: &BTreeMap<char, char>,
) -> String {
    let vi = &entry.texts.vi.name;
    let name = |text: &Option<cotmoc_lookup::content::Text>| {
        text.as_ref()
            .map_or_else(String::new, |text| text.name.clone())
    };
    let (zh, en) = (name(&entry.texts.zh), name(&entry.texts.en).to_lowercase());
    let syllables: Vec<&str> = zh
        .chars()
        .filter_map(|c| readings(c).first().copied())
        .collect();
    match kind {
        Kind::Vietnamese | Kind::ByHand => vi.clone(),
        Kind::NoMarks => fold(vi),
        Kind::Telex => keys(vi, Method::Telex),
        Kind::Vni => keys(vi, Method::Vni),
        Kind::Typo => slip(&fold(vi), dice),
        Kind::NoSpaces => fold(vi).replace(' ', ""),
        Kind::Beginning => {
            let letters: Vec<char> = vi.chars().collect();
            letters.iter().take(letters.len() * 7 / 10).collect()
        }
        Kind::Chinese => zh,
        Kind::Traditional => zh
            .chars()
            .map(|c| traditional.get(&c).copied().unwrap_or(c))
            .collect(),
        Kind::Pinyin => syllables.concat(),
        Kind::SpacedPinyin => syllables.join(" "),
        Kind::Initials => syllables
            .iter()
            .filter_map(|syllable| syllable.chars().next())
            .collect(),
        Kind::PinyinSlip => mixed_sounds(&syllables.concat()),
        Kind::English => en,
        Kind::EnglishTypo => slip(&en, dice),
        Kind::Plural => en + "s",
        Kind::Reordered => {
            let mut words: Vec<&str> = en.split(' ').collect();
            let by = 1 + dice.below(words.len().saturating_sub(1));
            let by = by.min(words.len());
            words.rotate_left(by);
            words.join(" ")
        }
    }
}

/// One letter left out, doubled, exchanged with the next or replaced; not the first of all.
fn slip(text: &str, dice: &mut Dice) -> String {
    let mut letters: Vec<char> = text.chars().collect();
    let at = 1 + dice.below(letters.len().saturating_sub(2));
    let letter = letters.get(at).copied().unwrap_or('a');
    match dice.below(4) {
        0 => drop(letters.remove(at)),
        1 => letters.insert(at, letter),
        2 if at + 1 < letters.len() => letters.swap(at, at + 1),
        _ => {
            let other = char::from(b'a' + u8::try_from(dice.below(26)).unwrap_or_default());
            letters.splice(at..=at, [other]);
        }
    }
    letters.into_iter().collect()
}

/// One pair of sounds that many mix up.
fn mixed_sounds(pinyin: &str) -> String {
    for (right, wrong) in [("zh", "z"), ("sh", "s"), ("ch", "c"), ("ng", "n")] {
        if pinyin.contains(right) {
            return pinyin.replacen(right, wrong, 1);
        }
    }
    pinyin.to_owned()
}

#[derive(Clone, Copy)]
enum Method {
    Telex,
    Vni,
}

/// The keys that are pressed for `text`, tones at the end of each word.
fn keys(text: &str, method: Method) -> String {
    let word = |word: &str| {
        let (mut typed, mut tone) = (String::new(), None);
        for c in word.to_lowercase().nfd() {
            let keys = match c {
                '\u{301}' => {
                    tone = Some(("s", "1"));
                    continue;
                }
                '\u{300}' => {
                    tone = Some(("f", "2"));
                    continue;
                }
                '\u{309}' => {
                    tone = Some(("r", "3"));
                    continue;
                }
                '\u{303}' => {
                    tone = Some(("x", "4"));
                    continue;
                }
                '\u{323}' => {
                    tone = Some(("j", "5"));
                    continue;
                }
                '\u{302}' => (
                    typed.chars().next_back().unwrap_or_default().to_string(),
                    "6",
                ),
                '\u{31B}' => ("w".to_owned(), "7"),
                '\u{306}' => ("w".to_owned(), "8"),
                'đ' => ("dd".to_owned(), "d9"),
                c => {
                    typed.push(c);
                    continue;
                }
            };
            typed.push_str(match method {
                Method::Telex => &keys.0,
                Method::Vni => keys.1,
            });
        }
        let tone = tone.map_or("", |(telex, vni)| match method {
            Method::Telex => telex,
            Method::Vni => vni,
        });
        typed + tone
    };
    text.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

/// For each simplified character a traditional one.
fn traditional() -> BTreeMap<char, char> {
    ('\u{4E00}'..='\u{9FFF}')
        .filter(|c| is_han(*c) && simplified(*c) != *c)
        .map(|c| (simplified(c), c))
        .collect()
}
