//! What screens and the agent say to each other.

use cotmoc_proto::device::{ClockQuality, RecordBody, ScreenKind, ScreenReport};
use cotmoc_proto::{Digest, TimeMs};
use serde::{Deserialize, Serialize};

/// The version of the link's messages.
pub const VERSION: u32 = 1;

/// When something happened, by both clocks of the device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    /// Time since the boot, in milliseconds.
    pub mono_ms: u64,
    pub wall_ms: TimeMs,
    pub clock: ClockQuality,
}

/// A record as a screen keeps it until the agent has stored it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScreenRecord {
    /// Grows within one spool, in the order in which records are sent.
    pub id: u64,
    /// The kernel's name for the boot that `stamp.mono_ms` counts from.
    pub boot: String,
    pub stamp: Stamp,
    pub body: RecordBody,
}

/// What a screen says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ScreenMessage {
    /// The first message of a connection. `spool` names the spool whose ids follow.
    Hello {
        v: u32,
        kind: ScreenKind,
        pid: u32,
        spool: String,
    },
    Report(ScreenReport),
    Record(ScreenRecord),
    /// A blob in the media folder is not what its name says.
    Damaged {
        asset: Digest,
    },
}

/// What the agent says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AgentMessage {
    /// The first message of a connection.
    Hello { v: u32, agent_version: String },
    /// The record is on the disk of the outbox.
    Stored { id: u64 },
    /// The inbox or the media changed.
    Look,
}
