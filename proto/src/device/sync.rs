//! The messages of `POST /d/v1/sync`, `GET /d/v1/wait`, `POST /d/v1/enrol` and `POST /d/v1/renew`.

use super::event::Record;
use super::screen::{ClockQuality, HostHealth, ScreenReport};
use crate::digest::Digest;
use crate::id::{BootId, ChannelId, DeviceId};
use crate::time::TimeMs;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How full a device's outbox is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct OutboxHealth {
    pub waiting: u64,
    /// Samples dropped since the device was set up, because the outbox was full.
    pub dropped: u64,
}

/// One heartbeat with the records that wait. `POST /d/v1/sync`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncRequest {
    pub v: u32,
    pub device: DeviceId,
    pub boot: BootId,
    pub mono_ms: u64,
    pub wall_ms: TimeMs,
    pub clock: ClockQuality,
    pub host: HostHealth,
    pub outbox: OutboxHealth,
    pub screens: Vec<ScreenReport>,
    pub records: Vec<Record>,
}

/// A document that can be fetched by the digest of its envelope's bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentRef {
    /// Version of a root or release, sequence number of a takedown or override.
    pub number: u64,
    pub envelope_sha256: Digest,
}

/// What the device should have. A hint where to look, never an order: only signatures decide.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Desired {
    /// Changes whenever anything below changes.
    pub revision: u64,
    /// Every root after the factory root, in order.
    pub roots: Vec<DocumentRef>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release: Option<DocumentRef>,
    /// The takedowns that are not lifted, in order.
    pub takedowns: Vec<DocumentRef>,
    /// The overrides that say what holds, in order; none that is known to be over.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub overrides: Vec<DocumentRef>,
}

/// The controller's answer to a heartbeat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncResponse {
    pub v: u32,
    pub server_ms: TimeMs,
    /// When to send the next heartbeat, in milliseconds from now.
    pub next_ms: u64,
    /// Per boot: every record up to this number is stored.
    pub ack: BTreeMap<BootId, u64>,
    pub desired: Desired,
}

/// The answer of `GET /d/v1/wait?revision=N`: something changed, look now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaitResponse {
    pub revision: u64,
}

/// `POST /d/v1/enrol` on the enrolment listener.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnrolRequest {
    pub device: DeviceId,
    /// The one-time token.
    pub token: String,
    /// Certificate signing request (PEM); only its public key is used.
    pub csr_pem: String,
}

/// The device's certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnrolResponse {
    pub certificate_pem: String,
    pub channel: ChannelId,
}

/// `POST /d/v1/renew`, over a session of a key that the controller knows. It is the only request
/// that an expired certificate may make.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RenewRequest {
    pub device: DeviceId,
    /// Certificate signing request (PEM) of the new key; only its public key is used.
    pub csr_pem: String,
}

/// The certificate of the new key. The old key is good until the new one has been used once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RenewResponse {
    pub certificate_pem: String,
}
