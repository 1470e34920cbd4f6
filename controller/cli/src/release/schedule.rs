//! Resolver: what one day looks like on a wall, worked out with the very code the wall runs.

use cotmoc_proto::playlist::Item;
use cotmoc_proto::release::Release;
use cotmoc_proto::resolve::{FallbackReason, Moment, Picture, ScreenState, Show, resolve};
use cotmoc_proto::time::{Millis, TimeMs};
use cotmoc_proto::window::next_day;
use cotmoc_proto::{ItemId, PlaylistId, ZoneId};
use jiff::civil::Date;
use serde::Serialize;
use std::collections::BTreeSet;

/// A stretch of the day in which one playlist loops.
#[derive(Debug, Clone, Serialize)]
pub struct Stretch {
    pub from_ms: TimeMs,
    pub to_ms: TimeMs,
    /// Absent: the fallback.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub playlist: Option<PlaylistId>,
    pub rows: Vec<Row>,
}

/// How an item plays in a stretch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    pub item: ItemId,
    pub times: u64,
    pub total_ms: Millis,
}

/// Days that look the same, one after the other.
#[derive(Debug, Clone, Serialize)]
pub struct Days {
    pub zone: ZoneId,
    #[serde(serialize_with = "plain_date")]
    pub first: Date,
    #[serde(serialize_with = "plain_date")]
    pub last: Date,
    /// Of the first of them.
    pub stretches: Vec<Stretch>,
}

/// Every zone's seven days from `first` on, those that look the same together.
pub fn week(release: &Release, first: Date) -> Vec<Days> {
    let zones = release.layout.zones.iter();
    zones
        .flat_map(|zone| zone_week(release, &zone.id, first))
        .collect()
}

/// Every zone's day.
pub fn date(release: &Release, date: Date) -> Vec<Days> {
    let zones = release.layout.zones.iter();
    zones
        .map(|zone| Days {
            zone: zone.id.clone(),
            first: date,
            last: date,
            stretches: day(release, &zone.id, date),
        })
        .collect()
}

fn zone_week(release: &Release, zone: &ZoneId, first: Date) -> Vec<Days> {
    let mut days: Vec<Days> = Vec::new();
    let mut date = first;
    for _ in 0..7 {
        let stretches = day(release, zone, date);
        let looks = |known: &Days| {
            shape(release, known.first, &known.stretches) == shape(release, date, &stretches)
        };
        match days.last_mut() {
            Some(known) if looks(known) => known.last = date,
            Some(_) | None => days.push(Days {
                zone: zone.clone(),
                first: date,
                last: date,
                stretches,
            }),
        }
        date = next_day(date);
    }
    days
}

/// A day without its date.
fn shape<'s>(
    release: &Release,
    date: Date,
    stretches: &'s [Stretch],
) -> Vec<(Millis, Millis, Option<&'s PlaylistId>, &'s [Row])> {
    let (opens, _closes) = release.window.on(date);
    stretches
        .iter()
        .map(|stretch| {
            (
                stretch.from_ms.since(opens),
                stretch.to_ms.since(opens),
                stretch.playlist.as_ref(),
                stretch.rows.as_slice(),
            )
        })
        .collect()
}

fn plain_date<S: serde::Serializer>(date: &Date, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(date)
}

/// A zone's day from opening to closing.
fn day(release: &Release, zone: &ZoneId, date: Date) -> Vec<Stretch> {
    let (opens, closes) = release.window.on(date);
    let edges = edges(release, date, (opens, closes));
    let mut stretches: Vec<Stretch> = Vec::new();
    for (from, to) in edges.iter().zip(edges.iter().skip(1)) {
        let stretch = walk(release, zone, (*from, *to));
        match stretches.last_mut() {
            Some(last) if same_loop(last, &stretch) => join(last, stretch),
            Some(_) | None => stretches.push(stretch),
        }
    }
    stretches
}

/// Every moment of the day at which something else may begin to apply.
fn edges(release: &Release, date: Date, (opens, closes): (TimeMs, TimeMs)) -> Vec<TimeMs> {
    let zone = &release.window.zone;
    let parts = release
        .dayparts
        .iter()
        .filter_map(|part| part.on(zone, date))
        .flat_map(|(from, to)| [from, to]);
    let items = release
        .items()
        .flat_map(|item| [item.from_ms, item.to_ms])
        .flatten();
    let inside: BTreeSet<TimeMs> = parts
        .chain(items)
        .filter(|edge| opens < *edge && *edge < closes)
        .chain([opens, closes])
        .collect();
    inside.into_iter().collect()
}

/// Asks the resolver slot by slot.
fn walk(release: &Release, zone: &ZoneId, (from, to): (TimeMs, TimeMs)) -> Stretch {
    let mut stretch = Stretch {
        from_ms: from,
        to_ms: to,
        playlist: None,
        rows: Vec::new(),
    };
    let state = ScreenState::default();
    let mut at = from;
    while at < to {
        let moment = Moment { at, trusted: true };
        let resolution = resolve(Some(release), &state, moment);
        let zone_show = match &resolution.picture {
            Picture::Lit(zones) => zones
                .iter()
                .find(|shown| shown.zone.is_none_or(|id| id == zone)),
            Picture::Dark => None,
        };
        let until = zone_show
            .map_or(resolution.until, |shown| shown.until)
            .min(to);
        let shown = zone_show.and_then(|zone| shown(&zone.show, at));
        if let Some((playlist, item, begins)) = shown {
            stretch.playlist = playlist;
            count(&mut stretch.rows, item, u64::from(begins), until.since(at));
        }
        if until <= at {
            break;
        }
        at = until;
    }
    stretch
}

/// What a zone shows, and whether it begins to at `at`.
fn shown<'r>(show: &Show<'r>, at: TimeMs) -> Option<(Option<PlaylistId>, &'r Item, bool)> {
    match show {
        Show::Item {
            playlist,
            item,
            since,
        } => Some((Some(playlist.id.clone()), item, *since == at)),
        Show::Fallback { item, reason } => match reason {
            FallbackReason::NothingPlayable | FallbackReason::TakenDown | FallbackReason::Stale => {
                Some((None, item, true))
            }
        },
        Show::Template { .. } | Show::Factory { .. } => None,
    }
}

fn count(rows: &mut Vec<Row>, item: &Item, times: u64, ms: Millis) {
    if let Some(row) = rows.iter_mut().find(|row| row.item == item.id) {
        row.times += times;
        row.total_ms += ms;
        return;
    }
    rows.push(Row {
        item: item.id.clone(),
        times,
        total_ms: ms,
    });
}

fn same_loop(a: &Stretch, b: &Stretch) -> bool {
    let ids = |stretch: &Stretch| -> Vec<ItemId> {
        stretch.rows.iter().map(|row| row.item.clone()).collect()
    };
    a.playlist == b.playlist && ids(a) == ids(b)
}

fn join(a: &mut Stretch, b: Stretch) {
    a.to_ms = b.to_ms;
    for (row, more) in a.rows.iter_mut().zip(b.rows) {
        row.times += more.times;
        row.total_ms += more.total_ms;
    }
}
