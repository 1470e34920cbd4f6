//! Random programmes, screens and days.

use cotmoc_proto::layout::Layout;
use cotmoc_proto::media::{Asset, CHUNK_BYTES, Mime};
use cotmoc_proto::plan::{LightPlan, SoundPlan};
use cotmoc_proto::playlist::{Daypart, Item, Language, Playlist};
use cotmoc_proto::release::{OnStale, Release};
use cotmoc_proto::resolve::ScreenState;
use cotmoc_proto::time::{DAY, HOUR, MINUTE, SECOND, TimeMs};
use cotmoc_proto::window::{Day, DayTime, OperatingWindow, Zone};
use cotmoc_proto::{DaypartId, Digest};
use proptest::prelude::*;
use std::num::NonZeroU32;

/// The shortest slot that is made up, so that the steps of a day can be counted.
pub const SHORTEST: i64 = 20 * SECOND;

/// A zone and a day on which it has something to say.
const DAYS: [(&str, &str); 9] = [
    ("Asia/Ho_Chi_Minh", "2026-11-23"),
    ("Asia/Ho_Chi_Minh", "2027-02-06"),
    ("Europe/Berlin", "2026-03-29"),
    ("Europe/Berlin", "2026-10-25"),
    ("America/St_Johns", "2010-11-07"),
    ("America/Havana", "2026-03-08"),
    ("Australia/Lord_Howe", "2026-04-05"),
    ("Pacific/Apia", "2011-12-30"),
    ("UTC", "1970-01-01"),
];

/// A programme, what one screen cannot show of it, and the noon of a day.
#[derive(Debug, Clone)]
pub struct World {
    pub release: Release,
    pub state: ScreenState,
    pub noon: TimeMs,
}

pub fn world() -> impl Strategy<Value = World> {
    (
        prop::sample::select(&DAYS[..]),
        span(),
        prop::collection::vec((span(), 0_u8..128), 0..4),
        prop::collection::vec(playlist(), 0..5),
        -2 * DAY..2 * DAY,
        any::<bool>(),
    )
        .prop_map(|((zone, date), hours, parts, lists, issued, keep)| {
            let zone = Zone::try_from(zone.to_owned()).unwrap();
            let noon = zone.at(date.parse().unwrap(), "12:00".parse().unwrap());
            let mut release = empty(zone, hours, noon.plus(issued));
            if keep {
                release.on_stale = OnStale::Keep;
            }
            release.dayparts = parts.into_iter().enumerate().map(daypart).collect();
            for list in lists {
                add(&mut release, list, noon);
            }
            (release, noon)
        })
        .prop_flat_map(|(release, noon)| {
            screen(&release).prop_map(move |state| World {
                release: release.clone(),
                state,
                noon,
            })
        })
}

/// A screen that cannot show a random part of the programme.
pub fn screen(release: &Release) -> impl Strategy<Value = ScreenState> + use<> {
    let digests: Vec<Digest> = release.items().map(Item::digest).collect();
    let most = digests.len();
    (
        prop::sample::subsequence(digests, 0..=most),
        prop::bool::weighted(0.1),
        prop::bool::weighted(0.1),
    )
        .prop_map(|(unavailable, down, stale)| ScreenState {
            template: None,
            unavailable: unavailable.into_iter().collect(),
            down,
            stale,
        })
}

type Span = (DayTime, DayTime);

fn span() -> impl Strategy<Value = Span> {
    let time = |minutes: u16| DayTime::new(minutes / 60, minutes % 60).unwrap();
    let any_span = (0_u16..1440, 1_u16..1440)
        .prop_map(move |(from, length)| (time(from), time((from + length).min(1440))));
    prop_oneof![
        3 => any_span,
        1 => Just((DayTime::MIDNIGHT, DayTime::END)),
        1 => Just((time(7 * 60), time(22 * 60))),
    ]
}

#[derive(Debug, Clone)]
struct List {
    priority: u32,
    parts: u8,
    items: Vec<(i64, Option<i64>, Option<i64>)>,
}

