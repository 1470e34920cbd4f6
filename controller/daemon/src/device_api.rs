//! What devices call: the device listener, TLS with a client certificate. Each request is checked
//! against the directory of devices, whatever the connection was when it began.

mod content;
mod ingest;
mod sync;
mod wait;

use crate::app::Shared;
use crate::http::{ApiError, InFlight};
use crate::listen::Peer;
use crate::store::DeviceRow;
use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::StatusCode;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use cotmoc_proto::device::MAX_SYNC_BYTES;
use std::sync::Arc;
use std::time::Duration;

const REQUESTS: usize = 1_024;
const REQUEST_TIME: Duration = Duration::from_secs(60);

/// The device that calls.
#[derive(Debug, Clone)]
pub struct Caller(pub Arc<DeviceRow>);

/// The routes.
pub fn router(app: &Shared) -> Router<Shared> {
    let quick = Router::new()
        .route("/d/v1/sync", post(sync::sync))
        .route("/d/v1/envelope/{sha256}", get(content::envelope))
        .route("/d/v1/blob/{sha256}", get(content::blob))
        .layer(DefaultBodyLimit::max(MAX_SYNC_BYTES));
    InFlight::new(REQUESTS, REQUEST_TIME)
        .around(quick)
        .route("/d/v1/wait", get(wait::wait))
        .route_layer(middleware::from_fn_with_state(
            Shared::clone(app),
            only_active,
        ))
}

async fn only_active(State(app): State<Shared>, mut request: Request, next: Next) -> Response {
    let key = request
        .extensions()
        .get::<Peer>()
        .and_then(|peer| peer.spki_sha256);
    let Some(device) = key.and_then(|key| app.directory.active(key)) else {
        return not_active().into_response();
    };
    request.extensions_mut().insert(Caller(device));
    next.run(request).await
}

fn not_active() -> ApiError {
    ApiError::new(
        StatusCode::FORBIDDEN,
        "not-active",
        "this key belongs to no active device",
    )
    .remedy("ask the operator to register the device")
}
