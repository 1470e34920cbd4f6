//! Segments of a zone's day: stretches of time in which the same playlists and items apply.

use super::{Moment, next_minute};
use crate::id::ZoneId;
use crate::playlist::{Daypart, Item, Playlist};
use crate::release::Release;
use crate::time::TimeMs;

/// The stretch of time around a moment in which nothing about a zone changes but the slot.
pub(super) struct Segment<'r> {
    pub start: TimeMs,
    pub end: TimeMs,
    /// The playlists that apply, highest priority first, then in the order of the release.
    pub playlists: Vec<&'r Playlist>,
}

impl<'r> Segment<'r> {
    pub fn around(release: &'r Release, zone: &ZoneId, now: Moment) -> Self {
        let of_zone = || {
            release
                .playlists
                .iter()
                .filter(move |playlist| playlist.zone == *zone)
        };
        let (start, end) = if now.trusted {
            around(edges(release, of_zone(), now.at), now.at)
        } else {
            (TimeMs::default(), next_minute(now.at))
        };
        let mut playlists: Vec<&Playlist> = of_zone()
            .filter(|playlist| is_on(release, playlist, now))
            .collect();
        playlists.sort_by_key(|playlist| std::cmp::Reverse(playlist.priority));
        Self {
            start,
            end,
            playlists,
        }
    }
}

/// Whether `item` may be shown at `now`: without a clock to believe, only items without a window.
pub(super) fn applies(item: &Item, now: Moment) -> bool {
    item.is_evergreen() || (now.trusted && item.is_current(now.at))
}

fn is_on(release: &Release, playlist: &Playlist, now: Moment) -> bool {
    if playlist.is_always_on() {
        return true;
    }
    let zone = &release.window.zone;
    let dates = zone.dates(now.at);
    let lasts = |daypart: &Daypart| {
        dates
            .iter()
            .filter_map(|date| daypart.on(zone, *date))
            .any(|(from, to)| from <= now.at && now.at < to)
    };
    now.trusted
        && release
            .dayparts
            .iter()
            .any(|part| playlist.dayparts.contains(&part.id) && lasts(part))
}

fn around(edges: impl Iterator<Item = TimeMs>, now: TimeMs) -> (TimeMs, TimeMs) {
    edges.fold((TimeMs(i64::MIN), TimeMs::MAX), |(start, end), edge| {
        if edge <= now {
            (start.max(edge), end)
        } else {
            (start, end.min(edge))
        }
    })
}

/// Every point in time near `now` at which something about the zone may change.
fn edges<'r>(
    release: &'r Release,
    playlists: impl Iterator<Item = &'r Playlist>,
    now: TimeMs,
) -> impl Iterator<Item = TimeMs> {
    let zone = &release.window.zone;
    let dates = zone.dates(now);
    let windows = dates.map(|date| release.window.on(date));
    let dayparts = release
        .dayparts
        .iter()
        .flat_map(move |part| dates.into_iter().filter_map(|date| part.on(zone, date)));
    let items = playlists
        .flat_map(|playlist| &playlist.items)
        .flat_map(|item| [item.from_ms, item.to_ms])
        .flatten();
    windows
        .into_iter()
        .chain(dayparts)
        .flat_map(|(from, to)| [from, to])
        .chain(items)
        .chain([release.issued_ms])
}
