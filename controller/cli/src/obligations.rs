//! `cotmoc obligation`: what is owed by the calendar, by whom, and whether it was done in time.

use crate::api::Api;
use crate::clock;
use crate::out::Out;
use crate::settings::Settings;
use crate::table::Table;
use crate::text;
use anyhow::{Context as _, Result};
use cotmoc_controller_core::ledger::Span;
use cotmoc_controller_core::obligation::{Kind, Standing, Subject};
use cotmoc_proto::TimeMs;
use cotmoc_proto::window::{DayTime, OperatingWindow, Zone};
use serde::Deserialize;

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// List what is owed, the overdue first
    List {
        /// Days of operation too that reached their quota
        #[arg(long)]
        all: bool,
    },
    /// Show one, with every line of its log
    Show { obligation: String },
    /// Record what fulfils one: number and sign of the document, or the title of the item
    Fulfil {
        obligation: String,
        /// Who records it
        #[arg(long)]
        by: String,
        #[arg(long)]
        reference: String,
        /// When it was done, as 2026-11-24T16:30 at Asia/Ho_Chi_Minh; without it: now
        #[arg(long, value_name = "DATE-TIME")]
        done: Option<String>,
        /// The second person, if it was done more than five minutes ago
        #[arg(long)]
        second: Option<String>,
    },
    /// Take back what was recorded last, by mistake
    Withdraw {
        obligation: String,
        #[arg(long)]
        by: String,
        #[arg(long)]
        reason: String,
    },
}

#[derive(Debug, Deserialize)]
struct Obligations {
    obligations: Vec<Row>,
}

#[derive(Debug, Deserialize)]
struct Row {
    obligation: String,
    kind: Kind,
    subject: Subject,
    period: Span,
    due_ms: TimeMs,
    standing: Standing,
    deliveries: Vec<Recorded>,
}

#[derive(Debug, Deserialize)]
struct Recorded {
    recorded_ms: TimeMs,
    done_ms: TimeMs,
    reference: String,
    by: String,
    second: Option<String>,
}

pub async fn run(out: Out, settings: &Settings, command: Command) -> Result<()> {
    let api = Api::new(settings)?;
    let answer: serde_json::Value = match command {
        Command::List { all } => {
            let path = format!("/api/v1/obligations?all={all}");
            let answer: serde_json::Value = api.get(&path).await?;
            let mut rows = Obligations::deserialize(&answer)?.obligations;
            rows.sort_by_key(|row| (gravity(row.standing), row.due_ms));
            show(out, &rows);
            return Ok(out.document(&answer)?);
        }
        Command::Show { obligation } => api.get(&path(&obligation, "")?).await?,
        Command::Fulfil {
            obligation,
            by,
            reference,
            done,
            second,
        } => {
            let done_ms = done.as_deref().map(local).transpose()?;
            let body = serde_json::json!({
                "by": by, "reference": reference, "done_ms": done_ms, "second": second,
            });
            api.post(&path(&obligation, "/deliveries")?, &body).await?
        }
        Command::Withdraw {
            obligation,
            by,
            reason,
        } => {
            let body = serde_json::json!({ "by": by, "reason": reason });
            api.post(&path(&obligation, "/withdrawal")?, &body).await?
        }
    };
    let row = Row::deserialize(&answer)?;
    let zone = zone();
    for one in &row.deliveries {
        let second = one.second.as_ref().map(|name| format!(", {name}"));
        out.say(format!(
            "{} ({}): {} – {}{}",
            zone.format(one.done_ms),
            zone.format(one.recorded_ms),
            one.reference,
            one.by,
            second.unwrap_or_default()
        ));
    }
    show(out, &[row]);
    Ok(out.document(&answer)?)
}

fn path(obligation: &str, what: &str) -> Result<String> {
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    anyhow::ensure!(
        obligation.chars().all(legal),
        "{obligation} is no obligation's name"
    );
    Ok(format!("/api/v1/obligations/{obligation}{what}"))
}

fn zone() -> Zone {
    OperatingWindow::default().zone
}

/// A time at the place of the regulation.
fn local(text: &str) -> Result<TimeMs> {
    let expected = || format!("{text}: expected a date and a time such as 2026-11-24T16:30");
    let (date, time) = text.split_once('T').with_context(expected)?;
    let date = date.parse().with_context(expected)?;
    let time: DayTime = time.parse().with_context(expected)?;
    Ok(zone().at(date, time))
}

const fn gravity(standing: Standing) -> u8 {
    match standing {
        Standing::Breached { late: None, .. } => 0,
        Standing::Undecided { .. } => 1,
        Standing::Running { .. } => 2,
        Standing::Breached { late: Some(_), .. } => 3,
        Standing::Satisfied { .. } => 4,
    }
}

fn show(out: Out, rows: &[Row]) {
    let zone = zone();
    let mut table = Table::new([
        out.words(text::OBLIGATION),
        out.words(text::WHO),
        out.words(text::WHAT_IS_OWED),
        out.words(text::PERIOD),
        out.words(text::DEADLINE),
        out.words(text::STATE),
    ]);
    let day = |at: TimeMs| -> String { zone.format(at).chars().take(10).collect() };
    for row in rows {
        let (vi, en) = row.kind.words();
        table.row([
            row.obligation.clone(),
            row.subject.to_string(),
            out.either(vi, en),
            format!(
                "{}–{}",
                day(row.period.from_ms),
                day(row.period.to_ms.plus(-1))
            ),
            zone.format(row.due_ms),
            standing(out, row.standing, &zone),
        ]);
    }
    out.table(&table);
}

fn standing(out: Out, standing: Standing, zone: &Zone) -> String {
    let said = |words, at: TimeMs| format!("{} {}", out.words(words), zone.format(at));
    match standing {
        Standing::Running { due } => {
            let days = due.since(clock::now()).max(0) / cotmoc_proto::time::DAY;
            format!("{} ({days} d)", out.words(text::NOT_DUE_YET))
        }
        Standing::Satisfied { at } => said(text::DONE, at),
        Standing::Breached { late: None, due } => said(text::OVERDUE, due),
        Standing::Breached { late: Some(at), .. } => said(text::DONE_LATE, at),
        Standing::Undecided { .. } => out.words(text::UNDECIDED),
    }
}
