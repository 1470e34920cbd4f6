//! `POST /d/v1/sync`: a heartbeat with the records that wait. Records are acknowledged only after
//! they are on the disk; the heartbeat itself is kept in memory and flushed every few seconds.

use super::Caller;
use super::ingest::{Incoming, IncomingRecord, read_record};
use crate::app::Shared;
use crate::clock;
use crate::http::{ApiError, ApiResult, Json};
use crate::seen::{Heartbeat, Seen};
use crate::store::{DeviceRow, NewRecord};
use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use cotmoc_proto::device::{MAX_RECORDS, ScreenReport, ScreenStatus, SyncResponse, VERSION};
use cotmoc_proto::{BootId, DeviceId};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Screens of one device; there are two at most today.
const MAX_SCREENS: usize = 8;

pub(super) async fn sync(
    State(app): State<Shared>,
    Extension(Caller(device)): Extension<Caller>,
    Json(request): Json<Incoming>,
) -> ApiResult<axum::Json<SyncResponse>> {
    check(&device.device, &request)?;
    let now = clock::now();
    let mark = format!("{}:{}", request.boot, request.mono_ms);
    let records = read(&device, request.records).await?;
    let heartbeat = Heartbeat {
        boot: request.boot,
        mono_ms: request.mono_ms,
        wall_ms: request.wall_ms,
        clock: request.clock,
        host: request.host,
        outbox: request.outbox,
        screens: screens(&device.device, request.screens),
    };
    let before = app.heartbeats.get(&device.device);
    let is_news = is_news(before.as_deref(), &heartbeat);
    // A disk that takes no records is no reason to call the device silent.
    app.heartbeats.put(&device.device, heartbeat, now);
    if is_news {
        app.attention.notify_one();
    }
    let ack = store(&app, &device.device, mark, records).await?;
    let running = app
        .heartbeats
        .get(&device.device)
        .and_then(|seen| seen.oldest_release());
    Ok(axum::Json(SyncResponse {
        v: VERSION,
        server_ms: clock::now(),
        next_ms: app.settings.next_ms,
        ack,
        desired: app
            .published()
            .desired((&device.channel, &device.device), running, now),
    }))
}

/// Signatures are checked where that keeps nobody waiting; what has none is read at once.
async fn read(device: &Arc<DeviceRow>, incoming: Vec<IncomingRecord>) -> ApiResult<Vec<NewRecord>> {
    let is_signed = incoming.iter().any(IncomingRecord::is_signed);
    let device = Arc::clone(device);
    let read_all = move || {
        let records = incoming.into_iter();
        records.map(|record| read_record(&device, record)).collect()
    };
    if !is_signed {
        return read_all();
    }
    let reading = tokio::task::spawn_blocking(read_all);
    reading.await.map_err(|_join| ApiError::internal())?
}

/// Whether the desk should hear of it at once: something is not as planned, or was not.
fn is_news(before: Option<&Seen>, now: &Heartbeat) -> bool {
    let is_well = |heartbeat: &Heartbeat| {
        let mut screens = heartbeat.screens.iter();
        let is_planned = |one: &ScreenReport| {
            matches!(
                one.status,
                ScreenStatus::OnAir | ScreenStatus::StandbyByPlan
            )
        };
        !heartbeat.screens.is_empty() && screens.all(is_planned)
    };
    !is_well(now) || before.is_none_or(|seen| !is_well(&seen.heartbeat))
}

async fn store(
    app: &Shared,
    device: &DeviceId,
    mark: String,
    records: Vec<NewRecord>,
) -> ApiResult<BTreeMap<BootId, u64>> {
    if records.is_empty() {
        return Ok(BTreeMap::new());
    }
    let ingested = app
        .store
        .ingest(device.clone(), mark, records, clock::now())
        .await?;
    Ok(ingested.ack)
}

fn check(device: &DeviceId, request: &Incoming) -> ApiResult<()> {
    if request.v != VERSION {
        return Err(ApiError::new(
            StatusCode::BAD_REQUEST,
            "version",
            format!("version {} of the protocol is not spoken here", request.v),
        )
        .remedy(format!("speak version {VERSION}")));
    }
    if request.device != *device {
        return Err(ApiError::new(
            StatusCode::FORBIDDEN,
            "wrong-device",
            format!("the key is that of {device}, not of {}", request.device),
        )
        .remedy("set the device's name as it was registered"));
    }
    if request.records.len() > MAX_RECORDS {
        return Err(ApiError::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too-big",
            format!("more than {MAX_RECORDS} records"),
        )
        .remedy("send fewer records at once"));
    }
    Ok(())
}

/// The reports that this version understands.
fn screens(device: &DeviceId, reports: Vec<Value>) -> Vec<ScreenReport> {
    reports
        .into_iter()
        .take(MAX_SCREENS)
        .filter_map(|report| match serde_json::from_value(report) {
            Ok(report) => Some(report),
            Err(error) => {
                tracing::warn!(%error, %device, "a screen's report is not understood");
                None
            }
        })
        .collect()
}
