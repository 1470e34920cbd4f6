//! The page of obligations: who has delivered and who has not, the overdue first, and what people record.

use super::frame::{Frame, Problem, written};
use super::maintenance::moment;
use super::session::{Posted, SignedIn};
use super::words::{Words, hours, words};
use crate::app::Shared;
use crate::clock;
use crate::ledger::{Cluster, clusters};
use crate::obligations::{Held, ObligationError, period, short};
use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use cotmoc_controller_core::obligation::{Delivery, Owed, Refused, Standing, Subject, What};
use cotmoc_controller_core::role::Right;
use cotmoc_proto::TimeMs;
use cotmoc_proto::time::{DAY, Millis};
use cotmoc_proto::window::{OperatingWindow, Zone};
use serde::Deserialize;

/// For how long what is done is shown.
const SHOWN: Millis = 366 * DAY;
/// The most lines of the page.
const LONGEST: usize = 400;
const RECORD: &str = "record";
const AGREE: &str = "agree";
const WITHDRAW: &str = "withdraw";

#[derive(Debug, Template)]
#[template(path = "obligations.html")]
struct Page {
    frame: Frame,
    lines: Vec<Line>,
    /// What may be recorded, the next due first: name, and what it is called.
    open: Vec<(String, String)>,
    today: String,
    time: String,
}

#[derive(Debug)]
struct Line {
    id: String,
    who: String,
    what: Words,
    period: String,
    due: String,
    state: Words,
    tone: &'static str,
    done: Vec<Done>,
    proposal: Option<Done>,
    /// What whoever looks may do.
    deeds: Vec<&'static str>,
    rank: (u8, TimeMs),
}

#[derive(Debug)]
struct Done {
    reference: String,
    done: String,
    recorded: String,
    by: String,
}

#[derive(Debug, Deserialize)]
struct Recorded {
    obligation: String,
    reference: String,
    date: String,
    time: String,
}

#[derive(Debug, Deserialize)]
struct Deed {
    #[serde(default)]
    reason: String,
}

pub(super) fn router() -> Router<Shared> {
    Router::new()
        .route("/obligations", get(list).post(record))
        .route("/obligations/{id}/{deed}", post(act))
}

async fn list(State(app): State<Shared>, who: SignedIn) -> Response {
    let (zone, now) = (OperatingWindow::default().zone, clock::now());
    let clusters = clusters(&app);
    let frame = Frame::new(words("Nghĩa vụ định kỳ", "Obligations"), &app, Some(&who));
    let held = app.obligations.lock().await;
    let shown = held.all().filter(|one| {
        let is_recent = now.since(one.obligation.terms().due_ms) < SHOWN;
        is_recent && !one.is_settled_day(now)
    });
    let mut lines: Vec<Line> = shown
        .map(|one| line(one, &who, (&clusters, &zone), now))
        .collect();
    drop(held);
    lines.sort_by_key(|line| line.rank);
    let open = lines.iter().filter(|line| line.may(RECORD));
    let open = open.map(|line| {
        let name = format!("{} – {} ({})", line.who, line.what.vi, line.period);
        (line.id.clone(), name)
    });
    let open = open.collect();
    lines.truncate(LONGEST);
    let said = zone.format(now);
    let (today, time) = said.split_once(' ').unwrap_or_default();
    written(&Page {
        frame,
        open,
        today: today.to_owned(),
        time: time.chars().take(5).collect(),
        lines,
    })
}

async fn record(
    State(app): State<Shared>,
    Posted { who, form }: Posted<Recorded>,
) -> Result<Response, Problem> {
    who.need(Right::Record)?;
    let zone = OperatingWindow::default().zone;
    let done_ms = moment(&form.date, &form.time, &zone).ok_or_else(Problem::incomplete)?;
    let delivery = Delivery {
        done_ms,
        reference: form.reference.trim().to_owned(),
        by: who.label(),
        second: None,
    };
    let what = if delivery.is_backdated(clock::now()) {
        What::Proposed(delivery)
    } else {
        What::Delivered(delivery)
    };
    let mut held = app.obligations.lock().await;
    held.write(&app.store, &form.obligation, what).await?;
    Ok(Redirect::to("/obligations").into_response())
}

async fn act(
    State(app): State<Shared>,
    Path((id, deed)): Path<(String, String)>,
    Posted { who, form }: Posted<Deed>,
) -> Result<Response, Problem> {
    who.need(Right::Record)?;
    let by = who.label();
    let what = match deed.as_str() {
        AGREE => What::Agreed { by },
        WITHDRAW => What::Withdrawn {
            by,
            reason: form.reason.trim().to_owned(),
        },
        _ => return Err(Problem::unknown()),
    };
    let mut held = app.obligations.lock().await;
    held.write(&app.store, &id, what).await?;
    Ok(Redirect::to("/obligations").into_response())
}

/// The rank of what is done.
const DONE: u8 = 3;

