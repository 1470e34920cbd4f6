//! Publishing, and reading back what is published.

use super::channels::envelope as answer;
use crate::app::Shared;
use crate::http::{ApiError, ApiResult, Raw, Segment};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use cotmoc_proto::Digest;

pub(super) async fn publish(State(app): State<Shared>, Raw(bytes): Raw) -> ApiResult<Response> {
    let done = app.publish(bytes.to_vec()).await?;
    let status = if done.is_new {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    let body = serde_json::json!({
        "kind": done.row.kind,
        "channel": done.row.channel,
        "number": done.row.number,
        "envelope_sha256": done.row.envelope_sha256,
        "payload_sha256": done.row.payload_sha256,
        "revision": done.revision,
    });
    Ok((status, axum::Json(body)).into_response())
}

pub(super) async fn envelope(
    State(app): State<Shared>,
    Segment(sha256): Segment<Digest>,
) -> ApiResult<Response> {
    let found = app.store.envelope(sha256).await?;
    let (row, _) = found.ok_or_else(|| ApiError::not_found("such envelope"))?;
    answer(&app, &row).await
}

pub(super) async fn roots(State(app): State<Shared>) -> Response {
    axum::Json(serde_json::json!({ "roots": app.published().roots })).into_response()
}

pub(super) async fn root(
    State(app): State<Shared>,
    Segment(version): Segment<u64>,
) -> ApiResult<Response> {
    let published = app.published();
    let row = published
        .roots
        .iter()
        .find(|row| row.number == version)
        .ok_or_else(|| ApiError::not_found(format!("root {version}")))?;
    answer(&app, row).await
}
