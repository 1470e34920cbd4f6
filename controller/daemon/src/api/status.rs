//! What every device is and shows now.

use crate::app::Shared;
use crate::overview::{DeviceView, overview};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use cotmoc_proto::device::ScreenReport;

pub(super) async fn show(State(app): State<Shared>) -> Response {
    let devices: Vec<_> = overview(&app).iter().map(json).collect();
    let body = serde_json::json!({ "now_ms": crate::clock::now(), "devices": devices });
    axum::Json(body).into_response()
}

fn json(view: &DeviceView) -> serde_json::Value {
    let reports: Vec<&ScreenReport> = view
        .seen
        .iter()
        .flat_map(|seen| &seen.heartbeat.screens)
        .collect();
    serde_json::json!({
        "device": view.row.device,
        "channel": view.row.channel,
        "state": view.row.state,
        "status": view.status,
        "last_seen_ms": view.seen.as_ref().map(|seen| seen.last_seen_ms),
        "clock": view.clock(),
        "report": reports.first(),
        "reports": reports,
        "host": view.seen.as_ref().map(|seen| &seen.heartbeat.host),
        "outbox": view.seen.as_ref().map(|seen| &seen.heartbeat.outbox),
        "on_air_today_ms": view.on_air_today_ms,
        "quota_ms": view.quota_ms,
        "release_running": view.running,
        "release_published": view.published,
    })
}
