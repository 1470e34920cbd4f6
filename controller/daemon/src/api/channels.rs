//! Channels and what is published for them.

use crate::app::Shared;
use crate::http::{ApiError, ApiResult, Json, Segment};
use crate::store::{DocumentKind, DocumentRow};
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use cotmoc_proto::ChannelId;
use serde::{Deserialize, Serialize};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewChannel {
    channel: ChannelId,
}

#[derive(Debug, Serialize)]
struct ChannelView {
    channel: ChannelId,
    revision: u64,
    /// Version of the newest release; 0: none.
    release: u64,
    /// Sequence number of the newest takedown; 0: none.
    takedown: u64,
    /// Sequence number of the newest override; 0: none.
    #[serde(rename = "override")]
    override_seq: u64,
}

pub(super) async fn add(
    State(app): State<Shared>,
    Json(new): Json<NewChannel>,
) -> ApiResult<Response> {
    let is_new = app.add_channel(new.channel.clone()).await?;
    let status = if is_new {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    Ok((status, axum::Json(view(&app, &new.channel)?)).into_response())
}

pub(super) async fn list(State(app): State<Shared>) -> ApiResult<Response> {
    let views: Vec<_> = app
        .published()
        .channels
        .keys()
        .map(|channel| view(&app, channel))
        .collect::<ApiResult<_>>()?;
    Ok(axum::Json(serde_json::json!({ "channels": views })).into_response())
}

pub(super) async fn newest_release(
    State(app): State<Shared>,
    Segment(channel): Segment<ChannelId>,
) -> ApiResult<Response> {
    let published = app.published();
    let board = published
        .channels
        .get(&channel)
        .ok_or_else(|| ApiError::not_found(format!("channel {channel}")))?;
    let newest = board
        .newest
        .as_ref()
        .ok_or_else(|| ApiError::not_found(format!("release on channel {channel}")))?;
    envelope(&app, &newest.row).await
}

pub(super) async fn takedowns(
    State(app): State<Shared>,
    Segment(channel): Segment<ChannelId>,
) -> ApiResult<Response> {
    view(&app, &channel)?;
    let rows = app
        .store
        .documents(DocumentKind::Takedown, Some(channel))
        .await?;
    Ok(axum::Json(serde_json::json!({ "takedowns": rows })).into_response())
}

pub(super) async fn overrides(
    State(app): State<Shared>,
    Segment(channel): Segment<ChannelId>,
) -> ApiResult<Response> {
    view(&app, &channel)?;
    let rows = app
        .store
        .documents(DocumentKind::Override, Some(channel))
        .await?;
    Ok(axum::Json(serde_json::json!({ "overrides": rows })).into_response())
}

/// Answers with the bytes of a published envelope.
pub(super) async fn envelope(app: &Shared, row: &DocumentRow) -> ApiResult<Response> {
    let found = app.store.envelope(row.envelope_sha256).await?;
    let (row, bytes) = found.ok_or_else(|| ApiError::not_found("such envelope"))?;
    let headers = [
        (header::CONTENT_TYPE, "application/json".to_owned()),
        (header::ETAG, format!("\"{}\"", row.envelope_sha256)),
    ];
    Ok((headers, bytes).into_response())
}

fn view(app: &Shared, channel: &ChannelId) -> ApiResult<ChannelView> {
    let published = app.published();
    let board = published
        .channels
        .get(channel)
        .ok_or_else(|| ApiError::not_found(format!("channel {channel}")))?;
    Ok(ChannelView {
        channel: channel.clone(),
        revision: board.row.revision,
        release: board.newest.as_ref().map_or(0, |newest| newest.row.number),
        takedown: board.takedowns.last().map_or(0, |issued| issued.row.number),
        override_seq: board.overrides.last().map_or(0, |issued| issued.row.number),
    })
}
