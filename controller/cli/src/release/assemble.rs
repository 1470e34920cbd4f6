//! Planner: the release that a programme, its media and the numbers before it come to.

use crate::media::Described;
use crate::programme::{ItemPlan, LayoutPlan, MediaRef, OverlayPlan, Programme};
use cotmoc_proto::layout::{Layout, Logo, Overlay};
use cotmoc_proto::plan::Announcement;
use cotmoc_proto::playlist::{Item, Playlist};
use cotmoc_proto::release::{LookupPart, Release};
use cotmoc_proto::takedown::Takedown;
use cotmoc_proto::trust::{Admitted, Root};
use cotmoc_proto::{Digest, TimeMs};
use std::collections::BTreeMap;

/// How long a still is shown if the programme does not say.
pub const STILL_MS: u32 = 10_000;

/// The media of a programme, looked at.
pub type Shelf = BTreeMap<MediaRef, Described>;

/// Where a release stands in its channel.
#[derive(Debug)]
pub struct Position {
    pub version: u64,
    pub prev: Option<Digest>,
    pub lifts_takedown: u64,
    pub issued_ms: TimeMs,
}

impl Position {
    /// The place after `last`. Takedowns end with the new release only if nothing that was taken
    /// down comes back by it, or if the programme says that it may.
    pub fn after(
        root: &Root,
        last: Option<&Admitted<Release>>,
        takedowns: &[Takedown],
        issued_ms: TimeMs,
    ) -> Self {
        let last = last.filter(|last| last.document.epoch == root.epoch);
        let newest = takedowns.iter().map(|takedown| takedown.seq).max();
        let lifted = last.map_or(0, |last| last.document.lifts_takedown);
        Self {
            version: last.map_or(0, |last| last.document.version) + 1,
            prev: last.map(|last| last.digest),
            lifts_takedown: newest.unwrap_or_default().max(lifted),
            issued_ms,
        }
    }
}

/// Takedowns that are in force, and what they took down.
pub fn in_force<'t>(
    last: Option<&Admitted<Release>>,
    takedowns: &'t [Takedown],
) -> impl Iterator<Item = (&'t Takedown, Digest)> {
    let lifted = last.map_or(0, |last| last.document.lifts_takedown);
    takedowns
        .iter()
        .filter(move |takedown| takedown.seq > lifted)
        .flat_map(|takedown| takedown.assets.iter().map(move |asset| (takedown, *asset)))
}

/// The release; `None` if a medium has not been looked at.
pub fn assemble(
    programme: &Programme,
    shelf: &Shelf,
    root: &Root,
    position: &Position,
) -> Option<Release> {
    let issued = position.issued_ms;
    let items = |plans: &[ItemPlan]| -> Option<Vec<Item>> {
        plans.iter().map(|plan| item(plan, shelf)).collect()
    };
    let playlists: Option<Vec<Playlist>> = programme
        .playlists
        .iter()
        .map(|plan| {
            Some(Playlist {
                id: plan.id.clone(),
                zone: plan.zone.clone(),
                priority: plan.priority,
                dayparts: plan.dayparts.clone(),
                crossfade_ms: plan.crossfade_ms,
                items: items(&plan.items)?,
            })
        })
        .collect();
    Some(Release {
        site: root.site.clone(),
        channel: programme.channel.clone(),
        devices: programme.devices.clone(),
        epoch: root.epoch,
        version: position.version,
        prev: position.prev,
        issued_ms: issued,
        refresh_by_ms: issued.plus(programme.dates.refresh_by_ms),
        expires_ms: issued.plus(programme.dates.expires_ms),
        offline_grace_ms: programme.dates.offline_grace_ms,
        on_stale: programme.dates.on_stale,
        window: programme.window.clone(),
        layout: layout(&programme.layout, shelf)?,
        dayparts: programme.dayparts.clone(),
        playlists: playlists?,
        fallback: item(&programme.fallback, shelf)?,
        templates: items(&programme.templates)?,
        sound: programme.sound.clone(),
        light: programme.light.clone(),
        announcements: announcements(programme, shelf)?,
        lookup: lookup(programme, shelf)?,
        lifts_takedown: position.lifts_takedown,
        note: programme.note.clone(),
    })
}

fn layout(plan: &LayoutPlan, shelf: &Shelf) -> Option<Layout> {
    let overlays: Option<Vec<Overlay>> = plan
        .overlays
        .iter()
        .map(|overlay| match overlay {
            OverlayPlan::Drawn(overlay) => Some(overlay.clone()),
            OverlayPlan::Logo {
                area,
                media,
                opacity_percent,
                ..
            } => Some(Overlay::Logo(Logo {
                area: *area,
                asset: shelf.get(media)?.asset.clone(),
                opacity_percent: *opacity_percent,
            })),
        })
        .collect();
    Some(Layout {
        width_px: plan.width_px,
        height_px: plan.height_px,
        zones: plan.zones.clone(),
        overlays: overlays?,
    })
}

/// The content package: `None` if a part has not been looked at, `Some(None)` if there is none.
#[expect(
    clippy::option_option,
    reason = "there may be none, and it may not be known yet"
)]
fn lookup(programme: &Programme, shelf: &Shelf) -> Option<Option<LookupPart>> {
    let Some(plan) = &programme.lookup else {
        return Some(None);
    };
    let asset = |media| shelf.get(media).map(|described| described.asset.clone());
    let media: Option<Vec<_>> = plan.media.iter().map(asset).collect();
    Some(Some(LookupPart {
        content: asset(&plan.content)?,
        media: media?,
    }))
}

fn announcements(programme: &Programme, shelf: &Shelf) -> Option<Vec<Announcement>> {
    programme
        .announcements
        .iter()
        .map(|plan| {
            Some(Announcement {
                item: item(&plan.item, shelf)?,
                times: plan.times.clone(),
                days: plan.days.clone(),
                first_date: plan.first_date,
                last_date: plan.last_date,
            })
        })
        .collect()
}

fn item(plan: &ItemPlan, shelf: &Shelf) -> Option<Item> {
    let media = shelf.get(&plan.media)?;
    Some(Item {
        id: plan.id.clone(),
        title: plan.title.clone(),
        languages: plan.languages.clone(),
        source: plan.source.clone(),
        credit: plan.credit.clone(),
        asset: media.asset.clone(),
        dur_ms: plan.dur_ms.or(media.look.dur_ms).unwrap_or(STILL_MS),
        from_ms: plan.from_ms,
        to_ms: plan.to_ms,
    })
}
