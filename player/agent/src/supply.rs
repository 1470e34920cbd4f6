//! Keeps the media that the releases need: plans, evicts, checks, fetches; and delivers a release
//! to the screens once everything it shows is in place.

use crate::api::Api;
use crate::archive::Archive;
use crate::courier::{Offer, Target};
use crate::download::{self, FetchError};
use crate::inbox::Inbox;
use crate::reporter::Reporter;
use crate::screens::Reports;
use crate::shelf::{Shelf, blob_path, hash_file};
use anyhow::Context as _;
use cotmoc_link::ScreenSender;
use cotmoc_player_core::backoff::Backoff;
use cotmoc_player_core::media::{FileKind, Plan, Step, World, plan};
use cotmoc_proto::device::{EventKind, ScreenKind};
use cotmoc_proto::media::Asset;
use cotmoc_proto::release::Release;
use cotmoc_proto::{Digest, Reject};
use futures_util::StreamExt as _;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, watch};

/// Downloads at the same time.
const PARALLEL: usize = 2;
/// How often it looks although nothing happened.
const IDLE: Duration = Duration::from_secs(60);
/// A blob that is reported damaged again within this time is not looked at again.
const DAMAGE_PAUSE: Duration = Duration::from_secs(30);

/// What the supply watches.
#[derive(Debug)]
pub struct Watched {
    pub api: watch::Receiver<Option<Arc<Api>>>,
    pub offer: watch::Receiver<Offer>,
    pub reports: watch::Receiver<Reports>,
    pub damaged: mpsc::Receiver<Digest>,
}

/// Whom it supplies, and how often it looks at all blobs anew.
#[derive(Debug, Clone)]
pub struct Duty {
    pub screens: Vec<ScreenKind>,
    pub scrub: Duration,
}

/// The supply of media.
#[derive(Debug)]
pub struct Supply {
    shelf: Shelf,
    archive: Archive,
    inbox: Inbox,
    reporter: Reporter,
    screens: ScreenSender,
    duty: Duty,
    scrubbed: Instant,
    /// What was reported already: document, asset and reason.
    told: BTreeSet<(Digest, Option<Digest>, &'static str)>,
    storage_fails: bool,
    doubted: BTreeMap<Digest, Instant>,
}

/// Why it is time to look again.
enum News {
    Changed,
    Damaged(Digest),
    Over,
}

impl Watched {
    /// Waits until something changes that a look depends on. `known` is what the screens ran.
    async fn news(&mut self, known: &BTreeSet<Digest>) -> News {
        loop {
            let changed = tokio::select! {
                changed = self.offer.changed() => changed,
                changed = self.api.changed() => changed,
                damaged = self.damaged.recv() => {
                    return damaged.map_or(News::Over, News::Damaged);
                }
                changed = self.reports.changed() => {
                    if changed.is_ok() && running(&self.reports.borrow_and_update()) == *known {
                        continue;
                    }
                    changed
                }
            };
            return changed.map_or(News::Over, |()| News::Changed);
        }
    }
}

/// How a look ended.
enum Ended {
    /// There is nothing to do.
    Done,
    /// The network or the controller failed: worth trying again soon.
    Again,
    /// What came was wrong, or the disk failed: worth trying again, not soon.
    Later,
}

impl Supply {
    /// A supply on `shelf`, with the releases in `archive` to keep.
    #[must_use]
    pub fn new(
        shelf: Shelf,
        archive: Archive,
        inbox: Inbox,
        reporter: Reporter,
        screens: ScreenSender,
        duty: Duty,
    ) -> Self {
        let mut supply = Self {
            shelf,
            archive,
            inbox,
            reporter,
            screens,
            duty,
            scrubbed: Instant::now(),
            told: BTreeSet::new(),
            storage_fails: false,
            doubted: BTreeMap::new(),
        };
        let delivered = supply.archive.releases().iter();
        let assets: Vec<_> = delivered
            .flat_map(|one| shown(&supply.duty.screens, &one.release))
            .collect();
        let digests = assets.iter().flat_map(|a| [a.sha256, a.chunks_sha256]);
        supply.shelf.trust(digests);
        supply
    }

