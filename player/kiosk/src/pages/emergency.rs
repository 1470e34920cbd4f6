//! Help in need: one tap from everywhere.

use super::attract::{Call, call_in};
use super::frame::{Frame, Text};
use super::show;
use crate::app::Scene;
use askama::Template;
use axum::response::Response;

#[derive(Template)]
#[template(path = "emergency.html")]
struct Help {
    frame: Frame,
    contacts: Vec<Call>,
    address: Option<Text>,
}

/// `GET /emergency`.
pub async fn page(scene: Scene) -> Response {
    let language = scene.language();
    let contacts = scene.head().emergency.iter();
    show(&Help {
        frame: Frame::of(&scene, "emergency", scene.words().help),
        contacts: contacts.map(|one| call_in(one, language)).collect(),
        address: Some(Text::of(&scene.head().cluster.address, language)),
    })
}
