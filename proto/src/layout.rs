//! How the picture is divided: a canvas in pixels, the zones on it, and what is drawn over them.

use crate::id::ZoneId;
use crate::media::Asset;
use crate::playlist::Language;
use crate::style::{Area, Backing, TextStyle, is_plain_text};
use crate::time::TimeMs;
use serde::{Deserialize, Serialize};

/// The largest canvas edge, in pixels.
pub const MAX_EDGE_PX: u32 = 16_384;
/// The most zones of a layout.
pub const MAX_ZONES: usize = 8;
/// The most overlays of a layout.
pub const MAX_OVERLAYS: usize = 8;
/// The most messages of a ticker.
pub const MAX_MESSAGES: usize = 50;
/// The longest message of a ticker, in characters.
pub const MAX_MESSAGE_CHARS: usize = 500;

/// The canvas of a wall, its zones, back to front, and the overlays over all of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Layout {
    /// 16 to 16,384 pixels, like its height.
    pub width_px: u32,
    pub height_px: u32,
    /// 1 to 8; those that lie over others come after them.
    pub zones: Vec<Zone>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub overlays: Vec<Overlay>,
}

/// One rectangle of the canvas that playlists fill. Its sides are even numbers of pixels, unless
/// it fills the canvas.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Zone {
    pub id: ZoneId,
    pub x_px: u32,
    pub y_px: u32,
    pub width_px: u32,
    pub height_px: u32,
}

/// What is drawn over the zones.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Overlay {
    Ticker(Ticker),
    Clock(Clock),
    Logo(Logo),
}

/// Text that runs from right to left, one message after the other, for ever: Vietnamese, English
/// and Chinese (Điều 2.1, 7.2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ticker {
    pub area: Area,
    pub style: TextStyle,
    pub backing: Backing,
    /// 10 to 2,000 pixels of the canvas in a second.
    pub speed_px_per_s: u32,
    /// 1 to 50, in the order in which they run.
    pub messages: Vec<Message>,
}

/// One message of a ticker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Message {
    /// 1 to 500 characters in one line.
    pub text: String,
    pub language: Language,
    /// Not shown before this time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_ms: Option<TimeMs>,
    /// Not shown from this time on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_ms: Option<TimeMs>,
}

/// The time of day or the date, local to the operating window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clock {
    pub area: Area,
    pub style: TextStyle,
    pub backing: Backing,
    pub format: ClockFormat,
}

/// What a clock shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClockFormat {
    /// `07:00`
    Time,
    /// `07:00:59`
    Seconds,
    /// `23/11/2026`
    Date,
    /// `Thứ Hai, 23/11/2026`
    Weekday,
    /// `07:00 · 23/11/2026`
    TimeAndDate,
}

/// A still picture over the others, its transparent parts left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Logo {
    pub area: Area,
    pub asset: Asset,
    /// 0 is invisible, 100 is as drawn.
    pub opacity_percent: u8,
}

impl Zone {
    /// Where it is.
    #[must_use]
    pub const fn area(&self) -> Area {
        Area {
            x_px: self.x_px,
            y_px: self.y_px,
            width_px: self.width_px,
            height_px: self.height_px,
        }
    }
}

impl Message {
    /// Whether it may be shown at `now`.
    #[must_use]
    pub fn is_current(&self, now: TimeMs) -> bool {
        self.from_ms.is_none_or(|from| from <= now) && self.to_ms.is_none_or(|to| now < to)
    }

    fn defect(&self) -> Option<String> {
        let chars = self.text.chars().count();
        if self.text.trim().is_empty() || chars > MAX_MESSAGE_CHARS {
            return Some(format!(
                "a message of {chars} characters; expected 1 to {MAX_MESSAGE_CHARS}"
            ));
        }
        if !is_plain_text(&self.text) {
            return Some("a message with control or invisible characters".to_owned());
        }
        matches!((self.from_ms, self.to_ms), (Some(from), Some(to)) if from >= to)
            .then(|| "a message ends before it begins".to_owned())
    }
}

impl Overlay {
    /// Where it is drawn.
    #[must_use]
    pub const fn area(&self) -> Area {
        match self {
            Self::Ticker(ticker) => ticker.area,
            Self::Clock(clock) => clock.area,
            Self::Logo(logo) => logo.area,
        }
    }

