//! The screens of a kiosk that nobody uses: the invitation, the urgent notice, the rest at night, and
//! the word that it is out of order.

use super::frame::{ClockText, Frame, Text, code, date_and_time};
use super::show;
use crate::app::{App, Face, Scene};
use crate::visit::Choices;
use crate::words::Words;
use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use cotmoc_lookup::content::Contact;
use cotmoc_lookup::language::Localized;
use cotmoc_lookup::{Entry, Language};
use cotmoc_player_core::session::Event;
use cotmoc_proto::TimeMs;

/// The order in which the three languages stand where all of them do.
const TOGETHER: [Language; 3] = [Language::Vi, Language::Zh, Language::En];

#[derive(Template)]
#[template(path = "attract.html")]
struct Attract {
    frame: Frame,
    names: Vec<Text>,
    starts: Vec<Start>,
    icons: [&'static str; 6],
}

struct Start {
    lang: &'static str,
    code: &'static str,
    w: &'static Words,
}

#[derive(Template)]
#[template(path = "resting.html")]
struct Resting {
    frame: Frame,
    says: Vec<Say>,
    contacts: Vec<Call>,
}

struct Say {
    lang: &'static str,
    title: &'static str,
    detail: String,
    call: &'static str,
}

/// A number to call, with its name in every language that there is.
pub(super) struct Call {
    pub number: String,
    pub names: Vec<Text>,
}

#[derive(Template)]
#[template(path = "takeover.html")]
struct Takeover {
    frame: Frame,
    notice: String,
    texts: Vec<Urgent>,
}

struct Urgent {
    lang: &'static str,
    code: &'static str,
    urgent: &'static str,
    title: String,
    body: String,
    understood: &'static str,
}

/// `GET /`: whoever asks for the first screen begins anew.
pub async fn page(State(app): State<App>) -> Response {
    app.desk.observe(Event::Leave).await;
    match app.face() {
        Face::Attract(scene) => show(&attract(&scene)),
        Face::Urgent(scene, entry) => show(&takeover(&scene, &entry)),
        Face::Closed(scene, until) => show(&closed(&scene, until)),
        Face::OutOfOrder => show(&out_of_order()),
    }
}

/// `GET /urgent`: the notice that a visitor has to see first.
pub async fn urgent(scene: Scene) -> Response {
    match scene.urgent() {
        Some(entry) => show(&takeover(&scene, &entry)),
        None => Redirect::to("/home").into_response(),
    }
}

fn attract(scene: &Scene) -> Attract {
    Attract {
        frame: poster(scene, "attract"),
        names: names(&scene.head().cluster.name),
        starts: TOGETHER
            .map(|language| Start {
                lang: language.tag(),
                code: code(language),
                w: Words::of(language),
            })
            .into(),
        icons: ["mountain", "passport", "bed", "food", "bus", "map"],
    }
}

fn takeover(scene: &Scene, entry: &Entry) -> Takeover {
    let texts = entry.texts.iter().map(|(language, text)| {
        let body = if text.body.is_empty() {
            &text.short
        } else {
            &text.body
        };
        Urgent {
            lang: language.tag(),
            code: code(language),
            urgent: Words::of(language).urgent,
            title: text.name.clone(),
            body: body.clone(),
            understood: Words::of(language).understood,
        }
    });
    Takeover {
        frame: poster(scene, "urgent"),
        notice: entry.id.to_string(),
        texts: texts.collect(),
    }
}

fn closed(scene: &Scene, until: TimeMs) -> Resting {
    let window = scene.window();
    let (_, opens) = date_and_time(&window.zone, until);
    let says = TOGETHER.map(|language| {
        let w = Words::of(language);
        Say {
            lang: language.tag(),
            title: w.closed,
            detail: format!(
                "{} {opens} · {}: {}–{}",
                w.closed_until, w.serves, window.opens, window.closes
            ),
            call: w.emergency_numbers,
        }
    });
    let contacts = &scene.head().emergency;
    Resting {
        frame: poster(scene, "closed"),
        says: says.into(),
        contacts: contacts.iter().map(Call::of).collect(),
    }
}

fn out_of_order() -> Resting {
    let frame = Frame::bare(Choices::start(), "out-of-order", "Cột Mốc");
    let says = TOGETHER.map(|language| {
        let w = Words::of(language);
        Say {
            lang: language.tag(),
            title: w.out_of_order,
            detail: w.out_of_order_why.to_owned(),
            call: w.emergency_numbers,
        }
    });
    let national = [
        ("113", "Công an", "警察", "Police"),
        ("114", "Cứu hỏa", "消防", "Fire"),
        ("115", "Cấp cứu", "急救", "Ambulance"),
    ];
    let contacts = national.map(|(number, vi, zh, en)| Call {
        number: number.to_owned(),
        names: names(&Localized {
            vi: vi.to_owned(),
            zh: Some(zh.to_owned()),
            en: Some(en.to_owned()),
        }),
    });
    Resting {
        frame,
        says: says.into(),
        contacts: contacts.into(),
    }
}

impl Call {
    fn of(contact: &Contact) -> Self {
        Self {
            number: contact.number.as_str().to_owned(),
            names: names(&contact.name),
        }
    }
}

fn poster(scene: &Scene, screen: &'static str) -> Frame {
    let name = scene.head().cluster.name.text(scene.language());
    let mut frame = Frame::of(scene, screen, name.value);
    frame.clock = ClockText::of(&scene.now, &scene.window().zone);
    frame
}

fn names(name: &Localized<String>) -> Vec<Text> {
    let filled = name.iter().filter(|(_, text)| !text.is_empty());
    filled
        .map(|(language, text)| Text {
            value: text.clone(),
            lang: language.tag(),
            label: None,
        })
        .collect()
}

/// The same for a reader of one language.
pub(super) fn call_in(contact: &Contact, language: Language) -> Call {
    Call {
        number: contact.number.as_str().to_owned(),
        names: vec![Text::of(&contact.name, language)],
    }
}
