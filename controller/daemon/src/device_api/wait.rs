//! `GET /d/v1/wait?revision=N`: held until something other than revision N is published for the
//! device's channel, or until the time is up. It says only "look now".

use super::{Caller, not_active};
use crate::app::Shared;
use crate::http::{ApiError, ApiResult, Params};
use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use cotmoc_proto::Digest;
use cotmoc_proto::device::WaitResponse;
use serde::Deserialize;

#[derive(Debug, Deserialize)]
pub(super) struct Known {
    revision: u64,
}

pub(super) async fn wait(
    State(app): State<Shared>,
    Extension(Caller(device)): Extension<Caller>,
    Params(known): Params<Known>,
) -> ApiResult<Response> {
    let _permit = app
        .waiters
        .try_acquire()
        .map_err(|_full| ApiError::busy("too many devices wait"))?;
    let mut news = app.news();
    let changed = news.wait_for(|published| published.revision(&device.channel) != known.revision);
    let news = tokio::select! {
        published = changed => Some(published.map_err(|_closed| ApiError::internal())?.revision(&device.channel)),
        () = lost(&app, device.spki_sha256) => return Err(not_active()),
        () = tokio::time::sleep(app.settings.wait) => None,
    };
    match news {
        Some(revision) => Ok(axum::Json(WaitResponse { revision }).into_response()),
        None => Ok(StatusCode::NO_CONTENT.into_response()),
    }
}

/// Ends when the key is no longer that of an active device.
async fn lost(app: &Shared, key: Digest) {
    let mut changes = app.directory.changes();
    while app.directory.active(key).is_some() {
        if changes.changed().await.is_err() {
            return;
        }
    }
}
