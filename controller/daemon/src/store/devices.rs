//! Devices, their keys, and the one-time tokens by which they are enrolled.

mod renewal;

pub use renewal::{Promoted, Renewed};

use super::records::{self, Note};
use super::row::{maybe_parsed, maybe_time, parsed, time};
use super::{Store, StoreError};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cotmoc_proto::{ChannelId, DeviceId, Digest, TimeMs};
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use serde::ser::SerializeMap as _;

/// Where a device stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeviceState {
    /// Registered; its certificate has not been fetched yet.
    Pending,
    Active,
    /// Its key is refused for ever.
    Revoked,
}

impl DeviceState {
    /// The state as it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Active => "active",
            Self::Revoked => "revoked",
        }
    }
}

impl std::str::FromStr for DeviceState {
    type Err = std::io::Error;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::Pending, Self::Active, Self::Revoked]
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or_else(|| std::io::Error::other("unknown state of a device"))
    }
}

/// One device.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct DeviceRow {
    pub device: DeviceId,
    pub channel: ChannelId,
    pub state: DeviceState,
    pub spki_sha256: Digest,
    /// The public key (SubjectPublicKeyInfo), once it is known; base64 in JSON.
    #[serde(
        serialize_with = "base64_text",
        skip_serializing_if = "Option::is_none"
    )]
    pub spki: Option<Vec<u8>>,
    /// A new key that has its certificate and was not used yet.
    #[serde(flatten, serialize_with = "next_key")]
    pub next: Option<OtherKey>,
    /// The key before this one: dead, but receipts that were signed with it hold.
    #[serde(flatten, serialize_with = "previous_key")]
    pub previous: Option<OtherKey>,
    pub registered_ms: TimeMs,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enrolled_ms: Option<TimeMs>,
    /// When the key was used for the first time, if it came by renewal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub renewed_ms: Option<TimeMs>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revoked_ms: Option<TimeMs>,
}

/// A key of a device beside the one in use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtherKey {
    pub spki_sha256: Digest,
    /// SubjectPublicKeyInfo.
    pub spki: Vec<u8>,
}

impl DeviceRow {
    /// Every key whose receipts hold, as SubjectPublicKeyInfo.
    pub fn receipt_keys(&self) -> impl Iterator<Item = &[u8]> {
        let others = [&self.next, &self.previous].into_iter().flatten();
        self.spki
            .as_deref()
            .into_iter()
            .chain(others.map(|key| key.spki.as_slice()))
    }
}

/// A device that is to be enrolled, and the digest of its token.
#[derive(Debug, Clone)]
pub struct Registration {
    pub device: DeviceId,
    pub channel: ChannelId,
    pub spki_sha256: Digest,
    pub token_sha256: Digest,
    pub expires_ms: TimeMs,
}

/// What became of a registration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Registered {
    Done,
    UnknownChannel,
    /// The device is active with another key.
    ActiveWithOtherKey,
    /// Another device has this key.
    KeyOfOtherDevice,
    /// The key was revoked.
    RetiredKey,
}

/// What became of an enrolment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Enrolled {
    Done(ChannelId),
    /// No such token for this device and key, or it has expired.
    Refused,
    /// The token was used before.
    Used,
}

impl Store {
    /// Registers a device and its token; an older token of the device that was not used is void.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn register(
        &self,
        registration: Registration,
        now: TimeMs,
    ) -> Result<Registered, StoreError> {
        self.write(move |connection| register(connection, &registration, now))
            .await
    }

    /// Uses the token up and makes the device active with the key `spki`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn enrol(
        &self,
        device: DeviceId,
        token_sha256: Digest,
        spki: Vec<u8>,
        now: TimeMs,
    ) -> Result<Enrolled, StoreError> {
        self.write(move |connection| enrol(connection, &device, token_sha256, &spki, now))
            .await
    }

    /// Revokes a device; `false` if there is none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn revoke(&self, device: DeviceId, now: TimeMs) -> Result<bool, StoreError> {
        self.write(move |connection| revoke(connection, &device, now))
            .await
    }

    /// Every device, by name.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn devices(&self) -> Result<Vec<DeviceRow>, StoreError> {
        self.read(|connection| {
            let mut statement =
                connection.prepare_cached("SELECT * FROM device ORDER BY device")?;
            let rows = statement.query_map([], row_of)?;
            rows.collect()
        })
        .await
    }

    /// When the last live token expires, if there is one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn last_token_expiry(&self, now: TimeMs) -> Result<Option<TimeMs>, StoreError> {
        self.read(move |connection| {
            connection.query_row(
                "SELECT max(expires_ms) AS last FROM token WHERE used_ms IS NULL AND expires_ms > ?1",
                [now.0],
                |row| maybe_time(row, "last"),
            )
        })
        .await
    }
}

