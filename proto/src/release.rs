//! A release: one complete programme of one channel, nothing to mix and match.

use crate::device::ScreenKind;
use crate::digest::Digest;
use crate::id::{ChannelId, DaypartId, DeviceId, SiteId, ZoneId};
use crate::layout::{Layout, Overlay};
use crate::media::{Asset, Mime};
use crate::plan::{self, Announcement, LightPlan, MAX_ANNOUNCEMENTS, SoundPlan};
use crate::playlist::{Daypart, Item, Playlist};
use crate::reject::Reject;
use crate::slide::MAX_SLIDE_BYTES;
use crate::time::{DAY, Millis, TimeMs};
use crate::window::OperatingWindow;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// How long an item may be shown at least and at most, in milliseconds.
pub const DURATION_MS: std::ops::RangeInclusive<u32> = 500..=86_400_000;
/// The longest crossfade, in milliseconds.
pub const MAX_CROSSFADE_MS: u32 = 5_000;
/// The most items of a release, over all playlists.
pub const MAX_ITEMS: usize = 1_000;
/// The longest time between issue and expiry, in milliseconds.
pub const MAX_LIFETIME_MS: Millis = 366 * DAY;

/// The most assets that the media of a content package are spread over.
pub const MAX_LOOKUP_MEDIA: usize = 16;
/// The longest content of a content package, in bytes (128 MiB): a kiosk holds it in memory.
pub const MAX_LOOKUP_BYTES: u64 = 128 << 20;

/// What a wall does when its release has expired and the grace for being offline is used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnStale {
    /// Keep playing.
    Keep,
    /// Show the signed fallback slide.
    Fallback,
}

/// One complete programme of one channel, signed by an editor and an approver.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Release {
    pub site: SiteId,
    pub channel: ChannelId,
    /// The devices it is for, never empty.
    pub devices: Vec<DeviceId>,
    pub epoch: u64,
    pub version: u64,
    /// Digest of the previous release's payload; absent in the first release of an epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prev: Option<Digest>,
    pub issued_ms: TimeMs,
    /// A newer release is expected by then (alarm only).
    pub refresh_by_ms: TimeMs,
    pub expires_ms: TimeMs,
    /// Powered-on time after expiry before `on_stale` takes effect, in milliseconds.
    pub offline_grace_ms: Millis,
    pub on_stale: OnStale,
    pub window: OperatingWindow,
    pub layout: Layout,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dayparts: Vec<Daypart>,
    pub playlists: Vec<Playlist>,
    /// The still picture that is shown when nothing else can be.
    pub fallback: Item,
    /// Slides approved in advance for emergencies.
    pub templates: Vec<Item>,
    #[serde(default, skip_serializing_if = "SoundPlan::is_default")]
    pub sound: SoundPlan,
    #[serde(default, skip_serializing_if = "LightPlan::is_empty")]
    pub light: LightPlan,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub announcements: Vec<Announcement>,
    /// What visitors of the channel's kiosks look up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lookup: Option<LookupPart>,
    /// Takedowns up to this sequence number end with this release.
    pub lifts_takedown: u64,
    pub note: String,
}

/// The content package of the channel's kiosks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LookupPart {
    /// Entries, search index and canary queries.
    pub content: Asset,
    /// The media of the entries.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub media: Vec<Asset>,
}

impl LookupPart {
    /// Content first, then media.
    pub fn assets(&self) -> impl Iterator<Item = &Asset> {
        std::iter::once(&self.content).chain(&self.media)
    }

    fn defect(&self) -> Option<String> {
        if self.media.len() > MAX_LOOKUP_MEDIA {
            return Some(format!("lookup: more than {MAX_LOOKUP_MEDIA} media assets"));
        }
        if self.content.size_bytes > MAX_LOOKUP_BYTES {
            return Some(format!(
                "lookup: a content of more than {MAX_LOOKUP_BYTES} bytes"
            ));
        }
        if let Some(other) = self.assets().find(|asset| asset.mime != Mime::Lookup) {
            return Some(format!("lookup: an asset of type {}", other.mime.as_str()));
        }
        let defect = self.assets().find_map(Asset::defect)?;
        Some(format!("lookup: {defect}"))
    }
}

impl Release {
    /// Every asset of the release, each once, in order of first use.
    #[must_use]
    pub fn assets(&self) -> Vec<&Asset> {
        let lookup = self.lookup.iter().flat_map(LookupPart::assets);
        once_each(self.on_the_wall().chain(lookup))
    }

