//! Processor time of one thread, and how well answers meet what was meant.

use super::queries::{Kind, Query};
use crate::bench::{quantile, sorted};
use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// So many first answers count.
pub const ANSWERS: usize = 10;
/// Every so many queries one is typed letter by letter.
const TYPED_EVERY: usize = 9;

/// What an engine did with the queries.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Score {
    /// Percent of the made queries whose entry is among the first ten, and by kind.
    pub recall_10: f64,
    pub by_kind: BTreeMap<Kind, f64>,
    /// Of the queries written by hand: found, all.
    pub by_hand: (usize, usize),
    /// Processor time of one key press while typing, in milliseconds.
    pub p50_ms: f64,
    pub p99_ms: f64,
    pub max_ms: f64,
    pub key_presses: usize,
}

/// Lets `answer` answer every query, and every beginning of some of them.
///
/// # Errors
/// What the engine says.
pub fn score(
    queries: &[Query],
    mut answer: impl FnMut(&str) -> anyhow::Result<Vec<String>>,
) -> anyhow::Result<Score> {
    let mut tally: BTreeMap<Kind, (usize, usize)> = BTreeMap::new();
    for query in queries {
        let (found, all) = tally.entry(query.kind).or_default();
        *all += 1;
        *found += usize::from(answer(&query.typed)?.contains(&query.entry));
    }
    let mut took_ms = Vec::new();
    for query in queries.iter().step_by(TYPED_EVERY) {
        let ends = query.typed.char_indices().map(|(at, c)| at + c.len_utf8());
        for end in ends {
            let before = thread_cpu_ms();
            answer(query.typed.get(..end).unwrap_or_default())?;
            took_ms.push(thread_cpu_ms() - before);
        }
    }
    let by_hand = tally.remove(&Kind::ByHand).unwrap_or_default();
    let took_ms = sorted(took_ms);
    let (found, all) = tally
        .values()
        .fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    Ok(Score {
        recall_10: percent(found, all),
        by_kind: tally
            .into_iter()
            .map(|(kind, (found, all))| (kind, percent(found, all)))
            .collect(),
        by_hand,
        p50_ms: quantile(&took_ms, 0.5),
        p99_ms: quantile(&took_ms, 0.99),
        max_ms: quantile(&took_ms, 1.0),
        key_presses: took_ms.len(),
    })
}

/// Processor time that this thread has used so far, in milliseconds.
#[allow(
    clippy::cast_precision_loss,
    reason = "times of one benchmark, far below 2^52"
)]
pub fn thread_cpu_ms() -> f64 {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    now.tv_sec as f64 * 1e3 + now.tv_nsec as f64 / 1e6
}

#[allow(
    clippy::cast_precision_loss,
    reason = "counts of a few thousand queries"
)]
fn percent(part: usize, all: usize) -> f64 {
    part as f64 * 100.0 / (all.max(1)) as f64
}
