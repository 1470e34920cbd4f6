//! What the stop cost: when the cluster did not work, how much of that lay within the operating window, and
//! what was left of the day's least time on air (Điều 8.2).

use super::fault::Difference;
use super::words;
use crate::incident::{Entry, Incident, State, What};
use crate::ledger::{Span, windows};
use cotmoc_proto::TimeMs;
use cotmoc_proto::time::Millis;
use serde::{Deserialize, Serialize};

/// What a stop cost, by its log.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Downtime {
    /// When it did not work: from the occurrence or a relapse to the recovery.
    pub stops: Vec<Span>,
    /// The days that lost some of their operating window.
    pub days: Vec<DayLost>,
    /// What was lost of operating windows, altogether.
    pub lost_ms: Millis,
}

/// One operating window that lost something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayLost {
    pub window: Span,
    pub lost_ms: Millis,
    /// The least time on air of such a day.
    pub quota_ms: Millis,
    /// What this stop leaves is less than that.
    pub is_short: bool,
}

impl Downtime {
    /// What `log`, of which `incident` is folded, says at `now`. One that was dismissed cost nothing, nor did
    /// the fault of a component.
    #[must_use]
    pub fn of(incident: &Incident, log: &[Entry], now: TimeMs) -> Self {
        if incident.is_fault() || incident.state() == State::Dismissed {
            return Self::default();
        }
        let stops = stops(incident, log, now);
        let (Some(first), Some(last)) = (stops.first(), stops.last()) else {
            return Self::default();
        };
        let period = Span {
            from_ms: first.from_ms,
            to_ms: last.to_ms,
        };
        let quota_ms = incident.window().quota_ms();
        let day = |window: Span| {
            let lost = stops.iter().filter_map(|stop| stop.common(window));
            let lost_ms = lost.map(Span::length_ms).sum();
            DayLost {
                window,
                lost_ms,
                quota_ms,
                is_short: window.length_ms() - lost_ms < quota_ms,
            }
        };
        let days: Vec<DayLost> = windows(incident.window(), period)
            .map(|(whole, _)| day(whole))
            .filter(|day| day.lost_ms > 0)
            .collect();
        Self {
            lost_ms: days.iter().map(|day| day.lost_ms).sum(),
            days,
            stops,
        }
    }

    pub(super) fn difference(&self, stated: Option<&Self>) -> Difference {
        let said = |downtime: &Self| words::length(downtime.lost_ms).vi;
        let (stated, found) = (
            stated.map_or_else(|| words::NOT_YET.to_owned(), said),
            said(self),
        );
        Difference {
            of: words::DOWNTIME,
            stated,
            found,
        }
    }
}

fn stops(incident: &Incident, log: &[Entry], now: TimeMs) -> Vec<Span> {
    let mut stops = Vec::new();
    let mut begun = Some(incident.occurred());
    for entry in log {
        match entry.what {
            What::Recovered | What::Resolved => {
                let ended = begun.take().map(|from_ms| Span {
                    from_ms,
                    to_ms: entry.at_ms,
                });
                stops.extend(ended);
            }
            What::Relapsed => begun = begun.or(Some(entry.at_ms)),
            What::Opened(_)
            | What::Failed { .. }
            | What::Restored { .. }
            | What::Joined { .. }
            | What::Evidence { .. }
            | What::Acknowledged { .. }
            | What::Fired { .. }
            | What::Accepted
            | What::Confirmed { .. }
            | What::DismissalProposed { .. }
            | What::Dismissed { .. }
            | What::ClosingProposed { .. }
            | What::Closed { .. } => {}
        }
    }
    stops.extend(begun.map(|from_ms| Span {
        from_ms,
        to_ms: now,
    }));
    stops
}
