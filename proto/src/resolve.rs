//! Resolver: what a screen shows at a point in time, and until when that answer holds.
//!
//! The day falls into segments, cut at every opening and closing, daypart edge and item edge.
//! Inside a segment the same items apply, and each playlist loops from the segment's start, so the
//! answer is a function of time alone and is the same on every wall of a channel.

mod segment;

use crate::digest::Digest;
use crate::id::{ItemId, ZoneId};
use crate::override_order::MAX_LIMIT_MS;
use crate::playlist::{Item, Playlist};
use crate::release::{OnStale, Release};
use crate::time::{MINUTE, Millis, TimeMs};
use crate::window::{OperatingWindow, Phase};
use segment::Segment;
use std::collections::BTreeSet;

/// A point in time, and whether the clock that says so can be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    pub at: TimeMs,
    /// `false`: only items without a time window are shown, and the window is taken to be open.
    pub trusted: bool,
}

/// What a screen knows beside the release and the time.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ScreenState {
    /// Assets that cannot or may not be shown: taken down, damaged, or not decodable here.
    pub unavailable: BTreeSet<Digest>,
    /// The programme is wholly taken down.
    pub down: bool,
    /// The release has expired and its grace is used up.
    pub stale: bool,
    /// The template that an override in force shows, by item and digest.
    pub template: Option<(ItemId, Digest)>,
}

/// Why a screen shows the signed fallback slide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FallbackReason {
    TakenDown,
    Stale,
    NothingPlayable,
}

/// Why a screen shows the slide that is built into it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FactoryReason {
    NoRelease,
    FallbackUnavailable,
}

/// What one zone shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Show<'r> {
    /// An item of a playlist: playing since `since`, `since` being its first moment.
    Item {
        playlist: &'r Playlist,
        item: &'r Item,
        since: TimeMs,
    },
    /// An approved template that a duty officer has ordered, over the whole canvas.
    Template { item: &'r Item },
    /// The signed fallback slide.
    Fallback {
        item: &'r Item,
        reason: FallbackReason,
    },
    /// The slide built into the screen.
    Factory { reason: FactoryReason },
}

/// What one zone shows, and until when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ZoneShow<'r> {
    /// `None`: the whole canvas, where there is no release to name a zone, or where the fallback or
    /// the built-in slide takes the place of every zone and overlay.
    pub zone: Option<&'r ZoneId>,
    pub show: Show<'r>,
    pub until: TimeMs,
}

/// What a screen shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Picture<'r> {
    /// Dark by plan, outside the operating window.
    Dark,
    /// Every zone shows something, back to front; or the only show fills the whole canvas. Never
    /// empty.
    Lit(Vec<ZoneShow<'r>>),
}

/// What a screen shows from the moment asked about (included) until `until` (excluded).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolution<'r> {
    pub picture: Picture<'r>,
    pub until: TimeMs,
}

/// What one playlist gives at a point in time.
struct Slot<'r> {
    playlist: &'r Playlist,
    item: &'r Item,
    since: TimeMs,
    until: TimeMs,
}

/// Where a loop over items stands.
#[derive(Clone, Copy)]
struct Place<'r> {
    index: usize,
    item: &'r Item,
    into_ms: Millis,
    left_ms: Millis,
}

/// What to show at `now`, and until when. Inside the operating window the answer is never dark;
/// outside it is dark unless a template is ordered; with an untrusted clock it is never dark.
///
/// A template comes before the programme, the window and the release's expiry, because an
/// emergency knows no hours and is ordered anew each time by a person on duty; a takedown comes
/// before it.
///
/// Asked again at any moment before `until`, with the same release and state, the answer is the
/// same. No clock says how long a template is shown: its `until` is the longest that any order may
/// last, from the moment asked about. A time outside the calendar (years -9999 to 9999) is never believed.
#[must_use]
pub fn resolve<'r>(
    release: Option<&'r Release>,
    state: &ScreenState,
    now: Moment,
) -> Resolution<'r> {
    let now = Moment {
        trusted: now.trusted && now.at.to_timestamp().is_some(),
        ..now
    };
    if let Some(item) = release.and_then(|release| template(release, state)) {
        return ordered(item, now.at);
    }
    let regulation = OperatingWindow::default();
    let window = release.map_or(&regulation, |release| &release.window);
    let edge = if now.trusted {
        match window.phase(now.at) {
            Phase::Closed { until } => {
                return Resolution {
                    picture: Picture::Dark,
                    until,
                };
            }
            Phase::Open { until, .. } => until,
        }
    } else {
        next_minute(now.at)
    };
    let zones = match release {
        None => vec![factory(None, FactoryReason::NoRelease, edge)],
        Some(release) => resolve_zones(release, state, now, edge),
    };
    let until = zones.iter().map(|zone| zone.until).fold(edge, Ord::min);
    Resolution {
        picture: Picture::Lit(zones),
        until,
    }
}

/// A template over the whole canvas.
fn ordered(item: &Item, now: TimeMs) -> Resolution<'_> {
    let until = now.plus(MAX_LIMIT_MS);
    Resolution {
        picture: Picture::Lit(vec![ZoneShow {
            zone: None,
            show: Show::Template { item },
            until,
        }]),
        until,
    }
}

