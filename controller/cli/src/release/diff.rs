//! Resolver: the difference between two releases, field by field, so that nothing a signer should
//! see can hide.

use super::look;
use crate::format;
use crate::out::Out;
use crate::table::Table;
use crate::text;
use cotmoc_proto::layout::Overlay;
use cotmoc_proto::media::Asset;
use cotmoc_proto::playlist::{Daypart, Item};
use cotmoc_proto::release::Release;
use cotmoc_proto::time::{HOUR, MINUTE, Millis, TimeMs};
use cotmoc_proto::window::Zone;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// For example `item quoc-ky · title`.
    pub what: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// What `new` changes. Version, previous digest and the date of issue differ always and are left
/// out.
pub fn changes(old: Option<&Release>, new: &Release) -> Vec<Change> {
    let before = old.map(facts).unwrap_or_default();
    let after = facts(new);
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    names
        .into_iter()
        .filter(|name| before.get(*name) != after.get(*name))
        .map(|name| Change {
            what: name.clone(),
            before: before.get(name).cloned(),
            after: after.get(name).cloned(),
        })
        .collect()
}

/// Shows the changes; a first release has nothing to differ from.
pub fn show(out: Out, has_old: bool, changes: &[Change]) {
    out.heading(text::CHANGES);
    if !has_old {
        return out.say(out.words(text::FIRST_RELEASE));
    }
    if changes.is_empty() {
        return out.say(out.words(text::NO_CHANGES));
    }
    let mut table = Table::new([
        out.words(text::CHANGE),
        out.words(text::WHAT),
        out.words(text::BEFORE),
        out.words(text::AFTER),
    ]);
    for change in changes {
        let kind = match (&change.before, &change.after) {
            (None, _) => text::ADDED,
            (Some(_), None) => text::REMOVED,
            (Some(_), Some(_)) => text::CHANGED,
        };
        let cell = |value: &Option<String>| value.clone().unwrap_or_else(|| "–".to_owned());
        table.row([
            out.words(kind),
            change.what.clone(),
            cell(&change.before),
            cell(&change.after),
        ]);
    }
    out.table(&table);
}

/// Everything a release says, by name.
fn facts(release: &Release) -> BTreeMap<String, String> {
    let zone = &release.window.zone;
    let mut facts = general(release);
    facts.extend(on_the_wall(release));
    facts.extend(overlays(release));
    facts.extend(plans(release));
    for playlist in &release.playlists {
        let place = format!("playlist {}", playlist.id);
        let parts: Vec<&str> = playlist.dayparts.iter().map(|id| id.as_str()).collect();
        let when = if parts.is_empty() {
            "always".to_owned()
        } else {
            parts.join(", ")
        };
        let order: Vec<&str> = playlist.items.iter().map(|item| item.id.as_str()).collect();
        facts.insert(
            place.clone(),
            format!(
                "zone {}, priority {}, {when}, crossfade {}",
                playlist.zone,
                playlist.priority,
                look::crossfade(playlist)
            ),
        );
        facts.insert(format!("{place} · order"), order.join(", "));
        for one in &playlist.items {
            item(&mut facts, zone, one, &place);
        }
    }
    item(&mut facts, zone, &release.fallback, "fallback");
    for one in &release.templates {
        item(&mut facts, zone, one, "template");
    }
    for one in &release.announcements {
        item(&mut facts, zone, &one.item, "announcement");
        let name = format!("announcement {} · times", one.item.id);
        facts.insert(name, look::heard(one));
    }
    if let Some(part) = &release.lookup {
        facts.insert("lookup · content".to_owned(), media(&part.content));
        for asset in &part.media {
            let name = format!("lookup · media {}", asset.sha256.short());
            facts.insert(name, media(asset));
        }
    }
    facts
}

