//! Everything that one cluster's kiosks show, as agencies write it. What can be wrong with it as a
//! whole stands in `check.rs`.

mod check;
mod defect;
mod entry;
mod kind;

pub use check::{MAX_ENTRIES, MIN_CANARIES};
pub use defect::{Defect, Place, Problem};
pub use entry::{
    Access, Alias, AliasKind, BadMediaPath, BadPhone, BadPosition, Entry, Facility, MediaPath,
    Phone, PhoneNumber, Picture, Position, Text,
};
pub use kind::{
    Applies, Currency, DateSpan, Document, Event, Fee, Kind, KindTag, LegalBasis, Nationality,
    Notice, Procedure, Purpose, Severity,
};

use crate::language::Localized;
use cotmoc_proto::window::OperatingWindow;
use cotmoc_proto::{CategoryId, EntryId, SiteId, TimeMs, UnitCode};
use serde::{Deserialize, Serialize};

/// One complete content of a cluster's kiosks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Content {
    pub site: SiteId,
    /// When the content was put together, shown to visitors as "updated on".
    pub created: TimeMs,
    pub cluster: Cluster,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub map: Option<MapPicture>,
    pub categories: Vec<Category>,
    pub entries: Vec<Entry>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub synonyms: Vec<Synonyms>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub units: Vec<AdminUnit>,
    pub canaries: Vec<Canary>,
    /// Reachable from everywhere, also when the kiosk is closed.
    pub emergency: Vec<Contact>,
}

/// Facts about the place where the kiosk stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cluster {
    pub name: Localized<String>,
    pub address: Localized<String>,
    /// Where the nearest person who helps is found.
    pub staff: Localized<String>,
    pub position: Position,
    /// When the kiosk serves visitors; its time zone is the one of all opening hours.
    pub window: OperatingWindow,
}

/// A picture of the surroundings, north up, on which entries are shown by their position.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MapPicture {
    pub picture: Picture,
    /// The place of the picture's upper left corner.
    pub north_west: Position,
    /// The place of its lower right corner.
    pub south_east: Position,
}

impl MapPicture {
    /// Where `place` is in the picture, in thousandths of its width and height from the upper left
    /// corner; `None` outside of it.
    #[must_use]
    pub fn locate(&self, place: Position) -> Option<(u16, u16)> {
        let (top, left) = self.north_west.microdeg();
        let (bottom, right) = self.south_east.microdeg();
        let (lat, lon) = place.microdeg();
        let share = |from: i32, at: i32, to: i32| {
            let (from, at, to) = (i64::from(from), i64::from(at), i64::from(to));
            u16::try_from((at - from) * 1_000 / (to - from)).ok()
        };
        let is_inside = (left..right).contains(&lon) && (bottom..top).contains(&lat);
        is_inside.then_some(())?;
        Some((share(left, lon, right)?, share(top, lat, bottom)?))
    }
}

impl Content {
    /// The media files that it needs, each with the entry that needs it; none: the map.
    pub fn media(&self) -> impl Iterator<Item = (Option<&EntryId>, &MediaPath)> {
        let map = self.map.iter().map(|map| (None, &map.picture.file));
        let entries = self.entries.iter();
        map.chain(entries.flat_map(|entry| entry.media().map(|file| (Some(&entry.id), file))))
    }
}

/// A group of entries; groups form a tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Category {
    pub id: CategoryId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<CategoryId>,
    pub name: Localized<String>,
    pub icon: Icon,
}

/// The bundled drawings of categories; each stands beside a text, never alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Icon {
    Accessibility,
    Bank,
    Bed,
    Border,
    Bus,
    Calendar,
    Emergency,
    Family,
    Food,
    Health,
    Invest,
    Landmark,
    Market,
    Mountain,
    Museum,
    Notice,
    Office,
    Parking,
    Passport,
    Phone,
    Service,
    Temple,
    Toilet,
    Train,
}

/// Words and phrases of any language that find the same entries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Synonyms {
    pub words: Vec<String>,
}

/// An administrative unit with the names it had before the mergers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdminUnit {
    pub code: UnitCode,
    pub name: Localized<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub old_names: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<Position>,
}

/// A query with the entries that it must find among its first ten, or the package is not shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Canary {
    pub query: String,
    pub expect: Vec<EntryId>,
}

/// Whom to call in need.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contact {
    pub name: Localized<String>,
    pub number: PhoneNumber,
}

#[cfg(test)]
pub(crate) mod tests;
