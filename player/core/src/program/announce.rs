//! Planner: which announcements are heard, and when.

use super::gain_mdb;
use cotmoc_proto::media::Asset;
use cotmoc_proto::release::{OnStale, Release};
use cotmoc_proto::resolve::{Moment, ScreenState};
use cotmoc_proto::time::Millis;
use cotmoc_proto::window::Phase;
use cotmoc_proto::{ItemId, TimeMs};
use std::collections::BTreeMap;

/// One announcement at one time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnnouncementPlan {
    pub id: ItemId,
    pub title: String,
    pub asset: Asset,
    /// When it begins.
    pub at: TimeMs,
    /// When it ends at the latest.
    pub until: TimeMs,
    /// What brings it to the release's loudness, in thousandths of dB.
    pub gain_mdb: i32,
}

/// The announcements that are heard at `now` or begin within `horizon_ms` of it, in order. Those
/// that begin at the same time are heard one after the other, in the order of the release; one that
/// cannot be heard keeps its time. None is heard while the wall is dark by plan, while the
/// programme is taken down, gives way to an emergency template or its time is over, or with a clock
/// that is not trusted: nobody would know what time of day it is.
#[must_use]
pub fn announcements(
    release: &Release,
    state: &ScreenState,
    now: Moment,
    horizon_ms: Millis,
) -> Vec<AnnouncementPlan> {
    let is_over = state.stale && release.on_stale == OnStale::Fallback;
    let is_known = now.trusted && now.at.to_timestamp().is_some();
    let is_silenced = state.down || state.template.is_some();
    if !is_known || is_silenced || is_over {
        return Vec::new();
    }
    let end = now.at.plus(horizon_ms.max(0));
    let mut all: Vec<AnnouncementPlan> = every(release, now.at, end)
        .into_iter()
        .filter(|one| one.until > now.at && one.at < end)
        .filter(|one| !state.unavailable.contains(&one.asset.sha256))
        .filter_map(|one| while_open(release, one))
        .collect();
    all.sort_by_key(|one| one.at);
    all
}

/// Whatever is due near the time asked about, one after the other where several begin together.
fn every(release: &Release, from: TimeMs, to: TimeMs) -> Vec<AnnouncementPlan> {
    let longest: Millis = release
        .announcements
        .iter()
        .map(|one| one.item.duration_ms())
        .sum();
    let mut free: BTreeMap<TimeMs, TimeMs> = BTreeMap::new();
    let mut all = Vec::new();
    for one in &release.announcements {
        let zone = &release.window.zone;
        for due in one.starts_between(zone, from.plus(-longest), to) {
            let at = free.get(&due).copied().unwrap_or(due);
            let until = at.plus(one.item.duration_ms());
            free.insert(due, until);
            all.push(AnnouncementPlan {
                id: one.item.id.clone(),
                title: one.item.title.clone(),
                asset: one.item.asset.clone(),
                at,
                until,
                gain_mdb: gain_mdb(release.sound.target_mlufs, &one.item.asset),
            });
        }
    }
    all
}

/// The part of it that is heard before the wall closes; none if it begins in the dark.
fn while_open(release: &Release, one: AnnouncementPlan) -> Option<AnnouncementPlan> {
    match release.window.phase(one.at) {
        Phase::Closed { .. } => None,
        Phase::Open { until, .. } => Some(AnnouncementPlan {
            until: one.until.min(until),
            ..one
        }),
    }
}
