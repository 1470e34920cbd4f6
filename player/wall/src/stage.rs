//! Carries a plan out on the engine: what is on air, what is announced, what changed.

use crate::medium::{MediumFaults, medium};
use crate::pipeline::{Cue, CueId, Engine, EngineError, ZoneId};
use cotmoc_gate::MediaShelf;
use cotmoc_player_core::program::{CuePlan, CueShow};
use cotmoc_proto::media::Asset;
use cotmoc_proto::{Digest, ItemId, TimeMs};
use std::collections::{BTreeMap, BTreeSet};

const NS_PER_MS: i64 = 1_000_000;
/// The engine opens what comes this long before its time, in milliseconds, and a little slack.
const OPENED_AHEAD_MS: i64 = 8_500;
/// What was on air is remembered this long, for reports that arrive late.
const REMEMBERED: usize = 512;

/// The zone that fills the canvas.
pub const MAIN: ZoneId = ZoneId(0);

/// One zone of the engine and the cues that were handed to it.
#[derive(Debug)]
pub struct Stage {
    shelf: MediaShelf,
    faults: MediumFaults,
    /// What the engine follows, what is on air first.
    known: Vec<CuePlan>,
    cued: BTreeMap<CueId, Cued>,
    next_id: u64,
}

/// A planned cue under the number that the engine reports it by.
#[derive(Debug, Clone)]
pub struct Cued {
    pub plan: CuePlan,
    /// Version of the release it is from.
    pub release: u64,
}

impl Stage {
    /// A stage on which nothing was cued. What is wrong with media is told through `faults`.
    #[must_use]
    pub const fn new(shelf: MediaShelf, faults: MediumFaults) -> Self {
        Self {
            shelf,
            faults,
            known: Vec::new(),
            cued: BTreeMap::new(),
            next_id: 1,
        }
    }

    /// What the engine calls `id`.
    #[must_use]
    pub fn cued(&self, id: CueId) -> Option<&Cued> {
        self.cued.get(&id)
    }

    /// The assets that the engine may have opened at `now`.
    #[must_use]
    pub fn open_assets(&self, now: TimeMs) -> BTreeSet<Digest> {
        let horizon = now.plus(OPENED_AHEAD_MS);
        let opened = self.known.iter().filter(|cue| cue.from <= horizon);
        opened
            .filter_map(|cue| medium_of(&cue.show))
            .map(|(_, asset)| asset.sha256)
            .collect()
    }

    /// Makes the engine follow `plan`, made at `now` of release `release`. What it follows already
    /// is not touched.
    ///
    /// # Errors
    /// If the engine no longer takes orders.
    pub fn follow(
        &mut self,
        engine: &Engine,
        plan: &[CuePlan],
        (release, now): (u64, TimeMs),
    ) -> Result<(), EngineError> {
        self.known.retain(|cue| cue.until > now);
        let agree = self
            .known
            .iter()
            .zip(plan)
            .take_while(|(a, b)| is_same(a, b))
            .count();
        let differs = agree < self.known.len();
        let in_place = agree > 0
            && self
                .known
                .iter()
                .zip(plan)
                .skip(agree)
                .all(|(a, b)| a.from == b.from);
        let keep = if differs && !in_place { 0 } else { agree };
        self.known.truncate(keep);
        for (index, cue) in plan.iter().enumerate().skip(keep) {
            let at = if index == 0 { now } else { cue.from };
            self.hand_over(engine, cue, (release, at, index == 0))?;
            self.known.push(cue.clone());
        }
        Ok(())
    }

    /// The zones on air, back to front.
    pub fn zones(&self) -> impl Iterator<Item = ZoneId> {
        std::iter::once(MAIN)
    }

    /// The zone that stands for the whole picture: the largest one.
    #[must_use]
    pub fn principal(&self) -> Option<ZoneId> {
        self.zones().next()
    }

    /// Forgets, of one zone, what the engine was told.
    pub fn start_over_in(&mut self, _zone: ZoneId) {
        self.start_over();
    }

    /// Forgets what the engine was told, so that the next plan replaces what is on air.
    pub fn start_over(&mut self) {
        self.known.clear();
    }

    fn hand_over(
        &mut self,
        engine: &Engine,
        plan: &CuePlan,
        (release, at, at_once): (u64, TimeMs, bool),
    ) -> Result<(), EngineError> {
        let Some((label, asset)) = medium_of(&plan.show) else {
            return if plan.show == CueShow::Dark {
                engine.dark(MAIN, ns(at))
            } else {
                engine.standby(MAIN, ns(at))
            };
        };
        let id = CueId(self.next_id);
        self.next_id += 1;
        self.cued.insert(
            id,
            Cued {
                plan: plan.clone(),
                release,
            },
        );
        while self.cued.len() > REMEMBERED {
            self.cued.pop_first();
        }
        let cue = Cue {
            id,
            medium: medium(&self.shelf, &self.faults, label, asset),
            starts_at_ns: ns(plan.from),
            ends_at_ns: ns(plan.until),
            offset_ns: 0,
            crossfade_ns: i64::from(plan.show.crossfade_ms()).saturating_mul(NS_PER_MS),
            gain_mdb: plan.show.gain_mdb(),
        };
        if at_once {
            engine.cut(MAIN, cue)
        } else {
            engine.cue(MAIN, cue)
        }
    }
}

/// The item and asset that a cue plays, if it plays one.
#[must_use]
pub const fn medium_of(show: &CueShow) -> Option<(&ItemId, &Asset)> {
    match show {
        CueShow::Item { item, asset, .. }
        | CueShow::Template { item, asset, .. }
        | CueShow::Fallback { item, asset, .. } => Some((item, asset)),
        CueShow::Dark | CueShow::Factory { .. } => None,
    }
}

/// Whether the engine, having been told `known`, does what `plan` asks.
fn is_same(known: &CuePlan, plan: &CuePlan) -> bool {
    match known.show {
        CueShow::Item { .. } => {
            known.show == plan.show && known.from == plan.from && known.until == plan.until
        }
        // What has no start of its own begins, in every new plan, when the plan was made.
        CueShow::Dark
        | CueShow::Template { .. }
        | CueShow::Fallback { .. }
        | CueShow::Factory { .. } => {
            known.show == plan.show && known.zone == plan.zone
        }
    }
}

const fn ns(time: TimeMs) -> i64 {
    time.0.saturating_mul(NS_PER_MS)
}
