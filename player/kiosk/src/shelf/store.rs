//! The store: takes releases through the gate, and the package of the one in force into use.
//!
//! The gate lets no release in whose package fails its trial, so that what is shown is replaced by
//! something better or not at all. What was let in is kept a second time in the kiosk's own folder:
//! whoever owns the courier's folder can take the newest pictures away, never the words. Should
//! neither copy be what was signed, the package of the release before is shown, and the event says so.

use super::signed::{self, CannotShow, PackageTrial};
use super::{Current, Package, Trust, Verified};
use cotmoc_gate::{Gate, GateConfig, GateError, MediaError, MediaShelf};
use cotmoc_proto::device::{Event, EventKind, ScreenKind};
use cotmoc_proto::release::{LookupPart, MAX_LOOKUP_BYTES, Release};
use cotmoc_proto::trust::Identity;
use cotmoc_proto::{Digest, Millis};
use cotmoc_service::file;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::sync::watch;

/// Where the store reads and writes, and whose it is.
#[derive(Debug, Clone)]
pub struct StoreConfig {
    pub me: Identity,
    /// The kiosk's own folder; nobody else may write it.
    pub data: PathBuf,
    pub inbox: PathBuf,
    pub media: PathBuf,
    pub factory_root: Vec<u8>,
}

/// The gate of a kiosk, its packages, and what its pages are made from.
#[derive(Debug)]
pub struct Store {
    gate: Gate,
    copies: PathBuf,
    verified: watch::Sender<Verified>,
    /// What the pages were told of: release, and what may not be shown of it.
    told: Option<(Option<Digest>, Vec<Digest>, bool)>,
}

impl Store {
    /// Opens the store: everything on disk is verified anew, and the package in force is shown.
    ///
    /// # Errors
    /// [`GateError`]: without a usable factory root nothing signed can be shown.
    pub fn open(config: StoreConfig) -> Result<(Self, Vec<Event>), GateError> {
        let copies = config.data.join("packages");
        let (gate, findings) = Gate::open(GateConfig {
            trust_dir: config.data.join("trust"),
            inbox_dir: config.inbox,
            media_dir: config.media,
            me: config.me,
            kind: ScreenKind::Kiosk,
            factory_root: config.factory_root,
        })?;
        fs::create_dir_all(&copies).map_err(|source| GateError::Folder {
            path: copies.clone(),
            source,
        })?;
        let mut store = Self {
            gate: gate.tried_by(Box::new(PackageTrial)),
            copies,
            verified: watch::Sender::new(Verified::nothing()),
            told: None,
        };
        let mut events: Vec<Event> = findings.iter().map(|finding| finding.event()).collect();
        store.settle(&mut events);
        Ok((store, events))
    }

    /// What pages are made from, from now on.
    #[must_use]
    pub fn current(&self) -> Current {
        self.verified.subscribe()
    }

    /// What the gate holds to be true.
    #[must_use]
    pub const fn gate(&self) -> &Gate {
        &self.gate
    }

    /// Looks into the inbox, takes what is good, and shows it.
    pub fn look(&mut self) -> Vec<Event> {
        let outcomes = self.gate.ingest();
        let mut events: Vec<Event> = outcomes.iter().map(|outcome| outcome.event()).collect();
        self.settle(&mut events);
        events
    }

    /// Adds powered-on time, which proves that time has passed.
    pub fn powered(&mut self, ms: Millis) {
        self.gate.powered(ms);
        let earliest_now = self.gate.state().earliest_now();
        self.verified.send_modify(|verified| {
            verified.trust.earliest_now = earliest_now;
        });
    }

    /// Takes the package in force into use, if another is.
    fn settle(&mut self, events: &mut Vec<Event>) {
        let release = self.gate.release().cloned();
        let state = self.gate.state();
        let denied: Vec<Digest> = release
            .iter()
            .flat_map(|release| state.denied_in(release))
            .collect();
        let is_down = release
            .as_ref()
            .is_some_and(|release| state.is_down(release));
        let now = (self.gate.release_digest(), denied, is_down);
        let package = if self.told.as_ref() == Some(&now) {
            self.verified.borrow().package.clone()
        } else {
            let chosen = self.choose(release.as_deref(), events).map(Arc::new);
            self.told = Some(now);
            chosen
        };
        let trust = self.trust(package.as_deref());
        self.verified.send_replace(Verified { package, trust });
    }

    /// The package of the release in force, or else of the one before it.
    fn choose(&self, release: Option<&Release>, events: &mut Vec<Event>) -> Option<Package> {
        let release = release?;
        if self.gate.state().is_down(release) {
            return None;
        }
        let part = release.lookup.as_ref()?;
        let first = match self.open_package(release, part, events) {
            Ok(package) => {
                self.keep_last_two(part);
                return Some(package);
            }
            Err(why) => why,
        };
        let before = self.gate.previous();
        let shown = before.as_ref().and_then(|before| {
            let part = before.lookup.as_ref()?;
            self.open_package(before, part, events).ok()
        });
        events.push(rolled_back(release, shown.as_ref(), &first));
        shown
    }

