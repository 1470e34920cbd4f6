//! Planner: what the log of a cluster's incident gains, from what its components do and where the incident
//! stands. Asked again at once, it has nothing to add.

use crate::cause::{Cause, Source};
use crate::cluster::{About, Down, Rule, StopsWhen};
use crate::incident::{Extent, Incident, Opening, Part, Scope, State, What};
use crate::law::Laws;
use crate::liveness::{Phase, Stop};
use cotmoc_proto::device::ScreenKind;
use cotmoc_proto::window::OperatingWindow;
use cotmoc_proto::{DeviceId, TimeMs};
use std::collections::BTreeSet;

/// A component as it is watched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watched {
    pub device: DeviceId,
    pub kind: ScreenKind,
    pub phase: Phase,
    /// Why, as far as its heartbeats say.
    pub cause: Cause,
}

/// What is watched together, and by which rule it has stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scene {
    pub about: About,
    pub extent: Extent,
    pub rule: Rule,
    pub window: OperatingWindow,
    pub laws: Laws,
    pub parts: Vec<Watched>,
}

/// Where a cluster stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Stable,
    /// It works again, not yet for long.
    Recovering,
    Stopped {
        since: TimeMs,
    },
}

/// The lines to add.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Plan {
    /// Nothing of this kind is under way: the log of a new incident.
    Open(Vec<What>),
    /// More of the newest one; often nothing.
    Follow(Vec<What>),
}

impl Scene {
    /// The scene of an attack on what is shown: any component suffices, at once.
    #[must_use]
    pub fn of_attack(&self) -> Self {
        let parts = self
            .parts
            .iter()
            .map(|part| part.as_well_unless(part.is_attacked()));
        self.narrowed(Extent::Cluster, parts.collect())
    }

    /// The same without what is an attack: that has an incident of its own.
    #[must_use]
    pub fn without_attacks(&self) -> Self {
        let parts = self
            .parts
            .iter()
            .map(|part| part.as_well_unless(!part.is_attacked()));
        Self {
            parts: parts.collect(),
            ..self.clone()
        }
    }

    /// The scene of somebody at the cabinet of a component since `at`.
    #[must_use]
    pub fn of_intrusion(&self, device: &DeviceId, at: TimeMs) -> Self {
        let parts = self.parts.iter().map(|part| {
            let opened = Phase::Stopped(Stop {
                last_proof: at,
                stopped: None,
            });
            let is_it = part.device == *device;
            Watched {
                phase: if is_it { opened } else { Phase::Well },
                cause: Cause::Access,
                ..part.clone()
            }
        });
        self.narrowed(Extent::Cluster, parts.collect())
    }

    /// The scene of one component alone.
    #[must_use]
    pub fn of_fault(&self, device: &DeviceId) -> Self {
        let parts = self.parts.iter().filter(|part| part.device == *device);
        self.narrowed(Extent::Fault, parts.cloned().collect())
    }

    fn narrowed(&self, extent: Extent, parts: Vec<Watched>) -> Self {
        let rule = Rule {
            when: [StopsWhen::AnyWall, StopsWhen::AnyKiosk].into(),
            kiosk_ms: 0,
        };
        Self {
            about: self.about.clone(),
            extent,
            rule,
            window: self.window.clone(),
            laws: self.laws.clone(),
            parts,
        }
    }

    /// Where the cluster stands at `now`.
    #[must_use]
    pub fn verdict(&self, now: TimeMs) -> Verdict {
        let stopped = |down: &dyn Fn(&Watched) -> Option<Down>| {
            let parts = self.parts.iter().map(|part| (part.kind, down(part)));
            self.rule.stopped(&parts.collect::<Vec<_>>(), now)
        };
        if let Some(since) = stopped(&|part| part.down()) {
            return Verdict::Stopped { since };
        }
        match stopped(&|part| part.down().or_else(|| part.recovering())) {
            Some(_) => Verdict::Recovering,
            None => Verdict::Stable,
        }
    }

    /// Whether components that are silent for a moment only would make it a stop: then it is too early
    /// to call the others faults.
    #[must_use]
    pub fn may_stop(&self, now: TimeMs) -> bool {
        let parts = self.parts.iter().map(|part| {
            let suspected = (part.phase == Phase::Suspected).then_some(Down {
                since: now,
                until: None,
            });
            (part.kind, part.down().or(suspected))
        });
        self.rule.stopped(&parts.collect::<Vec<_>>(), now).is_some()
    }

