//! One thing that a visitor can look up.

use super::kind::Kind;
use crate::hours::{Hours, LocalDate, OpenState};
use crate::language::{Language, Localized, Shown};
use cotmoc_proto::window::Zone;
use cotmoc_proto::{CategoryId, EntryId, TimeMs, UnitCode};
use serde::{Deserialize, Serialize};

/// One thing that a visitor can look up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    pub id: EntryId,
    pub kind: Kind,
    pub category: CategoryId,
    pub texts: Localized<Text>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<Alias>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<Localized<String>>,
    /// The unit it lies in; the unit's names, old ones too, find the entry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<UnitCode>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<Position>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub phones: Vec<Phone>,
    /// Unknown or meaningless if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hours: Option<Hours>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<Localized<String>>,
    /// Shown as a QR code, never followed by the kiosk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub website: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pictures: Vec<Picture>,
    /// How to get there from the kiosk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route: Option<Localized<String>>,
    #[serde(default, skip_serializing_if = "Access::is_empty")]
    pub access: Access,
    /// 0 to 1000; the more popular comes first among equals.
    #[serde(default)]
    pub popularity: u16,
    /// Not shown before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_from: Option<TimeMs>,
    /// Not shown from then on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<TimeMs>,
    /// The unit that answers for the entry.
    pub owner: String,
    /// Where the facts come from.
    pub source: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verified: Option<LocalDate>,
}

/// What an entry says in one language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Text {
    pub name: String,
    /// One or two sentences, for a list of results.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub short: String,
    /// Paragraphs are separated by an empty line; nothing in it is markup.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub body: String,
    /// Syllables of the Chinese name, separated by spaces, where the usual reading is wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pinyin: Option<String>,
    /// The text read aloud.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audio: Option<MediaPath>,
}

impl Entry {
    /// Its name for a reader of `language`.
    #[must_use]
    pub fn name(&self, language: Language) -> Shown<&str> {
        let vietnamese = Shown {
            value: self.texts.vi.name.as_str(),
            language: Language::Vi,
            label: language.label_for(Language::Vi),
        };
        self.part(language, |text| &text.name).unwrap_or(vietnamese)
    }

    /// Its short text for a reader of `language`, if there is one in any language.
    #[must_use]
    pub fn short(&self, language: Language) -> Option<Shown<&str>> {
        self.part(language, |text| &text.short)
    }

    /// Its long text for a reader of `language`, if there is one in any language.
    #[must_use]
    pub fn body(&self, language: Language) -> Option<Shown<&str>> {
        self.part(language, |text| &text.body)
    }

    /// From when, and until before when, it may be shown; a notice also keeps to its own times.
    #[must_use]
    pub fn validity(&self) -> (TimeMs, TimeMs) {
        let (from, until) = self.kind.times();
        let from = [self.valid_from, from].into_iter().flatten().max();
        let until = [self.valid_until, until].into_iter().flatten().min();
        (
            from.unwrap_or(TimeMs(i64::MIN)),
            until.unwrap_or(TimeMs::MAX),
        )
    }

    /// Whether it may be shown at `now`.
    #[must_use]
    pub fn is_valid(&self, now: TimeMs) -> bool {
        let (from, until) = self.validity();
        from <= now && now < until
    }

    /// Whether it is open at `now`; `None` if its hours are not known.
    #[must_use]
    pub fn open_state(&self, zone: &Zone, now: TimeMs) -> Option<OpenState> {
        Some(self.hours.as_ref()?.open_state(zone, now))
    }

    /// The media files it needs.
    pub fn media(&self) -> impl Iterator<Item = &MediaPath> {
        let spoken = self
            .texts
            .iter()
            .filter_map(|(_, text)| text.audio.as_ref());
        spoken.chain(self.pictures.iter().map(|picture| &picture.file))
    }

    fn part(&self, language: Language, pick: impl Fn(&Text) -> &String) -> Option<Shown<&str>> {
        self.texts.shown(language, |text| {
            let part = pick(text).as_str();
            (!part.is_empty()).then_some(part)
        })
    }
}

/// Another name that people know an entry by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Alias {
    pub text: String,
    pub kind: AliasKind,
}

/// Why an alias exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AliasKind {
    /// A name from before a merger of units.
    OldAdmin,
    Misspelling,
    Transliteration,
    Abbreviation,
}

/// A telephone of an entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Phone {
    pub number: PhoneNumber,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<Localized<String>>,
}

/// A telephone number: 3 to 15 digits, with `+` before a country code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PhoneNumber(String);

