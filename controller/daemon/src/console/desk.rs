//! The incident desk: what waits for somebody, every incident with its evidence, and what people do.

mod view;
mod ways;

use super::frame::{Frame, Problem, written};
use super::incidents;
use super::session::{Posted, SignedIn};
use super::words::words;
use crate::api;
use crate::app::Shared;
use crate::clock;
use crate::http::Segment;
use crate::incidents::{Case, DeskError, groups};
use crate::overview::overview;
use crate::store::{AccountRow, MOST_NOTICES, ReportForm};
use axum::Router;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use cotmoc_controller_core::incident::What;
use cotmoc_controller_core::role::{Right, may_agree};
use cotmoc_proto::time::{HOUR, MINUTE, Millis};
use cotmoc_proto::window::OperatingWindow;
use serde::Deserialize;

/// How many lines the incident book shows.
const LINES: usize = 200;

#[derive(Debug, Deserialize)]
struct Deed {
    #[serde(default)]
    text: String,
    #[serde(default)]
    minutes: String,
}

pub(super) fn router() -> Router<Shared> {
    Router::new()
        .route("/incidents", get(list))
        .route("/incidents/{id}", get(show))
        .route("/incidents/{id}/report/{form}", get(report))
        .route("/incidents/{id}/{deed}", post(act))
}

async fn list(State(app): State<Shared>, who: SignedIn) -> Result<Response, Problem> {
    let states = app.notices.states().await?;
    let (zone, now) = (OperatingWindow::default().zone, clock::now());
    let views = overview(&app);
    let desk = app.desk.lock().await;
    let waiting = incidents::lines(&desk, &zone, now);
    let ids: Vec<&str> = waiting.iter().map(|line| line.id.as_str()).collect();
    let others = desk.cases().filter(|case| !ids.contains(&case.id.as_str()));
    let others = others
        .take(LINES)
        .map(|case| incidents::line(case, &zone, now))
        .collect();
    let page = view::ListPage {
        frame: Frame::new(words("Bàn trực sự cố", "Incident desk"), &app, Some(&who)),
        alarm: desk
            .cases()
            .filter(|case| incidents::rings(case, now))
            .count(),
        clusters: view::clusters(
            &groups(&app.settings.rules.clusters, &views),
            &desk,
            &zone,
            now,
        ),
        ways: ways::lines(&states, &app.faults.now(), &zone),
        waiting,
        others,
    };
    drop(desk);
    Ok(written(&page))
}

async fn show(
    State(app): State<Shared>,
    who: SignedIn,
    Segment(id): Segment<String>,
) -> Result<Response, Problem> {
    let notices = app.store.notices(Some(id.clone()), MOST_NOTICES).await?;
    let kept = app.store.report(id.clone(), ReportForm::Json).await?;
    let evidence = who
        .role
        .may(Right::Export)
        .then(|| view::evidence(&app, kept.as_ref()));
    let desk = app.desk.lock().await;
    let case = desk.case(&id).ok_or(DeskError::Unknown(id))?;
    let now = clock::now();
    let maintained = desk.maintenance(&case.cluster, now);
    let frame = Frame::new(
        words(format!("Sự cố {}", case.id), "Incident"),
        &app,
        Some(&who),
    );
    Ok(written(&view::page(
        (frame, evidence),
        (case, &notices),
        (&who, maintained),
        now,
    )))
}

/// The evidence and its papers, for whoever may hand them out.
async fn report(
    State(app): State<Shared>,
    who: SignedIn,
    Path((id, form)): Path<(String, String)>,
) -> Result<Response, Response> {
    who.need(Right::Export)
        .map_err(IntoResponse::into_response)?;
    let form = form
        .parse()
        .map_err(|_unknown| Problem::unknown().into_response())?;
    api::incidents::download(&app, &id, form)
        .await
        .map_err(IntoResponse::into_response)
}

async fn act(
    State(app): State<Shared>,
    Path((id, deed)): Path<(String, String)>,
    Posted { who, form }: Posted<Deed>,
) -> Result<Response, Problem> {
    who.need(right(&deed).ok_or_else(Problem::unknown)?)?;
    two_people(&app, (&id, &deed), &who).await?;
    let mut desk = app.desk.lock().await;
    let case = desk
        .case(&id)
        .ok_or_else(|| DeskError::Unknown(id.clone()))?;
    let what = what(case, &deed, &who, &form).ok_or_else(Problem::incomplete)?;
    desk.write(&app, &id, what).await?;
    Ok(Redirect::to(&format!("/incidents/{id}")).into_response())
}

/// Whoever agrees is another person than whoever has proposed, not just another account of whoever made both.
async fn two_people(app: &Shared, (id, deed): (&str, &str), who: &SignedIn) -> Result<(), Problem> {
    let proposed = {
        let desk = app.desk.lock().await;
        let incident = desk.case(id).map(|case| &case.incident);
        let proposal = match deed {
            "dismiss" => incident.and_then(|incident| incident.dismissal()),
            "close" => incident.and_then(|incident| incident.closing()),
            _ => return Ok(()),
        };
        proposal.map(|proposal| proposal.by.clone())
    };
    let Some(by) = proposed else {
        return Ok(());
    };
    let account = by
        .rsplit_once(" (")
        .and_then(|(_, account)| account.strip_suffix(')'));
    let first = match account {
        Some(account) => app.store.account(account.to_owned()).await?,
        None => None,
    };
    let second = app.store.account(who.account.clone()).await?;
    let (Some(second), now) = (second, clock::now()) else {
        return Err(Problem::forbidden());
    };
    let settle_ms = app.settings.settle_ms;
    if may_agree(
        first.as_ref().map(AccountRow::handed),
        second.handed(),
        settle_ms,
        now,
    ) {
        return Ok(());
    }
    Err(Problem::too_new(settle_ms / HOUR))
}

/// What somebody needs to be allowed for a deed; `None`: there is no such deed.
fn right(deed: &str) -> Option<Right> {
    match deed {
        "acknowledge" | "told" => Some(Right::Handle),
        "propose-dismissal" | "dismiss" | "propose-closing" | "close" => Some(Right::Judge),
        _ => None,
    }
}

/// The line of the log that a deed is worth; `None` if the form does not say what it must.
fn what(case: &Case, deed: &str, who: &SignedIn, form: &Deed) -> Option<What> {
    let by = who.label();
    let said = Some(form.text.trim().to_owned()).filter(|text| !text.is_empty());
    match deed {
        "acknowledge" => {
            let minutes: Millis = form.minutes.parse().ok().filter(|minutes| *minutes > 0)?;
            let until_ms = clock::now().plus(minutes.checked_mul(MINUTE)?);
            Some(What::Acknowledged { by, until_ms })
        }
        "told" => said.map(|officer| What::Confirmed {
            by: format!("{officer}; {by}"),
        }),
        "propose-dismissal" => said.map(|proof| What::DismissalProposed { by, proof }),
        "dismiss" => Some(What::Dismissed { by }),
        "propose-closing" => said.map(|remedy| What::ClosingProposed { by, remedy }),
        "close" => {
            let proposal = case.incident.closing()?.clone();
            Some(What::Closed {
                by: proposal.by,
                countersigned: by,
                remedy: proposal.text,
            })
        }
        _ => None,
    }
}
