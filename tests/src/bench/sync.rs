//! How far apart in time two walls of one group show the same frame: two processes with the wall's
//! engine, one schedule, one clock; one joins late and is started again in the middle.

mod judge;
mod wall;

use super::media::{Clip, Recipe, Size, still};
use super::{Outcome, child, complain, from_env, player};
use judge::Skew;
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;
use wall::{Exactness, Order, Seen};

/// The name under which this program starts itself as one of the walls.
pub const A_WALL: &str = "sync-a-wall";

const SECONDS_KEY: &str = "COTMOC_BENCH_SECONDS";
const SECONDS: u64 = 180;
/// From the start of the processes to the schedule's first item, in milliseconds.
const START_MS: i64 = 4_000;
const LATE_MS: i64 = 9_300;
/// Between the end of the second wall and its next start, in milliseconds.
const AWAY_MS: i64 = 2_700;
const AIM_P99_MS: f64 = 8.0;
const AIM_SAME_TICK: f64 = 0.999;

const SIZE: Size = (320, 180);
const RECIPES: [Recipe; 3] = [
    recipe("libx264", 30, (120, 4_000), true),
    recipe("libx264", 25, (75, 3_000), true),
    recipe("libvpx-vp9", 30, (150, 5_000), false),
];
const STILL_ITEM: u8 = 40;
const STILL_MS: u32 = 1_000;

pub fn run() -> anyhow::Result<Outcome> {
    let seconds = from_env(SECONDS_KEY, SECONDS, 40)?;
    let folder = tempfile::Builder::new().prefix("cotmoc-bench-").tempdir()?;
    let clips = make_all(folder.path())?;
    let walls = measure(&clips, folder.path(), (seconds, Exactness::Nanoseconds))?;
    complain("the same with the time in whole milliseconds, to see what that would cost");
    let coarse = (seconds / 4).max(40);
    let coarse = measure(&clips, folder.path(), (coarse, Exactness::Milliseconds))?;
    Ok(outcome(&walls, &coarse))
}

/// Is one of the walls, for the process that started this one.
pub fn serve_wall() -> anyhow::Result<()> {
    child::serve(|order: Order| wall::play(&order))
}

/// What two walls did.
struct Walls {
    skew: Skew,
    /// Frames that the wall which was there all the time did not show.
    lost: u64,
    late: u64,
    dropped: u64,
}

fn measure(
    clips: &[Clip],
    folder: &Path,
    (seconds, exactness): (u64, Exactness),
) -> anyhow::Result<Walls> {
    let epoch_ms = player::system_ms() + START_MS;
    let ends_ms = epoch_ms + i64::try_from(seconds)? * 1_000;
    let middle_ms = epoch_ms.midpoint(ends_ms);
    let start = |ends_ms: i64| {
        let order = Order {
            clips: clips.to_vec(),
            epoch_ms,
            ends_ms,
            exactness,
        };
        child::start(&mut child::command(A_WALL, &order, folder)?)
    };
    let steady = start(ends_ms)?;
    sleep_until(epoch_ms + LATE_MS);
    let late: Seen = child::answer(start(middle_ms)?)?;
    sleep_until(middle_ms + AWAY_MS);
    let again: Seen = child::answer(start(ends_ms)?)?;
    let steady: Seen = child::answer(steady)?;
    let mut skew = Skew::default();
    let round_ms: u32 = clips.iter().map(|clip| clip.slot_ms).sum();
    for other in [&late, &again] {
        skew.compare(&steady, other, round_ms);
    }
    Ok(Walls {
        skew: skew.sorted(),
        lost: judge::lost(&steady),
        late: steady.late + late.late + again.late,
        dropped: steady.dropped + late.dropped + again.dropped,
    })
}

fn sleep_until(at_ms: i64) {
    let left = at_ms - player::system_ms();
    std::thread::sleep(Duration::from_millis(u64::try_from(left).unwrap_or(0)));
}

fn outcome(walls: &Walls, coarse: &Walls) -> Outcome {
    let skew = &walls.skew;
    Outcome {
        rows: vec![
            row("two walls, one late and started again", walls),
            row("for comparison: time in whole milliseconds", coarse),
            (
                "frames the steady wall lost, second wall coming and going".to_owned(),
                format!("{}", walls.lost),
            ),
        ],
        aims: vec![
            ("p99 of the skew within 8 ms", skew.at(0.99) <= AIM_P99_MS),
            (
                "at least 99.9 % of the frames on the same output tick",
                skew.same_tick_share() >= AIM_SAME_TICK,
            ),
            (
                "the steady wall loses nothing when the other joins",
                walls.lost == 0,
            ),
        ],
        ours: to_json(walls),
        peers: json!({ "time_in_whole_milliseconds": to_json(coarse) }),
    }
}

fn row(name: &str, walls: &Walls) -> (String, String) {
    let skew = &walls.skew;
    (
        name.to_owned(),
        format!(
            "{} frames: skew p50 {:.3}, p99 {:.3}, max {:.3} ms; same tick {:.3} %; shown by one only {}; late {}, dropped {}",
            skew.frames(),
            skew.at(0.5),
            skew.at(0.99),
            skew.at(1.0),
            skew.same_tick_share() * 100.0,
            skew.unmatched,
            walls.late,
            walls.dropped,
        ),
    )
}

fn to_json(walls: &Walls) -> Value {
    let skew = &walls.skew;
    let micros = |ms: f64| (ms * 1_000.0).round() / 1_000.0;
    json!({
        "compared_frames": skew.frames(),
        "skew_p50_ms": micros(skew.at(0.5)),
        "skew_p95_ms": micros(skew.at(0.95)),
        "skew_p99_ms": micros(skew.at(0.99)),
        "skew_max_ms": micros(skew.at(1.0)),
        "same_tick_percent": skew.same_tick_share() * 100.0,
        "other_tick_frames": skew.other_tick,
        "shown_by_one_only_frames": skew.unmatched,
        "steady_wall_lost_frames": walls.lost,
        "late_frames": walls.late,
        "dropped_frames": walls.dropped,
    })
}

const fn recipe(
    codec: &'static str,
    fps: u32,
    (frames, slot_ms): (u16, u32),
    with_sound: bool,
) -> Recipe {
    Recipe {
        codec,
        rate: (fps, 1),
        frames,
        slot_ms,
        with_sound,
        size: SIZE,
    }
}

fn make_all(folder: &Path) -> anyhow::Result<Vec<Clip>> {
    let mut clips = vec![still(STILL_ITEM, folder, SIZE, STILL_MS)?];
    for (recipe, item) in RECIPES.iter().zip(1..) {
        clips.push(recipe.make(item, folder, SIZE)?);
    }
    Ok(clips)
}
