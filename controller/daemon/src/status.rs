//! Resolver: what a device is, from its last heartbeat, the time and the operating window.

use crate::seen::Seen;
use cotmoc_proto::TimeMs;
use cotmoc_proto::device::{ScreenReport, ScreenStatus};
use cotmoc_proto::time::{Millis, SECOND};
use cotmoc_proto::window::{OperatingWindow, Phase};

/// After so long without a heartbeat a device counts as offline.
pub const OFFLINE_AFTER_MS: Millis = 120 * SECOND;

/// The status of a device that is enrolled.
#[must_use]
pub fn of_device(seen: Option<&Seen>, window: &OperatingWindow, now: TimeMs) -> ScreenStatus {
    let Some(seen) = seen.filter(|seen| now.since(seen.last_seen_ms) <= OFFLINE_AFTER_MS) else {
        return within(window, now, ScreenStatus::OfflineShouldBeOnAir);
    };
    let reports = seen.heartbeat.screens.iter();
    let current = reports.filter(|report| is_current(report, seen));
    // The worst of its screens is the device's status.
    match current.map(|report| report.status).max_by_key(gravity) {
        Some(status) => status,
        None => within(window, now, ScreenStatus::OnlineNotLit),
    }
}

/// The time on air today that a screen reports; 0 if its report is of another day.
#[must_use]
pub fn on_air_today_ms(report: &ScreenReport, window: &OperatingWindow, now: TimeMs) -> Millis {
    if window.zone.date(report.at_ms) == window.zone.date(now) {
        report.on_air_today_ms
    } else {
        0
    }
}

/// Whether the report is not older than a device is given before it counts as offline.
fn is_current(report: &ScreenReport, seen: &Seen) -> bool {
    seen.heartbeat.wall_ms.since(report.at_ms) <= OFFLINE_AFTER_MS
}

fn within(window: &OperatingWindow, now: TimeMs, open: ScreenStatus) -> ScreenStatus {
    match window.phase(now) {
        Phase::Open { .. } => open,
        Phase::Closed { .. } => ScreenStatus::StandbyByPlan,
    }
}

const fn gravity(status: &ScreenStatus) -> u8 {
    match status {
        ScreenStatus::IntegrityFault => 6,
        ScreenStatus::OfflineShouldBeOnAir => 5,
        ScreenStatus::OnlineNotLit => 4,
        ScreenStatus::ClockUntrusted => 3,
        ScreenStatus::Degraded => 2,
        ScreenStatus::OnAir => 1,
        ScreenStatus::StandbyByPlan => 0,
    }
}
