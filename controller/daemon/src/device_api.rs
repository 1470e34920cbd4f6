//! What devices call: the device listener, TLS with a client certificate. Each request is checked
//! against the directory of devices, whatever the connection was when it began.

mod content;
mod ingest;
mod renew;
mod sync;
mod wait;

use crate::app::Shared;
use crate::clock;
use crate::http::{ApiError, ApiResult, InFlight};
use crate::listen::Peer;
use crate::store::{DeviceRow, Promoted};
use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::StatusCode;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use cotmoc_proto::device::{CERTIFICATE_EXPIRED, MAX_SYNC_BYTES, NOT_ACTIVE};
use std::sync::Arc;
use std::time::Duration;

const REQUESTS: usize = 1_024;
const REQUEST_TIME: Duration = Duration::from_secs(60);

/// The only path that a certificate which has ended opens.
const RENEW: &str = "/d/v1/renew";

/// The device that calls.
#[derive(Debug, Clone)]
pub struct Caller(pub Arc<DeviceRow>);

/// The routes.
pub fn router(app: &Shared) -> Router<Shared> {
    let quick = Router::new()
        .route("/d/v1/sync", post(sync::sync))
        .route(RENEW, post(renew::renew))
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
    let peer = request.extensions().get::<Peer>().copied();
    let may_renew = request.uri().path() == RENEW;
    match admit(&app, peer, may_renew).await {
        Ok(device) => {
            request.extensions_mut().insert(Caller(device));
            next.run(request).await
        }
        Err(error) => error.into_response(),
    }
}

/// The active device whose key this is. The first use of a new key makes it the device's key.
async fn admit(app: &Shared, peer: Option<Peer>, may_renew: bool) -> ApiResult<Arc<DeviceRow>> {
    let shown = peer.and_then(|peer| peer.spki_sha256.zip(peer.valid_until));
    let (key, valid_until) = shown.ok_or_else(not_active)?;
    let device = app.directory.active(key).ok_or_else(not_active)?;
    if valid_until <= clock::wall() && !may_renew {
        return Err(expired());
    }
    if device.spki_sha256 == key {
        return Ok(device);
    }
    let promoted = app.store.promote(device.device.clone(), key, clock::now());
    let promoted = promoted.await?;
    app.directory.reload(&app.store).await?;
    if promoted == Promoted::Done {
        tracing::info!(device = %device.device, spki_sha256 = %key, "the device uses its new key; the one before is dead");
    }
    let device = app.directory.active(key);
    device
        .filter(|device| device.spki_sha256 == key)
        .ok_or_else(not_active)
}

fn not_active() -> ApiError {
    ApiError::new(
        StatusCode::FORBIDDEN,
        NOT_ACTIVE,
        "this key belongs to no active device",
    )
    .remedy("ask the operator to register the device")
}

fn expired() -> ApiError {
    ApiError::new(
        StatusCode::FORBIDDEN,
        CERTIFICATE_EXPIRED,
        "the device's certificate has ended; it can be renewed and nothing else",
    )
    .remedy("the device renews it by itself: POST /d/v1/renew")
}
