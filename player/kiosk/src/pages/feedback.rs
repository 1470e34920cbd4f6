//! What visitors say of the kiosk and its content: a face, reasons, a note; or the same by phone.

use super::entry::Code;
use super::frame::{Frame, Text};
use super::show;
use crate::app::{App, Scene};
use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use serde::Deserialize;

#[derive(Template)]
#[template(path = "feedback.html")]
struct Page {
    frame: Frame,
    given: bool,
    about: String,
    about_name: Option<Text>,
    faces: Vec<Answer>,
    reasons: Vec<Answer>,
    code: Option<Code>,
}

struct Answer {
    code: &'static str,
    key: &'static str,
    icon: &'static str,
    name: &'static str,
}

/// The entry it is about, if any.
#[derive(Debug, Deserialize)]
pub struct Asked {
    #[serde(default)]
    about: String,
}

/// `GET /feedback`.
pub async fn page(State(app): State<App>, Query(asked): Query<Asked>, scene: Scene) -> Response {
    let w = scene.words();
    let id = asked.about.parse().ok();
    let entry = id.and_then(|id| scene.package.lookup.entry(&id).ok().flatten());
    let answer = |code, key, icon, name| Answer {
        code,
        key,
        icon,
        name,
    };
    let code = app.settings.feedback_url.as_ref().map(|_| Code {
        src: "/qr/feedback.svg".to_owned(),
        words: w.scan_feedback,
        shows: String::new(),
    });
    show(&Page {
        frame: Frame::of(&scene, "feedback", w.feedback),
        given: scene.visit.gave_feedback,
        about: entry
            .as_ref()
            .map_or(String::new(), |entry| entry.id.to_string()),
        about_name: entry.map(|entry| entry.name(scene.language()).into()),
        faces: vec![
            answer("very-good", "very_good", "face-1", w.very_good),
            answer("good", "good", "face-2", w.good),
            answer("poor", "poor", "face-3", w.poor),
            answer("very-poor", "very_poor", "face-4", w.very_poor),
        ],
        reasons: vec![
            answer("wrong", "reason_wrong", "", w.reason_wrong),
            answer("old", "reason_old", "", w.reason_old),
            answer("missing", "reason_missing", "", w.reason_missing),
            answer("hard", "reason_hard", "", w.reason_hard),
            answer("language", "reason_language", "", w.reason_language),
            answer("screen", "reason_screen", "", w.reason_screen),
            answer("place", "reason_place", "", w.reason_place),
        ],
        code,
    })
}
