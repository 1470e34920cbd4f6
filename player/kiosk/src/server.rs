//! The server of the pages: only for the browser of this board, and strict with it.

use crate::app::App;
use crate::{assets, feedback, glass, looks, pages, qr, speech};
use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use std::net::SocketAddr;
use std::sync::Arc;

const MAX_BODY_BYTES: usize = 16 << 10;
const HEADERS: [(HeaderName, &str); 6] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "same-origin"),
    (header::CACHE_CONTROL, "no-store"),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), microphone=(), geolocation=(), usb=(), serial=(), bluetooth=()",
    ),
];

/// The routes of the kiosk that is reached at `address`.
pub fn router(app: App, address: SocketAddr) -> Router {
    let own = Arc::new(Own::of(address));
    Router::new()
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .merge(pages::router())
        .merge(glass::router())
        .merge(looks::router())
        .merge(feedback::router())
        .merge(qr::router())
        .merge(speech::router())
        .merge(assets::router())
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .layer(middleware::from_fn_with_state(own, only_from_here))
        .layer(middleware::map_response(strict_headers))
        .with_state(app)
}

/// Whether the process lives.
async fn healthz(State(app): State<App>) -> String {
    format!("ok {}\n", app.now().mono_ms)
}

/// Whether visitors find what they look for.
async fn readyz(State(app): State<App>) -> (StatusCode, &'static str) {
    match app.package() {
        Some(_) => (StatusCode::OK, "a package is shown\n"),
        None => (StatusCode::SERVICE_UNAVAILABLE, "no package is shown\n"),
    }
}

/// The names under which the browser of this board may ask.
#[derive(Debug)]
struct Own {
    hosts: [String; 2],
    origins: [String; 2],
}

impl Own {
    fn of(address: SocketAddr) -> Self {
        let hosts = [address.to_string(), format!("localhost:{}", address.port())];
        let origins = hosts.clone().map(|host| format!("http://{host}"));
        Self { hosts, origins }
    }
}

/// A page of somebody else could otherwise reach the kiosk under a name of its own, or change
/// something from outside.
async fn only_from_here(State(own): State<Arc<Own>>, request: Request, next: Next) -> Response {
    match own.refuse(request.method(), request.headers()) {
        Some(refusal) => refusal.into_response(),
        None => next.run(request).await,
    }
}

impl Own {
    fn refuse(&self, method: &Method, headers: &HeaderMap) -> Option<(StatusCode, &'static str)> {
        let is_own = |known: &[String; 2], name| {
            let said = headers.get(name).map(HeaderValue::as_bytes);
            said.map(|said| known.iter().any(|known| known.as_bytes() == said))
        };
        if is_own(&self.hosts, header::HOST) != Some(true) {
            return Some((StatusCode::MISDIRECTED_REQUEST, "not for this host\n"));
        }
        let reads = matches!(*method, Method::GET | Method::HEAD);
        let is_welcome = is_own(&self.origins, header::ORIGIN).unwrap_or(reads);
        (!is_welcome).then_some((StatusCode::FORBIDDEN, "not from this page\n"))
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
