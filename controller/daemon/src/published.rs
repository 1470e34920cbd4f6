//! What is published, in memory: the root chain, and per channel the newest release of each device
//! and the takedowns. Rebuilt from the store after every change, whoever waits is told.
//!
//! What a device gets from here is a hint where to look. The controller holds no signing key, and
//! a device shows only what the keys of its own root allow.

use crate::store::{ChannelRow, DocumentKind, DocumentRow, Store, StoreError};
use cotmoc_proto::device::{Desired, DocumentRef};
use cotmoc_proto::envelope::Envelope;
use cotmoc_proto::json::parse_strict;
use cotmoc_proto::override_order::{Action, Override};
use cotmoc_proto::release::Release;
use cotmoc_proto::takedown::Takedown;
use cotmoc_proto::trust::{Root, admit_root, factory_root};
use cotmoc_proto::{ChannelId, DeviceId, Digest, Reject, TimeMs};
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Why what was published cannot be read back.
#[derive(Debug, thiserror::Error)]
pub enum PublishedError {
    #[error("the published documents could not be read")]
    Store(#[from] StoreError),
    #[error("{kind} {number} is damaged in the database")]
    Damaged {
        kind: &'static str,
        number: u64,
        #[source]
        source: Reject,
    },
}

/// Everything that devices may be told to have.
#[derive(Debug, Clone, Default)]
pub struct Published {
    /// The newest root.
    pub root: Option<Arc<Root>>,
    pub roots: Vec<DocumentRow>,
    pub channels: BTreeMap<ChannelId, Board>,
}

/// What is published for one channel, in the epoch of the newest root.
#[derive(Debug, Clone)]
pub struct Board {
    pub row: ChannelRow,
    /// The newest release of all.
    pub newest: Option<Arc<Issued<Release>>>,
    by_device: BTreeMap<DeviceId, Arc<Issued<Release>>>,
    pub takedowns: Vec<Issued<Takedown>>,
    pub overrides: Vec<Issued<Override>>,
}

impl Board {
    /// The overrides that say together what holds at `now`, in order: the newest, and before it
    /// the one that it does not end. An order whose time is past is left out, so that no wall that
    /// was away shows it days later.
    pub fn holding(&self, now: TimeMs) -> impl Iterator<Item = &Issued<Override>> {
        let newest = self.overrides.last();
        let ends = newest.and_then(|newest| match newest.document.action {
            Action::Show(_) => None,
            Action::End { ends } => Some(ends),
        });
        let shows = |issued: &&Issued<Override>| issued.document.template().is_some();
        let before = ends.and_then(|ends| {
            let last = self.overrides.iter().rev().find(shows);
            last.filter(|issued| issued.document.seq > ends)
        });
        let is_past = move |issued: &Issued<Override>| {
            let template = issued.document.template();
            template.is_some_and(|t| issued.row.published_ms.plus(t.duration_ms) <= now)
        };
        before
            .into_iter()
            .chain(newest)
            .filter(move |issued| !is_past(issued))
    }

    /// The override whose template is shown at `now`.
    #[must_use]
    pub fn showing(&self, now: TimeMs) -> Option<&Issued<Override>> {
        self.holding(now)
            .find(|issued| issued.document.template().is_some())
    }
}

/// A published document with its content.
#[derive(Debug, Clone)]
pub struct Issued<T> {
    pub row: DocumentRow,
    pub document: T,
}

impl Published {
    /// Reads everything from the store; the root chain is verified again.
    ///
    /// # Errors
    /// [`PublishedError`].
    pub async fn load(store: &Store) -> Result<Self, PublishedError> {
        let (root, roots) = load_roots(store).await?;
        let mut channels = BTreeMap::new();
        for row in store.channels().await? {
            let epoch = root.as_ref().map_or(0, |root| root.epoch);
            channels.insert(row.channel.clone(), load_board(store, row, epoch).await?);
        }
        Ok(Self {
            root,
            roots,
            channels,
        })
    }

    /// The revision of `channel`; 0 if there is no such channel.
    #[must_use]
    pub fn revision(&self, channel: &ChannelId) -> u64 {
        self.channels.get(channel).map_or(0, |b| b.row.revision)
    }

    /// The newest release that names `device`.
    #[must_use]
    pub fn release_for(
        &self,
        channel: &ChannelId,
        device: &DeviceId,
    ) -> Option<&Arc<Issued<Release>>> {
        self.channels.get(channel)?.by_device.get(device)
    }

