//! What the eye gets where one item ends and the next begins: the wall, mpv, VLC and gst-play show
//! the same numbered frames, one after the other, with the whole machine and with a third of a core.

mod judge;
mod limit;
mod peers;
mod report;
mod run;
mod sink;

use super::media::{Clip, Recipe, Size, still};
use super::screen::SCREEN;
use super::{Outcome, child, complain, from_env, open_folder};
use limit::Limit;
use peers::Peer;
pub use peers::lesser_vlc;
use run::{Run, Stand};
use std::path::Path;
use std::time::Duration;

/// The name under which this program starts itself to play without a window.
pub const AT_THE_SINK: &str = "transitions-at-the-sink";

/// Boundaries of each player in each of the two runs.
const BOUNDARIES: u64 = 200;
const BOUNDARIES_KEY: &str = "COTMOC_BENCH_BOUNDARIES";

/// Size of the clips that every player must scale.
const SMALL: Size = (960, 540);

const RECIPES: [Recipe; 7] = [
    recipe("libx264", (30, 1), (15, 500), true, SCREEN),
    recipe("libx264", (25, 1), (25, 1000), true, SMALL),
    recipe("libx265", (30, 1), (15, 500), false, SCREEN),
    recipe("libvpx-vp9", (25, 1), (15, 600), true, SCREEN),
    recipe("libx264", (24_000, 1001), (24, 1001), true, SCREEN),
    recipe("libsvtav1", (30, 1), (15, 500), false, SCREEN),
    recipe("libx264", (30, 1), (30, 1000), true, SMALL),
];
/// The still stands after this many clips.
const STILL_AFTER: usize = 5;
const STILL_ITEM: u8 = 40;
const STILL_MS: u32 = 1000;

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
    let boundaries = from_env(BOUNDARIES_KEY, BOUNDARIES, 2)?;
    let boundaries = usize::try_from(boundaries)?;
    let folder = open_folder()?;
    let stand = Stand {
        clips: make_all(folder.path())?,
        folder: folder.path().to_owned(),
        home: folder.path().join("home"),
        boundaries,
    };
    let free = series(&stand, &Limit::None)?;
    let limited = series(&stand, &Limit::best())?;
    Ok(report::outcome(&free, &limited))
}

/// Plays at the sink for the process that started this one.
pub fn serve_sink() -> anyhow::Result<()> {
    child::serve(|order: sink::Order| sink::play(&order))
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

const fn recipe(
    codec: &'static str,
    rate: (u32, u32),
    (frames, slot_ms): (u16, u32),
    with_sound: bool,
    size: Size,
) -> Recipe {
    Recipe {
        codec,
        rate,
        frames,
        slot_ms,
        with_sound,
        size,
    }
}

fn make_all(folder: &Path) -> anyhow::Result<Vec<Clip>> {
    let mut clips = Vec::new();
    for (recipe, item) in RECIPES.iter().zip(1..) {
        if clips.len() == STILL_AFTER {
            clips.push(still(STILL_ITEM, folder, SCREEN, STILL_MS)?);
        }
        clips.push(recipe.make(item, folder, SCREEN)?);
    }
    Ok(clips)
}
