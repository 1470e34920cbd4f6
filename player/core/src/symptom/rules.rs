//! How patient the board is with what ails it, which words it has for it, and what it tries.

use super::Trouble;
use cotmoc_proto::device::EventKind;

/// How long signs must stand. In milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// From the first sign to the event.
    pub raise_ms: u64,
    /// From the last sign to the event that it is over.
    pub clear_ms: u64,
}

impl Patience {
    /// The same in both directions: a debounced line.
    #[must_use]
    pub const fn debounce(ms: u64) -> Self {
        Self {
            raise_ms: ms,
            clear_ms: ms,
        }
    }
}

/// What may be tried. Who carries it out may have none of it configured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remedy {
    RestartScreen,
    RestartBoard,
    /// Switches the board off in order, before its battery does.
    PowerOff,
}

impl Remedy {
    /// Stable code for events.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::RestartScreen => "screen",
            Self::RestartBoard => "board",
            Self::PowerOff => "power-off",
        }
    }

    pub(super) const fn event(self) -> EventKind {
        match self {
            Self::RestartScreen | Self::RestartBoard => EventKind::Remedy,
            Self::PowerOff => EventKind::PoweringOff,
        }
    }
}

/// One rung of a ladder: what to try so long after the symptom was raised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rung {
    pub after_ms: u64,
    pub remedy: Remedy,
}

/// One row of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    pub raised: EventKind,
    pub cleared: EventKind,
    /// Under which name the event's detail says what is concerned.
    pub subject: &'static str,
    pub patience: Patience,
    pub ladder: &'static [Rung],
}

impl Trouble {
    /// The table.
    #[must_use]
    pub fn rule(self) -> Rule {
        use EventKind as E;
        match self {
            Self::Mains => row(E::MainsLost, E::MainsRestored, "line", (50, 2_000)),
            Self::Battery => row(E::OnBattery, E::OffBattery, "line", (50, 2_000)),
            Self::BatteryLow => Rule {
                ladder: OUT_OF_POWER,
                ..row(E::BatteryLow, E::BatteryRestored, "line", (50, 2_000))
            },
            Self::Door => row(E::DoorOpened, E::DoorClosed, "line", (50, 2_000)),
            Self::Tamper => row(E::TamperDetected, E::TamperCleared, "line", (50, 2_000)),
            Self::Line => row(E::LineLost, E::LineRestored, "line", (0, 2_000)),
            Self::Screen => Rule {
                ladder: SCREEN_AWAY,
                ..row(
                    E::ScreenLost,
                    E::ScreenRestored,
                    "screen",
                    (SCREEN_MS, SCREEN_MS),
                )
            },
            Self::Picture => row(
                E::PictureLost,
                E::PictureRestored,
                "screen",
                (5_000, SCREEN_MS),
            ),
            Self::Frozen => row(
                E::PictureFrozen,
                E::PictureMoving,
                "screen",
                (10_000, SCREEN_MS),
            ),
            Self::Integrity => row(
                E::IntegrityFault,
                E::IntegrityRestored,
                "screen",
                (0, 60_000),
            ),
            Self::Network => row(
                E::NetworkLost,
                E::NetworkRestored,
                "what",
                (60_000, SCREEN_MS),
            ),
            Self::Host => row(E::HostUnwell, E::HostWell, "what", (60_000, 60_000)),
        }
    }

    /// Stable code for events.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Mains => "mains-lost",
            Self::Battery => "on-battery",
            Self::BatteryLow => "battery-low",
            Self::Door => "door-opened",
            Self::Tamper => "tamper-detected",
            Self::Line => "line-lost",
            Self::Screen => "screen-lost",
            Self::Picture => "picture-lost",
            Self::Frozen => "picture-frozen",
            Self::Integrity => "integrity-fault",
            Self::Network => "network-lost",
            Self::Host => "host-unwell",
        }
    }
}

const SCREEN_MS: u64 = 2_000;

const SCREEN_AWAY: &[Rung] = &[
    Rung {
        after_ms: 60_000,
        remedy: Remedy::RestartScreen,
    },
    Rung {
        after_ms: 900_000,
        remedy: Remedy::RestartBoard,
    },
];

/// The last words travel first.
const OUT_OF_POWER: &[Rung] = &[Rung {
    after_ms: 3_000,
    remedy: Remedy::PowerOff,
}];

fn row(
    raised: EventKind,
    cleared: EventKind,
    subject: &'static str,
    (raise_ms, clear_ms): (u64, u64),
) -> Rule {
    Rule {
        raised,
        cleared,
        subject,
        patience: Patience { raise_ms, clear_ms },
        ladder: &[],
    }
}
