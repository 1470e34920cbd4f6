//! Carries a plan out on the engine: scenes, the zones of each, what is on air and what follows.

mod fit;
mod lane;

use crate::medium::{MediumFaults, medium};
use crate::pipeline::{
    Cue, CueId, Engine, EngineError, Medium, Overlay, Scene, SceneId, ScenePlace, Showing, ZoneId,
};
use crate::text;
use cotmoc_gate::MediaShelf;
use cotmoc_player_core::program::{CuePlan, CueShow, ScenePlan, ZonePlan};
use cotmoc_proto::media::Asset;
use cotmoc_proto::playlist::Item;
use cotmoc_proto::window::Zone;
use cotmoc_proto::{Digest, ItemId, TimeMs};
use fit::Fit;
use lane::Lane;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

const NS_PER_MS: i64 = 1_000_000;
/// The engine opens what comes this long before its time, in milliseconds, and a little slack.
const OPENED_AHEAD_MS: i64 = 8_500;
/// A scene that begins later than this is not prepared yet, in milliseconds.
const PREPARED_AHEAD_MS: i64 = 10_000;
/// A scene that is due takes the air when every zone has its picture, at the latest after this
/// long, in milliseconds.
const READY_LIMIT_MS: u64 = 3_000;
/// What was on air is remembered this long, for reports that arrive late.
const REMEMBERED: usize = 512;

/// The engine's scenes and the cues that were handed to it.
#[derive(Debug)]
pub struct Stage {
    shelf: MediaShelf,
    faults: MediumFaults,
    canvas: (u32, u32),
    /// What is on air first, then what is prepared.
    sets: VecDeque<Set>,
    /// The whole canvas, prepared beside a divided one: the fallback is decoded at its size too.
    spare: Option<Set>,
    cued: BTreeMap<CueId, Cued>,
    next_cue: u64,
    next_zone: u16,
    next_scene: u64,
}

/// A planned cue under the number that the engine reports it by.
#[derive(Debug, Clone)]
pub struct Cued {
    pub plan: CuePlan,
    /// Version of the release it is from.
    pub release: u64,
}

/// When a plan is carried out, and what it was made of.
#[derive(Debug, Clone, Copy)]
pub struct Call<'r> {
    pub engine: &'r Engine,
    pub release: u64,
    /// Where clocks take their time zone from.
    pub local: &'r Zone,
    pub now: TimeMs,
    pub mono_ms: u64,
}

/// One scene of the engine.
#[derive(Debug)]
struct Set {
    id: SceneId,
    /// The plan it was made for, without cues: how the canvas is divided.
    stage: ScenePlan,
    lanes: Vec<Lane>,
    since_ms: u64,
}

impl Stage {
    /// A stage with the scene that the engine starts with, on which nothing was cued. What is wrong
    /// with media is told through `faults`; `canvas` is the engine's, in pixels.
    #[must_use]
    pub fn new(shelf: MediaShelf, faults: MediumFaults, canvas: (u32, u32)) -> Self {
        let first = Set {
            id: SceneId(0),
            stage: blank(),
            lanes: vec![Lane::new(ZoneId(0), 0)],
            since_ms: 0,
        };
        Self {
            shelf,
            faults,
            canvas,
            sets: VecDeque::from([first]),
            spare: None,
            cued: BTreeMap::new(),
            next_cue: 1,
            next_zone: 1,
            next_scene: 1,
        }
    }

    /// What the engine calls `id`.
    #[must_use]
    pub fn cued(&self, id: CueId) -> Option<&Cued> {
        self.cued.get(&id)
    }

    /// The zones on air, back to front.
    pub fn zones(&self) -> impl Iterator<Item = ZoneId> {
        let lanes = self.sets.front().map(|set| set.lanes.as_slice());
        lanes.unwrap_or_default().iter().map(|lane| lane.zone)
    }

    /// The zone that stands for the whole picture: the largest one.
    #[must_use]
    pub fn principal(&self) -> Option<ZoneId> {
        let lanes = self.sets.front().map(|set| set.lanes.as_slice());
        let largest = lanes.unwrap_or_default().iter().rev();
        largest.max_by_key(|lane| lane.pixels).map(|lane| lane.zone)
    }

    /// The assets that the engine may have opened at `now`.
    #[must_use]
    pub fn open_assets(&self, now: TimeMs) -> BTreeSet<Digest> {
        let horizon = now.plus(OPENED_AHEAD_MS);
        let lanes = self.sets.iter().flat_map(|set| &set.lanes);
        lanes
            .flat_map(|lane| &lane.known)
            .filter(|cue| cue.from <= horizon)
            .filter_map(|cue| medium_of(&cue.show))
            .map(|(_, asset)| asset.sha256)
            .collect()
    }

