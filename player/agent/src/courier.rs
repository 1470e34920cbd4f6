//! Brings signed documents from the controller to the inbox: roots in order, takedowns and overrides
//! at once, releases on to whoever fetches their media. Each is verified first, so that nobody fetches
//! media for a document that the screens will refuse.

use crate::api::Api;
use crate::inbox::Inbox;
use crate::reporter::Reporter;
use crate::settings::Settings;
use crate::tls::Floor;
use anyhow::Context as _;
use cotmoc_link::ScreenSender;
use cotmoc_player_core::backoff::Backoff;
use cotmoc_player_core::budget::Budget;
use cotmoc_proto::device::{Desired, DocumentRef, EventKind};
use cotmoc_proto::envelope::MAX_ENVELOPE_BYTES;
use cotmoc_proto::release::Release;
use cotmoc_proto::trust::{self, Admitted, Identity, Root};
use cotmoc_proto::{Digest, Reject};
use cotmoc_service::boot;
use cotmoc_service::file::{self, FileError};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// Refused documents that are remembered.
const MAX_REFUSED: usize = 4_096;
/// Refusals that are told at once, and how often one more after that.
const MOST_REFUSALS: u32 = 64;
const REFUSAL_EVERY_MS: u64 = 60_000;

/// A verified release whose media are to be fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    pub release: Release,
    /// Digest of the payload.
    pub digest: Digest,
    pub envelope: Vec<u8>,
}

/// What the controller has to offer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Offer {
    /// The controller was not heard yet.
    #[default]
    Unknown,
    /// No release, or none that holds.
    Nothing,
    Release(Arc<Target>),
}

impl Offer {
    /// The release whose media are to be fetched.
    #[must_use]
    pub fn target(&self) -> Option<&Target> {
        match self {
            Self::Unknown | Self::Nothing => None,
            Self::Release(target) => Some(target),
        }
    }
}

/// The root document that the device was delivered with.
///
/// # Errors
/// If it cannot be read or does not hold.
pub fn factory_root(settings: &Settings) -> anyhow::Result<Root> {
    let path = &settings.factory_root;
    let limit = u64::try_from(MAX_ENVELOPE_BYTES)?;
    let bytes = file::read_at_most(path, limit)?;
    let root = trust::factory_root(&bytes).with_context(|| path.display().to_string())?;
    anyhow::ensure!(
        root.site == settings.me.site,
        "{} is of site {}, this device of {}",
        path.display(),
        root.site,
        settings.me.site
    );
    Ok(root)
}

