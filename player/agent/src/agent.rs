//! The agent as a whole: starts its parts, hands each what it needs, and ends them.

use crate::alive::{self, Marks, SharedMarks};
use crate::api::Api;
use crate::archive::Archive;
use crate::courier::{self, Courier};
use crate::credentials::Credentials;
use crate::heart::{self, Heart};
use crate::inbox::Inbox;
use crate::key::DeviceKey;
use crate::lines;
use crate::nurse::{self, Nurse, Signs};
use crate::outbox::Outbox;
use crate::pulse;
use crate::receipts::Receipts;
use crate::renewal::{Outlets, Renewal};
use crate::reporter::Reporter;
use crate::screens::{Reports, Screens};
use crate::settings::Settings;
use crate::shelf::Shelf;
use crate::supply::{Duty, Supply, Watched};
use crate::tls::Floor;
use anyhow::Context as _;
use cotmoc_link::{ScreenSender, Server};
use cotmoc_player_core::alive::{Life, awakening};
use cotmoc_player_core::haste::Haste;
use cotmoc_player_core::symptom::{Patience, Symptom};
use cotmoc_proto::BootId;
use cotmoc_proto::device::{Desired, EventKind};
use cotmoc_proto::trust::Root;
use cotmoc_service::notify;
use std::sync::{Arc, Mutex};
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What every part stands on.
struct Base {
    settings: Settings,
    root: Root,
    floor: Floor,
    key: watch::Sender<Arc<DeviceKey>>,
    ended: Arc<Notify>,
    outbox: Outbox,
    reporter: Reporter,
    inbox: Inbox,
    signs: Signs,
    poke: Arc<Notify>,
}

/// Runs the agent until `shutdown`.
///
/// # Errors
/// If it cannot start; once started it goes on whatever fails.
pub async fn run(settings: Settings, shutdown: CancellationToken) -> anyhow::Result<()> {
    let (signs, waiting) = nurse::signs();
    let base = Base::lay(settings, signs)?;
    let marks = base.wake().await;
    let (outbox, reporter) = (base.outbox.clone(), base.reporter.clone());
    let process = || {
        let version = ("version", VERSION.to_owned());
        [("process", "agent".to_owned()), version]
    };
    let nurse = base.nurse();
    let mut parts = start(base).await?;
    parts.spawn(nurse.run(waiting));
    parts.spawn(alive::keep_marking(Arc::clone(&marks), reporter.clone()));
    reporter.event(EventKind::Started, process());
    notify::ready();
    parts.spawn(pulse::keep_telling(outbox.clone()));
    let ended = tokio::select! {
        () = shutdown.cancelled() => Ok(()),
        Some(part) = parts.join_next() => Err(match part {
            Ok(()) => anyhow::anyhow!("a part of the agent has ended"),
            Err(error) => anyhow::Error::from(error).context("a part of the agent has failed"),
        }),
    };
    reporter.event(EventKind::Stopped, process());
    parts.shutdown().await;
    outbox.flush().await;
    if ended.is_ok() {
        alive::write(&marks, alive::mark(&reporter, Life::Ended));
    }
    ended
}

/// Starts every part.
async fn start(base: Base) -> anyhow::Result<JoinSet<()>> {
    let server = Server::bind(&base.settings.link, VERSION).await?;
    let sender = server.sender();
    let (damaged, damaged_blobs) = mpsc::channel(64);
    let screens = Screens::new(
        server,
        &base.settings.screens,
        base.outbox.clone(),
        base.signs.clone(),
        damaged,
    );
    lines::start(&base.settings.lines, &base.signs)?;
    let boot = base.outbox.boot().await.context("the outbox has ended")?;
    let courier = base.courier(sender.clone());
    let supply = base.supply(sender)?;
    let (desired, desired_seen) = watch::channel(None);
    let (way, api) = watch::channel(None);
    let poke = Arc::clone(&base.poke);
    let heart = base.heart(&boot, screens.reports(), desired);
    let receipts = base.receipts(boot);
    let watched = Watched {
        api: api.clone(),
        offer: courier.offer(),
        reports: screens.reports(),
        damaged: damaged_blobs,
    };
    let mut parts = JoinSet::new();
    parts.spawn(receipts.run(screens.reports()));
    parts.spawn(screens.run());
    parts.spawn(supply.run(watched));
    parts.spawn(courier.run(api.clone(), desired_seen.clone()));
    parts.spawn(heart.run(api.clone()));
    parts.spawn(heart::listen(api, desired_seen, poke));
    parts.spawn(base.renewal(way).run());
    Ok(parts)
}

