//! What the board says about itself.

use cotmoc_proto::device::HostHealth;
use cotmoc_service::boot;
use std::path::Path;

/// The board's health now; what it does not tell is 0 or absent.
#[must_use]
pub fn host_health(media: &Path) -> HostHealth {
    HostHealth {
        uptime_ms: boot::since_boot_ms(),
        load_milli: load_milli().unwrap_or(0),
        memory_free_bytes: memory_free_bytes().unwrap_or(0),
        media_free_bytes: rustix::fs::statvfs(media)
            .map_or(0, |disk| disk.f_bavail.saturating_mul(disk.f_frsize)),
        temperature_milli_c: temperature_milli_c(),
        software: env!("CARGO_PKG_VERSION").to_owned(),
    }
}

fn load_milli() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/loadavg").ok()?;
    let (whole, hundredths) = text.split_whitespace().next()?.split_once('.')?;
    let (whole, hundredths): (u64, u64) = (whole.parse().ok()?, hundredths.parse().ok()?);
    Some(
        whole
            .saturating_mul(1_000)
            .saturating_add(hundredths.saturating_mul(10)),
    )
}

fn memory_free_bytes() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1_024)
}

fn temperature_milli_c() -> Option<i64> {
    let text = std::fs::read_to_string("/sys/class/thermal/thermal_zone0/temp").ok()?;
    text.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_board_tells_what_it_knows() {
        let health = host_health(Path::new("/"));
        assert!(health.uptime_ms > 0 && health.memory_free_bytes > 0);
        assert!(health.media_free_bytes > 0 && load_milli().is_some());
    }
}
