//! The entries in one run of bytes: each found by its id or number, and decompressed by itself.
//!
//! All numbers are little-endian. Header, table (id, data and checksum of each entry, by id), ids, the
//! content without its entries, SHA-256 of all before, entries. An entry is checked when it is read, so
//! that opening does not bring all of them into memory.

use crate::content::{Content, Entry};
use crate::index::{TooBig, bytes_at, u32_at};
use cotmoc_proto::{Digest, EntryId};

const MAGIC: &[u8; 8] = b"COTMOCCT";
const FORMAT: u32 = 1;
const HEADER_BYTES: usize = 32;
const ROW_BYTES: usize = 24;
/// As much of an entry's SHA-256 stands in the table.
const CHECKSUM_BYTES: usize = 8;
const DIGEST_BYTES: usize = 32;
/// How hard to compress, 0 to 10.
const LEVEL: u8 = 8;
/// An entry or the head of a content that decompresses to more is refused.
const MAX_JSON_BYTES: usize = 64 << 20;

/// Why bytes are not the entries of a package.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadEntries {
    #[error("this is no content file")]
    Magic,
    #[error("content file of format {0}, this version reads format 1")]
    Format(u32),
    #[error("content file of {found} bytes, its header says {expected}")]
    Length { found: usize, expected: u64 },
    #[error("content file is damaged: its checksum is another")]
    Checksum,
    #[error("content file: the content without its entries cannot be read")]
    Head(#[source] BadEntry),
}

/// Why an entry cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadEntry {
    #[error("damaged: its checksum is another")]
    Checksum,
    #[error("cannot be decompressed")]
    Compression,
    #[error("malformed: {detail}")]
    Malformed { detail: String },
}

/// The bytes of the entries of `content`, which are sorted by id.
pub(super) fn pack(content: &Content) -> Result<Vec<u8>, TooBig> {
    let number = |count: usize| u32::try_from(count).map_err(|_too_many| TooBig::Bytes);
    let (mut table, mut ids, mut data) = (Vec::new(), Vec::new(), Vec::new());
    for entry in &content.entries {
        let id = entry.id.as_str().as_bytes();
        let packed = compress(entry);
        for value in [ids.len(), id.len(), data.len(), packed.len()] {
            table.extend_from_slice(&number(value)?.to_le_bytes());
        }
        table.extend_from_slice(&checksum(&packed));
        ids.extend_from_slice(id);
        data.extend_from_slice(&packed);
    }
    let head = compress(&Content {
        entries: Vec::new(),
        synonyms: Vec::new(),
        canaries: Vec::new(),
        ..content.clone()
    });
    let mut bytes = MAGIC.to_vec();
    bytes.extend_from_slice(&FORMAT.to_le_bytes());
    for count in [content.entries.len(), ids.len(), head.len(), data.len(), 0] {
        bytes.extend_from_slice(&number(count)?.to_le_bytes());
    }
    for section in [&table, &ids, &head] {
        bytes.extend_from_slice(section);
    }
    let digest = Digest::of(&bytes);
    bytes.extend_from_slice(digest.as_bytes());
    bytes.extend_from_slice(&data);
    Ok(bytes)
}

/// The entries of a package.
#[derive(Debug, Clone)]
pub(super) struct Entries<B> {
    bytes: B,
    count: u32,
    ids: usize,
    head: usize,
    digest: usize,
    data: usize,
}

impl<B: AsRef<[u8]>> Entries<B> {
    /// Checks header, length and checksum, and reads nothing else.
    pub(super) fn open(bytes: B) -> Result<Self, BadEntries> {
        let all = bytes.as_ref();
        if all.get(..MAGIC.len()) != Some(MAGIC) {
            return Err(BadEntries::Magic);
        }
        let field = |at| u32_at(all, at).ok_or(BadEntries::Magic);
        let format = field(8)?;
        if format != FORMAT {
            return Err(BadEntries::Format(format));
        }
        let [count, ids, head, data] = [field(12)?, field(16)?, field(20)?, field(24)?];
        let table = u64::from(count) * ROW_BYTES as u64;
        let lengths = [
            HEADER_BYTES as u64,
            table,
            ids.into(),
            head.into(),
            DIGEST_BYTES as u64,
        ];
        let expected = lengths.iter().sum::<u64>() + u64::from(data);
        let found = all.len();
        if u64::try_from(found) != Ok(expected) {
            return Err(BadEntries::Length { found, expected });
        }
        let mut at = 0;
        let [_, ids, head, digest, data] = lengths.map(|length| {
            at += usize::try_from(length).unwrap_or(found);
            at
        });
        let (body, rest) = all.split_at(digest);
        if !rest.starts_with(Digest::of(body).as_bytes()) {
            return Err(BadEntries::Checksum);
        }
        Ok(Self {
            bytes,
            count,
            ids,
            head,
            digest,
            data,
        })
    }

