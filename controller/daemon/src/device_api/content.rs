//! Envelopes and blobs, for the channel of the device that asks.

use super::Caller;
use crate::api::serve_blob;
use crate::app::Shared;
use crate::http::{ApiError, ApiResult, Segment};
use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use cotmoc_proto::Digest;

pub(super) async fn envelope(
    State(app): State<Shared>,
    Extension(Caller(device)): Extension<Caller>,
    Segment(sha256): Segment<Digest>,
) -> ApiResult<Response> {
    let found = app.store.envelope(sha256).await?;
    let (_, bytes) = found
        .filter(|(row, _)| {
            row.channel
                .as_ref()
                .is_none_or(|channel| *channel == device.channel)
        })
        .ok_or_else(|| ApiError::not_found("such envelope"))?;
    let headers = [
        (header::CONTENT_TYPE, "application/json".to_owned()),
        (header::ETAG, format!("\"{sha256}\"")),
    ];
    Ok((headers, bytes).into_response())
}

pub(super) async fn blob(
    State(app): State<Shared>,
    Extension(Caller(device)): Extension<Caller>,
    Segment(sha256): Segment<Digest>,
    headers: HeaderMap,
) -> ApiResult<Response> {
    let blob = app.store.blob_for(sha256, device.channel.clone()).await?;
    serve_blob(&app, blob, &headers)
}
