//! The logs of incidents. Lines are added, never changed.

use super::row::{integer, json, number, parsed};
use super::{Store, StoreError};
use cotmoc_controller_core::cluster::Clusters;
use cotmoc_controller_core::incident::Entry;
use cotmoc_proto::{ChannelId, ClusterId, DeviceId};
use rusqlite::{Connection, Row, params};

/// One line of an incident's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryRow {
    pub incident: String,
    pub cluster: ClusterId,
    pub entry: Entry,
}

impl Store {
    /// Adds lines, all or none.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing was added.
    pub async fn add_entries(&self, rows: Vec<EntryRow>) -> Result<(), StoreError> {
        self.write(move |connection| add(connection, &rows)).await
    }

    /// Adds what the events up to `record` were worth, and remembers that they were weighed.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing was added, nor remembered.
    pub async fn add_weighed(&self, rows: Vec<EntryRow>, record: u64) -> Result<(), StoreError> {
        self.write(move |connection| {
            add(connection, &rows)?;
            connection
                .prepare_cached("UPDATE weighed SET record = ?1 WHERE id = 1")?
                .execute([integer(record)])?;
            Ok(())
        })
        .await
    }

    /// Up to which record the events of devices were weighed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn weighed(&self) -> Result<u64, StoreError> {
        self.read(|connection| {
            connection
                .prepare_cached("SELECT record FROM weighed WHERE id = 1")?
                .query_row([], |row| number(row, "record"))
        })
        .await
    }

    /// Every line of every log, in the order in which they were added. Lines from before there were
    /// `clusters` belong to the one that their device has now.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn entries(&self, clusters: Clusters) -> Result<Vec<EntryRow>, StoreError> {
        self.read(move |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT e.*, coalesce(d.channel, e.device) AS channel
                 FROM incident_entry e LEFT JOIN device d ON d.device = e.device
                 ORDER BY e.id",
            )?;
            let rows = statement.query_map([], |row| {
                Ok(EntryRow {
                    incident: row.get("incident")?,
                    cluster: cluster(row, &clusters)?,
                    entry: json(row, "entry")?,
                })
            })?;
            rows.collect()
        })
        .await
    }
}

fn add(connection: &Connection, rows: &[EntryRow]) -> rusqlite::Result<()> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO incident_entry (incident, device, cluster, at_ms, entry)
         VALUES (?1, '', ?2, ?3, ?4)",
    )?;
    for row in rows {
        let entry = serde_json::to_string(&row.entry)
            .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
        let at_ms = row.entry.at_ms.0;
        statement.execute(params![row.incident, row.cluster.as_str(), at_ms, entry])?;
    }
    Ok(())
}

fn cluster(row: &Row<'_>, clusters: &Clusters) -> rusqlite::Result<ClusterId> {
    if row.get::<_, String>("cluster")?.is_empty() {
        let device: DeviceId = parsed(row, "device")?;
        let channel: ChannelId = parsed(row, "channel")?;
        return Ok(clusters.of(&device, &channel).id.clone());
    }
    parsed(row, "cluster")
}
