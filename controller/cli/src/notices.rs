//! `cotmoc drill` and `cotmoc notices`: whether notices get through, and what became of each.

use crate::End;
use crate::api::Api;
use crate::out::Out;
use crate::settings::Settings;
use crate::table::Table;
use crate::text;
use anyhow::Result;
use cotmoc_proto::TimeMs;
use cotmoc_proto::window::{OperatingWindow, Zone};
use serde::Deserialize;
use std::time::Duration;

const POLL: Duration = Duration::from_millis(500);

#[derive(Debug, clap::Args)]
pub struct DrillArgs {
    /// Wait at most so many seconds until every notice is accepted or refused for good
    #[arg(long, default_value_t = 60, value_name = "SECONDS")]
    wait: u64,
}

#[derive(Debug, clap::Args)]
pub struct ListArgs {
    /// Only of this incident or drill
    #[arg(long)]
    incident: Option<String>,
    /// First send those again that were refused for good, now that the cause is removed
    #[arg(long, requires = "incident")]
    retry: bool,
    /// At most so many, the newest
    #[arg(long, default_value_t = 50)]
    limit: u32,
    /// How the ways out are doing, instead
    #[arg(long, conflicts_with_all = ["incident", "retry"])]
    routes: bool,
}

#[derive(Debug, Deserialize)]
struct Begun {
    incident: String,
}

#[derive(Debug, Deserialize)]
struct Notices {
    notices: Vec<Row>,
}

#[derive(Debug, Deserialize)]
struct Row {
    stage: String,
    incident: String,
    channel: String,
    route: String,
    address: String,
    state: State,
    created_ms: TimeMs,
    attempts: u64,
    accepted_ms: Option<TimeMs>,
    #[serde(default)]
    delivered_ms: Option<TimeMs>,
    confirmed_ms: Option<TimeMs>,
    last_error: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Ways {
    routes: Vec<Way>,
    faults: Vec<Fault>,
}

#[derive(Debug, Deserialize)]
struct Way {
    route: String,
    channel: String,
    waiting: u64,
    accepted_ms: Option<TimeMs>,
    failed_ms: Option<TimeMs>,
    last_error: Option<String>,
    modem: Option<Modem>,
}

#[derive(Debug, Deserialize)]
struct Modem {
    trouble: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Fault {
    since_ms: TimeMs,
    vi: String,
    en: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum State {
    Queued,
    Leased,
    Accepted,
    Confirmed,
    Dead,
}

impl State {
    const fn is_through(self) -> bool {
        matches!(self, Self::Accepted | Self::Confirmed)
    }

    const fn is_settled(self) -> bool {
        self.is_through() || matches!(self, Self::Dead)
    }

    const fn words(self) -> text::Text {
        match self {
            Self::Queued => text::NOTICE_QUEUED,
            Self::Leased => text::NOTICE_LEASED,
            Self::Accepted => text::NOTICE_ACCEPTED,
            Self::Confirmed => text::NOTICE_CONFIRMED,
            Self::Dead => text::NOTICE_DEAD,
        }
    }
}

/// `cotmoc drill`
pub async fn drill(out: Out, settings: &Settings, args: &DrillArgs) -> Result<End> {
    let api = Api::new(settings)?;
    let begun: Begun = api.post("/api/v1/drill", &serde_json::json!({})).await?;
    out.fact(text::DRILL, &begun.incident);
    let path = format!("/api/v1/notices?incident={}&limit=1000", begun.incident);
    let deadline = tokio::time::Instant::now() + Duration::from_secs(args.wait);
    let (answer, rows) = loop {
        let answer: serde_json::Value = api.get(&path).await?;
        let rows = Notices::deserialize(&answer)?.notices;
        let is_settled = rows.iter().all(|row| row.state.is_settled());
        if is_settled || tokio::time::Instant::now() >= deadline {
            break (answer, rows);
        }
        tokio::time::sleep(POLL).await;
    };
    show(out, &OperatingWindow::default().zone, &rows);
    out.document(&answer)?;
    Ok(if rows.iter().all(|row| row.state.is_through()) {
        End::Done
    } else {
        End::Unconfirmed
    })
}

/// `cotmoc notices`
pub async fn list(out: Out, settings: &Settings, args: &ListArgs) -> Result<()> {
    let api = Api::new(settings)?;
    if args.routes {
        return routes(out, &api).await;
    }
    let mut path = format!("/api/v1/notices?limit={}", args.limit);
    if let Some(incident) = &args.incident {
        let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        anyhow::ensure!(
            incident.chars().all(legal),
            "{incident} is no incident's name"
        );
        path.push_str(&format!("&incident={incident}"));
        if args.retry {
            let body = serde_json::json!({ "incident": incident });
            api.post::<serde_json::Value>("/api/v1/notices/retry", &body)
                .await?;
        }
    }
    let answer: serde_json::Value = api.get(&path).await?;
    let rows = Notices::deserialize(&answer)?.notices;
    show(out, &OperatingWindow::default().zone, &rows);
    Ok(out.document(&answer)?)
}

/// `cotmoc notices --routes`
async fn routes(out: Out, api: &Api) -> Result<()> {
    let answer: serde_json::Value = api.get("/api/v1/routes").await?;
    let Ways { routes, faults } = Ways::deserialize(&answer)?;
    let zone = OperatingWindow::default().zone;
    let at = |at: Option<TimeMs>| at.map_or("–".to_owned(), |at| zone.format(at));
    let mut table = Table::new([
        out.words(text::NOTICE_ROUTE),
        out.words(text::NOTICE_QUEUED),
        out.words(text::ROUTE_LEFT),
        out.words(text::ROUTE_FAILED),
        out.words(text::DETAIL),
    ]);
    for way in routes {
        let trouble = way.modem.and_then(|modem| modem.trouble);
        table.row([
            format!("{} ({})", way.route, way.channel),
            way.waiting.to_string(),
            at(way.accepted_ms),
            at(way.failed_ms),
            trouble.or(way.last_error).unwrap_or_default(),
        ]);
    }
    out.table(&table);
    for fault in faults {
        let said = format!("{} · {}", fault.vi, fault.en);
        out.fact(
            text::FAULT,
            format!("{said} ({})", zone.format(fault.since_ms)),
        );
    }
    Ok(out.document(&answer)?)
}

fn show(out: Out, zone: &Zone, rows: &[Row]) {
    let mut table = Table::new([
        out.words(text::AT),
        out.words(text::INCIDENT),
        out.words(text::STAGE),
        out.words(text::NOTICE_ROUTE),
        out.words(text::NOTICE_TO),
        out.words(text::STATE),
        out.words(text::TIMES),
        out.words(text::DETAIL),
    ]);
    for row in rows.iter().rev() {
        table.row([
            zone.format(row.created_ms),
            row.incident.clone(),
            row.stage.clone(),
            format!("{} ({})", row.route, row.channel),
            row.address.clone(),
            out.words(match (row.state, row.delivered_ms) {
                (State::Accepted, Some(_)) => text::NOTICE_DELIVERED,
                (state, _) => state.words(),
            }),
            row.attempts.to_string(),
            detail(zone, row),
        ]);
    }
    out.table(&table);
}

/// When it got through, or why it has not.
fn detail(zone: &Zone, row: &Row) -> String {
    let at = row.confirmed_ms.or(row.delivered_ms).or(row.accepted_ms);
    let at = at.filter(|_| row.state.is_through());
    match at {
        Some(at) => zone.format(at),
        None => row.last_error.clone().unwrap_or_default(),
    }
}
