//! The gate of one screen: what it holds to be true, and what it answers about it.

mod boot;
mod intake;

use crate::book::{Book, Named, Slots};
use crate::media::MediaShelf;
use crate::report::{Finding, GateError};
use crate::vault::{Seat, Vault};
use cotmoc_proto::device::ScreenKind;
use cotmoc_proto::release::Release;
use cotmoc_proto::resolve::ScreenState;
use cotmoc_proto::time::MINUTE;
use cotmoc_proto::trust::{self, Identity, Root, TrustState};
use cotmoc_proto::{Digest, Millis, Reject};
use intake::Intake;
use std::path::PathBuf;
use std::sync::Arc;

/// The most powered-on time that a power cut may take from the proven time.
const SAVE_EVERY_MS: Millis = 10 * MINUTE;
const SAVE_AGAIN_MS: Millis = MINUTE;
/// The same while an override is in force, and what a restart costs it: the time that may have
/// gone unwritten, so that nobody lengthens it by cutting the power.
const OVERRIDE_STEP_MS: Millis = MINUTE;

/// Where a gate reads and writes, whose it is, and the root document that came with the device.
#[derive(Debug, Clone)]
pub struct GateConfig {
    /// The screen's own folder; nobody else may write it.
    pub trust_dir: PathBuf,
    /// Where the agent, or a courier, puts envelopes.
    pub inbox_dir: PathBuf,
    /// Where the agent puts blobs.
    pub media_dir: PathBuf,
    pub me: Identity,
    /// What of a release must be here before it is accepted.
    pub kind: ScreenKind,
    pub factory_root: Vec<u8>,
}

/// Decides with [`cotmoc_proto::trust`] what may be shown, and keeps what it decided.
#[derive(Debug)]
pub struct Gate {
    config: GateConfig,
    factory: Root,
    vault: Vault,
    slots: Slots,
    shelf: MediaShelf,
    standing: Standing,
    intake: Intake,
    trial: Option<Box<dyn Trial>>,
    unsaved_ms: Millis,
}

/// What a screen tries a release with before it replaces the one that is shown.
pub trait Trial: std::fmt::Debug + Send {
    /// Tries `release`, whose media are all here and are what was signed.
    ///
    /// # Errors
    /// Why it must not replace the one before it; [`Reject::MediaMissing`] to be asked again.
    fn release(&self, release: &Release, media: &MediaShelf) -> Result<(), Reject>;
}

/// What holds now.
#[derive(Debug)]
struct Standing {
    book: Book,
    root: Root,
    /// Earlier roots of the same epoch: what was taken down under them stays down.
    earlier_roots: Vec<Root>,
    running: Option<Running>,
    findings: Vec<Finding>,
}

/// The release that is shown.
#[derive(Debug, Clone)]
struct Running {
    release: Arc<Release>,
    named: Named,
    seat: Seat,
}

impl Standing {
    /// Whether the chain of roots reaches as far as it ever did. While it does not, keys that
    /// were taken away could pass for good, so nothing signed is shown or accepted.
    const fn is_whole(&self) -> bool {
        self.root.version >= self.book.trust.root_version
    }

    fn running_name(&self) -> Option<Named> {
        self.running.as_ref().map(|running| running.named)
    }
}

impl Gate {
    /// Opens the gate: checks everything on disk anew, from the factory root on. Whatever state
    /// the disk is in, the answer is the best that can be proven, and what is wrong with it.
    ///
    /// # Errors
    /// Only if the factory root is not usable for this device, or the trust folder cannot be made.
    pub fn open(config: GateConfig) -> Result<(Self, Vec<Finding>), GateError> {
        let factory = trust::factory_root(&config.factory_root).map_err(GateError::FactoryRoot)?;
        if factory.site != config.me.site {
            return Err(GateError::FactorySite {
                found: factory.site.to_string(),
                expected: config.me.site.to_string(),
            });
        }
        let vault = Vault::open(&config.trust_dir).map_err(|source| GateError::Folder {
            path: config.trust_dir.clone(),
            source,
        })?;
        let (mut slots, standing) = boot::open(&vault, &config, &factory);
        let standing = boot::keep(&mut slots, standing);
        let findings = standing.findings.clone();
        let gate = Self {
            shelf: MediaShelf::new(&config.media_dir),
            config,
            factory,
            vault,
            slots,
            standing,
            intake: Intake::default(),
            trial: None,
            unsaved_ms: 0,
        };
        Ok((gate, findings))
    }

