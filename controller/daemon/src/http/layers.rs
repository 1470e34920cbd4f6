//! What wraps every router: a bound on the requests under way and on their time, the answer to
//! unknown paths, and the headers that keep browsers strict.

use super::error::ApiError;
use super::remainder;
use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

const HEADERS: [(HeaderName, &str); 5] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::CACHE_CONTROL, "no-store"),
];

/// How many requests of one kind may be under way, and how long each may take.
#[derive(Debug, Clone)]
pub struct InFlight {
    permits: Arc<Semaphore>,
    limit: Duration,
}

impl InFlight {
    /// A bound of `count` requests, each of at most `limit`.
    #[must_use]
    pub fn new(count: usize, limit: Duration) -> Self {
        Self {
            permits: Arc::new(Semaphore::new(count)),
            limit,
        }
    }

    /// Puts the bound around every route that `router` has now.
    pub fn around<S>(self, router: Router<S>) -> Router<S>
    where
        S: Clone + Send + Sync + 'static,
    {
        router.route_layer(middleware::from_fn_with_state(self, bound))
    }
}

/// Finishes a surface: the limit of bodies, unknown paths, headers, answers that arrive.
pub fn finish(router: Router, max_body_bytes: usize) -> Router {
    router
        .fallback(async || ApiError::not_found("such path"))
        .method_not_allowed_fallback(async || {
            ApiError::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "method-not-allowed",
                "this path does not take this method",
            )
        })
        .layer(DefaultBodyLimit::max(max_body_bytes))
        .layer(middleware::map_response(strict_headers))
        .layer(middleware::from_fn(remainder::read_away))
}

async fn bound(State(bound): State<InFlight>, request: Request, next: Next) -> Response {
    let Ok(_permit) = bound.permits.try_acquire() else {
        return ApiError::busy("too many requests at once").into_response();
    };
    match tokio::time::timeout(bound.limit, next.run(request)).await {
        Ok(response) => response,
        Err(_elapsed) => ApiError::new(
            StatusCode::REQUEST_TIMEOUT,
            "too-slow",
            "the request took too long to arrive or to answer",
        )
        .into_response(),
    }
}

#[allow(
    clippy::unused_async,
    reason = "the framework takes only asynchronous functions here"
)]
async fn strict_headers(mut response: Response) -> Response {
    for (name, value) in HEADERS {
        response
            .headers_mut()
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
    response
}
