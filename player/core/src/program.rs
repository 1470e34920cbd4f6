//! Planner: what the wall cues in every zone, what it announces, and which assets it may not ask
//! for.
//!
//! [`plan`] asks [`resolve`] at now and at every deadline after it, and joins answers that are one
//! showing. The wall carries out the first cue of each zone, pre-rolls the next, and plans anew at
//! the end of each cue and whenever the release, the screen's state or the clock changes: a showing
//! that goes on has the same `show` and `from` in the new plan.
//!
//! A scene is a division of the canvas. It changes only where the whole canvas takes the place of
//! the zones (dark, the fallback, the built-in slide) or gives it back; a layout of one zone over
//! the whole canvas and nothing on it is one scene all day.
//!
//! ```
//! use cotmoc_player_core::program::{CueShow, plan};
//! use cotmoc_proto::TimeMs;
//! use cotmoc_proto::resolve::{FactoryReason, Moment, ScreenState};
//! use cotmoc_proto::time::HOUR;
//!
//! // 23/11/2026 06:30 at the border gate, and no release at all.
//! let now = Moment { at: TimeMs(1_795_390_200_000), trusted: true };
//! let scenes = plan(None, &ScreenState::default(), now, HOUR);
//! let cues = &scenes[0].zones[0].cues;
//! assert_eq!(cues[0].show, CueShow::Dark);
//! assert_eq!(cues[0].until, TimeMs(1_795_392_000_000));
//! assert_eq!(cues[1].show, CueShow::Factory { reason: FactoryReason::NoRelease });
//! ```

mod announce;
mod faults;
mod scene;

pub use announce::{AnnouncementPlan, announcements};
pub use faults::{Fault, FaultEffect, FaultRules, ItemFaults};
pub use scene::{ScenePlan, ZonePlan};

use cotmoc_proto::media::Asset;
use cotmoc_proto::playlist::{Item, Playlist};
use cotmoc_proto::release::Release;
use cotmoc_proto::resolve::{
    FactoryReason, FallbackReason, Moment, Picture, ScreenState, Show, ZoneShow, resolve,
};
use cotmoc_proto::time::Millis;
use cotmoc_proto::{ItemId, PlaylistId, TimeMs, ZoneId};

/// The most answers that go into one plan.
pub const MAX_ANSWERS: usize = 256;

/// What a cue shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CueShow {
    /// Dark by plan.
    Dark,
    /// An item of a playlist.
    Item {
        playlist: PlaylistId,
        item: ItemId,
        title: String,
        asset: Asset,
        /// How long the picture before fades into it, in milliseconds; 0 cuts. At most half of the
        /// item's length.
        crossfade_ms: u32,
        /// What brings its sound to the release's loudness, in thousandths of dB.
        gain_mdb: i32,
    },
    /// An approved template that a duty officer has ordered, over the whole canvas.
    Template {
        item: ItemId,
        title: String,
        asset: Asset,
    },
    /// The signed fallback slide.
    Fallback {
        item: ItemId,
        title: String,
        asset: Asset,
        reason: FallbackReason,
    },
    /// The slide built into the wall.
    Factory { reason: FactoryReason },
}

/// One showing: what, from when, until when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CuePlan {
    /// The zone of the release that it fills; `None`: the whole canvas, whatever the layout.
    pub zone: Option<ZoneId>,
    pub show: CueShow,
    /// When the showing began or will begin. Of what has no start of its own (dark, template,
    /// fallback, factory) and is on already: the moment planned at.
    pub from: TimeMs,
    /// When it ends, or, of the last cue, when to ask again at the latest.
    pub until: TimeMs,
    /// Where in the medium playback stands at `from`, or at the moment planned at if that is later.
    pub offset_ms: Millis,
}

