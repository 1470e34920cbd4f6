//! From the text of a programme to a programme, or to the list of its mistakes.

use super::items::Items;
use super::mistake::Place;
use super::reader::{Notes, Section};
use super::values::{Crossfade, DayCode, Stale, local_date};
use super::words::{self, say};
use super::{Dates, LayoutPlan, PlaylistPlan, Programme, layout, plans};
use cotmoc_proto::playlist::{CalendarDate, Daypart};
use cotmoc_proto::release::{MAX_CROSSFADE_MS, OnStale};
use cotmoc_proto::time::{DAY, Millis};
use cotmoc_proto::window::{OperatingWindow, Zone};
use cotmoc_proto::{DaypartId, ItemId, PlaylistId, ZoneId};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use toml::de::DeTable;

/// Reads a programme; paths in it are relative to `folder`. What is wrong is noted in `notes`;
/// `None` if too much is wrong to go on.
pub fn read<'t>(notes: &'t Notes<'t>, table: &'t DeTable<'t>, folder: &Path) -> Option<Programme> {
    let top = Section::top(notes, table);
    let window = window(&top);
    let items = Items {
        folder,
        zone: window.zone.clone(),
    };
    let channel = top.required("channel", words::AN_ID);
    let devices = top.list("devices", words::WALLS);
    if devices.is_empty() {
        top.mistake(
            "devices",
            say(
                "nêu ít nhất một màn hình, như [\"W01\"]",
                "name at least one wall, such as [\"W01\"]",
            ),
        );
    }
    let layout = layout::read(&top, &items);
    let canvas = (layout.width_px, layout.height_px);
    let dayparts = dayparts(&top);
    let playlists = playlists(&top, &items, (&layout, &dayparts));
    let fallback = top.section("fallback");
    let fallback = fallback.map(|section| items.read(section, canvas));
    if !top.has("fallback") {
        top.mistake(
            "fallback",
            say(
                "còn thiếu hình dự phòng, hiện khi không còn gì khác để chiếu: [fallback]",
                "missing; the slide that shows when nothing else can: [fallback]",
            ),
        );
    }
    let templates = items.read_all(top.sections("template"), canvas);
    let announcements = plans::announcements(&top, &items);
    let (sound, light) = (plans::sound(&top), plans::light(&top));
    let (note, dates) = (top.text("note"), dates(&top));
    let lookup = super::lookup::read(&top, folder);
    let lift_takedowns = top.or("lift_takedowns", words::YES_OR_NO, false);
    top.finish();
    let programme = Programme {
        channel: channel?,
        devices,
        note,
        lift_takedowns,
        layout,
        window,
        dates,
        dayparts,
        playlists,
        fallback: fallback.flatten()?,
        templates,
        sound,
        light,
        announcements,
        lookup,
    };
    no_item_twice(notes, &programme);
    Some(programme)
}

fn window(top: &Section<'_>) -> OperatingWindow {
    let usual = OperatingWindow::default();
    let Some(section) = top.section("window") else {
        return usual;
    };
    let zone = section
        .maybe::<String>("zone", words::A_ZONE)
        .and_then(|name| {
            let zone = Zone::try_from(name).ok();
            if zone.is_none() {
                section.mistake("zone", words::wanted(words::A_ZONE));
            }
            zone
        });
    let window = OperatingWindow {
        zone: zone.unwrap_or(usual.zone),
        opens: section.or("opens", words::A_TIME, usual.opens),
        closes: section.or("closes", words::A_TIME, usual.closes),
        quota_min: section.or("quota_min", words::A_QUOTA, usual.quota_min),
    };
    if let Some(defect) = window.defect() {
        let vi = "khung giờ và số phút không hợp nhau; một khung giờ nằm trong một ngày";
        section.mistake("quota_min", say(vi, &defect));
    }
    section.finish();
    window
}

fn dates(top: &Section<'_>) -> Dates {
    let section = top.section("dates");
    let days = |key, usual: u32| -> Millis {
        let days = section
            .as_ref()
            .and_then(|section| section.maybe(key, words::DAYS));
        Millis::from(days.unwrap_or(usual)).saturating_mul(DAY)
    };
    let dates = Dates {
        refresh_by_ms: days("refresh_by_days", 7),
        expires_ms: days("expires_days", 30),
        offline_grace_ms: days("offline_grace_days", 14),
        on_stale: section
            .as_ref()
            .and_then(|section| section.maybe::<Stale>("on_stale", words::STALE))
            .map_or(OnStale::Keep, |stale| stale.0),
    };
    if let Some(section) = section {
        if dates.refresh_by_ms > dates.expires_ms {
            section.mistake(
                "refresh_by_days",
                say(
                    "không được sau expires_days",
                    "must not be after expires_days",
                ),
            );
        }
        section.finish();
    }
    dates
}

fn dayparts(top: &Section<'_>) -> Vec<Daypart> {
    let mut seen = BTreeSet::new();
    top.sections("daypart")
        .into_iter()
        .filter_map(|section| {
            let id: Option<DaypartId> = section.required("id", words::AN_ID);
            if let Some(id) = &id
                && !seen.insert(id.clone())
            {
                section.mistake("id", say("id này đã dùng", "another daypart has this id"));
            }
            let (from, to) = (
                section.required("from", words::A_TIME),
                section.required("to", words::A_TIME),
            );
            if matches!((from, to), (Some(from), Some(to)) if from >= to) {
                section.mistake(
                    "to",
                    say(
                        "phải sau from; ca đêm là hai khung giờ",
                        "must be after from; a night is two dayparts",
                    ),
                );
            }
            let days = section
                .list::<DayCode>("days", words::WEEKDAYS)
                .into_iter()
                .map(|day| day.0)
                .collect();
            let (first_date, last_date) =
                (date(&section, "first_date"), date(&section, "last_date"));
            section.finish();
            Some(Daypart {
                id: id?,
                from: from?,
                to: to?,
                days,
                first_date,
                last_date,
            })
        })
        .collect()
}

