//! `POST /d/v1/enrol` on the enrolment listener: a one-time token and a signed request for a
//! certificate. Of the request only the key is used; the rest comes from the registration.

use crate::app::Shared;
use crate::ca::requested_key;
use crate::clock;
use crate::enrolment::token_digest;
use crate::http::{ApiError, ApiResult, InFlight, Json};
use crate::listen::Peer;
use crate::store::Enrolled;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Extension, Router};
use cotmoc_proto::ChannelId;
use cotmoc_proto::device::{EnrolRequest, EnrolResponse};
use std::net::IpAddr;
use std::sync::PoisonError;
use std::time::Duration;

const REQUESTS: usize = 16;
const REQUEST_TIME: Duration = Duration::from_secs(30);

/// The largest body of an enrolment, in bytes.
pub const MAX_BODY_BYTES: usize = 32 * 1024;

/// The routes.
pub fn router() -> Router<Shared> {
    let router = Router::new().route("/d/v1/enrol", post(enrol));
    InFlight::new(REQUESTS, REQUEST_TIME).around(router)
}

async fn enrol(
    State(app): State<Shared>,
    Extension(peer): Extension<Peer>,
    Json(request): Json<EnrolRequest>,
) -> ApiResult<axum::Json<EnrolResponse>> {
    let address = peer.address.ip();
    allow(&app, address)?;
    let result = admit(&app, &request).await;
    if let Err(error) = &result {
        count_failure(&app, address);
        tracing::warn!(%address, device = %request.device, reason = error.code(), "an enrolment was refused");
    }
    let (spki, channel) = result?;
    let certificate_pem = app.certify(&request.device, &spki)?;
    app.directory.reload(&app.store).await?;
    app.door.look();
    tracing::info!(device = %request.device, %channel, "the device is enrolled");
    Ok(axum::Json(EnrolResponse {
        certificate_pem,
        channel,
    }))
}

async fn admit(app: &Shared, request: &EnrolRequest) -> ApiResult<(Vec<u8>, ChannelId)> {
    let spki =
        requested_key(&request.csr_pem).map_err(|error| refused("bad-csr", error.to_string()))?;
    let token = token_digest(&request.token);
    let enrolled = app
        .store
        .enrol(request.device.clone(), token, spki.clone(), clock::now())
        .await?;
    match enrolled {
        Enrolled::Done(channel) => Ok((spki, channel)),
        Enrolled::Refused => Err(refused(
            "bad-token",
            "the token is not valid for this device and key",
        )),
        Enrolled::Used => Err(ApiError::new(
            StatusCode::CONFLICT,
            "token-used",
            "the token was used before",
        )
        .remedy("ask the operator for a new token; if nobody else used this one, the answer was lost on the way")),
    }
}

fn refused(code: &'static str, message: impl Into<String>) -> ApiError {
    ApiError::new(StatusCode::FORBIDDEN, code, message)
        .remedy("ask the operator for a new token for this device's key")
}

fn allow(app: &Shared, address: IpAddr) -> ApiResult<()> {
    let mut attempts = app.attempts.lock().unwrap_or_else(PoisonError::into_inner);
    attempts.allow(address, clock::now()).map_err(|seconds| {
        ApiError::new(
            StatusCode::TOO_MANY_REQUESTS,
            "too-many-attempts",
            "too many failed enrolments",
        )
        .remedy("wait, then try again with the right token")
        .retry_after(seconds)
    })
}

fn count_failure(app: &Shared, address: IpAddr) {
    let mut attempts = app.attempts.lock().unwrap_or_else(PoisonError::into_inner);
    attempts.failed(address);
}
