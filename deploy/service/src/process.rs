//! How a daemon begins and ends: one token for shutdown, one report of the error, one exit code.

use crate::config::Mistakes;
use crate::{logging, notify};
use std::future::Future;
use std::io::Write as _;
use std::process::ExitCode;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// The exit code for configuration mistakes.
pub const EXIT_CONFIGURATION: u8 = 64;
/// How long a process may take to end in order.
pub const SHUTDOWN_LIMIT: Duration = Duration::from_secs(20);

/// Runs `work` until it ends. SIGTERM and SIGINT cancel the token it is given; it then has
/// [`SHUTDOWN_LIMIT`] to end. An error is reported once, with its chain of causes.
pub fn run<W, F>(name: &'static str, work: W) -> ExitCode
where
    W: FnOnce(CancellationToken) -> F,
    F: Future<Output = anyhow::Result<()>>,
{
    logging::start(name);
    match run_to_end(name, work) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => report(name, &error),
    }
}

/// Reports `error` once on standard error, with its causes, and returns the exit code it calls
/// for: 64 for configuration mistakes, else 1.
#[must_use]
pub fn report(name: &'static str, error: &anyhow::Error) -> ExitCode {
    if let Some(mistakes) = error.downcast_ref::<Mistakes>() {
        let text = format!("{name}: the configuration cannot be used\n{mistakes}\n");
        // Nowhere is left to say that standard error is closed.
        drop(std::io::stderr().write_all(text.as_bytes()));
        return ExitCode::from(EXIT_CONFIGURATION);
    }
    tracing::error!(process = name, "{error:#}");
    ExitCode::FAILURE
}

fn run_to_end<W, F>(name: &'static str, work: W) -> anyhow::Result<()>
where
    W: FnOnce(CancellationToken) -> F,
    F: Future<Output = anyhow::Result<()>>,
{
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let result = runtime.block_on(async {
        let shutdown = CancellationToken::new();
        let work = work(shutdown.clone());
        tokio::pin!(work);
        tokio::select! {
            result = &mut work => return result,
            signal = ended_from_outside() => {
                tracing::info!(process = name, signal = signal?, "ending in order");
            }
        }
        notify::stopping();
        shutdown.cancel();
        tokio::time::timeout(SHUTDOWN_LIMIT, work)
            .await
            .unwrap_or_else(|_| Err(anyhow::anyhow!("did not end within {SHUTDOWN_LIMIT:?}")))
    });
    runtime.shutdown_timeout(Duration::from_secs(2));
    result
}

async fn ended_from_outside() -> std::io::Result<&'static str> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(tokio::select! {
        _ = terminate.recv() => "SIGTERM",
        _ = interrupt.recv() => "SIGINT",
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Reader;

    #[test]
    fn work_that_ends_well_ends_the_process_well() {
        let code = run("test", |_| std::future::ready(Ok(())));
        assert_eq!(code, ExitCode::SUCCESS);
    }

    #[test]
    fn configuration_mistakes_end_with_64_and_other_errors_with_1() {
        let code = run("test", |_| async {
            let mut reader = Reader::empty();
            let _site: Option<String> = reader.required("site", "a name");
            Ok(reader.finish()?)
        });
        assert_eq!(code, ExitCode::from(EXIT_CONFIGURATION));
        let other = run("test", |_| std::future::ready(Err(anyhow::anyhow!("no"))));
        assert_eq!(other, ExitCode::FAILURE);
    }
}