/// Text that is not a telephone number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("telephone number {0:?}: expected 3 to 15 digits, with + before a country code, no spaces")]
pub struct BadPhone(String);

impl PhoneNumber {
    /// The number as it is dialled.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for PhoneNumber {
    type Error = BadPhone;
    fn try_from(text: String) -> Result<Self, BadPhone> {
        let digits = text.strip_prefix('+').unwrap_or(&text);
        let good = (3..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
        if good {
            Ok(Self(text))
        } else {
            Err(BadPhone(text.chars().take(40).collect()))
        }
    }
}

impl From<PhoneNumber> for String {
    fn from(number: PhoneNumber) -> Self {
        number.0
    }
}

/// A place on the earth (WGS 84), in millionths of a degree: about 0.1 m.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "RawPosition", into = "RawPosition")]
pub struct Position {
    lat_microdeg: i32,
    lon_microdeg: i32,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPosition {
    lat_microdeg: i32,
    lon_microdeg: i32,
}

/// Numbers that are not a place on the earth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "position {0}, {1}: expected millionths of a degree, latitude within ±90, longitude within ±180"
)]
pub struct BadPosition(i32, i32);

impl Position {
    /// From latitude and longitude in millionths of a degree.
    ///
    /// # Errors
    /// Latitude beyond ±90 or longitude beyond ±180 degrees.
    pub const fn new(lat_microdeg: i32, lon_microdeg: i32) -> Result<Self, BadPosition> {
        if lat_microdeg.unsigned_abs() <= 90_000_000 && lon_microdeg.unsigned_abs() <= 180_000_000 {
            Ok(Self {
                lat_microdeg,
                lon_microdeg,
            })
        } else {
            Err(BadPosition(lat_microdeg, lon_microdeg))
        }
    }

    /// Latitude and longitude in millionths of a degree.
    #[must_use]
    pub const fn microdeg(self) -> (i32, i32) {
        (self.lat_microdeg, self.lon_microdeg)
    }

    /// Degrees north of the equator.
    #[must_use]
    pub fn lat(self) -> f64 {
        f64::from(self.lat_microdeg) / 1e6
    }

    /// Degrees east of Greenwich.
    #[must_use]
    pub fn lon(self) -> f64 {
        f64::from(self.lon_microdeg) / 1e6
    }

    /// Metres to `other` along the ground; good to one part in a hundred within a province.
    #[must_use]
    pub fn metres_to(self, other: Self) -> f64 {
        const METRES_PER_DEGREE: f64 = 111_195.0;
        let middle = f64::midpoint(self.lat(), other.lat()).to_radians();
        let north = other.lat() - self.lat();
        let east = (other.lon() - self.lon()) * middle.cos();
        north.hypot(east) * METRES_PER_DEGREE
    }
}

impl TryFrom<RawPosition> for Position {
    type Error = BadPosition;
    fn try_from(raw: RawPosition) -> Result<Self, BadPosition> {
        Self::new(raw.lat_microdeg, raw.lon_microdeg)
    }
}

impl From<Position> for RawPosition {
    fn from(position: Position) -> Self {
        Self {
            lat_microdeg: position.lat_microdeg,
            lon_microdeg: position.lon_microdeg,
        }
    }
}

/// A picture of an entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Picture {
    pub file: MediaPath,
    /// What is seen, for those who do not see it.
    pub alt: Localized<String>,
    pub credit: String,
    pub licence: String,
}

/// The name of a media file in the package: `NAME.webp`, `.avif`, `.mp4` or `.opus`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MediaPath(String);

/// Text that does not name a media file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("media file {0:?}: expected a-z, 0-9, - and _, then .webp, .avif, .mp4 or .opus")]
pub struct BadMediaPath(String);

impl MediaPath {
    /// The bare file name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for MediaPath {
    type Error = BadMediaPath;
    fn try_from(text: String) -> Result<Self, BadMediaPath> {
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_';
        let good = text.rsplit_once('.').is_some_and(|(stem, extension)| {
            (1..=100).contains(&stem.len())
                && stem.bytes().all(plain)
                && matches!(extension, "webp" | "avif" | "mp4" | "opus")
        });
        if good {
            Ok(Self(text))
        } else {
            Err(BadMediaPath(text.chars().take(80).collect()))
        }
    }
}

impl From<MediaPath> for String {
    fn from(path: MediaPath) -> Self {
        path.0
    }
}

/// What a visitor with a disability finds there; what is not known is left out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Access {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wheelchair: Option<Facility>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub toilet: Option<Facility>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parking: Option<Facility>,
}

impl Access {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// How far a facility is accessible.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Facility {
    Full,
    Partial,
    None,
}