    /// The assets that a screen of this kind shows, each once: of a wall all but the lookup, of a
    /// kiosk the lookup, the fallback and the templates.
    #[must_use]
    pub fn assets_for(&self, kind: ScreenKind) -> Vec<&Asset> {
        match kind {
            ScreenKind::Wall => once_each(self.on_the_wall()),
            ScreenKind::Kiosk => {
                let lookup = self.lookup.iter().flat_map(LookupPart::assets);
                let stills = std::iter::once(&self.fallback).chain(&self.templates);
                once_each(lookup.chain(stills.map(|item| &item.asset)))
            }
        }
    }

    fn on_the_wall(&self) -> impl Iterator<Item = &Asset> {
        let overlays = self.layout.overlays.iter().filter_map(Overlay::asset);
        self.items().map(|item| &item.asset).chain(overlays)
    }

    /// Every item: playlists in order, then the fallback, the templates, the announcements.
    pub fn items(&self) -> impl Iterator<Item = &Item> {
        self.playlists
            .iter()
            .flat_map(|playlist| &playlist.items)
            .chain([&self.fallback])
            .chain(&self.templates)
            .chain(self.announcements.iter().map(|one| &one.item))
    }

    /// Bytes that all media of the release take on a device, chunk lists included.
    #[must_use]
    pub fn media_bytes(&self) -> u64 {
        self.assets()
            .iter()
            .map(|asset| asset.size_bytes.saturating_add(asset.chunk_list_bytes()))
            .fold(0, u64::saturating_add)
    }

    /// Checks every rule that a release must keep by itself, whoever signed it.
    ///
    /// # Errors
    /// [`Reject::BadRelease`] naming the first broken rule and where.
    pub fn check(&self) -> Result<(), Reject> {
        let defect = self
            .dates_defect()
            .or_else(|| self.window.defect())
            .or_else(|| self.layout.defect())
            .or_else(|| self.dayparts_defect())
            .or_else(|| self.items_defect())
            .or_else(|| self.assets_defect())
            .or_else(|| self.playlists_defect())
            .or_else(|| self.sound.defect())
            .or_else(|| self.light.defect())
            .or_else(|| self.announcements_defect())
            .or_else(|| self.lookup.as_ref().and_then(LookupPart::defect));
        match defect {
            Some(detail) => Err(Reject::BadRelease { detail }),
            None => Ok(()),
        }
    }

    fn dates_defect(&self) -> Option<String> {
        let devices: BTreeSet<_> = self.devices.iter().collect();
        if self.devices.is_empty() || devices.len() != self.devices.len() {
            return Some("the list of devices is empty or names one twice".to_owned());
        }
        if self.version == 0 {
            return Some("version 0".to_owned());
        }
        let ordered = self.issued_ms < self.refresh_by_ms && self.refresh_by_ms <= self.expires_ms;
        let short = self.expires_ms.since(self.issued_ms) <= MAX_LIFETIME_MS;
        let grace = (0..=MAX_LIFETIME_MS).contains(&self.offline_grace_ms);
        (!ordered || !short || !grace)
            .then(|| "dates: expected issued < refresh by <= expires, at most 366 days".to_owned())
    }

    fn dayparts_defect(&self) -> Option<String> {
        if let Some(id) = first_twice(self.dayparts.iter().map(|daypart| &daypart.id)) {
            return Some(format!("daypart {id} is defined twice"));
        }
        self.dayparts
            .iter()
            .find(|daypart| daypart.from >= daypart.to)
            .map(|daypart| format!("daypart {} ends before it begins", daypart.id))
    }

    fn items_defect(&self) -> Option<String> {
        if let Some(id) = first_twice(self.items().map(|item| &item.id)) {
            return Some(format!("item {id} is listed twice"));
        }
        if self.items().count() > MAX_ITEMS {
            return Some(format!("more than {MAX_ITEMS} items"));
        }
        if !self.fallback.asset.mime.is_still() || !self.fallback.is_evergreen() {
            return Some("the fallback must be a still picture without a time window".to_owned());
        }
        let moving = self.templates.iter().find(|t| !t.asset.mime.is_still());
        if let Some(template) = moving {
            return Some(format!("template {}: not a still picture", template.id));
        }
        self.items()
            .find_map(|item| item_defect(item).map(|d| format!("item {}: {d}", item.id)))
    }

