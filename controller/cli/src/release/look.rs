//! How a release looks and sounds, word by word and step by step, for those who sign it.

use super::sketch;
use super::words;
use crate::out::Out;
use crate::table::Table;
use crate::{format, text};
use cotmoc_proto::layout::{ClockFormat, Message, Overlay, Ticker};
use cotmoc_proto::plan::Announcement;
use cotmoc_proto::playlist::{CalendarDate, Playlist};
use cotmoc_proto::release::Release;
use cotmoc_proto::slide::Slide;
use cotmoc_proto::style::{Area, Backing, TextStyle, Typeface};
use cotmoc_proto::time::{Millis, TimeMs};
use cotmoc_proto::window::{Day, DayTime, Zone};
use cotmoc_proto::{Digest, layout};
use std::collections::BTreeMap;
use std::path::Path;

/// The text slides of a release, as far as their bytes are on this computer.
pub type Slides = BTreeMap<Digest, Slide>;

/// Layout, tickers, sound, light and announcements.
pub fn show(out: Out, release: &Release) {
    let is_plain = release.layout.overlays.is_empty() && release.layout.zones.len() == 1;
    if !is_plain {
        show_layout(out, release);
    }
    show_tickers(out, release);
    show_sound(out, release);
    show_light(out, release);
    show_announcements(out, release);
}

/// A slide of the release, from its checked file.
pub fn read_slide(path: &Path) -> Option<Slide> {
    Slide::parse(&std::fs::read(path).ok()?).ok()
}

/// Every word of every text slide.
pub fn show_slides(out: Out, release: &Release, slides: &Slides) {
    let items: Vec<_> = release
        .items()
        .filter(|item| item.asset.mime == Slide::MIME)
        .collect();
    if items.is_empty() {
        return;
    }
    out.heading(words::SLIDES);
    for item in items {
        out.say(format_args!("{} · {}", item.id, item.title));
        match slides.get(&item.digest()) {
            None => out.say(format_args!("    {}", out.words(words::SLIDE_NOT_HERE))),
            Some(slide) => {
                let lines = slide.blocks.iter().flat_map(|block| block.text.lines());
                lines.for_each(|line| out.say(format_args!("    {line}")));
            }
        }
    }
}

fn show_layout(out: Out, release: &Release) {
    out.heading(words::LOOK);
    for line in sketch::lines(&release.layout) {
        out.say(format_args!("  {line}"));
    }
    let mut zones = Table::new([
        out.words(words::ZONE),
        out.words(words::AREA),
        out.words(text::PLAYLIST),
        out.words(words::CROSSFADE),
    ]);
    for zone in &release.layout.zones {
        let lists: Vec<&Playlist> = release
            .playlists
            .iter()
            .filter(|list| list.zone == zone.id)
            .collect();
        let names: Vec<&str> = lists.iter().map(|list| list.id.as_str()).collect();
        let fades: Vec<String> = lists.iter().map(|list| crossfade(list)).collect();
        zones.row([
            zone.id.to_string(),
            area(zone.area()),
            names.join(", "),
            fades.join(", "),
        ]);
    }
    out.table(&zones);
    if release.layout.overlays.is_empty() {
        return;
    }
    let mut overlays = Table::new([
        out.words(words::OVERLAY),
        out.words(words::AREA),
        out.words(words::STYLE),
    ]);
    for overlay in &release.layout.overlays {
        let name = match overlay {
            Overlay::Ticker(_) => words::TICKER,
            Overlay::Clock(_) => words::CLOCK,
            Overlay::Logo(_) => words::LOGO,
        };
        overlays.row([
            format!("{} {}", sketch::sign(overlay), out.words(name)),
            area(overlay.area()),
            overlay_style(overlay),
        ]);
    }
    out.say("");
    out.table(&overlays);
}

fn show_tickers(out: Out, release: &Release) {
    let tickers = release.layout.overlays.iter().filter_map(ticker);
    let messages: Vec<&Message> = tickers.flat_map(|ticker| &ticker.messages).collect();
    if messages.is_empty() {
        return;
    }
    out.heading(words::TICKERS);
    let mut table = Table::new([
        out.words(text::LANGUAGES),
        out.words(text::DATES),
        out.words(words::MESSAGE),
    ]);
    for message in messages {
        table.row([
            format::languages(&[message.language]),
            span(&release.window.zone, message.from_ms, message.to_ms),
            message.text.clone(),
        ]);
    }
    out.table(&table);
}

fn show_sound(out: Out, release: &Release) {
    let sound = &release.sound;
    if sound.is_default() && release.announcements.is_empty() {
        return;
    }
    out.heading(words::SOUND);
    out.fact(words::LOUDNESS_TARGET, lufs(sound.target_mlufs));
    out.fact(words::DUCK, format_args!("{} %", sound.duck_percent));
    if !sound.volume.is_empty() {
        out.fact(words::VOLUME, volume(release));
    }
}

fn show_light(out: Out, release: &Release) {
    if release.light.is_empty() {
        return;
    }
    out.heading(words::LIGHT);
    let mut table = Table::new([
        out.words(words::FROM),
        out.words(words::BRIGHTNESS),
        out.words(words::GAMMA),
    ]);
    for step in &release.light.steps {
        table.row([
            step.from.to_string(),
            format!("{} %", step.brightness_percent),
            format!("{} %", step.gamma_percent),
        ]);
    }
    out.table(&table);
}

