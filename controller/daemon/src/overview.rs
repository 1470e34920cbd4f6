//! Every device with what is known about it now: what the status page and the API show.

use crate::app::App;
use crate::clock;
use crate::seen::Seen;
use crate::status;
use crate::store::{DeviceRow, DeviceState};
use cotmoc_proto::device::{ClockQuality, ScreenKind, ScreenStatus};
use cotmoc_proto::time::Millis;
use cotmoc_proto::window::OperatingWindow;
use std::sync::Arc;

/// One device with what is known about it.
#[derive(Debug, Clone)]
pub struct DeviceView {
    pub row: Arc<DeviceRow>,
    pub seen: Option<Arc<Seen>>,
    /// `None` unless the device is active.
    pub status: Option<ScreenStatus>,
    pub on_air_today_ms: Millis,
    pub quota_ms: Millis,
    /// The window of its newest release, else the regulation's.
    pub window: OperatingWindow,
    /// The oldest release that its screens run; 0: none.
    pub running: u64,
    /// The newest release that names it; 0: none.
    pub published: u64,
}

impl DeviceView {
    /// What its screens are; a board that has shown none yet counts as a wall.
    #[must_use]
    pub fn kind(&self) -> ScreenKind {
        let screens = self.seen.iter().flat_map(|seen| &seen.heartbeat.screens);
        let kinds = screens.map(|report| report.kind);
        kinds.min().unwrap_or(ScreenKind::Wall)
    }

    /// How far the clock that its schedule follows can be believed: the screens' own, the worst of
    /// them, else the device's.
    #[must_use]
    pub fn clock(&self) -> Option<ClockQuality> {
        let heartbeat = &self.seen.as_ref()?.heartbeat;
        let worst = heartbeat.screens.iter().map(|report| report.clock).min();
        Some(worst.unwrap_or(heartbeat.clock))
    }
}

/// Every device, by name.
#[must_use]
pub fn overview(app: &App) -> Vec<DeviceView> {
    let rows = app.directory.all();
    rows.into_iter().map(|row| view(app, row)).collect()
}

fn view(app: &App, row: Arc<DeviceRow>) -> DeviceView {
    let now = clock::now();
    let seen = app.heartbeats.get(&row.device);
    let published = app.published();
    let release = published.release_for(&row.channel, &row.device);
    let window = release.map_or_else(OperatingWindow::default, |r| r.document.window.clone());
    let reports = seen.iter().flat_map(|seen| &seen.heartbeat.screens);
    let least_on_air = reports
        .map(|report| status::on_air_today_ms(report, &window, now))
        .min();
    DeviceView {
        status: (row.state == DeviceState::Active)
            .then(|| status::of_device(seen.as_deref(), &window, now)),
        on_air_today_ms: least_on_air.unwrap_or_default(),
        quota_ms: window.quota_ms(),
        running: seen
            .as_ref()
            .and_then(|seen| seen.oldest_release())
            .unwrap_or_default(),
        published: release.map_or(0, |issued| issued.row.number),
        window,
        seen,
        row,
    }
}
