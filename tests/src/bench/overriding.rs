//! How soon an order is on the screen: from the moment at which the wall's gate has verified a
//! takedown or an override to the first picture of it, on a screen of its own and, for the engine
//! alone, at the sink.

mod courier;
mod engine;
mod log;
mod program;

use super::media::{Clip, Recipe};
use super::player::RATE;
use super::screen::SCREEN;
use super::{Outcome, complain, from_env, open_folder, quantile, sorted, tenths};
use program::Act;
use serde_json::{Value, json};

const TRIALS_KEY: &str = "COTMOC_BENCH_TRIALS";
/// Of each kind.
const TRIALS: u64 = 100;
const AIM_TICKS: f64 = 2.0;
/// The reader of the screen and the X server see nothing sooner, in milliseconds.
const RESOLUTION_MS: f64 = 5.0;

const PROGRAMME_ITEM: u8 = 1;
/// What is ordered, and what is shown after a takedown.
const ORDERED_ITEM: u8 = 41;
const FALLBACK_ITEM: u8 = 40;
const PROGRAMME: Recipe = Recipe {
    codec: "libx264",
    rate: (30, 1),
    frames: 600,
    slot_ms: 20_000,
    with_sound: true,
    size: SCREEN,
};

/// Delays of one kind of order, each in milliseconds, sorted.
#[derive(Debug, Default)]
struct Delays {
    /// Until what was on air had left it.
    off_ms: Vec<f64>,
    /// Until the first picture of what was ordered.
    on_ms: Vec<f64>,
    /// How closely the reader looked: 99 % of its looks came within.
    look_p99_ms: Option<f64>,
    /// Pictures in between that were neither.
    between: u64,
}

pub fn run() -> anyhow::Result<Outcome> {
    let trials = from_env(TRIALS_KEY, TRIALS, 2)?;
    let folder = open_folder()?;
    let programme = PROGRAMME.make(PROGRAMME_ITEM, folder.path(), SCREEN)?;
    let clips = Media {
        programme,
        fallback: super::media::still(FALLBACK_ITEM, folder.path(), SCREEN, 1_000)?,
        ordered: super::media::still(ORDERED_ITEM, folder.path(), SCREEN, 1_000)?,
    };
    complain("the engine alone");
    let engine = engine::measure(&clips, trials)?;
    let mut program = Vec::new();
    for (name, act) in [("takedown", Act::Takedown), ("override", Act::Override)] {
        complain(&format!("{name} on a wall with a screen"));
        program.push((
            name,
            program::measure(&clips, (act, trials), folder.path())?,
        ));
    }
    Ok(outcome(&engine, &program))
}

/// What the wall has.
struct Media {
    programme: Clip,
    fallback: Clip,
    ordered: Clip,
}

fn tick_ms() -> f64 {
    1000.0 / f64::from(RATE)
}

fn outcome(engine: &Delays, program: &[(&'static str, Delays)]) -> Outcome {
    let mut rows = vec![
        ("ticks are".to_owned(), format!("{:.1} ms", tick_ms())),
        row("the engine's order to its sink", engine),
    ];
    let mut ours = serde_json::Map::new();
    ours.insert("engine".to_owned(), to_json(engine));
    for (act, delays) in program {
        rows.push(row(&format!("verified {act} to the screen"), delays));
        ours.insert((*act).to_owned(), to_json(delays));
    }
    let limit_ms = AIM_TICKS * tick_ms();
    let last = |delays: &Delays| quantile(&delays.on_ms, 1.0);
    let seen_in_time = |(_, delays): &(&str, Delays)| {
        let look_ms = delays.look_p99_ms.unwrap_or(0.0);
        !delays.on_ms.is_empty() && last(delays) <= limit_ms + RESOLUTION_MS + look_ms
    };
    Outcome {
        rows,
        aims: vec![
            (
                "the engine presents what it is ordered within 2 ticks, always",
                last(engine) <= limit_ms,
            ),
            (
                "what is verified is on the screen within 2 ticks and the reader's resolution, always",
                program.iter().all(seen_in_time),
            ),
        ],
        ours: Value::Object(ours),
        peers: json!({}),
    }
}

fn row(name: &str, delays: &Delays) -> (String, String) {
    let figures = |list: &[f64]| {
        format!(
            "p50 {:.1}, p99 {:.1}, max {:.1} ms = {:.2} ticks",
            quantile(list, 0.5),
            quantile(list, 0.99),
            quantile(list, 1.0),
            quantile(list, 1.0) / tick_ms()
        )
    };
    (
        name.to_owned(),
        format!(
            "{} orders; on air: {}; the old one left: {}; {} pictures in between",
            delays.on_ms.len(),
            figures(&delays.on_ms),
            figures(&delays.off_ms),
            delays.between,
        ),
    )
}

fn to_json(delays: &Delays) -> Value {
    let at = |list: &[f64], share| tenths(quantile(list, share));
    json!({
        "orders": delays.on_ms.len(),
        "on_air_p50_ms": at(&delays.on_ms, 0.5),
        "on_air_p99_ms": at(&delays.on_ms, 0.99),
        "on_air_max_ms": at(&delays.on_ms, 1.0),
        "on_air_max_ticks": tenths(quantile(&delays.on_ms, 1.0) / tick_ms()),
        "old_left_p50_ms": at(&delays.off_ms, 0.5),
        "old_left_max_ms": at(&delays.off_ms, 1.0),
        "pictures_in_between": delays.between,
        "look_p99_ms": delays.look_p99_ms.map(tenths),
    })
}

impl Delays {
    fn sorted(mut self) -> Self {
        self.on_ms = sorted(std::mem::take(&mut self.on_ms));
        self.off_ms = sorted(std::mem::take(&mut self.off_ms));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delays(on_ms: &[f64], look_p99_ms: Option<f64>) -> Delays {
        Delays {
            on_ms: on_ms.to_vec(),
            off_ms: on_ms.to_vec(),
            look_p99_ms,
            between: 0,
        }
    }

    #[test]
    fn the_slowest_order_decides_and_the_reader_is_given_its_due() {
        let met = |engine: f64, screen: f64| {
            let screen = delays(&[20.0, screen], Some(6.0));
            let found = outcome(&delays(&[10.0, engine], None), &[("takedown", screen)]);
            [found.aims[0].1, found.aims[1].1]
        };
        assert_eq!(met(66.0, 77.0), [true, true]);
        assert_eq!(met(67.0, 77.0), [false, true]);
        assert_eq!(met(66.0, 78.0), [true, false]);
    }

    #[test]
    fn no_order_at_all_is_no_success() {
        let nothing = delays(&[], Some(3.0));
        let found = outcome(&delays(&[10.0], None), &[("takedown", nothing)]);
        assert!(!found.aims[1].1);
    }
}
