//! The daemon's life: shelf, keeper and pages start, and end in reverse order.

use crate::app::{App, World};
use crate::beat::Beats;
use crate::feedback::Feedbacks;
use crate::keeper::Keeper;
use crate::looks::Looks;
use crate::server;
use crate::settings::Settings;
use crate::shelf::{self, Store, StoreConfig, Verified};
use crate::teller::Teller;
use crate::visit::Desk;
use anyhow::Context as _;
use cotmoc_link::{LinkConfig, ScreenLink};
use cotmoc_proto::Millis;
use cotmoc_proto::device::{Event, ScreenKind};
use cotmoc_service::{boot, file, notify};
use std::future::IntoFuture as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

const MAX_ROOT_BYTES: u64 = 1 << 20;
/// How often the store looks into the inbox although nobody said that anything is new.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// A kiosk that serves its pages.
#[derive(Debug)]
pub struct Kiosk {
    pub address: SocketAddr,
    serving: JoinHandle<std::io::Result<()>>,
    keeping: JoinHandle<()>,
}

/// Serves until `shutdown`.
///
/// # Errors
/// If the address is not free, or a server ends by itself.
pub async fn run(settings: Settings, shutdown: CancellationToken) -> anyhow::Result<()> {
    let kiosk = Kiosk::start(settings, &shutdown).await?;
    tracing::info!(address = %kiosk.address, "the pages are served");
    notify::ready();
    kiosk.ended().await
}

impl Kiosk {
    /// Starts everything.
    ///
    /// # Errors
    /// If the address is not free.
    pub async fn start(settings: Settings, shutdown: &CancellationToken) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(settings.listen)
            .await
            .with_context(|| format!("listening on {}", settings.listen))?;
        let address = listener.local_addr()?;
        let opened = open_store(&settings);
        let current = match &opened {
            Some((store, _events)) => store.current(),
            None => watch::Sender::new(verified(&settings)).subscribe(),
        };
        let beats = Beats::new();
        let looks = Looks::default();
        let (link, look_now) = ScreenLink::start(LinkConfig {
            socket: settings.link.clone(),
            spool_dir: settings.data.join("spool"),
            kind: ScreenKind::Kiosk,
        })
        .context("starting the link to the agent")?;
        let signs = (beats.clone(), looks.clone());
        let keeper = Keeper::new(&settings, current.clone(), signs, link);
        let app = App {
            desk: Desk::start(settings.rules),
            settings: Arc::new(settings),
            beats,
            looks,
            feedbacks: Feedbacks::default(),
            teller: keeper.teller(),
            shutdown: shutdown.clone(),
            world: World::new(current, keeper.time()),
        };
        if let Some((store, events)) = opened {
            let teller = keeper.teller();
            events.into_iter().for_each(|event| teller.tell(event));
            let shutdown = shutdown.clone();
            std::thread::Builder::new()
                .name("store".to_owned())
                .spawn(move || tend(store, &look_now, &teller, &shutdown))
                .context("starting the store")?;
        }
        let router = server::router(app, address);
        let serving = axum::serve(listener, router)
            .with_graceful_shutdown(shutdown.clone().cancelled_owned());
        Ok(Self {
            address,
            serving: tokio::spawn(serving.into_future()),
            keeping: tokio::spawn(keeper.keep(shutdown.clone())),
        })
    }

    /// Waits for the end.
    ///
    /// # Errors
    /// If the server ended by itself.
    pub async fn ended(self) -> anyhow::Result<()> {
        self.serving.await?.context("serving the pages")?;
        self.keeping.await.context("keeping the time")
    }
}

/// The store of what is signed; none where a package that nobody signed is tried, or nothing signed
/// can be shown.
fn open_store(settings: &Settings) -> Option<(Store, Vec<Event>)> {
    if settings.unsigned_package.is_some() {
        return None;
    }
    let opened = Store::open(StoreConfig {
        me: settings.me.clone(),
        data: settings.data.clone(),
        inbox: settings.inbox.clone(),
        media: settings.media.clone(),
        factory_root: file::read_at_most(&settings.factory_root, MAX_ROOT_BYTES).ok()?,
    });
    opened
        .inspect_err(|error| {
            let error = error as &dyn std::error::Error;
            tracing::error!(error, "nothing that is signed can be shown");
        })
        .ok()
}

/// Looks into the inbox whenever the agent says so, and every few seconds, until `shutdown`.
fn tend(mut store: Store, look_now: &Receiver<()>, teller: &Teller, shutdown: &CancellationToken) {
    let mut counted_ms = boot::since_boot_ms();
    while !shutdown.is_cancelled() {
        let now_ms = boot::since_boot_ms();
        let passed = Millis::try_from(now_ms.saturating_sub(counted_ms)).unwrap_or_default();
        counted_ms = now_ms;
        store.powered(passed);
        store
            .look()
            .into_iter()
            .for_each(|event| teller.tell(event));
        if look_now.recv_timeout(LOOK_EVERY) == Err(RecvTimeoutError::Disconnected) {
            std::thread::sleep(LOOK_EVERY);
        }
    }
}

/// What may be shown from the start.
fn verified(settings: &Settings) -> Verified {
    if let Err(error) = file::read_at_most(&settings.factory_root, MAX_ROOT_BYTES) {
        let error = &error as &dyn std::error::Error;
        tracing::error!(
            error,
            "the factory root document cannot be read; nothing that is signed can be shown"
        );
    }
    let mut verified = Verified::nothing();
    let opened = settings
        .unsigned_package
        .as_deref()
        .map(shelf::open_unsigned);
    match opened {
        None => {}
        Some(Ok(package)) => {
            tracing::warn!("a package that nobody signed is shown");
            verified.trust.earliest_now = package.lookup.head().created;
            verified.package = Some(Arc::new(package));
        }
        Some(Err(error)) => {
            let error = &error as &dyn std::error::Error;
            tracing::error!(error, "the package cannot be shown");
        }
    }
    verified
}