impl Base {
    fn lay(settings: Settings, signs: Signs) -> anyhow::Result<Self> {
        for folder in [&settings.data, &settings.inbox, &settings.media] {
            std::fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
        }
        let root = courier::factory_root(&settings)?;
        Credentials::new(&settings.data).settle()?;
        let key = DeviceKey::load_or_make(&settings.data)?;
        let floor = Floor::new(root.issued_ms);
        let outbox = Outbox::start(&settings.data, settings.outbox_limit_bytes)?;
        Ok(Self {
            root,
            key: watch::Sender::new(Arc::new(key)),
            ended: Arc::default(),
            reporter: Reporter::new(outbox.clone(), floor.clone()),
            inbox: Inbox::new(settings.inbox.clone()),
            floor,
            outbox,
            settings,
            signs,
            poke: Arc::default(),
        })
    }

    /// Tells how the process before this one ended, and only then begins marks of its own.
    async fn wake(&self) -> SharedMarks {
        let mut marks = Marks::open(&self.settings.data);
        let now = alive::mark(&self.reporter, Life::GoesOn);
        if let Some(event) = awakening("agent", marks.last(), &now) {
            self.reporter.tell(event);
            self.outbox.flush().await;
        }
        marks.write(now);
        Arc::new(Mutex::new(marks))
    }

    fn nurse(&self) -> Nurse {
        let debounced = |line: &lines::Line| {
            let (trouble, subject) = (line.role.trouble(), line.name.clone());
            let patience = Patience::debounce(line.debounce_ms);
            (Symptom { trouble, subject }, patience)
        };
        Nurse {
            reporter: self.reporter.clone(),
            outbox: self.outbox.clone(),
            media: self.settings.media.clone(),
            remedies: self.settings.remedies.clone(),
            patience: self.settings.lines.iter().map(debounced).collect(),
            poke: Arc::clone(&self.poke),
        }
    }

    fn courier(&self, screens: ScreenSender) -> Courier {
        Courier::new(
            self.settings.me.clone(),
            self.root.clone(),
            self.inbox.clone(),
            self.reporter.clone(),
            self.floor.clone(),
            screens,
        )
    }

    fn supply(&self, screens: ScreenSender) -> anyhow::Result<Supply> {
        let settings = &self.settings;
        Ok(Supply::new(
            Shelf::open(settings.media.clone(), settings.media_limits)?,
            Archive::open(settings.data.join("releases"))?,
            self.inbox.clone(),
            self.reporter.clone(),
            screens,
            Duty {
                screens: settings.screens.clone(),
                scrub: settings.scrub,
            },
        ))
    }

    fn heart(
        &self,
        boot: &BootId,
        reports: watch::Receiver<Reports>,
        desired: watch::Sender<Option<Desired>>,
    ) -> Heart {
        Heart {
            device: self.settings.me.device.clone(),
            boot: boot.clone(),
            media: self.settings.media.clone(),
            outbox: self.outbox.clone(),
            reporter: self.reporter.clone(),
            reports,
            desired,
            period: self.settings.sync,
            poke: Arc::clone(&self.poke),
            signs: self.signs.clone(),
            ended: Arc::clone(&self.ended),
            haste: Haste::default(),
        }
    }

    fn receipts(&self, boot: BootId) -> Receipts {
        Receipts {
            me: self.settings.me.clone(),
            boot,
            key: self.key.subscribe(),
            outbox: self.outbox.clone(),
            reporter: self.reporter.clone(),
        }
    }

    fn renewal(self, way: watch::Sender<Option<Arc<Api>>>) -> Renewal {
        Renewal::new(
            self.settings,
            self.floor,
            self.reporter,
            Outlets { way, key: self.key },
            self.ended,
        )
    }
}
