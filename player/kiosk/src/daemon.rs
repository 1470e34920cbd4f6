//! The daemon's life: shelf, keeper and pages start, and end in reverse order.

use crate::app::App;
use crate::keeper::Keeper;
use crate::server;
use crate::settings::Settings;
use crate::shelf::{self, Verified};
use anyhow::Context as _;
use cotmoc_service::{file, notify};
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

const MAX_ROOT_BYTES: u64 = 1 << 20;

/// Serves until `shutdown`.
///
/// # Errors
/// If the address is not free, or a server ends by itself.
pub async fn run(settings: Settings, shutdown: CancellationToken) -> anyhow::Result<()> {
    let listener = TcpListener::bind(settings.listen)
        .await
        .with_context(|| format!("listening on {}", settings.listen))?;
    let verified = watch::Sender::new(verified(&settings));
    let keeper = Keeper::new(settings.clock, verified.subscribe());
    let app = App::new(verified.subscribe(), keeper.time());
    let router = server::router(app, listener.local_addr()?);
    let keeping = tokio::spawn(keeper.keep());
    tracing::info!(address = %listener.local_addr()?, "the pages are served");
    notify::ready();
    let served = axum::serve(listener, router)
        .with_graceful_shutdown(shutdown.cancelled_owned())
        .await;
    keeping.abort();
    served.context("serving the pages")
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
            verified.package = Some(Arc::new(package));
        }
        Some(Err(error)) => {
            let error = &error as &dyn std::error::Error;
            tracing::error!(error, "the package cannot be shown");
        }
    }
    verified
}
