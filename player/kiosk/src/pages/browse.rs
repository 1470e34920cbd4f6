//! Lists: a category, investment, notices, festivals.

use super::card::Card;
use super::frame::{Frame, Text, day};
use super::home::{Topic, topics};
use super::{home, show};
use crate::app::Scene;
use askama::Template;
use axum::extract::{Path, Query};
use axum::response::Response;
use cotmoc_lookup::Entry;
use cotmoc_lookup::content::{Kind, KindTag, Severity};
use cotmoc_lookup::hours::LocalDate;
use serde::Deserialize;
use std::cmp::Reverse;

const PER_PAGE: usize = 24;
const MOST_PAGES: usize = 50;

#[derive(Template)]
#[template(path = "list.html")]
struct List {
    frame: Frame,
    title: Text,
    groups: Vec<Topic>,
    sections: Vec<Section>,
    empty: &'static str,
    more: Option<String>,
}

struct Section {
    title: String,
    cards: Vec<Card>,
}

/// How much of a list is shown.
#[derive(Debug, Deserialize)]
pub struct Asked {
    #[serde(default)]
    pages: usize,
}

/// `GET /category/{id}`.
pub async fn category(
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
    scene: Scene,
) -> Response {
    let lookup = &scene.package.lookup;
    let id = id.parse().ok();
    let Some(category) = id.as_ref().and_then(|id| lookup.category(id)) else {
        return home::missing(scene).await;
    };
    let numbers = lookup.in_category(&category.id, scene.at());
    let pages = asked.pages.clamp(1, MOST_PAGES);
    let shown = numbers.iter().take(pages * PER_PAGE);
    let cards: Vec<Card> = shown
        .filter_map(|number| scene.entry(*number))
        .map(|entry| Card::of(&scene, &entry))
        .collect();
    let more = (numbers.len() > pages * PER_PAGE && pages < MOST_PAGES)
        .then(|| format!("/category/{}?pages={}", category.id, pages + 1));
    let title = Text::of(&category.name, scene.language());
    show(&List {
        frame: Frame::of(&scene, "category", &title.value),
        groups: topics(&scene, &lookup.children(Some(&category.id))),
        title,
        sections: section(String::new(), cards),
        empty: scene.words().none_here,
        more,
    })
}

/// `GET /invest`.
pub async fn invest(scene: Scene) -> Response {
    let w = scene.words();
    let cards: Vec<Card> = scene
        .of_kind(KindTag::Invest)
        .take(PER_PAGE)
        .map(|entry| Card::of(&scene, &entry))
        .collect();
    let sections = section(String::new(), cards);
    list(&scene, "invest", w.invest, sections, w.none_here)
}

/// `GET /notices`: the weightiest first.
pub async fn notices(scene: Scene) -> Response {
    let w = scene.words();
    let notices: Vec<Entry> = scene.of_kind(KindTag::Notice).collect();
    let mut sections = Vec::new();
    for (severity, title) in [
        (Severity::Urgent, w.urgent),
        (Severity::Important, w.important),
        (Severity::Info, w.info),
    ] {
        let of_it = notices.iter().filter(
            |entry| matches!(&entry.kind, Kind::Notice(notice) if notice.severity == severity),
        );
        let cards: Vec<Card> = of_it.map(|entry| Card::of(&scene, entry)).collect();
        sections.extend(section(title.to_owned(), cards));
    }
    list(&scene, "notices", w.notices, sections, w.no_notices)
}

/// `GET /festivals`: what is on, then month by month.
pub async fn festivals(scene: Scene) -> Response {
    let w = scene.words();
    let today = LocalDate(scene.window().zone.date(scene.at()));
    let mut coming: Vec<(Reverse<bool>, LocalDate, String, Card)> = Vec::new();
    for entry in scene.of_kind(KindTag::Festival) {
        let Kind::Festival(event) = &entry.kind else {
            continue;
        };
        let Some(dates) = event.next(today) else {
            continue;
        };
        let mut card = Card::of(&scene, &entry);
        let when = if dates.first == dates.last {
            day(dates.first)
        } else {
            format!("{} – {}", day(dates.first), day(dates.last))
        };
        card.distance = Some(when);
        let is_on = dates.first <= today;
        let title = if is_on {
            w.now_on.to_owned()
        } else {
            dates.first.0.strftime("%m/%Y").to_string()
        };
        coming.push((Reverse(is_on), dates.first, title, card));
    }
    coming.sort_by_key(|coming| (coming.0, coming.1));
    let mut sections: Vec<Section> = Vec::new();
    for (_, _, title, card) in coming {
        match sections.last_mut().filter(|last| last.title == title) {
            Some(last) => last.cards.push(card),
            None => sections.extend(section(title, vec![card])),
        }
    }
    list(&scene, "festivals", w.festivals, sections, w.no_festivals)
}

fn list(
    scene: &Scene,
    screen: &'static str,
    title: &str,
    sections: Vec<Section>,
    empty: &'static str,
) -> Response {
    show(&List {
        frame: Frame::of(scene, screen, title),
        title: Text::own(scene.words(), title),
        groups: Vec::new(),
        sections,
        empty,
        more: None,
    })
}

fn section(title: String, cards: Vec<Card>) -> Vec<Section> {
    if cards.is_empty() {
        return Vec::new();
    }
    vec![Section { title, cards }]
}
