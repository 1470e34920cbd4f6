//! What kind of thing an entry is, with the facts that only this kind has.

use crate::hours::LocalDate;
use crate::language::Localized;
use cotmoc_proto::TimeMs;
use serde::{Deserialize, Serialize};

/// What kind of thing an entry is. In JSON a bare word, or an object of one word and its facts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    Place,
    Hotel,
    Food,
    Transport,
    Border,
    Invest,
    Service,
    Procedure(Procedure),
    Festival(Event),
    Notice(Notice),
}

/// The kind alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[repr(u8)]
pub enum KindTag {
    Place,
    Hotel,
    Food,
    Transport,
    Border,
    Invest,
    Service,
    Procedure,
    Festival,
    Notice,
}

impl Kind {
    /// The kind alone.
    #[must_use]
    pub const fn tag(&self) -> KindTag {
        match self {
            Self::Place => KindTag::Place,
            Self::Hotel => KindTag::Hotel,
            Self::Food => KindTag::Food,
            Self::Transport => KindTag::Transport,
            Self::Border => KindTag::Border,
            Self::Invest => KindTag::Invest,
            Self::Service => KindTag::Service,
            Self::Procedure(_) => KindTag::Procedure,
            Self::Festival(_) => KindTag::Festival,
            Self::Notice(_) => KindTag::Notice,
        }
    }

    /// From when, and until when, the kind's own facts let the entry be shown.
    pub(super) const fn times(&self) -> (Option<TimeMs>, Option<TimeMs>) {
        match self {
            Self::Notice(notice) => (Some(notice.from), notice.until),
            Self::Place
            | Self::Hotel
            | Self::Food
            | Self::Transport
            | Self::Border
            | Self::Invest
            | Self::Service
            | Self::Procedure(_)
            | Self::Festival(_) => (None, None),
        }
    }
}

/// What a traveller has to do at or for the border.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Procedure {
    pub applies: Vec<Applies>,
    /// In the order in which they are taken.
    pub steps: Vec<Localized<String>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub documents: Vec<Document>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fees: Vec<Fee>,
    pub legal_basis: Vec<LegalBasis>,
    /// The first day on which it holds.
    pub effective: LocalDate,
}

impl Procedure {
    /// Whether a person of `nationality` who travels for `purpose` needs it.
    #[must_use]
    pub fn applies_to(&self, nationality: Nationality, purpose: Purpose) -> bool {
        let whom = Applies {
            nationality,
            purpose,
        };
        self.applies.contains(&whom)
    }
}

/// Whom a procedure is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Applies {
    pub nationality: Nationality,
    pub purpose: Purpose,
}

/// Whose passport a traveller holds, as far as procedures differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Nationality {
    /// Viet Nam.
    Vn,
    /// China.
    Cn,
    /// Any other country.
    Other,
}

impl Nationality {
    /// All, in the order of the wizard.
    pub const ALL: [Self; 3] = [Self::Vn, Self::Cn, Self::Other];
}

/// Why a traveller crosses the border.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    Tourism,
    /// Residents of the border area who cross for the day.
    BorderResident,
    Family,
    Business,
    Work,
    Study,
    Transit,
    /// Goods carried over the border.
    Goods,
    /// A vehicle driven over the border.
    Vehicle,
}

impl Purpose {
    /// All, in the order of the wizard.
    pub const ALL: [Self; 9] = [
        Self::Tourism,
        Self::BorderResident,
        Self::Family,
        Self::Business,
        Self::Work,
        Self::Study,
        Self::Transit,
        Self::Goods,
        Self::Vehicle,
    ];
}

/// A paper to bring.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Document {
    pub name: Localized<String>,
    /// Else only in some cases, which the name says.
    pub required: bool,
}

/// What a procedure costs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fee {
    pub name: Localized<String>,
    /// In the smallest unit that is used: whole đồng, fen, cents.
    pub amount: u64,
    pub currency: Currency,
}

/// A currency, as in ISO 4217.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Currency {
    Vnd,
    Cny,
    Usd,
}

/// The rule a procedure follows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LegalBasis {
    /// Number and title of the document, in Vietnamese.
    pub document: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clause: Option<String>,
}

/// When something takes place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// Dates by the solar calendar; lunar feasts are written out year by year.
    pub dates: Vec<DateSpan>,
}

impl Event {
    /// The occasion that runs on `today`, or else the next one.
    #[must_use]
    pub fn next(&self, today: LocalDate) -> Option<DateSpan> {
        let coming = self.dates.iter().filter(|dates| dates.last >= today);
        coming.min_by_key(|dates| dates.first).copied()
    }
}

/// From a date to a date, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DateSpan {
    pub first: LocalDate,
    pub last: LocalDate,
}

/// Something that travellers must know for a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Notice {
    pub severity: Severity,
    pub from: TimeMs,
    /// Until it is withdrawn if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<TimeMs>,
}

/// How much a notice matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    Info,
    Important,
    /// Takes the whole screen.
    Urgent,
}
