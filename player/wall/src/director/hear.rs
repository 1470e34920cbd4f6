//! What the engine says, turned into facts for the core and records for the controller.

use super::Director;
use crate::pipeline::{CueId, EngineEvent, ItemFault, ZoneId};
use crate::recheck::Recheck;
use crate::stage::{Cued, medium_of};
use cotmoc_player_core::ledger::Condition;
use cotmoc_player_core::program::{CueShow, Fault, FaultEffect};
use cotmoc_proto::device::{Aired, Event, EventKind, RecordBody};
use cotmoc_proto::media::Asset;
use cotmoc_proto::{Digest, TimeMs};
use std::collections::{BTreeMap, BTreeSet};

const NS_PER_MS: i64 = 1_000_000;
/// The same fault of the same asset is told again after this long, in milliseconds.
const SAY_AGAIN_MS: u64 = 3_600_000;
/// A picture for evidence is taken this long after an item begins.
const PICTURE_AFTER_MS: i64 = 500;
/// More deaths than this make a suspect rest no longer.
const SUSPECT_RESTS: u32 = 8;
/// Assets found damaged are looked at again this often, in milliseconds.
const RECHECK_MS: u64 = 1_000;

/// What the sink presents, as far as the engine has told.
#[derive(Debug, Default)]
pub(super) struct OnStage {
    /// By zone of the engine.
    pub shown: BTreeMap<ZoneId, Shown>,
    pub output_lost: bool,
    thumbnails: BTreeMap<CueId, Digest>,
    told: BTreeMap<(Digest, &'static str), u64>,
    damaged: BTreeMap<Digest, u64>,
    recheck: Recheck,
}

/// What is presented, since when.
#[derive(Debug, Clone)]
pub(super) enum Shown {
    Cue { cued: Box<Cued>, since: TimeMs },
    Standby { since: TimeMs },
    Dark { since: TimeMs },
}

impl OnStage {
    /// Forgets what zones showed that are no longer there.
    pub fn keep_zones(&mut self, zones: impl Iterator<Item = ZoneId>) {
        let zones: BTreeSet<ZoneId> = zones.collect();
        self.shown.retain(|zone, _| zones.contains(zone));
    }
}

impl Shown {
    pub fn condition(&self) -> Condition {
        match self {
            Self::Cue { cued, .. } => match cued.plan.show {
                CueShow::Fallback { .. } => Condition::Fallback,
                CueShow::Item { .. }
                | CueShow::Template { .. }
                | CueShow::Dark
                | CueShow::Factory { .. } => Condition::OnAir,
            },
            Self::Standby { .. } => Condition::Factory,
            Self::Dark { .. } => Condition::Standby,
        }
    }
}

impl Director {
    pub(super) fn hear(&mut self, event: EngineEvent) {
        match event {
            EngineEvent::Started {
                zone,
                cue,
                at_ns,
                thumbnail_sha256,
                ..
            } => {
                self.started((zone, cue), time(at_ns), &thumbnail_sha256);
            }
            EngineEvent::Ended {
                cue,
                first_at_ns,
                last_at_ns,
                frames,
                lost,
                ..
            } => {
                self.ended(cue, (time(first_at_ns), time(last_at_ns)), (frames, lost));
            }
            EngineEvent::Standby { zone, at_ns } => {
                let since = time(at_ns);
                self.show(zone, Shown::Standby { since }, ("factory", since));
            }
            EngineEvent::Dark { zone, at_ns } => {
                let since = time(at_ns);
                self.show(zone, Shown::Dark { since }, ("dark", since));
            }
            EngineEvent::Held { cue, ticks, .. } => {
                tracing::debug!(%cue, ticks, "the last picture was held past its slot");
            }
            EngineEvent::Fault { cue, fault, .. } => self.faulted(cue, &fault),
            EngineEvent::DecoderReplaced { cue, .. } => {
                tracing::warn!(%cue, "a hardware decoder gave up; the item goes on in software");
                let item = self
                    .stage
                    .cued(cue)
                    .and_then(|cued| medium_of(&cued.plan.show).map(|(item, _)| item.to_string()));
                let what = item.unwrap_or_default();
                self.tell_of_remedy("branch", &what, "stalled", "a software decoder goes on");
            }
            EngineEvent::PathChosen { cue, path, .. } => {
                tracing::debug!(%cue, ?path, "the way of an item to the outputs is chosen");
            }
            EngineEvent::AnnouncementStarted { cue, label, .. } => {
                tracing::info!(%cue, item = label, "an announcement sounds");
            }
            EngineEvent::AnnouncementEnded {
                cue,
                first_at_ns,
                last_at_ns,
                ..
            } => self.ended(cue, (time(first_at_ns), time(last_at_ns)), (0, 0)),
            EngineEvent::OutputLost { output, reason } => {
                self.on_stage.output_lost |= output == 0;
                self.output_event(EventKind::OutputLost, output, &reason);
            }
            EngineEvent::OutputRestored { output } => {
                self.on_stage.output_lost &= output != 0;
                self.output_event(EventKind::OutputRestored, output, "");
            }
            EngineEvent::AudioLost { reason } => self.event(EventKind::AudioLost, &reason),
            EngineEvent::AudioRestored => self.event(EventKind::AudioRestored, ""),
            EngineEvent::Leaked { count } => {
                tracing::warn!(count, "pipelines have not ended in time");
            }
        }
    }