    pub(super) const fn count(&self) -> u32 {
        self.count
    }

    /// The content without its entries.
    pub(super) fn head(&self) -> Result<Content, BadEntries> {
        let packed = self.section(self.head, self.digest, 0, self.digest - self.head);
        decompress(packed.unwrap_or_default()).map_err(BadEntries::Head)
    }

    /// Entry number `number`, counted by id; `None` past the last.
    pub(super) fn get(&self, number: u32) -> Result<Option<Entry>, BadEntry> {
        let Some((row, sum)) = self.row(number) else {
            return Ok(None);
        };
        let [_, _, at, length] = row;
        let end = self.bytes.as_ref().len();
        let packed = self.section(self.data, end, at, length);
        let packed = packed.filter(|packed| checksum(packed) == sum);
        packed
            .ok_or(BadEntry::Checksum)
            .and_then(decompress)
            .map(Some)
    }

    /// The number of the entry `id`.
    pub(super) fn find(&self, id: &EntryId) -> Option<u32> {
        let (mut from, mut to) = (0, self.count);
        while from < to {
            let middle = from.midpoint(to);
            match self.id(middle)?.cmp(id.as_str().as_bytes()) {
                std::cmp::Ordering::Equal => return Some(middle),
                std::cmp::Ordering::Less => from = middle + 1,
                std::cmp::Ordering::Greater => to = middle,
            }
        }
        None
    }

    /// The id of entry number `number`.
    pub(super) fn id(&self, number: u32) -> Option<&[u8]> {
        let ([at, length, ..], _) = self.row(number)?;
        self.section(self.ids, self.head, at, length)
    }

    /// Where the id and the data of an entry lie, and the checksum of the data.
    fn row(&self, number: u32) -> Option<([usize; 4], [u8; CHECKSUM_BYTES])> {
        let at = usize::try_from(number).ok()?.checked_mul(ROW_BYTES)?;
        let table = self.bytes.as_ref().get(HEADER_BYTES..self.ids)?;
        let row: [u8; ROW_BYTES] = bytes_at(table, at)?;
        let field = |at| usize::try_from(u32_at(&row, at)?).ok();
        let places = [field(0)?, field(4)?, field(8)?, field(12)?];
        Some((places, bytes_at(&row, 16)?))
    }

    fn section(&self, from: usize, to: usize, at: usize, length: usize) -> Option<&[u8]> {
        let section = self.bytes.as_ref().get(from..to)?;
        section.get(at..at.checked_add(length)?)
    }
}

fn checksum(packed: &[u8]) -> [u8; CHECKSUM_BYTES] {
    let [a, b, c, d, e, f, g, h, ..] = *Digest::of(packed).as_bytes();
    [a, b, c, d, e, f, g, h]
}

fn compress(value: &impl serde::Serialize) -> Vec<u8> {
    let json = serde_json::to_vec(value).expect("contents have text keys and whole numbers only");
    miniz_oxide::deflate::compress_to_vec(&json, LEVEL)
}

fn decompress<T: serde::de::DeserializeOwned>(packed: &[u8]) -> Result<T, BadEntry> {
    let json = miniz_oxide::inflate::decompress_to_vec_with_limit(packed, MAX_JSON_BYTES)
        .map_err(|_broken| BadEntry::Compression)?;
    serde_json::from_slice(&json).map_err(|error| BadEntry::Malformed {
        detail: error.to_string(),
    })
}
