//! Counters and states that `Engine::status` reads, kept by whoever changes them.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::config::Showing;
use super::cue::ZoneId;
use super::report::AudioLevel;
use super::scene::SceneId;
use super::zone::Owner;

#[derive(Debug, Default)]
pub(super) struct Board {
    ticks: AtomicU64,
    skipped: AtomicU64,
    /// Pictures that were drawn, not passed on.
    composed: AtomicU64,
    scene: AtomicU64,
    pub output_ok: AtomicBool,
    pub audio_ok: AtomicBool,
    level: Mutex<AudioLevel>,
    zones: Mutex<BTreeMap<ZoneId, ZoneNote>>,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct ZoneNote {
    pub chosen: Showing,
    pub announced: usize,
    pub next_ready: bool,
}

impl Board {
    pub(super) fn chose(&self, zone: ZoneId, owner: &Owner, announced: usize, next_ready: bool) {
        let note = ZoneNote {
            chosen: owner.showing(),
            announced,
            next_ready,
        };
        lock(&self.zones).insert(zone, note);
    }

    pub(super) fn ticked(&self) {
        self.ticks.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn composed(&self, was_drawn: bool) {
        self.composed
            .fetch_add(u64::from(was_drawn), Ordering::Relaxed);
    }

    pub(super) fn show(&self, scene: SceneId) {
        self.scene.store(scene.0, Ordering::Relaxed);
    }

    /// The zone is no more.
    pub(super) fn forget(&self, zone: ZoneId) {
        lock(&self.zones).remove(&zone);
    }

    pub(super) fn skipped(&self, ticks: i64) {
        let ticks = u64::try_from(ticks).unwrap_or(0);
        self.skipped.fetch_add(ticks, Ordering::Relaxed);
    }

    pub(super) fn set_level(&self, level: AudioLevel) {
        *lock(&self.level) = level;
    }

    pub(super) fn ticks(&self) -> u64 {
        self.ticks.load(Ordering::Relaxed)
    }

    pub(super) fn frames_composed(&self) -> u64 {
        self.composed.load(Ordering::Relaxed)
    }

    pub(super) fn scene(&self) -> SceneId {
        SceneId(self.scene.load(Ordering::Relaxed))
    }

    pub(super) fn skipped_ticks(&self) -> u64 {
        self.skipped.load(Ordering::Relaxed)
    }

    pub(super) fn level(&self) -> AudioLevel {
        *lock(&self.level)
    }

    pub(super) fn zones(&self) -> Vec<(ZoneId, ZoneNote)> {
        lock(&self.zones).iter().map(|(z, n)| (*z, *n)).collect()
    }
}

impl Owner {
    pub(super) fn showing(&self) -> Showing {
        match self {
            Self::Cue(slot) => Showing::Cue(slot.cue),
            Self::Standby => Showing::Standby,
            Self::Dark => Showing::Dark,
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
