//! Where SMS gateways hand in what people answer: a POST with the route's secret, in `Authorization:
//! Bearer` or, where a provider knows addresses only, as `?secret=`.

use crate::app::Shared;
use crate::http::{ApiError, ApiResult, InFlight, Params, Segment};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::routing::post;
use serde::Deserialize;
use std::time::Duration;

/// The largest body that a gateway may send.
pub const MAX_BODY_BYTES: usize = 8 * 1_024;
const REQUESTS: usize = 16;
const REQUEST_TIME: Duration = Duration::from_secs(30);

#[derive(Debug, Clone, Deserialize)]
struct Query {
    secret: Option<String>,
}

/// The routes.
pub fn router() -> Router<Shared> {
    let router = Router::new().route("/r/{route}", post(take));
    InFlight::new(REQUESTS, REQUEST_TIME).around(router)
}

async fn take(
    State(app): State<Shared>,
    Segment(route): Segment<String>,
    Params(query): Params<Query>,
    headers: HeaderMap,
    body: Bytes,
) -> ApiResult<&'static str> {
    let bearer = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    let bearer = bearer
        .and_then(|value| value.strip_prefix("Bearer "))
        .map(str::to_owned);
    let secret = bearer.or(query.secret).unwrap_or_default();
    let Some(door) = app.notices.door(&route).filter(|door| door.admits(&secret)) else {
        return Err(ApiError::new(
            StatusCode::UNAUTHORIZED,
            "unauthorised",
            "there is no such route, or this is not its secret",
        )
        .remedy("give the gateway the secret in the route's replies.secret_file"));
    };
    let Some((from, text)) = door.read(&body) else {
        return Err(ApiError::bad_request(
            "the sender's number or the text is not where replies.from and replies.text say",
        ));
    };
    app.notices.handed_in(&route, from, text).await?;
    Ok("OK")
}
