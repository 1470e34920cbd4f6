//! The on-air ledger of clusters and the book of incidents, for programs.

use crate::app::Shared;
use crate::clock;
use crate::http::{ApiError, ApiResult, Params};
use crate::ledger::{self, MOST_DAYS};
use axum::extract::State;
use cotmoc_controller_core::ledger::Day;
use cotmoc_proto::ClusterId;
use cotmoc_proto::window::OperatingWindow;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Period {
    cluster: Option<ClusterId>,
    /// The first and the last local day; without them this month.
    from: Option<String>,
    to: Option<String>,
}

#[derive(Debug, Serialize)]
struct Dated<'d> {
    date: String,
    unknown_ms: i64,
    #[serde(flatten)]
    day: &'d Day,
}

impl Period {
    fn days(&self) -> ApiResult<(Date, Date)> {
        let zone = OperatingWindow::default().zone;
        let today = zone.date(clock::now());
        let day = |text: &Option<String>, default: Date| match text {
            None => Ok(default),
            Some(text) => text
                .parse()
                .map_err(|_date| ApiError::bad_request("from, to: expected YYYY-MM-DD")),
        };
        let last = day(&self.to, today)?;
        let first = day(&self.from, last.first_of_month())?;
        if first > last || ledger::dates(first, last).last() != Some(last) {
            let problem = format!("a period of 1 to {MOST_DAYS} days, the first day first");
            return Err(ApiError::bad_request(problem));
        }
        Ok((first, last))
    }
}

pub(super) async fn show(
    State(app): State<Shared>,
    Params(asked): Params<Period>,
) -> ApiResult<axum::Json<serde_json::Value>> {
    let (first, last) = asked.days()?;
    let zone = OperatingWindow::default().zone;
    let mut clusters = Vec::new();
    for (cluster, ledger) in ledger::all(&app, asked.cluster.as_ref(), (first, last)).await? {
        let days: Vec<Dated<'_>> = ledger
            .days
            .iter()
            .map(|day| Dated {
                date: zone.date(day.required.from_ms).to_string(),
                unknown_ms: day.unknown_ms(),
                day,
            })
            .collect();
        clusters.push(serde_json::json!({
            "cluster": cluster.of.id,
            "name": cluster.of.about.name,
            "totals": ledger.totals,
            "days": days,
        }));
    }
    let period = [first.to_string(), last.to_string()];
    Ok(axum::Json(
        serde_json::json!({ "from": period[0], "to": period[1], "clusters": clusters }),
    ))
}

pub(super) async fn book(
    State(app): State<Shared>,
    Params(asked): Params<Period>,
) -> ApiResult<axum::Json<serde_json::Value>> {
    let (first, last) = asked.days()?;
    let book = ledger::book(&app, asked.cluster.as_ref(), (first, last)).await?;
    let period = [first.to_string(), last.to_string()];
    Ok(axum::Json(serde_json::json!({
        "from": period[0],
        "to": period[1],
        "book": book,
        "stopped_ms": book.stopped_ms(),
    })))
}
