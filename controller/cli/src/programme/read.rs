//! From the text of a programme to a programme, or to the list of its mistakes.

use super::mistake::Place;
use super::reader::{Notes, Section};
use super::values::{DayCode, LanguageCode, LocalTime, Seconds, Stale, local_date};
use super::{Dates, ItemPlan, MediaRef, PlaylistPlan, Programme};
use cotmoc_proto::layout::Layout;
use cotmoc_proto::playlist::{CalendarDate, Daypart};
use cotmoc_proto::release::OnStale;
use cotmoc_proto::time::{DAY, Millis, TimeMs};
use cotmoc_proto::window::{OperatingWindow, Zone};
use cotmoc_proto::{DaypartId, ItemId, PlaylistId, ZoneId};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use toml::de::DeTable;

const AN_ID: &str = "1 to 64 letters, digits, '.', '_' or '-' (no spaces, no marks)";
const A_LOCAL_TIME: &str = "a local date and time such as \"2026-11-24 07:00\"";
const A_DATE: &str = "a date such as \"2026-11-24\"";
const A_TIME: &str = "a time such as \"07:00\", \"24:00\" for the end of the day";

/// Reads a programme; paths in it are relative to `folder`. What is wrong is noted in `notes`;
/// `None` if too much is wrong to go on.
pub fn read<'t>(notes: &'t Notes<'t>, table: &'t DeTable<'t>, folder: &Path) -> Option<Programme> {
    let top = Section::top(notes, table);
    let window = window(&top);
    let items = Items {
        folder,
        zone: window.zone.clone(),
    };
    let channel = top.required("channel", AN_ID);
    let devices = top.list("devices", "names of walls such as \"W01\"");
    if devices.is_empty() {
        top.mistake("devices", "name at least one wall, such as [\"W01\"]");
    }
    let dayparts = dayparts(&top);
    let playlists = playlists(&top, &items, &dayparts);
    let fallback = top.section("fallback").map(|section| items.read(section));
    if !top.has("fallback") {
        top.mistake(
            "fallback",
            "missing; the slide that shows when nothing else can: [fallback]",
        );
    }
    let templates = items.read_all(top.sections("template"));
    let (note, layout, dates) = (top.text("note"), layout(&top), dates(&top));
    let lift_takedowns = top
        .maybe("lift_takedowns", "true or false")
        .unwrap_or(false);
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
        .maybe::<String>("zone", "a time zone such as \"Asia/Ho_Chi_Minh\"")
        .and_then(|name| {
            let zone = Zone::try_from(name).ok();
            if zone.is_none() {
                section.mistake(
                    "zone",
                    "not in the IANA database; such as \"Asia/Ho_Chi_Minh\"",
                );
            }
            zone
        });
    let window = OperatingWindow {
        zone: zone.unwrap_or(usual.zone),
        opens: section.maybe("opens", A_TIME).unwrap_or(usual.opens),
        closes: section.maybe("closes", A_TIME).unwrap_or(usual.closes),
        quota_min: section
            .maybe(
                "quota_min",
                "minutes on air that are due per day, such as 840",
            )
            .unwrap_or(usual.quota_min),
    };
    if let Some(defect) = window.defect() {
        section.mistake("quota_min", defect);
    }
    section.finish();
    window
}

fn layout(top: &Section<'_>) -> Layout {
    let Some(section) = top.section("layout") else {
        return Layout::full_screen(1920, 1080);
    };
    let edge = |key| section.required(key, "pixels, such as 1920");
    let (width, height) = (edge("width_px"), edge("height_px"));
    let layout = Layout::full_screen(width.unwrap_or(1920), height.unwrap_or(1080));
    if let Some(defect) = layout.defect() {
        section.mistake("width_px", format!("{defect}; expected 16 to 16384 px"));
    }
    section.finish();
    layout
}

