//! Sends what is due on one route. Each route has a sender of its own and each notice an attempt of
//! its own: whatever hangs holds up neither another route nor, until all lanes hang, its own.

use super::send::{Letter, Sent};
use super::{Notices, Route};
use crate::clock;
use crate::store::{NoticeRow, StoreError};
use cotmoc_proto::TimeMs;
use cotmoc_proto::time::{HOUR, MINUTE, Millis, SECOND};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Attempts under way at once on one route.
const LANES: usize = 4;
const TICK: Duration = Duration::from_secs(1);
/// What an attempt under way may still take when the controller ends.
const LAST: Duration = Duration::from_secs(3);
const LONGEST_ERROR: usize = 500;

/// Sends until `stop`.
pub(super) async fn run(notices: Arc<Notices>, index: usize, stop: CancellationToken) {
    let lanes = Arc::new(Semaphore::new(LANES));
    let attempts = TaskTracker::new();
    let sending = sending(&notices, index, (&lanes, &attempts), &stop);
    tokio::select! {
        () = stop.cancelled() => {}
        () = sending => {}
    }
    attempts.close();
    attempts.wait().await;
}

async fn sending(
    notices: &Arc<Notices>,
    index: usize,
    (lanes, attempts): (&Arc<Semaphore>, &TaskTracker),
    stop: &CancellationToken,
) {
    let Some(route) = notices.routes.get(index) else {
        return;
    };
    while let Ok(lane) = Arc::clone(lanes).acquire_owned().await {
        let name = route.settings.name.clone();
        match notices.store.lease(name, clock::now()).await {
            Ok(Some(notice)) => {
                let work = attempt(Arc::clone(notices), index, notice, lane, stop.clone());
                attempts.spawn(work);
            }
            Ok(None) => wait(route, lane).await,
            Err(error) => {
                tracing::error!(%error, route = route.settings.name, "no notice can be taken from the outbox; tried again soon");
                wait(route, lane).await;
            }
        }
    }
}

async fn wait(route: &Route, lane: OwnedSemaphorePermit) {
    drop(lane);
    tokio::select! {
        () = route.news.notified() => {}
        () = tokio::time::sleep(TICK) => {}
    }
}

async fn attempt(
    notices: Arc<Notices>,
    index: usize,
    notice: NoticeRow,
    lane: OwnedSemaphorePermit,
    stop: CancellationToken,
) {
    let Some(route) = notices.routes.get(index) else {
        return;
    };
    let ended = async {
        stop.cancelled().await;
        tokio::time::sleep(LAST).await;
    };
    let sent = tokio::select! {
        sent = send(&notices, route, &notice) => sent,
        // Its lease is given back at the next start.
        () = ended => return,
    };
    if let Err(error) = mark(&notices, route, &notice, sent).await {
        tracing::error!(%error, key = notice.key, "what became of a notice cannot be stored; it is sent again");
    }
    drop(lane);
}

async fn send(notices: &Notices, route: &Route, notice: &NoticeRow) -> Sent {
    let letter = Letter {
        notice,
        body: notices.links.put_into(&notice.body, &notice.key),
        link: notices.links.of(&notice.key),
    };
    let sending = route.transport.send(&letter);
    match tokio::time::timeout(notices.attempt, sending).await {
        Ok(sent) => sent,
        Err(_elapsed) => Sent::Later {
            error: format!("no answer within {} s", notices.attempt.as_secs()),
            after: None,
        },
    }
}

async fn mark(
    notices: &Notices,
    route: &Route,
    notice: &NoticeRow,
    sent: Sent,
) -> Result<(), StoreError> {
    let (now, name, key) = (clock::now(), &route.settings.name, &notice.key);
    match sent {
        Sent::Accepted { reference } => {
            tracing::info!(key, route = name, "a notice was accepted");
            let reference = reference.map(|text| short(&text));
            notices.store.accepted(notice.id, reference, now).await
        }
        Sent::Later { error, after } => {
            let due = next_attempt(notice.attempts, after, (notice.created_ms, now));
            tracing::warn!(
                key,
                route = name,
                attempts = notice.attempts,
                error,
                "a notice could not be sent; tried again soon"
            );
            notices.store.failed(notice.id, short(&error), due).await
        }
        Sent::Never { error } => {
            tracing::error!(
                key,
                route = name,
                error,
                "a notice will not get through on its route"
            );
            let instead = notices.instead(notice, &route.settings, now);
            notices
                .store
                .dead(notice.id, short(&error), instead, now)
                .await?;
            let other = route.settings.instead.as_deref();
            if let Some(other) = other.and_then(|other| notices.route(other)) {
                other.news.notify_one();
            }
            Ok(())
        }
    }
}

fn short(error: &str) -> String {
    error.chars().take(LONGEST_ERROR).collect()
}

/// 5, 10, 20, 40, then every 60 s inside the hour that the regulation gives; every 15 min after it.
fn next_attempt(
    attempts: u64,
    after: Option<Duration>,
    (created, now): (TimeMs, TimeMs),
) -> TimeMs {
    let wait = match attempts {
        _ if now.since(created) >= HOUR => 15 * MINUTE,
        0 | 1 => 5 * SECOND,
        2 => 10 * SECOND,
        3 => 20 * SECOND,
        4 => 40 * SECOND,
        _ => MINUTE,
    };
    let asked = after.and_then(|after| Millis::try_from(after.as_millis()).ok());
    now.plus(wait.max(asked.unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_is_tried_at_least_each_minute_inside_its_hour_and_as_the_provider_asks() {
        let wait = |attempts, after, age| {
            let next = next_attempt(attempts, after, (TimeMs(0), TimeMs(age)));
            next.since(TimeMs(age)) / SECOND
        };
        let waits = [1, 2, 3, 4, 5, 500].map(|attempts| wait(attempts, None, 0));
        assert_eq!(waits, [5, 10, 20, 40, 60, 60]);
        assert_eq!(wait(1, Some(Duration::from_secs(45)), 0), 45);
        assert_eq!(wait(9, Some(Duration::from_secs(1)), HOUR - 1), 60);
        assert_eq!(wait(9, None, HOUR), 900);
    }
}
