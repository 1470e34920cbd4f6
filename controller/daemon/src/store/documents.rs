//! What was published: kept for ever, by the digest of its bytes.

use super::channels;
use super::records::{self, Note};
use super::row::{integer, number, parsed, time};
use super::{Store, StoreError};
use cotmoc_proto::{ChannelId, DeviceId, Digest, TimeMs};
use rusqlite::{Connection, OptionalExtension as _, Row, params};

/// What kind of document it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum DocumentKind {
    Root,
    Release,
    Takedown,
    Override,
}

impl DocumentKind {
    /// The kind as it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::Release => "release",
            Self::Takedown => "takedown",
            Self::Override => "override",
        }
    }
}

impl std::str::FromStr for DocumentKind {
    type Err = std::io::Error;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::Root, Self::Release, Self::Takedown, Self::Override]
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or_else(|| std::io::Error::other("unknown kind of document"))
    }
}

/// A document that passed every check and is to be published.
#[derive(Debug, Clone)]
pub struct NewDocument {
    pub kind: DocumentKind,
    /// `None`: for the whole site.
    pub channel: Option<ChannelId>,
    pub epoch: u64,
    pub number: u64,
    /// How often it was published again with more signatures before.
    pub resigned: u64,
    pub envelope_sha256: Digest,
    pub payload_sha256: Digest,
    pub envelope: Vec<u8>,
    pub devices: Vec<DeviceId>,
    /// Every blob it needs, chunk lists included.
    pub blobs: Vec<Digest>,
}

/// A published document without its bytes.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct DocumentRow {
    pub kind: DocumentKind,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<ChannelId>,
    pub epoch: u64,
    pub number: u64,
    /// How often it was published again with more signatures before.
    #[serde(skip)]
    pub resigned: u64,
    pub envelope_sha256: Digest,
    pub payload_sha256: Digest,
    pub published_ms: TimeMs,
}

impl Store {
    /// Publishes a document: its bytes, whom it is for and what it needs, the new revision, the
    /// note of it, and the end of its draft, all at once.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing of it is stored.
    pub async fn publish(
        &self,
        document: NewDocument,
        note: Note,
        now: TimeMs,
    ) -> Result<(), StoreError> {
        self.write(move |connection| insert(connection, &document, &note, now))
            .await
    }

    /// Every published document, oldest first, each as it was signed last.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn documents(
        &self,
        kind: DocumentKind,
        channel: Option<ChannelId>,
    ) -> Result<Vec<DocumentRow>, StoreError> {
        self.read(move |connection| {
            let channel = channel.as_ref().map_or("", ChannelId::as_str);
            let mut statement = connection.prepare_cached(
                "SELECT *, max(resigned) FROM document WHERE kind = ?1 AND channel = ?2
                 GROUP BY epoch, number ORDER BY epoch, number",
            )?;
            let rows = statement.query_map(params![kind.as_str(), channel], row_of)?;
            rows.collect()
        })
        .await
    }

    /// The newest release of `channel` in `epoch` for each device that one names, as it was signed
    /// last.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn newest_releases(
        &self,
        channel: ChannelId,
        epoch: u64,
    ) -> Result<Vec<(DeviceId, DocumentRow)>, StoreError> {
        self.read(move |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT document_device.device AS for_device, max(number * 1000 + resigned),
                        document.*
                 FROM document JOIN document_device USING (envelope_sha256)
                 WHERE kind = 'release' AND channel = ?1 AND epoch = ?2
                 GROUP BY document_device.device",
            )?;
            let rows = statement.query_map(params![channel.as_str(), integer(epoch)], |row| {
                Ok((parsed(row, "for_device")?, row_of(row)?))
            })?;
            rows.collect()
        })
        .await
    }

    /// The bytes of the envelope `sha256`, with what it is.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn envelope(
        &self,
        sha256: Digest,
    ) -> Result<Option<(DocumentRow, Vec<u8>)>, StoreError> {
        self.read(move |connection| {
            connection
                .prepare_cached("SELECT * FROM document WHERE envelope_sha256 = ?1")?
                .query_row([sha256.to_string()], |row| {
                    Ok((row_of(row)?, row.get("envelope")?))
                })
                .optional()
        })
        .await
    }
}

fn insert(
    connection: &Connection,
    document: &NewDocument,
    note: &Note,
    now: TimeMs,
) -> rusqlite::Result<()> {
    let channel = document.channel.as_ref().map(ChannelId::as_str);
    let sha256 = document.envelope_sha256.to_string();
    connection.execute(
        "INSERT INTO document (envelope_sha256, kind, channel, epoch, number, resigned,
                               payload_sha256, published_ms, envelope)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        params![
            sha256,
            document.kind.as_str(),
            channel.unwrap_or_default(),
            integer(document.epoch),
            integer(document.number),
            integer(document.resigned),
            document.payload_sha256.to_string(),
            now.0,
            document.envelope
        ],
    )?;
    for device in &document.devices {
        connection.execute(
            "INSERT INTO document_device (envelope_sha256, device) VALUES (?1, ?2)",
            params![sha256, device.as_str()],
        )?;
    }
    for blob in &document.blobs {
        connection.execute(
            "INSERT OR IGNORE INTO document_blob (sha256, envelope_sha256, channel)
             VALUES (?1, ?2, ?3)",
            params![blob.to_string(), sha256, channel.unwrap_or_default()],
        )?;
    }
    connection.execute(
        "DELETE FROM draft WHERE payload_sha256 = ?1",
        [document.payload_sha256.to_string()],
    )?;
    channels::touch(connection, channel)?;
    records::note(connection, note, now)
}

fn row_of(row: &Row<'_>) -> rusqlite::Result<DocumentRow> {
    let channel: String = row.get("channel")?;
    Ok(DocumentRow {
        kind: parsed(row, "kind")?,
        channel: (!channel.is_empty())
            .then(|| parsed(row, "channel"))
            .transpose()?,
        epoch: number(row, "epoch")?,
        number: number(row, "number")?,
        resigned: number(row, "resigned")?,
        envelope_sha256: parsed(row, "envelope_sha256")?,
        payload_sha256: parsed(row, "payload_sha256")?,
        published_ms: time(row, "published_ms")?,
    })
}
