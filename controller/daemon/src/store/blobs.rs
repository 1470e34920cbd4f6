//! Which blobs are stored, and for which channels they may be fetched. The bytes are files.

use super::row::{integer, number, parsed};
use super::{Store, StoreError};
use cotmoc_proto::{ChannelId, Digest, TimeMs};
use rusqlite::{Connection, OptionalExtension as _, params};

/// One stored blob.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlobRow {
    pub sha256: Digest,
    pub size_bytes: u64,
    /// Digest of the chunk list for chunks of 1 MiB.
    pub chunks_sha256: Digest,
}

impl Store {
    /// Notes a blob whose file is in place.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn add_blob(&self, blob: BlobRow, now: TimeMs) -> Result<(), StoreError> {
        self.write(move |connection| {
            connection.execute(
                "INSERT OR IGNORE INTO blob (sha256, size_bytes, chunks_sha256, stored_ms)
                 VALUES (?1, ?2, ?3, ?4)",
                params![
                    blob.sha256.to_string(),
                    integer(blob.size_bytes),
                    blob.chunks_sha256.to_string(),
                    now.0
                ],
            )?;
            Ok(())
        })
        .await
    }

    /// The blob `sha256`, if it is stored.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn blob(&self, sha256: Digest) -> Result<Option<BlobRow>, StoreError> {
        self.read(move |connection| one(connection, sha256)).await
    }

    /// The blob `sha256`, if a document that was published for `channel` needs it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn blob_for(
        &self,
        sha256: Digest,
        channel: ChannelId,
    ) -> Result<Option<BlobRow>, StoreError> {
        self.read(move |connection| {
            let needed: bool = connection.query_row(
                "SELECT EXISTS (SELECT 1 FROM document_blob WHERE sha256 = ?1 AND channel = ?2)",
                params![sha256.to_string(), channel.as_str()],
                |row| row.get(0),
            )?;
            if needed {
                one(connection, sha256)
            } else {
                Ok(None)
            }
        })
        .await
    }
}

fn one(connection: &Connection, sha256: Digest) -> rusqlite::Result<Option<BlobRow>> {
    connection
        .prepare_cached("SELECT * FROM blob WHERE sha256 = ?1")?
        .query_row([sha256.to_string()], |row| {
            Ok(BlobRow {
                sha256: parsed(row, "sha256")?,
                size_bytes: number(row, "size_bytes")?,
                chunks_sha256: parsed(row, "chunks_sha256")?,
            })
        })
        .optional()
}
