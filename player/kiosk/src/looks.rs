//! What the keeper of the glass (`cotmoc-glass`) asks and tells: which numbers must be seen, whether they
//! were, and what was started again because they were not.

use crate::app::App;
use crate::beat::Heard;
use axum::Router;
use axum::extract::{Json, State};
use axum::http::StatusCode;
use axum::routing::get;
use cotmoc_proto::device::{Event, EventKind};
use cotmoc_service::boot;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

/// What looks at the glass have found since the process started.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Found {
    pub right_looks: u64,
    pub wrong_looks: u64,
    /// The last look; `None`: nobody has looked yet.
    pub is_right: Option<bool>,
}

impl Found {
    /// Whether the last look found something else than the page.
    #[must_use]
    pub fn is_wrong(self) -> bool {
        self.is_right == Some(false)
    }
}

/// A handle to what looks have found.
#[derive(Debug, Clone)]
pub struct Looks {
    found: watch::Sender<Found>,
}

impl Default for Looks {
    fn default() -> Self {
        Self {
            found: watch::Sender::new(Found::default()),
        }
    }
}

impl Looks {
    /// What they have found.
    #[must_use]
    pub fn found(&self) -> Found {
        *self.found.borrow()
    }

    fn note(&self, is_right: bool) {
        self.found.send_modify(|found| {
            let looks = if is_right {
                &mut found.right_looks
            } else {
                &mut found.wrong_looks
            };
            *looks = looks.saturating_add(1);
            found.is_right = Some(is_right);
        });
    }
}

/// What must be on the glass. Ages are milliseconds.
#[derive(Debug, Serialize)]
struct Expected {
    /// The number that the page was given last, and the one before it.
    nonces: [String; 2],
    /// Since the browser said last that it paints and is seen.
    painted_ms: Option<u64>,
    /// Since a page felt a pointer.
    felt_ms: Option<u64>,
    #[serde(flatten)]
    found: Found,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Told {
    is_right: Option<bool>,
    step: Option<String>,
    trouble: Option<String>,
}

/// The routes.
pub fn router() -> Router<App> {
    Router::new().route("/v1/glass", get(expected).post(told))
}

async fn expected(State(app): State<App>) -> Json<Expected> {
    let heard = app.beats.last();
    let age = |at_ms: u64| boot::since_boot_ms().saturating_sub(at_ms);
    let seen = |heard: &&Heard| heard.beat.visible;
    Json(Expected {
        painted_ms: heard.as_ref().filter(seen).map(|heard| age(heard.at_ms)),
        felt_ms: heard.as_ref().and_then(|heard| {
            let before = heard.beat.pointer_ms?;
            Some(age(heard.at_ms).saturating_add(before))
        }),
        nonces: heard.map(|heard| heard.nonces).unwrap_or_default(),
        found: app.looks.found(),
    })
}

async fn told(State(app): State<App>, Json(told): Json<Told>) -> StatusCode {
    if let Some(is_right) = told.is_right {
        app.looks.note(is_right);
    }
    if let Some(step) = told.step {
        let short = |text: String| text.chars().take(40).collect::<String>();
        let detail = [
            ("step", short(step)),
            ("what", "glass".to_owned()),
            ("reason", short(told.trouble.unwrap_or_default())),
        ];
        app.teller.tell(Event::new(EventKind::Remedy, detail));
    }
    StatusCode::NO_CONTENT
}
