//! The pages: each screen of the kiosk is one handler and one template.

mod access;
mod attract;
mod browse;
pub mod card;
mod emergency;
mod entry;
mod feedback;
mod frame;
mod home;
mod map;
pub mod procedures;
mod search;

use crate::app::{App, Scene};
use askama::Template;
use axum::Router;
use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::get;

/// The routes.
pub fn router() -> Router<App> {
    Router::new()
        .route("/", get(attract::page))
        .route("/urgent", get(attract::urgent))
        .route("/home", get(home::page))
        .route("/search", get(search::page))
        .route("/v1/results", get(search::results))
        .route("/entry/{id}", get(entry::page))
        .route("/category/{id}", get(browse::category))
        .route("/invest", get(browse::invest))
        .route("/notices", get(browse::notices))
        .route("/festivals", get(browse::festivals))
        .route("/map", get(map::page))
        .route("/procedures", get(procedures::page))
        .route("/emergency", get(emergency::page))
        .route("/feedback", get(feedback::page))
        .route("/accessibility", get(access::page))
        .fallback(home::missing)
}

/// What a page of a visit is made from. Without a visit there is only the first screen; with an
/// urgent notice that was not read, only that and the help in need.
impl<S> FromRequestParts<S> for Scene
where
    S: Send + Sync,
    App: FromRef<S>,
{
    type Rejection = Redirect;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Redirect> {
        let app = App::from_ref(state);
        let visit = app.desk.visit();
        let scene = app.scene(visit).filter(|scene| scene.visit.number() != 0);
        let scene = scene.ok_or_else(|| Redirect::to("/"))?;
        let is_always_there = ["/emergency", "/urgent", "/accessibility"];
        if !is_always_there.contains(&parts.uri.path()) && scene.unread().is_some() {
            return Err(Redirect::to("/urgent"));
        }
        Ok(scene)
    }
}

/// The answer that a template writes.
pub fn show(page: &impl Template) -> Response {
    match page.render() {
        Ok(text) => Html(text).into_response(),
        Err(error) => {
            tracing::error!(%error, "a page could not be written");
            axum::http::StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
