//! A small programme for tests.

use cotmoc_proto::Digest;
use cotmoc_proto::layout::Layout;
use cotmoc_proto::media::{Asset, CHUNK_BYTES, Mime};
use cotmoc_proto::plan::{LightPlan, SoundPlan};
use cotmoc_proto::playlist::{Daypart, Item, Language, Playlist};
use cotmoc_proto::release::{OnStale, Release};
use cotmoc_proto::time::{DAY, TimeMs};
use cotmoc_proto::window::OperatingWindow;
use std::num::NonZeroU32;

/// 23/11/2026 00:00 at the border gate.
pub const MIDNIGHT: TimeMs = TimeMs(1_795_366_800_000);

pub fn item(id: &str, dur_ms: u32) -> Item {
    Item {
        id: id.parse().unwrap(),
        title: id.to_owned(),
        languages: vec![Language::Vi],
        source: String::new(),
        credit: String::new(),
        asset: Asset {
            sha256: Digest::of(id.as_bytes()),
            size_bytes: 1,
            mime: Mime::Mp4,
            chunk_bytes: NonZeroU32::new(CHUNK_BYTES).unwrap(),
            chunks_sha256: Digest::of(b"chunks"),
            loudness: None,
        },
        dur_ms,
        from_ms: None,
        to_ms: None,
    }
}

pub fn playlist(id: &str, priority: u32, dayparts: &[&str], items: Vec<Item>) -> Playlist {
    Playlist {
        id: id.parse().unwrap(),
        zone: "main".parse().unwrap(),
        priority,
        dayparts: dayparts.iter().map(|part| part.parse().unwrap()).collect(),
        crossfade_ms: 0,
        items,
    }
}

pub fn daypart(id: &str, from: &str, to: &str) -> Daypart {
    Daypart {
        id: id.parse().unwrap(),
        from: from.parse().unwrap(),
        to: to.parse().unwrap(),
        days: Vec::new(),
        first_date: None,
        last_date: None,
    }
}

pub fn release(playlists: Vec<Playlist>) -> Release {
    Release {
        site: "lao-cai".parse().unwrap(),
        channel: "gate".parse().unwrap(),
        devices: vec!["W01".parse().unwrap()],
        epoch: 1,
        version: 1,
        prev: None,
        issued_ms: MIDNIGHT.plus(-DAY),
        refresh_by_ms: MIDNIGHT.plus(30 * DAY),
        expires_ms: MIDNIGHT.plus(60 * DAY),
        offline_grace_ms: 44 * DAY,
        on_stale: OnStale::Fallback,
        window: OperatingWindow::default(),
        layout: Layout::full_screen(1920, 1080),
        dayparts: vec![daypart("noon", "12:00", "13:00")],
        playlists,
        fallback: item("fallback", 10_000),
        templates: Vec::new(),
        sound: SoundPlan::default(),
        light: LightPlan::default(),
        announcements: Vec::new(),
        lookup: None,
        lifts_takedown: 0,
        note: String::new(),
    }
}

/// All day a video of 20 s and one of 45 s; one of 7 s at noon.
pub fn day() -> Release {
    release(vec![
        playlist(
            "all-day",
            1,
            &[],
            vec![item("a", 20_000), item("b", 45_000)],
        ),
        playlist("noon", 2, &["noon"], vec![item("n", 7_000)]),
    ])
}