    /// One digest is one file: it cannot be a picture here and a film there.
    fn assets_defect(&self) -> Option<String> {
        let known: BTreeMap<Digest, &Asset> = self
            .assets()
            .into_iter()
            .map(|asset| (asset.sha256, asset))
            .collect();
        let lookup = self.lookup.iter().flat_map(LookupPart::assets);
        self.on_the_wall()
            .chain(lookup)
            .find(|asset| known.get(&asset.sha256) != Some(asset))
            .map(|asset| format!("asset {} is described in two ways", asset.sha256.short()))
    }

    fn announcements_defect(&self) -> Option<String> {
        if self.announcements.len() > MAX_ANNOUNCEMENTS {
            return Some(format!("more than {MAX_ANNOUNCEMENTS} announcements"));
        }
        let defect = |one: &Announcement| {
            let defect = one.defect()?;
            Some(format!("announcement {}: {defect}", one.item.id))
        };
        let each = self.announcements.iter().find_map(defect);
        each.or_else(|| plan::overlap(&self.announcements))
    }

    fn playlists_defect(&self) -> Option<String> {
        if let Some(id) = first_twice(self.playlists.iter().map(|playlist| &playlist.id)) {
            return Some(format!("playlist {id} is defined twice"));
        }
        for playlist in &self.playlists {
            let known = |id: &DaypartId| self.dayparts.iter().any(|daypart| daypart.id == *id);
            if let Some(item) = playlist.items.iter().find(|i| i.asset.mime.is_sound()) {
                return Some(format!(
                    "playlist {}: item {} is sound alone; announcements take sound",
                    playlist.id, item.id
                ));
            }
            if playlist.crossfade_ms > MAX_CROSSFADE_MS {
                return Some(format!(
                    "playlist {}: a crossfade of {} ms; expected at most {MAX_CROSSFADE_MS}",
                    playlist.id, playlist.crossfade_ms
                ));
            }
            if let Some(id) = playlist.dayparts.iter().find(|id| !known(id)) {
                return Some(format!(
                    "playlist {} names the unknown daypart {id}",
                    playlist.id
                ));
            }
            if !self
                .layout
                .zones
                .iter()
                .any(|zone| zone.id == playlist.zone)
            {
                return Some(format!(
                    "playlist {} is for the unknown zone {}",
                    playlist.id, playlist.zone
                ));
            }
        }
        let unfilled = |zone: &&ZoneId| !self.playlists.iter().any(|p| fills_always(p, zone));
        self.layout
            .zones
            .iter()
            .map(|zone| &zone.id)
            .find(unfilled)
            .map(|zone| {
                format!(
                    "zone {zone}: no playlist without dayparts has an item without a time window"
                )
            })
    }
}

fn once_each<'a>(assets: impl Iterator<Item = &'a Asset>) -> Vec<&'a Asset> {
    let mut seen = BTreeSet::new();
    assets.filter(|asset| seen.insert(asset.sha256)).collect()
}

fn fills_always(playlist: &Playlist, zone: &ZoneId) -> bool {
    playlist.zone == *zone
        && playlist.is_always_on()
        && playlist.items.iter().any(Item::is_evergreen)
}

fn item_defect(item: &Item) -> Option<String> {
    if let Some(defect) = item.asset.defect() {
        return Some(defect);
    }
    if item.asset.mime == Mime::Lookup {
        return Some("a content package, which no wall plays".to_owned());
    }
    if item.asset.mime == Mime::Slide
        && usize::try_from(item.asset.size_bytes).map_or(true, |size| size > MAX_SLIDE_BYTES)
    {
        return Some(format!("a text slide of more than {MAX_SLIDE_BYTES} bytes"));
    }
    if !DURATION_MS.contains(&item.dur_ms) {
        return Some(format!(
            "shown for {} ms; expected 500 ms to 24 h",
            item.dur_ms
        ));
    }
    if item.title.chars().count() > 200 || item.credit.len() > 1_000 || item.source.len() > 1_000 {
        return Some("title, source or credit is too long".to_owned());
    }
    matches!((item.from_ms, item.to_ms), (Some(from), Some(to)) if from >= to)
        .then(|| "ends before it begins".to_owned())
}

fn first_twice<T: Ord>(all: impl Iterator<Item = T>) -> Option<T> {
    let mut seen = BTreeSet::new();
    for one in all {
        if seen.contains(&one) {
            return Some(one);
        }
        seen.insert(one);
    }
    None
}
