//! `cotmoc incident`: what stopped, since when, and whether the department knows.

use crate::api::Api;
use crate::ledger;
use crate::out::Out;
use crate::reports::{self, Form, Key, Paper};
use crate::settings::Settings;
use crate::table::Table;
use crate::text;
use anyhow::Result;
use cotmoc_controller_core::incident::What;
use cotmoc_controller_core::saying;
use cotmoc_proto::window::OperatingWindow;
use cotmoc_proto::{ClusterId, DeviceId, TimeMs};
use serde::Deserialize;
use std::path::PathBuf;

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// List the incidents, the newest first
    List,
    /// Show one, with every line of its log
    Show { incident: String },
    /// Add up the incidents of a period, by cause and by whether the hour was kept
    Book(ledger::Args),
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
    /// Fetch the report that the controller has signed: figures, log and notices; or its paper (biên bản)
    Report {
        incident: String,
        /// The file to make
        #[arg(long)]
        output: PathBuf,
        /// As what; without it the file's ending says so
        #[arg(long, value_enum)]
        form: Option<Form>,
    },
    /// Make the paper of a report (biên bản) that you have, to be printed and signed, if it is to be believed
    Paper(Paper),
    /// Check the signature of a report, and whether its log gives the figures that it states
    Verify {
        report: PathBuf,
        #[command(flatten)]
        key: Key,
    },
    /// Fetch the key with which the controller signs reports
    Key {
        /// The file to make
        #[arg(long)]
        output: PathBuf,
    },
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
        Command::Report {
            incident,
            output,
            form,
        } => {
            let path = path(&incident, "/report")?;
            return reports::fetch(out, api()?, &path, &output, form).await;
        }
        Command::Book(args) => return ledger::book(out, settings, &args).await,
        Command::Key { output } => return reports::fetch_key(out, api()?, &output).await,
        Command::Verify { report, key } => return reports::verify(out, settings, &report, &key),
        Command::Paper(wanted) => return reports::paper(out, settings, &wanted),
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