    fn started(&mut self, (zone, cue): (ZoneId, CueId), since: TimeMs, thumbnail: &str) {
        let Some(cued) = self.stage.cued(cue).cloned() else {
            return;
        };
        if let Some((item, asset)) = medium_of(&cued.plan.show) {
            let label = item.to_string();
            self.faults.played(&asset.sha256);
            if let Ok(thumbnail) = thumbnail.parse() {
                self.on_stage.thumbnails.insert(cue, thumbnail);
            }
            self.show(
                zone,
                Shown::Cue {
                    cued: Box::new(cued),
                    since,
                },
                (&label, since),
            );
        }
    }

    fn show(&mut self, zone: ZoneId, shown: Shown, (label, since): (&str, TimeMs)) {
        if let Some(evidence) = &mut self.evidence
            && self.stage.principal() == Some(zone)
        {
            evidence.plan(label, since, since.plus(PICTURE_AFTER_MS));
        }
        self.on_stage.shown.insert(zone, shown);
        self.reported_ms = 0;
    }

    /// Proof of play: only what the sink presented counts, and only items of the programme.
    fn ended(
        &mut self,
        cue: CueId,
        (first_ms, last_ms): (TimeMs, TimeMs),
        (frames, lost): (u64, u64),
    ) {
        let thumbnail_sha256 = self.on_stage.thumbnails.remove(&cue);
        let Some(Cued { plan, release }) = self.stage.cued(cue).cloned() else {
            return;
        };
        if let Some((_, asset)) = medium_of(&plan.show) {
            self.trials.survived(&asset.sha256);
        }
        let CueShow::Item {
            playlist,
            item,
            asset,
            ..
        } = plan.show
        else {
            return;
        };
        self.record(RecordBody::Aired(Aired {
            release,
            playlist,
            item,
            asset: asset.sha256,
            first_ms,
            last_ms,
            frames,
            lost,
            thumbnail_sha256,
        }));
    }

    /// An item failed: the core says how long it rests, the plan is made anew without it.
    fn faulted(&mut self, cue: CueId, fault: &ItemFault) {
        let Some(Cued { plan, .. }) = self.stage.cued(cue).cloned() else {
            return;
        };
        let Some((item, asset)) = medium_of(&plan.show) else {
            return;
        };
        let digest = asset.sha256;
        let found = self.medium_faults.take(&digest);
        let code = found.map_or_else(|| fault.code(), |found| found.code);
        self.say_once(
            digest,
            code,
            [
                ("item", item.to_string()),
                ("reason", code.to_owned()),
                ("detail", fault.to_string()),
            ],
        );
        let kind = match (found, fault) {
            (Some(_), _) | (None, ItemFault::Integrity { .. } | ItemFault::Unreadable { .. }) => {
                Fault::Integrity
            }
            (None, ItemFault::Stalled | ItemFault::NotReady) => Fault::Stalled,
            (None, ItemFault::Empty | ItemFault::Undecodable { .. }) => Fault::Undecodable,
            // It played as far as it goes; its slot is over soon enough.
            (None, ItemFault::Truncated { .. }) => return,
        };
        match self.faults.failed(digest, kind, self.belief.mono_ms) {
            FaultEffect::FetchAnew { asset } => {
                self.link.damaged(found.map_or(asset, |found| found.blob));
                self.on_stage.damaged.insert(asset, self.belief.mono_ms);
            }
            FaultEffect::RetryAt { .. } | FaultEffect::GivenUp { .. } => {}
        }
    }

