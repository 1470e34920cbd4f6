//! Records of devices: stored once each, acknowledged up to a number, missing ones noted. Beside
//! them stands what the controller itself notes.

mod holes;
mod query;
mod receipts;

pub use query::{RecordQuery, RecordRow};
pub use receipts::ReceiptFacts;

use super::{Store, StoreError};
use cotmoc_proto::device::ClockQuality;
use cotmoc_proto::{BootId, DeviceId, TimeMs};
use rusqlite::{Connection, params};
use std::collections::{BTreeMap, BTreeSet};

use super::row::integer;

/// What a record holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RecordKind {
    Event,
    Aired,
    OnAir,
    Receipt,
    /// Something that this version does not know; kept as it came.
    Unknown,
}

impl RecordKind {
    /// The kind as it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Event => "event",
            Self::Aired => "aired",
            Self::OnAir => "on-air",
            Self::Receipt => "receipt",
            Self::Unknown => "unknown",
        }
    }
}

impl std::str::FromStr for RecordKind {
    type Err = std::io::Error;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [
            Self::Event,
            Self::Aired,
            Self::OnAir,
            Self::Receipt,
            Self::Unknown,
        ]
        .into_iter()
        .find(|kind| kind.as_str() == text)
        .ok_or_else(|| std::io::Error::other("unknown kind of record"))
    }
}

/// One record as it came from a device.
#[derive(Debug, Clone)]
pub struct NewRecord {
    pub boot: BootId,
    pub seq: u64,
    pub mono_ms: u64,
    pub wall_ms: TimeMs,
    pub clock: ClockQuality,
    pub kind: RecordKind,
    /// The interval that the record is about, where it has one.
    pub span: Option<(TimeMs, TimeMs)>,
    /// For receipts: what checking it gave.
    pub receipt: Option<ReceiptFacts>,
    /// The body as JSON.
    pub body: String,
}

/// What the controller notes by itself; it stands among the events.
#[derive(Debug, Clone)]
pub struct Note {
    device: Option<DeviceId>,
    kind: &'static str,
    detail: BTreeMap<String, String>,
}

/// What is stored after a batch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ingested {
    /// Per boot of the batch: every record up to this number is stored or known to be lost.
    pub ack: BTreeMap<BootId, u64>,
    /// How many records of the batch were new.
    pub new: usize,
}

impl Note {
    /// A note about one device.
    pub fn about<const N: usize>(
        device: &DeviceId,
        kind: &'static str,
        detail: [(&str, String); N],
    ) -> Self {
        Self {
            device: Some(device.clone()),
            ..Self::general(kind, detail)
        }
    }

    /// A note about no device in particular.
    pub fn general<const N: usize>(kind: &'static str, detail: [(&str, String); N]) -> Self {
        Self {
            device: None,
            kind,
            detail: detail.into_iter().map(|(k, v)| (k.to_owned(), v)).collect(),
        }
    }
}

impl Store {
    /// Notes something.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn note(&self, what: Note, now: TimeMs) -> Result<(), StoreError> {
        self.write(move |connection| note(connection, &what, now))
            .await
    }

    /// Stores a batch of records. `mark` names the heartbeat that brought it: the same for a
    /// repetition, another for the next one.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing of the batch may be acknowledged.
    pub async fn ingest(
        &self,
        device: DeviceId,
        mark: String,
        records: Vec<NewRecord>,
        now: TimeMs,
    ) -> Result<Ingested, StoreError> {
        self.write(move |connection| ingest(connection, &device, &mark, &records, now))
            .await
    }
}

pub(super) fn note(connection: &Connection, note: &Note, now: TimeMs) -> rusqlite::Result<()> {
    let body = serde_json::json!({ "event": { "kind": note.kind, "detail": note.detail } });
    connection
        .prepare_cached(
            "INSERT INTO record (device, received_ms, wall_ms, clock, kind, body)
             VALUES (?1, ?2, ?2, 'synchronised', 'event', ?3)",
        )?
        .execute(params![
            note.device.as_ref().map(DeviceId::as_str),
            now.0,
            body.to_string()
        ])?;
    Ok(())
}

fn ingest(
    connection: &Connection,
    device: &DeviceId,
    mark: &str,
    records: &[NewRecord],
    now: TimeMs,
) -> rusqlite::Result<Ingested> {
    let mut done = Ingested::default();
    let mut in_order: Vec<_> = records.iter().collect();
    in_order.sort_by_key(|record| record.seq);
    for record in in_order {
        if insert(connection, device, record, now)? {
            done.new += 1;
            receipts::follow(connection, device, record, now)?;
        }
    }
    let boots: BTreeSet<_> = records.iter().map(|record| &record.boot).collect();
    for boot in boots {
        let upto = holes::settle(connection, device, boot, mark, now)?;
        done.ack.insert(boot.clone(), upto);
    }
    Ok(done)
}

fn insert(
    connection: &Connection,
    device: &DeviceId,
    record: &NewRecord,
    now: TimeMs,
) -> rusqlite::Result<bool> {
    let rows = connection
        .prepare_cached(
            "INSERT OR IGNORE INTO record (device, boot, seq, received_ms, mono_ms, wall_ms, clock,
                                           kind, from_ms, to_ms, verdict, body)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        )?
        .execute(params![
            device.as_str(),
            record.boot.as_str(),
            integer(record.seq),
            now.0,
            integer(record.mono_ms),
            record.wall_ms.0,
            clock_text(record.clock),
            record.kind.as_str(),
            record.span.map(|(from, _)| from.0),
            record.span.map(|(_, to)| to.0),
            record.receipt.as_ref().map(ReceiptFacts::verdict),
            record.body
        ])?;
    Ok(rows == 1)
}

const fn clock_text(clock: ClockQuality) -> &'static str {
    match clock {
        ClockQuality::Untrusted => "untrusted",
        ClockQuality::Held => "held",
        ClockQuality::Synchronised => "synchronised",
    }
}
