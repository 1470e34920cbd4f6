//! Resolver: what an event of a device is worth, and in the log of which incident.

use super::case::{Case, INTRUSION, Kind};
use super::evidence::{self, Intrusion};
use super::group::Group;
use super::{Desk, Lines};
use crate::clock;
use crate::overview::DeviceView;
use crate::store::RecordRow;
use cotmoc_controller_core::cause::Cause;
use cotmoc_controller_core::incident::{State, What};
use cotmoc_controller_core::liveness::{Phase, Stop};
use cotmoc_controller_core::watch::{Plan, Scene, Watched};
use cotmoc_proto::device::ScreenKind;
use cotmoc_proto::time::Millis;
use cotmoc_proto::window::Phase as Window;
use cotmoc_proto::{DeviceId, TimeMs};
use std::collections::BTreeSet;

/// A power cut: the component, and from when to when it certainly had no power.
type Cut = (DeviceId, TimeMs, TimeMs);

impl Desk {
    /// What an event of a device is worth, and in the logs of which incidents.
    pub(super) fn heard(&self, group: &Group<'_>, view: &DeviceView, event: &RecordRow) -> Lines {
        let device = &view.row.device;
        match evidence::intrusion(event) {
            Some(Intrusion::Begun(what)) => return self.intruded((group, device), event, *what),
            Some(Intrusion::Over(until)) => return self.shut((group, device), event.id, until),
            None => {}
        }
        let Some(what) = evidence::of(event) else {
            return Lines::new();
        };
        let kinds = [Kind::Stop, Kind::Fault(device.clone()), Kind::Integrity];
        let newest = kinds
            .iter()
            .filter_map(|kind| self.newest(&group.cluster.id, kind));
        match newest.into_iter().find(|case| case.is_about(device, &what)) {
            Some(case) => vec![(case.id.clone(), vec![what])],
            None => self.short_cut((group, device), what),
        }
    }

