//! `POST /d/v1/renew`: a certificate for a new key of the device that asks. Of the request only the
//! key is used. The same request again gives a certificate again; another key takes the place of
//! one that was never used.

use super::{Caller, not_active};
use crate::app::Shared;
use crate::ca::requested_key;
use crate::clock;
use crate::http::{ApiError, ApiResult, Json};
use crate::store::Renewed;
use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use cotmoc_proto::device::{RenewRequest, RenewResponse};

pub(super) async fn renew(
    State(app): State<Shared>,
    Extension(Caller(device)): Extension<Caller>,
    Json(request): Json<RenewRequest>,
) -> ApiResult<axum::Json<RenewResponse>> {
    let name = &device.device;
    if request.device != *name {
        return Err(ApiError::new(
            StatusCode::FORBIDDEN,
            "wrong-device",
            format!("the key is that of {name}, not of {}", request.device),
        )
        .remedy("set the device's name as it was registered"));
    }
    let spki = requested_key(&request.csr_pem).map_err(|error| {
        ApiError::new(StatusCode::FORBIDDEN, "bad-csr", error.to_string())
            .remedy("send a request that is signed with the new P-256 key")
    })?;
    let renewing = app
        .store
        .renew(name.clone(), device.spki_sha256, spki.clone(), clock::now());
    match renewing.await? {
        Renewed::Done => {}
        Renewed::NotActive => return Err(not_active()),
        Renewed::KeyInUse => return Err(key_in_use()),
    }
    app.directory.reload(&app.store).await?;
    let certificate_pem = app.certify(name, &spki)?;
    tracing::info!(device = %name, "the device has a certificate for a new key");
    Ok(axum::Json(RenewResponse { certificate_pem }))
}

fn key_in_use() -> ApiError {
    ApiError::new(
        StatusCode::CONFLICT,
        "key-in-use",
        "this is, or was, the key of a device",
    )
    .remedy("make a new key: keys are never used twice")
}