fn line(held: &Held, who: &SignedIn, (clusters, zone): (&[Cluster], &Zone), now: TimeMs) -> Line {
    let obligation = &held.obligation;
    let terms = obligation.terms();
    let (vi, en) = terms.kind.words();
    let (state, tone, rank) = standing(obligation.standing(now), zone, now);
    let proposal = obligation.proposal();
    let state = match (terms.owed, obligation.measure()) {
        (Owed::OnAir { quota_ms }, Some(measure)) => {
            let (had, quota) = (hours(measure.on_air_ms), hours(quota_ms));
            words(
                format!("{}; {} trên {}", state.vi, had.vi, quota.vi),
                format!("{}; {} of {}", state.en, had.en, quota.en),
            )
        }
        (Owed::OnAir { .. } | Owed::Deliveries { .. }, _) => state,
    };
    Line {
        id: held.id.clone(),
        who: name(&terms.subject, clusters),
        what: words(vi, en),
        period: period(terms, zone),
        due: short(zone, terms.due_ms),
        state,
        tone,
        done: obligation
            .deliveries()
            .iter()
            .map(|(at, delivery)| done(delivery, *at, zone))
            .collect(),
        deeds: deeds(held, who),
        proposal: proposal.map(|one| done(one, one.done_ms, zone)),
        rank: (rank, terms.due_ms),
    }
}

/// Days are measured, not recorded.
fn deeds(held: &Held, who: &SignedIn) -> Vec<&'static str> {
    let obligation = &held.obligation;
    if !who.role.may(Right::Record) || matches!(obligation.terms().owed, Owed::OnAir { .. }) {
        return Vec::new();
    }
    let proposal = obligation.proposal();
    let is_open = proposal.is_none() && !obligation.is_fulfilled();
    let is_anothers = proposal.is_some_and(|one| one.by != who.label());
    let is_recorded = proposal.is_some() || !obligation.deliveries().is_empty();
    let all = [
        (RECORD, is_open),
        (AGREE, is_anothers),
        (WITHDRAW, is_recorded),
    ];
    let may = all.into_iter().filter(|(_, may)| *may);
    may.map(|(deed, _)| deed).collect()
}

impl Line {
    fn may(&self, deed: &str) -> bool {
        self.deeds.contains(&deed)
    }
}

fn done(delivery: &Delivery, recorded: TimeMs, zone: &Zone) -> Done {
    let second = delivery.second.as_ref().map(|name| format!("; {name}"));
    Done {
        reference: delivery.reference.clone(),
        done: zone.format(delivery.done_ms),
        recorded: zone.format(recorded),
        by: format!("{}{}", delivery.by, second.unwrap_or_default()),
    }
}

fn name(subject: &Subject, clusters: &[Cluster]) -> String {
    let Subject::Cluster(id) = subject else {
        return subject.to_string();
    };
    let found = clusters.iter().find(|one| one.of.id == *id);
    found.map_or_else(|| id.to_string(), |one| one.of.about.full())
}

/// In words, with the tone, and what comes first on the page.
fn standing(standing: Standing, zone: &Zone, now: TimeMs) -> (Words, &'static str, u8) {
    let days = |length: Millis| length.max(0) / DAY;
    match standing {
        Standing::Breached { due, late: None } => {
            let late = days(now.since(due));
            let (vi, en) = (
                format!("QUÁ HẠN {late} ngày"),
                format!("overdue by {late} days"),
            );
            (words(vi, en), "bad", 0)
        }
        Standing::Undecided { .. } => {
            let said = words("chưa đủ số liệu", "records are missing");
            (said, "warn", 1)
        }
        Standing::Running { due } => {
            let left = days(due.since(now));
            let tone = if left < 3 { "warn" } else { "rest" };
            let (vi, en) = (format!("còn {left} ngày"), format!("{left} days left"));
            (words(vi, en), tone, 2)
        }
        Standing::Breached { late: Some(at), .. } => {
            let at = zone.format(at);
            let (vi, en) = (
                format!("hoàn thành TRỄ lúc {at}"),
                format!("done late at {at}"),
            );
            (words(vi, en), "warn", DONE)
        }
        Standing::Satisfied { at } => {
            let at = zone.format(at);
            let (vi, en) = (format!("hoàn thành lúc {at}"), format!("done at {at}"));
            (words(vi, en), "good", DONE + 1)
        }
    }
}

impl From<ObligationError> for Problem {
    fn from(error: ObligationError) -> Self {
        match error {
            ObligationError::Unknown(id) => {
                let (vi, en) = (
                    format!("Không có nghĩa vụ {id}."),
                    format!("There is no obligation {id}."),
                );
                Self::new(StatusCode::NOT_FOUND, words(vi, en))
            }
            ObligationError::Refused(refused) => {
                let vi = refusal(&refused);
                Self::new(StatusCode::CONFLICT, words(vi, format!("{refused}.")))
            }
            ObligationError::Store(error) => error.into(),
        }
    }
}

const fn refusal(refused: &Refused) -> &'static str {
    match refused {
        Refused::Opening => "Một nghĩa vụ chỉ bắt đầu một lần.",
        Refused::Measured => "Thời lượng phát do sổ phát sóng xác định, không ghi bằng tay.",
        Refused::NotMeasured => "Nghĩa vụ này do người ghi nhận, không do sổ phát sóng.",
        Refused::Future => "Thời điểm hoàn thành nằm trong tương lai.",
        Refused::BeforePeriod => "Thời điểm hoàn thành trước kỳ của nghĩa vụ này.",
        Refused::NoReference => "Phải ghi số, ký hiệu hoặc tên nội dung.",
        Refused::NoReason => "Phải ghi lý do.",
        Refused::SecondPerson => {
            "Việc đã xong quá 5 phút trước phải do hai người khác nhau ghi nhận."
        }
        Refused::NothingRecorded => "Chưa ghi nhận gì để rút lại.",
        Refused::NotProposed => "Chưa có ai đề nghị ghi nhận.",
    }
}
