//! A device's folders and the site that signs for it.

use cotmoc_gate::{Finding, Gate, GateConfig, Outcome, What};
use cotmoc_proto::device::ScreenKind;
use cotmoc_proto::media::{Asset, Mime};
use cotmoc_proto::release::Release;
use cotmoc_proto::resolve::{Moment, Picture, Resolution, Show, resolve};
use cotmoc_proto::time::HOUR;
use cotmoc_proto::{Reject, TimeMs};
use cotmoc_test_kit::{ISSUED, Site, media};
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// Noon of the day of issue: inside the operating window.
pub const NOON: TimeMs = TimeMs(ISSUED.0 + 12 * HOUR);

/// One device: its folders are its disk, opening the gate is its boot.
pub struct Board {
    folder: TempDir,
    pub site: Site,
    pub fallback: Asset,
    pub items: [Asset; 2],
}

impl Board {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = folder.path().join("media");
        let still = |colour| media::put(&store, Mime::Png, &media::png(16, 16, colour));
        fs::create_dir(folder.path().join("inbox")).unwrap();
        Self {
            fallback: still([10, 20, 30]),
            items: [still([200, 0, 0]), still([0, 200, 0])],
            site: Site::new(),
            folder,
        }
    }

    pub fn config(&self) -> GateConfig {
        GateConfig {
            trust_dir: self.path("trust"),
            inbox_dir: self.path("inbox"),
            media_dir: self.path("media"),
            me: self.site.identity("W01"),
            kind: ScreenKind::Wall,
            factory_root: self.factory_root(),
        }
    }

    /// The same bytes at every boot: signing again would give others.
    fn factory_root(&self) -> Vec<u8> {
        let path = self.path("factory.dsse");
        if !path.exists() {
            fs::write(&path, self.site.factory_root()).unwrap();
        }
        fs::read(path).unwrap()
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn trust(&self, name: &str) -> PathBuf {
        self.path("trust").join(name)
    }

    /// Boots a device on whose disk everything is in order.
    pub fn boot(&self) -> Gate {
        let (gate, findings) = self.boot_with_findings();
        assert_eq!(findings, []);
        gate
    }

    pub fn boot_with_findings(&self) -> (Gate, Vec<Finding>) {
        Gate::open(self.config()).unwrap()
    }

    pub fn put_inbox(&self, name: &str, bytes: &[u8]) {
        let path = self.path("inbox").join(name);
        if path.is_dir() {
            fs::remove_dir(&path).unwrap();
        } else if path.symlink_metadata().is_ok() {
            fs::remove_file(&path).unwrap();
        }
        fs::write(path, bytes).unwrap();
    }

    /// A good release with both items.
    pub fn release(&self, version: u64) -> Release {
        let [first, second] = &self.items;
        self.site.release(version, &self.fallback, &[first, second])
    }

    pub fn sealed(&self, version: u64) -> Vec<u8> {
        self.site.seal_release(&self.release(version))
    }

    /// Puts a release into the inbox and lets the gate look.
    pub fn offer(&self, gate: &mut Gate, envelope: &[u8]) -> Vec<Outcome> {
        self.put_inbox("release.dsse", envelope);
        gate.ingest()
    }

    /// Lets the gate accept good releases of these versions.
    pub fn accept(&self, gate: &mut Gate, versions: impl IntoIterator<Item = u64>) {
        for version in versions {
            let outcomes = self.offer(gate, &self.sealed(version));
            assert!(accepted(&outcomes, version), "{version}: {outcomes:?}");
        }
    }

    /// Offers a release that must be refused, and must change nothing.
    pub fn refused(&self, gate: &mut Gate, envelope: &[u8]) -> Reject {
        let (state, running) = (gate.state().clone(), gate.release_digest());
        let outcomes = self.offer(gate, envelope);
        assert_eq!(gate.state(), &state);
        assert_eq!(gate.release_digest(), running);
        match outcomes.as_slice() {
            [
                Outcome::Refused {
                    what: What::Release,
                    reject,
                    ..
                },
            ] => reject.clone(),
            other => panic!("{other:?}"),
        }
    }
}

pub fn accepted(outcomes: &[Outcome], wanted: u64) -> bool {
    matches!(outcomes, [Outcome::ReleaseAccepted { version, .. }] if *version == wanted)
}

pub fn version(gate: &Gate) -> Option<u64> {
    gate.release().map(|release| release.version)
}

pub fn codes(findings: &[Finding]) -> Vec<&'static str> {
    findings.iter().map(Finding::code).collect()
}

/// What the gate's release and state show at `at`.
pub fn resolved(gate: &Gate, at: TimeMs) -> Resolution<'_> {
    let release = gate.release().map(AsRef::as_ref);
    resolve(release, &gate.screen_state(), Moment { at, trusted: true })
}

/// What is shown at noon: an item's id, `fallback`, `factory` or `dark`.
pub fn shown(gate: &Gate) -> String {
    shown_at(gate, NOON)
}

pub fn shown_at(gate: &Gate, at: TimeMs) -> String {
    match resolved(gate, at).picture {
        Picture::Dark => "dark".to_owned(),
        Picture::Lit(zones) => match &zones[0].show {
            Show::Item { item, .. } => item.id.to_string(),
            Show::Template { item } => format!("template {}", item.id),
            Show::Fallback { .. } => "fallback".to_owned(),
            Show::Factory { .. } => "factory".to_owned(),
        },
    }
}

/// Cuts a file to `length` bytes.
pub fn truncate(path: &Path, length: u64) {
    let file = fs::OpenOptions::new().write(true).open(path).unwrap();
    file.set_len(length).unwrap();
}
