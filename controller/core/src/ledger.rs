//! Resolver: the on-air ledger of a cluster and its book of incidents. Every moment at which it had
//! to be on air is either on air, or missing by exactly one incident, or missing unexplained, or no
//! record tells of it: the sums are the figures of the periodic reports (Điều 7.6, 8.2, 8.3). Times are
//! in milliseconds.

mod air;

pub use air::{Air, Needs, Piece, Wall, paint};

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
    pub why: Why,
}

/// Why a cluster was not on air.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Why {
    Incident(String),
    /// Records say that it was dark, and no incident says why.
    Unexplained,
    /// No record tells of it.
    Unknown,
}

/// What became of a day's quota (Điều 8.2: 14 hours).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Quota {
    Kept,
    Short,
    /// The day is not over, or what no record tells of would decide.
    Open,
}

/// One operating window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Day {
    /// The window, as far as the period of the ledger holds it.
    pub required: Span,
    pub on_air_ms: Millis,
    pub missing: Vec<Missing>,
    pub quota: Quota,
    /// When the quota was full.
    pub full_ms: Option<TimeMs>,
}

/// Days added up: `required = on_air + explained + unexplained + unknown`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    pub days: usize,
    pub short_days: usize,
    pub open_days: usize,
    pub required_ms: Millis,
    pub on_air_ms: Millis,
    pub explained_ms: Millis,
    pub unexplained_ms: Millis,
    pub unknown_ms: Millis,
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
    /// Components that failed without stopping their cluster; they are in none of the other figures.
    pub faults: usize,
}

impl Span {
    /// How long it is; nothing if it ends before it begins.
    #[must_use]
    pub fn length_ms(self) -> Millis {
        self.to_ms.since(self.from_ms).max(0)
    }

    /// Whether it holds this moment.
    #[must_use]
    pub fn holds(self, at: TimeMs) -> bool {
        self.from_ms <= at && at < self.to_ms
    }

    /// What both hold.
    #[must_use]
    pub fn common(self, other: Self) -> Option<Self> {
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
    /// its incident; one that was dismissed claims nothing, nor does the fault of a component.
    #[must_use]
    pub fn of(id: &str, incident: &Incident, until: TimeMs) -> Option<Self> {
        let span = Span {
            from_ms: incident.occurred(),
            to_ms: incident.recovered().unwrap_or(until),
        };
        let is_stop = !incident.is_fault() && incident.state() != State::Dismissed;
        is_stop.then(|| Self {
            incident: id.to_owned(),
            span,
        })
    }

    /// The claim as far as records do not end it: once they show the cluster on air again for `reopen_ms`,
    /// another stop would be a new incident, and the rest is not of this one, whenever its end was heard of.
    #[must_use]
    pub fn until_lit(self, air: &Air, reopen_ms: Millis) -> Self {
        let again = air.lit.iter().find(|lit| {
            let is_after = self.span.from_ms < lit.from_ms && lit.from_ms < self.span.to_ms;
            is_after && lit.length_ms() >= reopen_ms
        });
        let to_ms = again.map_or(self.span.to_ms, |lit| lit.from_ms);
        let span = Span { to_ms, ..self.span };
        Self { span, ..self }
    }
}

impl Day {
    /// What was missing for this kind of reason.
    #[must_use]
    pub fn missing_ms(&self, of: impl Fn(&Why) -> bool) -> Millis {
        let mine = self.missing.iter().filter(|one| of(&one.why));
        mine.map(|one| one.span.length_ms()).sum()
    }

