//! Machine: the report of one incident (biên bản sự cố, Điều 8.3b): its log, what follows from it, what
//! became of its notices, and whether the one still follows from the other.

mod downtime;
mod fault;
mod figures;
mod sealed;
pub mod words;

pub use downtime::{DayLost, Downtime};
pub use fault::{Difference, Fault};
pub use figures::Figures;
pub use sealed::{Examined, MAX_BYTES, Seal, examine};

use crate::cluster::About;
use crate::incident::{Entry, Incident, Opening, Refused, Scope, What};
use crate::ledger::Span;
use cotmoc_proto::device::ClockQuality;
use cotmoc_proto::{ClusterId, DeviceId, TimeMs};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The form of reports that this code makes. It reads those before it as well: form 1 named one device, and
/// nobody signed form 2.
pub const VERSION: u32 = 3;
/// The first form that states what the stop cost, and whether it is final.
const COMPLETE: u32 = 3;

/// An incident with everything that its figures are made of. All times are milliseconds since 1970, UTC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    pub version: u32,
    pub incident: String,
    #[serde(alias = "device")]
    pub cluster: ClusterId,
    pub made_ms: TimeMs,
    /// Made at the end of the incident and kept; another is a draft.
    #[serde(default)]
    pub is_final: bool,
    pub figures: Figures,
    /// Always there since the third form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub downtime: Option<Downtime>,
    pub log: Vec<Entry>,
    /// The newest first.
    #[serde(default)]
    pub notices: Vec<Notice>,
    #[serde(default)]
    pub context: Context,
}

/// What was made for one person by one way, and its fate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    pub key: String,
    pub stage: String,
    pub recipient: String,
    pub route: String,
    pub address: String,
    pub subject: String,
    pub body: String,
    pub created_ms: TimeMs,
    pub attempts: u64,
    pub state: String,
    pub accepted_ms: Option<TimeMs>,
    pub confirmed_ms: Option<TimeMs>,
    pub confirmed_by: Option<String>,
    pub provider_ref: Option<String>,
    pub last_error: Option<String>,
}

/// What the log does not say: where it was, and how far its witnesses are to be believed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Context {
    /// Where links of the controller are served, if they are: a page there knows final reports.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// Whether the controller's own clock followed a source of time when this was made.
    #[serde(default)]
    pub is_synchronised: bool,
    /// What devices and the controller noted between the last proof of health and this report.
    #[serde(default)]
    pub heard: Vec<Heard>,
}

/// One note, with the clock that dated it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heard {
    /// `None`: the controller about itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<DeviceId>,
    pub at_ms: TimeMs,
    pub received_ms: TimeMs,
    pub clock: ClockQuality,
    pub kind: String,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub detail: BTreeMap<String, String>,
}

/// What a report is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    pub incident: String,
    pub cluster: ClusterId,
    pub context: Context,
}

impl Report {
    /// The report of an incident at `now`; final if nothing can be added to it any more.
    #[must_use]
    pub fn of(
        subject: Subject,
        (log, folded): (Vec<Entry>, &Incident),
        notices: Vec<Notice>,
        now: TimeMs,
    ) -> Self {
        Self {
            version: VERSION,
            incident: subject.incident,
            cluster: subject.cluster,
            made_ms: now,
            is_final: folded.is_over(),
            figures: Figures::of(folded, now),
            downtime: Some(Downtime::of(folded, &log, now)),
            log,
            notices,
            context: subject.context,
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
        opening(&self.log)?.scope.as_ref()
    }

    /// Reads the log again and compares every figure with what it gives; empty if all agree.
    #[must_use]
    pub fn faults(&self) -> Vec<Fault> {
        if !(1..=VERSION).contains(&self.version) {
            return vec![Fault::Version(self.version)];
        }
        let later = self.log.iter().position(|entry| entry.at_ms > self.made_ms);
        if let Some(line) = later {
            return vec![Fault::Later { line: line + 1 }];
        }
        match self.replayed() {
            Ok(incident) => self.compared(&incident),
            Err(fault) => vec![fault],
        }
    }

    /// The incident, as the log gives it.
    ///
    /// # Errors
    /// [`Fault::Log`] with the line that does not follow.
    pub fn replayed(&self) -> Result<Incident, Fault> {
        let mut entries = self.log.iter().zip(1..);
        let refused = |line| move |reason| Fault::Log { line, reason };
        let first = entries.next().map(|(entry, _)| entry);
        let empty = || Fault::Log {
            line: 1,
            reason: Refused::Opening,
        };
        let mut incident = Incident::open(first.ok_or_else(empty)?).map_err(refused(1))?;
        for (entry, line) in entries {
            incident.add(entry).map_err(refused(line))?;
        }
        Ok(incident)
    }

    fn compared(&self, incident: &Incident) -> Vec<Fault> {
        let zone = &incident.window().zone;
        let again = Figures::of(incident, self.made_ms);
        let mut differences = self.figures.differences(&again, zone);
        let downtime = Downtime::of(incident, &self.log, self.made_ms);
        if self.version >= COMPLETE && self.downtime.as_ref() != Some(&downtime) {
            differences.push(downtime.difference(self.downtime.as_ref()));
        }
        if self.is_final != incident.is_over() && self.version >= COMPLETE {
            let said = |is_final| if is_final { "final" } else { "draft" }.to_owned();
            differences.push(Difference {
                of: words::FORM,
                stated: said(self.is_final),
                found: said(incident.is_over()),
            });
        }
        differences.into_iter().map(Fault::Differs).collect()
    }
}

impl Heard {
    /// The span between the last proof of health and `now`, whose notes belong into a report.
    #[must_use]
    pub fn span(log: &[Entry], incident: &Incident, now: TimeMs) -> Span {
        let occurred = incident.occurred();
        Span {
            from_ms: last_proof(log).map_or(occurred, |proof| proof.min(occurred)),
            to_ms: now,
        }
    }
}

/// Every component of the cluster, as its log names them.
#[must_use]
pub fn components(log: &[Entry]) -> Vec<DeviceId> {
    let scope = opening(log).and_then(|opening| opening.scope.as_ref());
    let parts = scope.into_iter().flat_map(|scope| &scope.parts);
    parts.map(|part| part.device.clone()).collect()
}

/// The last proof that all was well, as the opening states it.
fn last_proof(log: &[Entry]) -> Option<TimeMs> {
    opening(log).map(|opening| opening.last_proof_ms)
}

fn opening(log: &[Entry]) -> Option<&Opening> {
    if let What::Opened(opening) = &log.first()?.what {
        Some(opening)
    } else {
        None
    }
}
