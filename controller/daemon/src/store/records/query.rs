//! Reading records back, a page at a time.

use super::RecordKind;
use crate::store::row::{json, maybe_time, number, parsed, time};
use crate::store::{Store, StoreError};
use cotmoc_proto::{BootId, DeviceId, TimeMs};
use rusqlite::{Row, params};

/// Which records are wanted.
#[derive(Debug, Clone)]
pub struct RecordQuery {
    pub kind: RecordKind,
    pub device: Option<DeviceId>,
    /// Only records after this id.
    pub after: u64,
    /// Only records whose interval touches this one (half-open).
    pub span: Option<(TimeMs, TimeMs)>,
    pub limit: u32,
    pub newest_first: bool,
}

/// One stored record.
#[derive(Debug, Clone, serde::Serialize)]
pub struct RecordRow {
    pub id: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<DeviceId>,
    /// Absent where the controller noted it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub boot: Option<BootId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seq: Option<u64>,
    pub received_ms: TimeMs,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mono_ms: Option<TimeMs>,
    pub wall_ms: TimeMs,
    pub clock: String,
    pub kind: RecordKind,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verdict: Option<String>,
    pub body: serde_json::Value,
}

impl Store {
    /// The records that `query` asks for.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn records(&self, query: RecordQuery) -> Result<Vec<RecordRow>, StoreError> {
        self.read(move |connection| {
            let order = if query.newest_first { "DESC" } else { "ASC" };
            let mut statement = connection.prepare_cached(&format!(
                "SELECT * FROM record
                 WHERE kind = ?1 AND id > ?2 AND (?3 IS NULL OR device = ?3)
                   AND (?4 IS NULL OR (from_ms < ?5 AND to_ms > ?4))
                 ORDER BY id {order} LIMIT ?6"
            ))?;
            let rows = statement.query_map(
                params![
                    query.kind.as_str(),
                    super::integer(query.after),
                    query.device.as_ref().map(DeviceId::as_str),
                    query.span.map(|(from, _)| from.0),
                    query.span.map(|(_, to)| to.0),
                    query.limit
                ],
                row_of,
            )?;
            rows.collect()
        })
        .await
    }
}

fn row_of(row: &Row<'_>) -> rusqlite::Result<RecordRow> {
    let from_device = row.get::<_, Option<i64>>("seq")?.is_some();
    let has_device = row.get::<_, Option<String>>("device")?.is_some();
    Ok(RecordRow {
        id: number(row, "id")?,
        device: has_device.then(|| parsed(row, "device")).transpose()?,
        boot: from_device.then(|| parsed(row, "boot")).transpose()?,
        seq: from_device.then(|| number(row, "seq")).transpose()?,
        received_ms: time(row, "received_ms")?,
        mono_ms: maybe_time(row, "mono_ms")?,
        wall_ms: time(row, "wall_ms")?,
        clock: row.get("clock")?,
        kind: parsed(row, "kind")?,
        verdict: row.get("verdict")?,
        body: json(row, "body")?,
    })
}
