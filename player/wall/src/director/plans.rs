//! What follows the time of day beside the pictures: volume, light, announcements; and the stills
//! that are held ready for the worst.

use super::Director;
use cotmoc_canvas::Tone;
use cotmoc_player_core::program::{AnnouncementPlan, CuePlan, CueShow, announcements};
use cotmoc_proto::plan::{Light, SoundPlan};
use cotmoc_proto::release::Release;
use cotmoc_proto::resolve::ScreenState;
use cotmoc_proto::{Digest, ItemId, PlaylistId, TimeMs};
use std::collections::BTreeMap;

/// Announcements that begin within this time are handed to the engine, in milliseconds.
const AHEAD_MS: i64 = 10_000;

/// What the engine was told last, so that it is told changes only.
#[derive(Debug, Default)]
pub(super) struct Plans {
    release: Option<Digest>,
    levels: Option<Levels>,
    announced: BTreeMap<(ItemId, TimeMs), Announced>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Levels {
    volume_percent: u8,
    duck_percent: u8,
    light: Light,
}

#[derive(Debug, Clone, Copy)]
struct Announced {
    until: TimeMs,
}

impl Director {
    /// Brings the engine to what the release says for this time of day.
    pub(super) fn follow_plans(&mut self, release: Option<&Release>, state: &ScreenState) {
        self.keep_ready(release);
        self.level(release);
        self.announce(release, state);
    }

    /// The fallback and the emergency templates are decoded before they are needed.
    fn keep_ready(&mut self, release: Option<&Release>) {
        let digest = self.gate.release_digest();
        if self.plans.release == digest {
            return;
        }
        self.plans.release = digest;
        let items = release.into_iter();
        let items: Vec<_> = items
            .flat_map(|release| std::iter::once(&release.fallback).chain(&release.templates))
            .collect();
        let media = self.stage.media_of(&items);
        self.engine.keep_ready(media);
    }

    fn level(&mut self, release: Option<&Release>) {
        let moment = self.belief.moment();
        let regulation = SoundPlan::default();
        let sound = release.map_or(&regulation, |release| &release.sound);
        let timed = release.filter(|_| moment.trusted);
        let levels = Levels {
            volume_percent: timed.map_or(100, |release| {
                sound.volume_at(&release.window.zone, moment.at)
            }),
            duck_percent: sound.duck_percent,
            light: timed.map_or(Light::NEUTRAL, |release| {
                release.light.at(&release.window.zone, moment.at)
            }),
        };
        if self.plans.levels.replace(levels) == Some(levels) {
            return;
        }
        tracing::info!(?levels, "volume and light change by the plan");
        let share = |percent: u8| f64::from(percent) / 100.0;
        let light = levels.light;
        self.engine
            .set_volume(share(levels.volume_percent) * self.volume);
        self.engine.set_duck(share(levels.duck_percent));
        let tone = Tone::new(light.brightness_percent, light.gamma_percent);
        if let Err(error) = self.engine.set_light(tone) {
            tracing::warn!(%error, "the engine takes no orders");
        }
    }

    fn announce(&mut self, release: Option<&Release>, state: &ScreenState) {
        let (now, version) = (self.belief.moment(), release.map_or(0, |r| r.version));
        let wanted = release.map_or_else(Vec::new, |release| {
            announcements(release, state, now, AHEAD_MS)
        });
        let announced = &mut self.plans.announced;
        announced.retain(|_, one| one.until > now.at);
        let is_wanted =
            |key: &(ItemId, TimeMs)| wanted.iter().any(|one| one.id == key.0 && one.at == key.1);
        if !announced.keys().all(is_wanted) {
            announced.clear();
            self.engine.silence_announcements();
        }
        for one in wanted {
            self.hand_announcement(one, version);
        }
    }

    fn hand_announcement(&mut self, one: AnnouncementPlan, version: u64) {
        let key = (one.id.clone(), one.at);
        if self.plans.announced.contains_key(&key) {
            return;
        }
        self.plans
            .announced
            .insert(key, Announced { until: one.until });
        let plan = CuePlan {
            zone: None,
            from: one.at,
            until: one.until,
            offset_ms: 0,
            show: CueShow::Item {
                playlist: announced_by(),
                item: one.id,
                title: one.title,
                asset: one.asset,
                crossfade_ms: 0,
                gain_mdb: one.gain_mdb,
            },
        };
        let Some(cue) = self.stage.cue_of(plan, version) else {
            return;
        };
        self.engine.announce_sound(cue);
    }
}

/// Under what name announcements stand in the proof of play, where items have their playlist.
fn announced_by() -> PlaylistId {
    "announcements".parse().expect("a legal identifier")
}
