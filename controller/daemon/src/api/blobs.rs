//! Blobs, to and from people.

use crate::app::{Shared, blocking};
use crate::blobs::Upload;
use crate::clock;
use crate::http::{ApiError, ApiResult, Segment, serve_file};
use crate::store::BlobRow;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use cotmoc_proto::Digest;
use futures_util::StreamExt as _;
use std::time::Duration;

const PAUSE: Duration = Duration::from_secs(30);

pub(super) async fn download(
    State(app): State<Shared>,
    Segment(sha256): Segment<Digest>,
    headers: HeaderMap,
) -> ApiResult<Response> {
    let blob = app.store.blob(sha256).await?;
    serve(&app, blob, &headers)
}

/// Answers with a stored blob.
///
/// # Errors
/// [`ApiError`]: not found, or the file fails.
pub fn serve(app: &Shared, blob: Option<BlobRow>, headers: &HeaderMap) -> ApiResult<Response> {
    let blob = blob
        .filter(|blob| app.blobs.holds(blob))
        .ok_or_else(|| ApiError::not_found("such blob"))?;
    let file = app.blobs.read(blob.sha256).map_err(|error| {
        tracing::error!(%error, "a blob could not be opened");
        ApiError::internal()
    })?;
    serve_file(headers, blob.sha256, blob.size_bytes, file)
}

pub(super) async fn upload(
    State(app): State<Shared>,
    Segment(sha256): Segment<Digest>,
    headers: HeaderMap,
    body: Body,
) -> ApiResult<Response> {
    let _permit = app
        .uploads
        .try_acquire()
        .map_err(|_full| ApiError::busy("too many uploads at once"))?;
    let known = app.store.blob(sha256).await?;
    if let Some(blob) = known.filter(|blob| app.blobs.holds(blob)) {
        drain(body, blob.size_bytes).await?;
        return Ok(answer(StatusCode::OK, &blob));
    }
    let announced = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse().ok());
    let blob = receive(&app, sha256, announced, body).await?;
    app.store.add_blob(blob.clone(), clock::now()).await?;
    Ok(answer(StatusCode::CREATED, &blob))
}

async fn receive(
    app: &Shared,
    sha256: Digest,
    announced: Option<u64>,
    body: Body,
) -> ApiResult<BlobRow> {
    let mut upload = app.blobs.begin(announced)?;
    let mut stream = body.into_data_stream();
    let mut piece = Vec::with_capacity(Upload::PIECE_BYTES);
    while let Some(mut bytes) = next(&mut stream).await? {
        while !bytes.is_empty() {
            let room = Upload::PIECE_BYTES.saturating_sub(piece.len());
            piece.extend_from_slice(&bytes.split_to(room.min(bytes.len())));
            if piece.len() == Upload::PIECE_BYTES {
                (upload, piece) = push(upload, piece).await?;
            }
        }
    }
    (upload, _) = push(upload, piece).await?;
    let blobs = std::sync::Arc::clone(&app.blobs);
    blocking(move || blobs.finish(upload, sha256)).await
}

async fn push(mut upload: Upload, mut piece: Vec<u8>) -> ApiResult<(Upload, Vec<u8>)> {
    if piece.is_empty() {
        return Ok((upload, piece));
    }
    blocking(move || {
        upload.push(&piece)?;
        piece.clear();
        Ok((upload, piece))
    })
    .await
}

/// Reads away a body whose blob is stored already, so that the answer arrives.
async fn drain(body: Body, limit_bytes: u64) -> ApiResult<()> {
    let mut stream = body.into_data_stream();
    let mut left = limit_bytes;
    while let Some(bytes) = next(&mut stream).await? {
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        left = left.checked_sub(length).ok_or_else(|| {
            ApiError::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "digest-mismatch",
                "the body is longer than the blob of this digest",
            )
        })?;
    }
    Ok(())
}

async fn next(stream: &mut axum::body::BodyDataStream) -> ApiResult<Option<Bytes>> {
    match tokio::time::timeout(PAUSE, stream.next()).await {
        Ok(Some(Ok(bytes))) => Ok(Some(bytes)),
        Ok(None) => Ok(None),
        Ok(Some(Err(_broken))) => Err(ApiError::bad_request("the upload broke off")),
        Err(_elapsed) => Err(ApiError::new(
            StatusCode::REQUEST_TIMEOUT,
            "too-slow",
            "nothing of the upload arrived for 30 s",
        )),
    }
}

fn answer(status: StatusCode, blob: &BlobRow) -> Response {
    let body = serde_json::json!({ "sha256": blob.sha256, "size_bytes": blob.size_bytes });
    (status, axum::Json(body)).into_response()
}
