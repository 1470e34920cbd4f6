//! The page on which an administrator keeps the accounts.

use super::frame::{Frame, Problem, role, written};
use super::session::{Posted, SignedIn};
use super::words::{Words, words};
use crate::accounts::{LEAST_CHARS, NewAccount};
use crate::app::Shared;
use crate::store::AccountChange;
use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use cotmoc_controller_core::role::{Right, Role};
use cotmoc_proto::window::OperatingWindow;
use serde::Deserialize;

#[derive(Debug, Template)]
#[template(path = "accounts.html")]
struct Page {
    frame: Frame,
    accounts: Vec<Line>,
    roles: Vec<(&'static str, Words)>,
    least: usize,
}

#[derive(Debug)]
struct Line {
    account: String,
    name: String,
    role: Words,
    created: String,
    is_open: bool,
}

#[derive(Debug, Deserialize)]
struct Added {
    account: String,
    name: String,
    role: String,
    password: String,
}

#[derive(Debug, Deserialize)]
struct Changed {
    #[serde(default)]
    password: String,
}

pub(super) fn router() -> Router<Shared> {
    Router::new()
        .route("/accounts", get(list).post(add))
        .route("/accounts/{account}/{change}", post(change))
}

async fn list(State(app): State<Shared>, who: SignedIn) -> Result<Response, Problem> {
    who.need(Right::Administer)?;
    let zone = OperatingWindow::default().zone;
    let rows = app.store.accounts().await?;
    let lines = rows.into_iter().map(|row| Line {
        created: zone.format(row.created_ms),
        is_open: row.disabled_ms.is_none(),
        role: role(row.role),
        account: row.account,
        name: row.name,
    });
    Ok(written(&Page {
        accounts: lines.collect(),
        frame: Frame::new(words("Tài khoản", "Accounts"), &app, Some(&who)),
        roles: Role::ALL.map(|one| (one.as_str(), role(one))).to_vec(),
        least: LEAST_CHARS,
    }))
}

async fn add(
    State(app): State<Shared>,
    Posted { who, form }: Posted<Added>,
) -> Result<Response, Problem> {
    who.need(Right::Administer)?;
    let account = NewAccount {
        account: form.account,
        name: form.name,
        role: form
            .role
            .parse()
            .map_err(|_unknown| Problem::incomplete())?,
        password: form.password,
    };
    app.accounts.add(account, &who.label()).await?;
    Ok(Redirect::to("/accounts").into_response())
}

async fn change(
    State(app): State<Shared>,
    Path((account, change)): Path<(String, String)>,
    Posted { who, form }: Posted<Changed>,
) -> Result<Response, Problem> {
    who.need(Right::Administer)?;
    let by = who.label();
    match change.as_str() {
        "disable" => {
            app.accounts
                .change(&account, AccountChange::Disabled, &by)
                .await?
        }
        "enable" => {
            app.accounts
                .change(&account, AccountChange::Enabled, &by)
                .await?
        }
        "password" => {
            app.accounts
                .give_password(&account, &form.password, &by)
                .await?
        }
        _ => return Err(Problem::unknown()),
    }
    Ok(Redirect::to("/accounts").into_response())
}