fn dates(top: &Section<'_>) -> Dates {
    let section = top.section("dates");
    let days = |key, usual: u32| -> Millis {
        let days = section
            .as_ref()
            .and_then(|section| section.maybe(key, "a number of days"));
        Millis::from(days.unwrap_or(usual)).saturating_mul(DAY)
    };
    let dates = Dates {
        refresh_by_ms: days("refresh_by_days", 7),
        expires_ms: days("expires_days", 30),
        offline_grace_ms: days("offline_grace_days", 14),
        on_stale: section
            .as_ref()
            .and_then(|section| section.maybe::<Stale>("on_stale", "\"keep\" or \"fallback\""))
            .map_or(OnStale::Keep, |stale| stale.0),
    };
    if let Some(section) = section {
        if dates.refresh_by_ms > dates.expires_ms {
            section.mistake("refresh_by_days", "must not be after expires_days");
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
            let id: Option<DaypartId> = section.required("id", AN_ID);
            if let Some(id) = &id
                && !seen.insert(id.clone())
            {
                section.mistake("id", "another daypart has this id");
            }
            let (from, to) = (
                section.required("from", A_TIME),
                section.required("to", A_TIME),
            );
            if matches!((from, to), (Some(from), Some(to)) if from >= to) {
                section.mistake("to", "must be after from; a night is two dayparts");
            }
            let days = section
                .list::<DayCode>("days", "a day: mon tue wed thu fri sat sun, or t2 … t7 cn")
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

fn date(section: &Section<'_>, key: &'static str) -> Option<CalendarDate> {
    let text: String = section.maybe(key, A_DATE)?;
    let date = local_date(&text).ok().map(CalendarDate);
    if date.is_none() {
        section.mistake(key, format!("expected {A_DATE}"));
    }
    date
}

fn playlists(top: &Section<'_>, items: &Items<'_>, dayparts: &[Daypart]) -> Vec<PlaylistPlan> {
    let sections = top.sections("playlist");
    if sections.is_empty() {
        top.mistake("playlist", "name at least one playlist: [[playlist]]");
    }
    let mut seen = BTreeSet::new();
    sections
        .into_iter()
        .filter_map(|section| {
            let id = section.required("id", AN_ID);
            if let Some(id) = &id
                && !seen.insert(PlaylistId::clone(id))
            {
                section.mistake("id", "another playlist has this id");
            }
            let wanted: Vec<DaypartId> = section.list("dayparts", "the id of a daypart");
            let unknown = |id: &&DaypartId| !dayparts.iter().any(|daypart| daypart.id == **id);
            if let Some(id) = wanted.iter().find(unknown) {
                section.mistake(
                    "dayparts",
                    format!("there is no [[daypart]] with the id {id}"),
                );
            }
            let plan = items.read_all(section.sections("item"));
            if !section.has("item") {
                section.mistake("item", "name at least one item: [[playlist.item]]");
            }
            let zone: Option<ZoneId> = section.maybe("zone", AN_ID);
            let priority = section.maybe("priority", "a whole number; the highest plays first");
            section.finish();
            Some(PlaylistPlan {
                id: id?,
                zone: zone.unwrap_or_else(|| "main".parse().expect("`main` is an identifier")),
                priority: priority.unwrap_or_default(),
                dayparts: wanted,
                items: plan,
            })
        })
        .collect()
}

/// What reading an item needs to know.
struct Items<'f> {
    folder: &'f Path,
    zone: Zone,
}

impl Items<'_> {
    fn read_all(&self, sections: Vec<Section<'_>>) -> Vec<ItemPlan> {
        sections
            .into_iter()
            .filter_map(|section| self.read(section))
            .collect()
    }

    fn read(&self, section: Section<'_>) -> Option<ItemPlan> {
        let id = section.required("id", AN_ID);
        let (place, media) = self.media(&section).unzip();
        let title: Option<String> =
            section.required("title", "the title that people see in reports");
        let languages: Vec<_> = section
            .list::<LanguageCode>("languages", "vi, en, zh or none")
            .into_iter()
            .map(|code| code.0)
            .collect();
        if languages.is_empty() {
            section.mistake(
                "languages",
                "name the languages on the picture, such as [\"vi\", \"en\"]",
            );
        }
        let dur: Option<Seconds> = section.maybe("dur_s", "seconds from 0.5 to 86400, such as 10");
        let (from_ms, to_ms) = (self.time(&section, "from"), self.time(&section, "to"));
        if matches!((from_ms, to_ms), (Some(from), Some(to)) if from >= to) {
            section.mistake("to", "must be after from");
        }
        let (source, credit) = (section.text("source"), section.text("credit"));
        section.finish();
        Some(ItemPlan {
            place: place?,
            id: id?,
            media: media?,
            title: title?,
            languages,
            source,
            credit,
            dur_ms: dur.map(|seconds| seconds.0),
            from_ms,
            to_ms,
        })
    }

    fn time(&self, section: &Section<'_>, key: &'static str) -> Option<TimeMs> {
        let time: LocalTime = section.maybe(key, A_LOCAL_TIME)?;
        Some(time.in_zone(&self.zone))
    }

    fn media(&self, section: &Section<'_>) -> Option<(Place, MediaRef)> {
        let file: Option<PathBuf> = section.maybe("file", "a path beside this programme");
        let asset = section.maybe("sha256", "64 lower-case hexadecimal digits");
        match (section.has("file"), section.has("sha256")) {
            (true, false) => {
                let path = self.folder.join(file?);
                if path.is_file() {
                    return Some((section.place("file"), MediaRef::File(path)));
                }
                section.mistake("file", format!("there is no file {}", path.display()));
                None
            }
            (false, true) => Some((section.place("sha256"), MediaRef::Asset(asset?))),
            (true, true) => {
                section.mistake("sha256", "give either file or sha256, not both");
                None
            }
            (false, false) => {
                section.mistake("file", "missing; expected a path beside this programme");
                None
            }
        }
    }
}

fn no_item_twice(notes: &Notes<'_>, programme: &Programme) {
    let mut seen: BTreeMap<&ItemId, &Place> = BTreeMap::new();
    for item in programme.items() {
        if let Some(first) = seen.insert(&item.id, &item.place) {
            notes.add(
                item.place.clone(),
                String::new(),
                format!(
                    "the item id {} is used in line {} already",
                    item.id, first.line
                ),
            );
        }
    }
}
