//! Reading records back, a page at a time.

use super::RecordKind;
use crate::store::row::{json, maybe_number, number, parsed, time};
use crate::store::{Store, StoreError};
use cotmoc_controller_core::ledger::Span;
use cotmoc_controller_core::report::Heard;
use cotmoc_proto::device::{ClockQuality, Event};
use cotmoc_proto::{BootId, DeviceId, TimeMs};
use rusqlite::{Row, params};

/// Which records are wanted.
#[derive(Debug, Clone)]
pub struct RecordQuery {
    pub kind: RecordKind,
    pub device: Option<DeviceId>,
    /// The records after this id; `None`: the newest ones.
    pub after: Option<u64>,
    /// Only records whose interval touches this one (half-open).
    pub span: Option<(TimeMs, TimeMs)>,
    pub limit: u32,
}

/// Who wrote a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    Device,
    Controller,
}

/// One stored record. What the controller noted has the boot `controller` and its id as number.
#[derive(Debug, Clone, serde::Serialize)]
pub struct RecordRow {
    pub id: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<DeviceId>,
    pub source: Source,
    pub boot: BootId,
    pub seq: u64,
    pub received_ms: TimeMs,
    pub mono_ms: u64,
    pub wall_ms: TimeMs,
    pub clock: String,
    pub kind: RecordKind,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verdict: Option<String>,
    pub body: serde_json::Value,
}

impl Store {
    /// The records that `query` asks for, oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn records(&self, query: RecordQuery) -> Result<Vec<RecordRow>, StoreError> {
        self.read(move |connection| {
            let order = if query.after.is_some() { "ASC" } else { "DESC" };
            let mut statement = connection.prepare_cached(&format!(
                "SELECT * FROM record
                 WHERE kind = ?1 AND id > ?2 AND (?3 IS NULL OR device = ?3)
                   AND (?4 IS NULL OR (from_ms < ?5 AND to_ms > ?4))
                 ORDER BY id {order} LIMIT ?6"
            ))?;
            let rows = statement.query_map(
                params![
                    query.kind.as_str(),
                    super::integer(query.after.unwrap_or_default()),
                    query.device.as_ref().map(DeviceId::as_str),
                    query.span.map(|(from, _)| from.0),
                    query.span.map(|(_, to)| to.0),
                    query.limit
                ],
                row_of,
            )?;
            let mut rows: Vec<RecordRow> = rows.collect::<rusqlite::Result<_>>()?;
            rows.sort_by_key(|row| row.id);
            Ok(rows)
        })
        .await
    }
}

/// What the controller notes about itself that a report of an incident names.
const OF_CONTROLLER: &str = r#"["controller-started", "controller-unwell", "controller-well",
    "witness-deaf", "witness-hears", "notice-dead"]"#;

impl Store {
    /// What `devices` and the controller noted, received within `span`: the last so many, oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn heard(
        &self,
        devices: Vec<DeviceId>,
        span: Span,
        limit: u32,
    ) -> Result<Vec<Heard>, StoreError> {
        let devices: Vec<String> = devices.iter().map(ToString::to_string).collect();
        let devices = serde_json::Value::from(devices).to_string();
        self.read(move |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT * FROM record
                 WHERE kind = 'event' AND received_ms BETWEEN ?2 AND ?3
                   AND (device IN (SELECT value FROM json_each(?1)) OR device IS NULL
                        AND body ->> '$.event.kind' IN (SELECT value FROM json_each(?4)))
                 ORDER BY id DESC LIMIT ?5",
            )?;
            let (from, to) = (span.from_ms.0, span.to_ms.0);
            let rows =
                statement.query_map(params![devices, from, to, OF_CONTROLLER, limit], heard_of)?;
            let mut rows: Vec<Heard> = rows.collect::<rusqlite::Result<_>>()?;
            rows.reverse();
            Ok(rows)
        })
        .await
    }
}

fn heard_of(row: &Row<'_>) -> rusqlite::Result<Heard> {
    let record = row_of(row)?;
    let event = record.body.get("event").cloned().unwrap_or_default();
    let event: Option<Event> = serde_json::from_value(event).ok();
    let kind = event.as_ref().map(|event| serde_json::json!(event.kind));
    let kind = kind.as_ref().and_then(serde_json::Value::as_str);
    let clock = serde_json::from_value(record.clock.into());
    Ok(Heard {
        device: record.device,
        at_ms: record.wall_ms,
        received_ms: record.received_ms,
        clock: clock.unwrap_or(ClockQuality::Untrusted),
        kind: kind.unwrap_or("unknown").to_owned(),
        detail: event.map(|event| event.detail).unwrap_or_default(),
    })
}

fn row_of(row: &Row<'_>) -> rusqlite::Result<RecordRow> {
    let has_device = row.get::<_, Option<String>>("device")?.is_some();
    let (source, boot, seq) = match row.get::<_, Option<i64>>("seq")? {
        Some(_) => (Source::Device, parsed(row, "boot")?, number(row, "seq")?),
        None => (Source::Controller, own_boot(), number(row, "id")?),
    };
    Ok(RecordRow {
        id: number(row, "id")?,
        device: has_device.then(|| parsed(row, "device")).transpose()?,
        source,
        boot,
        seq,
        received_ms: time(row, "received_ms")?,
        mono_ms: maybe_number(row, "mono_ms")?.unwrap_or_default(),
        wall_ms: time(row, "wall_ms")?,
        clock: row.get("clock")?,
        kind: parsed(row, "kind")?,
        verdict: row.get("verdict")?,
        body: json(row, "body")?,
    })
}

fn own_boot() -> BootId {
    "controller"
        .parse()
        .expect("the name is a legal identifier")
}