    /// What the log of `newest`, the newest incident of this kind, or a new one's, gains at `now`.
    #[must_use]
    pub fn plan(&self, newest: Option<&Incident>, now: TimeMs) -> Plan {
        let state = newest.map(Incident::state);
        let verdict = self.verdict(now);
        let step = match (verdict, state) {
            (Verdict::Stopped { since }, None) => return self.open(since),
            (Verdict::Stopped { since }, Some(State::Closed | State::Dismissed)) => {
                let is_covered = newest.is_some_and(|incident| incident.covers(since));
                return if is_covered {
                    Plan::Follow(Vec::new())
                } else {
                    self.open(since)
                };
            }
            (Verdict::Stopped { since }, Some(State::Resolved)) => {
                if !newest.is_some_and(|incident| incident.may_reopen(now)) {
                    return self.open(since);
                }
                Some(What::Relapsed)
            }
            (Verdict::Stopped { .. }, Some(State::Recovering)) => Some(What::Relapsed),
            (Verdict::Recovering, Some(State::Open)) => Some(What::Recovered),
            (Verdict::Stable, Some(State::Open | State::Recovering)) => Some(What::Resolved),
            (Verdict::Stopped { .. }, Some(State::Open))
            | (
                Verdict::Recovering,
                None | Some(State::Recovering | State::Resolved | State::Dismissed | State::Closed),
            )
            | (Verdict::Stable, None | Some(State::Resolved | State::Dismissed | State::Closed)) => {
                None
            }
        };
        let is_under_way = matches!(state, Some(State::Open | State::Recovering));
        let mut lines = match newest.filter(|_| is_under_way || step.is_some()) {
            Some(incident) => self.components(incident),
            None => Vec::new(),
        };
        lines.extend(step);
        Plan::Follow(lines)
    }

    fn open(&self, since: TimeMs) -> Plan {
        let stops = || {
            self.parts
                .iter()
                .filter_map(|part| Some((part, part.stop()?)))
        };
        let completing = stops().find(|(_, stop)| stop.last_proof == since);
        let opening = Opening {
            cause: completing.map_or(Cause::Unknown, |(part, _)| part.cause),
            last_proof_ms: since,
            window: self.window.clone(),
            laws: self.laws.clone(),
            scope: Some(Scope {
                about: self.about.clone(),
                extent: self.extent,
                rule: self.rule.clone(),
                parts: self.parts.iter().map(Watched::part).collect(),
            }),
        };
        let said = stops().filter_map(|(part, stop)| {
            let at = stop.stopped?;
            Some(What::Evidence {
                source: Source::Device,
                cause: None,
                occurred_ms: Some(at),
                stopped_ms: Some(at),
                device: Some(part.device.clone()),
            })
        });
        Plan::Open([What::Opened(opening)].into_iter().chain(said).collect())
    }

    /// Which components have failed or work again since the log last said so.
    fn components(&self, incident: &Incident) -> Vec<What> {
        let nothing = BTreeSet::new();
        let known = incident.down().unwrap_or(&nothing);
        let change = |part: &Watched| {
            let device = part.device.clone();
            match (part.stop(), known.contains(&part.device)) {
                (Some(stop), false) => Some(What::Failed {
                    device,
                    cause: part.cause,
                    last_proof_ms: stop.last_proof,
                }),
                (None, true) => Some(What::Restored { device }),
                (Some(_), true) | (None, false) => None,
            }
        };
        self.parts.iter().filter_map(change).collect()
    }
}

impl Watched {
    /// Whether what it shows or stores is not what was signed.
    #[must_use]
    pub fn is_attacked(&self) -> bool {
        self.cause.is_security() && !matches!(self.phase, Phase::Well | Phase::Suspected)
    }

    /// How it stopped, while it does not work.
    #[must_use]
    pub const fn stop(&self) -> Option<Stop> {
        match self.phase {
            Phase::Stopped(stop) => Some(stop),
            Phase::Well | Phase::Suspected | Phase::Recovering { .. } => None,
        }
    }

    fn as_well_unless(&self, keep: bool) -> Self {
        let phase = if keep { self.phase } else { Phase::Well };
        Self {
            phase,
            ..self.clone()
        }
    }

    fn down(&self) -> Option<Down> {
        self.stop().map(|stop| Down {
            since: stop.last_proof,
            until: None,
        })
    }

    const fn recovering(&self) -> Option<Down> {
        match self.phase {
            Phase::Recovering { from, since } => Some(Down {
                since: from.last_proof,
                until: Some(since),
            }),
            Phase::Well | Phase::Suspected | Phase::Stopped(_) => None,
        }
    }

    fn part(&self) -> Part {
        Part {
            device: self.device.clone(),
            kind: self.kind,
            down_ms: self.stop().map(|stop| stop.last_proof),
        }
    }
}
