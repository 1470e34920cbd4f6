//! From heartbeats, and from silence, to the lines that logs gain.

use super::case::{Case, Kind};
use super::group::Group;
use super::{Desk, Gain, Lines};
use crate::overview::DeviceView;
use cotmoc_controller_core::cause::Cause;
use cotmoc_controller_core::incident::{Extent, State, What};
use cotmoc_controller_core::liveness::{Beat, Liveness, Phase};
use cotmoc_controller_core::watch::{Plan, Scene, Watched};
use cotmoc_proto::device::ScreenStatus;
use cotmoc_proto::time::{Millis, SECOND};
use cotmoc_proto::{ClusterId, DeviceId, TimeMs};

/// The shortest time without a turn that is no slow turn any more.
const SLEPT_MS: Millis = 5 * SECOND;

/// One device.
#[derive(Debug)]
pub(super) struct Watch {
    pub(super) liveness: Liveness,
    /// The heartbeat that was judged last.
    heard: TimeMs,
    /// Why it stopped, as far as its heartbeats say.
    pub(super) cause: Cause,
}

impl Desk {
    /// What a device's last heartbeat, or its silence, says of it.
    pub(super) fn judge(&mut self, cluster: &ClusterId, view: &DeviceView, now: TimeMs) {
        let Some(seen) = &view.seen else {
            return;
        };
        let device = &view.row.device;
        if !self.devices.contains_key(device) {
            let watch = self.resumed(cluster, device, (seen.last_seen_ms, now));
            self.devices.insert(device.clone(), watch);
        }
        let patience = &self.rules.patience;
        let Some(watch) = self.devices.get_mut(device) else {
            return;
        };
        let before = watch.liveness.phase();
        if seen.last_seen_ms > watch.heard {
            watch.heard = seen.last_seen_ms;
            let beat = view.status.map_or(Beat::Bad, beat_of);
            if beat == Beat::Bad {
                watch.cause = cause_of(view.status);
            }
            watch.liveness.beat(patience, beat, seen.last_seen_ms);
        }
        watch.liveness.tick(patience, now);
        match (before, watch.liveness.phase()) {
            // What it said before it fell silent is no cause.
            (Phase::Well | Phase::Suspected | Phase::Recovering { .. }, Phase::Stopped(stop))
                if stop.stopped.is_none() =>
            {
                watch.cause = Cause::Unknown;
            }
            (_, Phase::Well) => watch.cause = Cause::Unknown,
            (_, Phase::Suspected | Phase::Stopped(_) | Phase::Recovering { .. }) => {}
        }
    }

    /// The machine slept, or the desk was stuck: nobody is accused of that time.
    pub(super) fn wake(&mut self, now: TimeMs) {
        let patience = &self.rules.patience;
        // A turn that is late by the length of a few turns is a busy machine, not a sleep.
        let least = patience.suspect_ms.max(SLEPT_MS);
        let slept = self.turned.filter(|turned| now.since(*turned) >= least);
        if let Some(since) = slept {
            for watch in self.devices.values_mut() {
                watch.liveness.resume(patience, now);
            }
            self.away = Some((since, now));
            tracing::warn!(
                since_ms = since.0,
                "the incident desk did not look for some time; nobody is accused of that time"
            );
        }
    }

    /// A device as its logs leave it; the controller has just begun to listen.
    fn resumed(
        &self,
        cluster: &ClusterId,
        device: &DeviceId,
        (last, now): (TimeMs, TimeMs),
    ) -> Watch {
        let kinds = [Kind::Integrity, Kind::Stop, Kind::Fault(device.clone())];
        let newest = kinds.iter().filter_map(|kind| self.newest(cluster, kind));
        // What people have dismissed may go on, and is no new stop.
        let goes_on =
            |case: &&Case| case.is_under_way() || case.incident.state() == State::Dismissed;
        let found = newest.filter(goes_on).find_map(|case| {
            let proof = case.last_proof(device)?;
            let is_down = case
                .incident
                .down()
                .is_none_or(|down| down.contains(device));
            Some((case, proof, is_down))
        });
        let (mut liveness, cause) = match found {
            Some((case, proof, true)) => (Liveness::stopped(proof, last), case.incident.cause()),
            Some((case, ..)) => (Liveness::recovering(last, now), case.incident.cause()),
            None => (Liveness::new(last), Cause::Unknown),
        };
        liveness.resume(&self.rules.patience, now);
        Watch {
            liveness,
            heard: last,
            cause,
        }
    }

    /// A cluster as it is watched: of its devices those that were heard of, and `speaker`, whose event
    /// may have come before its first heartbeat was kept.
    pub(super) fn scene(&self, group: &Group<'_>, speaker: Option<&DeviceId>) -> Scene {
        let parts = group.views.iter().filter_map(|view| {
            let device = &view.row.device;
            let watch = self.devices.get(device);
            if watch.is_none() && speaker != Some(device) {
                return None;
            }
            Some(Watched {
                device: device.clone(),
                kind: group.kind_of(view),
                phase: watch.map_or(Phase::Well, |watch| watch.liveness.phase()),
                cause: watch.map_or(Cause::Unknown, |watch| watch.cause),
            })
        });
        Scene {
            about: group.cluster.about.clone(),
            extent: Extent::Cluster,
            rule: group.cluster.rule.clone(),
            window: group.window(),
            laws: self.rules.tables.laws(),
            parts: parts.collect(),
        }
    }

