//! What pages need beside themselves: styles, scripts, drawings, and the pictures of the package.

use crate::app::{App, Scene};
use axum::Router;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use cotmoc_lookup::content::MediaPath;

const FILES: [(&str, &str, &str); 8] = [
    ("kiosk.css", "text/css", include_str!("../assets/kiosk.css")),
    (
        "icons.svg",
        "image/svg+xml",
        include_str!("../assets/icons.svg"),
    ),
    (
        "icon.svg",
        "image/svg+xml",
        include_str!("../assets/icon.svg"),
    ),
    (
        "kiosk.js",
        "text/javascript",
        include_str!("../assets/kiosk.js"),
    ),
    (
        "keyboard.js",
        "text/javascript",
        include_str!("../assets/keyboard.js"),
    ),
    (
        "telex.js",
        "text/javascript",
        include_str!("../assets/telex.js"),
    ),
    (
        "search.js",
        "text/javascript",
        include_str!("../assets/search.js"),
    ),
    (
        "feedback.js",
        "text/javascript",
        include_str!("../assets/feedback.js"),
    ),
];

/// The routes.
pub fn router() -> Router<App> {
    Router::new()
        .route("/assets/panel.css", get(panel))
        .route("/assets/{file}", get(asset))
        .route("/media/{file}", get(medium))
}

async fn asset(Path(file): Path<String>) -> Response {
    let known = FILES.iter().find(|(name, ..)| *name == file);
    known.map_or(StatusCode::NOT_FOUND.into_response(), |(_, kind, text)| {
        written(kind, (*text).to_owned())
    })
}

/// What follows from the size of this cabinet's panel and the height it hangs at.
async fn panel(State(app): State<App>) -> Response {
    let reach = app.settings.panel.reach_percent();
    written("text/css", format!(":root {{ --reach: {reach}vh; }}\n"))
}

async fn medium(Path(file): Path<String>, scene: Scene) -> Response {
    let Ok(path) = MediaPath::try_from(file) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let kind = match path.as_str().rsplit_once('.') {
        Some((_, "webp")) => "image/webp",
        Some((_, "avif")) => "image/avif",
        Some((_, "mp4")) => "video/mp4",
        Some(_) | None => "audio/ogg",
    };
    let package = scene.package.clone();
    let read = tokio::task::spawn_blocking(move || package.media.read(&path));
    match read.await {
        Ok(Ok(bytes)) => ([(header::CONTENT_TYPE, kind)], bytes).into_response(),
        Ok(Err(error)) => {
            tracing::warn!(%error, "a picture of the package cannot be shown");
            StatusCode::NOT_FOUND.into_response()
        }
        Err(error) => {
            tracing::error!(%error, "a picture could not be read");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

fn written(kind: &str, text: String) -> Response {
    let headers = [
        (header::CONTENT_TYPE, format!("{kind}; charset=utf-8")),
        (header::CACHE_CONTROL, "no-cache".to_owned()),
    ];
    (headers, text).into_response()
}