fn general(release: &Release) -> BTreeMap<String, String> {
    let window = &release.window;
    let times = format!(
        "{}–{} {}, quota {} min",
        window.opens,
        window.closes,
        window.zone.name(),
        window.quota_min
    );
    let hours = |ms: Millis| format!("{} h {:02}", ms / HOUR, ms % HOUR / MINUTE);
    let from_issue = |at: TimeMs| hours(at.since(release.issued_ms));
    let on_stale = format!("{:?}", release.on_stale).to_lowercase();
    [
        ("channel", format!("{}/{}", release.site, release.channel)),
        ("epoch", release.epoch.to_string()),
        ("window", times),
        ("dates · refresh by", from_issue(release.refresh_by_ms)),
        ("dates · expires", from_issue(release.expires_ms)),
        ("dates · offline grace", hours(release.offline_grace_ms)),
        ("dates · on stale", on_stale),
        ("lifts takedown", release.lifts_takedown.to_string()),
        ("note", release.note.clone()),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect()
}

fn on_the_wall(release: &Release) -> impl Iterator<Item = (String, String)> {
    let layout = &release.layout;
    let canvas = format!(
        "{}×{} px, zones {}",
        layout.width_px,
        layout.height_px,
        layout.zones.len()
    );
    let devices = release
        .devices
        .iter()
        .map(|device| (format!("device {device}"), "✓".to_owned()));
    let zones = layout.zones.iter().map(|zone| {
        let place = format!(
            "{}×{} at {},{}",
            zone.width_px, zone.height_px, zone.x_px, zone.y_px
        );
        (format!("zone {}", zone.id), place)
    });
    let dayparts = release
        .dayparts
        .iter()
        .map(|part| (format!("daypart {}", part.id), daypart(part)));
    [("layout".to_owned(), canvas)]
        .into_iter()
        .chain(devices)
        .chain(zones)
        .chain(dayparts)
}

fn overlays(release: &Release) -> BTreeMap<String, String> {
    let zone = &release.window.zone;
    let mut facts = BTreeMap::new();
    for (index, overlay) in release.layout.overlays.iter().enumerate() {
        let name = match overlay {
            Overlay::Ticker(_) => format!("overlay {} ticker", index + 1),
            Overlay::Clock(_) => format!("overlay {} clock", index + 1),
            Overlay::Logo(logo) => {
                let name = format!("overlay {} logo", index + 1);
                facts.insert(format!("{name} · media"), media(&logo.asset));
                name
            }
        };
        for (at, message) in look::ticker(overlay)
            .iter()
            .flat_map(|t| &t.messages)
            .enumerate()
        {
            let languages = format::languages(&[message.language]);
            let span = look::span(zone, message.from_ms, message.to_ms);
            let said = format!("{} ({languages}, {span})", message.text);
            facts.insert(format!("{name} · message {}", at + 1), said);
        }
        facts.insert(format!("{name} · place"), look::area(overlay.area()));
        facts.insert(format!("{name} · style"), look::overlay_style(overlay));
    }
    facts
}

fn plans(release: &Release) -> Vec<(String, String)> {
    let sound = &release.sound;
    let mut facts = vec![
        ("sound · target".to_owned(), look::lufs(sound.target_mlufs)),
        (
            "sound · duck".to_owned(),
            format!("{} %", sound.duck_percent),
        ),
    ];
    if !sound.volume.is_empty() {
        facts.push(("sound · volume".to_owned(), look::volume(release)));
    }
    for step in &release.light.steps {
        let light = format!(
            "brightness {} %, gamma {} %",
            step.brightness_percent, step.gamma_percent
        );
        facts.push((format!("light · {}", step.from), light));
    }
    facts
}

fn daypart(part: &Daypart) -> String {
    let days = match look::days(&part.days) {
        days if days.is_empty() => "every day".to_owned(),
        days => days,
    };
    let span = look::dates(part.first_date, part.last_date);
    format!("{}–{} {days}{span}", part.from, part.to)
}

fn item(facts: &mut BTreeMap<String, String>, zone: &Zone, item: &Item, place: &str) {
    let name = format!("item {}", item.id);
    let time = |at: Option<_>| at.map(|at| zone.format(at));
    let fields = [
        ("in", Some(place.to_owned())),
        ("title", Some(item.title.clone())),
        ("languages", Some(format::languages(&item.languages))),
        ("source", Some(item.source.clone())),
        ("credit", Some(item.credit.clone())),
        ("media", Some(media(&item.asset))),
        ("length", Some(format::length(item.duration_ms()))),
        ("from", time(item.from_ms)),
        ("to", time(item.to_ms)),
    ];
    for (field, value) in fields {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            facts.insert(format!("{name} · {field}"), value);
        }
    }
}

fn media(asset: &Asset) -> String {
    let loudness = asset.loudness.map_or_else(String::new, |loudness| {
        let peak = look::lufs(loudness.true_peak_mdbtp).replace("LUFS", "dBTP");
        format!(", {}, {peak}", look::lufs(loudness.integrated_mlufs))
    });
    format!(
        "{} {} {} ({} chunks of {}, {}{loudness})",
        asset.mime.as_str(),
        format::bytes(asset.size_bytes),
        asset.sha256,
        asset.chunk_count(),
        asset.chunk_bytes,
        asset.chunks_sha256
    )
}
