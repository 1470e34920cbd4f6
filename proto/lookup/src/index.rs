//! The search index: terms in a finite state transducer, postings, one record per entry, all in one
//! run of bytes that is used where it lies and can be mapped into memory.
//!
//! All numbers are little-endian. Header, records, offsets of postings, postings, names,
//! transducer, SHA-256 of all before.

mod build;
mod terms;

pub use build::{Document, Name, TooBig, build};
pub use terms::terms;

use cotmoc_proto::{Digest, TimeMs};

/// The terms under which a document is found: plain words and Chinese characters, and families whose
/// terms begin with a mark that no word contains.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// Neighbouring words or syllables written as one.
    Joined,
    /// Stems of English words.
    Stem,
    /// Pinyin in which similar sounds are the same.
    FuzzyPinyin,
    /// First letters of the pinyin of neighbouring characters.
    Initials,
    /// A whole name written as one.
    Whole,
}

impl Family {
    /// The mark with which the terms of the family begin.
    #[must_use]
    pub const fn mark(self) -> char {
        match self {
            Self::Joined => '+',
            Self::Stem => '~',
            Self::FuzzyPinyin => '^',
            Self::Initials => '*',
            Self::Whole => '=',
        }
    }

    /// The term of the family for a folded text.
    #[must_use]
    pub fn term(self, text: &str) -> String {
        format!("{}{text}", self.mark())
    }
}

const MAGIC: &[u8; 8] = b"COTMOCIX";
const FORMAT: u32 = 1;
const HEADER_BYTES: usize = 32;
const RECORD_BYTES: usize = 32;
const DIGEST_BYTES: usize = 32;
/// The most entries: a posting holds the entry's number in 24 bits.
const MAX_DOCUMENTS: u32 = 1 << 24;

/// Why bytes are not a search index.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadIndex {
    #[error("this is no search index")]
    Magic,
    #[error("search index of format {0}, this version reads format 1")]
    Format(u32),
    #[error("search index of {found} bytes, its header says {expected}")]
    Length { found: usize, expected: u64 },
    #[error("search index is damaged: its checksum is another")]
    Checksum,
    #[error("search index holds a transducer that cannot be read")]
    Transducer,
}

/// An index over bytes that are owned, borrowed or mapped.
#[derive(Debug, Clone)]
pub struct Index<B> {
    bytes: B,
    layout: Layout,
}

/// Where the sections begin.
#[derive(Debug, Clone, Copy)]
struct Layout {
    documents: usize,
    terms: usize,
    offsets: usize,
    postings: usize,
    names: usize,
    transducer: usize,
    end: usize,
}

/// What is kept of an entry beside its terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Record<'i> {
    /// 0 to 1000.
    pub(crate) popularity: u16,
    /// Words of the Vietnamese name.
    pub(crate) words: u8,
    /// [`KindTag`](crate::content::KindTag) as a number.
    pub(crate) kind: u8,
    pub(crate) category: u16,
    pub(crate) from: TimeMs,
    pub(crate) until: TimeMs,
    /// Vietnamese names and aliases, composed, in lower case, with their marks.
    pub(crate) names: &'i str,
}

impl Record<'_> {
    pub(crate) fn is_valid(&self, now: TimeMs) -> bool {
        self.from <= now && now < self.until
    }
}

impl<B: AsRef<[u8]>> Index<B> {
    /// Takes the bytes of an index into use: checks header, length and checksum, reads nothing else.
    ///
    /// # Errors
    /// Bytes that [`build`] did not write, of another format, cut short or damaged.
    pub fn open(bytes: B) -> Result<Self, BadIndex> {
        let all = bytes.as_ref();
        let layout = Layout::read(all)?;
        let (body, digest) = all.split_at(layout.end);
        if Digest::of(body).as_bytes() != digest {
            return Err(BadIndex::Checksum);
        }
        let index = Self { bytes, layout };
        match index.view() {
            Some(view) if view.map.len() == layout.terms => Ok(index),
            Some(_) | None => Err(BadIndex::Transducer),
        }
    }

