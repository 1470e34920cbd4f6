//! The controller's clock, asked for in one place.

use cotmoc_proto::TimeMs;

/// The time now.
#[must_use]
pub fn now() -> TimeMs {
    TimeMs(cotmoc_service::boot::wall_ms())
}
