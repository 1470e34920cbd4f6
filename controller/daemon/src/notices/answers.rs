//! What people send back by SMS. `OK` and the code of a notice, from the number that it went to, confirms
//! it as its link does; anything else is refused, and that is noted.

mod door;
mod judge;

use super::modem::Inbound;
use super::modem::pdu::{Fate, Incoming, Received, Report};
use super::{Facts, Notices, Occasion, Order, key_of};
use crate::clock;
use crate::settings::Way;
use crate::store::{NoticeRow, StoreError};
use cotmoc_proto::TimeMs;
use cotmoc_proto::time::{DAY, HOUR};
use cotmoc_proto::window::OperatingWindow;
pub use door::Door;
use judge::{Refusal, Verdict, judge, same_number};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// Whoever has had a notice within so long is known.
const KNOWN: i64 = 30 * DAY;
/// Wrong answers of one number within an hour after which it is not answered any more.
const MOST_WRONG: usize = 5;
const LONGEST: usize = 160;
const REPORT_TRIES: u32 = 5;
/// The recipient of answers to answers: never one whose receipt counts.
const ANSWERED: &str = "answer";

/// Who has answered wrongly, and when.
#[derive(Debug, Default)]
pub struct Wrong(Mutex<BTreeMap<String, Vec<TimeMs>>>);

/// An answer as it came in, by a modem or a gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Answer {
    /// The route on which it came.
    route: String,
    from: String,
    text: String,
    /// What tells it from the next one, where that is known.
    stamp: String,
}

impl Wrong {
    fn count(&self, from: &str, now: TimeMs) -> usize {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, times| {
            times.retain(|at| now.since(*at).abs() < HOUR);
            !times.is_empty()
        });
        all.get(from).map_or(0, Vec::len)
    }

    fn add(&self, from: &str, now: TimeMs) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.entry(from.to_owned()).or_default().push(now);
    }
}

/// Takes in what modems hand in, until `stop`.
pub async fn take_in(
    notices: Arc<Notices>,
    mut inbox: mpsc::Receiver<Inbound>,
    stop: CancellationToken,
) {
    loop {
        let inbound = tokio::select! {
            () = stop.cancelled() => return,
            inbound = inbox.recv() => inbound,
        };
        let Some(Inbound {
            modem,
            incoming,
            done,
        }) = inbound
        else {
            return;
        };
        let taken = match incoming {
            Incoming::Text(received) => notices.received(&modem, received).await,
            Incoming::Report(report) => notices.reported(&modem, report).await,
        };
        if let Err(error) = &taken {
            tracing::error!(%error, modem, "what came in by SMS cannot be stored; it stays on the SIM for now");
        }
        // The modem may be gone.
        done.send(taken.is_ok()).ok();
    }
}

impl Notices {
    async fn received(&self, modem: &str, received: Received) -> Result<(), StoreError> {
        let by_it = |route: &&crate::settings::RouteSettings| matches!(&route.way, Way::Modem(text) if text.modem == modem);
        let route = self.routes().find(by_it);
        self.answered(Answer {
            route: route.map_or_else(String::new, |route| route.name.clone()),
            from: received.from,
            text: received.text,
            stamp: received.stamp,
        })
        .await
    }

    /// Takes in what a gateway hands in on its route.
    ///
    /// # Errors
    /// [`StoreError`]; then it is not taken in.
    pub async fn handed_in(
        &self,
        route: &str,
        from: String,
        text: String,
    ) -> Result<(), StoreError> {
        self.answered(Answer {
            route: route.to_owned(),
            from,
            text,
            stamp: String::new(),
        })
        .await
    }

    /// Where the gateway of this route hands in.
    #[must_use]
    pub fn door(&self, route: &str) -> Option<&Door> {
        self.route(route)?.door.as_ref()
    }

    /// Takes an answer in. The same one again changes nothing.
    ///
    /// # Errors
    /// [`StoreError`]; then it is not taken in.
    async fn answered(&self, answer: Answer) -> Result<(), StoreError> {
        let now = clock::now();
        let known = self.store.answerable(now.plus(-KNOWN)).await?;
        let theirs = |row: &&NoticeRow| same_number(&row.address, &answer.from, &self.country);
        let theirs: Vec<&NoticeRow> = known.iter().filter(theirs).collect();
        let wrong = self.wrong.count(&answer.from, now);
        match judge(&answer.text, &theirs, (wrong, MOST_WRONG), now) {
            Verdict::Confirms(notice) => {
                let by = serde_json::json!({ "sms": answer.from, "route": answer.route });
                self.store.confirm(notice.id, by.to_string(), now).await?;
                tracing::info!(key = notice.key, "a notice was confirmed by SMS");
                self.thank(notice, &answer, now).await
            }
            Verdict::Refused(refusal) => self.refuse(&theirs, refusal, &answer, now).await,
        }
    }

