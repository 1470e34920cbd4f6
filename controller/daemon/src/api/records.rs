//! What devices and the controller recorded, a page at a time.

use crate::app::Shared;
use crate::http::{ApiError, ApiResult, Params};
use crate::store::{RecordKind, RecordQuery, RecordRow};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use cotmoc_proto::device::{OnAir, OnAirState, RecordBody};
use cotmoc_proto::window::{DayTime, OperatingWindow, next_day};
use cotmoc_proto::{DeviceId, TimeMs};
use serde::{Deserialize, Serialize};

const DEFAULT_LIMIT: u32 = 100;
const MAX_LIMIT: u32 = 1_000;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Page {
    device: Option<DeviceId>,
    after: Option<u64>,
    limit: Option<u32>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LedgerPage {
    device: DeviceId,
    /// Local date, `2026-11-23`; without it the page is of all days.
    date: Option<String>,
    after: Option<u64>,
    limit: Option<u32>,
}

/// A receipt with its envelope beside it.
#[derive(Debug, Serialize)]
struct ReceiptView<'r> {
    envelope: &'r str,
    #[serde(flatten)]
    row: &'r RecordRow,
}

pub(super) async fn events(
    State(app): State<Shared>,
    Params(page): Params<Page>,
) -> ApiResult<Response> {
    let rows = app.store.records(page.query(RecordKind::Event)).await?;
    Ok(axum::Json(serde_json::json!({ "events": rows })).into_response())
}

pub(super) async fn aired(
    State(app): State<Shared>,
    Params(page): Params<Page>,
) -> ApiResult<Response> {
    let rows = app.store.records(page.query(RecordKind::Aired)).await?;
    Ok(axum::Json(serde_json::json!({ "aired": rows })).into_response())
}

pub(super) async fn receipts(
    State(app): State<Shared>,
    Params(page): Params<Page>,
) -> ApiResult<Response> {
    let rows = app.store.records(page.query(RecordKind::Receipt)).await?;
    let views: Vec<_> = rows.iter().map(receipt).collect();
    Ok(axum::Json(serde_json::json!({ "receipts": views })).into_response())
}

/// The ledger of one device; with a date, the time on air on that local day too.
pub(super) async fn on_air(
    State(app): State<Shared>,
    Params(page): Params<LedgerPage>,
) -> ApiResult<Response> {
    let day = page.date.as_deref().map(local_day).transpose()?;
    let query = RecordQuery {
        kind: RecordKind::OnAir,
        device: Some(page.device.clone()),
        after: page.after,
        span: day,
        limit: page.limit.unwrap_or(MAX_LIMIT).min(MAX_LIMIT),
    };
    let rows = app.store.records(query).await?;
    let mut answer = serde_json::json!({ "device": page.device, "on-air": rows });
    if let (Some(day), Some(answer)) = (day, answer.as_object_mut()) {
        let intervals: Vec<OnAir> = rows.iter().filter_map(interval).collect();
        answer.insert("from_ms".to_owned(), day.0.0.into());
        answer.insert("to_ms".to_owned(), day.1.0.into());
        answer.insert("on_air_ms".to_owned(), on_air_ms(&intervals, day).into());
    }
    Ok(axum::Json(answer).into_response())
}

impl Page {
    fn query(self, kind: RecordKind) -> RecordQuery {
        RecordQuery {
            kind,
            device: self.device,
            after: self.after,
            span: None,
            limit: self.limit.unwrap_or(DEFAULT_LIMIT).min(MAX_LIMIT),
        }
    }
}

fn receipt(row: &RecordRow) -> ReceiptView<'_> {
    let envelope = row.body.get("receipt").and_then(|text| text.as_str());
    ReceiptView {
        envelope: envelope.unwrap_or_default(),
        row,
    }
}

/// Beginning and end of a day of the regulation's zone.
fn local_day(date: &str) -> ApiResult<(TimeMs, TimeMs)> {
    let zone = OperatingWindow::default().zone;
    let date = date
        .parse()
        .map_err(|_date| ApiError::bad_request("date: expected YYYY-MM-DD"))?;
    let start = |date| zone.at(date, DayTime::MIDNIGHT);
    Ok((start(date), start(next_day(date))))
}

fn interval(row: &RecordRow) -> Option<OnAir> {
    match RecordBody::deserialize(&row.body) {
        Ok(RecordBody::OnAir(interval)) => Some(interval),
        Ok(RecordBody::Event(_) | RecordBody::Aired(_) | RecordBody::Receipt(_)) | Err(_) => None,
    }
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
