//! The page behind the code on a paper: whether this controller keeps a final report with that content. It
//! shows nothing that the paper does not.

use crate::app::Shared;
use crate::http::{ApiError, ApiResult, InFlight, Segment};
use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use cotmoc_proto::Digest;
use cotmoc_proto::window::OperatingWindow;
use std::time::Duration;

const REQUESTS: usize = 64;
const REQUEST_TIME: Duration = Duration::from_secs(30);

#[derive(Debug, Template)]
#[template(path = "verification.html")]
struct Page {
    /// The incident, and when its report was made.
    found: Option<(String, String)>,
    digest: Digest,
    key: Digest,
}

/// The routes.
pub fn router() -> Router<Shared> {
    let router = Router::new().route("/v/{digest}", get(show));
    InFlight::new(REQUESTS, REQUEST_TIME).around(router)
}

async fn show(State(app): State<Shared>, Segment(digest): Segment<Digest>) -> ApiResult<Response> {
    let zone = OperatingWindow::default().zone;
    let found = app.store.report_named(digest).await?;
    let page = Page {
        found: found.map(|row| (row.incident, zone.format(row.made_ms))),
        digest,
        key: Digest::of(app.voice.public()),
    };
    let html = page.render().map_err(|error| {
        tracing::error!(%error, "the page of a report could not be written");
        ApiError::internal()
    })?;
    let status = match page.found {
        Some(_) => StatusCode::OK,
        None => StatusCode::NOT_FOUND,
    };
    Ok((status, Html(html)).into_response())
}