    /// Somebody is at a cabinet: an incident of its own, the same one while it goes on.
    fn intruded(
        &self,
        (group, device): (&Group<'_>, &DeviceId),
        event: &RecordRow,
        what: What,
    ) -> Lines {
        let cluster = &group.cluster.id;
        let id = format!("{cluster}{INTRUSION}{}", event.id);
        let time = evidence::occurred(&what);
        let of = || self.of_kind(cluster, &Kind::Access);
        let is_known = |case: &Case| {
            case.intrusion() == Some(event.id) || (time.is_some() && case.knows(&what))
        };
        if of().any(is_known) {
            return Lines::new();
        }
        let at = time.unwrap_or_else(clock::now);
        let opened = |case: &Case| {
            let is_new = case
                .incident
                .down()
                .is_some_and(|down| !down.contains(device));
            is_new.then(|| What::Failed {
                device: device.clone(),
                cause: Cause::Access,
                last_proof_ms: at,
            })
        };
        let newest = of().max_by_key(|case| case.intrusion());
        match newest.map(|case| (case, case.incident.state())) {
            Some((case, State::Open | State::Recovering)) => {
                let lines = [what].into_iter().chain(opened(case));
                vec![(case.id.clone(), lines.collect())]
            }
            Some((case, State::Resolved))
                if time.is_some() && case.incident.may_reopen(clock::now()) =>
            {
                let lines = [what].into_iter().chain(opened(case));
                let lines = lines.chain([What::Relapsed]);
                vec![(case.id.clone(), lines.collect())]
            }
            Some(_) | None => {
                let scene = self.scene(group, Some(device)).of_intrusion(device, at);
                vec![(id, opened_by(scene.plan(None, clock::now()), [what]))]
            }
        }
    }

    /// A cabinet is shut again: what an earlier event began is resolved once every one of them is, unless
    /// this one was opened once more since.
    fn shut(
        &self,
        (group, device): (&Group<'_>, &DeviceId),
        event: u64,
        until: Option<TimeMs>,
    ) -> Lines {
        let is_last = |case: &&Case| {
            let times = case.evidence_of(device).filter_map(evidence::occurred);
            until.zip(times.max()).is_none_or(|(end, last)| last <= end)
        };
        let is_of_it = |case: &&Case| {
            let down = case.incident.down();
            down.map_or_else(
                || case.id.starts_with(&format!("{device}{INTRUSION}")),
                |down| down.contains(device),
            )
        };
        let mut open = self
            .of_kind(&group.cluster.id, &Kind::Access)
            .filter(|case| {
                let is_earlier = case.intrusion().is_some_and(|begun| begun < event);
                case.incident.state() == State::Open && is_earlier
            });
        let Some(case) = open.find(|case| is_of_it(case) && is_last(case)) else {
            return Lines::new();
        };
        let restored = case.incident.down().map(|_| What::Restored {
            device: device.clone(),
        });
        let others = case.incident.down().map_or(0, BTreeSet::len);
        let resolved = (others <= 1).then_some(What::Resolved);
        vec![(
            case.id.clone(),
            restored.into_iter().chain(resolved).collect(),
        )]
    }

    /// A power cut that was over before anybody missed the device. If it had to be on air, it is an
    /// incident all the same, together with those of others of the cluster; a fault if it did not stop it.
    fn short_cut(&self, (group, device): (&Group<'_>, &DeviceId), what: What) -> Lines {
        let Some((from, to)) = evidence::power_cut(&what) else {
            return Lines::new();
        };
        let window = group.window();
        let is_open = |at| matches!(window.phase(at), Window::Open { .. });
        let is_known = |case: &Case| case.knows(&what);
        if !(is_open(from) || is_open(to)) || self.of_cluster(&group.cluster.id).any(is_known) {
            return Lines::new();
        }
        if let Some(case) = self.cut_at(group, (from, to)) {
            let failed = What::Failed {
                device: device.clone(),
                cause: Cause::Power,
                last_proof_ms: from,
            };
            let restored = What::Restored {
                device: device.clone(),
            };
            return vec![(case.id.clone(), vec![failed, what, restored])];
        }
        let mut cuts = self.cuts_within(group, (from, to));
        cuts.retain(|(one, ..)| one != device);
        cuts.push((device.clone(), from, to));
        let scene = self.scene(group, Some(device));
        let stop = cut_short(&scene, &cuts, scene.rule.kiosk_ms);
        let over = |whats: Vec<What>| whats.into_iter().chain([What::Recovered, What::Resolved]);
        let now = clock::now();
        if let Plan::Open(lines) = stop.plan(None, now) {
            let id = self.free(format!("{}-{}", group.cluster.id, from.0 / 1_000));
            let others = cuts.iter().filter(|(one, ..)| one != device);
            let others = others.filter_map(|(one, ..)| self.newest_fault(group, one));
            let faults: Vec<&Case> = others.collect();
            let known = faults.iter().flat_map(|case| {
                let device = fault_of(case);
                device
                    .into_iter()
                    .flat_map(|device| case.evidence_of(device))
                    .cloned()
            });
            let whats: Vec<What> = lines.into_iter().chain(known).chain([what]).collect();
            let joined = faults.iter().map(|case| {
                let incident = id.clone();
                (case.id.clone(), vec![What::Joined { incident }])
            });
            let joined: Lines = joined.collect();
            return [(id, over(whats).collect())]
                .into_iter()
                .chain(joined)
                .collect();
        }
        let fault = cut_short(&scene, &cuts, 0).of_fault(device).plan(None, now);
        let whats = opened_by(fault, [what]);
        let id = self.free(format!("{device}-fault-{}", from.0 / 1_000));
        vec![(id, over(whats).collect())]
    }

    /// The stop of the cluster in which another of its components had no power at that time.
    fn cut_at(&self, group: &Group<'_>, (from, to): (TimeMs, TimeMs)) -> Option<&Case> {
        let is_together = |case: &&Case| {
            let mut cuts = case
                .log
                .iter()
                .filter_map(|entry| evidence::power_cut(&entry.what));
            cuts.any(|(since, until)| since < to && from < until)
        };
        let mut stops = self.of_kind(&group.cluster.id, &Kind::Stop);
        stops.find(|case| !case.is_over() && is_together(case))
    }

    /// The power cuts of other devices of the cluster that fall together with this one.
    fn cuts_within(&self, group: &Group<'_>, (from, to): (TimeMs, TimeMs)) -> Vec<Cut> {
        let devices = group.views.iter().map(|view| &view.row.device);
        let cuts = devices.filter_map(|device| {
            let case = self.newest_fault(group, device)?;
            let mut cuts = case.evidence_of(device).filter_map(evidence::power_cut);
            let (since, until) = cuts.find(|(since, until)| *since < to && from < *until)?;
            (case.incident.state() == State::Resolved).then(|| (device.clone(), since, until))
        });
        cuts.collect()
    }

    fn newest_fault(&self, group: &Group<'_>, device: &DeviceId) -> Option<&Case> {
        self.newest(&group.cluster.id, &Kind::Fault(device.clone()))
    }
}

const fn fault_of(case: &Case) -> Option<&DeviceId> {
    if let Kind::Fault(device) = &case.kind {
        Some(device)
    } else {
        None
    }
}

/// The lines with which a new log begins, with what is known besides.
fn opened_by(plan: Plan, more: impl IntoIterator<Item = What>) -> Vec<What> {
    match plan {
        Plan::Open(lines) => lines.into_iter().chain(more).collect(),
        Plan::Follow(_) => Vec::new(),
    }
}

/// The cluster as it was while these had no power; a kiosk that was away for a moment never counted.
fn cut_short(scene: &Scene, cuts: &[Cut], kiosk_ms: Millis) -> Scene {
    let parts = scene.parts.iter().map(|part| {
        let cut = cuts.iter().find(|(device, ..)| *device == part.device);
        let counted = cut
            .filter(|(_, from, to)| part.kind == ScreenKind::Wall || to.since(*from) >= kiosk_ms);
        let phase = counted.map_or(Phase::Well, |(_, from, _)| {
            Phase::Stopped(Stop {
                last_proof: *from,
                stopped: None,
            })
        });
        Watched {
            phase,
            cause: Cause::Power,
            ..part.clone()
        }
    });
    Scene {
        parts: parts.collect(),
        ..scene.clone()
    }
}
