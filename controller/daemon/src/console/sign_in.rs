//! Signing in and out, the first administrator, one's own password and sessions.

use super::frame::{Frame, Problem, written};
use super::session::{Nothing, Posted, SignedIn, cookie, from_our_page, safe};
use super::words::{Words, words};
use crate::accounts::{LEAST_CHARS, NewAccount};
use crate::app::Shared;
use crate::clock;
use crate::http::Params;
use askama::Template;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Form, Router};
use cotmoc_controller_core::role::Role;
use cotmoc_proto::window::OperatingWindow;
use serde::Deserialize;

#[derive(Debug, Template)]
#[template(path = "sign-in.html")]
struct SignInPage {
    frame: Frame,
    is_first_run: bool,
    next: String,
    problem: Option<Words>,
    least: usize,
}

#[derive(Debug, Template)]
#[template(path = "account.html")]
struct AccountPage {
    frame: Frame,
    sessions: Vec<SessionLine>,
    least: usize,
}

#[derive(Debug)]
struct SessionLine {
    id: u64,
    begun: String,
    seen: String,
    is_this: bool,
}

#[derive(Debug, Deserialize)]
struct Asked {
    #[serde(default)]
    next: String,
}

#[derive(Debug, Deserialize)]
struct Credentials {
    account: String,
    password: String,
    #[serde(default)]
    next: String,
}

#[derive(Debug, Deserialize)]
struct First {
    code: String,
    name: String,
    account: String,
    password: String,
}

#[derive(Debug, Deserialize)]
struct NewPassword {
    current: String,
    password: String,
}

pub(super) fn router() -> Router<Shared> {
    Router::new()
        .route("/sign-in", get(form).post(sign_in))
        .route("/first-run", post(first_run))
        .route("/sign-out", post(sign_out))
        .route("/account", get(account))
        .route("/account/password", post(change_password))
        .route("/account/sessions/{id}/end", post(end_session))
}

async fn form(
    State(app): State<Shared>,
    Params(asked): Params<Asked>,
) -> Result<Response, Problem> {
    page(&app, &asked.next, None).await
}

async fn sign_in(
    State(app): State<Shared>,
    headers: HeaderMap,
    Form(form): Form<Credentials>,
) -> Result<Response, Problem> {
    from_our_page(&headers)?;
    match app.accounts.sign_in(&form.account, &form.password).await {
        Ok(secret) => Ok(begun(&secret, &form.next)),
        Err(error) => refused(&app, &form.next, error.into()).await,
    }
}

async fn first_run(
    State(app): State<Shared>,
    headers: HeaderMap,
    Form(form): Form<First>,
) -> Result<Response, Problem> {
    from_our_page(&headers)?;
    let (name, password) = (form.account.clone(), form.password.clone());
    let account = NewAccount {
        account: form.account,
        name: form.name,
        role: Role::Administrator,
        password: form.password,
    };
    if let Err(error) = app.accounts.first_run(&form.code, account).await {
        return refused(&app, "", error.into()).await;
    }
    let secret = app.accounts.sign_in(&name, &password).await?;
    Ok(begun(&secret, "/accounts"))
}

async fn sign_out(
    State(app): State<Shared>,
    Posted {
        who,
        form: Nothing {},
    }: Posted<Nothing>,
) -> Result<Response, Problem> {
    app.store
        .end_session(who.session, who.account, clock::now())
        .await?;
    Ok((cookie(None), Redirect::to("/sign-in")).into_response())
}

async fn account(State(app): State<Shared>, who: SignedIn) -> Result<Response, Problem> {
    let zone = OperatingWindow::default().zone;
    let sessions = app
        .store
        .sessions(who.account.clone(), clock::now())
        .await?;
    let line = |session: &crate::store::SessionRow| SessionLine {
        id: session.id,
        begun: zone.format(session.begun_ms),
        seen: zone.format(session.seen_ms),
        is_this: session.id == who.session,
    };
    Ok(written(&AccountPage {
        sessions: sessions.iter().map(line).collect(),
        frame: Frame::new(words("Tài khoản của tôi", "Your account"), &app, Some(&who)),
        least: LEAST_CHARS,
    }))
}

async fn change_password(
    State(app): State<Shared>,
    Posted { who, form }: Posted<NewPassword>,
) -> Result<Response, Problem> {
    let changed = app
        .accounts
        .change_own_password(&who.account, &form.current, &form.password);
    changed.await?;
    Ok((cookie(None), Redirect::to("/sign-in")).into_response())
}

async fn end_session(
    State(app): State<Shared>,
    Path(id): Path<u64>,
    Posted {
        who,
        form: Nothing {},
    }: Posted<Nothing>,
) -> Result<Response, Problem> {
    app.store.end_session(id, who.account, clock::now()).await?;
    Ok(Redirect::to("/account").into_response())
}

fn begun(secret: &str, next: &str) -> Response {
    (cookie(Some(secret)), Redirect::to(safe(next))).into_response()
}

/// The form once more, with what was wrong.
async fn refused(app: &Shared, next: &str, problem: Problem) -> Result<Response, Problem> {
    let status = problem.status;
    let mut response = page(app, next, Some(problem.words)).await?;
    *response.status_mut() = status;
    Ok(response)
}

async fn page(app: &Shared, next: &str, problem: Option<Words>) -> Result<Response, Problem> {
    Ok(written(&SignInPage {
        frame: Frame::new(words("Cột Mốc", "Console"), app, None),
        is_first_run: app.accounts.is_first_run().await?,
        next: safe(next).to_owned(),
        problem,
        least: LEAST_CHARS,
    }))
}
