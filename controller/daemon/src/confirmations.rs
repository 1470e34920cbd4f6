//! The links in notices. Opening one shows the notice and changes nothing, whoever opens it: mail
//! scanners do. Only the button confirms, once.

use crate::app::Shared;
use crate::clock;
use crate::http::{ApiError, ApiResult, InFlight, Segment};
use crate::listen::Peer;
use crate::notices::{token_digest, without_link};
use crate::store::NoticeRow;
use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Router};
use cotmoc_proto::TimeMs;
use cotmoc_proto::time::{HOUR, Millis};
use cotmoc_proto::window::OperatingWindow;
use std::time::Duration;

const REQUESTS: usize = 64;
const REQUEST_TIME: Duration = Duration::from_secs(30);
/// For how long a link is good.
const LIFE: Millis = 24 * HOUR;
const LONGEST_AGENT: usize = 200;

#[derive(Debug, Template)]
#[template(path = "confirmation.html")]
struct Page<'n> {
    notice: Option<&'n NoticeRow>,
    text: String,
    created: String,
    confirmed: Option<String>,
    is_open: bool,
}

/// The routes.
pub fn router() -> Router<Shared> {
    let router = Router::new().route("/a/{token}", get(show).post(confirm));
    InFlight::new(REQUESTS, REQUEST_TIME).around(router)
}

async fn show(State(app): State<Shared>, Segment(token): Segment<String>) -> ApiResult<Response> {
    page(find(&app, &token).await?.as_ref(), clock::now())
}

async fn confirm(
    State(app): State<Shared>,
    Segment(token): Segment<String>,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
) -> ApiResult<Response> {
    let now = clock::now();
    if let Some(notice) = find(&app, &token).await?.filter(|n| is_open(n, now)) {
        let by = said_by(&peer, &headers);
        if app.store.confirm(notice.id, by, now).await? {
            tracing::info!(key = notice.key, "a notice was confirmed");
        }
    }
    page(find(&app, &token).await?.as_ref(), now)
}

async fn find(app: &Shared, token: &str) -> ApiResult<Option<NoticeRow>> {
    Ok(app.store.notice_of(token_digest(token)).await?)
}

fn is_open(notice: &NoticeRow, now: TimeMs) -> bool {
    notice.confirmed_ms.is_none() && now.since(notice.created_ms) < LIFE
}

/// Where the confirmation came from, as far as that can be told.
fn said_by(peer: &Peer, headers: &HeaderMap) -> String {
    let text = |name: header::HeaderName| {
        let value = headers.get(name).and_then(|value| value.to_str().ok());
        let value = value.unwrap_or_default().chars();
        value.take(LONGEST_AGENT).collect::<String>()
    };
    serde_json::json!({
        "address": peer.address.ip(),
        "forwarded_for": text(header::HeaderName::from_static("x-forwarded-for")),
        "user_agent": text(header::USER_AGENT),
    })
    .to_string()
}

fn page(notice: Option<&NoticeRow>, now: TimeMs) -> ApiResult<Response> {
    let zone = OperatingWindow::default().zone;
    let page = Page {
        notice,
        text: notice.map_or_else(String::new, |n| without_link(&n.body)),
        created: notice.map_or_else(String::new, |n| zone.format(n.created_ms)),
        confirmed: notice
            .and_then(|n| n.confirmed_ms)
            .map(|at| zone.format(at)),
        is_open: notice.is_some_and(|notice| is_open(notice, now)),
    };
    let html = page.render().map_err(|error| {
        tracing::error!(%error, "the page of a notice could not be written");
        ApiError::internal()
    })?;
    let status = match notice {
        Some(_) => StatusCode::OK,
        None => StatusCode::NOT_FOUND,
    };
    Ok((status, Html(html)).into_response())
}
