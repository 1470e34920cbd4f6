//! Renewal of a device's key: the new key stands beside the old one until it is used; from then on
//! the old one opens nothing.

use super::{holder, one, retire, void_tokens};
use crate::store::records::{self, Note};
use crate::store::{DeviceState, Store, StoreError};
use cotmoc_proto::{DeviceId, Digest, TimeMs};
use rusqlite::{Connection, params};

/// What became of a renewal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Renewed {
    /// The new key may be used; asking again changes nothing.
    Done,
    /// The device is not active, or the key that asks is no longer its key.
    NotActive,
    /// The key is already one of a device, or was one.
    KeyInUse,
}

/// What became of a key that was used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Promoted {
    /// It is the device's key now.
    Done,
    /// It was so before.
    Already,
    /// Another new key took its place, or the device is not active.
    Void,
}

impl Store {
    /// Puts the key `spki` beside the key of `device`, in place of a new key that was not used.
    /// `by` is the key that asks.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn renew(
        &self,
        device: DeviceId,
        by: Digest,
        spki: Vec<u8>,
        now: TimeMs,
    ) -> Result<Renewed, StoreError> {
        self.write(move |connection| renew(connection, &device, by, &spki, now))
            .await
    }

    /// The new key of `device` was used: it is the device's key now, the one before is dead.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn promote(
        &self,
        device: DeviceId,
        spki_sha256: Digest,
        now: TimeMs,
    ) -> Result<Promoted, StoreError> {
        self.write(move |connection| promote(connection, &device, spki_sha256, now))
            .await
    }
}

fn renew(
    connection: &Connection,
    device: &DeviceId,
    by: Digest,
    spki: &[u8],
    now: TimeMs,
) -> rusqlite::Result<Renewed> {
    let known = one(connection, device)?;
    let Some(row) = known.filter(|row| row.state == DeviceState::Active && row.spki_sha256 == by)
    else {
        return Ok(Renewed::NotActive);
    };
    let spki_sha256 = Digest::of(spki);
    if row.next.is_some_and(|next| next.spki_sha256 == spki_sha256) {
        return Ok(Renewed::Done);
    }
    if holder(connection, spki_sha256)?.is_some() || is_retired(connection, spki_sha256)? {
        return Ok(Renewed::KeyInUse);
    }
    connection.execute(
        "UPDATE device SET next_spki_sha256 = ?1, next_spki = ?2 WHERE device = ?3",
        params![spki_sha256.to_string(), spki, device.as_str()],
    )?;
    let detail = [("spki_sha256", spki_sha256.to_string())];
    let note = Note::about(device, "device-key-offered", detail);
    records::note(connection, &note, now)?;
    Ok(Renewed::Done)
}

fn promote(
    connection: &Connection,
    device: &DeviceId,
    used: Digest,
    now: TimeMs,
) -> rusqlite::Result<Promoted> {
    let known = one(connection, device)?;
    let Some(row) = known.filter(|row| row.state == DeviceState::Active) else {
        return Ok(Promoted::Void);
    };
    if row.spki_sha256 == used {
        return Ok(Promoted::Already);
    }
    if row.next.is_none_or(|next| next.spki_sha256 != used) {
        return Ok(Promoted::Void);
    }
    connection.execute(
        "UPDATE device SET
             previous_spki_sha256 = spki_sha256, previous_spki = spki,
             spki_sha256 = next_spki_sha256, spki = next_spki,
             next_spki_sha256 = NULL, next_spki = NULL,
             renewed_ms = ?1
         WHERE device = ?2",
        params![now.0, device.as_str()],
    )?;
    retire(connection, device, row.spki_sha256, now)?;
    void_tokens(connection, device)?;
    let detail = [
        ("spki_sha256", used.to_string()),
        ("previous_spki_sha256", row.spki_sha256.to_string()),
    ];
    let note = Note::about(device, "device-key-replaced", detail);
    records::note(connection, &note, now)?;
    Ok(Promoted::Done)
}

pub(super) fn is_retired(connection: &Connection, spki_sha256: Digest) -> rusqlite::Result<bool> {
    connection.query_row(
        "SELECT EXISTS (SELECT 1 FROM retired_key WHERE spki_sha256 = ?1)",
        [spki_sha256.to_string()],
        |row| row.get(0),
    )
}
