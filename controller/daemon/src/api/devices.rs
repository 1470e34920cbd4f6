//! Registering, listing and revoking devices.

use crate::app::Shared;
use crate::clock;
use crate::enrolment::{new_secret, token_digest};
use crate::http::{ApiError, ApiResult, Json, Segment};
use crate::store::{Registered, Registration};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use cotmoc_proto::{ChannelId, DeviceId, Digest, TimeMs};
use serde::{Deserialize, Serialize};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewDevice {
    device: DeviceId,
    channel: ChannelId,
    /// SHA-256 of the device's public key, as `cotmoc-agent key` prints it.
    spki_sha256: Digest,
}

#[derive(Debug, Serialize)]
struct Token {
    device: DeviceId,
    token: String,
    expires_ms: TimeMs,
}

pub(super) async fn register(
    State(app): State<Shared>,
    Json(new): Json<NewDevice>,
) -> ApiResult<Response> {
    let token = new_secret().ok_or_else(ApiError::internal)?;
    let now = clock::now();
    let expires_ms = now.plus(app.settings.token_ms);
    let registration = Registration {
        device: new.device.clone(),
        channel: new.channel.clone(),
        spki_sha256: new.spki_sha256,
        token_sha256: token_digest(&token),
        expires_ms,
    };
    let registered = app.store.register(registration, now).await?;
    if let Some(error) = refusal(registered, &new) {
        return Err(error);
    }
    app.directory.reload(&app.store).await?;
    app.door.open().await;
    let body = Token {
        device: new.device,
        token,
        expires_ms,
    };
    Ok((StatusCode::CREATED, axum::Json(body)).into_response())
}

pub(super) async fn list(State(app): State<Shared>) -> Response {
    let all = app.directory.all();
    let rows: Vec<_> = all.iter().map(AsRef::as_ref).collect();
    axum::Json(serde_json::json!({ "devices": rows })).into_response()
}

pub(super) async fn show(
    State(app): State<Shared>,
    Segment(device): Segment<DeviceId>,
) -> ApiResult<Response> {
    let row = app
        .directory
        .find(&device)
        .ok_or_else(|| ApiError::not_found(format!("device {device}")))?;
    Ok(axum::Json(row.as_ref()).into_response())
}

pub(super) async fn revoke(
    State(app): State<Shared>,
    Segment(device): Segment<DeviceId>,
) -> ApiResult<Response> {
    if !app.store.revoke(device.clone(), clock::now()).await? {
        return Err(ApiError::not_found(format!("device {device}")));
    }
    app.directory.reload(&app.store).await?;
    app.door.look();
    tracing::info!(%device, "the device was revoked");
    show(State(app), Segment(device)).await
}

fn refusal(registered: Registered, new: &NewDevice) -> Option<ApiError> {
    let (device, channel) = (&new.device, &new.channel);
    let conflict = |code, message: String, remedy: &str| {
        ApiError::new(StatusCode::CONFLICT, code, message).remedy(remedy)
    };
    let error = match registered {
        Registered::Done => return None,
        Registered::UnknownChannel => conflict(
            "unknown-channel",
            format!("there is no channel {channel}"),
            "add the channel first, or check its name",
        ),
        Registered::ActiveWithOtherKey => conflict(
            "active-with-other-key",
            format!("device {device} is active with another key"),
            "revoke the device first, then register it with its new key",
        ),
        Registered::KeyOfOtherDevice => conflict(
            "key-in-use",
            "another device has this key".to_owned(),
            "make a new key on this device: keys are never copied",
        ),
        Registered::RetiredKey => conflict(
            "key-revoked",
            "this key was revoked, or replaced when it was renewed".to_owned(),
            "make a new key on the device and register that",
        ),
    };
    Some(error)
}
