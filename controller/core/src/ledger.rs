//! Resolver: the on-air ledger of a cluster and its book of incidents. Every moment at which it had
//! to be on air is either on air, or missing by exactly one incident, or missing unexplained: the
//! sums are the figures of the periodic reports (Điều 7.6, 8.2, 8.3). Times are in milliseconds.

use crate::cause::Cause;
use crate::incident::{Duty, Incident, State};
use cotmoc_proto::TimeMs;
use cotmoc_proto::time::Millis;
use cotmoc_proto::window::{OperatingWindow, Phase};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// From a moment up to, not including, another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Span {
    pub from_ms: TimeMs,
    pub to_ms: TimeMs,
}

/// An incident's claim to what was missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stop {
    pub incident: String,
    pub span: Span,
}

/// A time at which the cluster had to be on air and was not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Missing {
    pub span: Span,
    /// `None`: no incident explains it.
    pub incident: Option<String>,
}

/// One operating window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Day {
    /// The window, as far as the period of the ledger holds it.
    pub required: Span,
    pub on_air_ms: Millis,
    pub missing: Vec<Missing>,
    /// Less on air than the day's quota (Điều 8.2: 14 hours).
    pub is_short: bool,
}

/// Days added up: `required = on_air + explained + unexplained`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    pub days: usize,
    pub short_days: usize,
    pub required_ms: Millis,
    pub on_air_ms: Millis,
    pub explained_ms: Millis,
    pub unexplained_ms: Millis,
}

/// Incidents of one cause.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    pub incidents: usize,
    /// What was missing by them within the operating window.
    pub stopped_ms: Millis,
}

/// The incidents of a period: how many by cause, and what became of the duty to tell the
/// department within the hour (Điều 8.3b).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Book {
    pub by_cause: BTreeMap<Cause, Tally>,
    pub satisfied: usize,
    pub breached: usize,
    pub running: usize,
    pub not_due: usize,
}

impl Span {
    /// How long it is; nothing if it ends before it begins.
    #[must_use]
    pub fn length_ms(self) -> Millis {
        self.to_ms.since(self.from_ms).max(0)
    }

    /// What both hold.
    fn common(self, other: Self) -> Option<Self> {
        let common = Self {
            from_ms: self.from_ms.max(other.from_ms),
            to_ms: self.to_ms.min(other.to_ms),
        };
        (common.from_ms < common.to_ms).then_some(common)
    }

    /// What of it comes before and after `other`.
    fn without(self, other: Self) -> impl Iterator<Item = Self> {
        let before = Self {
            to_ms: self.to_ms.min(other.from_ms),
            ..self
        };
        let after = Self {
            from_ms: self.from_ms.max(other.to_ms),
            ..self
        };
        [before, after]
            .into_iter()
            .filter(|span| span.from_ms < span.to_ms)
    }
}

impl Stop {
    /// From the occurrence to the recovery, or to `until` while there is none. A relapse belongs to
    /// its incident; one that was dismissed claims nothing.
    #[must_use]
    pub fn of(id: &str, incident: &Incident, until: TimeMs) -> Option<Self> {
        let span = Span {
            from_ms: incident.occurred(),
            to_ms: incident.recovered().unwrap_or(until),
        };
        (incident.state() != State::Dismissed).then(|| Self {
            incident: id.to_owned(),
            span,
        })
    }
}

/// The ledger of `period`, one day for each operating window in it. `on_air` may overlap and come
/// in any order. What several incidents claim belongs to the one that began first.
#[must_use]
pub fn days(window: &OperatingWindow, period: Span, on_air: &[Span], stops: &[Stop]) -> Vec<Day> {
    let mut stops: Vec<&Stop> = stops.iter().collect();
    stops.sort_by_key(|stop| (stop.span, &stop.incident));
    let day = |required: Span| {
        let dark = on_air
            .iter()
            .filter(|span| span.common(required).is_some())
            .fold(vec![required], |dark, lit| {
                dark.into_iter()
                    .flat_map(|span| span.without(*lit))
                    .collect()
            });
        let dark_ms: Millis = dark.iter().map(|span| span.length_ms()).sum();
        let on_air_ms = required.length_ms() - dark_ms;
        Day {
            required,
            on_air_ms,
            missing: attributed(dark, &stops),
            is_short: on_air_ms < window.quota_ms(),
        }
    };
    windows(window, period).map(day).collect()
}

/// Every dark span, cut where incidents begin and end.
fn attributed(mut dark: Vec<Span>, stops: &[&Stop]) -> Vec<Missing> {
    let mut missing = Vec::new();
    for stop in stops {
        let mine = dark.iter().filter_map(|span| span.common(stop.span));
        missing.extend(mine.map(|span| Missing {
            span,
            incident: Some(stop.incident.clone()),
        }));
        dark = dark
            .into_iter()
            .flat_map(|span| span.without(stop.span))
            .collect();
    }
    missing.extend(dark.into_iter().map(|span| Missing {
        span,
        incident: None,
    }));
    missing.sort_by_key(|one| one.span);
    missing
}

/// The operating windows within `period`.
fn windows(window: &OperatingWindow, period: Span) -> impl Iterator<Item = Span> {
    let mut now = period.from_ms;
    std::iter::from_fn(move || {
        while now < period.to_ms {
            match window.phase(now) {
                Phase::Closed { until } => now = until,
                Phase::Open { until, .. } => {
                    let from_ms = std::mem::replace(&mut now, until);
                    let span = Span {
                        from_ms,
                        to_ms: until,
                    };
                    return span.common(period);
                }
            }
        }
        None
    })
}

