//! Drills: every way out is tried, by hand or once a day by itself, and what does not arrive is known.

use crate::app::Shared;
use crate::clock;
use crate::notices::{Facts, Occasion, Order};
use crate::settings::RouteSettings;
use crate::store::{MOST_NOTICES, NoticeState, StoreError};
use cotmoc_proto::TimeMs;
use cotmoc_proto::time::{MINUTE, Millis};
use cotmoc_proto::window::OperatingWindow;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// The recipient of a drill, whoever reads it.
const EVERYBODY: &str = "drill";
const TICK: Duration = Duration::from_secs(20);
/// How long the daily drill may take to arrive.
const PATIENCE: Millis = 30 * MINUTE;

/// A notice by every way out.
pub fn orders(app: &Shared, incident: &str, now: TimeMs) -> Vec<Order> {
    let routes = app.notices.routes();
    routes
        .flat_map(|route| on_route(app, route, incident, now))
        .collect()
}

/// Holds the day's drill at the configured time until `stop`; late if the controller was away then.
pub async fn keep(app: Shared, stop: CancellationToken) {
    let mut tick = tokio::time::interval(TICK);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = tick.tick() => {}
        }
        let now = clock::now();
        let Some((incident, _)) = todays(&app, now) else {
            continue;
        };
        // The keys are the same each time: what is stored already is not stored again.
        let held = app.notices.enqueue(orders(&app, &incident, now)).await;
        match held {
            Ok(done) if done.new > 0 => tracing::info!(incident, "today's drill has begun"),
            Ok(_) => {}
            Err(error) => tracing::error!(%error, "today's drill could not begin"),
        }
    }
}

/// Whether today's drill should have arrived everywhere and has not.
///
/// # Errors
/// [`StoreError`].
pub async fn is_missing(app: &Shared, now: TimeMs) -> Result<bool, StoreError> {
    let Some((incident, begun)) = todays(app, now) else {
        return Ok(false);
    };
    if now.since(begun) < PATIENCE || orders(app, &incident, now).is_empty() {
        return Ok(false);
    }
    let notices = app.store.notices(Some(incident), MOST_NOTICES).await?;
    let has_arrived = |state| matches!(state, NoticeState::Accepted | NoticeState::Confirmed);
    let since = notices.iter().map(|notice| notice.created_ms).min();
    let is_late = since.is_none_or(|since| now.since(since) >= PATIENCE);
    Ok(is_late && !notices.iter().all(|notice| has_arrived(notice.state)))
}

/// Today's drill and the time at which it begins, if that has come.
fn todays(app: &Shared, now: TimeMs) -> Option<(String, TimeMs)> {
    let time = app.settings.notices.drill?;
    let zone = OperatingWindow::default().zone;
    let date = zone.date(now);
    let begins = zone.at(date, time);
    (begins <= now).then(|| (format!("drill-{date}"), begins))
}

fn on_route(app: &Shared, route: &RouteSettings, incident: &str, now: TimeMs) -> Vec<Order> {
    let order = |address: &str| Order {
        incident: incident.to_owned(),
        stage: EVERYBODY.to_owned(),
        occasion: Occasion::Drill,
        facts: Facts {
            incident: incident.to_owned(),
            cluster: place(app),
            occurred: OperatingWindow::default().zone.format(now),
            ..Facts::default()
        },
        recipient: EVERYBODY.to_owned(),
        route: route.name.clone(),
        address: address.to_owned(),
        due_ms: now,
    };
    if route.way.reaches("") {
        return vec![order("")];
    }
    route.to.iter().map(|address| order(address)).collect()
}

fn place(app: &Shared) -> String {
    match &app.published().root {
        Some(root) => root.site.to_string(),
        None => "(chưa có địa bàn · no site yet)".to_owned(),
    }
}