    /// Makes the engine follow `plan`. What it follows already is not touched; a new division of
    /// the canvas is prepared out of sight and takes the air when its pictures are there.
    ///
    /// # Errors
    /// If the engine no longer takes orders.
    pub fn follow(&mut self, call: Call<'_>, plan: &[ScenePlan]) -> Result<(), EngineError> {
        let Some(scene) = plan.first() else {
            return Ok(());
        };
        if !self.holds(0, scene) {
            self.change_to(call, scene)?;
        }
        if !self.holds(0, scene) {
            return Ok(());
        }
        self.hand_over(call, 0, scene)?;
        if !is_whole(scene) && self.spare.is_none() {
            self.spare = Some(self.prepare(call, &blank())?);
        }
        let horizon = call.now.plus(PREPARED_AHEAD_MS);
        match plan.get(1).filter(|next| next.from <= horizon) {
            Some(next) => self.await_scene(call, next),
            None => self.discard_prepared(call.engine),
        }
    }

    /// Brings on air, as soon as its pictures are there, how the canvas is divided now.
    fn change_to(&mut self, call: Call<'_>, scene: &ScenePlan) -> Result<(), EngineError> {
        if !self.holds(1, scene) {
            self.discard_prepared(call.engine)?;
            let set = self.prepare(call, scene)?;
            self.sets.push_back(set);
        }
        self.hand_over(call, 1, scene)?;
        let Some(set) = self.sets.get(1) else {
            return Ok(());
        };
        let is_late = call.mono_ms.saturating_sub(set.since_ms) >= READY_LIMIT_MS;
        if is_late || set.is_ready(call.engine) {
            call.engine.take(set.id, call.engine.now_ns())?;
            self.sets.pop_front();
        }
        Ok(())
    }

    /// Prepares the scene that comes next, for the tick on which it begins.
    fn await_scene(&mut self, call: Call<'_>, next: &ScenePlan) -> Result<(), EngineError> {
        if !self.holds(1, next) {
            self.discard_prepared(call.engine)?;
            let set = self.prepare(call, next)?;
            call.engine.take(set.id, ns(next.from))?;
            self.sets.push_back(set);
        }
        self.hand_over(call, 1, next)
    }

    /// Forgets what the engine was told, so that the next plan replaces what is on air.
    pub fn start_over(&mut self) {
        self.sets
            .iter_mut()
            .flat_map(|set| &mut set.lanes)
            .for_each(|lane| lane.known.clear());
    }

    /// The same for one zone.
    pub fn start_over_in(&mut self, zone: ZoneId) {
        let lanes = self.sets.iter_mut().flat_map(|set| &mut set.lanes);
        lanes
            .filter(|lane| lane.zone == zone)
            .for_each(|lane| lane.known.clear());
    }

    /// The still pictures of the release that must be there at once, whatever happens.
    #[must_use]
    pub fn media_of(&self, items: &[&Item]) -> Vec<Medium> {
        let media = items.iter();
        media
            .map(|item| medium(&self.shelf, &self.faults, &item.id, &item.asset))
            .collect()
    }

    /// A cue of an item that no zone shows.
    pub fn cue_of(&mut self, plan: CuePlan, release: u64) -> Option<Cue> {
        let (label, asset) = medium_of(&plan.show)?;
        let id = CueId(self.next_cue);
        self.next_cue += 1;
        let cue = Cue {
            id,
            medium: medium(&self.shelf, &self.faults, label, asset),
            starts_at_ns: ns(plan.from),
            ends_at_ns: ns(plan.until),
            offset_ns: 0,
            crossfade_ns: i64::from(plan.show.crossfade_ms()).saturating_mul(NS_PER_MS),
            gain_mdb: plan.show.gain_mdb(),
        };
        self.cued.insert(id, Cued { plan, release });
        while self.cued.len() > REMEMBERED {
            self.cued.pop_first();
        }
        Some(cue)
    }

    fn holds(&self, index: usize, scene: &ScenePlan) -> bool {
        let set = self.sets.get(index);
        set.is_some_and(|set| is_same(&set.stage, scene))
    }

    fn discard_prepared(&mut self, engine: &Engine) -> Result<(), EngineError> {
        while self.sets.len() > 1 {
            if let Some(set) = self.sets.pop_back() {
                unless_gone(engine.discard(set.id))?;
            }
        }
        Ok(())
    }

    fn prepare(&mut self, call: Call<'_>, scene: &ScenePlan) -> Result<Set, EngineError> {
        if let Some(spare) = self.spare.take_if(|_| is_whole(scene)) {
            return Ok(Set {
                since_ms: call.mono_ms,
                ..spare
            });
        }
        let fit = Fit::new(scene.size_px, self.canvas);
        let id = SceneId(self.next_scene);
        self.next_scene += 1;
        let mut zones = Vec::new();
        for zone in &scene.zones {
            let area = fit.zone(zone.area);
            zones.push(ScenePlace {
                zone: ZoneId(self.next_zone),
                area,
            });
            self.next_zone = self.next_zone.wrapping_add(1).max(1);
        }
        let lanes = zones
            .iter()
            .map(|place| Lane::new(place.zone, fit::pixels(place.area)))
            .collect();
        call.engine.prepare(Scene {
            id,
            width: self.canvas.0,
            height: self.canvas.1,
            zones,
            overlays: self.overlays(call, scene, fit),
        })?;
        Ok(Set {
            id,
            stage: without_cues(scene),
            lanes,
            since_ms: call.mono_ms,
        })
    }

