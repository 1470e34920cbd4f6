//! What a traveller has to do: nationality, purpose, checklist, and the checklist to take along.

use super::entry::{self, Code, FeeText, Paper};
use super::frame::{Frame, Text};
use super::show;
use crate::app::{App, Scene};
use crate::words::Words;
use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use cotmoc_lookup::Entry;
use cotmoc_lookup::content::{Kind, KindTag, Nationality, Purpose};
use serde::Deserialize;

#[derive(Template)]
#[template(path = "procedures.html")]
struct Wizard {
    frame: Frame,
    stage: usize,
    asks: &'static str,
    asks_key: &'static str,
    chosen: Vec<&'static str>,
    options: Vec<Choice>,
    entries: Vec<Listed>,
    code: Option<Code>,
}

struct Choice {
    href: String,
    key: &'static str,
    name: &'static str,
}

struct Listed {
    id: String,
    name: Text,
    documents: Vec<Paper>,
    steps: Vec<Text>,
    fees: Vec<FeeText>,
}

/// What was chosen so far.
#[derive(Debug, Deserialize)]
pub struct Asked {
    nationality: Option<Nationality>,
    purpose: Option<Purpose>,
}

/// `GET /procedures`.
pub async fn page(State(app): State<App>, Query(asked): Query<Asked>, scene: Scene) -> Response {
    let number = scene.visit.number();
    let (nationality, purpose) = (asked.nationality, asked.purpose);
    app.desk
        .change(number, move |visit| {
            visit.nationality = nationality;
            visit.purpose = purpose;
        })
        .await;
    let w = scene.words();
    let frame = Frame::of(&scene, "procedures", w.procedures);
    show(&match (nationality, purpose) {
        (None, _) => first(frame),
        (Some(nationality), None) => second(frame, nationality),
        (Some(nationality), Some(purpose)) => third(frame, &scene, nationality, purpose),
    })
}

fn first(frame: Frame) -> Wizard {
    let options = Nationality::ALL.map(|one| Choice {
        href: format!("/procedures?nationality={}", nationality_key(one)),
        key: nationality_key(one),
        name: nationality_word(frame.w, one),
    });
    Wizard {
        stage: 1,
        asks: frame.w.which_passport,
        asks_key: "which_passport",
        chosen: Vec::new(),
        options: options.into(),
        entries: Vec::new(),
        code: None,
        frame,
    }
}

fn second(frame: Frame, nationality: Nationality) -> Wizard {
    let options = Purpose::ALL.map(|one| Choice {
        href: format!(
            "/procedures?nationality={}&purpose={}",
            nationality_key(nationality),
            purpose_key(one)
        ),
        key: purpose_key(one),
        name: purpose_word(frame.w, one),
    });
    Wizard {
        stage: 2,
        asks: frame.w.which_purpose,
        asks_key: "which_purpose",
        chosen: vec![nationality_word(frame.w, nationality)],
        options: options.into(),
        entries: Vec::new(),
        code: None,
        frame: frame.back_to("/procedures"),
    }
}

fn third(frame: Frame, scene: &Scene, nationality: Nationality, purpose: Purpose) -> Wizard {
    let entries: Vec<Listed> = applying(scene, nationality, purpose)
        .filter_map(|entry| listed(scene, &entry))
        .collect();
    let code = (!entries.is_empty()).then(|| Code {
        src: format!(
            "/qr/checklist/{}/{}.svg",
            nationality_key(nationality),
            purpose_key(purpose)
        ),
        words: frame.w.scan_checklist,
        shows: String::new(),
    });
    Wizard {
        stage: 3,
        asks: frame.w.checklist,
        asks_key: "checklist",
        chosen: vec![
            nationality_word(frame.w, nationality),
            purpose_word(frame.w, purpose),
        ],
        options: Vec::new(),
        entries,
        code,
        frame: frame.back_to("/procedures"),
    }
}

/// The procedures that such a traveller needs.
pub fn applying(
    scene: &Scene,
    nationality: Nationality,
    purpose: Purpose,
) -> impl Iterator<Item = Entry> {
    scene.of_kind(KindTag::Procedure).filter(move |entry| {
        matches!(&entry.kind, Kind::Procedure(procedure) if procedure.applies_to(nationality, purpose))
    })
}

fn listed(scene: &Scene, entry: &Entry) -> Option<Listed> {
    let Kind::Procedure(procedure) = &entry.kind else {
        return None;
    };
    let language = scene.language();
    Some(Listed {
        id: entry.id.to_string(),
        name: entry.name(language).into(),
        documents: entry::documents(procedure, language),
        steps: entry::steps(procedure, language),
        fees: entry::fees(&procedure.fees, language),
    })
}

const fn nationality_key(nationality: Nationality) -> &'static str {
    match nationality {
        Nationality::Vn => "vn",
        Nationality::Cn => "cn",
        Nationality::Other => "other",
    }
}

pub const fn nationality_word(w: &'static Words, nationality: Nationality) -> &'static str {
    match nationality {
        Nationality::Vn => w.vn,
        Nationality::Cn => w.cn,
        Nationality::Other => w.other,
    }
}

const fn purpose_key(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Tourism => "tourism",
        Purpose::BorderResident => "border_resident",
        Purpose::Family => "family",
        Purpose::Business => "business",
        Purpose::Work => "work",
        Purpose::Study => "study",
        Purpose::Transit => "transit",
        Purpose::Goods => "goods",
        Purpose::Vehicle => "vehicle",
    }
}

pub const fn purpose_word(w: &'static Words, purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Tourism => w.tourism,
        Purpose::BorderResident => w.border_resident,
        Purpose::Family => w.family,
        Purpose::Business => w.business,
        Purpose::Work => w.work,
        Purpose::Study => w.study,
        Purpose::Transit => w.transit,
        Purpose::Goods => w.goods,
        Purpose::Vehicle => w.vehicle,
    }
}
