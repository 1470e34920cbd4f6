//! Machine: the report of one incident (biên bản sự cố, Điều 8.3b): its log, what follows from it, and
//! whether the one still follows from the other.

use crate::cause::{Cause, Source};
use crate::cluster::About;
use crate::incident::{Duty, Entry, Incident, Refused, Scope, State, What};
use cotmoc_proto::{ClusterId, DeviceId, TimeMs};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The form of reports that this code makes. It reads those before it as well: form 1 named one device.
pub const VERSION: u32 = 2;

/// What the log says, at the time of the report. All times are milliseconds since 1970, UTC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figures {
    pub state: State,
    pub cause: Cause,
    pub occurred_ms: TimeMs,
    pub occurred_by: Source,
    pub detected_ms: TimeMs,
    /// When the law's hour begins.
    pub begins_ms: TimeMs,
    pub deadline_ms: TimeMs,
    pub duty: Duty,
    pub notified_ms: Option<TimeMs>,
    pub confirmed_ms: Option<TimeMs>,
    pub recovered_ms: Option<TimeMs>,
    pub resolved_ms: Option<TimeMs>,
}

/// An incident with everything that its figures are made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    pub version: u32,
    pub incident: String,
    #[serde(alias = "device")]
    pub cluster: ClusterId,
    pub made_ms: TimeMs,
    pub figures: Figures,
    pub log: Vec<Entry>,
}

/// Why a report is not to be believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unfounded {
    #[error("the report has form {0}; this program reads forms up to {VERSION}")]
    Version(u32),
    #[error("the log does not follow: {0}")]
    Log(#[from] Refused),
    #[error("the log goes on after the report was made")]
    Later,
    #[error("the log gives another {0} than the report states")]
    Differs(&'static str),
}

impl Figures {
    /// What `incident` says at `now`.
    #[must_use]
    pub fn of(incident: &Incident, now: TimeMs) -> Self {
        Self {
            state: incident.state(),
            cause: incident.cause(),
            occurred_ms: incident.occurred(),
            occurred_by: incident.source(),
            detected_ms: incident.detected(),
            begins_ms: incident.begins(),
            deadline_ms: incident.deadline(),
            duty: incident.duty(now),
            notified_ms: incident.accepted(),
            confirmed_ms: incident.confirmed(),
            recovered_ms: incident.recovered(),
            resolved_ms: incident.resolved(),
        }
    }

    /// The first figure in which two differ.
    fn difference(&self, other: &Self) -> Option<&'static str> {
        let pairs = [
            ("state", self.state == other.state),
            ("cause", self.cause == other.cause),
            ("occurrence", self.occurred_ms == other.occurred_ms),
            ("source", self.occurred_by == other.occurred_by),
            ("detection", self.detected_ms == other.detected_ms),
            ("beginning of the hour", self.begins_ms == other.begins_ms),
            ("deadline", self.deadline_ms == other.deadline_ms),
            ("duty", self.duty == other.duty),
            ("notice", self.notified_ms == other.notified_ms),
            ("confirmation", self.confirmed_ms == other.confirmed_ms),
            ("recovery", self.recovered_ms == other.recovered_ms),
            ("resolution", self.resolved_ms == other.resolved_ms),
        ];
        let differs = pairs.into_iter().find(|(_, is_same)| !is_same);
        differs.map(|(name, _)| name)
    }
}

impl Report {
    /// The report of an incident at `now`.
    #[must_use]
    pub fn of(
        (incident, cluster): (String, ClusterId),
        log: Vec<Entry>,
        folded: &Incident,
        now: TimeMs,
    ) -> Self {
        Self {
            version: VERSION,
            incident,
            cluster,
            made_ms: now,
            figures: Figures::of(folded, now),
            log,
        }
    }

    /// What the cluster was called; its bare name in logs that say no more.
    #[must_use]
    pub fn about(&self) -> About {
        let scope = self.scope();
        scope.map_or_else(|| About::of(&self.cluster), |scope| scope.about.clone())
    }

    /// Every component that did not work at some time of it.
    #[must_use]
    pub fn failed(&self) -> BTreeSet<&DeviceId> {
        let parts = self.scope().into_iter().flat_map(|scope| &scope.parts);
        let first = parts.filter(|part| part.down_ms.is_some());
        let later = self.log.iter().filter_map(|entry| {
            if let What::Failed { device, .. } = &entry.what {
                Some(device)
            } else {
                None
            }
        });
        first.map(|part| &part.device).chain(later).collect()
    }

    fn scope(&self) -> Option<&Scope> {
        let first = self.log.first()?;
        if let What::Opened(opening) = &first.what {
            opening.scope.as_ref()
        } else {
            None
        }
    }

    /// Reads the log again and compares every figure with what it gives.
    ///
    /// # Errors
    /// [`Unfounded`] by the first thing that does not agree.
    pub fn verify(&self) -> Result<(), Unfounded> {
        if self.version == 0 || self.version > VERSION {
            return Err(Unfounded::Version(self.version));
        }
        if self.log.iter().any(|entry| entry.at_ms > self.made_ms) {
            return Err(Unfounded::Later);
        }
        let incident = Incident::replay(&self.log)?;
        let again = Figures::of(&incident, self.made_ms);
        self.figures
            .difference(&again)
            .map_or(Ok(()), |name| Err(Unfounded::Differs(name)))
    }
}
