//! The first screen of a visit.

use super::frame::{Frame, Text, date_and_time, icon};
use super::show;
use crate::app::Scene;
use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use cotmoc_lookup::content::{Category, KindTag};

#[derive(Template)]
#[template(path = "home.html")]
struct Home {
    frame: Frame,
    tiles: Vec<Tile>,
    topics: Vec<Topic>,
    updated: Option<String>,
}

struct Tile {
    href: &'static str,
    key: &'static str,
    name: &'static str,
    icon: &'static str,
    tone: &'static str,
    count: usize,
}

/// A category to choose.
pub(super) struct Topic {
    pub id: String,
    pub icon: &'static str,
    pub name: Text,
}

#[derive(Template)]
#[template(path = "missing.html")]
struct Missing {
    frame: Frame,
}

/// `GET /home`.
pub async fn page(scene: Scene) -> Response {
    let w = scene.words();
    let tile = |href, key, name, icon, tone| Tile {
        href,
        key,
        name,
        icon,
        tone,
        count: 0,
    };
    let notices = scene.package.lookup.of_kind(KindTag::Notice, scene.at());
    let tiles = vec![
        tile("/procedures", "procedures", w.procedures, "passport", "red"),
        tile("/map", "map", w.map, "map", "teal"),
        tile("/festivals", "festivals", w.festivals, "calendar", "plum"),
        tile("/invest", "invest", w.invest, "invest", "blue"),
        Tile {
            count: notices.len(),
            ..tile("/notices", "notices", w.notices, "notice", "amber")
        },
        tile("/feedback", "feedback", w.feedback, "feedback", "slate"),
    ];
    let top = scene.package.lookup.children(None);
    let created = scene.head().created;
    show(&Home {
        frame: Frame::of(&scene, "home", w.home),
        tiles,
        topics: topics(&scene, &top),
        updated: Some(date_and_time(&scene.window().zone, created).0),
    })
}

/// Any other address.
pub async fn missing(scene: Scene) -> Response {
    let frame = Frame::of(&scene, "missing", scene.words().not_found);
    (StatusCode::NOT_FOUND, show(&Missing { frame })).into_response()
}

/// Categories as buttons.
pub(super) fn topics(scene: &Scene, categories: &[&Category]) -> Vec<Topic> {
    let topics = categories.iter().map(|category| Topic {
        id: category.id.to_string(),
        icon: icon(category.icon),
        name: Text::of(&category.name, scene.language()),
    });
    topics.collect()
}
