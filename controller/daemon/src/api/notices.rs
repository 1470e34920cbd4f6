//! Notices with their fate, and the drill that tries every way out.

use crate::app::Shared;
use crate::clock;
use crate::http::{ApiError, ApiResult, Json, Params};
use crate::notices::{Facts, Occasion, Order};
use crate::settings::RouteSettings;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use cotmoc_proto::TimeMs;
use cotmoc_proto::window::OperatingWindow;
use serde::Deserialize;

const DEFAULT_LIMIT: u32 = 100;
const MAX_LIMIT: u32 = 1_000;
/// The recipient of a drill, whoever reads it.
const EVERYBODY: &str = "drill";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Page {
    incident: Option<String>,
    limit: Option<u32>,
}

pub(super) async fn list(
    State(app): State<Shared>,
    Params(page): Params<Page>,
) -> ApiResult<Response> {
    let limit = page.limit.unwrap_or(DEFAULT_LIMIT).clamp(1, MAX_LIMIT);
    let rows = app.store.notices(page.incident, limit).await?;
    Ok(axum::Json(serde_json::json!({ "notices": rows })).into_response())
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Retry {
    incident: String,
}

pub(super) async fn retry(
    State(app): State<Shared>,
    Json(wanted): Json<Retry>,
) -> ApiResult<Response> {
    let notices = app.notices.retry(wanted.incident).await?;
    Ok(axum::Json(serde_json::json!({ "notices": notices })).into_response())
}

pub(super) async fn drill(State(app): State<Shared>) -> ApiResult<Response> {
    let now = clock::now();
    let incident = format!("drill-{}", now.0);
    let orders: Vec<_> = app
        .notices
        .routes()
        .flat_map(|route| orders(&app, route, &incident, now))
        .collect();
    if orders.is_empty() {
        return Err(ApiError::new(
            StatusCode::CONFLICT,
            "no-routes",
            "no way out for notices is configured",
        )
        .remedy("add [[notices.routes]] to the controller's configuration, each with \"to\""));
    }
    let done = app.notices.enqueue(orders).await?;
    let answer = serde_json::json!({ "incident": incident, "notices": done.new });
    Ok((StatusCode::CREATED, axum::Json(answer)).into_response())
}

fn orders(app: &Shared, route: &RouteSettings, incident: &str, now: TimeMs) -> Vec<Order> {
    let order = |address: &str| Order {
        incident: incident.to_owned(),
        stage: EVERYBODY.to_owned(),
        occasion: Occasion::Drill,
        facts: Facts {
            incident: incident.to_owned(),
            cluster: place(app),
            occurred: OperatingWindow::default().zone.format(now),
            ..Facts::default()
        },
        recipient: EVERYBODY.to_owned(),
        route: route.name.clone(),
        address: address.to_owned(),
        due_ms: now,
    };
    if route.way.reaches("") {
        return vec![order("")];
    }
    route.to.iter().map(|address| order(address)).collect()
}

fn place(app: &Shared) -> String {
    match &app.published().root {
        Some(root) => root.site.to_string(),
        None => "(chưa có địa bàn · no site yet)".to_owned(),
    }
}