fn show_announcements(out: Out, release: &Release) {
    if release.announcements.is_empty() {
        return;
    }
    out.heading(words::ANNOUNCEMENTS);
    let mut table = Table::new([
        out.words(text::ITEM),
        out.words(text::TITLE),
        out.words(text::TIME),
        out.words(words::DAYS),
        out.words(text::LENGTH),
    ]);
    for one in &release.announcements {
        let mut on = days(&one.days);
        if on.is_empty() {
            on = out.words(words::ALWAYS);
        }
        table.row([
            one.item.id.to_string(),
            one.item.title.clone(),
            times(&one.times),
            format!("{on}{}", dates(one.first_date, one.last_date)),
            format::length(one.item.duration_ms()),
        ]);
    }
    out.table(&table);
}

/// A playlist's crossfade.
pub fn crossfade(list: &Playlist) -> String {
    match list.crossfade_ms {
        0 => "–".to_owned(),
        ms => format::length(Millis::from(ms)),
    }
}

/// The ticker that an overlay is.
pub const fn ticker(overlay: &Overlay) -> Option<&Ticker> {
    match overlay {
        Overlay::Ticker(ticker) => Some(ticker),
        Overlay::Clock(_) | Overlay::Logo(_) => None,
    }
}

/// How an overlay looks.
pub fn overlay_style(overlay: &Overlay) -> String {
    match overlay {
        Overlay::Ticker(layout::Ticker {
            style,
            backing,
            speed_px_per_s,
            ..
        }) => format!("{}, {speed_px_per_s} px/s", type_on(style, *backing)),
        Overlay::Clock(clock) => {
            let format = match clock.format {
                ClockFormat::Time => "07:00",
                ClockFormat::Seconds => "07:00:59",
                ClockFormat::Date => "23/11/2026",
                ClockFormat::Weekday => "Thứ Hai, 23/11/2026",
                ClockFormat::TimeAndDate => "07:00 · 23/11/2026",
            };
            format!("{}, “{format}”", type_on(&clock.style, clock.backing))
        }
        Overlay::Logo(logo) => {
            format!("{}, {} %", logo.asset.sha256.short(), logo.opacity_percent)
        }
    }
}

fn type_on(style: &TextStyle, backing: Backing) -> String {
    let face = match style.typeface {
        Typeface::Sans => "sans",
        Typeface::Serif => "serif",
    };
    let bold = if style.bold { " bold" } else { "" };
    format!(
        "{face}{bold} {} px {} / {} {} %",
        style.size_px, style.colour, backing.colour, backing.opacity_percent
    )
}

/// `1440×1000 @ 0,0`.
pub fn area(area: Area) -> String {
    let Area {
        x_px,
        y_px,
        width_px,
        height_px,
    } = area;
    format!("{width_px}×{height_px} @ {x_px},{y_px}")
}

/// A loudness: `-23 LUFS`.
pub fn lufs(mlufs: i32) -> String {
    let (whole, rest) = (mlufs.abs() / 1000, mlufs.abs() % 1000);
    let sign = if mlufs < 0 { "-" } else { "" };
    let fraction = format!("{rest:03}");
    match fraction.trim_end_matches('0') {
        "" => format!("{sign}{whole} LUFS"),
        fraction => format!("{sign}{whole}.{fraction} LUFS"),
    }
}

/// The steps of the volume: `07:00 60 %, 22:00 0 %`.
pub fn volume(release: &Release) -> String {
    let steps = release.sound.volume.iter();
    let steps: Vec<String> = steps
        .map(|step| format!("{} {} %", step.from, step.percent))
        .collect();
    steps.join(", ")
}

/// When an announcement is heard: `08:00, 16:30 mon fri, 2026-11-23 to …`.
pub fn heard(one: &Announcement) -> String {
    let on = match days(&one.days) {
        on if on.is_empty() => "every day".to_owned(),
        on => on,
    };
    let dates = dates(one.first_date, one.last_date);
    format!("{} {on}{dates}", times(&one.times))
}

fn times(times: &[DayTime]) -> String {
    let times: Vec<String> = times.iter().map(ToString::to_string).collect();
    times.join(", ")
}

/// Days of the week; empty: every day.
pub fn days(days: &[Day]) -> String {
    let days: Vec<String> = days
        .iter()
        .map(|day| format!("{day:?}").to_lowercase())
        .collect();
    days.join(" ")
}

/// Dates behind something: `, 2026-11-23 to …`.
pub fn dates(first: Option<CalendarDate>, last: Option<CalendarDate>) -> String {
    let date = |date: Option<CalendarDate>| date.map_or_else(|| "…".to_owned(), String::from);
    match (first, last) {
        (None, None) => String::new(),
        (first, last) => format!(", {} to {}", date(first), date(last)),
    }
}

/// From when to when something is shown.
pub fn span(zone: &Zone, from: Option<TimeMs>, to: Option<TimeMs>) -> String {
    let shown = |at| format::date_time(zone, at);
    match (from, to) {
        (None, None) => "–".to_owned(),
        (Some(from), None) => format!("≥ {}", shown(from)),
        (None, Some(to)) => format!("< {}", shown(to)),
        (Some(from), Some(to)) => format!("{} – {}", shown(from), shown(to)),
    }
}
