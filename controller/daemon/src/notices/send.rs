//! Sends one notice by one route, once, and says what came of it.

mod http;
mod mail;
mod sheet;
mod sms;
mod webhook;

use crate::settings::{RouteSettings, Way};
use crate::store::NoticeRow;
use cotmoc_service::file;
use std::path::Path;
use std::time::Duration;

const MAX_SECRET_BYTES: u64 = 4_096;

/// A notice as it leaves.
#[derive(Debug)]
pub struct Letter<'n> {
    pub notice: &'n NoticeRow,
    /// The text with its link.
    pub body: String,
    pub link: Option<String>,
}

/// What came of an attempt.
#[derive(Debug, PartialEq, Eq)]
pub enum Sent {
    /// The provider has taken it over, under a number of its own.
    Accepted { reference: Option<String> },
    /// It may succeed later, not before `after`.
    Later {
        error: String,
        after: Option<Duration>,
    },
    /// It will never succeed on this route.
    Never { error: String },
}

/// A route that is ready.
#[derive(Debug)]
pub enum Transport {
    Mail(mail::Mailer),
    Sms(sms::Gate),
    Webhook(webhook::Hook),
    Sheet(sheet::Printer),
}

impl Sent {
    fn later(error: impl std::fmt::Display) -> Self {
        Self::Later {
            error: error.to_string(),
            after: None,
        }
    }

    fn never(error: impl std::fmt::Display) -> Self {
        Self::Never {
            error: error.to_string(),
        }
    }
}

impl Transport {
    /// Makes a route ready; nothing is sent yet.
    ///
    /// # Errors
    /// If a secret cannot be read, or an address is not allowed.
    pub fn open(route: &RouteSettings) -> anyhow::Result<Self> {
        Ok(match &route.way {
            Way::Mail(smtp) => Self::Mail(mail::Mailer::open(smtp)?),
            Way::Sms(gateway) => Self::Sms(sms::Gate::open(gateway)?),
            Way::Webhook(webhook) => Self::Webhook(webhook::Hook::open(webhook)?),
            Way::Sheet(sheet) => Self::Sheet(sheet::Printer::open(sheet)?),
        })
    }

    /// One attempt. Dropping it ends it.
    pub async fn send(&self, letter: &Letter<'_>) -> Sent {
        match self {
            Self::Mail(mailer) => mailer.send(letter).await,
            Self::Sms(gate) => gate.send(letter).await,
            Self::Webhook(hook) => hook.send(letter).await,
            Self::Sheet(printer) => printer.send(letter).await,
        }
    }
}

/// The secret in the file `path`, one line.
fn secret(path: &Path) -> anyhow::Result<String> {
    let text = String::from_utf8(file::read_at_most(path, MAX_SECRET_BYTES)?)?;
    let secret = text.trim_end_matches(['\r', '\n']);
    anyhow::ensure!(
        !secret.is_empty() && !secret.contains(char::is_control),
        "{}: expected one line with the secret",
        path.display()
    );
    Ok(secret.to_owned())
}

/// An error with everything behind it.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        text.push_str(": ");
        text.push_str(&source.to_string());
        next = source.source();
    }
    text
}
