//! Values: why a cluster stopped (Điều 8.3), and how much a statement about it is worth.

use serde::{Deserialize, Serialize};

/// Why a cluster stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// Nothing is known but silence.
    Unknown,
    Power,
    Display,
    Player,
    Network,
    /// Touch cabinet or sound.
    Cabinet,
    /// Switched off, or the wrong thing shown, by people who may.
    Operator,
    /// What is shown or stored is not what was signed.
    Integrity,
    /// Used, opened or entered without authority.
    Access,
}

impl Cause {
    /// An information-security incident: its hour runs day and night, and the department hears at
    /// once (Điều 8.3b).
    #[must_use]
    pub const fn is_security(self) -> bool {
        match self {
            Self::Integrity | Self::Access => true,
            Self::Unknown
            | Self::Power
            | Self::Display
            | Self::Player
            | Self::Network
            | Self::Cabinet
            | Self::Operator => false,
        }
    }

    /// The cause for people, in Vietnamese and in English.
    #[must_use]
    pub const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Unknown => (
                "mất liên lạc, chưa rõ nguyên nhân",
                "no contact, cause unknown",
            ),
            Self::Power => ("mất điện", "power failure"),
            Self::Display => ("màn hình không có hình", "no picture on the display"),
            Self::Player => ("bộ phát ngừng hoạt động", "player stopped"),
            Self::Network => ("mất kết nối mạng", "network down"),
            Self::Cabinet => (
                "tủ tra cứu hoặc âm thanh hỏng",
                "touch cabinet or sound failed",
            ),
            Self::Operator => (
                "tắt hoặc phát sai do vận hành",
                "switched off or misused by an operator",
            ),
            Self::Integrity => ("nội dung bị can thiệp", "content tampered with"),
            Self::Access => ("bị truy cập trái phép", "unauthorised access"),
        }
    }

    /// The cause that holds after `found`: better evidence names another, but never makes an
    /// attack into a fault.
    #[must_use]
    pub const fn revised(self, found: Self) -> Self {
        if self.is_security() && !found.is_security() {
            self
        } else {
            found
        }
    }
}

/// Who says when it happened, from the weakest to the strongest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// The last proof that it still worked.
    Silence,
    /// A probe, another device of the site.
    Neighbour,
    /// A person on duty.
    Operator,
    /// The device's own signed journal, or its last words.
    Device,
}

impl Source {
    /// Who says so, for people, in Vietnamese and in English.
    #[must_use]
    pub const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Silence => ("lần cuối còn tín hiệu", "last sign of life"),
            Self::Neighbour => ("thiết bị khác tại chỗ", "another device of the site"),
            Self::Operator => ("người trực", "person on duty"),
            Self::Device => ("nhật ký của thiết bị", "the device's own journal"),
        }
    }
}
