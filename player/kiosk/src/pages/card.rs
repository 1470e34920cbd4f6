//! An entry in a list.

use super::frame::{Text, date_and_time, icon};
use crate::app::Scene;
use cotmoc_lookup::content::{KindTag, Position};
use cotmoc_lookup::hours::OpenState;
use cotmoc_lookup::{Entry, Language};

/// An entry in a list.
pub struct Card {
    pub href: String,
    pub icon: &'static str,
    pub tone: &'static str,
    pub name: Text,
    pub group: Text,
    pub open: Option<Open>,
    pub distance: Option<String>,
    pub say: String,
}

/// Whether a place is open, in words.
pub struct Open {
    pub tone: &'static str,
    pub words: String,
}

impl Card {
    /// The entry as the visitor sees it in a list.
    #[must_use]
    pub fn of(scene: &Scene, entry: &Entry) -> Self {
        let language = scene.language();
        let category = scene.package.lookup.category(&entry.category);
        let name = category.map(|category| Text::of(&category.name, language));
        let id = &entry.id;
        Self {
            href: format!("/entry/{id}"),
            icon: category.map_or("service", |category| icon(category.icon)),
            tone: tone(entry.kind.tag()),
            name: entry.name(language).into(),
            group: name.unwrap_or_else(|| Text::own(scene.words(), "")),
            open: Open::brief(scene, entry),
            distance: entry
                .position
                .map(|position| distance(scene, position))
                .filter(|_| entry.kind.tag() != KindTag::Procedure),
            say: format!("e:{id}:name e:{id}:open"),
        }
    }
}

impl Open {
    /// The same without times, for lists.
    #[must_use]
    pub fn brief(scene: &Scene, entry: &Entry) -> Option<Self> {
        let whole = Self::of(scene, entry)?;
        let w = scene.words();
        let words = if whole.tone == "good" {
            w.open_now
        } else {
            w.closed_now
        };
        Some(Self {
            words: words.to_owned(),
            ..whole
        })
    }

    /// Nothing where the hours are not known or no clock can be believed.
    #[must_use]
    pub fn of(scene: &Scene, entry: &Entry) -> Option<Self> {
        if !scene.now.is_trusted() {
            return None;
        }
        let zone = &scene.window().zone;
        let w = scene.words();
        let when = |at| {
            let (day, time) = date_and_time(zone, at);
            let (today, _) = date_and_time(zone, scene.now.now);
            if day == today {
                time
            } else {
                let day: String = day.chars().take(5).collect();
                format!("{time} {day}")
            }
        };
        let (tone, words) = match entry.open_state(zone, scene.now.now)? {
            OpenState::Open { until: None } => ("good", w.open_all_day.to_owned()),
            OpenState::Open { until: Some(until) } => (
                "good",
                format!("{}, {} {}", w.open_now, w.closes_at, when(until)),
            ),
            OpenState::Closed { opens: None } => ("bad", w.closed_now.to_owned()),
            OpenState::Closed { opens: Some(opens) } => (
                "bad",
                format!("{}, {} {}", w.closed_now, w.opens_at, when(opens)),
            ),
        };
        Some(Self { tone, words })
    }
}

/// The colour of a kind.
#[must_use]
pub const fn tone(kind: KindTag) -> &'static str {
    match kind {
        KindTag::Place | KindTag::Festival => "plum",
        KindTag::Hotel | KindTag::Transport => "blue",
        KindTag::Food | KindTag::Notice => "amber",
        KindTag::Border | KindTag::Procedure => "red",
        KindTag::Invest | KindTag::Service => "teal",
    }
}

/// `350 m` or `12 km`, with "away" in the visitor's language.
#[must_use]
pub fn distance(scene: &Scene, position: Position) -> String {
    let metres = scene.head().cluster.position.metres_to(position);
    scene
        .words()
        .away
        .replace("{}", &length(metres, scene.language()))
}

/// `350 m`, `2,4 km` (`2.4 km` where that is how it is written) or `12 km`.
#[must_use]
pub fn length(metres: f64, language: Language) -> String {
    if metres < 995.0 {
        format!("{:.0} m", (metres / 10.0).round() * 10.0)
    } else if metres < 9_950.0 {
        let text = format!("{:.1} km", metres / 1000.0);
        match language {
            Language::Vi => text.replace('.', ","),
            Language::Zh | Language::En => text,
        }
    } else {
        format!("{:.0} km", metres / 1000.0)
    }
}
