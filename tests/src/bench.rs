//! Measurements, side by side with the peer that people would compare with, in one run.

mod barcode;
mod child;
mod cost;
mod detect;
mod download;
mod duty;
mod ear;
mod eye;
mod footprint;
mod machine;
mod media;
mod overriding;
mod player;
mod push;
mod screen;
mod search;
mod soak;
mod sync;
mod transitions;
mod verify;
mod wall;

use anyhow::Context as _;
use serde_json::{Value, json};
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

const NAMES: &str = "verify, download, push, footprint, transitions, sync, soak, cost, override, duty, detect or search";

/// What a benchmark found.
#[derive(Debug)]
pub struct Outcome {
    /// Rows for people: what was measured, and the figure with its unit.
    rows: Vec<(String, String)>,
    /// Aim, whether it is met.
    aims: Vec<(&'static str, bool)>,
    ours: Value,
    peers: Value,
}

/// Runs one benchmark and prints what it found.
///
/// # Errors
/// If it could not do its work; a missed aim is not an error.
pub fn run(name: &str) -> anyhow::Result<()> {
    match name {
        transitions::AT_THE_SINK => return transitions::serve_sink(),
        sync::A_WALL => return sync::serve_wall(),
        cost::THE_ENGINE => return cost::serve_engine(),
        soak::THE_WALLS => return soak::serve_walls(),
        search::THE_READER => return search::serve_reader(),
        _ => {}
    }
    let watch = machine::Watch::start();
    let mut outcome = match name {
        "verify" => verify::run()?,
        "download" => download::run()?,
        "push" => push::run()?,
        "footprint" => footprint::run()?,
        "transitions" => transitions::run()?,
        "sync" => sync::run()?,
        "soak" => soak::run()?,
        "cost" => cost::run()?,
        "override" => overriding::run()?,
        "duty" => duty::run()?,
        "detect" => detect::run()?,
        "search" => search::run()?,
        _ => anyhow::bail!("unknown; expected {NAMES}"),
    };
    let disturbance = watch.stop();
    outcome.rows.push(disturbance.row());
    let width = outcome
        .rows
        .iter()
        .map(|(what, _)| what.chars().count())
        .max()
        .unwrap_or(0);
    for (what, figure) in &outcome.rows {
        say(&format!("{what:width$}  {figure}"));
    }
    let aims: serde_json::Map<String, Value> = outcome
        .aims
        .iter()
        .map(|(aim, met)| ((*aim).to_owned(), json!(met)))
        .collect();
    say(&json!({
        "bench": name,
        "aims_met": outcome.aims.iter().all(|(_, met)| *met),
        "aims": aims,
        "ours": outcome.ours,
        "peers": outcome.peers,
        "machine": disturbance.to_json(),
    })
    .to_string());
    Ok(())
}

/// Tells the person at the terminal what went wrong.
#[allow(clippy::print_stderr, reason = "a benchmark is a program for people")]
pub fn complain(text: &str) {
    eprintln!("{text}");
}

#[allow(clippy::print_stdout, reason = "a benchmark is a program for people")]
fn say(text: &str) {
    println!("{text}");
}

/// Rounded for people.
fn tenths(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

/// A folder for media and settings that a lesser user may read too; VLC runs as one.
fn open_folder() -> anyhow::Result<tempfile::TempDir> {
    let folder = tempfile::Builder::new().prefix("cotmoc-bench-").tempdir()?;
    std::fs::set_permissions(folder.path(), Permissions::from_mode(0o755))?;
    let home = folder.path().join("home");
    std::fs::create_dir(&home)?;
    std::fs::set_permissions(&home, Permissions::from_mode(0o777))?;
    Ok(folder)
}

/// The number in the environment variable `key`, which must be `least` or more.
fn from_env(key: &str, default: u64, least: u64) -> anyhow::Result<u64> {
    let Ok(text) = std::env::var(key) else {
        return Ok(default);
    };
    let number = text.parse().ok().filter(|number| *number >= least);
    number.with_context(|| format!("{key}: {text}: expected a number from {least}"))
}

/// The value below which the share `q` of `sorted` lies.
fn quantile(sorted: &[f64], q: f64) -> f64 {
    let last = sorted.len().saturating_sub(1);
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "an index into a few thousand samples"
    )]
    let index = (q * last as f64).round() as usize;
    sorted.get(index).copied().unwrap_or_default()
}

fn sorted(mut samples: Vec<f64>) -> Vec<f64> {
    samples.sort_by(f64::total_cmp);
    samples
}

#[allow(clippy::cast_precision_loss, reason = "sizes of files, far below 2^52")]
fn mebibytes_per_s(bytes: u64, took: Duration) -> f64 {
    bytes as f64 / 1_048_576.0 / took.as_secs_f64()
}

#[allow(clippy::cast_precision_loss, reason = "memory of one process")]
fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / 1_048_576.0
}

/// CPU time that process `pid` has used so far, and its resident memory in bytes.
fn usage(pid: u32) -> Option<(Duration, u64)> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks: u64 = fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?;
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let resident = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = resident.split_whitespace().next()?.parse().ok()?;
    Some((Duration::from_millis(ticks * 10), kibibytes * 1024))
}
