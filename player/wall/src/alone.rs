//! A wall that cannot start as it should, because its root of trust or its own folder cannot be
//! used, shows the slide that is built into it until somebody has helped.

use crate::director::{self, Director};
use crate::pipeline::Engine;
use crate::settings::Settings;
use crate::setup;
use anyhow::Context as _;
use cotmoc_player_core::clock::Belief;
use cotmoc_proto::TimeMs;
use cotmoc_proto::device::ClockQuality;
use cotmoc_service::{boot, notify};
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// How often the wall looks whether it can start by now.
const TRY_AGAIN: Duration = Duration::from_secs(10);
const TURN: Duration = Duration::from_millis(100);
const STOP_LIMIT: Duration = Duration::from_secs(5);

/// Runs the wall until `shutdown`; where it cannot start, the built-in slide.
///
/// # Errors
/// If the wall ends, or not even the slide can be shown; and once what was wrong is right again:
/// the service manager then starts a new process.
pub fn run(settings: Settings, shutdown: &CancellationToken) -> anyhow::Result<()> {
    match Director::open(settings.clone()) {
        Ok(director) => director.run(shutdown),
        Err(error) => hold(&settings, &error, shutdown),
    }
}

fn hold(
    settings: &Settings,
    error: &anyhow::Error,
    shutdown: &CancellationToken,
) -> anyhow::Result<()> {
    let nothing_known = Belief {
        mono_ms: boot::since_boot_ms(),
        now: TimeMs(boot::wall_ms()),
        quality: ClockQuality::Untrusted,
    };
    let (engine, _events) = Engine::start(&setup::engine(settings, nothing_known))
        .with_context(|| format!("{error:#}; and the built-in slide cannot be shown"))?;
    let watch = director::watch(settings, &engine).context("starting the watch")?;
    tracing::error!(
        error = format!("{error:#}"),
        "the wall cannot start; it shows its built-in slide until somebody helps"
    );
    notify::ready();
    notify::status("cannot start: showing the built-in slide");
    let mut tried = Instant::now();
    let mut cured = Ok(());
    while !shutdown.is_cancelled() && cured.is_ok() {
        std::thread::sleep(TURN);
        if watch.is_well() {
            notify::watchdog();
        }
        if tried.elapsed() >= TRY_AGAIN {
            tried = Instant::now();
            cured = match Director::check(settings) {
                Ok(()) => Err(anyhow::anyhow!("what kept the wall from starting is gone")),
                Err(error) => {
                    tracing::warn!(error = format!("{error:#}"), "the wall still cannot start");
                    Ok(())
                }
            };
        }
    }
    engine
        .stop(STOP_LIMIT)
        .context("stopping the playing engine")?;
    cured
}