impl Totals {
    /// The sum of some days: of a month, of a year.
    #[must_use]
    pub fn of<'a>(days: impl IntoIterator<Item = &'a Day>) -> Self {
        let add = |sum: Self, day: &Day| {
            let explained_ms = missing_ms(&day.missing, |by| by.is_some());
            let unexplained_ms = missing_ms(&day.missing, |by| by.is_none());
            Self {
                days: sum.days + 1,
                short_days: sum.short_days + usize::from(day.is_short),
                required_ms: sum.required_ms + day.required.length_ms(),
                on_air_ms: sum.on_air_ms + day.on_air_ms,
                explained_ms: sum.explained_ms + explained_ms,
                unexplained_ms: sum.unexplained_ms + unexplained_ms,
            }
        };
        days.into_iter().fold(Self::default(), add)
    }

    /// What was not on air, explained or not.
    #[must_use]
    pub const fn missing_ms(&self) -> Millis {
        self.explained_ms + self.unexplained_ms
    }
}

impl Book {
    /// The book of `incidents`, each with its name, as it stands at `now`; `days` are the ledger of
    /// the same period.
    #[must_use]
    pub fn of<'a>(
        incidents: impl IntoIterator<Item = (&'a str, &'a Incident)>,
        days: &[Day],
        now: TimeMs,
    ) -> Self {
        let mut stopped: BTreeMap<&str, Millis> = BTreeMap::new();
        for missing in days.iter().flat_map(|day| &day.missing) {
            if let Some(by) = &missing.incident {
                *stopped.entry(by).or_default() += missing.span.length_ms();
            }
        }
        let mut book = Self::default();
        for (id, incident) in incidents {
            let tally = book.by_cause.entry(incident.cause()).or_default();
            tally.incidents += 1;
            tally.stopped_ms += stopped.get(id).copied().unwrap_or(0);
            let outcome = match incident.duty(now) {
                Duty::Satisfied { .. } => &mut book.satisfied,
                Duty::Breached { .. } => &mut book.breached,
                Duty::Running { .. } => &mut book.running,
                Duty::NotDue => &mut book.not_due,
            };
            *outcome += 1;
        }
        book
    }

    /// What was missing within the operating window by all of them.
    #[must_use]
    pub fn stopped_ms(&self) -> Millis {
        self.by_cause.values().map(|tally| tally.stopped_ms).sum()
    }
}

fn missing_ms(missing: &[Missing], of: impl Fn(Option<&String>) -> bool) -> Millis {
    let mine = missing.iter().filter(|one| of(one.incident.as_ref()));
    mine.map(|one| one.span.length_ms()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use cotmoc_proto::time::{DAY, HOUR, MINUTE};

    /// 24/11/2026 00:00 at Lào Cai.
    const MIDNIGHT: TimeMs = TimeMs(1_795_453_200_000);

    fn span(from_min: i64, to_min: i64) -> Span {
        Span {
            from_ms: MIDNIGHT.plus(from_min * MINUTE),
            to_ms: MIDNIGHT.plus(to_min * MINUTE),
        }
    }

    fn stop(incident: &str, span: Span) -> Stop {
        Stop {
            incident: incident.to_owned(),
            span,
        }
    }

    #[test]
    fn what_is_missing_belongs_to_the_incident_that_began_first_or_to_none() {
        let on_air = [span(0, 600), span(660, 700), span(690, 2_000)];
        let stops = [stop("b", span(620, 660)), stop("a", span(605, 640))];
        let ledger = days(&OperatingWindow::default(), span(0, 1_440), &on_air, &stops);
        let missing = |span, by: Option<&str>| Missing {
            span,
            incident: by.map(str::to_owned),
        };
        assert_eq!(
            ledger[0].missing,
            [
                missing(span(600, 605), None),
                missing(span(605, 640), Some("a")),
                missing(span(640, 660), Some("b")),
            ]
        );
        let totals = Totals::of(&ledger);
        assert_eq!(totals.required_ms, 15 * HOUR);
        assert_eq!(totals.on_air_ms, 14 * HOUR);
        assert_eq!(totals.explained_ms, 55 * MINUTE);
        assert_eq!(totals.unexplained_ms, 5 * MINUTE);
        assert_eq!((totals.days, totals.short_days), (1, 0));
    }

    #[test]
    fn the_night_asks_for_nothing_and_a_dark_day_is_short() {
        let night = days(&OperatingWindow::default(), span(0, 7 * 60), &[], &[]);
        assert_eq!(night, []);
        let period = Span {
            from_ms: MIDNIGHT,
            to_ms: MIDNIGHT.plus(3 * DAY),
        };
        let ledger = days(&OperatingWindow::default(), period, &[span(0, 1_440)], &[]);
        let totals = Totals::of(&ledger);
        assert_eq!((totals.days, totals.short_days), (3, 2));
        assert_eq!(totals.missing_ms(), 30 * HOUR);
    }

    #[test]
    fn a_period_may_begin_and_end_within_a_window() {
        let ledger = days(
            &OperatingWindow::default(),
            span(21 * 60, 32 * 60),
            &[],
            &[],
        );
        let required: Vec<Span> = ledger.iter().map(|day| day.required).collect();
        assert_eq!(required, [span(21 * 60, 22 * 60), span(31 * 60, 32 * 60)]);
    }
}
