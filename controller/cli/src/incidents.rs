//! `cotmoc incident`: what stopped, since when, and whether the department knows.

use crate::api::Api;
use crate::out::Out;
use crate::paper;
use crate::settings::Settings;
use crate::table::Table;
use crate::text;
use anyhow::{Context as _, Result};
use cotmoc_controller_core::incident::What;
use cotmoc_controller_core::report::Report;
use cotmoc_controller_core::saying;
use cotmoc_proto::window::OperatingWindow;
use cotmoc_proto::{ClusterId, DeviceId, TimeMs};
use serde::Deserialize;
use std::fs;
use std::path::{Path, PathBuf};

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
    /// Dismiss one in which nothing stopped: one person proposes it with a proof, another agrees
    Dismiss {
        incident: String,
        /// Who proposes, or agrees
        #[arg(long)]
        by: String,
        /// What shows that nothing stopped; without it, you agree to what another has proposed
        #[arg(long)]
        proof: Option<String>,
    },
    /// Close a resolved one: two persons sign its cause and remedy
    Close {
        incident: String,
        #[arg(long)]
        by: String,
        /// The second person
        #[arg(long)]
        countersigned: String,
        /// Cause and remedy, in words
        #[arg(long)]
        remedy: String,
    },
    /// Write the report: figures, log and notices, as JSON
    Report {
        incident: String,
        /// The file to make
        #[arg(long)]
        output: PathBuf,
    },
    /// Make the paper of a report (biên bản), to be printed and signed, if its figures follow from its log
    Paper {
        report: PathBuf,
        /// The DOCX file to make
        #[arg(long)]
        output: PathBuf,
    },
    /// Read the log in a report again, and see whether it gives the figures that the report states
    Verify { report: PathBuf },
}

#[derive(Debug, Deserialize)]
struct Incidents {
    incidents: Vec<Row>,
}

#[derive(Debug, Deserialize)]
struct Row {
    incident: String,
    cluster: ClusterId,
    #[serde(default)]
    name: String,
    /// The components that do not work now.
    #[serde(default)]
    down: Vec<DeviceId>,
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
    let api = || Api::new(settings);
    let answer: serde_json::Value = match command {
        Command::List => {
            let answer: serde_json::Value = api()?.get("/api/v1/incidents").await?;
            show(out, &Incidents::deserialize(&answer)?.incidents);
            return Ok(out.document(&answer)?);
        }
        Command::Show { incident } => api()?.get(&path(&incident, "")?).await?,
        Command::Ack {
            incident,
            by,
            minutes,
        } => {
            let body = serde_json::json!({ "by": by, "minutes": minutes });
            api()?
                .post(&path(&incident, "/acknowledge")?, &body)
                .await?
        }
        Command::Told { incident, by } => {
            let body = serde_json::json!({ "by": by });
            api()?.post(&path(&incident, "/told")?, &body).await?
        }
        Command::Dismiss {
            incident,
            by,
            proof: Some(proof),
        } => {
            let body = serde_json::json!({ "by": by, "proof": proof });
            api()?.post(&path(&incident, "/dismissal")?, &body).await?
        }
        Command::Dismiss { incident, by, .. } => {
            let body = serde_json::json!({ "by": by });
            api()?.post(&path(&incident, "/dismiss")?, &body).await?
        }
        Command::Close {
            incident,
            by,
            countersigned,
            remedy,
        } => {
            let body =
                serde_json::json!({ "by": by, "countersigned": countersigned, "remedy": remedy });
            api()?.post(&path(&incident, "/close")?, &body).await?
        }
        Command::Report { incident, output } => {
            let report: serde_json::Value = api()?.get(&path(&incident, "/report")?).await?;
            let text = serde_json::to_vec_pretty(&report)?;
            fs::write(&output, text)
                .with_context(|| format!("{} could not be written", output.display()))?;
            out.say(output.display().to_string());
            return Ok(out.document(&report)?);
        }
        Command::Verify { report } => return verify(out, &report),
        Command::Paper { report, output } => return paper(out, &report, &output),
    };
    show(out, &[Row::deserialize(&answer)?]);
    log(out, &answer);
    Ok(out.document(&answer)?)
}

/// A report with its text, if its figures follow from its log; no controller is asked.
fn verified(path: &Path) -> Result<(Vec<u8>, Report)> {
    let text = fs::read(path).with_context(|| format!("{} could not be read", path.display()))?;
    let report: Report = serde_json::from_slice(&text)
        .with_context(|| format!("{} is no report of an incident", path.display()))?;
    report
        .verify()
        .with_context(|| format!("{} is not to be believed", path.display()))?;
    Ok((text, report))
}

fn verify(out: Out, report: &Path) -> Result<()> {
    let (_, report) = verified(report)?;
    out.say(out.words(text::REPORT_AGREES));
    Ok(out.document(&serde_json::json!({ "incident": report.incident, "agrees": true }))?)
}

fn paper(out: Out, report: &Path, output: &Path) -> Result<()> {
    let (text, report) = verified(report)?;
    fs::write(output, paper::docx(&text, &report)?)
        .with_context(|| format!("{} could not be written", output.display()))?;
    out.say(output.display().to_string());
    Ok(out.document(&serde_json::json!({ "incident": report.incident, "file": output }))?)
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
        out.words(text::CLUSTER),
        out.words(text::DOWN),
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
            row.cluster(),
            row.down(),
            out.words(row.state.words()),
            zone.format(row.occurred_ms),
            zone.format(row.deadline_ms),
            out.words(row.duty.words()),
            told.unwrap_or_else(|| "–".to_owned()),
        ]);
    }
    out.table(&table);
}

/// Every line of the log, as a sentence; one of a newer controller, as it is kept.
fn log(out: Out, answer: &serde_json::Value) {
    let zone = OperatingWindow::default().zone;
    let lines = answer.get("log").and_then(|log| log.as_array());
    for line in lines.into_iter().flatten() {
        let at = line.get("at_ms").and_then(serde_json::Value::as_i64);
        let at = at.map(|ms| zone.format(TimeMs(ms))).unwrap_or_default();
        let what = line.get("what").cloned().unwrap_or_default();
        let said = match serde_json::from_value::<What>(what.clone()) {
            Ok(what) => saying::of(&what, &zone),
            Err(_) => {
                out.say(format!("{at}  {what}"));
                continue;
            }
        };
        out.say(format!("{at}  {} · {}", said.vi, said.en));
    }
}

impl Row {
    /// What people call the cluster; its bare name, if the controller says no more.
    fn cluster(&self) -> String {
        if self.name.is_empty() {
            self.cluster.to_string()
        } else {
            self.name.clone()
        }
    }

    fn down(&self) -> String {
        let names: Vec<&str> = self.down.iter().map(DeviceId::as_str).collect();
        if names.is_empty() {
            "–".to_owned()
        } else {
            names.join(", ")
        }
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
