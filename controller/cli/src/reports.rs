//! Reports of incidents: fetched, checked against the controller's key and against their own log, and made
//! into papers.

use crate::api::Api;
use crate::out::Out;
use crate::settings::Settings;
use crate::text;
use anyhow::{Context as _, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cotmoc_controller_core::report::{Examined, MAX_BYTES, Seal, examine};
use cotmoc_paper::{Content, Fonts};
use cotmoc_service::file;
use std::fs;
use std::path::{Path, PathBuf};

const MAX_KEY_BYTES: u64 = 1_024;

/// As what a report is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Form {
    /// Signed, for `verify`
    Json,
    /// To be printed and signed
    Pdf,
    /// To be edited and signed
    Docx,
}

/// With what a report is checked.
#[derive(Debug, clap::Args)]
pub struct Key {
    /// The controller's public key (a copy of its beacon.pub) [default: report_key of the settings]
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub struct Paper {
    report: PathBuf,
    /// The file to make; its ending says whether PDF or DOCX
    #[arg(long)]
    output: PathBuf,
    #[command(flatten)]
    key: Key,
    /// The folder with Liberation Serif (Debian: fonts-liberation2)
    #[arg(long, value_name = "DIR", default_value = Fonts::FOLDER)]
    fonts: PathBuf,
}

impl Form {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Pdf => "pdf",
            Self::Docx => "docx",
        }
    }

    /// What the file's ending says.
    fn of(file: &Path) -> Option<Self> {
        let ending = file.extension()?.to_str()?.to_lowercase();
        let all = [Self::Json, Self::Pdf, Self::Docx];
        all.into_iter().find(|form| form.as_str() == ending)
    }
}

/// Fetches the report at `path`, as the controller signed it, or the paper that it made.
pub async fn fetch(
    out: Out,
    api: Api,
    path: &str,
    output: &Path,
    form: Option<Form>,
) -> Result<()> {
    let form = form.or_else(|| Form::of(output)).unwrap_or(Form::Json);
    let path = format!("{path}?form={}", form.as_str());
    let found = api.find_bytes(&path, 2 * MAX_BYTES).await?;
    let bytes = found.with_context(|| format!("the controller knows no incident of {path}"))?;
    write(output, &bytes)?;
    out.say(output.display().to_string());
    Ok(out.document(&serde_json::json!({ "file": output, "form": form.as_str() }))?)
}

/// Fetches the key that reports are checked with.
pub async fn fetch_key(out: Out, api: Api, output: &Path) -> Result<()> {
    let found = api
        .find_bytes("/api/v1/report-key", MAX_BYTES)
        .await?
        .context("the controller is older than signed reports")?;
    write(output, &found)?;
    out.say(output.display().to_string());
    out.note(out.words(text::REPORT_KEY_FROM_CONTROLLER));
    Ok(out.document(&serde_json::json!({ "file": output }))?)
}

/// Checks everything about a report; no controller is asked.
pub fn verify(out: Out, settings: &Settings, report: &Path, key: &Key) -> Result<()> {
    let (_, examined) = examined(out, settings, report, key)?;
    out.say(out.words(text::REPORT_AGREES));
    let (seal, by) = match examined.seal {
        Seal::None => ("none", None),
        Seal::Unchecked { by } => ("unchecked", Some(by)),
        Seal::Holds { by } => ("holds", Some(by)),
        Seal::Broken => ("broken", None),
    };
    Ok(out.document(&serde_json::json!({
        "incident": examined.report.incident,
        "agrees": true,
        "signature": seal,
        "key": by,
        "sha256": examined.digest,
        "final": examined.report.is_final,
    }))?)
}

/// Makes the paper of a report that is to be believed.
pub fn paper(out: Out, settings: &Settings, wanted: &Paper) -> Result<()> {
    let (_, examined) = examined(out, settings, &wanted.report, &wanted.key)?;
    let content = Content::of(&examined.report, examined.seal, examined.digest);
    let bytes = match Form::of(&wanted.output) {
        Some(Form::Pdf) => cotmoc_paper::pdf(&content, &Fonts::load(&wanted.fonts)?)?,
        Some(Form::Docx) => cotmoc_paper::docx(&content)?,
        Some(Form::Json) | None => anyhow::bail!(
            "{} says neither PDF nor DOCX: end its name with .pdf or .docx",
            wanted.output.display()
        ),
    };
    write(&wanted.output, &bytes)?;
    out.say(wanted.output.display().to_string());
    let incident = &examined.report.incident;
    Ok(out.document(&serde_json::json!({ "incident": incident, "file": wanted.output }))?)
}

/// A report that is to be believed, after people were told how far.
fn examined(out: Out, settings: &Settings, path: &Path, key: &Key) -> Result<(Vec<u8>, Examined)> {
    let limit = u64::try_from(MAX_BYTES).unwrap_or(u64::MAX);
    let bytes = file::read_at_most(path, limit)
        .with_context(|| format!("{} could not be read", path.display()))?;
    let key = key.key.as_ref().or(settings.report_key.as_ref());
    let key = key.map(|path| public_key(path)).transpose()?;
    let examined = examine(&bytes, key.as_deref())
        .with_context(|| format!("{} is no report of an incident", path.display()))?;
    let complaint = out.for_a_complaint();
    for fault in &examined.faults {
        let said = fault.saying();
        complaint.say(out.either(&said.vi, &said.en));
    }
    let count = examined.faults.len();
    anyhow::ensure!(
        count == 0,
        "{} is not to be believed: {count} {}",
        path.display(),
        if count == 1 { "fault" } else { "faults" }
    );
    out.fact(text::REPORT_DIGEST, examined.digest);
    match examined.seal {
        Seal::Holds { by } => out.fact(text::REPORT_SIGNED, by),
        Seal::Unchecked { by } => {
            out.fact(text::REPORT_SIGNED_UNCHECKED, by);
            complaint.say(out.words(text::REPORT_NEEDS_KEY));
        }
        Seal::None | Seal::Broken => complaint.say(out.words(text::REPORT_UNSIGNED)),
    }
    Ok((bytes, examined))
}

/// The key in a copy of `beacon.pub`.
fn public_key(path: &Path) -> Result<Vec<u8>> {
    let text = file::read_at_most(path, MAX_KEY_BYTES)
        .with_context(|| format!("{} could not be read", path.display()))?;
    STANDARD
        .decode(text.trim_ascii())
        .ok()
        .with_context(|| format!("{} is no copy of beacon.pub", path.display()))
}

fn write(output: &Path, bytes: &[u8]) -> Result<()> {
    fs::write(output, bytes).with_context(|| format!("{} could not be written", output.display()))
}
