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
    match current
        .map(|report| report.status)
        .max_by_key(|status| gravity(*status))
    {
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

/// Whether the day's quota can still be met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outlook {
    Met,
    /// The rest of the window is long enough.
    InReach,
    OutOfReach,
}

/// Whether the quota of the day of `now` can still be met after `on_air_ms` on air.
#[must_use]
pub fn outlook(on_air_ms: Millis, window: &OperatingWindow, now: TimeMs) -> Outlook {
    let (opens, closes) = window.on(window.zone.date(now));
    let left = closes.since(now.max(opens)).max(0);
    if on_air_ms >= window.quota_ms() {
        Outlook::Met
    } else if on_air_ms.saturating_add(left) >= window.quota_ms() {
        Outlook::InReach
    } else {
        Outlook::OutOfReach
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

/// How much a status needs somebody: the higher, the sooner.
#[must_use]
pub const fn gravity(status: ScreenStatus) -> u8 {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seen::Heartbeat;
    use cotmoc_proto::device::{ClockQuality, HostHealth, OutboxHealth, OutputHealth, ScreenKind};
    use cotmoc_proto::time::{HOUR, MINUTE};

    /// 23/11/2026 00:00 at the border gate.
    const MIDNIGHT: TimeMs = TimeMs(1_795_366_800_000);

    fn report(status: ScreenStatus, at_ms: TimeMs) -> ScreenReport {
        ScreenReport {
            kind: ScreenKind::Wall,
            at_ms,
            status,
            clock: ClockQuality::Synchronised,
            showing: Vec::new(),
            root_version: 1,
            release: 1,
            release_sha256: None,
            takedown: 0,
            override_seq: 0,
            output: OutputHealth::default(),
            display: None,
            on_air_today_ms: 3 * HOUR,
            quota_ms: 14 * HOUR,
        }
    }

    fn seen(at: TimeMs, screens: Vec<ScreenReport>) -> Seen {
        Seen {
            last_seen_ms: at,
            heartbeat: Heartbeat {
                boot: "b".parse().unwrap(),
                mono_ms: 1,
                wall_ms: at,
                clock: ClockQuality::Synchronised,
                host: HostHealth::default(),
                outbox: OutboxHealth::default(),
                screens,
            },
        }
    }

    #[test]
    fn silence_is_a_fault_inside_the_window_and_rest_outside() {
        let window = OperatingWindow::default();
        let noon = MIDNIGHT.plus(12 * HOUR);
        let lit = seen(noon, vec![report(ScreenStatus::OnAir, noon)]);
        let at = |now| of_device(Some(&lit), &window, now);
        assert_eq!(at(noon.plus(120 * SECOND)), ScreenStatus::OnAir);
        assert_eq!(
            at(noon.plus(121 * SECOND)),
            ScreenStatus::OfflineShouldBeOnAir
        );
        assert_eq!(at(noon.plus(10 * HOUR)), ScreenStatus::StandbyByPlan);
        assert_eq!(
            of_device(None, &window, noon),
            ScreenStatus::OfflineShouldBeOnAir
        );
        assert_eq!(
            of_device(None, &window, MIDNIGHT),
            ScreenStatus::StandbyByPlan
        );
    }

    #[test]
    fn a_device_without_a_fresh_screen_is_online_but_not_lit() {
        let window = OperatingWindow::default();
        let noon = MIDNIGHT.plus(12 * HOUR);
        let dead = seen(noon, Vec::new());
        assert_eq!(
            of_device(Some(&dead), &window, noon),
            ScreenStatus::OnlineNotLit
        );
        let old = report(ScreenStatus::OnAir, noon.plus(-5 * MINUTE));
        let stuck = seen(noon, vec![old]);
        assert_eq!(
            of_device(Some(&stuck), &window, noon),
            ScreenStatus::OnlineNotLit
        );
        let two = [ScreenStatus::OnAir, ScreenStatus::IntegrityFault];
        let two = seen(noon, two.map(|status| report(status, noon)).to_vec());
        assert_eq!(
            of_device(Some(&two), &window, noon),
            ScreenStatus::IntegrityFault
        );
    }

    #[test]
    fn yesterdays_time_on_air_is_not_todays_and_the_quota_is_foreseen() {
        let window = OperatingWindow::default();
        let yesterday = report(ScreenStatus::OnAir, MIDNIGHT.plus(-HOUR));
        assert_eq!(on_air_today_ms(&yesterday, &window, MIDNIGHT), 0);
        let today = report(ScreenStatus::OnAir, MIDNIGHT.plus(8 * HOUR));
        assert_eq!(
            on_air_today_ms(&today, &window, MIDNIGHT.plus(9 * HOUR)),
            3 * HOUR
        );
        let at = |on_air, hour| outlook(on_air, &window, MIDNIGHT.plus(hour * HOUR));
        assert_eq!(at(0, 3), Outlook::InReach);
        assert_eq!(at(0, 8), Outlook::InReach);
        assert_eq!(at(0, 9), Outlook::OutOfReach);
        assert_eq!(at(14 * HOUR, 23), Outlook::Met);
        assert_eq!(at(14 * HOUR - 1, 23), Outlook::OutOfReach);
    }
}
