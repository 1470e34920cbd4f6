//! One incident with its log.

use super::evidence;
use cotmoc_controller_core::cause::Cause;
use cotmoc_controller_core::cluster::About;
use cotmoc_controller_core::incident::{Entry, Incident, Opening, Scope, State, What};
use cotmoc_proto::time::{MINUTE, Millis};
use cotmoc_proto::{ClusterId, DeviceId, TimeMs};

/// Before the event in the name of an incident that somebody at a cabinet began.
pub(super) const INTRUSION: &str = "-access-";
/// How far clocks and marks may differ: older evidence is of another stop.
const DOUBT_MS: Millis = 5 * MINUTE;

/// One incident with its log.
#[derive(Debug, Clone)]
pub struct Case {
    pub id: String,
    pub cluster: ClusterId,
    pub kind: Kind,
    pub incident: Incident,
    pub log: Vec<Entry>,
}

/// What an incident is about. Of each kind a cluster has one at a time, of faults each device.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Stop,
    /// What is shown or stored is not what was signed.
    Integrity,
    /// Somebody is at a cabinet.
    Access,
    Fault(DeviceId),
}

impl Kind {
    fn of(opening: &Opening) -> Self {
        let scope = opening.scope.as_ref();
        let fault = scope.and_then(Scope::fault);
        match (fault, opening.cause) {
            (Some(device), _) => Self::Fault(device.clone()),
            (None, Cause::Integrity) => Self::Integrity,
            (None, Cause::Access) => Self::Access,
            (
                None,
                Cause::Unknown
                | Cause::Power
                | Cause::Display
                | Cause::Player
                | Cause::Network
                | Cause::Cabinet
                | Cause::Operator,
            ) => Self::Stop,
        }
    }
}

impl Case {
    /// Begins with the line that opens it; `None` if it is another one.
    pub(super) fn open(id: &str, cluster: &ClusterId, entry: &Entry) -> Option<Self> {
        let What::Opened(opening) = &entry.what else {
            return None;
        };
        Some(Self {
            id: id.to_owned(),
            cluster: cluster.clone(),
            kind: Kind::of(opening),
            incident: Incident::open(entry).ok()?,
            log: vec![entry.clone()],
        })
    }

    /// What the cluster was called when it was opened.
    pub fn about(&self) -> About {
        let scope = self.opening().and_then(|opening| opening.scope.as_ref());
        scope.map_or_else(|| About::of(&self.cluster), |scope| scope.about.clone())
    }

    /// Whether it is neither over nor proved to be.
    pub fn is_under_way(&self) -> bool {
        matches!(self.incident.state(), State::Open | State::Recovering)
    }

    /// Whether people have ended it.
    pub const fn is_over(&self) -> bool {
        matches!(self.incident.state(), State::Closed | State::Dismissed)
    }

    /// The event with which somebody at the cabinet began it; `None` if it is of another kind.
    pub(super) fn intrusion(&self) -> Option<u64> {
        let (_, event) = self.id.rsplit_once(INTRUSION)?;
        event.parse().ok().filter(|_| self.kind == Kind::Access)
    }

    /// The last proof that a device of it worked; `None` if it has not failed by what the log says.
    pub(super) fn last_proof(&self, device: &DeviceId) -> Option<TimeMs> {
        let opening = self.opening()?;
        let Some(scope) = &opening.scope else {
            return Some(opening.last_proof_ms);
        };
        let part = scope.parts.iter().find(|part| part.device == *device);
        let first = part.and_then(|part| part.down_ms);
        let later = self.log.iter().find_map(|entry| {
            if let What::Failed {
                device: failed,
                last_proof_ms,
                ..
            } = &entry.what
            {
                (failed == device).then_some(*last_proof_ms)
            } else {
                None
            }
        });
        first.or(later)
    }

    /// Whether its log holds this already; logs that name no components hold it without its device.
    pub(super) fn knows(&self, what: &What) -> bool {
        let is_old = self
            .opening()
            .is_some_and(|opening| opening.scope.is_none());
        let mut sought = what.clone();
        if let What::Evidence { device, .. } = &mut sought
            && is_old
        {
            *device = None;
        }
        self.log.iter().any(|entry| entry.what == sought)
    }

    /// Whether evidence of a device is new, and of this stop rather than of an older one.
    pub(super) fn is_about(&self, device: &DeviceId, what: &What) -> bool {
        let times = evidence::occurred(what).zip(self.last_proof(device));
        let is_of_this = times.is_some_and(|(at, proof)| {
            let is_before_the_end = self.incident.recovered().is_none_or(|end| at <= end);
            at >= proof.plus(-DOUBT_MS) && is_before_the_end
        });
        !self.is_over() && !self.knows(what) && is_of_this
    }

    /// The evidence that a component has given of itself.
    pub(super) fn evidence_of(&self, device: &DeviceId) -> impl Iterator<Item = &What> {
        let whats = self.log.iter().map(|entry| &entry.what);
        whats.filter(move |what| evidence::device(what) == Some(device))
    }

    fn opening(&self) -> Option<&Opening> {
        let first = self.log.first()?;
        if let What::Opened(opening) = &first.what {
            Some(opening)
        } else {
            None
        }
    }
}