fn register(
    connection: &Connection,
    new: &Registration,
    now: TimeMs,
) -> rusqlite::Result<Registered> {
    let exists = |sql: &str, value: &str| -> rusqlite::Result<bool> {
        connection.query_row(sql, [value], |row| row.get(0))
    };
    let spki_sha256 = new.spki_sha256.to_string();
    if !exists(
        "SELECT EXISTS (SELECT 1 FROM channel WHERE channel = ?1)",
        new.channel.as_str(),
    )? {
        return Ok(Registered::UnknownChannel);
    }
    if renewal::is_retired(connection, new.spki_sha256)? {
        return Ok(Registered::RetiredKey);
    }
    let holder = holder(connection, new.spki_sha256)?;
    if holder.is_some_and(|holder| holder != new.device) {
        return Ok(Registered::KeyOfOtherDevice);
    }
    let known = one(connection, &new.device)?;
    if known
        .is_some_and(|row| row.state == DeviceState::Active && row.spki_sha256 != new.spki_sha256)
    {
        return Ok(Registered::ActiveWithOtherKey);
    }
    put_registered(connection, new, &spki_sha256, now)?;
    let note = Note::about(
        &new.device,
        "device-registered",
        [("channel", new.channel.to_string())],
    );
    records::note(connection, &note, now)?;
    Ok(Registered::Done)
}

fn put_registered(
    connection: &Connection,
    new: &Registration,
    spki_sha256: &str,
    now: TimeMs,
) -> rusqlite::Result<()> {
    let device = new.device.as_str();
    connection.execute(
        "INSERT INTO device (device, channel, state, spki_sha256, registered_ms)
         VALUES (?1, ?2, 'pending', ?3, ?4)
         ON CONFLICT (device) DO UPDATE SET
             channel = excluded.channel,
             registered_ms = excluded.registered_ms,
             state = iif(state = 'active', 'active', 'pending'),
             spki = iif(spki_sha256 = excluded.spki_sha256, spki, NULL),
             previous_spki = iif(spki_sha256 = excluded.spki_sha256, previous_spki, NULL),
             previous_spki_sha256 =
                 iif(spki_sha256 = excluded.spki_sha256, previous_spki_sha256, NULL),
             renewed_ms = iif(spki_sha256 = excluded.spki_sha256, renewed_ms, NULL),
             next_spki = NULL,
             next_spki_sha256 = NULL,
             spki_sha256 = excluded.spki_sha256,
             revoked_ms = NULL",
        params![device, new.channel.as_str(), spki_sha256, now.0],
    )?;
    void_tokens(connection, &new.device)?;
    connection.execute(
        "INSERT INTO token (token_sha256, device, spki_sha256, expires_ms) VALUES (?1, ?2, ?3, ?4)",
        params![
            new.token_sha256.to_string(),
            device,
            spki_sha256,
            new.expires_ms.0
        ],
    )?;
    Ok(())
}

fn enrol(
    connection: &Connection,
    device: &DeviceId,
    token_sha256: Digest,
    spki: &[u8],
    now: TimeMs,
) -> rusqlite::Result<Enrolled> {
    let token: Option<(bool, TimeMs)> = connection
        .query_row(
            "SELECT used_ms IS NOT NULL AS used, expires_ms FROM token
             WHERE token_sha256 = ?1 AND device = ?2 AND spki_sha256 = ?3",
            params![
                token_sha256.to_string(),
                device.as_str(),
                Digest::of(spki).to_string()
            ],
            |row| Ok((row.get("used")?, time(row, "expires_ms")?)),
        )
        .optional()?;
    match token {
        None => return Ok(Enrolled::Refused),
        Some((true, _)) => return Ok(Enrolled::Used),
        Some((false, expires_ms)) if expires_ms <= now => return Ok(Enrolled::Refused),
        Some((false, _)) => {}
    }
    connection.execute(
        "UPDATE token SET used_ms = ?1 WHERE token_sha256 = ?2",
        params![now.0, token_sha256.to_string()],
    )?;
    connection.execute(
        "UPDATE device SET state = 'active', spki = ?1, enrolled_ms = ?2 WHERE device = ?3",
        params![spki, now.0, device.as_str()],
    )?;
    records::note(connection, &Note::about(device, "device-enrolled", []), now)?;
    Ok(one(connection, device)?.map_or(Enrolled::Refused, |row| Enrolled::Done(row.channel)))
}

fn revoke(connection: &Connection, device: &DeviceId, now: TimeMs) -> rusqlite::Result<bool> {
    let Some(row) = one(connection, device)? else {
        return Ok(false);
    };
    if row.state == DeviceState::Revoked {
        return Ok(true);
    }
    connection.execute(
        "UPDATE device SET state = 'revoked', revoked_ms = ?1 WHERE device = ?2",
        params![now.0, device.as_str()],
    )?;
    let next = row.next.map(|key| key.spki_sha256);
    for key in [Some(row.spki_sha256), next].into_iter().flatten() {
        retire(connection, device, key, now)?;
    }
    void_tokens(connection, device)?;
    records::note(connection, &Note::about(device, "device-revoked", []), now)?;
    Ok(true)
}

