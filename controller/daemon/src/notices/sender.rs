//! Sends what is due on one route. Each route has a sender of its own and each notice an attempt of
//! its own: whatever hangs holds up neither another route nor, until all lanes hang, its own.

use super::send::{Letter, Sent};
use super::{Notices, Route};
use crate::clock;
use crate::store::{Fate, NoticeRow, StoreError};
use cotmoc_proto::TimeMs;
use cotmoc_proto::time::{HOUR, MINUTE, Millis, SECOND};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

const TICK: Duration = Duration::from_secs(1);
/// How much longer a notice is held than an attempt may take.
const HOLD: Duration = Duration::from_secs(10);
/// What an attempt under way may still take when the controller ends.
const LAST: Duration = Duration::from_secs(3);
/// After so many attempts another route tries too, if there is one.
const STUCK: u64 = 3;
const LONGEST_ERROR: usize = 500;

/// Sends until `stop`.
pub(super) async fn run(notices: Arc<Notices>, index: usize, stop: CancellationToken) {
    let Some(route) = notices.routes.get(index) else {
        return;
    };
    let lanes = Arc::new(Semaphore::new(route.transport.lanes()));
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
        let hold = route.transport.limit(notices.attempt) + HOLD;
        match notices.take(&name, hold).await {
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
        body: notices
            .links
            .put_into(&notice.body, &notice.key, notice.code.as_deref()),
        link: notices.links.of(&notice.key),
    };
    let sending = route.transport.send(&letter);
    let limit = route.transport.limit(notices.attempt);
    match tokio::time::timeout(limit, sending).await {
        Ok(sent) => sent,
        Err(_elapsed) => Sent::Later {
            error: format!("no answer within {} s", limit.as_secs()),
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
    let (fate, error) = match sent {
        Sent::Accepted { reference } => {
            tracing::info!(key, route = name, "a notice was accepted");
            (accepted(now, reference, None), None)
        }
        Sent::Confirmed { reference, by } => {
            tracing::info!(
                key,
                route = name,
                "a notice was confirmed as it was delivered"
            );
            let by = serde_json::json!({ "route": name, "number": notice.address, "how": by });
            (accepted(now, reference, Some(by.to_string())), None)
        }
        Sent::Later { error, after } => {
            let due_ms = next_attempt(notice.attempts, after, (notice.created_ms, now));
            tracing::warn!(
                key,
                route = name,
                attempts = notice.attempts,
                error,
                "a notice could not be sent; tried again soon"
            );
            (Fate::Waiting { due_ms }, Some(short(&error)))
        }
        Sent::Never { error } => {
            tracing::error!(
                key,
                route = name,
                error,
                "a notice will not get through on its route"
            );
            let instead = notices.instead(notice, &route.settings, now).map(Box::new);
            (
                Fate::Dead {
                    at_ms: now,
                    instead,
                },
                Some(short(&error)),
            )
        }
    };
    let is_dead = matches!(fate, Fate::Dead { .. });
    let is_stuck = matches!(fate, Fate::Waiting { .. }) && notice.attempts >= STUCK;
    notices.mark(notice, fate, error).await?;
    if is_stuck && let Some(instead) = notices.instead(notice, &route.settings, now) {
        notices.add(instead).await?;
    }
    let other = route.settings.instead.as_deref().filter(|_| is_dead);
    if let Some(other) = other.and_then(|other| notices.route(other)) {
        other.news.notify_one();
    }
    Ok(())
}

fn accepted(at_ms: TimeMs, reference: Option<String>, confirmed_by: Option<String>) -> Fate {
    Fate::Accepted {
        at_ms,
        reference: reference.map(|text| short(&text)),
        confirmed_by,
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

    #[test]
    fn a_server_that_greylists_for_fifteen_minutes_has_the_mail_within_the_next() {
        let (mut now, mut attempts) = (TimeMs(0), 0);
        while now < TimeMs(15 * MINUTE) {
            attempts += 1;
            now = next_attempt(attempts, None, (TimeMs(0), now));
        }
        assert!(now <= TimeMs(16 * MINUTE), "{now:?}");
        assert!(attempts < 25, "{attempts} attempts");
    }
}