    /// What the logs of a cluster gain.
    pub(super) fn changes(&self, group: &Group<'_>, now: TimeMs) -> Lines {
        let scene = self.scene(group, None);
        if scene.parts.is_empty() {
            return Lines::new();
        }
        let (cluster, second) = (&group.cluster.id, now.0 / 1_000);
        let is_attacked = scene.parts.iter().any(Watched::is_attacked);
        let attack = self.newest(cluster, &Kind::Integrity);
        let mut lines = Lines::new();
        if is_attacked || attack.is_some_and(Case::is_under_way) {
            let name = format!("{cluster}-integrity-{second}");
            lines.extend(self.change(attack, &scene.of_attack(), (name, now)));
        }
        let stop = self.newest(cluster, &Kind::Stop);
        let goes_on = stop.is_some_and(Case::is_under_way);
        let name = format!("{cluster}-{second}");
        let mut change = if is_attacked && !goes_on {
            self.change(stop, &scene.without_attacks(), (name, now))
        } else {
            self.change(stop, &scene, (name, now))
        };
        let stopped = under_way(stop, change.as_ref());
        for part in &scene.parts {
            let fault = self.newest(cluster, &Kind::Fault(part.device.clone()));
            let has_failed = !matches!(part.phase, Phase::Well | Phase::Suspected);
            if !has_failed && !fault.is_some_and(Case::is_under_way) {
                continue;
            }
            match &stopped {
                Some(id) => {
                    let joined = fault.and_then(|fault| join(fault, part, id));
                    if let Some((line, known)) = joined {
                        lines.push(line);
                        let (_, whats) = change.get_or_insert_with(|| (id.clone(), Vec::new()));
                        whats.extend(known);
                    } else if fault.is_some_and(Case::is_under_way) {
                        lines.extend(self.fault(fault, (part, &scene), now));
                    }
                }
                None => lines.extend(self.fault(fault, (part, &scene), now)),
            }
        }
        lines.into_iter().chain(change).collect()
    }

    /// What the log of a component's fault gains, or a new one's.
    fn fault(
        &self,
        fault: Option<&Case>,
        (part, scene): (&Watched, &Scene),
        now: TimeMs,
    ) -> Option<Gain> {
        let name = format!("{}-fault-{}", part.device, now.0 / 1_000);
        let (id, whats) = self.change(fault, &scene.of_fault(&part.device), (name, now))?;
        let is_new = matches!(whats.first(), Some(What::Opened(_)));
        let is_too_early = part.is_attacked() || scene.may_stop(now);
        (!is_new || !is_too_early).then_some((id, whats))
    }

    /// What a log gains, or a new one of this name.
    fn change(
        &self,
        newest: Option<&Case>,
        scene: &Scene,
        (name, now): (String, TimeMs),
    ) -> Option<Gain> {
        match scene.plan(newest.map(|case| &case.incident), now) {
            Plan::Open(whats) => Some((self.free(name), whats)),
            Plan::Follow(whats) => {
                let case = newest.filter(|_| !whats.is_empty())?;
                Some((case.id.clone(), whats))
            }
        }
    }
}

/// The stop of the cluster that goes on after this change.
fn under_way(newest: Option<&Case>, change: Option<&Gain>) -> Option<String> {
    let begins = |what: &What| matches!(what, What::Opened(_) | What::Relapsed);
    match change {
        Some((_, whats)) if whats.contains(&What::Resolved) => None,
        Some((id, whats)) if whats.iter().any(begins) => Some(id.clone()),
        Some(_) | None => newest
            .filter(|case| case.is_under_way())
            .map(|case| case.id.clone()),
    }
}

/// A component's fault becomes part of the stop: the line that says so, and what is known of it.
fn join(fault: &Case, part: &Watched, incident: &str) -> Option<(Gain, Vec<What>)> {
    if !fault.is_under_way() || part.stop().is_none() {
        return None;
    }
    let known = fault.evidence_of(&part.device).cloned().collect();
    let joined = What::Joined {
        incident: incident.to_owned(),
    };
    Some(((fault.id.clone(), vec![joined]), known))
}

/// Degraded or with a doubtful clock, a screen still shows what was approved.
const fn beat_of(status: ScreenStatus) -> Beat {
    match status {
        ScreenStatus::OnAir
        | ScreenStatus::StandbyByPlan
        | ScreenStatus::Degraded
        | ScreenStatus::ClockUntrusted => Beat::Well,
        ScreenStatus::OnlineNotLit
        | ScreenStatus::OfflineShouldBeOnAir
        | ScreenStatus::IntegrityFault => Beat::Bad,
    }
}

const fn cause_of(status: Option<ScreenStatus>) -> Cause {
    match status {
        Some(ScreenStatus::IntegrityFault) => Cause::Integrity,
        Some(ScreenStatus::OnlineNotLit) => Cause::Player,
        Some(
            ScreenStatus::OnAir
            | ScreenStatus::StandbyByPlan
            | ScreenStatus::Degraded
            | ScreenStatus::ClockUntrusted
            | ScreenStatus::OfflineShouldBeOnAir,
        )
        | None => Cause::Unknown,
    }
}