    /// Looks whenever something it watches changes, and again after a failure.
    pub async fn run(mut self, mut watched: Watched) {
        let (mut soon, mut late) = (Backoff::new(500, 60_000), Backoff::new(2_000, 300_000));
        loop {
            let api = watched.api.borrow_and_update().clone();
            let offer = watched.offer.borrow_and_update().clone();
            let running = running(&watched.reports.borrow_and_update());
            let ended = tokio::select! {
                ended = self.look(api.as_deref(), &offer, &running) => Ok(ended),
                news = watched.news(&running) => Err(news),
            };
            let pause = match ended {
                Ok(Ended::Done) => {
                    soon.succeeded();
                    late.succeeded();
                    IDLE
                }
                Ok(Ended::Again) => Duration::from_millis(soon.failed(crate::heart::random())),
                Ok(Ended::Later) => Duration::from_millis(late.failed(crate::heart::random())),
                Err(_) => Duration::ZERO,
            };
            let news = match ended {
                Ok(_) => tokio::time::timeout(pause, watched.news(&running))
                    .await
                    .ok(),
                Err(news) => Some(news),
            };
            match news {
                Some(News::Damaged(asset)) => self.doubt(asset),
                Some(News::Over) => return,
                Some(News::Changed) | None => {}
            }
        }
    }

    /// Plans and carries out until there is nothing to do or something fails.
    async fn look(
        &mut self,
        api: Option<&Api>,
        offer: &Offer,
        running: &BTreeSet<Digest>,
    ) -> Ended {
        let target = offer.target();
        if self.scrubbed.elapsed() >= self.duty.scrub {
            tracing::info!("every blob is checked again");
            self.shelf.doubt_all();
            self.scrubbed = Instant::now();
        }
        self.trim(running);
        let mut stuck = BTreeSet::new();
        for _ in 0..8 {
            let mut planned = match self.plan(target, running) {
                Ok(planned) => planned,
                Err(error) => return self.storage_failed(&error),
            };
            planned.steps.retain(|step| match step {
                Step::Evict { digest, .. } => *offer != Offer::Unknown && !stuck.contains(digest),
                Step::Verify { .. } | Step::Fetch(_) => true,
            });
            let refused = self.tell_refusal(target, planned.refused.as_ref());
            if planned.steps.is_empty() {
                return match target {
                    Some(target) if !refused => self.deliver(target),
                    Some(_) => Ended::Later,
                    None => Ended::Done,
                };
            }
            let left = self.evict_and_verify(planned.steps, &mut stuck).await;
            if let Some(ended) = self.fetch_all(api, target, left).await {
                return ended;
            }
        }
        Ended::Later
    }

    fn plan(&self, target: Option<&Target>, running: &BTreeSet<Digest>) -> anyhow::Result<Plan> {
        let owned = |assets: Vec<&Asset>| assets.into_iter().cloned().collect::<Vec<_>>();
        let of = |digests: &BTreeSet<Digest>| -> Vec<Asset> {
            let releases = self.archive.releases().iter();
            releases
                .filter(|one| digests.contains(&one.digest))
                .flat_map(|one| owned(shown(&self.duty.screens, &one.release)))
                .collect()
        };
        let everything = self
            .archive
            .releases()
            .iter()
            .map(|one| one.digest)
            .collect();
        let newest = self.archive.releases().last().map(|one| one.digest);
        let known: BTreeSet<_> = running.iter().copied().chain(newest).collect();
        let world = World {
            wanted: &target
                .map(|target| owned(shown(&self.duty.screens, &target.release)))
                .unwrap_or_default(),
            running: &of(&known),
            kept: &of(&everything),
            found: &self
                .shelf
                .scan()
                .context("the media folder cannot be listed")?,
            space: self.shelf.space().context("the disk cannot be asked")?,
            may_evict: self.knows_what_runs(running),
        };
        Ok(plan(&world))
    }

