//! Log lines on standard error: a sentence for people and fields for machines.

use tracing_subscriber::EnvFilter;

/// Starts logging for the process `name`. `COTMOC_LOG` selects what is logged (default `info`),
/// `COTMOC_LOG_FORMAT=json` makes each line one JSON object. Calling it again changes nothing.
pub fn start(name: &'static str) {
    let filter = EnvFilter::try_from_env("COTMOC_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_target(false);
    let started = if std::env::var("COTMOC_LOG_FORMAT").is_ok_and(|format| format == "json") {
        lines.json().flatten_event(true).try_init()
    } else {
        lines.compact().with_ansi(false).try_init()
    };
    if started.is_ok() {
        tracing::debug!(process = name, "logging has started");
    }
}