    /// What earlier processes of this boot died of rests for a while, longer each time.
    pub(super) fn spare_suspects(&mut self) {
        let suspects: Vec<_> = self.trials.suspects().collect();
        for (asset, deaths) in suspects {
            for _ in 0..deaths.min(SUSPECT_RESTS) {
                let kind = Fault::Undecodable;
                self.faults.failed(asset, kind, self.belief.mono_ms);
            }
            let detail = [
                ("asset", asset.to_string()),
                ("reason", "process-died".to_owned()),
            ];
            self.say_once(asset, "process-died", detail);
        }
    }

    /// Has the next damaged asset checked anew, if it is time.
    pub(super) fn recheck(&mut self) {
        let (now_ms, stage) = (self.belief.mono_ms, &mut self.on_stage);
        let Some(release) = self.gate.release().filter(|_| stage.recheck.is_idle()) else {
            return;
        };
        let due = |asset: &&Asset| {
            let checked = stage.damaged.get(&asset.sha256)?;
            (now_ms.saturating_sub(*checked) >= RECHECK_MS).then_some(*checked)
        };
        let assets = release.assets().into_iter();
        let longest_ago = assets.filter(|a| due(a).is_some()).min_by_key(due);
        if let Some(asset) = longest_ago {
            stage.damaged.insert(asset.sha256, now_ms);
            stage.recheck.begin(self.gate.media(), asset.clone());
        }
    }

    /// An asset that was damaged and is whole again may be shown again.
    pub(super) fn refetched(&mut self) {
        match self.on_stage.recheck.take_ended() {
            Some((asset, true)) => {
                self.on_stage.damaged.remove(&asset);
                self.faults.fetched(&asset);
            }
            Some((asset, false)) => {
                let now_ms = self.belief.mono_ms;
                self.on_stage
                    .damaged
                    .entry(asset)
                    .and_modify(|at| *at = now_ms);
            }
            None => {}
        }
    }

    fn say_once<const N: usize>(
        &mut self,
        digest: Digest,
        code: &'static str,
        detail: [(&str, String); N],
    ) {
        let now_ms = self.belief.mono_ms;
        let told = self.on_stage.told.get(&(digest, code));
        if told.is_some_and(|told| now_ms.saturating_sub(*told) < SAY_AGAIN_MS) {
            return;
        }
        self.on_stage
            .told
            .retain(|_, told| now_ms.saturating_sub(*told) < SAY_AGAIN_MS);
        self.on_stage.told.insert((digest, code), now_ms);
        tracing::warn!(asset = %digest, code, ?detail, "an item could not be shown and cost its own slot");
        self.record(RecordBody::Event(Event::new(EventKind::ItemFault, detail)));
    }

    fn output_event(&self, kind: EventKind, output: usize, reason: &str) {
        tracing::info!(?kind, output, reason, "a picture output changed");
        let detail = [
            ("output", output.to_string()),
            ("reason", reason.to_owned()),
        ];
        self.record(RecordBody::Event(Event::new(kind, detail)));
    }

    /// Something helped itself, with the smallest step that was enough.
    pub(super) fn tell_of_remedy(&self, step: &str, what: &str, reason: &str, text: &str) {
        tracing::warn!(step, what, reason, text, "the wall helped itself");
        let detail = [
            ("step", step.to_owned()),
            ("what", what.to_owned()),
            ("reason", reason.to_owned()),
            ("detail", text.to_owned()),
        ];
        self.record(RecordBody::Event(Event::new(EventKind::Remedy, detail)));
    }

    fn event(&self, kind: EventKind, reason: &str) {
        tracing::info!(?kind, reason, "the output changed");
        self.record(RecordBody::Event(Event::new(
            kind,
            [("reason", reason.to_owned())],
        )));
    }
}

const fn time(ns: i64) -> TimeMs {
    TimeMs(ns.div_euclid(NS_PER_MS))
}