/// A date that may be missing.
pub(super) fn date(section: &Section<'_>, key: &'static str) -> Option<CalendarDate> {
    let text: String = section.maybe(key, words::A_DATE)?;
    let date = local_date(&text).ok().map(CalendarDate);
    if date.is_none() {
        section.mistake(key, words::wanted(words::A_DATE));
    }
    date
}

fn playlists(
    top: &Section<'_>,
    items: &Items<'_>,
    known: (&LayoutPlan, &[Daypart]),
) -> Vec<PlaylistPlan> {
    let sections = top.sections("playlist");
    if sections.is_empty() {
        top.mistake(
            "playlist",
            say(
                "cần ít nhất một danh sách chiếu: [[playlist]]",
                "name at least one playlist: [[playlist]]",
            ),
        );
    }
    let mut seen = BTreeSet::new();
    sections
        .into_iter()
        .filter_map(|section| {
            let id = section.required("id", words::AN_ID);
            if let Some(id) = &id
                && !seen.insert(PlaylistId::clone(id))
            {
                section.mistake("id", say("id này đã dùng", "another playlist has this id"));
            }
            playlist(section, (id, items), known)
        })
        .collect()
}

fn playlist(
    section: Section<'_>,
    (id, items): (Option<PlaylistId>, &Items<'_>),
    (layout, dayparts): (&LayoutPlan, &[Daypart]),
) -> Option<PlaylistPlan> {
    let wanted: Vec<DaypartId> = section.list("dayparts", words::DAYPART);
    let unknown = |id: &&DaypartId| !dayparts.iter().any(|daypart| daypart.id == **id);
    if let Some(id) = wanted.iter().find(unknown) {
        section.mistake(
            "dayparts",
            say(
                &format!("không có [[daypart]] nào mang id {id}"),
                &format!("there is no [[daypart]] with the id {id}"),
            ),
        );
    }
    let zone = zone(&section, layout);
    let size = zone
        .as_ref()
        .and_then(|id| layout.zones.iter().find(|zone| zone.id == *id))
        .map_or((layout.width_px, layout.height_px), |zone| {
            (zone.width_px, zone.height_px)
        });
    let plan = items.read_all(section.sections("item"), size);
    if !section.has("item") {
        section.mistake(
            "item",
            say(
                "cần ít nhất một mục: [[playlist.item]]",
                "name at least one item: [[playlist.item]]",
            ),
        );
    }
    let priority = section.or("priority", words::PRIORITY, 0);
    let crossfade_ms = crossfade_ms(&section);
    section.finish();
    Some(PlaylistPlan {
        id: id?,
        zone: zone?,
        priority,
        dayparts: wanted,
        crossfade_ms,
        items: plan,
    })
}

/// The zone of a playlist; the only one, or `main`, where none is named.
fn zone(section: &Section<'_>, layout: &LayoutPlan) -> Option<ZoneId> {
    let named: Option<ZoneId> = section.maybe("zone", words::AN_ID);
    if section.has("zone") && named.is_none() {
        return None;
    }
    let usual = match layout.zones.as_slice() {
        [only] => Some(&only.id),
        several => several
            .iter()
            .map(|zone| &zone.id)
            .find(|id| id.as_str() == "main"),
    };
    let names: Vec<&str> = layout.zones.iter().map(|zone| zone.id.as_str()).collect();
    let found = match &named {
        Some(named) => layout
            .zones
            .iter()
            .map(|zone| &zone.id)
            .find(|id| *id == named),
        None => usual,
    };
    if found.is_none() {
        let names = names.join(", ");
        section.mistake(
            "zone",
            say(
                &format!("cần tên một vùng hiển thị: {names}"),
                &format!("expected the id of a zone: {names}"),
            ),
        );
    }
    found.cloned()
}

fn crossfade_ms(section: &Section<'_>) -> u32 {
    let ms: Option<u32> = section.maybe("crossfade_ms", words::CROSSFADE_MS);
    let seconds: Option<Crossfade> = section.maybe("crossfade_s", words::CROSSFADE_S);
    if section.has("crossfade_ms") && section.has("crossfade_s") {
        section.mistake(
            "crossfade_s",
            say(
                "dùng crossfade_ms hoặc crossfade_s, không dùng cả hai",
                "give either crossfade_ms or crossfade_s, not both",
            ),
        );
    }
    if ms.is_some_and(|ms| ms > MAX_CROSSFADE_MS) {
        section.mistake("crossfade_ms", words::wanted(words::CROSSFADE_MS));
    }
    ms.or(seconds.map(|seconds| seconds.0)).unwrap_or_default()
}

fn no_item_twice(notes: &Notes<'_>, programme: &Programme) {
    let mut seen: BTreeMap<&ItemId, &Place> = BTreeMap::new();
    for item in programme.items() {
        if let Some(first) = seen.insert(&item.id, &item.place) {
            notes.add(
                item.place.clone(),
                String::new(),
                say(
                    &format!("id {} đã dùng ở dòng {}", item.id, first.line),
                    &format!(
                        "the item id {} is used in line {} already",
                        item.id, first.line
                    ),
                ),
            );
        }
    }
}
