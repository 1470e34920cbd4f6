//! The daemon's life: shelf, keeper and pages start, and end in reverse order.

use crate::app::{App, World};
use crate::beat::Beats;
use crate::feedback::Feedbacks;
use crate::keeper::Keeper;
use crate::looks::Looks;
use crate::server;
use crate::settings::Settings;
use crate::shelf::{self, Verified};
use crate::visit::Desk;
use anyhow::Context as _;
use cotmoc_link::{LinkConfig, ScreenLink};
use cotmoc_proto::device::ScreenKind;
use cotmoc_service::{file, notify};
use std::future::IntoFuture as _;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

const MAX_ROOT_BYTES: u64 = 1 << 20;

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
        let verified = watch::Sender::new(verified(&settings));
        let beats = Beats::new();
        let looks = Looks::default();
        let (link, _look_now) = ScreenLink::start(LinkConfig {
            socket: settings.link.clone(),
            spool_dir: settings.data.join("spool"),
            kind: ScreenKind::Kiosk,
        })
        .context("starting the link to the agent")?;
        let signs = (beats.clone(), looks.clone());
        let keeper = Keeper::new(&settings, verified.subscribe(), signs, link);
        let app = App {
            desk: Desk::start(settings.rules),
            settings: Arc::new(settings),
            beats,
            looks,
            feedbacks: Feedbacks::default(),
            teller: keeper.teller(),
            shutdown: shutdown.clone(),
            world: World::new(verified.subscribe(), keeper.time()),
        };
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
