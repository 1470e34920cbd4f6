//! The on-air ledger and the incident book as pages and as tables to download.

mod table;

use super::frame::{Frame, Problem, written};
use super::maintenance::day as date_of;
use super::session::SignedIn;
use super::words::{Words, hours, words};
use crate::app::Shared;
use crate::clock;
use crate::http::Params;
use crate::ledger::{self, Cluster, Ledger, MOST_DAYS};
use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use cotmoc_controller_core::ledger::{Book, Day, Quota, Why};
use cotmoc_proto::ClusterId;
use cotmoc_proto::time::{MINUTE, Millis};
use cotmoc_proto::window::{OperatingWindow, Zone};
use jiff::civil::Date;
use serde::Deserialize;

/// What a page is asked for; empty: every cluster, this month.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    cluster: String,
    #[serde(default)]
    from: String,
    #[serde(default)]
    to: String,
}

#[derive(Debug, Template)]
#[template(path = "ledger.html")]
struct LedgerPage {
    frame: Frame,
    form: Choice,
    clusters: Vec<OneCluster>,
}

#[derive(Debug, Template)]
#[template(path = "book.html")]
struct BookPage {
    frame: Frame,
    form: Choice,
    causes: Vec<(Words, usize, Words)>,
    duty: Vec<(&'static str, Words, usize)>,
    faults: usize,
    stopped: Words,
}

/// The form that chooses what is shown.
#[derive(Debug)]
struct Choice {
    cluster: String,
    clusters: Vec<(String, String)>,
    from: String,
    to: String,
}

#[derive(Debug)]
struct OneCluster {
    name: String,
    days: Vec<OneDay>,
    totals: Vec<(&'static str, Words, Words)>,
}

#[derive(Debug)]
struct OneDay {
    date: String,
    tone: &'static str,
    quota: Words,
    on_air: Words,
    /// Length of the day, and its spans, in minutes.
    length: Millis,
    bars: Vec<Bar>,
    missing: Vec<Gap>,
}

#[derive(Debug)]
struct Bar {
    x: Millis,
    width: Millis,
    kind: &'static str,
}

#[derive(Debug)]
struct Gap {
    from: String,
    to: String,
    why: Words,
    incident: String,
}

pub(super) fn router() -> Router<Shared> {
    Router::new()
        .route("/ledger", get(show))
        .route("/ledger.csv", get(table::days))
        .route("/book", get(book))
        .route("/book.csv", get(table::book))
}

async fn show(
    State(app): State<Shared>,
    who: SignedIn,
    Params(asked): Params<Asked>,
) -> Result<Response, Problem> {
    let (only, days) = asked.read()?;
    let zone = OperatingWindow::default().zone;
    let all = ledger::all(&app, only.as_ref(), days).await?;
    Ok(written(&LedgerPage {
        frame: Frame::new(words("Sổ phát sóng", "On-air ledger"), &app, Some(&who)),
        form: choice(&asked, days, &ledger::clusters(&app)),
        clusters: all.iter().map(|one| cluster(one, &zone)).collect(),
    }))
}

async fn book(
    State(app): State<Shared>,
    who: SignedIn,
    Params(asked): Params<Asked>,
) -> Result<Response, Problem> {
    let (only, days) = asked.read()?;
    let book = ledger::book(&app, only.as_ref(), days).await?;
    Ok(written(&BookPage {
        frame: Frame::new(words("Sổ sự cố", "Incident book"), &app, Some(&who)),
        form: choice(&asked, days, &ledger::clusters(&app)),
        causes: causes(&book),
        duty: duty(&book),
        faults: book.faults,
        stopped: hours(book.stopped_ms()),
    }))
}

impl Asked {
    /// Which cluster, if one, from which day to which.
    fn read(&self) -> Result<(Option<ClusterId>, (Date, Date)), Problem> {
        let today = OperatingWindow::default().zone.date(clock::now());
        let day = |text: &str, default: Date| {
            if text.is_empty() {
                Some(default)
            } else {
                date_of(text)
            }
        };
        let cluster = match self.cluster.as_str() {
            "" => None,
            name => Some(name.parse().map_err(|_name| Problem::incomplete())?),
        };
        let last = day(&self.to, today).ok_or_else(Problem::incomplete)?;
        let first = day(&self.from, last.first_of_month()).ok_or_else(Problem::incomplete)?;
        if first > last || ledger::dates(first, last).last() != Some(last) {
            let said = words(
                format!("Chọn kỳ từ 1 đến {MOST_DAYS} ngày, ngày đầu trước."),
                format!("Choose 1 to {MOST_DAYS} days, the first one first."),
            );
            return Err(Problem::new(StatusCode::BAD_REQUEST, said));
        }
        Ok((cluster, (first, last)))
    }
}

fn choice(asked: &Asked, (first, last): (Date, Date), all: &[Cluster]) -> Choice {
    Choice {
        cluster: asked.cluster.clone(),
        clusters: all
            .iter()
            .map(|one| (one.of.id.to_string(), one.of.about.full()))
            .collect(),
        from: first.strftime("%d/%m/%Y").to_string(),
        to: last.strftime("%d/%m/%Y").to_string(),
    }
}

fn cluster((cluster, ledger): &(Cluster, Ledger), zone: &Zone) -> OneCluster {
    let totals = &ledger.totals;
    let days = |count: usize| words(format!("{count} ngày"), format!("{count} days"));
    OneCluster {
        name: cluster.of.about.full(),
        days: ledger.days.iter().rev().map(|one| day(one, zone)).collect(),
        totals: vec![
            ("good", words("Đã phát", "on air"), hours(totals.on_air_ms)),
            (
                "bad",
                words("Ngày thiếu giờ", "short days"),
                days(totals.short_days),
            ),
            (
                "rest",
                words("Ngừng do sự cố", "by incidents"),
                hours(totals.explained_ms),
            ),
            (
                "warn",
                words("Ngừng chưa rõ lý do", "unexplained"),
                hours(totals.unexplained_ms),
            ),
            (
                "warn",
                words("Không có số liệu", "unknown"),
                hours(totals.unknown_ms),
            ),
        ],
    }
}

fn day(day: &Day, zone: &Zone) -> OneDay {
    let (quota, tone) = match day.quota {
        Quota::Kept => (words("đủ giờ", "quota kept"), "good"),
        Quota::Short => (words("THIẾU GIỜ", "short"), "bad"),
        Quota::Open => (words("chưa xác định", "open"), "warn"),
    };
    let minutes = |at: cotmoc_proto::TimeMs| at.since(day.required.from_ms) / MINUTE;
    let gap = |one: &cotmoc_controller_core::ledger::Missing| Bar {
        x: minutes(one.span.from_ms),
        width: (one.span.length_ms() / MINUTE).max(1),
        kind: kind(&one.why),
    };
    let length = (day.required.length_ms() / MINUTE).max(1);
    let whole = Bar {
        x: 0,
        width: length,
        kind: "lit",
    };
    OneDay {
        date: zone.format(day.required.from_ms).chars().take(10).collect(),
        tone,
        quota,
        on_air: hours(day.on_air_ms),
        length,
        bars: std::iter::once(whole)
            .chain(day.missing.iter().map(gap))
            .collect(),
        missing: day.missing.iter().map(|one| missing(one, zone)).collect(),
    }
}

const fn kind(why: &Why) -> &'static str {
    match why {
        Why::Incident(_) => "incident",
        Why::Unexplained => "unexplained",
        Why::Unknown => "unknown",
    }
}

fn missing(one: &cotmoc_controller_core::ledger::Missing, zone: &Zone) -> Gap {
    let time = |at| -> String { zone.format(at).chars().skip(11).collect() };
    let (why, incident) = match &one.why {
        Why::Incident(id) => (words("sự cố", "incident"), id.clone()),
        Why::Unexplained => (
            words("tắt, chưa rõ lý do", "dark, unexplained"),
            String::new(),
        ),
        Why::Unknown => (words("không có số liệu", "unknown"), String::new()),
    };
    Gap {
        from: time(one.span.from_ms),
        to: time(one.span.to_ms),
        why,
        incident,
    }
}

fn causes(book: &Book) -> Vec<(Words, usize, Words)> {
    let all = book.by_cause.iter();
    all.map(|(cause, tally)| {
        let (vi, en) = cause.words();
        (words(vi, en), tally.incidents, hours(tally.stopped_ms))
    })
    .collect()
}

fn duty(book: &Book) -> Vec<(&'static str, Words, usize)> {
    vec![
        (
            "good",
            words("Báo Sở trong một giờ", "told within the hour"),
            book.satisfied,
        ),
        (
            "bad",
            words("Báo Sở quá hạn", "the hour was missed"),
            book.breached,
        ),
        (
            "warn",
            words("Đang tính giờ", "the hour runs"),
            book.running,
        ),
        (
            "rest",
            words("Không phải báo Sở", "no duty to notify"),
            book.not_due,
        ),
    ]
}
