//! What the browser tells: touches, choices, what plays, and that it paints; and what it is told of the
//! visit. Nothing here is a page.

use crate::app::{App, Scene};
use crate::beat::{Answer, Beat};
use crate::visit::{Choice, Told, Visit};
use axum::Router;
use axum::extract::{Json, Query, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::response::sse::{Event as Message, KeepAlive, Sse};
use axum::routing::{get, post};
use cotmoc_lookup::Language;
use cotmoc_lookup::package::Limits;
use cotmoc_lookup::query::Effort;
use cotmoc_player_core::session::Event;
use cotmoc_service::boot;
use futures_util::stream::{self, Stream};
use serde::Deserialize;
use std::collections::BTreeSet;
use std::convert::Infallible;
use std::time::Duration;
use tokio::sync::watch;

const MOST_CANDIDATES: usize = 8;

/// The routes.
pub fn router() -> Router<App> {
    Router::new()
        .route("/v1/begin", post(begin))
        .route("/v1/touch", post(touch))
        .route("/v1/choose", post(choose))
        .route("/v1/writes", post(writes))
        .route("/v1/read", post(read))
        .route("/v1/playing", post(playing))
        .route("/v1/leave", post(leave))
        .route("/v1/visit", get(follow))
        .route("/v1/candidates", get(candidates))
        .route("/v1/ui/beat", post(beat))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Begin {
    language: Language,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Of {
    visit: u64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Choose {
    visit: u64,
    choice: Choice,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Writes {
    visit: u64,
    writes: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Read {
    visit: u64,
    notice: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Playing {
    visit: u64,
    /// Nothing: it has ended.
    length_ms: Option<u64>,
}

#[derive(Debug, Deserialize)]
struct Typed {
    q: String,
}

/// The first touch: a visit begins, unless the kiosk rests or has nothing to show.
async fn begin(State(app): State<App>, Json(begin): Json<Begin>) -> impl IntoResponse {
    let rests = app
        .scene(app.desk.visit())
        .is_none_or(|scene| scene.closed_until().is_some() && scene.urgent().is_none());
    if rests {
        return told(&app.desk.visit());
    }
    let visit = app.desk.observe(Event::Touch).await;
    let language = begin.language;
    let number = visit.number();
    let visit = app
        .desk
        .change(number, move |visit| visit.choices.language = language)
        .await;
    told(&visit)
}

/// A touch on a page of a visit; a page of an earlier visit wakes nobody.
async fn touch(State(app): State<App>, Json(of): Json<Of>) -> impl IntoResponse {
    if of.visit == 0 || app.desk.visit().number() != of.visit {
        return told(&app.desk.visit());
    }
    told(&app.desk.observe(Event::Touch).await)
}

async fn choose(State(app): State<App>, Json(choose): Json<Choose>) -> impl IntoResponse {
    let choice = choose.choice;
    let visit = app
        .desk
        .change(choose.visit, move |visit| {
            let choices = &mut visit.choices;
            choices.language = choice.language.unwrap_or(choices.language);
            choices.size = choice.size.unwrap_or(choices.size);
            choices.theme = choice.theme.unwrap_or(choices.theme);
            choices.reach = choice.reach.unwrap_or(choices.reach);
            choices.speech = choice.speech.unwrap_or(choices.speech);
        })
        .await;
    told(&visit)
}

async fn writes(State(app): State<App>, Json(writes): Json<Writes>) -> impl IntoResponse {
    let is_writing = writes.writes;
    let change = move |visit: &mut Visit| visit.writes = is_writing;
    told(&app.desk.change(writes.visit, change).await)
}

/// The urgent notice was read and understood.
async fn read(State(app): State<App>, Json(read): Json<Read>) -> impl IntoResponse {
    let change = move |visit: &mut Visit| {
        visit.urgent_read = Some(read.notice.chars().take(64).collect());
    };
    told(&app.desk.change(read.visit, change).await)
}

async fn playing(State(app): State<App>, Json(playing): Json<Playing>) -> impl IntoResponse {
    if playing.visit == 0 || app.desk.visit().number() != playing.visit {
        return told(&app.desk.visit());
    }
    let event = match playing.length_ms {
        Some(length_ms) => Event::Playing { length_ms },
        None => Event::Played,
    };
    told(&app.desk.observe(event).await)
}

async fn leave(State(app): State<App>, Json(of): Json<Of>) -> impl IntoResponse {
    if app.desk.visit().number() != of.visit {
        return told(&app.desk.visit());
    }
    told(&app.desk.observe(Event::Leave).await)
}

/// Tells of the visit for as long as the page stands.
async fn follow(State(app): State<App>) -> Sse<impl Stream<Item = Result<Message, Infallible>>> {
    let shutdown = app.shutdown.clone();
    let start = (app.desk.watch(), true);
    let messages = stream::unfold(start, move |(mut watched, is_first)| {
        let shutdown = shutdown.clone();
        async move {
            if !is_first {
                tokio::select! {
                    changed = watched.changed() => changed.ok()?,
                    () = shutdown.cancelled() => return None,
                }
            }
            Some((Ok(message(&mut watched)), (watched, false)))
        }
    });
    Sse::new(messages).keep_alive(KeepAlive::new().interval(Duration::from_secs(5)))
}

fn message(watched: &mut watch::Receiver<Visit>) -> Message {
    let told = Told::of(&watched.borrow_and_update(), boot::since_boot_ms());
    Message::default()
        .json_data(told)
        .unwrap_or_else(|_| Message::default())
}

/// Chinese names that pinyin may mean, from the content's own words.
async fn candidates(
    State(app): State<App>,
    scene: Scene,
    Query(typed): Query<Typed>,
) -> Json<Vec<String>> {
    let limits = Limits {
        now: scene.at(),
        count: 3 * MOST_CANDIDATES,
        category: None,
        effort: Effort::Exact,
    };
    let lookup = &scene.package.lookup;
    let answer = app.searching(|searcher| lookup.search(searcher, &typed.q, &limits));
    let entries = answer
        .hits
        .iter()
        .filter_map(|hit| scene.entry(hit.document));
    let names = entries.filter_map(|entry| Some(entry.texts.zh?.name));
    let mut known = BTreeSet::new();
    Json(
        names
            .filter(|name| !name.is_empty() && known.insert(name.clone()))
            .take(MOST_CANDIDATES)
            .collect(),
    )
}

/// The page paints: it says so every few seconds, and gets the next number to paint.
async fn beat(State(app): State<App>, Json(beat): Json<Beat>) -> Result<Json<Answer>, StatusCode> {
    app.beats
        .take(beat, boot::since_boot_ms())
        .map(Json)
        .ok_or(StatusCode::SERVICE_UNAVAILABLE)
}

fn told(visit: &Visit) -> Json<Told> {
    Json(Told::of(visit, boot::since_boot_ms()))
}
