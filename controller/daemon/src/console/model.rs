//! What the page shows, ready to be written.

use super::frame::Frame;
use super::incidents::{self, Line};
use super::words::{self, Words, words};
use crate::app::App;
use crate::clock;
use crate::http::ApiResult;
use crate::overview::{DeviceView, overview};
use crate::published::Board;
use crate::status::{self, OFFLINE_AFTER_MS, Outlook, outlook};
use crate::store::{DeviceState, RecordKind, RecordQuery, RecordRow};
use askama::Template;
use cotmoc_proto::TimeMs;
use cotmoc_proto::device::{RecordBody, ScreenStatus, Showing};
use cotmoc_proto::time::Millis;
use cotmoc_proto::window::{OperatingWindow, Zone};
use serde::Deserialize as _;

const EVENTS: u32 = 20;
/// Length of the bar for the time on air, in its own units.
const BAR: i64 = 240;
const DETAIL_CHARS: usize = 160;

#[derive(Debug, Template)]
#[template(path = "status.html")]
pub(super) struct Page {
    frame: Frame,
    counts: Vec<Count>,
    /// What somebody must still do something about.
    incidents: Vec<Line>,
    walls: Vec<Wall>,
    channels: Vec<Channel>,
    events: Vec<Event>,
}

/// How many walls have one status.
#[derive(Debug)]
struct Count {
    number: usize,
    tone: &'static str,
    label: Words,
}

#[derive(Debug)]
struct Wall {
    name: String,
    channel: String,
    tone: &'static str,
    status: Words,
    /// Whether what is shown is only what was last heard.
    is_old: bool,
    showing: Vec<Shown>,
    bar: Option<Bar>,
    last_seen: Option<Moment>,
    clock: Option<Words>,
    clock_tone: &'static str,
    release: Words,
    release_tone: &'static str,
}

#[derive(Debug)]
struct Shown {
    what: Words,
    since: String,
}

#[derive(Debug)]
struct Moment {
    at: String,
    ago: Words,
}

/// Time on air against the quota.
#[derive(Debug)]
struct Bar {
    filled: i64,
    quota_at: i64,
    length: i64,
    tone: &'static str,
    on_air: Words,
    quota: Words,
    outlook: Words,
}

#[derive(Debug)]
struct Channel {
    name: String,
    release: Option<ReleaseLine>,
    takedowns: usize,
    /// The template on every wall, and since when, by order of a duty officer.
    template: Option<Shown>,
}

#[derive(Debug)]
struct ReleaseLine {
    version: u64,
    published: String,
    expires: String,
    note: String,
    window: String,
    devices: String,
    items: usize,
}

#[derive(Debug)]
struct Event {
    at: String,
    device: String,
    tone: &'static str,
    what: Words,
    detail: String,
}

/// The page as of now.
pub(super) async fn page(app: &App) -> ApiResult<Page> {
    let now = clock::now();
    let zone = OperatingWindow::default().zone;
    let query = RecordQuery {
        kind: RecordKind::Event,
        device: None,
        after: None,
        span: None,
        limit: EVENTS,
    };
    let events = app.store.records(query).await?;
    let mut views = overview(app);
    // Whatever needs somebody stands first.
    views.sort_by_key(|view| std::cmp::Reverse(view.status.map_or(0, status::gravity)));
    let published = app.published();
    Ok(Page {
        frame: Frame::new(words("Màn hình", "Status of the walls"), app, None),
        counts: counts(&views),
        incidents: incidents::lines(&*app.desk.lock().await, &zone, now),
        walls: views.iter().map(|view| wall(view, &zone, now)).collect(),
        channels: published
            .channels
            .values()
            .map(|board| channel(board, &zone, now))
            .collect(),
        events: events.iter().rev().map(|row| event(row, &zone)).collect(),
    })
}

fn counts(views: &[DeviceView]) -> Vec<Count> {
    [
        ScreenStatus::OnAir,
        ScreenStatus::IntegrityFault,
        ScreenStatus::OfflineShouldBeOnAir,
        ScreenStatus::OnlineNotLit,
        ScreenStatus::ClockUntrusted,
        ScreenStatus::Degraded,
        ScreenStatus::StandbyByPlan,
    ]
    .into_iter()
    .map(|status| Count {
        number: views.iter().filter(|v| v.status == Some(status)).count(),
        tone: words::tone(status),
        label: words(status.vi(), status.en()),
    })
    .filter(|count| count.number > 0)
    .collect()
}

