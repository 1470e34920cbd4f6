//! `cotmoc incident`: what stopped, since when, and whether the department knows.

use crate::api::Api;
use crate::out::Out;
use crate::settings::Settings;
use crate::table::Table;
use crate::text;
use anyhow::Result;
use cotmoc_proto::window::OperatingWindow;
use cotmoc_proto::{DeviceId, TimeMs};
use serde::Deserialize;

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// List the incidents, the newest first
    List,
    /// Show one, with every line of its log
    Show { incident: String },
    /// Take one on: reminders rest, the duty to notify does not
    Ack {
        incident: String,
        /// Who takes it on
        #[arg(long)]
        by: String,
        /// For how long reminders rest, 15 at most
        #[arg(long, default_value_t = 15)]
        minutes: u32,
    },
    /// Note that an officer of the department was told and has confirmed it
    Told {
        incident: String,
        /// The officer
        #[arg(long)]
        by: String,
    },
}

#[derive(Debug, Deserialize)]
struct Incidents {
    incidents: Vec<Row>,
}

#[derive(Debug, Deserialize)]
struct Row {
    incident: String,
    device: DeviceId,
    state: State,
    occurred_ms: TimeMs,
    deadline_ms: TimeMs,
    duty: Duty,
    notified_ms: Option<TimeMs>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum State {
    Open,
    Recovering,
    Resolved,
    Dismissed,
    Closed,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Duty {
    NotDue,
    Running,
    Satisfied,
    Breached,
}

pub async fn run(out: Out, settings: &Settings, command: Command) -> Result<()> {
    let api = Api::new(settings)?;
    let answer: serde_json::Value = match command {
        Command::List => {
            let answer: serde_json::Value = api.get("/api/v1/incidents").await?;
            show(out, &Incidents::deserialize(&answer)?.incidents);
            return Ok(out.document(&answer)?);
        }
        Command::Show { incident } => api.get(&path(&incident, "")?).await?,
        Command::Ack {
            incident,
            by,
            minutes,
        } => {
            let body = serde_json::json!({ "by": by, "minutes": minutes });
            api.post(&path(&incident, "/acknowledge")?, &body).await?
        }
        Command::Told { incident, by } => {
            let body = serde_json::json!({ "by": by });
            api.post(&path(&incident, "/told")?, &body).await?
        }
    };
    show(out, &[Row::deserialize(&answer)?]);
    log(out, &answer);
    Ok(out.document(&answer)?)
}

fn path(incident: &str, what: &str) -> Result<String> {
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    anyhow::ensure!(
        incident.chars().all(legal),
        "{incident} is no incident's name"
    );
    Ok(format!("/api/v1/incidents/{incident}{what}"))
}

fn show(out: Out, rows: &[Row]) {
    let zone = OperatingWindow::default().zone;
    let mut table = Table::new([
        out.words(text::INCIDENT),
        out.words(text::DEVICE),
        out.words(text::STATE),
        out.words(text::OCCURRED),
        out.words(text::DEADLINE),
        out.words(text::DUTY),
        out.words(text::DEPARTMENT_TOLD),
    ]);
    for row in rows {
        let told = row.notified_ms.map(|at| zone.format(at));
        table.row([
            row.incident.clone(),
            row.device.to_string(),
            out.words(row.state.words()),
            zone.format(row.occurred_ms),
            zone.format(row.deadline_ms),
            out.words(row.duty.words()),
            told.unwrap_or_else(|| "–".to_owned()),
        ]);
    }
    out.table(&table);
}

/// Every line of the log, as it is kept.
fn log(out: Out, answer: &serde_json::Value) {
    let zone = OperatingWindow::default().zone;
    let lines = answer.get("log").and_then(|log| log.as_array());
    for line in lines.into_iter().flatten() {
        let at = line.get("at_ms").and_then(serde_json::Value::as_i64);
        let at = at.map(|ms| zone.format(TimeMs(ms))).unwrap_or_default();
        let what = line.get("what").map(ToString::to_string);
        out.say(format!("{at}  {}", what.unwrap_or_default()));
    }
}

impl State {
    const fn words(self) -> text::Text {
        match self {
            Self::Open => text::INCIDENT_OPEN,
            Self::Recovering => text::INCIDENT_RECOVERING,
            Self::Resolved => text::INCIDENT_RESOLVED,
            Self::Dismissed => text::INCIDENT_DISMISSED,
            Self::Closed => text::INCIDENT_CLOSED,
        }
    }
}

impl Duty {
    const fn words(self) -> text::Text {
        match self {
            Self::NotDue => text::DUTY_NOT_DUE,
            Self::Running => text::DUTY_RUNNING,
            Self::Satisfied => text::DUTY_SATISFIED,
            Self::Breached => text::DUTY_BREACHED,
        }
    }
}
