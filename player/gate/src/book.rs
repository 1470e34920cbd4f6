//! What a screen remembers about trust, in two checksummed slots: the newer valid one counts, so
//! that a power cut in the middle of writing loses at most the last step.

use cotmoc_proto::json::MAX_INTEGER;
use cotmoc_proto::trust::{Identity, Root, TrustState};
use cotmoc_proto::{ChannelId, Digest, SiteId};
use cotmoc_service::file::{self, FileError};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

const MAX_SLOT_BYTES: u64 = 64 << 20;

/// A release by version and payload digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Named {
    pub version: u64,
    pub sha256: Digest,
}

/// What a slot holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Book {
    pub site: SiteId,
    pub channel: ChannelId,
    pub trust: TrustState,
    /// The release before the newest: the only other one that may be shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<Named>,
    /// The counters come from what was found on disk after both slots were lost, and no newer
    /// release has confirmed them yet.
    pub recovering: bool,
}

impl Book {
    /// The book of a device that has seen nothing but `root`.
    pub fn fresh(me: &Identity, root: &Root) -> Self {
        Self {
            site: me.site.clone(),
            channel: me.channel.clone(),
            trust: TrustState::fresh(root),
            previous: None,
            recovering: false,
        }
    }

    /// The newest release that was accepted.
    pub fn newest(&self) -> Option<Named> {
        let version = self.trust.release;
        let sha256 = self.trust.release_sha256?;
        Some(Named { version, sha256 })
    }

    /// The version of the oldest release that may still be shown.
    pub fn oldest_version(&self) -> u64 {
        self.previous
            .map_or(self.trust.release, |previous| previous.version)
    }
}

/// One of the two slots.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slot {
    A,
    B,
}

impl Slot {
    /// The slot's file name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::A => "state.a",
            Self::B => "state.b",
        }
    }

    const fn other(self) -> Self {
        match self {
            Self::A => Self::B,
            Self::B => Self::A,
        }
    }
}

/// What was found in the two slots.
#[derive(Debug)]
pub struct Found {
    pub book: Option<Book>,
    /// Slots that hold something else than a book, or have gone.
    pub damaged: Vec<Slot>,
}

/// The two slots in a folder.
#[derive(Debug)]
pub struct Slots {
    folder: PathBuf,
    next: Slot,
}

impl Slots {
    /// Reads both slots.
    pub fn open(folder: &Path) -> (Self, Found) {
        let (a, b) = (read(folder, Slot::A), read(folder, Slot::B));
        let is_damaged = |slot: &Content, other: &Content| match slot {
            Content::Absent => matches!(other, Content::Good(book) if book.trust.generation > 1),
            Content::Damaged => true,
            Content::Good(_) => false,
        };
        let mut damaged = Vec::new();
        damaged.extend(is_damaged(&a, &b).then_some(Slot::A));
        damaged.extend(is_damaged(&b, &a).then_some(Slot::B));
        let (newest, book) = match (a.good(), b.good()) {
            (Some(a), Some(b)) if a.trust.generation < b.trust.generation => (Slot::B, Some(b)),
            (None, Some(b)) => (Slot::B, Some(b)),
            (Some(a), _) => (Slot::A, Some(a)),
            (None, None) => (Slot::B, None),
        };
        let slots = Self {
            folder: folder.to_owned(),
            next: newest.other(),
        };
        (slots, Found { book, damaged })
    }

    /// Writes `book`, as the newest, over the older slot.
    pub fn save(&mut self, book: &mut Book) -> Result<(), FileError> {
        book.trust.generation += 1;
        let json = serde_json::to_vec(book).expect("a book is writable as JSON");
        let mut bytes = format!("{}\n", Digest::of(&json)).into_bytes();
        bytes.extend(json);
        file::write_durably_with_mode(&self.folder.join(self.next.name()), &bytes, 0o600)?;
        self.next = self.next.other();
        Ok(())
    }
}

enum Content {
    Absent,
    Damaged,
    Good(Box<Book>),
}

impl Content {
    fn good(self) -> Option<Book> {
        match self {
            Self::Good(book) => Some(*book),
            Self::Absent | Self::Damaged => None,
        }
    }
}

fn read(folder: &Path, slot: Slot) -> Content {
    match file::read_at_most(&folder.join(slot.name()), MAX_SLOT_BYTES) {
        Ok(bytes) => parse(&bytes).map_or(Content::Damaged, |book| Content::Good(Box::new(book))),
        Err(error) if error.is_not_found() => Content::Absent,
        Err(_) => Content::Damaged,
    }
}

fn parse(bytes: &[u8]) -> Option<Book> {
    let (sum, json) = bytes.split_at_checked(65)?;
    let sum = std::str::from_utf8(sum).ok()?.strip_suffix('\n')?;
    let book: Book = (sum == Digest::of(json).to_string())
        .then(|| serde_json::from_slice(json).ok())
        .flatten()?;
    (book.trust.generation <= MAX_INTEGER).then_some(book)
}
