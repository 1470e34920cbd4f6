//! From documents to the bytes of an index; the same documents give the same bytes.

use super::terms::terms;
use super::{FORMAT, MAGIC, MAX_DOCUMENTS, RECORD_BYTES};
use crate::content::KindTag;
use crate::fold::{fold, words};
use crate::language::Language;
use cotmoc_proto::{Digest, TimeMs};
use std::collections::BTreeMap;
use unicode_normalization::UnicodeNormalization as _;

/// What the index knows of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    pub names: Vec<Name>,
    /// 0 to 1000.
    pub popularity: u16,
    pub kind: KindTag,
    /// Number of the category, by which answers can be narrowed.
    pub category: u16,
    pub from: TimeMs,
    pub until: TimeMs,
}

/// One text that finds an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    pub text: String,
    /// None if it is not known, as of an alias.
    pub language: Option<Language>,
    /// 1 to 200; 200 is the name itself.
    pub weight: u8,
    /// A name of the entry, not of what it belongs to: found from any syllable of it, and whole.
    pub own: bool,
    /// Syllables of the Chinese characters, where the usual reading is wrong.
    pub pinyin: Option<String>,
}

/// Too much for one index.
#[derive(Debug, thiserror::Error)]
pub enum TooBig {
    #[error("{count} entries; an index holds {MAX_DOCUMENTS} at most")]
    Documents { count: usize },
    #[error("the index would have more than 4 GiB")]
    Bytes,
    #[error("the transducer of the terms cannot be built")]
    Transducer(#[source] fst::Error),
}

/// The bytes of the index over `documents`, which are numbered in the order given.
///
/// # Errors
/// More than an index holds.
pub fn build(documents: &[Document]) -> Result<Vec<u8>, TooBig> {
    let count = documents.len();
    let number = |count: usize| u32::try_from(count).map_err(|_too_many| TooBig::Bytes);
    if number(count)? >= MAX_DOCUMENTS {
        return Err(TooBig::Documents { count });
    }
    let mut inverted: BTreeMap<String, Vec<[u8; 4]>> = BTreeMap::new();
    let (mut records, mut names) = (Vec::with_capacity(count * RECORD_BYTES), Vec::new());
    for (index, document) in (0_u32..).zip(documents) {
        let [a, b, c, _] = index.to_le_bytes();
        for (term, weight) in terms(document) {
            inverted.entry(term).or_default().push([weight, a, b, c]);
        }
        let start = names.len();
        names.extend_from_slice(marked_names(document).as_bytes());
        let length = number(names.len() - start)?;
        record(document, number(start)?, length, &mut records);
    }
    let (mut offsets, mut postings) = (Vec::new(), Vec::new());
    let mut transducer = fst::MapBuilder::memory();
    for (ordinal, (term, list)) in (0_u64..).zip(&inverted) {
        transducer
            .insert(term, ordinal)
            .map_err(TooBig::Transducer)?;
        offsets.extend_from_slice(&number(postings.len())?.to_le_bytes());
        postings.extend_from_slice(list);
    }
    offsets.extend_from_slice(&number(postings.len())?.to_le_bytes());
    let transducer = transducer.into_inner().map_err(TooBig::Transducer)?;
    let counts = [
        count,
        inverted.len(),
        postings.len(),
        names.len(),
        transducer.len(),
    ];
    let mut bytes = MAGIC.to_vec();
    bytes.extend_from_slice(&FORMAT.to_le_bytes());
    for count in counts {
        bytes.extend_from_slice(&number(count)?.to_le_bytes());
    }
    for section in [
        &records,
        &offsets,
        postings.as_flattened(),
        &names,
        &transducer,
    ] {
        bytes.extend_from_slice(section);
    }
    let digest = Digest::of(&bytes);
    bytes.extend_from_slice(digest.as_bytes());
    Ok(bytes)
}

fn record(document: &Document, name_at: u32, name_bytes: u32, out: &mut Vec<u8>) {
    let vietnamese = document
        .names
        .iter()
        .find(|name| name.language == Some(Language::Vi));
    let count = vietnamese.map_or(1, |name| words(&fold(&name.text)).count());
    out.extend_from_slice(&document.popularity.to_le_bytes());
    out.extend_from_slice(&[u8::try_from(count).unwrap_or(u8::MAX), document.kind as u8]);
    out.extend_from_slice(&document.category.to_le_bytes());
    out.extend_from_slice(&[0, 0]);
    out.extend_from_slice(&name_at.to_le_bytes());
    out.extend_from_slice(&name_bytes.to_le_bytes());
    out.extend_from_slice(&document.from.0.to_le_bytes());
    out.extend_from_slice(&document.until.0.to_le_bytes());
}

/// The entry's own names with their marks, each between separators, so that a part of one is found
/// in them as it was typed.
fn marked_names(document: &Document) -> String {
    let own = document.names.iter().filter(|name| name.own);
    own.filter(|name| {
        name.language
            .is_none_or(|language| language == Language::Vi)
    })
    .map(|name| {
        name.text
            .nfkc()
            .flat_map(char::to_lowercase)
            .collect::<String>()
    })
    .fold(String::new(), |all, name| all + "\n" + &name)
}
