//! The figures as a table and as JSON, and whether the aims are met.

use super::judge::Figures;
use super::run::{Ending, Run};
use super::{Series, limit};
use crate::bench::ear::Heard;
use crate::bench::{Outcome, tenths};
use serde_json::{Map, Value, json};

/// One output tick at 30 Hz and 5 ms, in milliseconds.
const TICK_AND_5_MS: f64 = 1000.0 / 30.0 + 5.0;
/// A difference below the reader's own resolution is none, in milliseconds.
const RESOLUTION_MS: f64 = 5.0;

/// The outcome of the run with the whole machine and of the limited one.
#[must_use]
pub fn outcome(free: &Series, limited: &Series) -> Outcome {
    let mut rows = vec![(
        String::new(),
        "bounds+unwatched | ms over nominal: median/p95/max | lost tail+head+items | inside | repeat | black | broken | still ms | cpu %"
            .to_owned(),
    )];
    let share = format!("{} % of a core", limit::SHARE_PERCENT);
    for (name, series) in [("whole machine", free), (share.as_str(), limited)] {
        rows.extend(table(name, series));
    }
    Outcome {
        rows,
        aims: aims(free, limited),
        ours: json!({ "free": ours(free), "limited": ours(limited) }),
        peers: json!({
            "free": peers(free),
            "limited": peers(limited),
        }),
    }
}

fn table(name: &str, series: &Series) -> Vec<(String, String)> {
    let title = |who: &str| format!("{name}: {who}");
    let mut rows = vec![
        (title("ours at the sink"), line(&series.sink)),
        (
            title("ours at the sink, sound"),
            format!(
                "hole {:.1} ms, silence between items {:.1} ms at most",
                series.seen.sound.hole_max_ms, series.seen.sound.silence_max_ms
            ),
        ),
        (title("ours on the screen"), line(&series.screen)),
    ];
    for (peer, run) in &series.peers {
        rows.push((title(peer.name()), line(run)));
    }
    let screens = series.peers.iter().map(|(peer, run)| (peer.name(), run));
    for (who, run) in [("ours on the screen", &series.screen)]
        .into_iter()
        .chain(screens)
    {
        if let Some(heard) = &run.heard {
            rows.push((format!("{}, sound", title(who)), heard.line()));
        }
    }
    rows
}

fn line(run: &Run) -> String {
    let one = &run.figures;
    let still = one.still_over_ms.last().copied().unwrap_or(0.0);
    let ending = match run.how {
        Ending::Enough => String::new(),
        Ending::Frozen | Ending::Left | Ending::OutOfTime => format!("  {}", run.how.key()),
    };
    format!(
        "{:4}{:+3} | {:6.1} {:6.1} {:6.1} | {:3} {:3} {:3} | {:3} | {:3} | {:3} | {:3} | {:6.1} | {:4.0}{ending}",
        one.boundaries,
        one.unwatched,
        one.over(0.5),
        one.over(0.95),
        one.over(1.0),
        one.lost_tail,
        one.lost_head,
        one.lost_items,
        one.missing,
        one.repeated,
        one.black,
        one.broken,
        still,
        run.cpu_percent,
    )
}

fn aims(free: &Series, limited: &Series) -> Vec<(&'static str, bool)> {
    let both = [free, limited];
    let clean = |run: &Run| {
        let one = &run.figures;
        one.lost() + one.repeated + one.black == 0
    };
    vec![
        (
            "ours at the sink: no frame lost or repeated at a boundary, none black, in both runs",
            both.iter().all(|series| clean(&series.sink)),
        ),
        (
            "ours at the sink: no boundary longer than one tick + 5 ms, by tick and by clock, in both runs",
            both.iter().all(|series| is_in_time(&series.sink)),
        ),
        (
            "ours on the screen: no frame lost or repeated at a boundary, none black, in both runs",
            both.iter().all(|series| clean(&series.screen)),
        ),
        (
            "every peer is worse than ours on the screen in the limited run",
            limited
                .peers
                .iter()
                .all(|(_, peer)| is_better(&limited.screen, peer)),
        ),
        (
            "no peer is better than ours on the screen with the whole machine, one tick aside",
            free.peers
                .iter()
                .all(|(_, peer)| !is_better(peer, &free.screen)),
        ),
    ]
}

fn is_in_time(run: &Run) -> bool {
    let in_time = |figures: &Figures| figures.longer_than(TICK_AND_5_MS) == 0;
    in_time(&run.figures) && run.by_clock.as_ref().is_none_or(in_time)
}

/// Whether `a` shows fewer wrong pictures per boundary than `b`, or as many and stands still less.
fn is_better(a: &Run, b: &Run) -> bool {
    let (wrong_a, wrong_b) = (wrong(a), wrong(b));
    if (wrong_a - wrong_b).abs() > 0.005 {
        return wrong_a < wrong_b;
    }
    let (over_a, over_b) = (a.figures.over(0.95), b.figures.over(0.95));
    // Up to one tick is the conversion of rates to the output's, not the boundary.
    over_a.max(TICK_AND_5_MS) + RESOLUTION_MS < over_b.max(TICK_AND_5_MS)
}

/// Lost, repeated and black pictures per boundary; a player that stopped shows nothing at all.
fn wrong(run: &Run) -> f64 {
    match run.how {
        Ending::Frozen | Ending::Left => f64::INFINITY,
        Ending::Enough | Ending::OutOfTime => {
            let one = &run.figures;
            let count = |number: u64| f64::from(u32::try_from(number).unwrap_or(u32::MAX));
            count(one.lost() + one.repeated + one.black) / count(one.boundaries.max(1))
        }
    }
}

fn ours(series: &Series) -> Value {
    let mut sink = run_json(&series.sink);
    let by_clock = series.sink.by_clock.as_ref();
    let over = |share| by_clock.map(|figures| tenths(figures.over(share)));
    let more = json!({
        "over_p95_by_clock_ms": over(0.95),
        "over_max_by_clock_ms": over(1.0),
        "late_frames": series.seen.frames_late,
        "dropped_frames": series.seen.frames_dropped,
        "sound_hole_max_ms": tenths(series.seen.sound.hole_max_ms),
        "sound_silence_max_ms": tenths(series.seen.sound.silence_max_ms),
        "sound_silences": series.seen.sound.silences,
    });
    if let (Some(sink), Value::Object(more)) = (sink.as_object_mut(), more) {
        sink.extend(more);
    }
    json!({ "limit": series.limit, "sink": sink, "screen": run_json(&series.screen) })
}

fn peers(series: &Series) -> Map<String, Value> {
    let runs = series.peers.iter();
    runs.map(|(peer, run)| (peer.key().to_owned(), run_json(run)))
        .collect()
}

fn run_json(run: &Run) -> Value {
    let mut value = run.figures.to_json();
    if let Some(object) = value.as_object_mut() {
        object.insert("ending".to_owned(), json!(run.how.key()));
        object.insert("cpu_percent".to_owned(), json!(tenths(run.cpu_percent)));
        object.insert(
            "over_one_tick_boundaries".to_owned(),
            json!(run.figures.longer_than(TICK_AND_5_MS)),
        );
        object.insert("look_p99_ms".to_owned(), json!(run.look_p99_ms.map(tenths)));
        let heard = run.heard.as_ref().map(Heard::to_json);
        object.insert("sound".to_owned(), json!(heard));
    }
    value
}
