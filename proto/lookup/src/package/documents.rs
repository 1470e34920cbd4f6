//! What the index knows of each entry: its names, those of its unit and category, and the synonyms
//! of what occurs in them.

use crate::content::{AdminUnit, Category, Content, Entry, Synonyms};
use crate::fold::{fold, is_han};
use crate::index::{Document, Name};
use crate::language::{Language, Localized};
use cotmoc_proto::{CategoryId, UnitCode};
use std::collections::{BTreeMap, BTreeSet};

const NAME: u8 = 200;
const ENGLISH_NAME: u8 = 190;
const ALIAS: u8 = 180;
const SYNONYM: u8 = 120;
const UNIT: u8 = 70;
const CATEGORY: u8 = 60;

/// The documents of the entries, in their order.
#[must_use]
pub fn documents(content: &Content) -> Vec<Document> {
    let context = Context::of(content);
    let entries = content.entries.iter();
    entries.map(|entry| context.document(entry)).collect()
}

struct Context<'c> {
    categories: BTreeMap<&'c CategoryId, (u16, &'c Category)>,
    units: BTreeMap<&'c UnitCode, &'c AdminUnit>,
    thesaurus: Thesaurus<'c>,
}

impl<'c> Context<'c> {
    fn of(content: &'c Content) -> Self {
        let categories = (0..).zip(&content.categories);
        Self {
            categories: categories
                .map(|(number, category)| (&category.id, (number, category)))
                .collect(),
            units: content
                .units
                .iter()
                .map(|unit| (&unit.code, unit))
                .collect(),
            thesaurus: Thesaurus::of(&content.synonyms),
        }
    }

    fn document(&self, entry: &Entry) -> Document {
        let mut names = own_names(entry);
        if let Some(unit) = entry.unit.as_ref().and_then(|unit| self.units.get(unit)) {
            names.extend(belonging(&unit.name, UNIT));
            let old = unit.old_names.iter();
            names.extend(old.map(|text| name(text, None, UNIT)));
        }
        let above = self.categories.get(&entry.category).copied();
        let parent = |(_, category): &(u16, &'c Category)| {
            self.categories.get(category.parent.as_ref()?).copied()
        };
        // A category that is its own ancestor is a defect, not a reason to go on for ever.
        for (_, category) in std::iter::successors(above, parent).take(self.categories.len()) {
            names.extend(belonging(&category.name, CATEGORY));
        }
        let synonyms = self.thesaurus.of_names(&names);
        names.extend(synonyms.into_iter().map(|text| name(text, None, SYNONYM)));
        let (from, until) = entry.validity();
        Document {
            names,
            popularity: entry.popularity,
            kind: entry.kind.tag(),
            category: above.map_or(u16::MAX, |(number, _)| number),
            from,
            until,
        }
    }
}

fn own_names(entry: &Entry) -> Vec<Name> {
    let texts = entry.texts.iter().map(|(language, text)| Name {
        text: text.name.clone(),
        language: Some(language),
        weight: if language == Language::En {
            ENGLISH_NAME
        } else {
            NAME
        },
        own: true,
        pinyin: text.pinyin.clone(),
    });
    let aliases = entry.aliases.iter().map(|alias| Name {
        own: true,
        ..name(&alias.text, None, ALIAS)
    });
    texts.chain(aliases).collect()
}

fn belonging(names: &Localized<String>, weight: u8) -> impl Iterator<Item = Name> {
    names
        .iter()
        .map(move |(language, text)| name(text, Some(language), weight))
}

fn name(text: &str, language: Option<Language>, weight: u8) -> Name {
    Name {
        text: text.to_owned(),
        language,
        weight,
        own: false,
        pinyin: None,
    }
}

/// The phrases that mean the same, by their first word or character.
struct Thesaurus<'c> {
    phrases: BTreeMap<String, Vec<(Vec<String>, &'c Synonyms)>>,
}

impl<'c> Thesaurus<'c> {
    fn of(synonyms: &'c [Synonyms]) -> Self {
        let mut phrases: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for group in synonyms {
            for phrase in group.words.iter().map(|phrase| units(phrase)) {
                if let Some(first) = phrase.first().cloned() {
                    phrases.entry(first).or_default().push((phrase, group));
                }
            }
        }
        Self { phrases }
    }

    /// What means the same as a phrase that occurs in one of `names`.
    fn of_names(&self, names: &[Name]) -> BTreeSet<&'c str> {
        let mut found = BTreeSet::new();
        for name in names {
            let units = units(&name.text);
            for start in 0..units.len() {
                let rest = units.get(start..).unwrap_or_default();
                let same = rest.first().and_then(|first| self.phrases.get(first));
                for (phrase, group) in same.into_iter().flatten() {
                    if rest.starts_with(phrase) {
                        found.extend(group.words.iter().map(String::as_str));
                    }
                }
            }
        }
        found
    }
}

/// Words and single Chinese characters, in their order.
fn units(text: &str) -> Vec<String> {
    let mut units = Vec::new();
    let mut word = String::new();
    for c in fold(text).chars() {
        if c.is_alphanumeric() && !is_han(c) {
            word.push(c);
            continue;
        }
        if !word.is_empty() {
            units.push(std::mem::take(&mut word));
        }
        if is_han(c) {
            units.push(c.to_string());
        }
    }
    if !word.is_empty() {
        units.push(word);
    }
    units
}
