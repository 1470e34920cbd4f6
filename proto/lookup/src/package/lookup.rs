//! A package in use.

use super::bundle::{self, BadBundle};
use super::entries::{BadEntries, BadEntry, Entries};
use super::{CANARIES, CONTENT, INDEX};
use crate::content::{Canary, Category, Content, Entry, KindTag};
use crate::index::{BadIndex, Index};
use crate::query::{Answer, Effort, Hit, Searcher, Wanted};
use cotmoc_proto::json::parse_strict;
use cotmoc_proto::{CategoryId, EntryId, TimeMs};
use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::sync::Arc;

/// So many first answers of a canary query must hold its entries.
pub(super) const CANARY_ANSWERS: usize = 10;

/// The bytes of a package's own files: owned, borrowed or mapped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Files<B> {
    pub content: B,
    pub index: B,
    pub canaries: B,
}

impl<B: AsRef<[u8]>> Files<B> {
    /// The same files, borrowed.
    #[must_use]
    pub fn borrowed(&self) -> Files<&[u8]> {
        Files {
            content: self.content.as_ref(),
            index: self.index.as_ref(),
            canaries: self.canaries.as_ref(),
        }
    }
}

/// Why a package cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadPackage {
    #[error(transparent)]
    Bundle(#[from] BadBundle),
    #[error(transparent)]
    Content(#[from] BadEntries),
    #[error(transparent)]
    Index(#[from] BadIndex),
    #[error("canaries.json: {detail}")]
    Canaries { detail: String },
    #[error("the index has {indexed} entries, the content {entries}: they are of two packages")]
    Mixed { indexed: usize, entries: u32 },
}

/// A canary query that did not find what it must.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    pub query: String,
    pub missing: Vec<EntryId>,
}

/// What to search for besides the words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits<'l> {
    pub now: TimeMs,
    /// Most answers.
    pub count: usize,
    /// This category and those below it; none: all.
    pub category: Option<&'l CategoryId>,
    pub effort: Effort,
}

/// A package in use.
#[derive(Debug)]
pub struct Lookup<B> {
    index: Index<B>,
    entries: Entries<B>,
    head: Content,
    canaries: Vec<Canary>,
}

impl Lookup<Arc<[u8]>> {
    /// Takes the package of a bundle into use.
    ///
    /// # Errors
    /// A bundle that is none, or whose files are damaged or no package.
    pub fn of_bundle(bytes: &[u8]) -> Result<Self, BadPackage> {
        let mut parts = bundle::open(bytes)?;
        let mut take = |path: &str| {
            let part = parts.remove(path);
            part.ok_or_else(|| BadBundle::Missing(path.to_owned()))
        };
        let files = Files {
            content: take(CONTENT)?,
            index: take(INDEX)?,
            canaries: take(CANARIES)?,
        };
        Self::open(files)
    }
}

impl<B: AsRef<[u8]>> Lookup<B> {
    /// Takes a package into use. Whether its canaries find what they must is for
    /// [`Self::run_canaries`] to tell.
    ///
    /// # Errors
    /// Files that are damaged, of another format or of different packages. A single entry is checked
    /// when it is read.
    pub fn open(files: Files<B>) -> Result<Self, BadPackage> {
        let canaries = parse_strict(files.canaries.as_ref());
        let index = Index::open(files.index)?;
        let entries = Entries::open(files.content)?;
        let (indexed, count) = (index.len(), entries.count());
        if u32::try_from(indexed) != Ok(count) {
            return Err(BadPackage::Mixed {
                indexed,
                entries: count,
            });
        }
        Ok(Self {
            head: entries.head()?,
            index,
            entries,
            canaries: canaries.map_err(|error| BadPackage::Canaries {
                detail: error.to_string(),
            })?,
        })
    }

    /// The content without its entries, synonyms and canaries.
    #[must_use]
    pub const fn head(&self) -> &Content {
        &self.head
    }