/// The template that is ordered, if this release has it with the content that was ordered and it
/// may and can be shown.
fn template<'r>(release: &'r Release, state: &ScreenState) -> Option<&'r Item> {
    let (id, asset) = state.template.as_ref().filter(|_| !state.down)?;
    let mut templates = release.templates.iter();
    templates.find(|item| {
        item.id == *id && item.digest() == *asset && !state.unavailable.contains(asset)
    })
}

/// Every zone's show; or the fallback once over the whole canvas, where it would fill every zone.
fn resolve_zones<'r>(
    release: &'r Release,
    state: &ScreenState,
    now: Moment,
    edge: TimeMs,
) -> Vec<ZoneShow<'r>> {
    if state.down {
        return vec![fallback(
            release,
            state,
            None,
            (FallbackReason::TakenDown, edge),
        )];
    }
    if state.stale && release.on_stale == OnStale::Fallback {
        return vec![fallback(
            release,
            state,
            None,
            (FallbackReason::Stale, edge),
        )];
    }
    let zones: Vec<ZoneShow<'_>> = release
        .layout
        .zones
        .iter()
        .map(|zone| resolve_zone(release, state, &zone.id, now))
        .collect();
    if zones
        .iter()
        .any(|zone| matches!(zone.show, Show::Item { .. }))
    {
        return zones;
    }
    let until = zones.iter().map(|zone| zone.until).fold(edge, Ord::min);
    vec![fallback(
        release,
        state,
        None,
        (FallbackReason::NothingPlayable, until),
    )]
}

fn resolve_zone<'r>(
    release: &'r Release,
    state: &ScreenState,
    zone: &'r ZoneId,
    now: Moment,
) -> ZoneShow<'r> {
    let segment = Segment::around(release, zone, now);
    segment
        .playlists
        .iter()
        .find_map(|playlist| slot(playlist, &segment, state, now))
        .map(|slot| ZoneShow {
            zone: Some(zone),
            show: Show::Item {
                playlist: slot.playlist,
                item: slot.item,
                since: slot.since,
            },
            until: slot.until.min(segment.end),
        })
        .unwrap_or_else(|| {
            fallback(
                release,
                state,
                Some(zone),
                (FallbackReason::NothingPlayable, segment.end),
            )
        })
}

/// The slot of `playlist` at `now`. An item that is unavailable costs its own slot and no other:
/// the items after it play in its place, and everything else keeps its time.
fn slot<'r>(
    playlist: &'r Playlist,
    segment: &Segment<'_>,
    state: &ScreenState,
    now: Moment,
) -> Option<Slot<'r>> {
    let items: Vec<&Item> = playlist
        .items
        .iter()
        .filter(|item| segment::applies(item, now))
        .collect();
    let own = place(&items, now.at.since(segment.start))?;
    let playable: Vec<&Item> = items
        .iter()
        .cycle()
        .skip(own.index)
        .take(items.len())
        .copied()
        .filter(|item| !state.unavailable.contains(&item.digest()))
        .collect();
    let is_own = std::ptr::eq(own.item, *playable.first()?);
    let shown = if is_own {
        own
    } else {
        place(&playable, own.into_ms)?
    };
    Some(Slot {
        playlist,
        item: shown.item,
        since: now.at.plus(-shown.into_ms),
        until: now.at.plus(shown.left_ms.min(own.left_ms)),
    })
}

/// Where a loop over `items` stands `elapsed` milliseconds after its start; `None` if it has no
/// length.
fn place<'r>(items: &[&'r Item], elapsed: Millis) -> Option<Place<'r>> {
    let lap: Millis = items.iter().map(|item| item.duration_ms()).sum();
    let mut into_ms = elapsed.checked_rem_euclid(lap)?;
    for (index, item) in items.iter().enumerate() {
        let left_ms = item.duration_ms() - into_ms;
        if left_ms > 0 {
            return Some(Place {
                index,
                item,
                into_ms,
                left_ms,
            });
        }
        into_ms = -left_ms;
    }
    None
}

fn fallback<'r>(
    release: &'r Release,
    state: &ScreenState,
    zone: Option<&'r ZoneId>,
    (reason, until): (FallbackReason, TimeMs),
) -> ZoneShow<'r> {
    let item = &release.fallback;
    if state.unavailable.contains(&item.digest()) {
        return factory(zone, FactoryReason::FallbackUnavailable, until);
    }
    ZoneShow {
        zone,
        show: Show::Fallback { item, reason },
        until,
    }
}

const fn factory(zone: Option<&ZoneId>, reason: FactoryReason, until: TimeMs) -> ZoneShow<'_> {
    ZoneShow {
        zone,
        show: Show::Factory { reason },
        until,
    }
}

/// Without a clock to believe, the answer is looked at anew every full minute of that clock.
fn next_minute(now: TimeMs) -> TimeMs {
    now.plus(MINUTE - now.0.rem_euclid(MINUTE))
}

#[cfg(test)]
mod tests;