    /// The same gate, which accepts no release that fails `trial`.
    #[must_use]
    pub fn tried_by(self, trial: Box<dyn Trial>) -> Self {
        Self {
            trial: Some(trial),
            ..self
        }
    }

    /// The release that was shown before [`Gate::release`], as far as it can still be proven.
    #[must_use]
    pub fn previous(&self) -> Option<Release> {
        let standing = &self.standing;
        let named = standing.book.previous?;
        let running = standing.running.as_ref()?;
        let bytes = self.vault.release(running.seat.other()).ok()?;
        let admitted = trust::verify_release(&standing.root, &self.config.me, &bytes).ok()?;
        let is_named = admitted.document.version == named.version;
        (is_named && admitted.digest == named.sha256).then_some(admitted.document)
    }

    /// The release that may be shown.
    #[must_use]
    pub fn release(&self) -> Option<&Arc<Release>> {
        self.standing.running.as_ref().map(|r| &r.release)
    }

    /// The payload digest of [`Gate::release`].
    #[must_use]
    pub fn release_digest(&self) -> Option<Digest> {
        self.standing.running.as_ref().map(|r| r.named.sha256)
    }

    /// The root of trust.
    #[must_use]
    pub const fn root(&self) -> &Root {
        &self.standing.root
    }

    /// Counters, takedowns, proven time.
    #[must_use]
    pub const fn state(&self) -> &TrustState {
        &self.standing.book.trust
    }

    /// What trust has to say to [`cotmoc_proto::resolve`] about [`Gate::release`].
    #[must_use]
    pub fn screen_state(&self) -> ScreenState {
        let trust = self.state();
        self.release()
            .map_or_else(ScreenState::default, |release| ScreenState {
                unavailable: trust.denied_in(release),
                down: trust.is_down(release),
                stale: trust.is_stale(release),
                template: trust
                    .template_in(release)
                    .ok()
                    .flatten()
                    .map(|item| (item.id.clone(), item.digest())),
            })
    }

    /// Whether something else is shown than the newest release that was accepted.
    #[must_use]
    pub fn is_degraded(&self) -> bool {
        let standing = &self.standing;
        !standing.is_whole() || standing.running_name() != standing.book.newest()
    }

    /// Whether the counters come from what was found on disk after both state slots were lost,
    /// and no newer release has confirmed them yet.
    #[must_use]
    pub const fn is_recovering(&self) -> bool {
        self.standing.book.recovering
    }

    /// Whether the root documents on disk reach as far as they ever did.
    #[must_use]
    pub const fn is_chain_whole(&self) -> bool {
        self.standing.is_whole()
    }

    /// The first blob that the release in the inbox lacks.
    #[must_use]
    pub const fn waiting_for(&self) -> Option<Digest> {
        self.intake.waiting_for
    }

    /// Whether [`Gate::ingest`] or [`Gate::ingest_step`] returned while media were still being
    /// checked: call it again at once.
    #[must_use]
    pub const fn is_checking(&self) -> bool {
        self.intake.is_checking
    }

    /// The media of the device.
    #[must_use]
    pub fn media(&self) -> MediaShelf {
        self.shelf.clone()
    }

    /// Adds powered-on time. It is written to disk every ten minutes at most, every minute while
    /// an override is in force, and when that is over.
    pub fn powered(&mut self, ms: Millis) {
        let ms = ms.max(0);
        let trust = &mut self.standing.book.trust;
        let before = trust.override_in_force.as_ref().map(|order| order.seq);
        trust.on_powered(ms);
        let is_ordered = trust.override_in_force.is_some();
        let over = before.filter(|_| !is_ordered);
        self.intake.over.extend(over);
        self.unsaved_ms = self.unsaved_ms.saturating_add(ms);
        let every_ms = if is_ordered {
            OVERRIDE_STEP_MS
        } else {
            SAVE_EVERY_MS
        };
        if over.is_none() && self.unsaved_ms < every_ms {
            return;
        }
        if let Err(error) = self.slots.save(&mut self.standing.book) {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(error, "powered-on time could not be written, trying again");
            self.unsaved_ms = every_ms - SAVE_AGAIN_MS;
        } else {
            self.unsaved_ms = 0;
        }
    }
}
