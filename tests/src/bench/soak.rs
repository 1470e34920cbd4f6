//! Whether anything grows: several engines in one process show short clips of every kind, thousands
//! of boundaries, and memory, descriptors and threads are read once a second.

mod trend;
mod walls;

use super::media::{Clip, Recipe, Size, still};
use super::{Outcome, child, from_env, mebibytes, tenths};
use serde_json::{Value, json};
use std::path::Path;
use trend::Trend;
use walls::{Order, Sample, Seen};

/// The name under which this program starts itself as the walls.
pub const THE_WALLS: &str = "soak-the-walls";

const BOUNDARIES_KEY: &str = "COTMOC_BENCH_BOUNDARIES";
/// Counted after the warm-up.
const BOUNDARIES: u64 = 5_000;
/// Before what is counted there are half as many, so that every pool and cache is full and the
/// allocator has found its size.
const WARM_UP: u64 = 2;
/// Engines that play at the same time, each with a schedule of its own: the compression of time.
const ENGINES: u32 = 10;
/// What is in the air differs from moment to moment; of so many parts of the run the least counts.
const PARTS: usize = 40;
/// Growth below this is none, in bytes for each boundary.
const NO_GROWTH_BYTES: f64 = 1024.0;

const SIZE: Size = (160, 90);
const SLOT_MS: u32 = 500;
const RECIPES: [Recipe; 5] = [
    recipe("libx264", (30, 1), 15, true),
    recipe("libvpx-vp9", (30, 1), 15, false),
    recipe("libx265", (24, 1), 12, true),
    recipe("libsvtav1", (30, 1), 15, false),
    recipe("libx264", (60, 1), 30, true),
];
const STILL_ITEM: u8 = 40;

pub fn run() -> anyhow::Result<Outcome> {
    let boundaries = from_env(BOUNDARIES_KEY, BOUNDARIES, 100)?;
    let folder = tempfile::Builder::new().prefix("cotmoc-bench-").tempdir()?;
    let order = Order {
        clips: make_all(folder.path())?,
        engines: ENGINES,
        boundaries: boundaries + boundaries / WARM_UP,
    };
    let mut command = child::command(THE_WALLS, &order, folder.path())?;
    let seen: Seen = child::answer(child::start(&mut command)?)?;
    let warm = boundaries / WARM_UP;
    let counted: Vec<Sample> = seen
        .samples
        .iter()
        .filter(|sample| sample.boundaries >= warm)
        .copied()
        .collect();
    anyhow::ensure!(counted.len() >= 8, "too few boundaries to see a trend");
    Ok(outcome(&seen, &counted))
}

/// Plays, for the process that started this one.
pub fn serve_walls() -> anyhow::Result<()> {
    child::serve(|order: Order| walls::play(&order))
}

fn outcome(seen: &Seen, counted: &[Sample]) -> Outcome {
    let trend = |read: fn(&Sample) -> u64| Trend::of(least(counted, read));
    let (memory, descriptors, threads) = (
        trend(|sample| sample.rss_bytes),
        trend(|sample| sample.descriptors),
        trend(|sample| sample.threads),
    );
    let total = trend::number(counted.last().map_or(0, |sample| sample.boundaries))
        - trend::number(counted.first().map_or(0, |sample| sample.boundaries));
    let stays = |trend: &Trend| trend.may_be_flat() || trend.slope * total < 1.0;
    Outcome {
        rows: rows(seen, counted, (&memory, &descriptors, &threads)),
        aims: vec![
            (
                "memory does not grow: the trend's interval includes 0, or it is below 1 KiB for each boundary",
                memory.may_be_flat() || memory.slope < NO_GROWTH_BYTES,
            ),
            (
                "descriptors do not grow: the trend's interval includes 0, or it is below 1 in the whole run",
                stays(&descriptors),
            ),
            (
                "threads do not grow: the trend's interval includes 0, or it is below 1 in the whole run",
                stays(&threads),
            ),
        ],
        ours: json!({
            "engines": ENGINES,
            "boundaries": seen.samples.last().map_or(0, |sample| sample.boundaries),
            "counted_boundaries": total,
            "took_s": tenths(seen.took_s),
            "memory": to_json(counted, &memory, |sample| sample.rss_bytes, "bytes"),
            "descriptors": to_json(counted, &descriptors, |sample| sample.descriptors, "descriptors"),
            "threads": to_json(counted, &threads, |sample| sample.threads, "threads"),
            "lost_frames": seen.lost_frames,
            "faults": seen.faults,
            "leaked_pipelines": seen.leaked,
            "cpu_percent": tenths(seen.cpu_ms / seen.took_s / 10.0),
        }),
        peers: json!({}),
    }
}

