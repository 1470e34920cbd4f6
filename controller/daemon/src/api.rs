//! The people's API: the console listener, on loopback, with the operator's token.

mod blobs;
mod channels;
mod devices;
mod documents;
mod drafts;
pub mod incidents;
mod ledger;
mod notices;
mod obligations;
mod records;
mod status;

pub use blobs::serve as serve_blob;

use crate::app::Shared;
use crate::http::{ApiError, InFlight};
use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use std::time::Duration;

const REQUESTS: usize = 256;
const REQUEST_TIME: Duration = Duration::from_secs(120);
const TRANSFERS: usize = 64;
const TRANSFER_TIME: Duration = Duration::from_secs(24 * 3_600);

/// The routes.
pub fn router(app: &Shared) -> Router<Shared> {
    let quick = Router::new()
        .route("/api/v1/status", get(status::show))
        .route("/api/v1/channels", get(channels::list).post(channels::add))
        .route(
            "/api/v1/channels/{channel}/release",
            get(channels::newest_release),
        )
        .route(
            "/api/v1/channels/{channel}/takedowns",
            get(channels::takedowns),
        )
        .route(
            "/api/v1/channels/{channel}/overrides",
            get(channels::overrides),
        )
        .route("/api/v1/envelopes", post(documents::publish))
        .route("/api/v1/envelopes/{sha256}", get(documents::envelope))
        .route("/api/v1/roots", get(documents::roots))
        .route("/api/v1/roots/{version}", get(documents::root))
        .route("/api/v1/drafts", get(drafts::list))
        .route(
            "/api/v1/drafts/{payload_sha256}",
            get(drafts::show).put(drafts::merge).delete(drafts::delete),
        )
        .route(
            "/api/v1/devices",
            get(devices::list).post(devices::register),
        )
        .route("/api/v1/devices/{device}", get(devices::show))
        .route("/api/v1/devices/{device}/revoke", post(devices::revoke))
        .route("/api/v1/events", get(records::events))
        .route("/api/v1/aired", get(records::aired))
        .route("/api/v1/on-air", get(records::on_air))
        .route("/api/v1/receipts", get(records::receipts))
        .route("/api/v1/notices", get(notices::list))
        .route("/api/v1/routes", get(notices::routes))
        .route("/api/v1/notices/retry", post(notices::retry))
        .route("/api/v1/drill", post(notices::drill))
        .route("/api/v1/incidents", get(incidents::list))
        .route("/api/v1/incidents/{incident}", get(incidents::show))
        .route(
            "/api/v1/incidents/{incident}/acknowledge",
            post(incidents::acknowledge),
        )
        .route("/api/v1/incidents/{incident}/told", post(incidents::told))
        .route(
            "/api/v1/incidents/{incident}/dismissal",
            post(incidents::propose_dismissal),
        )
        .route(
            "/api/v1/incidents/{incident}/dismiss",
            post(incidents::dismiss),
        )
        .route("/api/v1/incidents/{incident}/close", post(incidents::close))
        .route(
            "/api/v1/incidents/{incident}/report",
            get(incidents::report),
        )
        .route("/api/v1/report-key", get(incidents::report_key));
    let transfers = Router::new().route(
        "/api/v1/blobs/{sha256}",
        put(blobs::upload).get(blobs::download),
    );
    InFlight::new(REQUESTS, REQUEST_TIME)
        .around(quick.merge(accounts_of_time()))
        .merge(InFlight::new(TRANSFERS, TRANSFER_TIME).around(transfers))
        .route_layer(middleware::from_fn_with_state(
            Shared::clone(app),
            only_operator,
        ))
}

/// What is owed, what was on air, and what stopped it.
fn accounts_of_time() -> Router<Shared> {
    Router::new()
        .route("/api/v1/obligations", get(obligations::list))
        .route("/api/v1/obligations/{obligation}", get(obligations::show))
        .route(
            "/api/v1/obligations/{obligation}/deliveries",
            post(obligations::deliver),
        )
        .route(
            "/api/v1/obligations/{obligation}/withdrawal",
            post(obligations::withdraw),
        )
        .route("/api/v1/ledger", get(ledger::show))
        .route("/api/v1/incident-book", get(ledger::book))
}

async fn only_operator(State(app): State<Shared>, request: Request, next: Next) -> Response {
    if app.operator.admits(request.headers()) {
        return next.run(request).await;
    }
    ApiError::new(
        StatusCode::UNAUTHORIZED,
        "unauthorised",
        "the operator's token is missing or wrong",
    )
    .remedy("send \"Authorization: Bearer\" with the content of operator.token in the data folder")
    .into_response()
}
