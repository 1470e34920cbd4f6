//! Facts about this boot of the machine and about its clocks.

use rustix::time::{ClockId, clock_gettime};
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Names the boot in place of the kernel, for tests of what follows a power cut.
pub const BOOT_ID: &str = "COTMOC_BOOT_ID";

/// The kernel's name for this boot; `None` where the kernel does not say.
#[must_use]
pub fn boot_id() -> Option<String> {
    if let Ok(named) = std::env::var(BOOT_ID) {
        return Some(named);
    }
    let text = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    Some(text.trim().to_owned()).filter(|id| !id.is_empty())
}

/// Milliseconds since this boot, suspension included. It never steps.
#[must_use]
pub fn since_boot_ms() -> u64 {
    millis(ClockId::Boottime).unsigned_abs()
}

/// The system clock: milliseconds since the Unix epoch, as far as it can be believed.
#[must_use]
pub fn wall_ms() -> i64 {
    let whole = |since: Duration| i64::try_from(since.as_millis()).unwrap_or(i64::MAX);
    match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => whole(since),
        Err(before) => -whole(before.duration()),
    }
}

/// The system clock in nanoseconds since the Unix epoch.
#[must_use]
pub fn wall_ns() -> i64 {
    let whole = |since: Duration| i64::try_from(since.as_nanos()).unwrap_or(i64::MAX);
    match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => whole(since),
        Err(before) => -whole(before.duration()),
    }
}

/// Whether the kernel says that something keeps the system clock synchronised.
#[must_use]
#[allow(
    unsafe_code,
    reason = "adjtimex has no safe wrapper among our crates; with modes 0 it only reads"
)]
pub fn clock_synchronised() -> bool {
    // SAFETY: timex is plain integers, for which all zeroes is a value, and adjtimex writes only
    // into the struct it is given.
    let (state, timex) = unsafe {
        let mut timex: libc::timex = std::mem::zeroed();
        (libc::adjtimex(&raw mut timex), timex)
    };
    state >= 0 && state != libc::TIME_ERROR && timex.status & libc::STA_UNSYNC == 0
}

/// Whether the machine has a clock that goes on without power.
#[must_use]
pub fn has_rtc() -> bool {
    Path::new("/sys/class/rtc/rtc0").exists()
}

fn millis(clock: ClockId) -> i64 {
    let now = clock_gettime(clock);
    now.tv_sec
        .saturating_mul(1_000)
        .saturating_add(now.tv_nsec / 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_boot_has_a_name_and_its_clock_goes_forward() {
        assert_eq!(boot_id().unwrap().len(), 36);
        let before = since_boot_ms();
        assert!(before > 0 && since_boot_ms() >= before);
        assert!(wall_ms() > 0);
        let _known = (clock_synchronised(), has_rtc());
    }
}
