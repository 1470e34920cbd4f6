//! A programme as an editor writes it (TOML): what plays on which walls, when, from which files.
//! Reading it finds every mistake at once.

pub mod mistake;
mod read;
mod reader;
mod values;

pub use read::read;
pub use reader::Notes;

use cotmoc_proto::layout::Layout;
use cotmoc_proto::playlist::{Daypart, Language};
use cotmoc_proto::release::OnStale;
use cotmoc_proto::time::{Millis, TimeMs};
use cotmoc_proto::window::OperatingWindow;
use cotmoc_proto::{ChannelId, DaypartId, DeviceId, Digest, ItemId, PlaylistId, ZoneId};
use mistake::Place;
use std::path::PathBuf;

/// A programme without mistakes of form. Its media have not been looked at.
#[derive(Debug)]
pub struct Programme {
    pub channel: ChannelId,
    pub devices: Vec<DeviceId>,
    pub note: String,
    /// Whether content that was taken down may be shown again.
    pub lift_takedowns: bool,
    pub layout: Layout,
    pub window: OperatingWindow,
    pub dates: Dates,
    pub dayparts: Vec<Daypart>,
    pub playlists: Vec<PlaylistPlan>,
    pub fallback: ItemPlan,
    pub templates: Vec<ItemPlan>,
}

/// How long the release is good, counted from its issue.
#[derive(Debug, Clone, Copy)]
pub struct Dates {
    pub refresh_by_ms: Millis,
    pub expires_ms: Millis,
    pub offline_grace_ms: Millis,
    pub on_stale: OnStale,
}

/// A playlist.
#[derive(Debug)]
pub struct PlaylistPlan {
    pub id: PlaylistId,
    pub zone: ZoneId,
    pub priority: u32,
    pub dayparts: Vec<DaypartId>,
    pub items: Vec<ItemPlan>,
}

/// An item.
#[derive(Debug)]
pub struct ItemPlan {
    /// Where its media is named, for mistakes that only the media show.
    pub place: Place,
    pub id: ItemId,
    pub media: MediaRef,
    pub title: String,
    pub languages: Vec<Language>,
    pub source: String,
    pub credit: String,
    /// Absent: as long as the film; ten seconds for a still.
    pub dur_ms: Option<u32>,
    pub from_ms: Option<TimeMs>,
    pub to_ms: Option<TimeMs>,
}

/// Where an item's media come from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum MediaRef {
    /// A file, beside the programme.
    File(PathBuf),
    /// An asset that the controller has.
    Asset(Digest),
}

impl Programme {
    /// Every item.
    pub fn items(&self) -> impl Iterator<Item = &ItemPlan> {
        self.playlists
            .iter()
            .flat_map(|playlist| &playlist.items)
            .chain([&self.fallback])
            .chain(&self.templates)
    }
}
