//! The time of this computer.

use cotmoc_proto::TimeMs;

/// Now, by the system's clock.
pub fn now() -> TimeMs {
    TimeMs(jiff::Timestamp::now().as_millisecond())
}