    /// Whether every release that a screen runs is known, and at least one is.
    fn knows_what_runs(&self, running: &BTreeSet<Digest>) -> bool {
        running.iter().all(|digest| self.archive.has(digest))
            && (!running.is_empty() || !self.archive.releases().is_empty())
    }

    fn trim(&mut self, running: &BTreeSet<Digest>) {
        if !running.is_empty() && self.knows_what_runs(running) {
            let mut keep = self.archive.predecessors(running);
            keep.extend(running);
            self.archive.trim(&keep);
        }
    }

    /// Carries out what needs no network and returns what is to be fetched. Files that cannot be
    /// removed are `stuck`.
    async fn evict_and_verify(
        &mut self,
        steps: Vec<Step>,
        stuck: &mut BTreeSet<Digest>,
    ) -> Vec<Asset> {
        let mut fetches = Vec::new();
        for step in steps {
            match step {
                Step::Evict { digest, kind } => {
                    if let Err(error) = self.shelf.remove(digest, kind) {
                        tracing::warn!(%digest, %error, "a file that nothing needs cannot be removed");
                        stuck.insert(digest);
                    }
                }
                Step::Verify { digest } => self.verify(digest).await,
                Step::Fetch(asset) => fetches.push(asset),
            }
        }
        fetches
    }

    async fn verify(&mut self, digest: Digest) {
        let path = blob_path(self.shelf.folder(), digest);
        let hashed = tokio::task::spawn_blocking(move || hash_file(&path)).await;
        let reason = match hashed {
            Ok(Ok(found)) if found == digest => {
                self.shelf.trust([digest]);
                return;
            }
            Ok(Ok(_)) => "wrong-digest".to_owned(),
            Ok(Err(error)) => format!("{:#}", anyhow::Error::from(error)),
            Err(error) => error.to_string(),
        };
        let detail = [
            ("what", "blob".to_owned()),
            ("sha256", digest.to_string()),
            ("reason", reason),
        ];
        self.reporter.event(EventKind::IntegrityFault, detail);
        if let Err(error) = self.shelf.remove(digest, FileKind::Blob) {
            self.storage_failed(&error.into());
        }
    }

    /// Fetches two at a time; `None`: all of them came.
    async fn fetch_all(
        &mut self,
        api: Option<&Api>,
        target: Option<&Target>,
        assets: Vec<Asset>,
    ) -> Option<Ended> {
        if assets.is_empty() {
            return None;
        }
        let Some(api) = api else {
            return Some(Ended::Done);
        };
        tracing::info!(assets = assets.len(), "media are fetched");
        let folder = self.shelf.folder().to_owned();
        let fetch = |asset: Asset| {
            let folder = &folder;
            async move { (download::fetch(api, folder, &asset).await, asset) }
        };
        let mut fetched = futures_util::stream::iter(assets)
            .map(fetch)
            .buffer_unordered(PARALLEL);
        let mut worst = None;
        while let Some((result, asset)) = fetched.next().await {
            match result {
                Ok(()) => self.shelf.trust([asset.sha256, asset.chunks_sha256]),
                Err(error) => {
                    let ended = self.fetch_failed(target, &asset, error);
                    worst = Some(match (worst, ended) {
                        (Some(Ended::Later), _) | (_, Ended::Later) => Ended::Later,
                        (_, other) => other,
                    });
                }
            }
        }
        if worst.is_none() {
            self.storage_fails = false;
            self.screens.look();
        }
        worst
    }

