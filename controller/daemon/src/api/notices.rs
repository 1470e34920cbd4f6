//! Notices with their fate, and the drill that tries every way out.

use crate::app::Shared;
use crate::clock;
use crate::drills;
use crate::http::{ApiError, ApiResult, Json, Params};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

const DEFAULT_LIMIT: u32 = 100;
const MAX_LIMIT: u32 = 1_000;

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

/// How the ways out are doing, and what is wrong with the controller itself.
pub(super) async fn routes(State(app): State<Shared>) -> ApiResult<Response> {
    let states = app.notices.states().await?;
    let answer = serde_json::json!({ "routes": states, "faults": app.faults.now() });
    Ok(axum::Json(answer).into_response())
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
    let orders = drills::orders(&app, &incident, now);
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
