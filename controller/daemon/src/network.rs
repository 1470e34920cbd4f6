//! Whether the controller's own network works: silence of the sites then says nothing about them.

use crate::app::Shared;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

const EVERY: Duration = Duration::from_secs(5);
const LIMIT: Duration = Duration::from_secs(3);

/// What the last look at the network said; well until one says otherwise.
#[derive(Debug)]
pub struct Network {
    /// `HOST:PORT` of what answers as long as the network works.
    probes: Vec<String>,
    is_well: AtomicBool,
}

impl Network {
    #[must_use]
    pub const fn new(probes: Vec<String>) -> Self {
        Self {
            probes,
            is_well: AtomicBool::new(true),
        }
    }

    #[must_use]
    pub fn is_well(&self) -> bool {
        self.is_well.load(Ordering::Relaxed)
    }

    /// Whether any of them answers in time.
    async fn answers(&self) -> bool {
        let mut calls = JoinSet::new();
        for probe in self.probes.clone() {
            calls.spawn(tokio::time::timeout(LIMIT, TcpStream::connect(probe)));
        }
        while let Some(call) = calls.join_next().await {
            if matches!(call, Ok(Ok(Ok(_stream)))) {
                return true;
            }
        }
        false
    }
}

/// Looks until `stop`; without anything to look at, not at all.
pub async fn keep_looking(app: Shared, stop: CancellationToken) {
    if app.network.probes.is_empty() {
        return;
    }
    let mut tick = tokio::time::interval(EVERY);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = tick.tick() => {}
        }
        let is_well = app.network.answers().await;
        let was_well = app.network.is_well.swap(is_well, Ordering::Relaxed);
        match (was_well, is_well) {
            (true, false) => tracing::error!(
                probes = ?app.network.probes,
                "nothing answers that shows that this machine's network works: silence of the sites may be its own; check the uplink"
            ),
            (false, true) => tracing::info!("this machine's network works again"),
            (true, true) | (false, false) => {}
        }
    }
}
