//! Planner: what the wall cues, and which assets it may not ask for.
//!
//! [`plan`] asks [`resolve`] at now and at every deadline after it, and joins answers that are one
//! showing. The wall carries out the first cue, pre-rolls the next, and plans anew at the end of
//! each cue and whenever the release, the screen's state or the clock changes: a showing that goes
//! on has the same `show` and `from` in the new plan.
//!
//! ```
//! use cotmoc_player_core::program::{CueShow, plan};
//! use cotmoc_proto::TimeMs;
//! use cotmoc_proto::resolve::{FactoryReason, Moment, ScreenState};
//! use cotmoc_proto::time::HOUR;
//!
//! // 23/11/2026 06:30 at the border gate, and no release at all.
//! let now = Moment { at: TimeMs(1_795_390_200_000), trusted: true };
//! let cues = plan(None, &ScreenState::default(), now, HOUR);
//! assert_eq!(cues[0].show, CueShow::Dark);
//! assert_eq!(cues[0].until, TimeMs(1_795_392_000_000));
//! assert_eq!(cues[1].show, CueShow::Factory { reason: FactoryReason::NoRelease });
//! ```

mod faults;

pub use faults::{Fault, FaultEffect, FaultRules, ItemFaults};

use cotmoc_proto::media::Asset;
use cotmoc_proto::playlist::Item;
use cotmoc_proto::release::Release;
use cotmoc_proto::resolve::{
    FactoryReason, FallbackReason, Moment, Picture, Resolution, ScreenState, Show, resolve,
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
    /// The zone it fills; `None`: the whole canvas.
    pub zone: Option<ZoneId>,
    pub show: CueShow,
    /// When the showing began or will begin. Of what has no start of its own (dark, fallback,
    /// factory) and is on already: the moment planned at.
    pub from: TimeMs,
    /// When it ends, or, of the last cue, when to ask again at the latest.
    pub until: TimeMs,
    /// Where in the medium playback stands at `from`, or at the moment planned at if that is later.
    pub offset_ms: Millis,
}

/// The cues of the first zone from `now` until at least `horizon_ms` later, in order and without a
/// gap; never empty. The first holds now, and there are always two unless one of them outlasts
/// [`MAX_ANSWERS`] answers or time itself.
#[must_use]
pub fn plan(
    release: Option<&Release>,
    state: &ScreenState,
    now: Moment,
    horizon_ms: Millis,
) -> Vec<CuePlan> {
    let end = now.at.plus(horizon_ms.max(0));
    let mut cues: Vec<CuePlan> = Vec::new();
    let mut at = now.at;
    for _ in 0..MAX_ANSWERS {
        let answer = resolve(release, state, Moment { at, ..now });
        let until = answer.until;
        append(&mut cues, cue(answer, at));
        if until <= at || until > end && cues.len() > 1 {
            break;
        }
        at = until;
    }
    cues
}

fn append(cues: &mut Vec<CuePlan>, next: CuePlan) {
    match cues.last_mut() {
        Some(last) if last.goes_on_as(&next) => last.until = next.until,
        Some(_) | None => cues.push(next),
    }
}

impl CuePlan {
    /// Whether `next`, planned at the end of this cue, is the same showing.
    fn goes_on_as(&self, next: &Self) -> bool {
        let starts_anew = match next.show {
            CueShow::Item { .. } => next.from != self.from,
            CueShow::Dark | CueShow::Fallback { .. } | CueShow::Factory { .. } => false,
        };
        !starts_anew && self.show == next.show && self.zone == next.zone
    }
}

fn cue(answer: Resolution<'_>, at: TimeMs) -> CuePlan {
    let first = match answer.picture {
        Picture::Dark => None,
        Picture::Lit(zones) => zones.into_iter().next(),
    };
    let Some(shown) = first else {
        return CuePlan {
            zone: None,
            show: CueShow::Dark,
            from: at,
            until: answer.until,
            offset_ms: 0,
        };
    };
    let from = match shown.show {
        Show::Item { since, .. } => since,
        Show::Fallback { .. } | Show::Factory { .. } => at,
    };
    CuePlan {
        zone: shown.zone.cloned(),
        show: cue_show(&shown.show),
        from,
        until: shown.until,
        offset_ms: at.since(from),
    }
}

fn cue_show(show: &Show<'_>) -> CueShow {
    let parts = |item: &Item| (item.id.clone(), item.title.clone(), item.asset.clone());
    match show {
        Show::Item { playlist, item, .. } => {
            let (item, title, asset) = parts(item);
            CueShow::Item {
                playlist: (*playlist).clone(),
                item,
                title,
                asset,
            }
        }
        Show::Fallback { item, reason } => {
            let (item, title, asset) = parts(item);
            CueShow::Fallback {
                item,
                title,
                asset,
                reason: *reason,
            }
        }
        Show::Factory { reason } => CueShow::Factory { reason: *reason },
    }
}

#[cfg(test)]
pub(crate) mod tests;
