//! Obligations with their logs, and what people record of them.

use super::incidents::said;
use crate::app::Shared;
use crate::clock;
use crate::http::{ApiError, ApiResult, Json, Params, Segment};
use crate::obligations::{Held, ObligationError};
use axum::extract::State;
use axum::http::StatusCode;
use cotmoc_controller_core::ledger::Span;
use cotmoc_controller_core::obligation::{
    Delivery, Entry, Kind, Measure, Refused, Standing, Subject, What,
};
use cotmoc_proto::TimeMs;
use serde::{Deserialize, Serialize};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Filter {
    /// Days of operation too that are over and reached their quota.
    #[serde(default)]
    all: bool,
}

/// An obligation as people ask for it.
#[derive(Debug, Serialize)]
pub(super) struct View<'h> {
    obligation: &'h str,
    kind: Kind,
    subject: &'h Subject,
    period: Span,
    due_ms: TimeMs,
    standing: Standing,
    deliveries: Vec<Recorded<'h>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    measure: Option<&'h Measure>,
    #[serde(skip_serializing_if = "Option::is_none")]
    log: Option<&'h [Entry]>,
}

#[derive(Debug, Serialize)]
struct Recorded<'h> {
    recorded_ms: TimeMs,
    #[serde(flatten)]
    delivery: &'h Delivery,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Delivered {
    by: String,
    reference: String,
    /// When it was done; without it: now.
    done_ms: Option<TimeMs>,
    second: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Withdrawal {
    by: String,
    reason: String,
}

pub(super) async fn list(
    State(app): State<Shared>,
    Params(filter): Params<Filter>,
) -> ApiResult<axum::Json<serde_json::Value>> {
    let now = clock::now();
    let held = app.obligations.lock().await;
    let wanted = held
        .all()
        .filter(|one| filter.all || !one.is_settled_day(now));
    let views: Vec<View<'_>> = wanted.map(|one| view(one, false)).collect();
    Ok(axum::Json(serde_json::json!({ "obligations": views })))
}

pub(super) async fn show(
    State(app): State<Shared>,
    Segment(id): Segment<String>,
) -> ApiResult<axum::Json<serde_json::Value>> {
    let held = app.obligations.lock().await;
    let one = held.find(&id).ok_or(ObligationError::Unknown(id))?;
    Ok(axum::Json(serde_json::json!(view(one, true))))
}

pub(super) async fn deliver(
    State(app): State<Shared>,
    Segment(id): Segment<String>,
    Json(body): Json<Delivered>,
) -> ApiResult<axum::Json<serde_json::Value>> {
    let second = body.second.as_deref().map(|name| said("second", name));
    let delivery = Delivery {
        done_ms: body.done_ms.unwrap_or_else(clock::now),
        reference: said("reference", &body.reference)?,
        by: said("by", &body.by)?,
        second: second.transpose()?,
    };
    write(&app, &id, What::Delivered(delivery)).await
}

pub(super) async fn withdraw(
    State(app): State<Shared>,
    Segment(id): Segment<String>,
    Json(body): Json<Withdrawal>,
) -> ApiResult<axum::Json<serde_json::Value>> {
    let what = What::Withdrawn {
        by: said("by", &body.by)?,
        reason: said("reason", &body.reason)?,
    };
    write(&app, &id, what).await
}

async fn write(app: &Shared, id: &str, what: What) -> ApiResult<axum::Json<serde_json::Value>> {
    let mut held = app.obligations.lock().await;
    let one = held.write(&app.store, id, what).await?;
    Ok(axum::Json(serde_json::json!(view(one, true))))
}

fn view(held: &Held, with_log: bool) -> View<'_> {
    let terms = held.obligation.terms();
    let deliveries = held.obligation.deliveries().iter();
    View {
        obligation: &held.id,
        kind: terms.kind,
        subject: &terms.subject,
        period: terms.period,
        due_ms: terms.due_ms,
        standing: held.obligation.standing(clock::now()),
        deliveries: deliveries
            .map(|(at, delivery)| Recorded {
                recorded_ms: *at,
                delivery,
            })
            .collect(),
        measure: held.obligation.measure(),
        log: with_log.then_some(&held.log),
    }
}

impl From<ObligationError> for ApiError {
    fn from(error: ObligationError) -> Self {
        match error {
            ObligationError::Unknown(_) => Self::new(
                StatusCode::NOT_FOUND,
                "unknown-obligation",
                error.to_string(),
            )
            .remedy("list them: cotmoc obligation list"),
            ObligationError::Refused(refused) => {
                let remedy = match refused {
                    Refused::SecondPerson => "name a second person with \"second\"",
                    Refused::Opening
                    | Refused::Measured
                    | Refused::NotMeasured
                    | Refused::Future
                    | Refused::BeforePeriod
                    | Refused::NoReference
                    | Refused::NoReason
                    | Refused::NothingRecorded
                    | Refused::NotProposed => "",
                };
                Self::new(StatusCode::CONFLICT, "refused", refused.to_string()).remedy(remedy)
            }
            ObligationError::Store(error) => error.into(),
        }
    }
}
