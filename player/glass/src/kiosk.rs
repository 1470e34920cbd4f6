//! What the kiosk's daemon knows of its pages, and what it is told of the glass.

use anyhow::Context as _;
use cotmoc_player_core::glass::{Look, Step, Trouble};
use serde::{Deserialize, Serialize};
use std::net::SocketAddrV4;
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(3);

/// What must be on the glass, and what the pages feel.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Expected {
    /// The number that the page was given last, and the one before it; empty where there is none.
    pub nonces: [String; 2],
    /// Since the browser said last that it paints and is seen.
    pub painted_ms: Option<u64>,
    /// Since a page felt a pointer.
    pub felt_ms: Option<u64>,
}

/// What is told.
#[derive(Debug, Default, Serialize)]
struct Told {
    /// Whether the glass shows the pages, if somebody has looked.
    is_right: Option<bool>,
    step: Option<&'static str>,
    trouble: Option<&'static str>,
}

/// A handle to the daemon of the same board.
#[derive(Debug, Clone)]
pub struct Kiosk {
    client: reqwest::Client,
    address: String,
}

impl Kiosk {
    /// The daemon that listens there.
    ///
    /// # Errors
    /// If no client can be made.
    pub fn new(address: SocketAddrV4) -> anyhow::Result<Self> {
        // The client wants one even where nothing is encrypted; a second installation changes nothing.
        rustls::crypto::ring::default_provider()
            .install_default()
            .ok();
        let client = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(LIMIT)
            .build()?;
        Ok(Self {
            client,
            address: format!("http://{address}/v1/glass"),
        })
    }

    /// What must be seen now.
    ///
    /// # Errors
    /// If the daemon does not say so in time.
    pub async fn expected(&self) -> anyhow::Result<Expected> {
        let answer = self.client.get(&self.address).send().await;
        let answer = answer.and_then(reqwest::Response::error_for_status);
        let answer = answer.context("asking the kiosk what it shows")?;
        answer.json().await.context("reading what the kiosk shows")
    }

    /// Tells what a look found.
    pub async fn looked(&self, look: Look) {
        let told = Told {
            is_right: Some(look == Look::Right),
            ..Told::default()
        };
        self.tell(&told).await;
    }

    /// Tells what is tried, and why.
    pub async fn helped(&self, step: Step, trouble: Trouble) {
        let told = Told {
            step: Some(step.code()),
            trouble: Some(trouble.code()),
            ..Told::default()
        };
        self.tell(&told).await;
    }

    async fn tell(&self, told: &Told) {
        let origin = self.address.trim_end_matches("/v1/glass");
        let request = self.client.post(&self.address).header("origin", origin);
        let sent = request.json(told).send().await;
        if let Err(error) = sent.and_then(reqwest::Response::error_for_status) {
            tracing::warn!(%error, "the kiosk could not be told about its glass");
        }
    }
}