    fn open_package(
        &self,
        release: &Release,
        part: &LookupPart,
        events: &mut Vec<Event>,
    ) -> Result<Package, Why> {
        let content = part.content.sha256;
        if self.gate.state().denied_in(release).contains(&content) {
            return Err(Why::TakenDown);
        }
        let media = self.gate.media();
        let delivered = media.read(&part.content).map_err(CannotShow::from);
        let opened = delivered.and_then(|bytes| {
            let package = open_with_pictures(release, part, &media, &bytes)?;
            if let Err(error) = self.keep(content, &bytes) {
                tracing::warn!(%error, "the package cannot be kept a second time");
            }
            Ok(package)
        });
        let error = match opened {
            Ok(package) => return Ok(package),
            Err(error) => error,
        };
        let Some(bytes) = self.kept(content) else {
            return Err(Why::Fails(error));
        };
        events.push(fault(
            release,
            &error,
            "the kiosk's own copy of the package is shown",
        ));
        open_with_pictures(release, part, &media, &bytes).map_err(Why::Fails)
    }

    /// The kiosk's own copy, if it still is what was signed.
    fn kept(&self, content: Digest) -> Option<Vec<u8>> {
        let bytes = file::read_at_most(&copy_path(&self.copies, content), MAX_LOOKUP_BYTES).ok()?;
        (Digest::of(&bytes) == content).then_some(bytes)
    }

    fn keep(&self, content: Digest, bytes: &[u8]) -> Result<(), file::FileError> {
        if self.kept(content).is_some() {
            return Ok(());
        }
        file::write_durably(&copy_path(&self.copies, content), bytes)
    }

    /// Removes copies of packages that no release names that could be shown again.
    fn keep_last_two(&self, part: &LookupPart) {
        let before = self.gate.previous().and_then(|release| release.lookup);
        let needed = [Some(part.content.sha256), before.map(|p| p.content.sha256)];
        let needed = needed.map(|digest| digest.map(|digest| copy_path(&self.copies, digest)));
        for path in listed(&self.copies) {
            if !needed.iter().flatten().any(|needed| *needed == path)
                && let Err(error) = fs::remove_file(&path)
            {
                tracing::warn!(path = %path.display(), %error, "an old package cannot be removed");
            }
        }
    }

    fn trust(&self, package: Option<&Package>) -> Trust {
        let (gate, state) = (&self.gate, self.gate.state());
        let named = gate.release().and_then(|release| {
            let part = release.lookup.as_ref()?;
            Some(part.content.sha256)
        });
        let is_newest = package.map(|package| package.sha256) == named;
        Trust {
            root_version: gate.root().version,
            release: gate.release().map_or(0, |release| release.version),
            release_sha256: gate.release_digest(),
            takedown: state.takedown,
            override_seq: state.override_seq,
            is_whole: !gate.is_degraded() && is_newest,
            earliest_now: state.earliest_now(),
        }
    }
}

/// Why the package of a release in force is not shown.
enum Why {
    TakenDown,
    Fails(CannotShow),
}

impl Why {
    const fn code(&self) -> &'static str {
        match self {
            Self::TakenDown => "taken-down",
            Self::Fails(error) => error.code(),
        }
    }
}

/// The package, without its pictures if their bundles are gone since the release was accepted.
fn open_with_pictures(
    release: &Release,
    part: &LookupPart,
    media: &MediaShelf,
    bytes: &[u8],
) -> Result<Package, CannotShow> {
    match signed::open(release, part, media, bytes) {
        Err(CannotShow::Media(MediaError::Missing { .. } | MediaError::Integrity { .. })) => {
            signed::open_words(release, part, media, bytes)
        }
        opened => opened,
    }
}

fn rolled_back(release: &Release, shown: Option<&Package>, why: &Why) -> Event {
    let showing = shown.map_or_else(|| "none".to_owned(), |package| package.release.to_string());
    let detail = match why {
        Why::TakenDown => "it was taken down".to_owned(),
        Why::Fails(error) => signed::line(error),
    };
    Event::new(
        EventKind::IntegrityFault,
        [
            ("what", "lookup".to_owned()),
            ("reason", why.code().to_owned()),
            ("version", release.version.to_string()),
            ("showing", showing),
            ("detail", detail),
        ],
    )
}

fn fault(release: &Release, error: &CannotShow, remedy: &str) -> Event {
    Event::new(
        EventKind::IntegrityFault,
        [
            ("what", "lookup".to_owned()),
            ("reason", error.code().to_owned()),
            ("version", release.version.to_string()),
            ("showing", release.version.to_string()),
            ("detail", format!("{}; {remedy}", signed::line(error))),
        ],
    )
}

fn copy_path(folder: &Path, content: Digest) -> PathBuf {
    folder.join(format!("{content}.lookup"))
}

fn listed(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let paths = entries.filter_map(io::Result::ok).map(|entry| entry.path());
    paths
        .filter(|path| path.extension().is_some_and(|last| last == "lookup"))
        .collect()
}