/// Why a document is not in the inbox.
#[derive(Debug, thiserror::Error)]
enum CarryError {
    #[error("it could not be fetched")]
    Fetch(#[source] anyhow::Error),
    #[error("it is refused")]
    Refused(#[source] Reject),
    #[error("it could not be put into the inbox")]
    Inbox(#[source] FileError),
}

/// The courier of documents.
#[derive(Debug)]
pub struct Courier {
    me: Identity,
    root: Root,
    inbox: Inbox,
    reporter: Reporter,
    floor: Floor,
    screens: ScreenSender,
    offer: watch::Sender<Offer>,
    /// Envelope of the release that was looked at last.
    release_seen: Option<Digest>,
    refused: BTreeSet<Digest>,
    refusals: Budget,
}

impl Courier {
    /// A courier that starts from `factory_root` and the roots in the inbox.
    #[must_use]
    pub fn new(
        me: Identity,
        factory_root: Root,
        inbox: Inbox,
        reporter: Reporter,
        floor: Floor,
        screens: ScreenSender,
    ) -> Self {
        let mut courier = Self {
            me,
            root: factory_root,
            inbox,
            reporter,
            floor,
            screens,
            offer: watch::Sender::default(),
            release_seen: None,
            refused: BTreeSet::new(),
            refusals: Budget::new(MOST_REFUSALS, REFUSAL_EVERY_MS),
        };
        courier.follow_inbox();
        courier
    }

    /// What the controller has to offer.
    #[must_use]
    pub fn offer(&self) -> watch::Receiver<Offer> {
        self.offer.subscribe()
    }

    /// Looks whenever the controller wants something else, and again after a failure.
    pub async fn run(
        mut self,
        mut api: watch::Receiver<Option<Arc<Api>>>,
        mut desired: watch::Receiver<Option<Desired>>,
    ) {
        let mut backoff = Backoff::new(1_000, 60_000);
        loop {
            let (now, way) = (
                desired.borrow_and_update().clone(),
                api.borrow_and_update().clone(),
            );
            let patience = match (way, now) {
                (Some(way), Some(now)) if !self.look(&way, &now).await => {
                    Duration::from_millis(backoff.failed(crate::heart::random()))
                }
                (Some(_) | None, _) => {
                    backoff.succeeded();
                    Duration::from_secs(3_600)
                }
            };
            tokio::select! {
                changed = desired.changed() => if changed.is_err() { return },
                changed = api.changed() => if changed.is_err() { return },
                () = tokio::time::sleep(patience) => {}
            }
        }
    }

    /// Fetches what is desired and not here; `false`: something is still to be fetched.
    async fn look(&mut self, api: &Api, desired: &Desired) -> bool {
        let mut done = self.look_for_roots(api, &desired.roots).await;
        for document in &desired.takedowns {
            done &= self.look_for_takedown(api, document).await;
        }
        for document in &desired.overrides {
            done &= self.look_for_override(api, document).await;
        }
        if let Some(document) = &desired.release {
            done &= self.look_for_release(api, document).await;
        }
        if done {
            self.offer.send_if_modified(|offer| {
                let unknown = *offer == Offer::Unknown;
                if unknown {
                    *offer = Offer::Nothing;
                }
                unknown
            });
        }
        done
    }

    async fn look_for_roots(&mut self, api: &Api, roots: &[DocumentRef]) -> bool {
        for document in roots {
            if document.number <= self.root.version || self.is_refused(document) {
                continue;
            }
            let carried = self.carry_root(api, document).await;
            if !self.settle(EventKind::RootRefused, document, carried) {
                return false;
            }
        }
        true
    }

    async fn carry_root(&mut self, api: &Api, document: &DocumentRef) -> Result<(), CarryError> {
        let envelope = api.envelope(document).await.map_err(CarryError::Fetch)?;
        let root = trust::admit_root(&self.root, &envelope).map_err(CarryError::Refused)?;
        self.inbox
            .put_root(root.version, &envelope)
            .map_err(CarryError::Inbox)?;
        self.follow(root);
        self.screens.look();
        Ok(())
    }

    async fn look_for_takedown(&mut self, api: &Api, document: &DocumentRef) -> bool {
        let here = self.inbox.takedown(document.number).ok().flatten();
        let is_here = here.is_some_and(|bytes| Digest::of(&bytes) == document.envelope_sha256);
        if is_here || self.is_refused(document) {
            return true;
        }
        let carried = self.carry_takedown(api, document).await;
        self.settle(EventKind::TakedownRefused, document, carried)
    }

    async fn carry_takedown(&self, api: &Api, document: &DocumentRef) -> Result<(), CarryError> {
        let envelope = api.envelope(document).await.map_err(CarryError::Fetch)?;
        let takedown = trust::verify_takedown(&self.root, &self.me, &envelope)
            .map_err(CarryError::Refused)?
            .document;
        self.inbox
            .put_takedown(takedown.seq, &envelope)
            .map_err(CarryError::Inbox)?;
        tracing::info!(seq = takedown.seq, "a takedown is in the inbox");
        self.screens.look();
        Ok(())
    }

    async fn look_for_override(&mut self, api: &Api, document: &DocumentRef) -> bool {
        let here = self.inbox.override_order(document.number).ok().flatten();
        let is_here = here.is_some_and(|bytes| Digest::of(&bytes) == document.envelope_sha256);
        if is_here || self.is_refused(document) {
            return true;
        }
        let carried = self.carry_override(api, document).await;
        self.settle(EventKind::OverrideRefused, document, carried)
    }

    async fn carry_override(&self, api: &Api, document: &DocumentRef) -> Result<(), CarryError> {
        let envelope = api.envelope(document).await.map_err(CarryError::Fetch)?;
        let order = trust::verify_override(&self.root, &self.me, &envelope)
            .map_err(CarryError::Refused)?
            .document;
        self.inbox
            .put_override(order.seq, &envelope)
            .map_err(CarryError::Inbox)?;
        tracing::info!(seq = order.seq, "an override is in the inbox");
        self.screens.look();
        Ok(())
    }

    async fn look_for_release(&mut self, api: &Api, document: &DocumentRef) -> bool {
        if self.release_seen == Some(document.envelope_sha256) || self.is_refused(document) {
            return true;
        }
        let carried = self.carry_release(api, document).await;
        self.settle(EventKind::ReleaseRefused, document, carried)
    }

    async fn carry_release(&mut self, api: &Api, document: &DocumentRef) -> Result<(), CarryError> {
        let envelope = api.envelope(document).await.map_err(CarryError::Fetch)?;
        let admitted = trust::verify_release(&self.root, &self.me, &envelope)
            .and_then(|admitted| self.check_order(admitted))
            .map_err(CarryError::Refused)?;
        tracing::info!(version = admitted.document.version, "a release is offered");
        self.release_seen = Some(document.envelope_sha256);
        self.offer.send_replace(Offer::Release(Arc::new(Target {
            release: admitted.document,
            digest: admitted.digest,
            envelope,
        })));
        Ok(())
    }

    /// Refuses a release that is older than the one delivered last.
    fn check_order(&self, admitted: Admitted<Release>) -> Result<Admitted<Release>, Reject> {
        let here = self.inbox.release().ok().flatten();
        let here = here.and_then(|bytes| trust::verify_release(&self.root, &self.me, &bytes).ok());
        let Some(here) = here else {
            return Ok(admitted);
        };
        let (have, got) = (here.document.version, admitted.document.version);
        if got < have {
            return Err(Reject::Rollback { have, got });
        }
        if got == have && admitted.digest != here.digest {
            return Err(Reject::Equivocation { version: got });
        }
        Ok(admitted)
    }

    /// Reports how it went, a refusal once per document; `false`: try again later.
    fn settle(
        &mut self,
        kind: EventKind,
        document: &DocumentRef,
        carried: Result<(), CarryError>,
    ) -> bool {
        let number = document.number;
        match carried {
            Ok(()) => true,
            Err(CarryError::Refused(reject)) => {
                if self.refused.len() >= MAX_REFUSED {
                    self.refused.clear();
                }
                self.refused.insert(document.envelope_sha256);
                let Some(withheld) = self.refusals.take(boot::since_boot_ms()) else {
                    return true;
                };
                let detail = [
                    ("version", number.to_string()),
                    ("reason", reject.code().to_owned()),
                    ("detail", reject.to_string()),
                    ("sha256", document.envelope_sha256.to_string()),
                    ("by", "agent".to_owned()),
                    ("withheld", withheld.to_string()),
                ];
                self.reporter.event(kind, detail);
                true
            }
            Err(error @ (CarryError::Fetch(_) | CarryError::Inbox(_))) => {
                let error = anyhow::Error::from(error);
                tracing::warn!(
                    number,
                    error = format!("{error:#}"),
                    "a document is still missing"
                );
                false
            }
        }
    }

    fn is_refused(&self, document: &DocumentRef) -> bool {
        self.refused.contains(&document.envelope_sha256)
    }

    /// Follows the roots that were delivered before.
    fn follow_inbox(&mut self) {
        while let Ok(Some(bytes)) = self.inbox.root(self.root.version + 1) {
            match trust::admit_root(&self.root, &bytes) {
                Ok(root) => self.follow(root),
                Err(error) => {
                    tracing::warn!(%error, version = self.root.version + 1, "a root in the inbox does not hold");
                    return;
                }
            }
        }
    }

    /// Under another root, what was refused may hold and what held may not.
    fn follow(&mut self, root: Root) {
        tracing::info!(version = root.version, "root of trust");
        self.floor.raise(root.issued_ms);
        self.root = root;
        self.refused.clear();
        self.release_seen = None;
    }
}
