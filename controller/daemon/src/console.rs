//! The status page.

use crate::app::Shared;
use crate::http::ApiError;
use axum::Router;
use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};

/// The routes.
pub fn router() -> Router<Shared> {
    Router::new()
}

/// Answers only requests that name this machine: a page of somebody else that a browser here has
/// open could otherwise reach the console under a name of its own.
pub fn only_known_hosts(router: Router) -> Router {
    router.layer(middleware::from_fn(known_host))
}

async fn known_host(request: Request, next: Next) -> Response {
    let host = request
        .headers()
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    if host.is_some_and(is_local) {
        return next.run(request).await;
    }
    ApiError::new(
        StatusCode::MISDIRECTED_REQUEST,
        "wrong-host",
        "the console answers only to localhost, 127.0.0.1 and [::1]",
    )
    .into_response()
}

fn is_local(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        Some(_) | None => host,
    };
    matches!(name, "localhost" | "127.0.0.1" | "[::1]")
}
