//! `cotmoc release show`: a release as people read it.

use super::document::Document;
use super::look::{self, Slides};
use super::lookup;
use super::schedule::{self, Days, Stretch};
use super::words;
use crate::api::Api;
use crate::chain::Chain;
use crate::desk::unverified_release;
use crate::media::MediaDir;
use crate::out::Out;
use crate::settings::{Settings, default_media_dir};
use crate::signing::{self, ClauseState};
use crate::table::Table;
use crate::{clock, format, text};
use anyhow::{Context as _, Result, bail};
use cotmoc_lookup::Content;
use cotmoc_proto::ChannelId;
use cotmoc_proto::envelope::Envelope;
use cotmoc_proto::playlist::{CalendarDate, Item};
use cotmoc_proto::release::Release;
use cotmoc_proto::slide::Slide;
use cotmoc_proto::trust::RoleName;
use cotmoc_proto::window::Day;
use jiff::civil::Date;
use std::collections::BTreeMap;

#[derive(Debug, clap::Args)]
pub struct DayArgs {
    /// The day to show, YYYY-MM-DD [default: today at the wall]
    #[arg(long, value_name = "DATE")]
    day: Option<String>,
}

impl DayArgs {
    fn date(&self, release: &Release) -> Result<Date> {
        match &self.day {
            Some(text) => Ok(CalendarDate::try_from(text.clone())?.0),
            None => Ok(release.window.zone.date(clock::now())),
        }
    }
}

pub async fn run(
    out: Out,
    settings: &Settings,
    (target, channel): (Option<String>, Option<ChannelId>),
    day: &DayArgs,
) -> Result<()> {
    let (document, api) = match (target, channel) {
        (Some(target), _) => (Document::open(settings, &target).await?, None),
        (None, Some(channel)) => {
            let api = Api::new(settings)?;
            (published(&api, &channel).await?, Some(api))
        }
        (None, None) => bail!("name a file, a draft or --channel"),
    };
    let release = &document.release;
    let date = day.date(release)?;
    head(out, release);
    let signed = match &settings.root {
        Some(_) => {
            let chain = Chain::load(settings, &[], api.as_ref()).await?;
            signing::clause_states(&document.envelope, chain.current(), RoleName::Release)
        }
        None => Vec::new(),
    };
    signatures(out, &signed);
    look::show(out, release);
    items(out, release);
    let slides = slides(out, settings, (release, api)).await;
    look::show_slides(out, release, &slides);
    let content = lookup_content(out, settings, release).await;
    lookup::show(out, release, content.as_ref());
    let days = schedule::date(release, date);
    programme(out, release, &days);
    let slides: BTreeMap<String, &Slide> = slides
        .iter()
        .map(|(digest, slide)| (digest.to_string(), slide))
        .collect();
    out.document(&serde_json::json!({
        "payload_sha256": document.digest(),
        "clauses": signed,
        "release": release,
        "slides": slides,
        "days": days,
    }))?;
    Ok(())
}

async fn lookup_content(out: Out, settings: &Settings, release: &Release) -> Option<Content> {
    let folder = MediaDir::open(default_media_dir()).ok()?;
    let api = Api::new(settings).ok();
    lookup::content(out, &folder, api.as_ref(), release.lookup.as_ref()).await
}

/// The text slides of the release that this computer or the controller has, every byte checked.
async fn slides(out: Out, settings: &Settings, (release, api): (&Release, Option<Api>)) -> Slides {
    let mut slides = Slides::new();
    let Ok(folder) = MediaDir::open(default_media_dir()) else {
        return slides;
    };
    let api = api.or_else(|| Api::new(settings).ok());
    for asset in release.assets() {
        if asset.mime != Slide::MIME {
            continue;
        }
        let verified = folder.verified(out, api.as_ref(), asset).await.ok();
        let slide = verified.and_then(|verified| look::read_slide(&verified.path));
        slides.extend(slide.map(|slide| (asset.sha256, slide)));
    }
    slides
}

/// What applies to the whole release.
pub fn head(out: Out, release: &Release) {
    let zone = &release.window.zone;
    let window = &release.window;
    let devices: Vec<&str> = release.devices.iter().map(|d| d.as_str()).collect();
    out.fact(text::CHANNEL, &release.channel);
    out.fact(text::VERSION, release.version);
    out.fact(text::DEVICES, devices.join(", "));
    out.fact(
        text::WINDOW,
        format_args!(
            "{}–{} {} (≥ {})",
            window.opens,
            window.closes,
            zone.name(),
            format::hours(window.quota_ms())
        ),
    );
    out.fact(
        words::CANVAS,
        format_args!(
            "{}×{} px",
            release.layout.width_px, release.layout.height_px
        ),
    );
    out.fact(text::ISSUED, format::date_time(zone, release.issued_ms));
    out.fact(text::EXPIRES, format::date_time(zone, release.expires_ms));
    out.fact(text::SIZE, format::bytes(release.media_bytes()));
    if !release.note.is_empty() {
        out.fact(text::NOTE, &release.note);
    }
}