    async fn thank(
        &self,
        notice: &NoticeRow,
        answer: &Answer,
        now: TimeMs,
    ) -> Result<(), StoreError> {
        let facts = Facts {
            incident: notice.incident.clone(),
            occurred: OperatingWindow::default().zone.format(now),
            ..Facts::default()
        };
        let order = reply(Occasion::AnswerTaken, facts, notice, (answer, now));
        self.enqueue(vec![order]).await.map(drop)
    }

    /// Strangers, and whoever goes on, are not answered.
    async fn refuse(
        &self,
        theirs: &[&NoticeRow],
        refusal: Refusal,
        answer: &Answer,
        now: TimeMs,
    ) -> Result<(), StoreError> {
        let text: String = answer
            .text
            .chars()
            .filter(|c| !c.is_control())
            .take(LONGEST)
            .collect();
        tracing::warn!(
            from = answer.from,
            route = answer.route,
            ?refusal,
            "an answer by SMS counts for nothing"
        );
        let detail = [
            ("from", answer.from.clone()),
            ("route", answer.route.clone()),
            ("text", text),
            ("reason", refusal.words().1.to_owned()),
        ];
        self.store
            .note_about_notices("answer-refused", detail, now)
            .await?;
        self.wrong.add(&answer.from, now);
        let Some(notice) = theirs.first().filter(|_| refusal.is_answered()) else {
            return Ok(());
        };
        let (cause, cause_en) = refusal.words();
        let facts = Facts {
            cause: cause.to_owned(),
            cause_en: cause_en.to_owned(),
            occurred: OperatingWindow::default().zone.format(now),
            ..Facts::default()
        };
        let order = reply(Occasion::AnswerRefused, facts, notice, (answer, now));
        self.enqueue(vec![order]).await.map(drop)
    }

    /// A report may come before it is stored that the text was taken over.
    async fn reported(&self, modem: &str, report: Report) -> Result<(), StoreError> {
        let fate = report.fate();
        if fate == Fate::Trying {
            return Ok(());
        }
        let by_it = self
            .routes()
            .filter(|route| route.way.modem() == Some(modem));
        let routes: Vec<String> = by_it.map(|route| route.name.clone()).collect();
        for _ in 0..REPORT_TRIES {
            let now = clock::now();
            let rows = self
                .store
                .taken_over_as(routes.clone(), report.reference, now)
                .await?;
            let theirs = |row: &&NoticeRow| same_number(&row.address, &report.to, &self.country);
            let Some(row) = rows.iter().find(theirs) else {
                tokio::time::sleep(Duration::from_millis(200)).await;
                continue;
            };
            if fate == Fate::Delivered {
                return self.store.delivered(row.id, now).await;
            }
            return self.returned(row, report.status, now).await;
        }
        tracing::debug!(
            modem,
            reference = report.reference,
            "a report is about no text that is known"
        );
        Ok(())
    }

    async fn returned(&self, row: &NoticeRow, status: u8, now: TimeMs) -> Result<(), StoreError> {
        let error = format!(
            "mạng đã nhận nhưng không giao được (mã {status:#04x}) · taken over by the network, then not \
             delivered (status {status:#04x})"
        );
        let route = self.route(&row.route);
        let instead = route.and_then(|route| self.instead(row, &route.settings, now));
        self.store.returned(row.id, error, instead, now).await?;
        for route in &self.routes {
            route.news.notify_one();
        }
        Ok(())
    }
}

/// Goes back the way the notice came. The stage names the answer, so that it is answered once.
fn reply(
    occasion: Occasion,
    facts: Facts,
    notice: &NoticeRow,
    (answer, now): (&Answer, TimeMs),
) -> Order {
    let stamp = if answer.stamp.is_empty() {
        now.0.to_string()
    } else {
        answer.stamp.clone()
    };
    let name = key_of((&answer.from, &answer.text), (&stamp, &answer.route, ""));
    Order {
        incident: notice.incident.clone(),
        stage: format!("answer-{name}"),
        occasion,
        facts,
        recipient: ANSWERED.to_owned(),
        route: notice.route.clone(),
        address: notice.address.clone(),
        due_ms: now,
    }
}