    fn overlays(&self, call: Call<'_>, scene: &ScenePlan, fit: Fit) -> Vec<Arc<dyn Overlay>> {
        let overlays = scene.overlays.iter();
        overlays
            .map(|overlay| {
                let open = overlay.asset().map(|asset| {
                    let label = "logo".parse().expect("a legal identifier");
                    medium(&self.shelf, &self.faults, &label, asset).open
                });
                text::overlay(&fit.overlay(overlay), call.local, self.canvas, open)
            })
            .collect()
    }

    fn hand_over(
        &mut self,
        call: Call<'_>,
        index: usize,
        scene: &ScenePlan,
    ) -> Result<(), EngineError> {
        for (place, zone) in scene.zones.iter().enumerate() {
            self.fill(call, (index, place), zone)?;
        }
        Ok(())
    }

    fn fill(
        &mut self,
        call: Call<'_>,
        (index, place): (usize, usize),
        zone: &ZonePlan,
    ) -> Result<(), EngineError> {
        let Some(found) = self.lane((index, place)) else {
            return Ok(());
        };
        let (id, keep) = (found.zone, found.agree(&zone.cues, call.now));
        for (nth, plan) in zone.cues.iter().enumerate().skip(keep) {
            self.order(call, id, plan, nth == 0)?;
            if let Some(lane) = self.lane((index, place)) {
                lane.known.push(plan.clone());
            }
        }
        Ok(())
    }

    fn lane(&mut self, (index, place): (usize, usize)) -> Option<&mut Lane> {
        self.sets.get_mut(index)?.lanes.get_mut(place)
    }

    fn order(
        &mut self,
        call: Call<'_>,
        zone: ZoneId,
        plan: &CuePlan,
        is_first: bool,
    ) -> Result<(), EngineError> {
        let at_once = is_first && plan.from <= call.now;
        let at_ns = ns(if at_once { call.now } else { plan.from });
        unless_gone(match self.cue_of(plan.clone(), call.release) {
            Some(cue) if at_once => call.engine.cut(zone, cue),
            Some(cue) => call.engine.cue(zone, cue),
            None if plan.show == CueShow::Dark => call.engine.dark(zone, at_ns),
            None => call.engine.standby(zone, at_ns),
        })
    }
}

impl Set {
    /// Whether every zone has its first picture.
    fn is_ready(&self, engine: &Engine) -> bool {
        let status = engine.status();
        self.lanes.iter().all(|lane| {
            let needs_none = lane
                .known
                .first()
                .is_none_or(|cue| medium_of(&cue.show).is_none());
            let zone = status.zones.iter().find(|zone| zone.zone == lane.zone);
            needs_none
                || zone
                    .is_some_and(|zone| zone.next_ready || matches!(zone.chosen, Showing::Cue(_)))
        })
    }
}

/// A scene ends on its tick, before this side of the engine has seen that: what is said to it then
/// is said too late, and no more than that.
fn unless_gone(order: Result<(), EngineError>) -> Result<(), EngineError> {
    match order {
        Err(error @ (EngineError::NoSuchZone { .. } | EngineError::NoSuchScene { .. })) => {
            tracing::debug!(%error, "the scene is over");
            Ok(())
        }
        other => other,
    }
}

/// The whole canvas and nothing over it: what the engine starts with.
fn blank() -> ScenePlan {
    ScenePlan {
        size_px: None,
        overlays: Vec::new(),
        from: TimeMs(0),
        until: TimeMs(0),
        zones: vec![ZonePlan {
            zone: None,
            area: None,
            cues: Vec::new(),
        }],
    }
}

fn without_cues(scene: &ScenePlan) -> ScenePlan {
    let mut scene = scene.clone();
    scene.zones.iter_mut().for_each(|zone| zone.cues.clear());
    scene
}

/// Whether both divide the canvas alike. The whole of it is the same whatever the release's size.
fn is_same(known: &ScenePlan, plan: &ScenePlan) -> bool {
    known.is_same_stage(plan) || is_whole(known) && is_whole(plan)
}

fn is_whole(scene: &ScenePlan) -> bool {
    scene.overlays.is_empty() && matches!(scene.zones.as_slice(), [zone] if zone.area.is_none())
}

/// The item and asset that a cue plays, if it plays one.
#[must_use]
pub const fn medium_of(show: &CueShow) -> Option<(&ItemId, &Asset)> {
    match show {
        CueShow::Item { item, asset, .. }
        | CueShow::Fallback { item, asset, .. }
        | CueShow::Template { item, asset, .. } => Some((item, asset)),
        CueShow::Dark | CueShow::Factory { .. } => None,
    }
}

const fn ns(time: TimeMs) -> i64 {
    time.0.saturating_mul(NS_PER_MS)
}
