//! Incidents with their logs, and what people write into them.

use crate::app::Shared;
use crate::clock;
use crate::http::{ApiError, ApiResult, Json, Params, Segment};
use crate::incidents::{Case, DeskError};
use crate::reports::{self, ReportError};
use crate::store::{ReportForm, UnknownForm};
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cotmoc_controller_core::cause::{Cause, Source};
use cotmoc_controller_core::incident::{self, Duty, Entry, What};
use cotmoc_proto::time::{MINUTE, Millis};
use cotmoc_proto::{ClusterId, DeviceId, TimeMs};
use serde::{Deserialize, Serialize};

/// An incident as people ask for it.
#[derive(Debug, Serialize)]
pub(super) struct View {
    incident: String,
    cluster: ClusterId,
    name: String,
    /// A component has failed, and the cluster goes on.
    is_fault: bool,
    /// The components that do not work now.
    down: Vec<DeviceId>,
    state: &'static str,
    cause: Cause,
    occurred_ms: TimeMs,
    occurred_by: Source,
    detected_ms: TimeMs,
    deadline_ms: TimeMs,
    duty: &'static str,
    /// When the department's notice was taken over.
    notified_ms: Option<TimeMs>,
    confirmed_ms: Option<TimeMs>,
    #[serde(skip_serializing_if = "Option::is_none")]
    log: Option<Vec<Entry>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Acknowledgement {
    by: String,
    minutes: Millis,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct By {
    by: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Proposal {
    by: String,
    /// What shows that nothing stopped.
    proof: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Closing {
    by: String,
    countersigned: String,
    /// Cause and remedy, in words.
    remedy: String,
}

/// As what a report is wanted.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Form {
    #[serde(default)]
    form: Option<String>,
}

pub(super) async fn list(State(app): State<Shared>) -> ApiResult<axum::Json<serde_json::Value>> {
    let desk = app.desk.lock().await;
    let all: Vec<View> = desk.cases().map(|case| view(case, false)).collect();
    Ok(axum::Json(serde_json::json!({ "incidents": all })))
}

pub(super) async fn show(
    State(app): State<Shared>,
    Segment(id): Segment<String>,
) -> ApiResult<axum::Json<View>> {
    one(&app, &id).await
}

pub(super) async fn acknowledge(
    State(app): State<Shared>,
    Segment(id): Segment<String>,
    Json(body): Json<Acknowledgement>,
) -> ApiResult<axum::Json<View>> {
    let until_ms = clock::now().plus(body.minutes.saturating_mul(MINUTE));
    let by = said("by", &body.by)?;
    write(&app, &id, What::Acknowledged { by, until_ms }).await
}

/// Somebody told the department another way, and its officer, named here, has confirmed that.
pub(super) async fn told(
    State(app): State<Shared>,
    Segment(id): Segment<String>,
    Json(body): Json<By>,
) -> ApiResult<axum::Json<View>> {
    let by = said("by", &body.by)?;
    write(&app, &id, What::Confirmed { by }).await
}

/// One person states that nothing stopped.
pub(super) async fn propose_dismissal(
    State(app): State<Shared>,
    Segment(id): Segment<String>,
    Json(body): Json<Proposal>,
) -> ApiResult<axum::Json<View>> {
    let by = said("by", &body.by)?;
    let proof = said("proof", &body.proof)?;
    write(&app, &id, What::DismissalProposed { by, proof }).await
}

/// Another person agrees.
pub(super) async fn dismiss(
    State(app): State<Shared>,
    Segment(id): Segment<String>,
    Json(body): Json<By>,
) -> ApiResult<axum::Json<View>> {
    let by = said("by", &body.by)?;
    write(&app, &id, What::Dismissed { by }).await
}

/// Two persons sign cause and remedy.
pub(super) async fn close(
    State(app): State<Shared>,
    Segment(id): Segment<String>,
    Json(body): Json<Closing>,
) -> ApiResult<axum::Json<View>> {
    let what = What::Closed {
        by: said("by", &body.by)?,
        countersigned: said("countersigned", &body.countersigned)?,
        remedy: said("remedy", &body.remedy)?,
    };
    write(&app, &id, what).await
}

/// Everything about one incident, signed, fit to be kept and verified elsewhere; or a paper of it.
pub(super) async fn report(
    State(app): State<Shared>,
    Segment(id): Segment<String>,
    Params(wanted): Params<Form>,
) -> ApiResult<Response> {
    let form = wanted.form.as_deref().unwrap_or("json").parse();
    let form = form.map_err(|unknown: UnknownForm| {
        ApiError::new(StatusCode::BAD_REQUEST, "unknown-form", unknown.to_string())
    })?;
    download(&app, &id, form).await
}

/// With what reports are checked: the controller's public key, as `beacon.pub` holds it.
pub(super) async fn report_key(State(app): State<Shared>) -> String {
    format!("{}\n", STANDARD.encode(app.voice.public()))
}

/// A report or a paper as a file.
///
/// # Errors
/// [`ApiError`].
pub async fn download(app: &Shared, id: &str, form: ReportForm) -> ApiResult<Response> {
    let handed = reports::hand_out(app, id, form).await?;
    let kind = match form {
        ReportForm::Json => "application/json",
        ReportForm::Pdf => "application/pdf",
        ReportForm::Docx => {
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
        }
    };
    let draft = if handed.is_final { "" } else { "-draft" };
    let name = format!("attachment; filename=\"{id}{draft}.{}\"", form.as_str());
    let headers = [
        (header::CONTENT_TYPE, kind.to_owned()),
        (header::CONTENT_DISPOSITION, name),
    ];
    Ok((headers, handed.bytes).into_response())
}

/// What somebody said, without the space around it.
pub(super) fn said(field: &'static str, text: &str) -> ApiResult<String> {
    let text = text.trim();
    if text.is_empty() {
        let problem = format!("\"{field}\" is empty: the log must say it");
        return Err(ApiError::new(StatusCode::BAD_REQUEST, "empty", problem));
    }
    Ok(text.to_owned())
}

async fn write(app: &Shared, id: &str, what: What) -> ApiResult<axum::Json<View>> {
    app.desk.lock().await.write(app, id, what).await?;
    one(app, id).await
}

async fn one(app: &Shared, id: &str) -> ApiResult<axum::Json<View>> {
    let desk = app.desk.lock().await;
    let case = desk
        .case(id)
        .ok_or_else(|| DeskError::Unknown(id.to_owned()))?;
    Ok(axum::Json(view(case, true)))
}

fn view(case: &Case, with_log: bool) -> View {
    let incident = &case.incident;
    View {
        incident: case.id.clone(),
        cluster: case.cluster.clone(),
        name: case.about().full(),
        is_fault: incident.is_fault(),
        down: incident.down().into_iter().flatten().cloned().collect(),
        state: match incident.state() {
            incident::State::Open => "open",
            incident::State::Recovering => "recovering",
            incident::State::Resolved => "resolved",
            incident::State::Dismissed => "dismissed",
            incident::State::Closed => "closed",
        },
        cause: incident.cause(),
        occurred_ms: incident.occurred(),
        occurred_by: incident.source(),
        detected_ms: incident.detected(),
        deadline_ms: incident.deadline(),
        duty: match incident.duty(clock::now()) {
            Duty::NotDue => "not-due",
            Duty::Running { .. } => "running",
            Duty::Satisfied { .. } => "satisfied",
            Duty::Breached { .. } => "breached",
        },
        notified_ms: incident.accepted(),
        confirmed_ms: incident.confirmed(),
        log: with_log.then(|| case.log.clone()),
    }
}

impl From<ReportError> for ApiError {
    fn from(error: ReportError) -> Self {
        match error {
            ReportError::Desk(error) => error.into(),
            ReportError::Store(error) => error.into(),
            ReportError::Fonts(error) => Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "no-fonts",
                error.to_string(),
            ),
            ReportError::Write(_)
            | ReportError::Sign
            | ReportError::TooBig(_)
            | ReportError::Damaged(_)
            | ReportError::Paper(_)
            | ReportError::Broken => {
                tracing::error!(%error, "a report could not be made");
                Self::internal()
            }
        }
    }
}

impl From<DeskError> for ApiError {
    fn from(error: DeskError) -> Self {
        match error {
            DeskError::Unknown(_) => {
                Self::new(StatusCode::NOT_FOUND, "unknown-incident", error.to_string())
                    .remedy("list them: cotmoc incident list")
            }
            DeskError::Refused(refused) => {
                Self::new(StatusCode::CONFLICT, "refused", refused.to_string())
            }
            DeskError::Store(error) => error.into(),
        }
    }
}