    /// Number of entries.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.index.len()
    }

    /// Whether it has no entries.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.index.is_empty()
    }

    /// The entries that `typed` means; their numbers are those of [`Self::entry_at`].
    pub fn search(&self, searcher: &mut Searcher, typed: &str, limits: &Limits<'_>) -> Answer {
        let wanted = Wanted {
            now: Some(limits.now),
            limit: limits.count,
            categories: limits.category.map(|category| self.below(category)),
            effort: limits.effort,
        };
        searcher.search(&self.index, typed, &wanted)
    }

    /// Every canary query.
    #[must_use]
    pub fn canaries(&self) -> &[Canary] {
        &self.canaries
    }

    /// Every entry, by id.
    pub fn entries(&self) -> impl Iterator<Item = Result<Entry, BadEntry>> {
        (0..self.entries.count()).filter_map(|number| self.entries.get(number).transpose())
    }

    /// The entry `id`.
    ///
    /// # Errors
    /// One that cannot be read.
    pub fn entry(&self, id: &EntryId) -> Result<Option<Entry>, BadEntry> {
        self.entries
            .find(id)
            .map_or(Ok(None), |number| self.entries.get(number))
    }

    /// The entry with the number that a search told.
    ///
    /// # Errors
    /// One that cannot be read.
    pub fn entry_at(&self, number: u32) -> Result<Option<Entry>, BadEntry> {
        self.entries.get(number)
    }

    /// The id of the entry with the number that a search told.
    #[must_use]
    pub fn id_at(&self, number: u32) -> Option<EntryId> {
        str::from_utf8(self.entries.id(number)?).ok()?.parse().ok()
    }

    /// The category `id`.
    #[must_use]
    pub fn category(&self, id: &CategoryId) -> Option<&Category> {
        self.head
            .categories
            .iter()
            .find(|category| category.id == *id)
    }

    /// The categories right below `parent`, or the topmost ones.
    #[must_use]
    pub fn children(&self, parent: Option<&CategoryId>) -> Vec<&Category> {
        let categories = self.head.categories.iter();
        let below = categories.filter(|category| category.parent.as_ref() == parent);
        below.collect()
    }

    /// Numbers of the entries in `category` and below it that are valid at `now`, the most popular
    /// first.
    #[must_use]
    pub fn in_category(&self, category: &CategoryId, now: TimeMs) -> Vec<u32> {
        let wanted = self.below(category);
        self.numbers(now, |_, category| wanted.contains(&category))
    }

    /// Numbers of the entries of a kind that are valid at `now`, the most popular first.
    #[must_use]
    pub fn of_kind(&self, kind: KindTag, now: TimeMs) -> Vec<u32> {
        self.numbers(now, |found, _| found == kind as u8)
    }

    /// The canary queries that do not find what they must. They look at all entries, valid or not,
    /// so that a package does not fail by growing old.
    #[must_use]
    pub fn run_canaries(&self) -> Vec<Failure> {
        let mut searcher = Searcher::new();
        let wanted = Wanted {
            now: None,
            limit: CANARY_ANSWERS,
            categories: None,
            effort: Effort::Full,
        };
        let mut failures = Vec::new();
        for canary in &self.canaries {
            let answer = searcher.search(&self.index, &canary.query, &wanted);
            let finds = |id: &EntryId| {
                let is_it =
                    |hit: &Hit| self.entries.id(hit.document) == Some(id.as_str().as_bytes());
                answer.hits.iter().any(is_it)
            };
            let missing: Vec<EntryId> = canary
                .expect
                .iter()
                .filter(|id| !finds(id))
                .cloned()
                .collect();
            if !missing.is_empty() {
                failures.push(Failure {
                    query: canary.query.clone(),
                    missing,
                });
            }
        }
        failures
    }

    fn numbers(&self, now: TimeMs, is_wanted: impl Fn(u8, u16) -> bool) -> Vec<u32> {
        let view = self.index.view();
        let records = view.iter().flat_map(|view| {
            (0..self.entries.count()).filter_map(|number| Some((number, view.record(number)?)))
        });
        let mut found: Vec<(Reverse<u16>, u32)> = records
            .filter(|(_, record)| record.is_valid(now) && is_wanted(record.kind, record.category))
            .map(|(number, record)| (Reverse(record.popularity), number))
            .collect();
        found.sort_unstable();
        found.into_iter().map(|(_, number)| number).collect()
    }

    /// Numbers of `category` and of all categories below it.
    fn below(&self, category: &CategoryId) -> BTreeSet<u16> {
        let mut wanted = BTreeSet::from([category]);
        let mut before = 0;
        while before < wanted.len() {
            before = wanted.len();
            for category in &self.head.categories {
                if category
                    .parent
                    .as_ref()
                    .is_some_and(|parent| wanted.contains(parent))
                {
                    wanted.insert(&category.id);
                }
            }
        }
        let numbered = (0..).zip(&self.head.categories);
        numbered
            .filter(|(_, category)| wanted.contains(&category.id))
            .map(|(number, _)| number)
            .collect()
    }
}
