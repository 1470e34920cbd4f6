//! A part of a measurement in a process of its own: this program, started by itself with an order,
//! which answers in one line of JSON.

use super::say;
use anyhow::Context as _;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// This program with an order for the part called `part`; the environment is the one that the
/// wall's service unit sets.
///
/// # Errors
/// If the order cannot be written to `folder`.
pub fn command(part: &str, order: &impl Serialize, folder: &Path) -> anyhow::Result<Command> {
    let (mut file, path) = tempfile::Builder::new()
        .prefix(part)
        .suffix(".json")
        .tempfile_in(folder)?
        .keep()?;
    serde_json::to_writer(&mut file, order)?;
    let mut command = Command::new(this_program()?);
    command.arg(part).arg(path).env("MALLOC_ARENA_MAX", "2");
    Ok(command)
}

/// Starts `command`, as made by [`command`].
///
/// # Errors
/// If it cannot be started.
pub fn start(command: &mut Command) -> anyhow::Result<Child> {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .with_context(|| format!("starting {}", command.get_program().display()))
}

/// Waits for the answer of `child`.
///
/// # Errors
/// If it failed, or did not answer as expected.
pub fn answer<T: DeserializeOwned>(child: Child) -> anyhow::Result<T> {
    let output = child.wait_with_output()?;
    anyhow::ensure!(
        output.status.success(),
        "a part of the measurement failed: {}",
        output.status
    );
    let text = String::from_utf8_lossy(&output.stdout);
    let line = text.lines().last().context("no answer")?;
    serde_json::from_str(line).context("reading the answer")
}

/// In the started process: reads the order and prints what `work` makes of it.
///
/// # Errors
/// If there is no order, or the work failed.
pub fn serve<O: DeserializeOwned, A: Serialize>(
    work: impl FnOnce(O) -> anyhow::Result<A>,
) -> anyhow::Result<()> {
    let order = std::env::args_os().nth(2).context("no order given")?;
    let order = serde_json::from_slice(&std::fs::read(&order)?)
        .with_context(|| format!("reading the order {}", OsStr::new(&order).display()))?;
    say(&serde_json::to_string(&work(order)?)?);
    Ok(())
}

fn this_program() -> anyhow::Result<PathBuf> {
    std::env::current_exe().context("finding this program")
}
