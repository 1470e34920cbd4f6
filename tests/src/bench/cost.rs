//! What showing one film costs in processor time and memory: the wall, the bare decoder in front of
//! a sink as the floor, and other players without a screen; the same film, one after the other.

mod contestants;

use super::media::{Clip, Size, film};
use super::{Outcome, child, complain, from_env, mebibytes, quantile, sorted, tenths};
use contestants::{ALL, Contestant, Order, Part};
use serde_json::{Map, Value, json};
use std::path::Path;

/// The name under which this program starts itself to play a film with the engine alone.
pub const THE_ENGINE: &str = "cost-the-engine";

const ROUNDS_KEY: &str = "COTMOC_BENCH_ROUNDS";
const ROUNDS: u64 = 3;
const SIZES: [(&str, Size); 2] = [("720p30", (1280, 720)), ("1080p30", (1920, 1080))];
const SCENE_S: u32 = 20;
const SCENES: u32 = 5;
const AIM: f64 = 1.1;

/// One player with one film: a figure of each round.
#[derive(Debug, Default)]
struct Cost {
    cpu_percent: Vec<f64>,
    rss_bytes: u64,
    /// What the wall said about its way to the screen.
    path: Option<String>,
}

impl Cost {
    fn cpu(&self) -> f64 {
        quantile(&sorted(self.cpu_percent.clone()), 0.5)
    }
}

/// Costs of all players with the film of one size.
type Table = Vec<(Contestant, Cost)>;

pub fn run() -> anyhow::Result<Outcome> {
    let rounds = from_env(ROUNDS_KEY, ROUNDS, 1)?;
    let folder = super::open_folder()?;
    let mut tables = Vec::new();
    for (name, size) in SIZES {
        complain(&format!("making a film of {name}"));
        let clip = Clip {
            item: 1,
            path: film(folder.path(), size, (SCENE_S, SCENES))?,
            slot_ms: SCENE_S * SCENES * 1_000,
            frames: Some(0),
            is_scaled: false,
            has_sound: true,
        };
        tables.push((name, measure(&clip, size, (rounds, folder.path()))?));
    }
    Ok(outcome(&tables))
}

/// Plays the film, for the process that started this one.
pub fn serve_engine() -> anyhow::Result<()> {
    child::serve(|order: Order| contestants::play(&order))
}

fn measure(clip: &Clip, size: Size, (rounds, folder): (u64, &Path)) -> anyhow::Result<Table> {
    let mut table: Table = ALL.map(|one| (one, Cost::default())).into();
    for round in 1..=rounds {
        for (contestant, cost) in &mut table {
            let part = Part { clip, size, folder };
            let one = contestant.measure(&part)?;
            complain(&format!(
                "{}×{}, round {round}: {}: {:.1} %",
                size.0,
                size.1,
                contestant.name(),
                one.cpu_percent
            ));
            cost.cpu_percent.push(one.cpu_percent);
            cost.rss_bytes = cost.rss_bytes.max(one.rss_bytes);
            cost.path = one.path.or(cost.path.take());
        }
    }
    Ok(table)
}

fn outcome(tables: &[(&'static str, Table)]) -> Outcome {
    let mut rows = vec![(
        String::new(),
        "% of a core (median), × the floor | memory".to_owned(),
    )];
    let (mut ours, mut peers) = (Map::new(), Map::new());
    for (name, table) in tables {
        let floor = cpu_of(table, Contestant::Floor);
        for (contestant, cost) in table {
            rows.push(row(name, *contestant, (cost, floor)));
        }
        let part = |is_ours: bool| {
            let parts = table.iter().filter(|(one, _)| one.is_ours() == is_ours);
            Value::Object(parts.map(|part| to_json(part, floor)).collect())
        };
        ours.insert((*name).to_owned(), part(true));
        peers.insert((*name).to_owned(), part(false));
    }
    let within = |(_, table): &(&str, Table), one| {
        cpu_of(table, one) <= AIM * cpu_of(table, Contestant::Floor)
    };
    Outcome {
        rows,
        aims: vec![
            (
                "the wall's program: at most 1.1 times the floor's processor time, 720p30 and 1080p30",
                tables.iter().all(|table| within(table, Contestant::Wall)),
            ),
            (
                "the engine alone: at most 1.1 times the floor's processor time, 720p30 and 1080p30",
                tables.iter().all(|table| within(table, Contestant::Engine)),
            ),
        ],
        ours: Value::Object(ours),
        peers: Value::Object(peers),
    }
}

fn cpu_of(table: &Table, wanted: Contestant) -> f64 {
    let found = table.iter().find(|(one, _)| *one == wanted);
    found.map_or(0.0, |(_, cost)| cost.cpu())
}

fn row(film: &str, contestant: Contestant, (cost, floor): (&Cost, f64)) -> (String, String) {
    let ends = sorted(cost.cpu_percent.clone());
    (
        format!("{film}: {}", contestant.name()),
        format!(
            "{:5.1} ({:.1} to {:.1})  × {:.2} | {:6.1} MiB{}",
            cost.cpu(),
            quantile(&ends, 0.0),
            quantile(&ends, 1.0),
            cost.cpu() / floor,
            mebibytes(cost.rss_bytes),
            cost.path
                .as_ref()
                .map_or(String::new(), |path| format!("  {path}")),
        ),
    )
}

fn to_json((contestant, cost): &(Contestant, Cost), floor: f64) -> (String, Value) {
    let hundredths = |value: f64| (value * 100.0).round() / 100.0;
    let rounds: Vec<f64> = cost.cpu_percent.iter().copied().map(tenths).collect();
    let value = json!({
        "cpu_percent": hundredths(cost.cpu()),
        "cpu_of_rounds_percent": rounds,
        "cpu_of_floor_ratio": hundredths(cost.cpu() / floor),
        "rss_bytes": cost.rss_bytes,
        "path": cost.path,
    });
    (contestant.key().to_owned(), value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(floor: f64, wall: f64) -> Table {
        let cost = |cpu: f64| Cost {
            cpu_percent: vec![cpu * 3.0, cpu, cpu * 0.9],
            ..Cost::default()
        };
        let of = |one| {
            if one == Contestant::Floor {
                floor
            } else {
                wall
            }
        };
        ALL.map(|one| (one, cost(of(one)))).into()
    }

    #[test]
    fn the_median_round_decides_and_both_films_must_do() {
        let met = |first, second| {
            let tables = [("a", table(10.0, first)), ("b", table(20.0, second))];
            outcome(&tables).aims.iter().all(|(_, met)| *met)
        };
        assert!(met(10.9, 21.9));
        assert!(!met(11.1, 21.9));
        assert!(!met(10.9, 22.1));
    }
}
