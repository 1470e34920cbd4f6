//! One incident with its log.

use super::evidence;
use cotmoc_controller_core::incident::{Entry, Incident, State, What};
use cotmoc_proto::time::{MINUTE, Millis};
use cotmoc_proto::{DeviceId, TimeMs};

/// Between the device and the event in the name of an incident that somebody at the cabinet began.
pub(super) const INTRUSION: &str = "-access-";
/// How far clocks and marks may differ: older evidence is of another stop.
const DOUBT_MS: Millis = 5 * MINUTE;

/// One incident with its log.
#[derive(Debug, Clone)]
pub struct Case {
    pub id: String,
    pub device: DeviceId,
    pub incident: Incident,
    pub log: Vec<Entry>,
}

impl Case {
    /// The event with which somebody at the cabinet began it; `None` if it is of another kind.
    pub(super) fn intrusion(&self) -> Option<u64> {
        let rest = self.id.strip_prefix(self.device.as_str())?;
        rest.strip_prefix(INTRUSION)?.parse().ok()
    }

    /// Whether another stop now would be the same incident.
    pub(super) fn may_come_back(&self, now: TimeMs) -> bool {
        let relapse = Entry {
            at_ms: now,
            what: What::Relapsed,
        };
        self.incident.clone().add(&relapse).is_ok()
    }

    /// Whether its log holds this already.
    pub(super) fn knows(&self, what: &What) -> bool {
        self.log.iter().any(|entry| entry.what == *what)
    }

    /// Whether evidence is new, and of this stop rather than of an older one.
    pub(super) fn is_about(&self, what: &What) -> bool {
        let is_over = matches!(self.incident.state(), State::Closed | State::Dismissed);
        let is_known = self.knows(what);
        let opened = self.log.first().map(|entry| &entry.what);
        let proof = opened.and_then(|what| {
            if let What::Opened { last_proof_ms, .. } = what {
                Some(*last_proof_ms)
            } else {
                None
            }
        });
        let is_of_this = evidence::occurred(what)
            .zip(proof)
            .is_some_and(|(at, proof)| {
                let is_before_the_end = self.incident.recovered().is_none_or(|end| at <= end);
                at >= proof.plus(-DOUBT_MS) && is_before_the_end
            });
        !is_over && !is_known && is_of_this
    }
}
