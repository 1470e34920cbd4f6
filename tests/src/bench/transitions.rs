//! What the eye gets where one item ends and the next begins: the wall, mpv, VLC and gst-play show
//! the same numbered frames, one after the other, with the whole machine and with a third of a core.

mod barcode;
mod judge;
mod limit;
mod media;
mod ours;
mod peers;
mod report;
mod run;
mod screen;
mod sink;

use super::{Outcome, complain};
use anyhow::Context as _;
use limit::Limit;
use peers::Peer;
use run::{Run, Stand};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The name under which this program starts itself to play without a window.
pub const AT_THE_SINK: &str = "transitions-at-the-sink";

/// Boundaries of each player, both runs together.
const BOUNDARIES: usize = 200;
const BOUNDARIES_KEY: &str = "COTMOC_BENCH_BOUNDARIES";

/// All runs with the same share of the machine.
#[derive(Debug)]
pub struct Series {
    pub limit: &'static str,
    pub screen: Run,
    pub sink: Run,
    pub seen: sink::Seen,
    pub peers: Vec<(Peer, Run)>,
}

pub fn run() -> anyhow::Result<Outcome> {
    let boundaries = wanted()?.div_ceil(2);
    let folder = tempfile::Builder::new().prefix("cotmoc-bench-").tempdir()?;
    // VLC runs as a lesser user and reads the media too.
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755))?;
    let home = folder.path().join("home");
    std::fs::create_dir(&home)?;
    std::fs::set_permissions(&home, std::fs::Permissions::from_mode(0o777))?;
    let stand = Stand {
        clips: media::make_all(folder.path())?,
        folder: folder.path().to_owned(),
        home,
        boundaries,
    };
    let free = series(&stand, &Limit::None)?;
    let limited = series(&stand, &Limit::best())?;
    Ok(report::outcome(&free, &limited))
}

/// Plays at the sink for the process that started this one.
pub fn serve_sink() -> anyhow::Result<()> {
    let order = std::env::args_os().nth(2).context("no order given")?;
    sink::serve(Path::new(&order))
}

fn series(stand: &Stand, limit: &Limit) -> anyhow::Result<Series> {
    let say = |name: &str, run: &Run| {
        complain(&format!(
            "limit {}: {name}: {} boundaries",
            limit.name(),
            run.figures.boundaries
        ));
    };
    let (sink, seen) = stand.ours_at_the_sink(limit)?;
    say("ours at the sink", &sink);
    let screen = stand.ours_on_screen(limit)?;
    say("ours on the screen", &screen);
    let mut runs = Vec::new();
    for peer in peers::ALL {
        let run = stand.peer_on_screen(peer, limit)?;
        say(peer.name(), &run);
        runs.push((peer, run));
        std::thread::sleep(Duration::from_secs(1));
    }
    Ok(Series {
        limit: limit.name(),
        screen,
        sink,
        seen,
        peers: runs,
    })
}

fn wanted() -> anyhow::Result<usize> {
    let Ok(text) = std::env::var(BOUNDARIES_KEY) else {
        return Ok(BOUNDARIES);
    };
    let number = text.parse::<usize>().ok().filter(|count| *count >= 2);
    number.with_context(|| format!("{BOUNDARIES_KEY}: {text}: expected a number from 2"))
}

/// A file that a started program finds.
fn this_program() -> anyhow::Result<PathBuf> {
    std::env::current_exe().context("finding this program")
}