    /// The asset that it draws, if it draws one.
    #[must_use]
    pub const fn asset(&self) -> Option<&Asset> {
        match self {
            Self::Logo(logo) => Some(&logo.asset),
            Self::Ticker(_) | Self::Clock(_) => None,
        }
    }

    const fn word(&self) -> &'static str {
        match self {
            Self::Ticker(_) => "ticker",
            Self::Clock(_) => "clock",
            Self::Logo(_) => "logo",
        }
    }

    fn defect(&self) -> Option<String> {
        match self {
            Self::Ticker(ticker) => ticker.defect(),
            Self::Clock(clock) => {
                backing_defect(clock.backing).or_else(|| clock.style.line_defect(clock.area))
            }
            Self::Logo(logo) => {
                if !logo.asset.mime.is_picture_file() {
                    return Some("a logo must be a PNG, JPEG or WebP picture".to_owned());
                }
                percent_defect(logo.opacity_percent).or_else(|| logo.asset.defect())
            }
        }
    }
}

impl Ticker {
    fn defect(&self) -> Option<String> {
        if !(10..=2_000).contains(&self.speed_px_per_s) {
            return Some(format!(
                "{} px per second; expected 10 to 2000",
                self.speed_px_per_s
            ));
        }
        if self.messages.is_empty() || self.messages.len() > MAX_MESSAGES {
            return Some(format!(
                "{} messages; expected 1 to {MAX_MESSAGES}",
                self.messages.len()
            ));
        }
        backing_defect(self.backing)
            .or_else(|| self.style.line_defect(self.area))
            .or_else(|| self.messages.iter().find_map(Message::defect))
    }
}

fn backing_defect(backing: Backing) -> Option<String> {
    percent_defect(backing.opacity_percent)
}

fn percent_defect(percent: u8) -> Option<String> {
    (percent > 100).then(|| format!("opacity {percent}; expected 0 to 100"))
}

impl Layout {
    /// One zone called `main` that fills the canvas.
    #[must_use]
    pub fn full_screen(width_px: u32, height_px: u32) -> Self {
        let id = "main".parse().expect("`main` is a legal identifier");
        Self {
            width_px,
            height_px,
            zones: vec![Zone {
                id,
                x_px: 0,
                y_px: 0,
                width_px,
                height_px,
            }],
            overlays: Vec::new(),
        }
    }

    /// What is wrong with the layout, if anything.
    #[must_use]
    pub fn defect(&self) -> Option<String> {
        let edge = 16..=MAX_EDGE_PX;
        if !edge.contains(&self.width_px) || !edge.contains(&self.height_px) {
            return Some(format!(
                "canvas of {}×{} px; expected 16 to {MAX_EDGE_PX}",
                self.width_px, self.height_px
            ));
        }
        if self.zones.is_empty() || self.zones.len() > MAX_ZONES {
            return Some(format!(
                "{} zones; expected 1 to {MAX_ZONES}",
                self.zones.len()
            ));
        }
        if self.overlays.len() > MAX_OVERLAYS {
            return Some(format!(
                "{} overlays; expected at most {MAX_OVERLAYS}",
                self.overlays.len()
            ));
        }
        self.zones_defect().or_else(|| self.overlays_defect())
    }

    fn zones_defect(&self) -> Option<String> {
        self.zones.iter().enumerate().find_map(|(index, zone)| {
            if self.zones.iter().skip(index + 1).any(|z| z.id == zone.id) {
                return Some(format!("zone {} is defined twice", zone.id));
            }
            if zone.area() == Area::whole(self.width_px, self.height_px) {
                return None;
            }
            let defect = zone.area().defect(self.width_px, self.height_px)?;
            Some(format!("zone {}: {defect}", zone.id))
        })
    }

    fn overlays_defect(&self) -> Option<String> {
        self.overlays.iter().find_map(|overlay| {
            let area = overlay.area().defect(self.width_px, self.height_px);
            let defect = area.or_else(|| overlay.defect())?;
            Some(format!("{}: {defect}", overlay.word()))
        })
    }
}
