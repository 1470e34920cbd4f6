//! Resolver: when a cluster stopped, by what is known of each of its components.

use super::entry::{Part, Scope};
use crate::cause::Source;
use crate::cluster::{Down, Rule};
use cotmoc_proto::device::ScreenKind;
use cotmoc_proto::{DeviceId, TimeMs};
use std::collections::{BTreeMap, BTreeSet};

/// The components of the cluster that an incident is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parts {
    rule: Rule,
    known: BTreeMap<DeviceId, Known>,
    /// Those that do not work now.
    down: BTreeSet<DeviceId>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Known {
    kind: ScreenKind,
    /// Only what had failed when the incident opened made it.
    claim: Option<Claim>,
}

/// When a component failed by the best evidence, and the first proof that it had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Claim {
    source: Source,
    time: TimeMs,
    stopped: Option<TimeMs>,
}

impl Parts {
    /// The components of `scope` as they were when it was `detected`.
    pub fn new(scope: &Scope, detected: TimeMs) -> Self {
        let counts = |part: &Part, since| {
            let until = None;
            scope
                .rule
                .counts(part.kind, Down { since, until }, detected)
        };
        let known = scope.parts.iter().map(|part| {
            let since = part.down_ms.filter(|since| counts(part, *since));
            let claim = since.map(|since| Claim {
                source: Source::Silence,
                time: since.min(detected),
                stopped: None,
            });
            let kind = part.kind;
            (part.device.clone(), Known { kind, claim })
        });
        let down = scope.parts.iter().filter(|part| part.down_ms.is_some());
        Self {
            rule: scope.rule.clone(),
            known: known.collect(),
            down: down.map(|part| part.device.clone()).collect(),
        }
    }

    /// Since when the cluster has been stopped, and what that is founded on; `None` if its components
    /// alone do not say.
    pub fn occurred(&self) -> Option<(Source, TimeMs)> {
        let times = self.known.values().map(|known| {
            let time = known.claim.map(|claim| claim.time());
            (known.kind, time)
        });
        let since = self.rule.since(&times.collect::<Vec<_>>())?;
        let claims = self.known.values().filter_map(|known| known.claim);
        let completing = claims.filter(|claim| claim.time() == since);
        let source = completing.map(|claim| claim.source).max()?;
        Some((source, since))
    }

    /// What a component says of itself, or somebody of it. Whether it is one of those that made the
    /// incident.
    pub fn weigh(
        &mut self,
        (source, device): (Source, &DeviceId),
        (occurred, stopped): (Option<TimeMs>, Option<TimeMs>),
    ) -> bool {
        let known = self.known.get_mut(device);
        let Some(claim) = known.and_then(|known| known.claim.as_mut()) else {
            return false;
        };
        if let Some(time) = occurred {
            let is_better = source > claim.source || (source == claim.source && time < claim.time);
            if is_better {
                (claim.source, claim.time) = (source, time);
            }
        }
        if let Some(proof) = stopped {
            claim.stopped = Some(claim.stopped.map_or(proof, |known| known.min(proof)));
        }
        true
    }

    pub fn fail(&mut self, device: &DeviceId) {
        self.down.insert(device.clone());
    }

    pub fn restore(&mut self, device: &DeviceId) {
        self.down.remove(device);
    }

    pub const fn down(&self) -> &BTreeSet<DeviceId> {
        &self.down
    }
}

impl Claim {
    /// Never later than the first proof that it did not work.
    fn time(&self) -> TimeMs {
        self.stopped.map_or(self.time, |proof| self.time.min(proof))
    }
}
