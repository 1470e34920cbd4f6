//! The page on which maintenance is announced and ended.

use super::frame::{Frame, Problem, written};
use super::session::{Nothing, Posted, SignedIn};
use super::words::{Words, words};
use crate::app::{App, Shared};
use crate::clock;
use crate::store::MaintenanceRow;
use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use cotmoc_controller_core::cluster::{About, Cluster};
use cotmoc_controller_core::maintenance::Maintenance;
use cotmoc_controller_core::role::Right;
use cotmoc_proto::time::{MINUTE, Millis};
use cotmoc_proto::window::{DayTime, OperatingWindow, Zone};
use cotmoc_proto::{ClusterId, TimeMs};
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Debug, Template)]
#[template(path = "maintenance.html")]
struct Page {
    frame: Frame,
    rows: Vec<Line>,
    clusters: Vec<(String, String)>,
    today: String,
    time: String,
}

#[derive(Debug)]
struct Line {
    id: u64,
    cluster: String,
    from: String,
    until: String,
    reason: String,
    by: String,
    state: Words,
    tone: &'static str,
    can_end: bool,
}

#[derive(Debug, Deserialize)]
struct Announced {
    cluster: String,
    date: String,
    time: String,
    minutes: String,
    reason: String,
}

pub(super) fn router() -> Router<Shared> {
    Router::new()
        .route("/maintenance", get(list).post(announce))
        .route("/maintenance/{id}/end", post(end))
}

async fn list(State(app): State<Shared>, who: SignedIn) -> Result<Response, Problem> {
    let (zone, now) = (OperatingWindow::default().zone, clock::now());
    let rows = app.store.maintenance(now).await?;
    let known = clusters(&app);
    let local = zone.format(now);
    Ok(written(&Page {
        rows: rows
            .iter()
            .map(|row| line(row, &known, &zone, now))
            .collect(),
        clusters: known
            .iter()
            .map(|(id, about)| (id.to_string(), about.full()))
            .collect(),
        today: local.chars().take(10).collect(),
        time: local.chars().skip(11).take(5).collect(),
        frame: Frame::new(words("Bảo trì", "Maintenance"), &app, Some(&who)),
    }))
}

async fn announce(
    State(app): State<Shared>,
    Posted { who, form }: Posted<Announced>,
) -> Result<Response, Problem> {
    who.need(Right::Maintain)?;
    let reason = form.reason.trim().to_owned();
    let known = form.cluster.parse::<ClusterId>().ok();
    let known = known.filter(|cluster| clusters(&app).contains_key(cluster));
    let span = span(&form, &OperatingWindow::default().zone);
    let (Some(cluster), Some((from_ms, until_ms)), false) = (known, span, reason.is_empty()) else {
        return Err(Problem::incomplete());
    };
    let now = clock::now();
    let maintenance = Maintenance {
        cluster,
        from_ms,
        until_ms,
        ended_ms: None,
    };
    let maintenance = maintenance.announced(now)?;
    let told = app
        .store
        .announce_maintenance(maintenance, (reason, who.label()), now);
    told.await?;
    app.desk
        .lock()
        .await
        .hear_of_maintenance(&app.store)
        .await?;
    Ok(Redirect::to("/maintenance").into_response())
}

async fn end(
    State(app): State<Shared>,
    Path(id): Path<u64>,
    Posted {
        who,
        form: Nothing {},
    }: Posted<Nothing>,
) -> Result<Response, Problem> {
    who.need(Right::Maintain)?;
    app.store
        .end_maintenance(id, who.label(), clock::now())
        .await?;
    app.desk
        .lock()
        .await
        .hear_of_maintenance(&app.store)
        .await?;
    Ok(Redirect::to("/maintenance").into_response())
}

/// Every cluster: those of the settings, and each other channel.
fn clusters(app: &App) -> BTreeMap<ClusterId, About> {
    let described = &app.settings.rules.clusters;
    let channels = app.published();
    let others = channels.channels.keys();
    let others = others.filter(|channel| !described.iter().any(|one| one.has(channel)));
    let others = others.map(Cluster::of_channel);
    let all = described.iter().cloned().chain(others);
    all.map(|one| (one.id, one.about)).collect()
}

/// What the form says, if it says it rightly.
fn span(form: &Announced, zone: &Zone) -> Option<(TimeMs, TimeMs)> {
    let from = moment(&form.date, &form.time, zone)?;
    let minutes: Millis = form.minutes.parse().ok()?;
    Some((from, from.plus(minutes.checked_mul(MINUTE)?)))
}

/// A local time as people write it: `23/11/2026` and `07:00`.
pub(super) fn moment(date: &str, time: &str, zone: &Zone) -> Option<TimeMs> {
    let (hour, minute) = time.trim().split_once(':')?;
    let time = DayTime::new(hour.parse().ok()?, minute.parse().ok()?)?;
    Some(zone.at(day(date)?, time))
}

/// A date as people write it: `23/11/2026`.
pub(super) fn day(text: &str) -> Option<jiff::civil::Date> {
    let mut date = text.trim().splitn(3, '/');
    let (day, month) = (date.next()?.parse().ok()?, date.next()?.parse().ok()?);
    jiff::civil::Date::new(date.next()?.parse().ok()?, month, day).ok()
}

fn line(
    row: &MaintenanceRow,
    known: &BTreeMap<ClusterId, About>,
    zone: &Zone,
    now: TimeMs,
) -> Line {
    let of = &row.maintenance;
    let (state, tone, can_end) = match of.ended_ms {
        Some(at) => (
            words(
                format!("kết thúc sớm lúc {}", zone.format(at)),
                "ended early",
            ),
            "rest",
            false,
        ),
        None if of.until_ms <= now => (words("đã qua", "over"), "rest", false),
        None if of.from_ms <= now => (words("đang diễn ra", "under way"), "warn", true),
        None => (words("sắp tới", "to come"), "rest", true),
    };
    Line {
        id: row.id,
        cluster: known
            .get(&of.cluster)
            .map_or_else(|| of.cluster.to_string(), About::full),
        from: zone.format(of.from_ms),
        until: zone.format(of.until_ms),
        reason: row.reason.clone(),
        by: row.by.clone(),
        state,
        tone,
        can_end,
    }
}
