//! The controller's clock, asked for in one place. It follows the machine's wall clock only while that is
//! synchronised, and otherwise runs on from what it knew.

use cotmoc_controller_core::clock::{Reading, TrustedClock};
use cotmoc_proto::TimeMs;
use cotmoc_service::boot;
use std::sync::{Mutex, PoisonError};

static TRUSTED: Mutex<Option<TrustedClock>> = Mutex::new(None);

/// Begins at a start of the controller, which has already known the time `last_known`.
pub fn begin(last_known: TimeMs) {
    let reading = read();
    if reading.wall_ms < last_known {
        tracing::warn!(
            wall_ms = reading.wall_ms.0,
            last_known_ms = last_known.0,
            "the machine's clock is behind what was known before: it is not believed until it is synchronised"
        );
    }
    let mut trusted = TRUSTED.lock().unwrap_or_else(PoisonError::into_inner);
    *trusted = Some(TrustedClock::boot(reading, last_known));
}

/// The machine's wall clock: certificates go by it, as TLS everywhere does.
#[must_use]
pub fn wall() -> TimeMs {
    TimeMs(boot::wall_ms())
}

/// The time now.
#[must_use]
pub fn now() -> TimeMs {
    let reading = read();
    let mut trusted = TRUSTED.lock().unwrap_or_else(PoisonError::into_inner);
    let clock = trusted.get_or_insert_with(|| TrustedClock::boot(reading, reading.wall_ms));
    clock.now(reading)
}

/// Whether the machine's wall clock follows a source of time.
#[must_use]
pub fn is_synchronised() -> bool {
    boot::clock_synchronised()
}

fn read() -> Reading {
    Reading {
        wall_ms: wall(),
        boot_ms: i64::try_from(boot::since_boot_ms()).unwrap_or(i64::MAX),
        is_synchronised: boot::clock_synchronised(),
    }
}