    fn fetch_failed(&mut self, target: Option<&Target>, asset: &Asset, error: FetchError) -> Ended {
        let (code, refusal) = (error.code(), error.is_refusal());
        if let FetchError::Disk(_) = error {
            return self.storage_failed(&error.into());
        }
        let text = format!("{:#}", anyhow::Error::from(error));
        tracing::warn!(asset = %asset.sha256, error = text, "an asset is still missing");
        if !refusal {
            return Ended::Again;
        }
        let document = target.map_or(asset.sha256, |target| target.digest);
        if self.told.insert((document, Some(asset.sha256), code)) {
            let version = target.map_or(0, |target| target.release.version);
            let detail = [
                ("asset", asset.sha256.to_string()),
                ("version", version.to_string()),
                ("reason", code.to_owned()),
                ("detail", text),
            ];
            self.reporter.event(EventKind::MediaRefused, detail);
        }
        Ended::Later
    }

    /// Reports once that the target does not fit; `true`: it does not.
    fn tell_refusal(&mut self, target: Option<&Target>, refused: Option<&Reject>) -> bool {
        let (Some(target), Some(reject)) = (target, refused) else {
            return false;
        };
        if self.told.insert((target.digest, None, reject.code())) {
            let detail = [
                ("version", target.release.version.to_string()),
                ("reason", reject.code().to_owned()),
                ("detail", reject.to_string()),
                ("sha256", Digest::of(&target.envelope).to_string()),
                ("by", "agent".to_owned()),
            ];
            self.reporter.event(EventKind::ReleaseRefused, detail);
        }
        true
    }

    /// Puts the release, whose media are all in place, into the inbox.
    fn deliver(&mut self, target: &Target) -> Ended {
        match self.inbox.release() {
            Ok(Some(here)) if here == target.envelope && self.archive.has(&target.digest) => {
                return Ended::Done;
            }
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "the release in the inbox cannot be read"),
        }
        let put = self
            .archive
            .put(&target.envelope, target.digest)
            .and_then(|()| self.inbox.put_release(&target.envelope));
        if let Err(error) = put {
            return self.storage_failed(&error.into());
        }
        tracing::info!(
            version = target.release.version,
            "a release is in the inbox"
        );
        self.screens.look();
        Ended::Done
    }

    fn storage_failed(&mut self, error: &anyhow::Error) -> Ended {
        let text = format!("{error:#}");
        tracing::error!(
            error = text,
            "the storage of the device fails; what runs is untouched"
        );
        if !std::mem::replace(&mut self.storage_fails, true) {
            let full = error.chain().any(|cause| {
                let io = cause.downcast_ref::<std::io::Error>();
                io.is_some_and(cotmoc_service::file::is_full)
            });
            let reason = if full { "full" } else { "failed" };
            let detail = [("reason", reason.to_owned()), ("detail", text)];
            self.reporter.event(EventKind::StorageFault, detail);
        }
        Ended::Later
    }

    /// A screen found a blob damaged: it is checked again, and fetched again if it is wrong.
    fn doubt(&mut self, digest: Digest) {
        let now = Instant::now();
        self.doubted
            .retain(|_, at| now.duration_since(*at) < DAMAGE_PAUSE);
        if self.doubted.insert(digest, now).is_some() {
            return;
        }
        self.shelf.doubt(digest);
        let releases = self.archive.releases().iter();
        let lists: Vec<_> = releases
            .flat_map(|one| shown(&self.duty.screens, &one.release))
            .filter(|asset| asset.sha256 == digest)
            .map(|asset| asset.chunks_sha256)
            .collect();
        lists.into_iter().for_each(|list| self.shelf.doubt(list));
    }
}

/// What the screens of these kinds show of a release, each asset once; all of it if none is named.
fn shown<'r>(screens: &[ScreenKind], release: &'r Release) -> Vec<&'r Asset> {
    if screens.is_empty() {
        return release.assets();
    }
    let mut seen = BTreeSet::new();
    let assets = screens.iter().flat_map(|kind| release.assets_for(*kind));
    assets.filter(|asset| seen.insert(asset.sha256)).collect()
}

/// The releases that the screens run.
fn running(reports: &Reports) -> BTreeSet<Digest> {
    reports
        .values()
        .filter_map(|report| report.release_sha256)
        .collect()
}
