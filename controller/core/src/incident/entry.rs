//! Values: the lines of an incident's log, as they are stored and handed out.

use crate::cause::{Cause, Source};
use crate::cluster::{About, Rule};
use crate::law::Laws;
use cotmoc_proto::device::ScreenKind;
use cotmoc_proto::window::OperatingWindow;
use cotmoc_proto::{DeviceId, TimeMs};
use serde::{Deserialize, Serialize};

/// One line of the log. Entries are added, never changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// When the controller wrote it, by its trusted clock.
    pub at_ms: TimeMs,
    pub what: What,
}

/// What became known, or was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum What {
    /// Detected.
    Opened(Opening),
    /// A statement about when and why. `stopped_ms`: at this time it certainly did not work.
    Evidence {
        source: Source,
        cause: Option<Cause>,
        occurred_ms: Option<TimeMs>,
        stopped_ms: Option<TimeMs>,
        /// The component that it is about; `None`: the cluster.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        device: Option<DeviceId>,
    },
    /// One more component has failed; `last_proof_ms` is the last proof that it worked.
    Failed {
        device: DeviceId,
        cause: Cause,
        last_proof_ms: TimeMs,
    },
    /// A component works again.
    Restored { device: DeviceId },
    /// Somebody has taken it on: reminders rest until then, nothing else does.
    Acknowledged { by: String, until_ms: TimeMs },
    /// It works again; not yet proved stable.
    Recovered,
    /// Recovered and stable.
    Resolved,
    /// It stopped again.
    Relapsed,
    /// The notices of a stage were handed to the outbox.
    Fired { stage: String },
    /// The department's provider or its officer has taken a notice over.
    Accepted,
    /// An officer of the department has confirmed it.
    Confirmed { by: String },
    /// One person states that nothing stopped, and why.
    DismissalProposed { by: String, proof: String },
    /// Another person agrees.
    Dismissed { by: String },
    /// One person has written cause and remedy down.
    ClosingProposed { by: String, remedy: String },
    /// Cause and remedy are written down; a second person signs.
    Closed {
        by: String,
        countersigned: String,
        remedy: String,
    },
    /// The fault of a component has become part of a stop of its cluster.
    Joined { incident: String },
}

/// What was known when it was detected, and by which rules it is judged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Opening {
    pub cause: Cause,
    /// The last proof that all was well.
    pub last_proof_ms: TimeMs,
    /// When the cluster has to be on air.
    pub window: OperatingWindow,
    /// The numbers of the regulation; those of 2016 in logs that are older than this field.
    #[serde(default)]
    pub laws: Laws,
    /// `None` in logs that are older than this field: one device, which was the cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<Scope>,
}

/// What of a cluster it is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scope {
    pub about: About,
    pub extent: Extent,
    pub rule: Rule,
    /// Every component of the cluster.
    pub parts: Vec<Part>,
}

/// How much of a cluster it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Extent {
    /// The cluster has stopped, or was attacked.
    Cluster,
    /// A component has failed, and the cluster goes on without it: no hour runs (Điều 8.3).
    Fault,
}

/// One component at the time of the opening.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    pub device: DeviceId,
    pub kind: ScreenKind,
    /// The last proof that it worked; `None`: it works.
    pub down_ms: Option<TimeMs>,
}

impl Scope {
    /// The component whose fault it is; `None` if it is about the cluster.
    #[must_use]
    pub fn fault(&self) -> Option<&DeviceId> {
        let mut down = self.parts.iter().filter(|part| part.down_ms.is_some());
        let first = down.next().map(|part| &part.device);
        first.filter(|_| self.extent == Extent::Fault)
    }
}

impl Opening {
    /// Of one device that is the whole cluster, by the regulation's own numbers.
    #[must_use]
    pub fn new(cause: Cause, last_proof_ms: TimeMs, window: OperatingWindow) -> Self {
        Self {
            cause,
            last_proof_ms,
            window,
            laws: Laws::default(),
            scope: None,
        }
    }
}
