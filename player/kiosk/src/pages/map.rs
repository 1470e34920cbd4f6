//! The map: what lies around the kiosk, drawn from the coordinates of the content, with no picture
//! from elsewhere.

use super::card;
use super::entry::Code;
use super::frame::{Frame, Text};
use super::show;
use crate::app::Scene;
use askama::Template;
use axum::extract::Query;
use axum::response::Response;
use cotmoc_lookup::content::{KindTag, Position};
use cotmoc_lookup::{Entry, Language};
use serde::Deserialize;

/// Metres from the middle to the edge, the closest view first.
const REACHES: [f64; 6] = [1_000.0, 3_000.0, 10_000.0, 30_000.0, 80_000.0, 200_000.0];
/// Half the width of the drawing, in its own units.
const HALF: f64 = 470.0;
const MOST_SPOTS: usize = 12;
const METRES_PER_DEGREE: f64 = 111_195.0;

#[derive(Template)]
#[template(path = "map.html")]
struct Map {
    frame: Frame,
    goal: Option<Text>,
    rings: Vec<Ring>,
    line: Option<(i32, i32)>,
    spots: Vec<Spot>,
    code: Option<Code>,
    nearer: Option<String>,
    farther: Option<String>,
}

struct Ring {
    radius: i32,
    label_y: i32,
    name: String,
}

struct Spot {
    number: usize,
    x: i32,
    y: i32,
    tone: &'static str,
    name: Text,
    href: String,
    say: String,
    distance: String,
}

/// What is to be seen.
#[derive(Debug, Deserialize)]
pub struct Asked {
    /// An entry to find the way to.
    #[serde(default)]
    to: String,
    /// Number of the view; the one that shows the entry, or a usual one, if left out.
    view: Option<usize>,
}

/// `GET /map`.
pub async fn page(Query(asked): Query<Asked>, scene: Scene) -> Response {
    let goal = asked
        .to
        .parse()
        .ok()
        .and_then(|id| scene.package.lookup.entry(&id).ok().flatten())
        .filter(|entry| entry.position.is_some() && entry.is_valid(scene.at()));
    show(&draw(&scene, goal.as_ref(), asked.view))
}

fn draw(scene: &Scene, goal: Option<&Entry>, view: Option<usize>) -> Map {
    let here = scene.head().cluster.position;
    let goal_at = goal.and_then(|entry| entry.position);
    let fitting = goal_at.map_or(1, |at| {
        let away = here.metres_to(at) * 1.1;
        REACHES.iter().take_while(|reach| **reach < away).count()
    });
    let view = view.unwrap_or(fitting).min(REACHES.len() - 1);
    let reach = REACHES.get(view).copied().unwrap_or(10_000.0);
    let place = |at: Position| on_paper(here, at, reach);
    let entries = goal.map_or_else(|| around(scene, reach), |goal| vec![goal.clone()]);
    let spots = (1..).zip(&entries).filter_map(|(number, entry)| {
        let (x, y) = place(entry.position?)?;
        Some(Spot {
            number,
            x,
            y,
            tone: card::tone(entry.kind.tag()),
            name: entry.name(scene.language()).into(),
            href: format!("/entry/{}", entry.id),
            say: format!("e:{}:name", entry.id),
            distance: card::distance(scene, entry.position?),
        })
    });
    let link = |view: usize| {
        let to = goal.map_or(String::new(), |goal| format!("to={}&", goal.id));
        format!("/map?{to}view={view}")
    };
    let w = scene.words();
    Map {
        frame: Frame::of(scene, "map", w.map),
        goal: goal.map(|goal| goal.name(scene.language()).into()),
        rings: [1.0, 2.0 / 3.0, 1.0 / 3.0]
            .map(|part| ring(reach, part, scene.language()))
            .into(),
        line: goal_at.and_then(place),
        spots: spots.collect(),
        code: goal.map(|goal| Code {
            src: format!("/qr/route/{}.svg", goal.id),
            words: w.scan_route,
            shows: String::new(),
        }),
        nearer: view.checked_sub(1).map(link),
        farther: (view + 1 < REACHES.len()).then(|| link(view + 1)),
    }
}

/// The places that most people look for within `reach` metres.
fn around(scene: &Scene, reach: f64) -> Vec<Entry> {
    let here = scene.head().cluster.position;
    let kinds = [
        KindTag::Place,
        KindTag::Border,
        KindTag::Transport,
        KindTag::Hotel,
        KindTag::Food,
        KindTag::Service,
    ];
    let mut found: Vec<Entry> = Vec::new();
    for kind in kinds {
        let near = scene.of_kind(kind).take(200).filter(|entry| {
            let at = entry.position;
            at.is_some_and(|at| here.metres_to(at) <= reach)
        });
        found.extend(near.take(MOST_SPOTS));
    }
    found.sort_by_key(|entry| std::cmp::Reverse(entry.popularity));
    found.truncate(MOST_SPOTS);
    found
}

fn on_paper(here: Position, at: Position, reach: f64) -> Option<(i32, i32)> {
    let middle = f64::midpoint(here.lat(), at.lat()).to_radians();
    let scale = HALF / reach * METRES_PER_DEGREE;
    let x = (at.lon() - here.lon()) * middle.cos() * scale;
    let y = (here.lat() - at.lat()) * scale;
    (x.hypot(y) <= HALF * 1.02).then(|| (whole(x), whole(y)))
}

fn ring(reach: f64, part: f64, language: Language) -> Ring {
    let radius = whole(HALF * part);
    Ring {
        radius,
        label_y: radius - 10,
        name: card::length(reach * part, language),
    }
}

/// The nearest whole number; the drawing is far smaller than what fits.
#[expect(clippy::cast_possible_truncation, reason = "it is clamped before")]
fn whole(value: f64) -> i32 {
    value.round().clamp(-1_000.0, 1_000.0) as i32
}
