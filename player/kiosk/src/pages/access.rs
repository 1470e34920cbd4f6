//! What makes the kiosk easier to use, each in one step.

use super::frame::Frame;
use super::show;
use crate::app::Scene;
use crate::visit::{Choices, Reach, Size, Speech, Theme};
use crate::words::Words;
use askama::Template;
use axum::response::Response;

#[derive(Template)]
#[template(path = "accessibility.html")]
struct Panel {
    frame: Frame,
    groups: Vec<Group>,
}

struct Group {
    key: &'static str,
    name: &'static str,
    options: Vec<Choice>,
}

struct Choice {
    choice: &'static str,
    key: &'static str,
    name: &'static str,
    chosen: bool,
}

/// `GET /accessibility`.
pub async fn page(scene: Scene) -> Response {
    let w = scene.words();
    show(&Panel {
        frame: Frame::of(&scene, "accessibility", w.accessibility),
        groups: groups(w, scene.visit.choices),
    })
}

fn groups(w: &'static Words, chosen: Choices) -> Vec<Group> {
    let of = |choice, key, name, chosen| Choice {
        choice,
        key,
        name,
        chosen,
    };
    let size = |choice, key, name, one| of(choice, key, name, chosen.size == one);
    let theme = |choice, key, name, one| of(choice, key, name, chosen.theme == one);
    let reach = |choice, key, name, one| of(choice, key, name, chosen.reach == one);
    let speech = |choice, key, name, one| of(choice, key, name, chosen.speech == one);
    let sizes = [
        size("size=100", "normal", w.normal, Size::Normal),
        size("size=130", "large", w.large, Size::Large),
        size("size=170", "very_large", w.very_large, Size::VeryLarge),
    ];
    let normal = theme(
        "theme=normal",
        "contrast_normal",
        w.contrast_normal,
        Theme::Normal,
    );
    let high = theme(
        "theme=contrast",
        "contrast_high",
        w.contrast_high,
        Theme::Contrast,
    );
    let whole = reach("reach=whole", "reach_normal", w.reach_normal, Reach::Whole);
    let low = reach("reach=low", "reach_low", w.reach_low, Reach::Low);
    let silent = speech("speech=off", "speech_off", w.speech_off, Speech::Off);
    let spoken = speech("speech=on", "speech_on", w.speech_on, Speech::On);
    let group = |key, name, options: Vec<Choice>| Group { key, name, options };
    vec![
        group("text_size", w.text_size, sizes.into()),
        group("contrast", w.contrast, vec![normal, high]),
        group("reach", w.reach, vec![whole, low]),
        group("speech", w.speech, vec![silent, spoken]),
    ]
}
