//! The way to the controller: opened as soon as there is a certificate, and renewed long before the
//! certificate ends. The old key is in use until the controller has seen the new one.

use crate::api::{Api, Refused};
use crate::credentials::Credentials;
use crate::heart::random;
use crate::key::DeviceKey;
use crate::reporter::Reporter;
use crate::settings::Settings;
use crate::tls::{self, Floor};
use anyhow::Context as _;
use cotmoc_player_core::backoff::Backoff;
use cotmoc_player_core::renewal::{Life, Stage, resolve};
use cotmoc_proto::device::{EventKind, RenewRequest};
use cotmoc_proto::{Digest, TimeMs};
use cotmoc_service::{boot, notify};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, watch};
use tokio::time::Instant;

/// How often the agent looks at its certificate.
const LOOK: Duration = Duration::from_secs(2);
/// A word about the certificate before this one may still be under way.
const LAST_WORDS: Duration = Duration::from_secs(60);

/// What others are given.
#[derive(Debug)]
pub struct Outlets {
    pub way: watch::Sender<Option<Arc<Api>>>,
    /// The key in use.
    pub key: watch::Sender<Arc<DeviceKey>>,
}

/// Keeps the way open.
#[derive(Debug)]
pub struct Renewal {
    settings: Settings,
    floor: Floor,
    reporter: Reporter,
    outlets: Outlets,
    /// Told when the controller says that the certificate has ended.
    ended: Arc<Notify>,
    credentials: Credentials,
    seen: Option<Digest>,
    life: Option<Life>,
    backoff: Backoff,
    not_before: Option<Instant>,
    renewed: Option<Instant>,
    told: Option<Stage>,
}

impl Renewal {
    /// Keeps the way to the controller of `settings` open.
    #[must_use]
    pub fn new(
        settings: Settings,
        floor: Floor,
        reporter: Reporter,
        outlets: Outlets,
        ended: Arc<Notify>,
    ) -> Self {
        Self {
            credentials: Credentials::new(&settings.data),
            settings,
            floor,
            reporter,
            outlets,
            ended,
            seen: None,
            life: None,
            backoff: Backoff::new(5_000, 3_600_000),
            not_before: None,
            renewed: None,
            told: None,
        }
    }

    /// Looks for ever.
    pub async fn run(mut self) {
        notify::status("waiting for enrolment");
        let mut ended = false;
        loop {
            self.look();
            self.renew_if_due(ended).await;
            ended = tokio::select! {
                () = tokio::time::sleep(LOOK) => false,
                () = self.ended.notified() => true,
            };
        }
    }

    /// Opens the way whenever there is another certificate.
    fn look(&mut self) {
        let path = self.credentials.certificate();
        let now = std::fs::read(&path).ok().map(|pem| Digest::of(&pem));
        if now.is_none() || now == self.seen {
            return;
        }
        self.seen = now;
        if let Err(error) = self.take_up(&path) {
            tracing::error!(
                error = format!("{error:#}"),
                "the device's certificate cannot be used"
            );
        }
    }

    fn take_up(&mut self, certificate: &Path) -> anyhow::Result<()> {
        let key = DeviceKey::load_or_make(&self.settings.data)?;
        let api = self.open_way(&key, certificate)?;
        self.life = Some(tls::life(certificate)?);
        self.told = None;
        self.outlets.key.send_replace(Arc::new(key));
        self.outlets.way.send_replace(Some(Arc::new(api)));
        notify::status("enrolled");
        Ok(())
    }

    fn open_way(&self, key: &DeviceKey, certificate: &Path) -> anyhow::Result<Api> {
        let settings = &self.settings;
        let tls = tls::with_certificate(&settings.server_ca, &self.floor, key, certificate)?;
        Api::new(settings.controller.clone(), settings.patience, tls)
    }

    async fn renew_if_due(&mut self, ended: bool) {
        let Some(life) = self.life else {
            return;
        };
        let now = TimeMs(boot::wall_ms()).max(self.floor.get());
        let since = self.renewed.map(|at| at.elapsed());
        let ended = ended && since.is_none_or(|since| since > LAST_WORDS);
        let stage = if ended {
            Stage::Over
        } else {
            resolve(life, now).0
        };
        let rested = since.is_none_or(|since| since.as_millis() >= life.pause_ms().into());
        let due = ended || (stage.is_due() && rested) || self.credentials.has_certificate();
        let waiting = self.not_before.is_some_and(|at| Instant::now() < at);
        if !due || (waiting && !ended) {
            return;
        }
        match self.renew().await {
            Ok(()) => {
                self.backoff.succeeded();
                self.not_before = None;
            }
            Err(error) => self.failed(&error, stage, life),
        }
    }

    async fn renew(&mut self) -> anyhow::Result<()> {
        let key = self.credentials.next_key()?;
        if !self.credentials.is_certified(&key)? {
            self.ask(&key).await?;
        }
        self.introduce(&key).await?;
        self.credentials.switch()?;
        self.renewed = Some(Instant::now());
        self.look();
        let until = self.life.map(|life| life.until.to_string());
        let detail = [
            ("spki_sha256", key.spki_sha256().to_string()),
            ("until", until.unwrap_or_default()),
        ];
        self.reporter.event(EventKind::CertificateRenewed, detail);
        Ok(())
    }

    /// Asks for the certificate of the new key.
    async fn ask(&self, key: &DeviceKey) -> anyhow::Result<()> {
        let api = self.outlets.way.borrow().clone();
        let api = api.context("there is no way to the controller")?;
        let device = &self.settings.me.device;
        let request = RenewRequest {
            device: device.clone(),
            csr_pem: key.request_pem(device.as_str())?,
        };
        match api.renew(&request).await {
            Ok(answer) => Ok(self
                .credentials
                .put_certificate(key, &answer.certificate_pem)?),
            Err(error) => {
                if Refused::says(&error, "key-in-use") {
                    self.credentials.discard()?;
                }
                Err(error.context("the controller gave no certificate for the new key"))
            }
        }
    }

    /// Uses the new key once; from then on the old one is dead.
    async fn introduce(&self, key: &DeviceKey) -> anyhow::Result<()> {
        let api = self.open_way(key, &self.credentials.next_certificate())?;
        match api.touch().await {
            Err(error) if Refused::is_expiry(&error) => Ok(()),
            Err(error) => {
                if Refused::is_unknown_key(&error) {
                    self.credentials.discard()?;
                }
                Err(error.context("the new key could not be used"))
            }
            Ok(()) => Ok(()),
        }
    }

    fn failed(&mut self, error: &anyhow::Error, stage: Stage, life: Life) {
        let wait_ms = self.backoff.failed(random());
        self.not_before = Some(Instant::now() + Duration::from_millis(wait_ms));
        let reason = format!("{error:#}");
        tracing::warn!(error = reason, wait_ms, "the certificate was not renewed");
        if stage.is_late() && self.told < Some(stage) {
            self.told = Some(stage);
            let detail = [
                ("reason", reason.chars().take(300).collect()),
                ("until", life.until.to_string()),
            ];
            self.reporter.event(EventKind::CertificateExpiring, detail);
        }
    }
}