/// Of each part of the run, the sample with the least of what `read` reads.
fn least(samples: &[Sample], read: fn(&Sample) -> u64) -> impl Iterator<Item = (u64, u64)> {
    let parts = samples.chunks(samples.len().div_ceil(PARTS).max(1));
    let least = parts.filter_map(move |part| part.iter().min_by_key(|sample| read(sample)));
    least.map(move |sample| (sample.boundaries, read(sample)))
}

fn rows(
    seen: &Seen,
    counted: &[Sample],
    (memory, descriptors, threads): (&Trend, &Trend, &Trend),
) -> Vec<(String, String)> {
    let ends = |read: fn(&Sample) -> u64| {
        let (first, last) = (counted.first(), counted.last());
        (first.map_or(0, read), last.map_or(0, read))
    };
    let (memory_first, memory_last) = ends(|sample| sample.rss_bytes);
    let plain = |name: &str, (first, last): (u64, u64), trend: &Trend| {
        let text = format!(
            "{first} after the warm-up, {last} at the end; {:+.2} ± {:.2} per 1,000 boundaries",
            trend.slope * 1e3,
            trend.error * 1e3
        );
        (name.to_owned(), text)
    };
    let boundaries = seen.samples.last().map_or(0, |sample| sample.boundaries);
    vec![
        (
            "boundaries".to_owned(),
            format!(
                "{boundaries} in {:.0} s by {ENGINES} engines in one process; {} frames lost, {} faults, {} pipelines leaked; {:.0} % of a core",
                seen.took_s,
                seen.lost_frames,
                seen.faults,
                seen.leaked,
                seen.cpu_ms / seen.took_s / 10.0
            ),
        ),
        (
            "memory".to_owned(),
            format!(
                "{:.1} MiB after the warm-up, {:.1} MiB at the end; {:+.0} ± {:.0} bytes per boundary",
                mebibytes(memory_first),
                mebibytes(memory_last),
                memory.slope,
                memory.error
            ),
        ),
        plain(
            "descriptors",
            ends(|sample| sample.descriptors),
            descriptors,
        ),
        plain("threads", ends(|sample| sample.threads), threads),
    ]
}

fn to_json(counted: &[Sample], trend: &Trend, read: fn(&Sample) -> u64, unit: &str) -> Value {
    let key = |name: &str| format!("{name}_{unit}");
    let edge = |sample: Option<&Sample>| sample.map_or(0, read);
    json!({
        key("after_warm_up"): edge(counted.first()),
        key("at_end"): edge(counted.last()),
        key("most"): counted.iter().map(read).max().unwrap_or(0),
        key("growth_per_1000_boundaries"): tenths(trend.slope * 1e3),
        key("growth_per_1000_boundaries_error"): tenths(trend.error * 1e3),
    })
}

const fn recipe(codec: &'static str, rate: (u32, u32), frames: u16, with_sound: bool) -> Recipe {
    Recipe {
        codec,
        rate,
        frames,
        slot_ms: SLOT_MS,
        with_sound,
        size: SIZE,
    }
}

fn make_all(folder: &Path) -> anyhow::Result<Vec<Clip>> {
    let mut clips = vec![still(STILL_ITEM, folder, SIZE, SLOT_MS)?];
    for (recipe, item) in RECIPES.iter().zip(1..) {
        clips.push(recipe.make(item, folder, SIZE)?);
    }
    Ok(clips)
}