    /// What no record tells of, and no incident claims.
    #[must_use]
    pub fn unknown_ms(&self) -> Millis {
        self.missing_ms(|why| *why == Why::Unknown)
    }
}

/// The ledger of `period`, one day for each operating window in it. What several incidents claim
/// belongs to the one that began first.
#[must_use]
pub fn days(window: &OperatingWindow, period: Span, air: &Air, stops: &[Stop]) -> Vec<Day> {
    let asked = windows(window, period).map(|(whole, _)| (whole, window.quota_ms()));
    of_windows(&asked.collect::<Vec<_>>(), period, air, stops)
}

/// The same for windows that need not be alike, each with its quota.
#[must_use]
pub fn of_windows(windows: &[(Span, Millis)], period: Span, air: &Air, stops: &[Stop]) -> Vec<Day> {
    let mut stops: Vec<&Stop> = stops.iter().collect();
    stops.sort_by_key(|stop| (stop.span, &stop.incident));
    let day = |(whole, quota_ms): &(Span, Millis)| {
        let required = whole.common(period)?;
        let without = |from: Vec<Span>, spans: &[Span]| {
            let touching = spans.iter().filter(|span| span.common(required).is_some());
            touching.fold(from, |rest, span| {
                rest.into_iter()
                    .flat_map(|one| one.without(*span))
                    .collect()
            })
        };
        let dark = without(vec![required], &air.lit);
        let untold = without(dark.clone(), &air.dark);
        let dark_ms: Millis = dark.iter().map(|span| span.length_ms()).sum();
        let day = Day {
            required,
            on_air_ms: required.length_ms() - dark_ms,
            missing: attributed(dark, &untold, &stops),
            quota: Quota::Open,
            full_ms: air.full(required, *quota_ms),
        };
        let undecided_ms = day.unknown_ms() + whole.length_ms() - required.length_ms();
        let quota = match day.full_ms {
            Some(_) => Quota::Kept,
            None if day.on_air_ms + undecided_ms < *quota_ms => Quota::Short,
            None => Quota::Open,
        };
        Some(Day { quota, ..day })
    };
    windows.iter().filter_map(day).collect()
}

/// Every dark span, cut where incidents begin and end, and where records do. Of `untold`, which lies
/// within `dark`, no record tells.
fn attributed(mut dark: Vec<Span>, untold: &[Span], stops: &[&Stop]) -> Vec<Missing> {
    let mut missing = Vec::new();
    for stop in stops {
        let mine = dark.iter().filter_map(|span| span.common(stop.span));
        missing.extend(mine.map(|span| Missing {
            span,
            why: Why::Incident(stop.incident.clone()),
        }));
        dark = dark
            .into_iter()
            .flat_map(|span| span.without(stop.span))
            .collect();
    }
    for span in dark {
        let unknown: Vec<Span> = untold.iter().filter_map(|one| one.common(span)).collect();
        let told = unknown.iter().fold(vec![span], |rest, one| {
            rest.into_iter()
                .flat_map(|part| part.without(*one))
                .collect()
        });
        let of = |why: Why| {
            move |span: Span| Missing {
                span,
                why: why.clone(),
            }
        };
        missing.extend(unknown.into_iter().map(of(Why::Unknown)));
        missing.extend(told.into_iter().map(of(Why::Unexplained)));
    }
    missing.sort_by_key(|one| one.span);
    missing
}

/// The operating windows that touch `period`, whole and as far as it holds them.
pub(crate) fn windows(
    window: &OperatingWindow,
    period: Span,
) -> impl Iterator<Item = (Span, Span)> {
    let mut now = period.from_ms;
    std::iter::from_fn(move || {
        while now < period.to_ms {
            match window.phase(now) {
                Phase::Closed { until } => now = until,
                Phase::Open { since, until } => {
                    now = until;
                    let whole = Span {
                        from_ms: since,
                        to_ms: until,
                    };
                    return whole.common(period).map(|required| (whole, required));
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
            let explained_ms = day.missing_ms(|why| matches!(why, Why::Incident(_)));
            let unexplained_ms = day.missing_ms(|why| *why == Why::Unexplained);
            Self {
                days: sum.days + 1,
                short_days: sum.short_days + usize::from(day.quota == Quota::Short),
                open_days: sum.open_days + usize::from(day.quota == Quota::Open),
                required_ms: sum.required_ms + day.required.length_ms(),
                on_air_ms: sum.on_air_ms + day.on_air_ms,
                explained_ms: sum.explained_ms + explained_ms,
                unexplained_ms: sum.unexplained_ms + unexplained_ms,
                unknown_ms: sum.unknown_ms + day.unknown_ms(),
            }
        };
        days.into_iter().fold(Self::default(), add)
    }

    /// What was not on air, or is not known to have been.
    #[must_use]
    pub const fn missing_ms(&self) -> Millis {
        self.explained_ms + self.unexplained_ms + self.unknown_ms
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
            if let Why::Incident(by) = &missing.why {
                *stopped.entry(by).or_default() += missing.span.length_ms();
            }
        }
        let mut book = Self::default();
        for (id, incident) in incidents {
            if incident.is_fault() {
                book.faults += 1;
                continue;
            }
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
        let on_air = [span(0, 600), span(660, 700), span(700, 2_000)];
        let stops = [stop("b", span(620, 660)), stop("a", span(605, 640))];
        let air = Air {
            lit: on_air.to_vec(),
            dark: vec![span(600, 602), span(604, 660)],
        };
        let ledger = days(&OperatingWindow::default(), span(0, 1_440), &air, &stops);
        let missing = |span, why| Missing { span, why };
        let by = |id: &str| Why::Incident(id.to_owned());
        assert_eq!(
            ledger[0].missing,
            [
                missing(span(600, 602), Why::Unexplained),
                missing(span(602, 604), Why::Unknown),
                missing(span(604, 605), Why::Unexplained),
                missing(span(605, 640), by("a")),
                missing(span(640, 660), by("b")),
            ]
        );
        assert_eq!(
            ledger[0].full_ms,
            Some(span(0, 1_320).to_ms),
            "14 hours at the end"
        );
        let totals = Totals::of(&ledger);
        assert_eq!(totals.required_ms, 15 * HOUR);
        assert_eq!(totals.on_air_ms, 14 * HOUR);
        assert_eq!(totals.explained_ms, 55 * MINUTE);
        assert_eq!(totals.unexplained_ms, 3 * MINUTE);
        assert_eq!(totals.unknown_ms, 2 * MINUTE);
        assert_eq!((totals.days, totals.short_days), (1, 0));
    }

    #[test]
    fn a_claim_ends_where_records_show_the_cluster_on_air_again_for_long_enough() {
        let air = |lit: &[Span]| Air {
            lit: lit.to_vec(),
            dark: Vec::new(),
        };
        let claim = |lit: &[Span]| {
            let stop = stop("a", span(600, 900));
            stop.until_lit(&air(lit), 10 * MINUTE).span
        };
        assert_eq!(claim(&[span(0, 650), span(660, 669)]), span(600, 900));
        assert_eq!(claim(&[span(660, 669), span(700, 710)]), span(600, 700));
        assert_eq!(claim(&[span(900, 990)]), span(600, 900));
    }

    #[test]
    fn the_night_asks_for_nothing_a_dark_day_is_short_and_a_day_without_records_is_open() {
        let window = OperatingWindow::default();
        let night = days(&window, span(0, 7 * 60), &Air::default(), &[]);
        assert_eq!(night, []);
        let period = Span {
            from_ms: MIDNIGHT,
            to_ms: MIDNIGHT.plus(3 * DAY),
        };
        let air = Air {
            lit: vec![span(0, 1_440)],
            dark: vec![span(1_440, 2_880)],
        };
        let ledger = days(&window, period, &air, &[]);
        let kept: Vec<Quota> = ledger.iter().map(|day| day.quota).collect();
        assert_eq!(kept, [Quota::Kept, Quota::Short, Quota::Open]);
        let totals = Totals::of(&ledger);
        assert_eq!(
            (totals.days, totals.short_days, totals.open_days),
            (3, 1, 1)
        );
        assert_eq!(totals.missing_ms(), 30 * HOUR);
        assert_eq!(totals.unknown_ms, 15 * HOUR);
        // An incident explains what no record tells of, and it was then not on air.
        let stops = [stop("a", span(2_880, 4_320))];
        let ledger = days(&window, period, &air, &stops);
        assert_eq!(ledger[2].quota, Quota::Short);
        assert_eq!(Totals::of(&ledger).explained_ms, 15 * HOUR);
    }

    #[test]
    fn a_period_may_begin_and_end_within_a_window() {
        let ledger = days(
            &OperatingWindow::default(),
            span(21 * 60, 32 * 60),
            &Air::default(),
            &[],
        );
        let required: Vec<Span> = ledger.iter().map(|day| day.required).collect();
        assert_eq!(required, [span(21 * 60, 22 * 60), span(31 * 60, 32 * 60)]);
        assert!(ledger.iter().all(|day| day.quota == Quota::Open));
    }
}
