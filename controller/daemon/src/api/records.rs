//! What devices and the controller recorded, a page at a time.

use crate::app::Shared;
use crate::http::{ApiError, ApiResult, Params};
use crate::store::{RecordKind, RecordQuery, RecordRow};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use cotmoc_proto::device::{OnAir, OnAirState};
use cotmoc_proto::window::{OperatingWindow, next_day};
use cotmoc_proto::{DeviceId, TimeMs};
use serde::Deserialize;

const DEFAULT_LIMIT: u32 = 100;
const MAX_LIMIT: u32 = 1_000;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Page {
    device: Option<DeviceId>,
    #[serde(default)]
    after: u64,
    limit: Option<u32>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DayOf {
    device: DeviceId,
    /// Local date, `2026-11-23`; today without it.
    date: Option<String>,
}

pub(super) async fn events(State(app): State<Shared>, page: Params<Page>) -> ApiResult<Response> {
    answer(&app, "events", RecordKind::Event, page).await
}

pub(super) async fn aired(State(app): State<Shared>, page: Params<Page>) -> ApiResult<Response> {
    answer(&app, "aired", RecordKind::Aired, page).await
}

pub(super) async fn receipts(State(app): State<Shared>, page: Params<Page>) -> ApiResult<Response> {
    answer(&app, "receipts", RecordKind::Receipt, page).await
}

/// The ledger of one device on one local day, with the time on air.
pub(super) async fn on_air(
    State(app): State<Shared>,
    Params(query): Params<DayOf>,
) -> ApiResult<Response> {
    let zone = OperatingWindow::default().zone;
    let date = match &query.date {
        Some(text) => text
            .parse()
            .map_err(|_date| ApiError::bad_request("date: expected YYYY-MM-DD"))?,
        None => zone.date(crate::clock::now()),
    };
    let midnight = cotmoc_proto::window::DayTime::MIDNIGHT;
    let day = (zone.at(date, midnight), zone.at(next_day(date), midnight));
    let rows = app
        .store
        .records(RecordQuery {
            kind: RecordKind::OnAir,
            device: Some(query.device.clone()),
            after: 0,
            span: Some(day),
            limit: 10 * MAX_LIMIT,
            newest_first: false,
        })
        .await?;
    let intervals: Vec<OnAir> = rows.iter().filter_map(interval).collect();
    Ok(axum::Json(serde_json::json!({
        "device": query.device,
        "date": date.to_string(),
        "from_ms": day.0,
        "to_ms": day.1,
        "on_air_ms": on_air_ms(&intervals, day),
        "intervals": intervals,
    }))
    .into_response())
}

async fn answer(
    app: &Shared,
    name: &str,
    kind: RecordKind,
    Params(page): Params<Page>,
) -> ApiResult<Response> {
    let rows = app
        .store
        .records(RecordQuery {
            kind,
            device: page.device,
            after: page.after,
            span: None,
            limit: page.limit.unwrap_or(DEFAULT_LIMIT).min(MAX_LIMIT),
            newest_first: false,
        })
        .await?;
    Ok(axum::Json(serde_json::json!({ name: rows })).into_response())
}

fn interval(row: &RecordRow) -> Option<OnAir> {
    serde_json::from_value(row.body.clone()).ok()
}

/// Time on air within `day`; intervals that overlap count once.
fn on_air_ms(intervals: &[OnAir], (from, to): (TimeMs, TimeMs)) -> i64 {
    let mut lit: Vec<_> = intervals
        .iter()
        .filter(|interval| interval.state == OnAirState::OnAir)
        .map(|interval| (interval.from_ms.max(from), interval.to_ms.min(to)))
        .collect();
    lit.sort_unstable();
    let mut upto = from;
    let mut sum = 0;
    for (start, end) in lit {
        let start = start.max(upto);
        if end > start {
            sum += end.since(start);
            upto = end;
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use cotmoc_proto::device::ClockQuality;

    #[test]
    fn time_on_air_counts_once_and_only_within_the_day() {
        let lit = |from: i64, to: i64| OnAir {
            state: OnAirState::OnAir,
            from_ms: TimeMs(from),
            to_ms: TimeMs(to),
            reason: String::new(),
            clock: ClockQuality::Held,
        };
        let dark = OnAir {
            state: OnAirState::Off,
            ..lit(40, 50)
        };
        let intervals = [lit(20, 30), lit(-10, 5), lit(25, 35), dark, lit(90, 200)];
        assert_eq!(on_air_ms(&intervals, (TimeMs(0), TimeMs(100))), 5 + 15 + 10);
    }
}
