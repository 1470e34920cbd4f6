//! What a screen reports about itself.

use crate::digest::Digest;
use crate::id::{ItemId, PlaylistId, ZoneId};
use crate::time::{Millis, TimeMs};
use serde::{Deserialize, Serialize};

/// What kind of screen reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ScreenKind {
    Wall,
    Kiosk,
}

/// How far a device's clock can be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClockQuality {
    /// Nothing supports it.
    Untrusted,
    /// It follows from a battery-backed clock, or was right earlier in this boot.
    Held,
    /// The operating system says it is synchronised, or the operator says it is right.
    Synchronised,
}

/// The status of a screen, as people see it everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ScreenStatus {
    OnAir,
    StandbyByPlan,
    OfflineShouldBeOnAir,
    OnlineNotLit,
    ClockUntrusted,
    IntegrityFault,
    Degraded,
}

impl ScreenStatus {
    /// The status in Vietnamese.
    #[must_use]
    pub const fn vi(self) -> &'static str {
        match self {
            Self::OnAir => "đang phát",
            Self::StandbyByPlan => "nghỉ theo lịch",
            Self::OfflineShouldBeOnAir => "mất liên lạc trong giờ phát",
            Self::OnlineNotLit => "có liên lạc nhưng không phát hình",
            Self::ClockUntrusted => "đồng hồ không đáng tin",
            Self::IntegrityFault => "lỗi toàn vẹn",
            Self::Degraded => "suy giảm",
        }
    }

    /// The status in English.
    #[must_use]
    pub const fn en(self) -> &'static str {
        match self {
            Self::OnAir => "on air",
            Self::StandbyByPlan => "standby by plan",
            Self::OfflineShouldBeOnAir => "offline but should be on air",
            Self::OnlineNotLit => "online but not lit",
            Self::ClockUntrusted => "clock untrusted",
            Self::IntegrityFault => "integrity fault",
            Self::Degraded => "degraded",
        }
    }
}

/// What one zone of a screen shows, as presented by the sink.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "what")]
pub enum Showing {
    Dark {
        since_ms: TimeMs,
    },
    Item {
        zone: ZoneId,
        playlist: PlaylistId,
        item: ItemId,
        title: String,
        since_ms: TimeMs,
    },
    /// An approved template that a duty officer has ordered.
    Template {
        item: ItemId,
        title: String,
        since_ms: TimeMs,
    },
    Fallback {
        item: ItemId,
        reason: String,
        since_ms: TimeMs,
    },
    Factory {
        reason: String,
        since_ms: TimeMs,
    },
}

/// Counters of a screen's output since its process started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct OutputHealth {
    pub presented: u64,
    pub late: u64,
    pub dropped: u64,
    /// Whether the configured output is the one in use.
    pub configured_sink: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_second: Option<FrameRates>,
}

/// What an output did within one second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct FrameRates {
    pub presented: u32,
    pub late: u32,
    pub dropped: u32,
}

/// What the first output leads to, as the kernel says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Display {
    /// The connector, such as `HDMI-A-1`; `window` or `headless` where there is none.
    pub connector: String,
    /// Whether something hangs on it.
    pub connected: bool,
    /// The mode that it prefers, such as `1920x1080`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
}

/// A screen's report, sent to the agent every few seconds and with every heartbeat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScreenReport {
    pub kind: ScreenKind,
    pub at_ms: TimeMs,
    pub status: ScreenStatus,
    pub clock: ClockQuality,
    pub showing: Vec<Showing>,
    pub root_version: u64,
    /// Version of the release that is running; 0: none.
    pub release: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release_sha256: Option<Digest>,
    pub takedown: u64,
    /// Sequence number of the newest override that was accepted; 0: none.
    #[serde(default, skip_serializing_if = "crate::json::is_zero")]
    pub override_seq: u64,
    pub output: OutputHealth,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display: Option<Display>,
    /// Time on air today and the least that is due, in milliseconds.
    pub on_air_today_ms: Millis,
    pub quota_ms: Millis,
}

/// What a device reports about its hardware and operating system.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct HostHealth {
    pub uptime_ms: u64,
    pub load_milli: u64,
    pub memory_free_bytes: u64,
    pub media_free_bytes: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temperature_milli_c: Option<i64>,
    /// Version of the device's software.
    pub software: String,
}
