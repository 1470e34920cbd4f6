//! `cotmoc ledger` and `cotmoc incident book`: hours on air day by day, and incidents by cause and duty.

use crate::api::Api;
use crate::out::Out;
use crate::settings::Settings;
use crate::table::Table;
use crate::text;
use anyhow::Result;
use cotmoc_controller_core::ledger::{Book, Day, Quota, Totals, Why};
use cotmoc_proto::ClusterId;
use cotmoc_proto::time::{HOUR, MINUTE, Millis};
use serde::Deserialize;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only this cluster
    #[arg(long)]
    cluster: Option<ClusterId>,
    /// The first day, as 2026-11-01; without it: the first of the month
    #[arg(long, value_name = "DATE")]
    from: Option<String>,
    /// The last day; without it: today
    #[arg(long, value_name = "DATE")]
    to: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Ledgers {
    clusters: Vec<Ledger>,
}

#[derive(Debug, Deserialize)]
struct Ledger {
    cluster: ClusterId,
    totals: Totals,
    days: Vec<Dated>,
}

#[derive(Debug, Deserialize)]
struct Dated {
    date: String,
    #[serde(flatten)]
    day: Day,
}

#[derive(Debug, Deserialize)]
struct Booked {
    book: Book,
}

pub async fn days(out: Out, settings: &Settings, args: &Args) -> Result<()> {
    let path = args.path("/api/v1/ledger");
    let answer: serde_json::Value = Api::new(settings)?.get(&path).await?;
    for ledger in Ledgers::deserialize(&answer)?.clusters {
        out.say(ledger.cluster.to_string());
        out.table(&table(out, &ledger));
    }
    Ok(out.document(&answer)?)
}

fn table(out: Out, ledger: &Ledger) -> Table {
    let mut table = Table::new([
        out.words(text::DATE),
        out.words(text::AIR),
        out.words(text::BY_INCIDENTS),
        out.words(text::UNEXPLAINED),
        out.words(text::UNKNOWN),
        out.words(text::QUOTA),
    ]);
    for Dated { date, day } in &ledger.days {
        table.row([
            date.clone(),
            hours(day.on_air_ms),
            hours(day.missing_ms(|why| matches!(why, Why::Incident(_)))),
            hours(day.missing_ms(|why| *why == Why::Unexplained)),
            hours(day.unknown_ms()),
            out.words(match day.quota {
                Quota::Kept => text::QUOTA_KEPT,
                Quota::Short => text::QUOTA_SHORT,
                Quota::Open => text::QUOTA_OPEN,
            }),
        ]);
    }
    let totals = &ledger.totals;
    table.row([
        format!("= {}", totals.days),
        hours(totals.on_air_ms),
        hours(totals.explained_ms),
        hours(totals.unexplained_ms),
        hours(totals.unknown_ms),
        format!("{} {}", out.words(text::QUOTA_SHORT), totals.short_days),
    ]);
    table
}

pub async fn book(out: Out, settings: &Settings, args: &Args) -> Result<()> {
    let path = args.path("/api/v1/incident-book");
    let answer: serde_json::Value = Api::new(settings)?.get(&path).await?;
    let book = Booked::deserialize(&answer)?.book;
    let mut table = Table::new([
        out.words(text::CAUSE),
        out.words(text::INCIDENTS),
        out.words(text::STOPPED_FOR),
    ]);
    for (cause, tally) in &book.by_cause {
        let (vi, en) = cause.words();
        let count = tally.incidents.to_string();
        table.row([out.either(vi, en), count, hours(tally.stopped_ms)]);
    }
    out.table(&table);
    if book.faults > 0 {
        out.say(format!("{}: {}", out.words(text::FAULTS), book.faults));
    }
    for (words, count) in [
        (text::DUTY_SATISFIED, book.satisfied),
        (text::DUTY_BREACHED, book.breached),
        (text::DUTY_RUNNING, book.running),
        (text::DUTY_NOT_DUE, book.not_due),
    ] {
        out.say(format!("{}: {count}", out.words(words)));
    }
    Ok(out.document(&answer)?)
}

impl Args {
    fn path(&self, path: &str) -> String {
        let cluster = self.cluster.as_ref().map(ToString::to_string);
        let all = [
            ("cluster", &cluster),
            ("from", &self.from),
            ("to", &self.to),
        ];
        let legal = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        let given = all.into_iter().filter_map(|(key, value)| {
            let value: String = value.as_ref()?.chars().filter(legal).collect();
            Some(format!("{key}={value}"))
        });
        format!("{path}?{}", given.collect::<Vec<_>>().join("&"))
    }
}

fn hours(length: Millis) -> String {
    format!("{}:{:02}", length / HOUR, length % HOUR / MINUTE)
}