fn playlist() -> impl Strategy<Value = List> {
    let length = prop_oneof![
        3 => SHORTEST..10 * MINUTE,
        1 => 10 * MINUTE..3 * HOUR,
    ];
    let edge = || prop::option::weighted(0.2, -DAY..DAY);
    let items = prop::collection::vec((length, edge(), edge()), 0..6);
    (0_u32..3, 0_u8..16, items).prop_map(|(priority, parts, items)| List {
        priority,
        parts,
        items,
    })
}

fn daypart((n, ((from, to), days)): (usize, (Span, u8))) -> Daypart {
    let week = [
        Day::Mon,
        Day::Tue,
        Day::Wed,
        Day::Thu,
        Day::Fri,
        Day::Sat,
        Day::Sun,
    ];
    Daypart {
        id: part_id(n),
        from,
        to,
        days: (0..7)
            .filter(|bit| days & (1 << bit) != 0)
            .map(|bit| week[bit])
            .collect(),
        first_date: None,
        last_date: None,
    }
}

fn part_id(n: usize) -> DaypartId {
    format!("part{n}").parse().unwrap()
}

fn add(release: &mut Release, list: List, noon: TimeMs) {
    let n = release.playlists.len();
    let dayparts = (0..release.dayparts.len())
        .filter(|bit| list.parts & (1 << bit) != 0)
        .map(part_id)
        .collect();
    let items = list
        .items
        .into_iter()
        .enumerate()
        .map(|(i, (dur, from, to))| {
            let mut item = item(&format!("i{n}-{i}"), dur);
            let ordered = from.is_none_or(|from| to.is_none_or(|to| from < to));
            if ordered {
                item.from_ms = from.map(|by| noon.plus(by));
                item.to_ms = to.map(|by| noon.plus(by));
            }
            item
        });
    release.playlists.push(Playlist {
        id: format!("p{n}").parse().unwrap(),
        zone: "main".parse().unwrap(),
        priority: list.priority,
        dayparts,
        crossfade_ms: 0,
        items: items.collect(),
    });
}

fn item(id: &str, dur: i64) -> Item {
    Item {
        id: id.parse().unwrap(),
        title: id.to_owned(),
        languages: vec![Language::None],
        source: String::new(),
        credit: String::new(),
        asset: Asset {
            sha256: Digest::of(id.as_bytes()),
            size_bytes: 1,
            mime: Mime::Png,
            chunk_bytes: NonZeroU32::new(CHUNK_BYTES).unwrap(),
            chunks_sha256: Digest::of(b"chunks"),
            loudness: None,
        },
        dur_ms: u32::try_from(dur).unwrap(),
        from_ms: None,
        to_ms: None,
    }
}

fn empty(zone: Zone, (opens, closes): Span, issued_ms: TimeMs) -> Release {
    let always = Playlist {
        id: "always".parse().unwrap(),
        zone: "main".parse().unwrap(),
        priority: 0,
        dayparts: Vec::new(),
        crossfade_ms: 0,
        items: vec![item("evergreen", 90 * SECOND)],
    };
    Release {
        site: "lao-cai".parse().unwrap(),
        channel: "gate".parse().unwrap(),
        devices: vec!["W01".parse().unwrap()],
        epoch: 1,
        version: 1,
        prev: None,
        issued_ms,
        refresh_by_ms: issued_ms.plus(DAY),
        expires_ms: issued_ms.plus(2 * DAY),
        offline_grace_ms: 0,
        on_stale: OnStale::Fallback,
        window: OperatingWindow {
            zone,
            opens,
            closes,
            quota_min: 0,
        },
        layout: Layout::full_screen(1920, 1080),
        dayparts: Vec::new(),
        playlists: vec![always],
        fallback: item("fallback", 10 * SECOND),
        templates: Vec::new(),
        sound: SoundPlan::default(),
        light: LightPlan::default(),
        announcements: Vec::new(),
        lookup: None,
        lifts_takedown: 0,
        note: String::new(),
    }
}