fn wall(view: &DeviceView, zone: &Zone, now: TimeMs) -> Wall {
    let (tone, status) = match (view.row.state, view.status) {
        (DeviceState::Pending, _) => ("rest", words("chờ đăng ký", "waiting for enrolment")),
        (DeviceState::Revoked, _) => ("rest", words("đã thu hồi", "revoked")),
        (DeviceState::Active, Some(status)) => {
            (words::tone(status), words(status.vi(), status.en()))
        }
        (DeviceState::Active, None) => ("rest", words("không rõ", "unknown")),
    };
    let seen = view.seen.as_deref();
    let shown = seen.into_iter().flat_map(|seen| &seen.heartbeat.screens);
    Wall {
        name: view.row.device.to_string(),
        channel: view.row.channel.to_string(),
        tone,
        status,
        is_old: seen.is_none_or(|seen| now.since(seen.last_seen_ms) > OFFLINE_AFTER_MS),
        showing: shown
            .flat_map(|report| &report.showing)
            .map(|showing| shown_line(showing, zone))
            .collect(),
        bar: (view.row.state == DeviceState::Active).then(|| bar(view, now)),
        last_seen: seen.map(|seen| Moment {
            at: zone.format(seen.last_seen_ms),
            ago: words::ago(now.since(seen.last_seen_ms)),
        }),
        clock: view.clock().map(words::clock),
        clock_tone: match view.clock() {
            Some(cotmoc_proto::device::ClockQuality::Untrusted) => "warn",
            Some(_) | None => "plain",
        },
        release: words::release(view.running, view.published),
        release_tone: if view.running == view.published || view.row.state != DeviceState::Active {
            "plain"
        } else {
            "warn"
        },
    }
}

fn shown_line(showing: &Showing, zone: &Zone) -> Shown {
    let since_ms = match showing {
        Showing::Dark { since_ms }
        | Showing::Item { since_ms, .. }
        | Showing::Template { since_ms, .. }
        | Showing::Fallback { since_ms, .. }
        | Showing::Factory { since_ms, .. } => *since_ms,
    };
    Shown {
        what: words::showing(showing),
        since: zone.format(since_ms),
    }
}

fn bar(view: &DeviceView, now: TimeMs) -> Bar {
    let date = view.window.zone.date(now);
    let (opens, closes) = view.window.on(date);
    let whole = closes.since(opens).max(view.quota_ms).max(1);
    let at = |length: Millis| length.clamp(0, whole) * BAR / whole;
    let (tone, outlook) = match outlook(view.on_air_today_ms, &view.window, now) {
        Outlook::Met => ("good", words("đã đủ giờ", "quota met")),
        Outlook::InReach => ("rest", words("còn đạt được", "within reach")),
        Outlook::OutOfReach => ("bad", words("không thể đủ giờ", "out of reach today")),
    };
    Bar {
        filled: at(view.on_air_today_ms),
        quota_at: at(view.quota_ms),
        length: BAR,
        tone,
        on_air: words::hours(view.on_air_today_ms),
        quota: words::hours(view.quota_ms),
        outlook,
    }
}

fn channel(board: &Board, zone: &Zone, now: TimeMs) -> Channel {
    Channel {
        name: board.row.channel.to_string(),
        release: board.newest.as_ref().map(|issued| {
            let release = &issued.document;
            let devices: Vec<_> = release.devices.iter().map(ToString::to_string).collect();
            ReleaseLine {
                version: release.version,
                published: zone.format(issued.row.published_ms),
                expires: zone.format(release.expires_ms),
                note: release.note.clone(),
                window: format!("{}–{}", release.window.opens, release.window.closes),
                devices: devices.join(", "),
                items: release.playlists.iter().map(|p| p.items.len()).sum(),
            }
        }),
        takedowns: board.takedowns.len(),
        template: board.showing(now).map(|issued| Shown {
            what: words::order(&issued.document),
            since: zone.format(issued.row.published_ms),
        }),
    }
}

fn event(row: &RecordRow, zone: &Zone) -> Event {
    let (tone, what, detail) = match RecordBody::deserialize(&row.body) {
        Ok(RecordBody::Event(event)) => {
            let (what, tone) = words::event(&event.kind);
            let detail: Vec<_> = event
                .detail
                .iter()
                .filter(|(key, _)| !key.ends_with("sha256"))
                .map(|(key, value)| format!("{key}: {value}"))
                .collect();
            (tone, what, detail.join(" · "))
        }
        Ok(RecordBody::Aired(_) | RecordBody::OnAir(_) | RecordBody::Receipt(_)) | Err(_) => {
            ("rest", words("Không đọc được", "unreadable"), String::new())
        }
    };
    Event {
        at: zone.format(row.wall_ms),
        device: row
            .device
            .as_ref()
            .map_or_else(|| "—".to_owned(), ToString::to_string),
        tone,
        what,
        detail: detail.chars().take(DETAIL_CHARS).collect(),
    }
}
