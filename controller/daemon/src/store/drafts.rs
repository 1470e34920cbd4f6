//! Drafts: documents that still collect signatures.

use super::row::{integer, number, parsed, time};
use super::{DocumentKind, Store, StoreError};
use cotmoc_proto::{Digest, TimeMs};
use rusqlite::{OptionalExtension as _, Row, params};

/// The most drafts that are kept at once.
pub const MAX_DRAFTS: u64 = 1_000;

/// One draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DraftRow {
    pub payload_sha256: Digest,
    pub kind: DocumentKind,
    /// Empty for a root.
    pub channel: String,
    pub number: u64,
    pub updated_ms: TimeMs,
    pub envelope: Vec<u8>,
}

impl Store {
    /// Stores a draft in place of the one with the same payload; `false` if there are too many.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn put_draft(&self, draft: DraftRow) -> Result<bool, StoreError> {
        self.write(move |connection| {
            let rows = connection.execute(
                "INSERT INTO draft (payload_sha256, kind, channel, number, updated_ms, envelope)
                 SELECT ?1, ?2, ?3, ?4, ?5, ?6
                 WHERE (SELECT count(*) FROM draft WHERE payload_sha256 <> ?1) < ?7
                 ON CONFLICT (payload_sha256) DO UPDATE
                 SET envelope = excluded.envelope, updated_ms = excluded.updated_ms",
                params![
                    draft.payload_sha256.to_string(),
                    draft.kind.as_str(),
                    draft.channel,
                    integer(draft.number),
                    draft.updated_ms.0,
                    draft.envelope,
                    integer(MAX_DRAFTS)
                ],
            )?;
            Ok(rows == 1)
        })
        .await
    }

    /// The draft with this payload.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn draft(&self, payload_sha256: Digest) -> Result<Option<DraftRow>, StoreError> {
        self.read(move |connection| {
            connection
                .prepare_cached("SELECT * FROM draft WHERE payload_sha256 = ?1")?
                .query_row([payload_sha256.to_string()], row_of)
                .optional()
        })
        .await
    }

    /// Every draft, or those of one channel, the last changed first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn drafts(&self, channel: Option<String>) -> Result<Vec<DraftRow>, StoreError> {
        self.read(move |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT * FROM draft WHERE ?1 IS NULL OR channel = ?1
                 ORDER BY updated_ms DESC LIMIT 100",
            )?;
            let rows = statement.query_map([channel], row_of)?;
            rows.collect()
        })
        .await
    }

    /// Forgets a draft; whether there was one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn delete_draft(&self, payload_sha256: Digest) -> Result<bool, StoreError> {
        self.write(move |connection| {
            let rows = connection.execute(
                "DELETE FROM draft WHERE payload_sha256 = ?1",
                [payload_sha256.to_string()],
            )?;
            Ok(rows == 1)
        })
        .await
    }
}

fn row_of(row: &Row<'_>) -> rusqlite::Result<DraftRow> {
    Ok(DraftRow {
        payload_sha256: parsed(row, "payload_sha256")?,
        kind: parsed(row, "kind")?,
        channel: row.get("channel")?,
        number: number(row, "number")?,
        updated_ms: time(row, "updated_ms")?,
        envelope: row.get("envelope")?,
    })
}
