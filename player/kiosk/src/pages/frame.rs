//! What stands around every page, and how its parts are written.

use crate::app::Scene;
use crate::visit::{Choices, Reach, Speech, Theme};
use crate::words::Words;
use cotmoc_lookup::Language;
use cotmoc_lookup::content::Icon;
use cotmoc_lookup::hours::LocalDate;
use cotmoc_lookup::language::{Localized, Shown};
use cotmoc_player_core::clock::Belief;
use cotmoc_proto::window::Zone;

/// A text in the language it is in, with a word to readers of another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    pub value: String,
    pub lang: &'static str,
    pub label: Option<&'static str>,
}

impl From<Shown<&str>> for Text {
    fn from(shown: Shown<&str>) -> Self {
        Self {
            value: shown.value.to_owned(),
            lang: shown.language.tag(),
            label: shown.label,
        }
    }
}

impl Text {
    /// What a reader of `language` sees of it.
    #[must_use]
    pub fn of(localized: &Localized<String>, language: Language) -> Self {
        localized.text(language).into()
    }

    /// One of the pages' own words.
    #[must_use]
    pub fn own(words: &Words, value: &str) -> Self {
        Self {
            value: value.to_owned(),
            lang: words.language.tag(),
            label: None,
        }
    }
}

/// The time as people read it.
#[derive(Debug, Clone)]
pub struct ClockText {
    pub date: String,
    pub time: String,
    pub iso: String,
}

impl ClockText {
    /// Nothing where no clock can be believed.
    #[must_use]
    pub fn of(now: &Belief, zone: &Zone) -> Option<Self> {
        if !now.is_trusted() {
            return None;
        }
        let (date, time) = date_and_time(zone, now.now);
        Some(Self {
            iso: now.now.to_timestamp()?.to_string(),
            date,
            time,
        })
    }
}

/// `23/11/2026` and `07:00`.
#[must_use]
pub fn date_and_time(zone: &Zone, at: cotmoc_proto::TimeMs) -> (String, String) {
    let text = zone.format(at);
    let (date, time) = text.split_once(' ').unwrap_or((&text, ""));
    (date.to_owned(), time.chars().take(5).collect())
}

/// `23/11/2026`.
#[must_use]
pub fn day(date: LocalDate) -> String {
    date.0.strftime("%d/%m/%Y").to_string()
}

/// A button that changes the language; each says its own name.
#[derive(Debug)]
pub struct LanguageButton {
    pub code: &'static str,
    pub lang: &'static str,
    pub name: &'static str,
    pub chosen: bool,
}

/// The code of a language in addresses.
#[must_use]
pub const fn code(language: Language) -> &'static str {
    match language {
        Language::Vi => "vi",
        Language::Zh => "zh",
        Language::En => "en",
    }
}

const fn own_name(language: Language) -> &'static str {
    match language {
        Language::Vi => "Tiếng Việt",
        Language::Zh => "中文",
        Language::En => "English",
    }
}

/// What stands around every page.
#[derive(Debug)]
pub struct Frame {
    pub w: &'static Words,
    pub lang: &'static str,
    pub language: &'static str,
    pub screen: &'static str,
    pub title: String,
    pub visit: u64,
    pub size: &'static str,
    pub theme: &'static str,
    pub reach: &'static str,
    pub speech: &'static str,
    pub languages: [LanguageButton; 3],
    pub cluster: Option<Text>,
    pub staff: Option<Text>,
    pub clock: Option<ClockText>,
    pub back: &'static str,
}

impl Frame {
    /// The frame of `screen` in a visit.
    #[must_use]
    pub fn of(scene: &Scene, screen: &'static str, title: &str) -> Self {
        let choices = scene.visit.choices;
        let cluster = &scene.head().cluster;
        let mut frame = Self::bare(choices, screen, title);
        frame.visit = scene.visit.number();
        frame.cluster = Some(Text::of(&cluster.name, choices.language));
        frame.staff = Some(Text::of(&cluster.staff, choices.language));
        frame.clock = ClockText::of(&scene.now, &cluster.window.zone);
        frame
    }

    /// The frame of a screen that needs no package.
    #[must_use]
    pub fn bare(choices: Choices, screen: &'static str, title: &str) -> Self {
        let language = choices.language;
        Self {
            w: Words::of(language),
            lang: language.tag(),
            language: code(language),
            screen,
            title: title.to_owned(),
            visit: 0,
            size: choices.size.percent(),
            theme: match choices.theme {
                Theme::Normal => "normal",
                Theme::Contrast => "contrast",
            },
            reach: match choices.reach {
                Reach::Whole => "whole",
                Reach::Low => "low",
            },
            speech: match choices.speech {
                Speech::Off => "off",
                Speech::On => "on",
            },
            languages: Language::ALL.map(|one| LanguageButton {
                code: code(one),
                lang: one.tag(),
                name: own_name(one),
                chosen: one == language,
            }),
            cluster: None,
            staff: None,
            clock: None,
            back: "/home",
        }
    }

    /// What the keyboard calls its keys, for its script.
    #[must_use]
    pub fn keys(&self) -> String {
        let w = self.w;
        serde_json::json!({
            "space": w.space, "shift": w.shift, "erase": w.delete, "digits": w.digits, "letters": w.letters,
            "show": w.show_keyboard, "hide": w.hide_keyboard, "tone_acute": w.tone_acute,
            "tone_grave": w.tone_grave, "tone_hook": w.tone_hook, "tone_tilde": w.tone_tilde,
            "tone_dot": w.tone_dot,
        })
        .to_string()
    }

    /// The same, with another way back.
    #[must_use]
    pub const fn back_to(mut self, back: &'static str) -> Self {
        self.back = back;
        self
    }
}

/// The drawing of an icon of the content.
#[must_use]
pub const fn icon(icon: Icon) -> &'static str {
    match icon {
        Icon::Accessibility => "wheelchair",
        Icon::Bank => "bank",
        Icon::Bed => "bed",
        Icon::Border => "border",
        Icon::Bus => "bus",
        Icon::Calendar => "calendar",
        Icon::Emergency => "emergency",
        Icon::Family => "family",
        Icon::Food => "food",
        Icon::Health => "health",
        Icon::Invest => "invest",
        Icon::Landmark => "landmark",
        Icon::Market => "market",
        Icon::Mountain => "mountain",
        Icon::Museum => "museum",
        Icon::Notice => "notice",
        Icon::Office => "office",
        Icon::Parking => "parking",
        Icon::Passport => "passport",
        Icon::Phone => "phone",
        Icon::Service => "service",
        Icon::Temple => "temple",
        Icon::Toilet => "toilet",
        Icon::Train => "train",
    }
}
