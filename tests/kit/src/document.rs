//! Releases and items with good defaults.

use crate::site::Site;
use cotmoc_proto::TimeMs;
use cotmoc_proto::layout::Layout;
use cotmoc_proto::media::Asset;
use cotmoc_proto::plan::{LightPlan, SoundPlan};
use cotmoc_proto::playlist::{Item, Language, Playlist};
use cotmoc_proto::release::{OnStale, Release};
use cotmoc_proto::time::DAY;
use cotmoc_proto::window::{DayTime, OperatingWindow};

/// When documents of the kit were issued: 23/11/2026 00:00 at the border gate.
pub const ISSUED: TimeMs = TimeMs(1_795_366_800_000);

/// A window that never closes.
#[must_use]
pub fn always_open() -> OperatingWindow {
    OperatingWindow {
        opens: DayTime::MIDNIGHT,
        closes: DayTime::END,
        ..OperatingWindow::default()
    }
}

/// An item that may be shown at any time.
#[must_use]
pub fn item(id: &str, asset: &Asset, dur_ms: u32) -> Item {
    Item {
        id: id.parse().expect("a legal id"),
        title: format!("Mục {id}"),
        languages: vec![Language::Vi, Language::En],
        source: "Ban quản lý cửa khẩu".to_owned(),
        credit: String::new(),
        asset: asset.clone(),
        dur_ms,
        from_ms: None,
        to_ms: None,
    }
}

pub fn release(site: &Site, version: u64, fallback: &Asset, items: &[&Asset]) -> Release {
    let layout = Layout::full_screen(1280, 720);
    let zone = layout.zones.first().expect("one zone").id.clone();
    let numbered = items.iter().zip(1_u32..);
    Release {
        site: site.id.clone(),
        channel: site.channel.clone(),
        devices: vec!["W01".parse().expect("a legal id")],
        epoch: 1,
        version,
        prev: None,
        issued_ms: ISSUED,
        refresh_by_ms: ISSUED.plus(7 * DAY),
        expires_ms: ISSUED.plus(30 * DAY),
        offline_grace_ms: 14 * DAY,
        on_stale: OnStale::Fallback,
        window: OperatingWindow::default(),
        layout,
        dayparts: Vec::new(),
        playlists: vec![Playlist {
            id: "loop".parse().expect("a legal id"),
            zone,
            priority: 0,
            dayparts: Vec::new(),
            crossfade_ms: 0,
            items: numbered
                .map(|(asset, n)| item(&format!("item-{n}"), asset, 10_000))
                .collect(),
        }],
        fallback: item("fallback", fallback, 10_000),
        templates: Vec::new(),
        sound: SoundPlan::default(),
        light: LightPlan::default(),
        announcements: Vec::new(),
        lookup: None,
        lifts_takedown: 0,
        note: String::new(),
    }
}
