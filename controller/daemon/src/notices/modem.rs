//! GSM modems on a serial line: texts, calls, and what people send back.
//!
//! ```text
//! route -> Handle --mpsc--> Owner (one task a modem) -> Session -> Port -> /dev/serial/by-id/…
//!                             \--> inbox: replies and reports of deliveries -> replies
//!                             \--> health -> status page, faults
//! ```

mod at;
mod call;
mod owner;
pub mod pdu;
mod port;
mod remedy;
mod session;
mod words;

pub use owner::Owner;

use super::send::Sent;
use crate::settings::ModemSettings;
use cotmoc_proto::TimeMs;
use pdu::{Alphabet, Incoming};
use session::Link;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};
use words::Trouble;

const QUEUE: usize = 8;
/// For opening, looking and hanging up, beside the sending itself.
const MARGIN: Duration = Duration::from_secs(30);

/// A way to a modem; clones share it.
#[derive(Debug, Clone)]
pub struct Handle {
    texts: mpsc::Sender<TextJob>,
    calls: mpsc::Sender<CallJob>,
    health: watch::Receiver<Health>,
    settings: ModemSettings,
}

/// A text to be sent.
#[derive(Debug)]
pub struct TextJob {
    to: String,
    text: String,
    alphabet: Alphabet,
    done: oneshot::Sender<Sent>,
}

/// A call to be made.
#[derive(Debug)]
pub struct CallJob {
    to: String,
    text: String,
    done: oneshot::Sender<Sent>,
}

/// Something that came in; `true` to `done` once it is safe.
#[derive(Debug)]
pub struct Inbound {
    pub modem: String,
    pub incoming: Incoming,
    pub done: oneshot::Sender<bool>,
}

/// How a modem is.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Health {
    /// Since when it is as it is.
    pub since_ms: TimeMs,
    /// `None`: it works.
    pub trouble: Option<String>,
    pub operator: String,
    pub signal_percent: Option<u8>,
}

impl TextJob {
    /// Whoever asked may have gone.
    fn answer(self, sent: Sent) {
        drop(self.done.send(sent));
    }
}

impl CallJob {
    fn answer(self, sent: Sent) {
        drop(self.done.send(sent));
    }
}

impl Health {
    /// Whether it works.
    #[must_use]
    pub const fn is_well(&self) -> bool {
        self.trouble.is_none()
    }

    /// Whether that is new.
    fn is_well_now(&mut self, link: Link, now: TimeMs) -> bool {
        let is_new = self.trouble.take().is_some();
        if is_new {
            self.since_ms = now;
        }
        (self.operator, self.signal_percent) = (link.operator, link.percent);
        is_new
    }

    fn is_ill_now(&mut self, trouble: &Trouble, now: TimeMs) -> bool {
        let said = trouble.to_string();
        let is_new = self.trouble.as_ref() != Some(&said);
        if self.trouble.is_none() {
            self.since_ms = now;
        }
        self.trouble = Some(said);
        self.signal_percent = None;
        is_new
    }
}

/// A modem's handle, and its owner, which is to be run.
#[must_use]
pub fn new(settings: &ModemSettings, inbox: mpsc::Sender<Inbound>, now: TimeMs) -> (Handle, Owner) {
    let (texts, text_jobs) = mpsc::channel(QUEUE);
    let (calls, call_jobs) = mpsc::channel(QUEUE);
    let (health, seen) = watch::channel(Health {
        since_ms: now,
        trouble: Some(Trouble::Starting.to_string()),
        operator: String::new(),
        signal_percent: None,
    });
    let owner = Owner {
        settings: settings.clone(),
        texts: text_jobs,
        calls: call_jobs,
        health,
        inbox,
    };
    let handle = Handle {
        texts,
        calls,
        health: seen,
        settings: settings.clone(),
    };
    (handle, owner)
}

impl Handle {
    #[must_use]
    pub fn name(&self) -> &str {
        &self.settings.name
    }

    #[must_use]
    pub fn health(&self) -> Health {
        self.health.borrow().clone()
    }

    /// How long a text may take.
    #[must_use]
    pub fn text_limit(&self) -> Duration {
        self.settings.send * 2 + MARGIN
    }

    /// How long a call may take.
    #[must_use]
    pub fn call_limit(&self) -> Duration {
        self.settings.ring + self.settings.talk + self.settings.send + MARGIN
    }

    pub async fn text(&self, to: &str, text: &str, alphabet: Alphabet) -> Sent {
        let (done, sent) = oneshot::channel();
        let job = TextJob {
            to: to.to_owned(),
            text: text.to_owned(),
            alphabet,
            done,
        };
        if self.texts.send(job).await.is_err() {
            return Sent::later(Trouble::Starting);
        }
        sent.await
            .unwrap_or_else(|_gone| Sent::later(Trouble::Starting))
    }

    pub async fn call(&self, to: &str, text: &str) -> Sent {
        let (done, sent) = oneshot::channel();
        let job = CallJob {
            to: to.to_owned(),
            text: text.to_owned(),
            done,
        };
        if self.calls.send(job).await.is_err() {
            return Sent::later(Trouble::Starting);
        }
        sent.await
            .unwrap_or_else(|_gone| Sent::later(Trouble::Starting))
    }
}
