//! Machine: the controller's trusted time. It runs with the time since the machine's boot and
//! believes the wall clock only while that is synchronised: a clock that is set to another hour,
//! or wakes up in 1970, moves no deadline (Điều 8.3b). Times are in milliseconds.

use cotmoc_proto::TimeMs;
use cotmoc_proto::time::Millis;
use serde::{Deserialize, Serialize};

/// Both clocks, read together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    pub wall_ms: TimeMs,
    /// Since the machine's boot, sleep included.
    pub boot_ms: Millis,
    /// The system says that its wall clock follows a source of time.
    pub is_synchronised: bool,
}

/// A moment on both clocks. Kept across restarts of the process, it is good for one boot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrustedClock {
    wall_ms: TimeMs,
    boot_ms: Millis,
}

impl TrustedClock {
    /// After a boot. Time is not before `last_known`, whatever the wall clock says.
    #[must_use]
    pub fn boot(reading: Reading, last_known: TimeMs) -> Self {
        Self {
            wall_ms: reading.wall_ms.max(last_known),
            boot_ms: reading.boot_ms,
        }
    }

    /// The time by this reading; a synchronised one is believed from now on, another changes
    /// nothing.
    pub fn now(&mut self, reading: Reading) -> TimeMs {
        if reading.is_synchronised {
            self.wall_ms = reading.wall_ms;
            self.boot_ms = reading.boot_ms;
        }
        self.wall_ms.plus(reading.boot_ms - self.boot_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cotmoc_proto::time::HOUR;

    const NOON: TimeMs = TimeMs(1_800_000_000_000);

    fn read(wall_ms: TimeMs, boot_ms: Millis, is_synchronised: bool) -> Reading {
        Reading {
            wall_ms,
            boot_ms,
            is_synchronised,
        }
    }

    #[test]
    fn a_wall_clock_that_jumps_moves_nothing_until_it_is_synchronised() {
        let mut clock = TrustedClock::boot(read(NOON, 500, true), NOON);
        for wall in [NOON.plus(3 * HOUR), NOON.plus(-3 * HOUR), TimeMs(0)] {
            assert_eq!(clock.now(read(wall, 1_500, false)), NOON.plus(1_000));
        }
        let true_time = NOON.plus(7_000);
        assert_eq!(clock.now(read(true_time, 2_500, true)), true_time);
        assert_eq!(clock.now(read(TimeMs(0), 3_500, false)), NOON.plus(8_000));
    }

    #[test]
    fn after_a_boot_in_1970_time_goes_on_from_what_is_known() {
        let mut clock = TrustedClock::boot(read(TimeMs(0), 0, false), NOON);
        assert_eq!(clock.now(read(TimeMs(9), 9, false)), NOON.plus(9));
    }
}
