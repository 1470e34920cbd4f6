//! `cotmoc status` and `cotmoc events`: what the walls do, as the controller heard it.

use crate::api::Api;
use crate::out::Out;
use crate::settings::Settings;
use crate::table::Table;
use crate::text::{self, Text};
use crate::{clock, format};
use anyhow::Result;
use cotmoc_proto::device::{EventKind, ScreenReport, ScreenStatus, Showing};
use cotmoc_proto::time::{MINUTE, Millis};
use cotmoc_proto::window::{OperatingWindow, Zone};
use cotmoc_proto::{ChannelId, DeviceId, TimeMs};
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Debug, clap::Args)]
pub struct EventArgs {
    /// Only of this device
    #[arg(long)]
    device: Option<DeviceId>,
    /// Only after the event with this number
    #[arg(long, value_name = "ID")]
    after: Option<u64>,
    /// At most so many
    #[arg(long, default_value_t = 50)]
    limit: u32,
}

#[derive(Debug, Deserialize)]
struct Walls {
    devices: Vec<Wall>,
}

#[derive(Debug, Deserialize)]
struct Wall {
    device: DeviceId,
    channel: ChannelId,
    state: String,
    status: Option<ScreenStatus>,
    last_seen_ms: Option<TimeMs>,
    report: Option<ScreenReport>,
    on_air_today_ms: Millis,
    quota_ms: Millis,
    #[serde(default)]
    release_published: u64,
}

#[derive(Debug, Deserialize)]
struct Events {
    events: Vec<EventRow>,
}

#[derive(Debug, Deserialize)]
struct EventRow {
    id: u64,
    #[serde(default)]
    device: Option<DeviceId>,
    wall_ms: TimeMs,
    body: EventBody,
}

/// A device's event stands in a record; what the controller noted itself stands bare.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum EventBody {
    Recorded { event: Event },
    Bare(Event),
}

#[derive(Debug, Deserialize)]
struct Event {
    kind: EventKind,
    #[serde(default)]
    detail: BTreeMap<String, String>,
}

/// `cotmoc status`
pub async fn walls(out: Out, settings: &Settings) -> Result<()> {
    let answer: serde_json::Value = Api::new(settings)?.get("/api/v1/status").await?;
    let walls = Walls::deserialize(&answer)?;
    let mut table = Table::new([
        out.words(text::DEVICE),
        out.words(text::CHANNEL),
        out.words(text::STATUS),
        out.words(text::SHOWING),
        out.words(text::ON_AIR),
        out.words(text::RELEASE),
        out.words(text::LAST_SEEN),
    ]);
    let now = clock::now();
    for wall in &walls.devices {
        table.row([
            wall.device.to_string(),
            wall.channel.to_string(),
            status(out, wall),
            showing(out, wall.report.as_ref()),
            on_air(wall),
            release(wall),
            wall.last_seen_ms
                .map_or_else(|| "–".to_owned(), |at| ago(out, now.since(at))),
        ]);
    }
    out.table(&table);
    Ok(out.document(&answer)?)
}

/// `cotmoc events`
pub async fn events(out: Out, settings: &Settings, args: &EventArgs) -> Result<()> {
    let mut path = format!("/api/v1/events?limit={}", args.limit);
    if let Some(device) = &args.device {
        path.push_str(&format!("&device={device}"));
    }
    if let Some(after) = args.after {
        path.push_str(&format!("&after={after}"));
    }
    let answer: serde_json::Value = Api::new(settings)?.get(&path).await?;
    let mut list = Events::deserialize(&answer)?.events;
    list.sort_by_key(|row| row.id);
    show_events(out, &OperatingWindow::default().zone, &list);
    Ok(out.document(&answer)?)
}

fn show_events(out: Out, zone: &Zone, list: &[EventRow]) {
    let mut table = Table::new([
        "#".to_owned(),
        out.words(text::AT),
        out.words(text::DEVICE),
        out.words(text::EVENT),
        out.words(text::DETAIL),
    ]);
    for row in list {
        let (EventBody::Recorded { event } | EventBody::Bare(event)) = &row.body;
        let detail: Vec<String> = event
            .detail
            .iter()
            .map(|(key, value)| format!("{key}={value}"))
            .collect();
        table.row([
            row.id.to_string(),
            zone.format(row.wall_ms),
            row.device
                .as_ref()
                .map_or_else(|| "–".to_owned(), ToString::to_string),
            what(out, &event.kind),
            detail.join(" "),
        ]);
    }
    out.table(&table);
}

/// The event in words, with its name, which searches and settings use.
fn what(out: Out, kind: &EventKind) -> String {
    let name = serde_json::to_value(kind).unwrap_or_default();
    let name = name.as_str().unwrap_or_default().to_owned();
    match kind.words() {
        Some((vi, en)) => format!("{} ({name})", out.words(Text { vi, en })),
        None => name,
    }
}

fn status(out: Out, wall: &Wall) -> String {
    match wall.status {
        Some(status) => out.words(Text {
            vi: status.vi(),
            en: status.en(),
        }),
        None => wall.state.clone(),
    }
}

fn showing(out: Out, report: Option<&ScreenReport>) -> String {
    let Some(report) = report else {
        return "–".to_owned();
    };
    let all: Vec<String> = report
        .showing
        .iter()
        .map(|showing| match showing {
            Showing::Dark { .. } => out.words(text::DARK),
            Showing::Item { title, .. } => title.clone(),
            Showing::Template { title, .. } => {
                format!("{}: {title}", out.words(text::TEMPLATE))
            }
            Showing::Fallback { reason, .. } => {
                format!("{} ({reason})", out.words(text::FALLBACK))
            }
            Showing::Factory { reason, .. } => {
                format!("{} ({reason})", out.words(text::FACTORY))
            }
        })
        .collect();
    all.join(", ")
}

fn on_air(wall: &Wall) -> String {
    format!(
        "{} / {}",
        format::hours(wall.on_air_today_ms),
        format::hours(wall.quota_ms)
    )
}

/// What runs, and what should if that is something else.
fn release(wall: &Wall) -> String {
    let running = wall.report.as_ref().map_or(0, |report| report.release);
    if running == wall.release_published {
        format!("v{running}")
    } else {
        format!("v{running} → v{}", wall.release_published)
    }
}

fn ago(out: Out, ms: Millis) -> String {
    let text = if ms < MINUTE {
        format!("{} s", (ms / 1000).max(0))
    } else {
        format::hours(ms)
    };
    format!("{text} {}", out.words(text::AGO))
}
