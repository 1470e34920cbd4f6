//! The evidence of incidents (Điều 8.3b): a signed report and its papers. While an incident goes on each is
//! made when somebody asks, and is a draft; at its end they are made once and kept, and whoever asks later
//! gets the same bytes.

use crate::app::Shared;
use crate::clock;
use crate::incidents::{Case, DeskError};
use crate::store::{MOST_NOTICES, NoticeRow, ReportForm, ReportRow, StoreError};
use cotmoc_controller_core::report::{
    Context, Fault, Heard, MAX_BYTES, Notice, Report, Subject, components, examine,
};
use cotmoc_paper::{Content, Fonts, FontsError, PaperError};
use cotmoc_proto::Digest;
use cotmoc_proto::envelope::{Envelope, PayloadType};
use std::collections::BTreeSet;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How soon after its end an incident's report is made.
const TURN: Duration = Duration::from_secs(2);
/// So many notes of devices and of the controller stand in one report.
const MOST_HEARD: u32 = 200;

/// Why there is no report, or no paper of it.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    #[error(transparent)]
    Desk(#[from] DeskError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the report could not be written")]
    Write(#[source] serde_json::Error),
    #[error("the report could not be signed: the system gives no randomness")]
    Sign,
    #[error("the report has {0} bytes, more than is read")]
    TooBig(usize),
    #[error("a report that is kept cannot be read: {0}")]
    Damaged(#[from] Fault),
    #[error(transparent)]
    Fonts(#[from] FontsError),
    #[error(transparent)]
    Paper(#[from] PaperError),
    #[error("the paper broke down while it was made")]
    Broken,
}

/// A report or a paper, ready to be handed out.
#[derive(Debug)]
pub struct Handed {
    pub bytes: Vec<u8>,
    pub is_final: bool,
}

/// What there is of an incident in `form`: what was kept at its end, or a draft.
///
/// # Errors
/// [`ReportError`].
pub async fn hand_out(app: &Shared, id: &str, form: ReportForm) -> Result<Handed, ReportError> {
    if let Some(row) = app.store.report(id.to_owned(), form).await? {
        return Ok(Handed {
            bytes: row.bytes,
            is_final: true,
        });
    }
    let signed = match app.store.report(id.to_owned(), ReportForm::Json).await? {
        Some(row) => row.bytes,
        None => make(app, id).await?,
    };
    keep_if_final(app, &signed).await?;
    let kept = app.store.report(id.to_owned(), ReportForm::Json).await?;
    let is_final = kept.is_some();
    let signed = kept.map_or(signed, |row| row.bytes);
    let bytes = match form {
        ReportForm::Json => signed,
        ReportForm::Pdf | ReportForm::Docx => {
            let paper = paper(app, signed.clone(), form).await?;
            keep_paper(app, &signed, form, paper.clone()).await?;
            paper
        }
    };
    Ok(Handed { bytes, is_final })
}

/// Keeps the report and the papers of every incident that has ended, until `stop`.
pub async fn keep(app: Shared, stop: CancellationToken) {
    let mut tick = tokio::time::interval(TURN);
    let mut done: BTreeSet<String> = BTreeSet::new();
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = tick.tick() => {}
        }
        if done.is_empty() {
            done.extend(app.store.reported().await.unwrap_or_default());
        }
        let desk = app.desk.lock().await;
        let ended = desk.cases().filter(|case| case.incident.is_over());
        let ended: Vec<String> = ended
            .map(|case| case.id.clone())
            .filter(|id| !done.contains(id))
            .collect();
        drop(desk);
        for id in ended {
            match freeze(&app, &id).await {
                Ok(()) => done.insert(id),
                Err(error) => {
                    tracing::error!(%error, incident = id, "the report of an ended incident could not be kept; tried again");
                    false
                }
            };
        }
    }
}

/// The report first: it is the evidence, whether or not papers can be made of it.
async fn freeze(app: &Shared, id: &str) -> Result<(), ReportError> {
    for form in [ReportForm::Json, ReportForm::Docx, ReportForm::Pdf] {
        match hand_out(app, id, form).await {
            Err(ReportError::Fonts(error)) => {
                tracing::error!(%error, incident = id, "no PDF of an ended incident could be made; it is made when somebody asks");
            }
            other => drop(other?),
        }
    }
    tracing::info!(incident = id, "the report of an ended incident is kept");
    Ok(())
}

async fn keep_if_final(app: &Shared, signed: &[u8]) -> Result<(), ReportError> {
    let examined = examine(signed, None)?;
    if !examined.report.is_final {
        return Ok(());
    }
    let row = ReportRow {
        incident: examined.report.incident,
        made_ms: examined.report.made_ms,
        sha256: Digest::of(signed),
        payload: examined.digest,
        bytes: signed.to_vec(),
    };
    Ok(app.store.keep_report(ReportForm::Json, row).await?)
}

async fn keep_paper(
    app: &Shared,
    signed: &[u8],
    form: ReportForm,
    paper: Vec<u8>,
) -> Result<(), ReportError> {
    let examined = examine(signed, None)?;
    if !examined.report.is_final {
        return Ok(());
    }
    let row = ReportRow {
        incident: examined.report.incident,
        made_ms: examined.report.made_ms,
        sha256: Digest::of(&paper),
        payload: examined.digest,
        bytes: paper,
    };
    Ok(app.store.keep_report(form, row).await?)
}

/// A new report, signed.
async fn make(app: &Shared, id: &str) -> Result<Vec<u8>, ReportError> {
    let desk = app.desk.lock().await;
    let case = desk
        .case(id)
        .ok_or_else(|| DeskError::Unknown(id.to_owned()))?
        .clone();
    drop(desk);
    let now = clock::now();
    let span = Heard::span(&case.log, &case.incident, now);
    let devices = components(&case.log);
    let heard = app.store.heard(devices, span, MOST_HEARD).await?;
    let notices = app.store.notices(Some(id.to_owned()), MOST_NOTICES).await?;
    let report = Report::of(
        subject(app, &case, heard),
        (case.log.clone(), &case.incident),
        notices.into_iter().map(notice).collect(),
        now,
    );
    let payload = serde_json::to_vec(&report).map_err(ReportError::Write)?;
    let envelope = Envelope::unsigned(PayloadType::Report, payload);
    let sealed = app.voice.seal(envelope).ok_or(ReportError::Sign)?;
    let bytes = sealed.to_bytes();
    if bytes.len() > MAX_BYTES {
        return Err(ReportError::TooBig(bytes.len()));
    }
    Ok(bytes)
}

fn subject(app: &Shared, case: &Case, heard: Vec<Heard>) -> Subject {
    Subject {
        incident: case.id.clone(),
        cluster: case.cluster.clone(),
        context: Context {
            link: app.settings.notices.links.clone(),
            is_synchronised: clock::is_synchronised(),
            heard,
        },
    }
}

fn notice(row: NoticeRow) -> Notice {
    Notice {
        key: row.key,
        stage: row.stage,
        recipient: row.recipient,
        route: row.route,
        address: row.address,
        subject: row.subject,
        body: row.body,
        created_ms: row.created_ms,
        attempts: row.attempts,
        state: row.state.as_str().to_owned(),
        accepted_ms: row.accepted_ms,
        confirmed_ms: row.confirmed_ms,
        confirmed_by: row.confirmed_by,
        provider_ref: row.provider_ref,
        last_error: row.last_error,
    }
}

/// The paper of a signed report; laid out on a thread of its own.
async fn paper(app: &Shared, signed: Vec<u8>, form: ReportForm) -> Result<Vec<u8>, ReportError> {
    let (fonts, key) = (app.settings.fonts.clone(), app.voice.public().to_vec());
    let made = tokio::task::spawn_blocking(move || {
        let examined = examine(&signed, Some(&key))?;
        let content = Content::of(&examined.report, examined.seal, examined.digest);
        let bytes = match form {
            ReportForm::Json => signed,
            ReportForm::Pdf => cotmoc_paper::pdf(&content, &Fonts::load(&fonts)?)?,
            ReportForm::Docx => cotmoc_paper::docx(&content)?,
        };
        Ok(bytes)
    });
    made.await.map_err(|_join| ReportError::Broken)?
}
