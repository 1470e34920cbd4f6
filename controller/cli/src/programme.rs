//! A programme as an editor writes it (TOML): what plays on which walls, when, from which files.
//! Reading it finds every mistake at once.

mod items;
mod layout;
mod lookup;
pub mod mistake;
mod plans;
mod read;
mod reader;
mod slides;
mod values;
pub mod words;

pub use read::read;
pub use reader::Notes;

use crate::lookup::Package;
use cotmoc_proto::layout::{Overlay, Zone};
use cotmoc_proto::plan::{LightPlan, SoundPlan};
use cotmoc_proto::playlist::{CalendarDate, Daypart, Language};
use cotmoc_proto::release::OnStale;
use cotmoc_proto::style::Area;
use cotmoc_proto::time::{Millis, TimeMs};
use cotmoc_proto::window::{Day, DayTime, OperatingWindow};
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
    pub layout: LayoutPlan,
    pub window: OperatingWindow,
    pub dates: Dates,
    pub dayparts: Vec<Daypart>,
    pub playlists: Vec<PlaylistPlan>,
    pub fallback: ItemPlan,
    pub templates: Vec<ItemPlan>,
    pub sound: SoundPlan,
    pub light: LightPlan,
    pub announcements: Vec<SpokenPlan>,
    pub lookup: Option<LookupPlan>,
}

/// The content package of the channel's kiosks.
#[derive(Debug)]
pub struct LookupPlan {
    pub place: Place,
    pub package: Package,
    pub content: MediaRef,
    pub media: Vec<MediaRef>,
}

/// How the canvas is divided, and what is drawn over it.
#[derive(Debug)]
pub struct LayoutPlan {
    pub width_px: u32,
    pub height_px: u32,
    pub zones: Vec<Zone>,
    pub overlays: Vec<OverlayPlan>,
}

/// What is drawn over the zones.
#[derive(Debug)]
pub enum OverlayPlan {
    /// Words alone: a ticker or a clock.
    Drawn(Overlay),
    Logo {
        place: Place,
        area: Area,
        media: MediaRef,
        opacity_percent: u8,
    },
}

/// An announcement.
#[derive(Debug)]
pub struct SpokenPlan {
    pub item: ItemPlan,
    pub times: Vec<DayTime>,
    pub days: Vec<Day>,
    pub first_date: Option<CalendarDate>,
    pub last_date: Option<CalendarDate>,
}

/// What media may be, by where they are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    Playlist,
    /// The fallback or a template.
    Still,
    Logo,
    Announcement,
    /// A part of a content package.
    Lookup,
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
    pub crossfade_ms: u32,
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
    /// A text slide that is written in the programme itself, as its bytes.
    Slide(Vec<u8>),
}

impl Programme {
    /// Every item.
    pub fn items(&self) -> impl Iterator<Item = &ItemPlan> {
        self.playlists
            .iter()
            .flat_map(|playlist| &playlist.items)
            .chain([&self.fallback])
            .chain(&self.templates)
            .chain(self.announcements.iter().map(|spoken| &spoken.item))
    }

    /// Everything that is shown or heard: where it is named, and as what.
    pub fn media(&self) -> impl Iterator<Item = (&Place, &MediaRef, Use)> {
        let items = self.items().zip(self.uses());
        let logos = self
            .layout
            .overlays
            .iter()
            .filter_map(|overlay| match overlay {
                OverlayPlan::Logo { place, media, .. } => Some((place, media, Use::Logo)),
                OverlayPlan::Drawn(_) => None,
            });
        let lookup = self.lookup.iter().flat_map(|plan| {
            let parts = std::iter::once(&plan.content).chain(&plan.media);
            parts.map(|part| (&plan.place, part, Use::Lookup))
        });
        items
            .map(|(item, used)| (&item.place, &item.media, used))
            .chain(logos)
            .chain(lookup)
    }

    /// What each of [`Programme::items`] is used as.
    fn uses(&self) -> impl Iterator<Item = Use> {
        let played = self.playlists.iter().map(|list| list.items.len()).sum();
        std::iter::repeat_n(Use::Playlist, played)
            .chain(std::iter::repeat_n(Use::Still, 1 + self.templates.len()))
            .chain(std::iter::repeat(Use::Announcement))
    }
}