    /// Number of entries.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.layout.documents
    }

    /// Whether it has no entries.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.layout.documents == 0
    }

    /// The index as searches use it.
    pub(crate) fn view(&self) -> Option<View<'_>> {
        let Layout {
            offsets,
            postings,
            names,
            transducer,
            end,
            ..
        } = self.layout;
        let bytes = self.bytes.as_ref();
        Some(View {
            records: bytes.get(HEADER_BYTES..offsets)?,
            offsets: bytes.get(offsets..postings)?,
            postings: bytes.get(postings..names)?,
            names: bytes.get(names..transducer)?,
            map: fst::Map::new(bytes.get(transducer..end)?).ok()?,
        })
    }
}

/// The sections of an index.
#[derive(Debug)]
pub(crate) struct View<'i> {
    records: &'i [u8],
    offsets: &'i [u8],
    postings: &'i [u8],
    names: &'i [u8],
    pub(crate) map: fst::Map<&'i [u8]>,
}

impl<'i> View<'i> {
    /// The entries that have term number `term`, with the weight of the term, 1 to 200.
    pub(crate) fn postings(&self, term: u64) -> impl ExactSizeIterator<Item = (u32, u8)> + use<'i> {
        let bounds = usize::try_from(term).ok().and_then(|term| {
            let at = term.checked_mul(4)?;
            let from = usize::try_from(u32_at(self.offsets, at)?).ok()?;
            let to = usize::try_from(u32_at(self.offsets, at.checked_add(4)?)?).ok()?;
            self.postings.get(from.checked_mul(4)?..to.checked_mul(4)?)
        });
        let postings = bounds.unwrap_or_default().as_chunks::<4>().0;
        postings
            .iter()
            .map(|[weight, a, b, c]| (u32::from_le_bytes([*a, *b, *c, 0]), *weight))
    }

    pub(crate) fn record(&self, document: u32) -> Option<Record<'i>> {
        let at = usize::try_from(document).ok()?.checked_mul(RECORD_BYTES)?;
        let record = self.records.get(at..at + RECORD_BYTES)?;
        let name_at = u32_at(record, 8)? as usize;
        let name_bytes = u32_at(record, 12)? as usize;
        let names = self.names.get(name_at..name_at.checked_add(name_bytes)?)?;
        Some(Record {
            popularity: u16::from_le_bytes(bytes_at(record, 0)?),
            words: *record.get(2)?,
            kind: *record.get(3)?,
            category: u16::from_le_bytes(bytes_at(record, 4)?),
            from: TimeMs(i64::from_le_bytes(bytes_at(record, 16)?)),
            until: TimeMs(i64::from_le_bytes(bytes_at(record, 24)?)),
            names: str::from_utf8(names).unwrap_or_default(),
        })
    }
}

impl Layout {
    fn read(bytes: &[u8]) -> Result<Self, BadIndex> {
        if bytes.get(..MAGIC.len()) != Some(MAGIC) {
            return Err(BadIndex::Magic);
        }
        let field = |at| u32_at(bytes, at).ok_or(BadIndex::Magic);
        let format = field(8)?;
        if format != FORMAT {
            return Err(BadIndex::Format(format));
        }
        let [documents, terms, postings, names, transducer] =
            [field(12)?, field(16)?, field(20)?, field(24)?, field(28)?].map(u64::from);
        let starts = [
            HEADER_BYTES as u64,
            documents * RECORD_BYTES as u64,
            (terms + 1) * 4,
            postings * 4,
            names,
            transducer,
        ];
        let expected = starts.iter().sum::<u64>() + DIGEST_BYTES as u64;
        let found = bytes.len();
        if u64::try_from(found) != Ok(expected) {
            return Err(BadIndex::Length { found, expected });
        }
        let mut at = 0;
        let [_, offsets, postings, names, transducer, end] = starts.map(|length| {
            at += usize::try_from(length).unwrap_or(found);
            at
        });
        Ok(Self {
            documents: usize::try_from(documents).unwrap_or_default(),
            terms: usize::try_from(terms).unwrap_or_default(),
            offsets,
            postings,
            names,
            transducer,
            end,
        })
    }
}

pub(crate) fn bytes_at<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at.checked_add(N)?)?.try_into().ok()
}

pub(crate) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes_at(bytes, at)?))
}

#[cfg(test)]
mod tests;
