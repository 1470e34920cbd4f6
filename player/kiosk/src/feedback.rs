//! Feedback of visitors: one for each visit, without anything that could name a person, handed to the
//! agent as an event that no one drops.

use crate::app::{App, Scene};
use axum::Router;
use axum::extract::{Json, State};
use axum::routing::post;
use cotmoc_player_core::budget::Budget;
use cotmoc_player_core::feedback::{Crowd, masked};
use cotmoc_proto::device::{Event, EventKind};
use cotmoc_proto::{Digest, EntryId};
use cotmoc_service::boot;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

/// Whoever is quicker has not looked at anything yet.
const LEAST_VISIT_MS: u64 = 5_000;
const MOST_CHARS: usize = 500;
/// As much at once, and one more a minute: nobody fills a disk from the glass.
const MOST_AT_ONCE: u32 = 200;
const ONE_MORE_MS: u64 = 60_000;

/// The routes.
pub fn router() -> Router<App> {
    Router::new().route("/v1/feedback", post(take))
}

/// What keeps count of feedback.
#[derive(Debug, Clone)]
pub struct Feedbacks {
    counts: Arc<Mutex<(Crowd, Budget)>>,
}

impl Default for Feedbacks {
    fn default() -> Self {
        let budget = Budget::new(MOST_AT_ONCE, ONE_MORE_MS);
        Self {
            counts: Arc::new(Mutex::new((Crowd::default(), budget))),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Face {
    VeryGood,
    Good,
    Poor,
    VeryPoor,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Reason {
    Wrong,
    Old,
    Missing,
    Hard,
    Language,
    Screen,
    Place,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    visit: u64,
    about: String,
    face: Face,
    reasons: BTreeSet<Reason>,
    note: String,
}

#[derive(Debug, Serialize)]
struct Taken {
    taken: bool,
}

async fn take(State(app): State<App>, scene: Scene, Json(given): Json<Given>) -> Json<Taken> {
    let now_ms = boot::since_boot_ms();
    let since = now_ms.saturating_sub(scene.visit.began_ms);
    let is_timely = scene.visit.number() == given.visit && since >= LEAST_VISIT_MS;
    if !is_timely || scene.visit.gave_feedback {
        return Json(Taken { taken: false });
    }
    let changed = app
        .desk
        .change(given.visit, |visit| {
            visit.gave_feedback = true;
            visit.writes = false;
        })
        .await;
    let taken = changed.gave_feedback;
    if let Some(event) = app
        .feedbacks
        .event(&scene, &given, now_ms)
        .filter(|_| taken)
    {
        app.teller.tell(event);
    }
    Json(Taken { taken })
}

impl Feedbacks {
    /// The record of what was given; nothing where that is more than anybody reads.
    fn event(&self, scene: &Scene, given: &Given, now_ms: u64) -> Option<Event> {
        let note: String = given
            .note
            .chars()
            .filter(|c| !c.is_control() || *c == '\n')
            .collect();
        let note: String = masked(note.trim()).chars().take(MOST_CHARS).collect();
        let about = known(scene, &given.about);
        let said = serde_json::to_vec(&(given.face, &given.reasons, &about, &note)).ok()?;
        let (flags, withheld) = {
            let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
            let flags = counts.0.observe(Digest::of(&said), now_ms);
            (flags, counts.1.take(now_ms)?)
        };
        let flags: Vec<&str> = flags.iter().map(|flag| flag.code()).collect();
        let reasons: Vec<String> = given.reasons.iter().map(word).collect();
        let detail = [
            ("face", word(&given.face)),
            ("reasons", reasons.join(",")),
            ("note", note),
            (
                "about",
                about.map_or(String::new(), |about| about.to_string()),
            ),
            ("language", scene.language().to_string()),
            ("package", scene.package.sha256.to_string()),
            ("flags", flags.join(",")),
            (
                "withheld",
                if withheld == 0 {
                    String::new()
                } else {
                    withheld.to_string()
                },
            ),
        ];
        let mut event = Event::new(EventKind::Feedback, detail);
        event.detail.retain(|_, value| !value.is_empty());
        Some(event)
    }
}

fn known(scene: &Scene, about: &str) -> Option<EntryId> {
    let id: EntryId = about.parse().ok()?;
    let entry = scene.package.lookup.entry(&id).ok().flatten();
    entry.map(|entry| entry.id)
}

fn word(value: &impl Serialize) -> String {
    let value = serde_json::to_value(value).ok();
    let word = value.as_ref().and_then(|value| value.as_str());
    word.unwrap_or_default().to_owned()
}
