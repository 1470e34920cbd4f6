//! The console. Its status page (what every wall shows, since when, its time on air, its last sign of
//! life) needs no sign-in on this machine and changes nothing; every other page does.

mod accounts;
mod desk;
mod frame;
mod incidents;
mod ledger;
mod maintenance;
mod model;
mod obligations;
mod session;
mod sign_in;
mod words;

use crate::app::Shared;
use crate::http::{ApiError, ApiResult, InFlight};
use askama::Template as _;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use std::time::Duration;

const REQUESTS: usize = 64;
const REQUEST_TIME: Duration = Duration::from_secs(30);
const STYLE: &str = include_str!("../assets/console.css");
const SCRIPT: &str = include_str!("../assets/console.js");
const ICON: &str = include_str!("../assets/icon.svg");

/// The routes.
pub fn router() -> Router<Shared> {
    let router = Router::new()
        .route("/", get(status))
        .merge(sign_in::router())
        .merge(desk::router())
        .merge(maintenance::router())
        .merge(obligations::router())
        .merge(ledger::router())
        .merge(accounts::router());
    InFlight::new(REQUESTS, REQUEST_TIME)
        .around(router)
        .merge(assets())
}

/// What pages need beside themselves.
pub fn assets() -> Router<Shared> {
    let router = Router::new()
        .route(
            "/assets/console.css",
            get(async || asset("text/css", STYLE)),
        )
        .route(
            "/assets/console.js",
            get(async || asset("text/javascript", SCRIPT)),
        )
        .route(
            "/assets/icon.svg",
            get(async || asset("image/svg+xml", ICON)),
        );
    InFlight::new(REQUESTS, REQUEST_TIME).around(router)
}

/// Answers only requests that name this machine: a page of somebody else that a browser here has
/// open could otherwise reach the console under a name of its own.
pub fn only_known_hosts(router: Router) -> Router {
    router.layer(middleware::from_fn(known_host))
}

async fn status(State(app): State<Shared>) -> ApiResult<Html<String>> {
    let page = model::page(&app).await?;
    page.render().map(Html).map_err(|error| {
        tracing::error!(%error, "the status page could not be written");
        ApiError::internal()
    })
}

fn asset(kind: &str, text: &'static str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, format!("{kind}; charset=utf-8")),
        (header::CACHE_CONTROL, "no-cache".to_owned()),
    ];
    (headers, text).into_response()
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
