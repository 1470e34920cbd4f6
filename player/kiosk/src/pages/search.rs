//! Search while typing: the page, and its results alone for every key.

use super::card::Card;
use super::frame::{Frame, Text};
use super::show;
use crate::app::{App, Scene};
use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use cotmoc_lookup::content::KindTag;
use cotmoc_lookup::package::Limits;
use cotmoc_lookup::query::Effort;
use cotmoc_proto::CategoryId;
use serde::Deserialize;

/// As many as a visitor looks through.
const MOST: usize = 24;
/// Most characters of a query that are kept.
const QUERY_CHARS: usize = 80;

#[derive(Template)]
#[template(path = "search.html")]
struct Search {
    frame: Frame,
    query: String,
    chips: Vec<Chip>,
    sum: String,
    cards: Vec<Card>,
    more: bool,
}

#[derive(Template)]
#[template(path = "fragment.html")]
struct Fragment {
    sum: String,
    cards: Vec<Card>,
    more: bool,
}

struct Chip {
    id: String,
    name: Text,
    chosen: bool,
}

/// What is asked for.
#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    #[serde(default)]
    q: String,
    #[serde(default)]
    category: String,
    /// With it, slips are looked for too.
    full: Option<String>,
}

struct Found {
    cards: Vec<Card>,
    sum: String,
    more: bool,
}

/// `GET /search`: with what was typed last in this visit.
pub async fn page(State(app): State<App>, scene: Scene) -> Response {
    let asked = Asked {
        q: scene.visit.query.clone(),
        category: scene.visit.category.clone().unwrap_or_default(),
        full: Some(String::new()),
    };
    let found = find(&app, &scene, &asked);
    let chip = |id: &str, name| Chip {
        id: id.to_owned(),
        name,
        chosen: asked.category == id,
    };
    let mut chips = vec![chip("", Text::own(scene.words(), scene.words().all))];
    for category in scene.package.lookup.children(None) {
        let name = Text::of(&category.name, scene.language());
        chips.push(chip(category.id.as_str(), name));
    }
    show(&Search {
        frame: Frame::of(&scene, "search", scene.words().search),
        query: asked.q,
        chips,
        sum: found.sum,
        cards: found.cards,
        more: found.more,
    })
}

/// `GET /v1/results`: the list alone, and what was typed is kept until the visit ends.
pub async fn results(
    State(app): State<App>,
    scene: Scene,
    Query(mut asked): Query<Asked>,
) -> Response {
    asked.q = asked.q.chars().take(QUERY_CHARS).collect();
    let found = find(&app, &scene, &asked);
    let number = scene.visit.number();
    app.desk
        .change(number, move |visit| {
            visit.query = asked.q;
            visit.category = Some(asked.category).filter(|category| !category.is_empty());
        })
        .await;
    show(&Fragment {
        sum: found.sum,
        cards: found.cards,
        more: found.more,
    })
}

fn find(app: &App, scene: &Scene, asked: &Asked) -> Found {
    let w = scene.words();
    let category: Option<CategoryId> = asked.category.parse().ok();
    let (numbers, more) = if asked.q.trim().is_empty() {
        (popular(scene, category.as_ref()), false)
    } else {
        let limits = Limits {
            now: scene.at(),
            count: MOST,
            category: category.as_ref(),
            effort: asked.full.as_ref().map_or(Effort::Exact, |_| Effort::Full),
        };
        let lookup = &scene.package.lookup;
        let answer = app.searching(|searcher| lookup.search(searcher, &asked.q, &limits));
        let numbers = answer.hits.iter().map(|hit| hit.document).collect();
        (numbers, answer.more)
    };
    let cards: Vec<Card> = numbers
        .iter()
        .filter_map(|number| scene.entry(*number))
        .map(|entry| Card::of(scene, &entry))
        .collect();
    let sum = match cards.len() {
        _ if asked.q.trim().is_empty() => w.popular.to_owned(),
        0 if !more => w.no_results.to_owned(),
        1 => w.found_one.to_owned(),
        count => format!("{count} {}", w.found),
    };
    Found { cards, sum, more }
}

/// What most people look for, before anything is typed.
fn popular(scene: &Scene, category: Option<&CategoryId>) -> Vec<u32> {
    let lookup = &scene.package.lookup;
    let now = scene.at();
    let mut numbers = match category {
        Some(category) => lookup.in_category(category, now),
        None => {
            let kinds = [
                KindTag::Place,
                KindTag::Procedure,
                KindTag::Food,
                KindTag::Hotel,
                KindTag::Transport,
                KindTag::Service,
            ];
            let best = kinds.map(|kind| lookup.of_kind(kind, now).into_iter().take(2));
            best.into_iter().flatten().collect()
        }
    };
    numbers.truncate(12);
    numbers
}