fn one(connection: &Connection, device: &DeviceId) -> rusqlite::Result<Option<DeviceRow>> {
    connection
        .prepare_cached("SELECT * FROM device WHERE device = ?1")?
        .query_row([device.as_str()], row_of)
        .optional()
}

/// The device that has this key, or will have it.
fn holder(connection: &Connection, spki_sha256: Digest) -> rusqlite::Result<Option<DeviceId>> {
    connection
        .query_row(
            "SELECT device FROM device WHERE spki_sha256 = ?1 OR next_spki_sha256 = ?1",
            [spki_sha256.to_string()],
            |row| parsed(row, "device"),
        )
        .optional()
}

/// From now on nobody is let in with this key.
fn retire(
    connection: &Connection,
    device: &DeviceId,
    spki_sha256: Digest,
    now: TimeMs,
) -> rusqlite::Result<()> {
    connection.execute(
        "INSERT OR IGNORE INTO retired_key (spki_sha256, device, retired_ms) VALUES (?1, ?2, ?3)",
        params![spki_sha256.to_string(), device.as_str(), now.0],
    )?;
    Ok(())
}

fn void_tokens(connection: &Connection, device: &DeviceId) -> rusqlite::Result<()> {
    connection.execute(
        "DELETE FROM token WHERE device = ?1 AND used_ms IS NULL",
        [device.as_str()],
    )?;
    Ok(())
}

fn row_of(row: &Row<'_>) -> rusqlite::Result<DeviceRow> {
    Ok(DeviceRow {
        device: parsed(row, "device")?,
        channel: parsed(row, "channel")?,
        state: parsed(row, "state")?,
        spki_sha256: parsed(row, "spki_sha256")?,
        spki: row.get("spki")?,
        next: other_key(row, "next_spki_sha256", "next_spki")?,
        previous: other_key(row, "previous_spki_sha256", "previous_spki")?,
        registered_ms: time(row, "registered_ms")?,
        enrolled_ms: maybe_time(row, "enrolled_ms")?,
        renewed_ms: maybe_time(row, "renewed_ms")?,
        revoked_ms: maybe_time(row, "revoked_ms")?,
    })
}

fn other_key(row: &Row<'_>, digest: &str, key: &str) -> rusqlite::Result<Option<OtherKey>> {
    let digest: Option<Digest> = maybe_parsed(row, digest)?;
    let key: Option<Vec<u8>> = row.get(key)?;
    Ok(digest
        .zip(key)
        .map(|(spki_sha256, spki)| OtherKey { spki_sha256, spki }))
}

fn next_key<S: serde::Serializer>(
    key: &Option<OtherKey>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    named(serializer, "next_spki_sha256", "next_spki", key.as_ref())
}

fn previous_key<S: serde::Serializer>(
    key: &Option<OtherKey>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let (digest, whole) = ("previous_spki_sha256", "previous_spki");
    named(serializer, digest, whole, key.as_ref())
}

/// A key as two fields of the device.
fn named<S: serde::Serializer>(
    serializer: S,
    digest: &'static str,
    whole: &'static str,
    key: Option<&OtherKey>,
) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(None)?;
    if let Some(key) = key {
        map.serialize_entry(digest, &key.spki_sha256)?;
        map.serialize_entry(whole, &STANDARD.encode(&key.spki))?;
    }
    map.end()
}

fn base64_text<S: serde::Serializer>(
    bytes: &Option<Vec<u8>>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let bytes = bytes.as_deref().unwrap_or_default();
    serializer.serialize_str(&STANDARD.encode(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn e14_a_token_is_worth_nothing_after_its_time() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("a.db")).unwrap();
        let (now, end) = (TimeMs(1_000), TimeMs(901_000));
        let channel: ChannelId = "hall".parse().unwrap();
        let device: DeviceId = "W01".parse().unwrap();
        store.add_channel(channel.clone(), now).await.unwrap();
        let registration = Registration {
            device: device.clone(),
            channel: channel.clone(),
            spki_sha256: Digest::of(b"key"),
            token_sha256: Digest::of(b"token"),
            expires_ms: end,
        };
        let registered = store.register(registration, now).await.unwrap();
        assert_eq!(registered, Registered::Done);
        let enrol = async |at| {
            let token = Digest::of(b"token");
            let enrolled = store.enrol(device.clone(), token, b"key".to_vec(), at);
            enrolled.await.unwrap()
        };
        let open = async |at| store.last_token_expiry(at).await.unwrap();
        assert_eq!(open(end.plus(-1)).await, Some(end));
        assert_eq!(open(end).await, None);
        assert_eq!(enrol(end).await, Enrolled::Refused);
        assert_eq!(enrol(end.plus(-1)).await, Enrolled::Done(channel));
        assert_eq!(enrol(end.plus(-1)).await, Enrolled::Used);
        assert_eq!(open(now).await, None);
    }
}
