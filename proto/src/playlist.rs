//! Items, playlists and the parts of the day in which they play.

use crate::digest::Digest;
use crate::id::{DaypartId, ItemId, PlaylistId, ZoneId};
use crate::media::Asset;
use crate::time::{Millis, TimeMs};
use crate::window::{Day, DayTime, Zone};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// A language of an item (Điều 2.1, 7.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// Tiếng Việt.
    Vi,
    /// English.
    En,
    /// 中文.
    Zh,
    /// Pictures without words.
    None,
}

/// One entry of a playlist: an asset, how long it is shown, and when it may be shown at all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Item {
    pub id: ItemId,
    pub title: String,
    pub languages: Vec<Language>,
    /// The agency that supplied it (Điều 6), and whom to credit (Điều 14).
    pub source: String,
    pub credit: String,
    pub asset: Asset,
    /// How long its slot is, in milliseconds.
    pub dur_ms: u32,
    /// Not shown before this time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_ms: Option<TimeMs>,
    /// Not shown from this time on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_ms: Option<TimeMs>,
}

impl Item {
    /// Whether it may be shown at any time.
    #[must_use]
    pub const fn is_evergreen(&self) -> bool {
        self.from_ms.is_none() && self.to_ms.is_none()
    }

    /// Whether it may be shown at `now`.
    #[must_use]
    pub fn is_current(&self, now: TimeMs) -> bool {
        self.from_ms.is_none_or(|from| from <= now) && self.to_ms.is_none_or(|to| now < to)
    }

    /// Length of its slot.
    #[must_use]
    pub fn duration_ms(&self) -> Millis {
        Millis::from(self.dur_ms)
    }

    /// The digest of its asset.
    #[must_use]
    pub const fn digest(&self) -> Digest {
        self.asset.sha256
    }
}

/// A calendar date, `"YYYY-MM-DD"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CalendarDate(pub Date);

/// Text that is not a calendar date.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("date {0:?}: expected YYYY-MM-DD")]
pub struct BadDate(String);

impl TryFrom<String> for CalendarDate {
    type Error = BadDate;
    fn try_from(text: String) -> Result<Self, BadDate> {
        match text.parse::<Date>() {
            Ok(date) if date.to_string() == text => Ok(Self(date)),
            Ok(_) | Err(_) => Err(BadDate(text.chars().take(20).collect())),
        }
    }
}

impl From<CalendarDate> for String {
    fn from(date: CalendarDate) -> Self {
        date.0.to_string()
    }
}

/// A named part of the day, on some days of the week, between some dates. Half-open in time,
/// both dates included.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Daypart {
    pub id: DaypartId,
    pub from: DayTime,
    pub to: DayTime,
    /// Days of the week; empty: every day.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub days: Vec<Day>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_date: Option<CalendarDate>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_date: Option<CalendarDate>,
}

impl Daypart {
    /// From when to when it lasts on the local `date`; `None` if not on that date.
    #[must_use]
    pub fn on(&self, zone: &Zone, date: Date) -> Option<(TimeMs, TimeMs)> {
        let on_day = self.days.is_empty() || self.days.contains(&Day::from(date.weekday()));
        let on_date = self.first_date.is_none_or(|first| first.0 <= date)
            && self.last_date.is_none_or(|last| date <= last.0);
        (on_day && on_date).then(|| (zone.at(date, self.from), zone.at(date, self.to)))
    }
}

/// A list of items that fills one zone in a loop, always or in some dayparts. Where several
/// playlists of a zone apply, the highest priority that has something to play wins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Playlist {
    pub id: PlaylistId,
    pub zone: ZoneId,
    pub priority: u32,
    /// Empty: always.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dayparts: Vec<DaypartId>,
    /// How long the picture before fades into each item, in milliseconds; 0 cuts.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub crossfade_ms: u32,
    pub items: Vec<Item>,
}

#[allow(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands fields over by reference"
)]
const fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl Playlist {
    /// Whether it plays at any time of any day.
    #[must_use]
    pub fn is_always_on(&self) -> bool {
        self.dayparts.is_empty()
    }
}
