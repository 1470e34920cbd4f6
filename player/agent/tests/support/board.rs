//! One agent of the real code in a temporary folder, with a controller that cheats.

use super::adversary::Adversary;
use cotmoc_agent::agent;
use cotmoc_agent::key::DeviceKey;
use cotmoc_agent::settings::Settings;
use cotmoc_link::{LinkConfig, ScreenLink};
use cotmoc_proto::Digest;
use cotmoc_proto::device::ScreenKind;
use cotmoc_proto::media::Mime;
use cotmoc_proto::release::Release;
use cotmoc_test_kit::Site;
use cotmoc_test_kit::media::{Described, describe, noise};
use std::path::PathBuf;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub const PATIENCE: Duration = Duration::from_secs(90);

/// A board and everything around it.
pub struct Board {
    folder: tempfile::TempDir,
    pub site: Site,
    pub adversary: Adversary,
    extra: String,
    agent: Option<(JoinHandle<anyhow::Result<()>>, CancellationToken)>,
}

/// A media file with its description.
pub struct Film {
    pub bytes: Vec<u8>,
    pub described: Described,
}

impl Film {
    pub fn new(seed: u64, length: usize) -> Self {
        let bytes = noise(seed, length);
        let described = describe(Mime::Png, &bytes);
        Self { bytes, described }
    }

    pub fn digest(&self) -> Digest {
        self.described.asset.sha256
    }

    pub fn list(&self) -> Digest {
        self.described.asset.chunks_sha256
    }
}

impl Board {
    /// A board whose agent is not started yet. `extra` ends its configuration.
    pub async fn new(extra: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let site = Site::new();
        for name in ["agent", "inbox", "media"] {
            std::fs::create_dir(folder.path().join(name)).unwrap();
        }
        std::fs::write(folder.path().join("root.dsse"), site.factory_root()).unwrap();
        DeviceKey::load_or_make(&folder.path().join("agent")).unwrap();
        let key = std::fs::read_to_string(folder.path().join("agent/device.key")).unwrap();
        let adversary = Adversary::start(folder.path(), &key).await;
        Self {
            folder,
            site,
            adversary,
            extra: extra.to_owned(),
            agent: None,
        }
    }

    /// A board whose agent runs.
    pub async fn started() -> Self {
        let mut board = Self::new("").await;
        board.start();
        board
    }

    pub fn start(&mut self) {
        let who = self.site.identity("W01");
        let text = format!(
            "site = \"{}\"\nchannel = \"{}\"\ndevice = \"{}\"\nfactory_root = \"root.dsse\"\n\
             inbox = \"inbox\"\nmedia = \"media\"\nlink = \"link.sock\"\ndata = \"agent\"\n\
             server_ca = \"server-ca.pem\"\ncontroller = \"https://{}\"\nsync_ms = 200\n\
             keep_free_percent = 0\n{}\n",
            who.site, who.channel, who.device, self.adversary.address, self.extra
        );
        let path = self.path("agent.toml");
        std::fs::write(&path, text).unwrap();
        let shutdown = CancellationToken::new();
        let settings = Settings::read(&path).unwrap();
        let agent = tokio::spawn(agent::run(settings, shutdown.clone()));
        self.agent = Some((agent, shutdown));
    }

    /// Ends the agent in order.
    pub async fn stop(&mut self) {
        let (agent, shutdown) = self.agent.take().unwrap();
        shutdown.cancel();
        agent.await.unwrap().unwrap();
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn blob(&self, digest: Digest) -> PathBuf {
        self.path(&format!("media/{digest}.blob"))
    }

    pub fn part(&self, digest: Digest) -> PathBuf {
        self.path(&format!("media/{digest}.part"))
    }

    /// A release of `films`, the first of which is the fallback; the controller has the media.
    pub fn release(&self, version: u64, films: &[&Film]) -> Release {
        for film in films {
            self.adversary.give(&film.bytes);
            self.adversary.give(&film.described.chunk_list);
        }
        let assets: Vec<_> = films.iter().map(|film| &film.described.asset).collect();
        self.site.release(version, assets[0], &assets)
    }

    /// Signs and offers `release`; returns the envelope.
    pub fn offer(&self, release: &Release) -> Vec<u8> {
        let envelope = self.site.seal_release(release);
        self.adversary.offer_release(release.version, &envelope);
        envelope
    }

    /// Waits until `envelope` is the release in the inbox.
    pub async fn delivered(&self, envelope: &[u8]) {
        let path = self.path("inbox/release.dsse");
        until("the release is in the inbox", || {
            std::fs::read(&path).is_ok_and(|bytes| bytes == envelope)
        })
        .await;
    }

    pub fn screen(&self) -> (ScreenLink, Receiver<()>) {
        ScreenLink::start(LinkConfig {
            socket: self.path("link.sock"),
            spool_dir: self.path("spool"),
            kind: ScreenKind::Wall,
        })
        .unwrap()
    }
}

/// Waits until `condition` holds.
pub async fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !condition() {
        assert!(Instant::now() < deadline, "not within {PATIENCE:?}: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