    /// What `device` should have at `now` while its screens run release `running` (`None`: not
    /// known).
    #[must_use]
    pub fn desired(
        &self,
        (channel, device): (&ChannelId, &DeviceId),
        running: Option<u64>,
        now: TimeMs,
    ) -> Desired {
        let release = self.release_for(channel, device);
        let lifted = |takedown: &Takedown| {
            release.is_some_and(|r| {
                // A screen that still runs an older release needs the takedown of it.
                running.is_some_and(|running| running >= r.document.version)
                    && takedown.seq <= r.document.lifts_takedown
                    && takedown.max_release < r.document.version
            })
        };
        let takedowns = self.channels.get(channel).map_or(&[][..], |b| &b.takedowns);
        Desired {
            revision: self.revision(channel),
            roots: self
                .roots
                .iter()
                .filter(|row| row.number > 1)
                .map(reference)
                .collect(),
            release: release.map(|issued| reference(&issued.row)),
            takedowns: takedowns
                .iter()
                .filter(|issued| !lifted(&issued.document))
                .map(|issued| reference(&issued.row))
                .collect(),
            overrides: self
                .channels
                .get(channel)
                .into_iter()
                .flat_map(|board| board.holding(now))
                .map(|issued| reference(&issued.row))
                .collect(),
        }
    }
}

fn reference(row: &DocumentRow) -> DocumentRef {
    DocumentRef {
        number: row.number,
        envelope_sha256: row.envelope_sha256,
    }
}

async fn load_roots(
    store: &Store,
) -> Result<(Option<Arc<Root>>, Vec<DocumentRow>), PublishedError> {
    let mut rows = store.documents(DocumentKind::Root, None).await?;
    rows.sort_by_key(|row| row.number);
    let mut newest: Option<Root> = None;
    for row in &rows {
        let bytes = bytes_of(store, row).await?;
        let root = match &newest {
            None => factory_root(&bytes),
            Some(current) => admit_root(current, &bytes),
        };
        newest = Some(root.map_err(|source| damaged(row, source))?);
    }
    Ok((newest.map(Arc::new), rows))
}

async fn load_board(store: &Store, row: ChannelRow, epoch: u64) -> Result<Board, PublishedError> {
    let channel = row.channel.clone();
    let mut loaded: BTreeMap<Digest, Arc<Issued<Release>>> = BTreeMap::new();
    let mut by_device = BTreeMap::new();
    for (device, row) in store.newest_releases(channel.clone(), epoch).await? {
        let issued = match loaded.get(&row.envelope_sha256) {
            Some(issued) => Arc::clone(issued),
            None => Arc::new(issued(store, row).await?),
        };
        loaded.insert(issued.row.envelope_sha256, Arc::clone(&issued));
        by_device.insert(device, issued);
    }
    let takedowns = issued_of(store, (DocumentKind::Takedown, &channel), epoch).await?;
    let overrides = issued_of(store, (DocumentKind::Override, &channel), epoch).await?;
    Ok(Board {
        row,
        newest: loaded.into_values().max_by_key(|issued| issued.row.number),
        by_device,
        takedowns,
        overrides,
    })
}

/// Every document of one kind of a channel, in one epoch.
async fn issued_of<T: DeserializeOwned>(
    store: &Store,
    (kind, channel): (DocumentKind, &ChannelId),
    epoch: u64,
) -> Result<Vec<Issued<T>>, PublishedError> {
    let mut all = Vec::new();
    for row in store.documents(kind, Some(channel.clone())).await? {
        if row.epoch == epoch {
            all.push(issued(store, row).await?);
        }
    }
    Ok(all)
}

async fn issued<T: DeserializeOwned>(
    store: &Store,
    row: DocumentRow,
) -> Result<Issued<T>, PublishedError> {
    let bytes = bytes_of(store, &row).await?;
    let envelope = Envelope::parse(&bytes).map_err(|source| damaged(&row, source))?;
    let document = parse_strict(envelope.unverified_payload())
        .map_err(|error| damaged(&row, Reject::malformed(error)))?;
    Ok(Issued { row, document })
}

async fn bytes_of(store: &Store, row: &DocumentRow) -> Result<Vec<u8>, PublishedError> {
    let found = store.envelope(row.envelope_sha256).await?;
    found
        .map(|(_, bytes)| bytes)
        .filter(|bytes| Digest::of(bytes) == row.envelope_sha256)
        .ok_or_else(|| damaged(row, Reject::malformed("its bytes have another digest")))
}

fn damaged(row: &DocumentRow, source: Reject) -> PublishedError {
    PublishedError::Damaged {
        kind: row.kind.as_str(),
        number: row.number,
        source,
    }
}
