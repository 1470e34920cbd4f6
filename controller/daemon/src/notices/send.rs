//! Sends one notice by one route, once, and says what came of it.

mod http;
mod mail;
mod sheet;
mod sms;
mod webhook;

use super::modem::Handle;
use super::modem::pdu::Alphabet;
use crate::settings::{RouteSettings, Way};
use crate::store::NoticeRow;
use anyhow::Context as _;
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
    /// A person has confirmed it at once.
    Confirmed {
        reference: Option<String>,
        by: String,
    },
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
    /// By SMS or by telephone.
    Gate(sms::Gate),
    Modem(Handle, Alphabet),
    Call(Handle),
    Webhook(webhook::Hook),
    Sheet(sheet::Printer),
}

impl Sent {
    pub(super) fn later(error: impl std::fmt::Display) -> Self {
        Self::Later {
            error: error.to_string(),
            after: None,
        }
    }

    pub(super) fn never(error: impl std::fmt::Display) -> Self {
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
    pub fn open(route: &RouteSettings, modems: &[Handle]) -> anyhow::Result<Self> {
        let modem = |name: &str| {
            let found = modems.iter().find(|modem| modem.name() == name);
            found
                .cloned()
                .with_context(|| format!("there is no modem {name}"))
        };
        Ok(match &route.way {
            Way::Mail(smtp) => Self::Mail(mail::Mailer::open(smtp)?),
            Way::Sms(gateway) | Way::Voice(gateway) => Self::Gate(sms::Gate::open(gateway)?),
            Way::Modem(text) => Self::Modem(
                modem(&text.modem)?,
                if text.diacritics {
                    Alphabet::Ucs2
                } else {
                    Alphabet::Gsm7
                },
            ),
            Way::Call(name) => Self::Call(modem(name)?),
            Way::Webhook(webhook) => Self::Webhook(webhook::Hook::open(webhook)?),
            Way::Sheet(sheet) => Self::Sheet(sheet::Printer::open(sheet)?),
        })
    }

    /// How long one attempt may take, where `usual` is what the settings say.
    #[must_use]
    pub fn limit(&self, usual: Duration) -> Duration {
        match self {
            Self::Mail(_) | Self::Gate(_) | Self::Webhook(_) | Self::Sheet(_) => usual,
            Self::Modem(modem, _) => modem.text_limit(),
            Self::Call(modem) => modem.call_limit(),
        }
    }

    /// How many attempts may be under way at once.
    #[must_use]
    pub const fn lanes(&self) -> usize {
        match self {
            Self::Mail(_) | Self::Gate(_) | Self::Webhook(_) | Self::Sheet(_) => 4,
            Self::Modem(..) | Self::Call(_) => 1,
        }
    }

    /// One attempt. Dropping it ends it.
    pub async fn send(&self, letter: &Letter<'_>) -> Sent {
        match self {
            Self::Mail(mailer) => mailer.send(letter).await,
            Self::Gate(gate) => gate.send(letter).await,
            Self::Modem(modem, alphabet) => {
                modem
                    .text(&letter.notice.address, &letter.body, *alphabet)
                    .await
            }
            Self::Call(modem) => modem.call(&letter.notice.address, &letter.body).await,
            Self::Webhook(hook) => hook.send(letter).await,
            Self::Sheet(printer) => printer.send(letter).await,
        }
    }
}

/// The secret in the file `path`, one line.
pub(super) fn secret(path: &Path) -> anyhow::Result<String> {
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