/// Every item with where it stands.
pub fn items(out: Out, release: &Release) {
    let mut table = Table::new([
        out.words(text::PLAYLIST),
        out.words(text::ITEM),
        out.words(text::TITLE),
        out.words(text::LANGUAGES),
        out.words(text::LENGTH),
        out.words(text::DATES),
        out.words(text::SOURCE),
        "SHA-256".to_owned(),
    ]);
    for (place, item) in places(out, release) {
        table.row([
            place,
            item.id.to_string(),
            item.title.clone(),
            format::languages(&item.languages),
            format::length(item.duration_ms()),
            look::span(&release.window.zone, item.from_ms, item.to_ms),
            item.source.clone(),
            item.asset.sha256.short(),
        ]);
    }
    out.say("");
    out.table(&table);
}

/// What plays when.
pub fn programme(out: Out, release: &Release, days: &[Days]) {
    out.heading(text::PROGRAMME);
    let several = release.layout.zones.len() > 1;
    for same in days {
        let span = span(out, same);
        match several {
            true => out.say(format_args!(
                "{} {} · {span}",
                out.words(words::ZONE),
                same.zone
            )),
            false => out.say(span),
        }
        let mut table = Table::new([
            out.words(text::TIME),
            out.words(text::PLAYLIST),
            out.words(text::ITEM),
            out.words(text::TITLE),
            out.words(text::LENGTH),
            out.words(text::TIMES),
            out.words(text::AIRTIME),
        ]);
        for stretch in &same.stretches {
            stretch_rows(out, release, stretch, &mut table);
        }
        out.table(&table);
    }
}

fn span(out: Out, days: &Days) -> String {
    let name = |date: Date| {
        let weekday = out.words(format::weekday(Day::from(date.weekday())));
        format!("{weekday} {}", date.strftime("%d/%m/%Y"))
    };
    if days.first == days.last {
        return name(days.first);
    }
    format!("{} → {}", name(days.first), name(days.last))
}

fn stretch_rows(out: Out, release: &Release, stretch: &Stretch, table: &mut Table) {
    let zone = &release.window.zone;
    let from = format::time_of_day(zone, stretch.from_ms);
    let to = format::time_of_day(zone, stretch.to_ms);
    let playlist = match &stretch.playlist {
        Some(playlist) => playlist.to_string(),
        None => out.words(text::FALLBACK),
    };
    for (index, row) in stretch.rows.iter().enumerate() {
        let (time, playlist) = if index == 0 {
            (format!("{from}–{to}"), playlist.clone())
        } else {
            (String::new(), String::new())
        };
        let item = release.items().find(|item| item.id == row.item);
        table.row([
            time,
            playlist,
            row.item.to_string(),
            item.map(|item| item.title.clone()).unwrap_or_default(),
            format::length(item.map_or(0, Item::duration_ms)),
            row.times.to_string(),
            format::length(row.total_ms),
        ]);
    }
}

fn places(out: Out, release: &Release) -> Vec<(String, &Item)> {
    let listed = release.playlists.iter().flat_map(|playlist| {
        let first = Some(playlist.id.to_string());
        playlist.items.iter().enumerate().map(move |(index, item)| {
            let name = if index == 0 { first.clone() } else { None };
            (name.unwrap_or_default(), item)
        })
    });
    let templates = release
        .templates
        .iter()
        .map(|item| (out.words(text::TEMPLATE), item));
    let spoken = release
        .announcements
        .iter()
        .map(|one| (out.words(words::ANNOUNCEMENT), &one.item));
    listed
        .chain([(out.words(text::FALLBACK), &release.fallback)])
        .chain(templates)
        .chain(spoken)
        .collect()
}

fn signatures(out: Out, states: &[ClauseState]) {
    if states.is_empty() {
        return out.say(out.words(text::SIGNATURES_UNCHECKED));
    }
    for state in states {
        let names: Vec<&str> = state.signed.iter().map(|holder| holder.as_str()).collect();
        let names = if names.is_empty() {
            "–".to_owned()
        } else {
            names.join(", ")
        };
        out.fact(
            text::SIGNED_BY,
            format_args!("{} ({})", names, state.clause),
        );
    }
}

async fn published(api: &Api, channel: &ChannelId) -> Result<Document> {
    let bytes = api.release(channel).await?;
    let bytes = bytes.with_context(|| format!("channel {channel} has no release yet"))?;
    let envelope = Envelope::parse(&bytes).context("the controller's release is damaged")?;
    let release = unverified_release(&envelope)?;
    Ok(Document {
        envelope,
        release,
        file: None,
    })
}
