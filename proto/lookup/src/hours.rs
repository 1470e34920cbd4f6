//! A resolver: whether a place is open at a point in time, and until or from when.

use crate::language::Localized;
use cotmoc_proto::TimeMs;
use cotmoc_proto::json::UniqueMap;
use cotmoc_proto::window::{Day, DayTime, Zone, next_day};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// How many days ahead an opening or a closing is looked for.
const HORIZON_DAYS: usize = 35;

/// Opening hours by the clock of the site: the week, and the days that differ from it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hours {
    /// A day that is not named is a day off.
    pub week: UniqueMap<Day, Vec<Span>>,
    /// Holidays, Tết and the like; the last one given for a date counts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exceptions: Vec<Exception>,
}

/// From when to when, half-open. One that does not close later than it opens closes on the next
/// day: 18:00 to 02:00.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Span {
    pub opens: DayTime,
    pub closes: DayTime,
}

/// A date whose hours differ from the week's; no spans: closed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exception {
    pub date: LocalDate,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub spans: Vec<Span>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Localized<String>>,
}

/// Whether a place is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OpenState {
    /// Open until then; `None`: for the next 35 days at least.
    Open { until: Option<TimeMs> },
    /// Closed until then; `None`: for the next 35 days at least.
    Closed { opens: Option<TimeMs> },
}

impl Hours {
    /// Whether the place is open at `now`, in the time zone of the site.
    #[must_use]
    pub fn open_state(&self, zone: &Zone, now: TimeMs) -> OpenState {
        let first = zone.date(now);
        let first = first.yesterday().unwrap_or(first);
        let dates = std::iter::successors(Some(first), |date| Some(next_day(*date)));
        let mut spans: Vec<(TimeMs, TimeMs)> = dates
            .take(HORIZON_DAYS + 2)
            .flat_map(|date| self.on(zone, date))
            .collect();
        spans.sort();
        let mut open_until = None;
        for (opens, closes) in spans.iter().copied() {
            let covers = open_until.unwrap_or(now) >= opens;
            if covers && closes > open_until.unwrap_or(now) {
                open_until = Some(closes);
            }
        }
        let end = horizon(zone, first);
        match open_until {
            Some(until) => OpenState::Open {
                until: (until < end).then_some(until),
            },
            None => OpenState::Closed {
                opens: spans
                    .into_iter()
                    .map(|(opens, _)| opens)
                    .find(|opens| *opens > now),
            },
        }
    }

    /// The spans that open on the local `date`.
    #[must_use]
    pub fn spans_on(&self, date: Date) -> &[Span] {
        let exception = self.exceptions.iter().rev().find(|day| day.date.0 == date);
        let usual = self.week.0.get(&Day::from(date.weekday()));
        exception
            .map(|day| &day.spans)
            .or(usual)
            .map_or(&[], Vec::as_slice)
    }

    fn on<'a>(&'a self, zone: &'a Zone, date: Date) -> impl Iterator<Item = (TimeMs, TimeMs)> + 'a {
        self.spans_on(date).iter().map(move |span| {
            let closing = if span.closes > span.opens {
                date
            } else {
                next_day(date)
            };
            (zone.at(date, span.opens), zone.at(closing, span.closes))
        })
    }
}

fn horizon(zone: &Zone, first: Date) -> TimeMs {
    let last = std::iter::successors(Some(first), |date| Some(next_day(*date)))
        .nth(HORIZON_DAYS + 1)
        .unwrap_or(first);
    zone.at(last, DayTime::END)
}

/// A date by the calendar of the site, written `YYYY-MM-DD`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct LocalDate(pub Date);

/// Text that is not a date.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("date {0:?}: expected YYYY-MM-DD")]
pub struct BadDate(String);

impl std::str::FromStr for LocalDate {
    type Err = BadDate;
    fn from_str(text: &str) -> Result<Self, BadDate> {
        let date = text.parse::<Date>().ok().map(Self);
        date.filter(|date| date.to_string() == text)
            .ok_or_else(|| BadDate(text.chars().take(20).collect()))
    }
}

impl TryFrom<String> for LocalDate {
    type Error = BadDate;
    fn try_from(text: String) -> Result<Self, BadDate> {
        text.parse()
    }
}

impl From<LocalDate> for String {
    fn from(date: LocalDate) -> Self {
        date.to_string()
    }
}

impl std::fmt::Display for LocalDate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests;
