//! Records that a device keeps until the controller has stored them.

use super::screen::ClockQuality;
use crate::digest::Digest;
use crate::id::{BootId, ItemId, PlaylistId};
use crate::time::TimeMs;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What happened. Reasons stand in the event's detail under `reason`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EventKind {
    /// A process of the device started; detail `process`.
    Started,
    /// A process of the device stopped in order; detail `process`.
    Stopped,
    ReleaseAccepted,
    ReleaseRefused,
    TakedownAccepted,
    TakedownRefused,
    /// A template is ordered, or an order is ended; detail `seq`, `template`, `ends`.
    OverrideAccepted,
    /// An override is not accepted, or is not shown; detail `reason`.
    OverrideRefused,
    /// The time of an override is used up; detail `seq`.
    OverrideOver,
    RootAccepted,
    RootRefused,
    /// Signed media could not be fetched; the running release goes on.
    MediaRefused,
    /// An item could not be played and cost its own slot; detail `item`, `reason`.
    ItemFault,
    /// What is on the device's disk is not what was signed; detail `what`, `reason`.
    IntegrityFault,
    /// The clock was moved by more than a clock drifts.
    ClockStep,
    /// The clock can no longer, or can again, be believed; detail `quality`.
    ClockQuality,
    OutputLost,
    OutputRestored,
    AudioLost,
    AudioRestored,
    /// A screen stopped talking to the agent, or talks again; detail `screen`.
    ScreenLost,
    ScreenRestored,
    /// Storage of the device is full or fails; detail `reason`.
    StorageFault,
    /// Records were dropped because the outbox was full; detail `count`.
    RecordsDropped,
    /// The device has a new key and certificate; detail `spki_sha256`, `until`.
    CertificateRenewed,
    /// The certificate has used three quarters of its life and could not be renewed; detail
    /// `reason`, `until`.
    CertificateExpiring,
    /// A screen helped itself; detail `step` (`branch`, `process` or `board`), `what`, `reason`.
    Remedy,
    /// The boot before this one ended without order, by a power cut or a reset; detail `after_ms`
    /// (the last mark of life), `before_ms` (the start of this boot), `clock`, `boot`.
    PowerLost,
    /// A process of the device ended without order within this boot; detail `process`, `after_ms`,
    /// `before_ms`, `clock`.
    ProcessDied,
    /// Mains power is gone, or is back, as a sense line says; detail `line`. This and all below say
    /// `since_ms` (when it was first seen), `since_mono_ms` (the same since the boot), and at their
    /// end `until_ms`.
    MainsLost,
    MainsRestored,
    /// The device runs from its battery, or no longer; detail `line`.
    OnBattery,
    OffBattery,
    /// The battery is nearly empty, or is charged again; detail `line`.
    BatteryLow,
    BatteryRestored,
    /// The cabinet's door; detail `line`.
    DoorOpened,
    DoorClosed,
    /// The tamper switch of the cabinet; detail `line`.
    TamperDetected,
    TamperCleared,
    /// A configured line cannot be read, so nobody knows what it would say; detail `line`.
    LineLost,
    LineRestored,
    /// A screen talks but lights nothing while it should; detail `screen`.
    PictureLost,
    PictureRestored,
    /// A screen says that it is on air, but presents no new frames; detail `screen`.
    PictureFrozen,
    PictureMoving,
    /// A screen that had an integrity fault has none any more; detail `screen`.
    IntegrityRestored,
    /// The controller could not be reached; told when it can be.
    NetworkLost,
    NetworkRestored,
    /// The board suffers; detail `what` (`heat`, `memory` or `disk`).
    HostUnwell,
    HostWell,
    /// The board is being switched off; detail `reason`.
    PoweringOff,
    /// A visitor of a kiosk gave feedback; detail `face`, `reasons`, `note`, `about`, `language`,
    /// `package`, `flags`, `withheld`, those that there are. Nothing in it names a person.
    Feedback,
    #[serde(untagged)]
    Other(String),
}

/// One event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    pub kind: EventKind,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub detail: BTreeMap<String, String>,
}

impl Event {
    /// An event with its details.
    pub fn new<const N: usize>(kind: EventKind, detail: [(&str, String); N]) -> Self {
        Self {
            kind,
            detail: detail.into_iter().map(|(k, v)| (k.to_owned(), v)).collect(),
        }
    }
}

/// Proof of play: one item that was on air, from its first to its last frame at the sink.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Aired {
    pub release: u64,
    pub playlist: PlaylistId,
    pub item: ItemId,
    pub asset: Digest,
    pub first_ms: TimeMs,
    pub last_ms: TimeMs,
    pub frames: u64,
    pub lost: u64,
    /// SHA-256 of a 32×18 luma thumbnail of the first frame presented.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thumbnail_sha256: Option<Digest>,
}

/// What a screen was, over an interval of its ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnAirState {
    /// Showed approved pictures.
    OnAir,
    /// Dark by plan.
    Standby,
    /// Did not show what it should, or was off.
    Off,
    /// Nobody can say: the last mark before a power cut is older than this.
    Unknown,
}

/// One interval of the on-air ledger, half-open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OnAir {
    pub state: OnAirState,
    pub from_ms: TimeMs,
    pub to_ms: TimeMs,
    /// Why, where it is not plain: `power`, `restart`, `factory`, `output-lost`.
    pub reason: String,
    pub clock: ClockQuality,
}

/// What a record holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RecordBody {
    Event(Event),
    Aired(Aired),
    OnAir(OnAir),
    /// A receipt: an envelope signed with the device's key, as text.
    Receipt(String),
}

/// One record of a device's outbox, named by boot and sequence number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    pub boot: BootId,
    /// Counts up by one within a boot, from 1.
    pub seq: u64,
    /// Time since the boot, in milliseconds.
    pub mono_ms: u64,
    pub wall_ms: TimeMs,
    pub clock: ClockQuality,
    pub body: RecordBody,
}