/// The scenes from `now` until at least `horizon_ms` later, in order and without a gap; never
/// empty. The first holds now. In every scene each zone's cues are in order and without a gap, and
/// the first holds when the scene begins. What comes next (a cue of some zone, or a scene) is in
/// the plan however far away, unless it is further than [`MAX_ANSWERS`] answers or time itself, or
/// an emergency template is shown, which ends when somebody or its device says so.
#[must_use]
pub fn plan(
    release: Option<&Release>,
    state: &ScreenState,
    now: Moment,
    horizon_ms: Millis,
) -> Vec<ScenePlan> {
    let end = now.at.plus(horizon_ms.max(0));
    let mut scenes: Vec<ScenePlan> = Vec::new();
    let mut at = now.at;
    for _ in 0..MAX_ANSWERS {
        let moment = Moment { at, ..now };
        let answer = resolve(release, state, moment);
        let until = answer.until;
        // How long a template is shown no clock says, so nothing after it is known.
        let is_ordered = is_template(&answer.picture);
        let next = ScenePlan::of(answer, (release, state), moment);
        match scenes.last_mut() {
            Some(last) if last.is_same_stage(&next) => last.go_on(next),
            Some(_) | None => scenes.push(next),
        }
        let has_next = scenes.len() > 1 || scenes.iter().any(ScenePlan::has_next);
        if until <= at || until > end && (has_next || is_ordered) {
            break;
        }
        at = until;
    }
    scenes
}

impl CueShow {
    /// How long the picture before fades into it, in milliseconds; 0 cuts.
    #[must_use]
    pub const fn crossfade_ms(&self) -> u32 {
        match self {
            Self::Item { crossfade_ms, .. } => *crossfade_ms,
            Self::Dark | Self::Template { .. } | Self::Fallback { .. } | Self::Factory { .. } => 0,
        }
    }

    /// What brings its sound to the release's loudness, in thousandths of dB.
    #[must_use]
    pub const fn gain_mdb(&self) -> i32 {
        match self {
            Self::Item { gain_mdb, .. } => *gain_mdb,
            Self::Dark | Self::Template { .. } | Self::Fallback { .. } | Self::Factory { .. } => 0,
        }
    }

    fn of_item(target_mlufs: i32, playlist: &Playlist, item: &Item) -> Self {
        Self::Item {
            playlist: playlist.id.clone(),
            item: item.id.clone(),
            title: item.title.clone(),
            asset: item.asset.clone(),
            crossfade_ms: playlist.crossfade_ms.min(item.dur_ms / 2),
            gain_mdb: gain_mdb(target_mlufs, &item.asset),
        }
    }
}

impl CuePlan {
    /// Whether `next`, planned at the end of this cue, is the same showing.
    fn goes_on_as(&self, next: &Self) -> bool {
        let starts_anew = match next.show {
            CueShow::Item { .. } => next.from != self.from,
            CueShow::Dark
            | CueShow::Template { .. }
            | CueShow::Fallback { .. }
            | CueShow::Factory { .. } => false,
        };
        !starts_anew && self.show == next.show && self.zone == next.zone
    }

    const fn dark(at: TimeMs, until: TimeMs) -> Self {
        Self {
            zone: None,
            show: CueShow::Dark,
            from: at,
            until,
            offset_ms: 0,
        }
    }

    fn of(shown: &ZoneShow<'_>, target_mlufs: i32, at: TimeMs) -> Self {
        let (show, from) = match &shown.show {
            Show::Item {
                playlist,
                item,
                since,
            } => (CueShow::of_item(target_mlufs, playlist, item), *since),
            Show::Template { item } => {
                let show = CueShow::Template {
                    item: item.id.clone(),
                    title: item.title.clone(),
                    asset: item.asset.clone(),
                };
                (show, at)
            }
            Show::Fallback { item, reason } => {
                let show = CueShow::Fallback {
                    item: item.id.clone(),
                    title: item.title.clone(),
                    asset: item.asset.clone(),
                    reason: *reason,
                };
                (show, at)
            }
            Show::Factory { reason } => (CueShow::Factory { reason: *reason }, at),
        };
        Self {
            zone: shown.zone.cloned(),
            show,
            from,
            until: shown.until,
            offset_ms: at.since(from),
        }
    }
}

fn is_template(picture: &Picture<'_>) -> bool {
    let Picture::Lit(shown) = picture else {
        return false;
    };
    let is_one = |one: &ZoneShow<'_>| matches!(one.show, Show::Template { .. });
    shown.iter().any(is_one)
}

fn gain_mdb(target_mlufs: i32, asset: &Asset) -> i32 {
    asset
        .loudness
        .map_or(0, |loudness| loudness.gain_mdb(target_mlufs))
}

#[cfg(test)]
pub(crate) mod tests;
