//! Small programmes that the tables are about.

use crate::digest::Digest;
use crate::layout::Layout;
use crate::media::{Asset, CHUNK_BYTES, Mime};
use crate::plan::{LightPlan, SoundPlan};
use crate::playlist::{Daypart, Item, Language, Playlist};
use crate::release::{OnStale, Release};
use crate::resolve::{Moment, Picture, Resolution, ScreenState, Show, resolve};
use crate::time::{DAY, TimeMs};
use crate::window::{DayTime, OperatingWindow, Zone};
use std::num::NonZeroU32;

/// 23/11/2026 00:00 in Asia/Ho_Chi_Minh, a Monday.
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
            mime: Mime::Png,
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
        dayparts: Vec::new(),
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

pub fn window(zone: &str, opens: &str, closes: &str) -> OperatingWindow {
    let time = |text: &str| text.parse::<DayTime>().unwrap();
    OperatingWindow {
        zone: Zone::try_from(zone.to_owned()).unwrap(),
        opens: time(opens),
        closes: time(closes),
        quota_min: 0,
    }
}

pub fn at(release: &Release, now: TimeMs) -> Resolution<'_> {
    with(release, &ScreenState::default(), now)
}

pub fn with<'r>(release: &'r Release, state: &ScreenState, now: TimeMs) -> Resolution<'r> {
    resolve(
        Some(release),
        state,
        Moment {
            at: now,
            trusted: true,
        },
    )
}

/// What the one zone shows, in a word.
pub fn word(resolution: &Resolution<'_>) -> String {
    let Picture::Lit(zones) = &resolution.picture else {
        return "dark".to_owned();
    };
    match &zones[0].show {
        Show::Item { item, .. } => item.id.to_string(),
        Show::Template { item } => format!("template {}", item.id),
        Show::Fallback { reason, .. } => format!("fallback {reason:?}"),
        Show::Factory { reason } => format!("factory {reason:?}"),
    }
}

/// A state in which the assets of these items cannot be shown.
pub fn without(ids: &[&str]) -> ScreenState {
    ScreenState {
        unavailable: ids.iter().map(|id| Digest::of(id.as_bytes())).collect(),
        ..ScreenState::default()
    }
}
