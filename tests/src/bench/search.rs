//! Looking up 20,000 entries in three languages, beside SQLite FTS5 and tantivy with the same tokens.
//!
//! Pinyin is typed as the index's own table reads it, and slips are spread evenly: the queries
//! written by hand are the harder test.

mod corpus;
mod dice;
#[cfg(feature = "peers")]
mod peers;
mod queries;
mod reader;
mod timing;

pub use reader::{THE_READER, serve as serve_reader};

use super::{Outcome, from_env, mebibytes, tenths};
use anyhow::Context as _;
use cotmoc_lookup::package::{CANARIES, CONTENT, INDEX, build};
use queries::{Kind, Query};
use reader::{FOLDER, QUERIES, Read};
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;
use timing::{Score, thread_cpu_ms};

/// Queries of each of the 17 kinds.
const OF_EACH_KIND: usize = 250;
/// What the kiosk's whole daemon may have.
const MEMORY_BYTES: u64 = 48 << 20;

pub fn run() -> anyhow::Result<Outcome> {
    let count = usize::try_from(from_env("COTMOC_BENCH_ENTRIES", 20_000, 100)?)?;
    let corpus = corpus::make(count)?;
    let mut queries = queries::make(&corpus.content, OF_EACH_KIND)?;
    queries.extend(corpus.typed.into_iter().map(|typed| Query {
        kind: Kind::ByHand,
        typed: typed.query,
        entry: typed.entry,
    }));
    let before = thread_cpu_ms();
    let package = build(&corpus.content, &[])?;
    let build_ms = thread_cpu_ms() - before;
    let folder = tempfile::tempdir()?;
    let files = [
        (CONTENT, &package.files.content),
        (INDEX, &package.files.index),
        (CANARIES, &package.files.canaries),
        (QUERIES, &serde_json::to_vec(&queries)?),
    ];
    for (name, bytes) in files {
        std::fs::write(folder.path().join(name), bytes)?;
    }
    let read = read_in_a_process(folder.path())?;
    let peers = peers(&corpus.content, &queries)?;
    let sizes = [package.files.index.len(), package.files.content.len()];
    Ok(outcome(&read, build_ms, sizes, &peers))
}

fn read_in_a_process(folder: &Path) -> anyhow::Result<Read> {
    let output = Command::new(std::env::current_exe()?)
        .arg(THE_READER)
        .env(FOLDER, folder)
        .stderr(std::process::Stdio::inherit())
        .output()?;
    anyhow::ensure!(output.status.success(), "the reader failed");
    serde_json::from_slice(&output.stdout).context("what the reader told")
}

#[cfg(feature = "peers")]
fn peers(
    content: &cotmoc_lookup::Content,
    queries: &[Query],
) -> anyhow::Result<Vec<(&'static str, Score)>> {
    peers::run(content, queries)
}

#[cfg(not(feature = "peers"))]
fn peers(
    _content: &cotmoc_lookup::Content,
    _queries: &[Query],
) -> anyhow::Result<Vec<(&'static str, Score)>> {
    anyhow::bail!("built without the peers: run tests/bench search")
}

fn outcome(
    read: &Read,
    build_ms: f64,
    [index_bytes, content_bytes]: [usize; 2],
    peers: &[(&'static str, Score)],
) -> Outcome {
    let score = &read.score;
    let mut rows = vec![("ours".to_owned(), in_words(score))];
    rows.extend(
        peers
            .iter()
            .map(|(name, score)| ((*name).to_owned(), in_words(score))),
    );
    rows.extend(score.by_kind.iter().map(|(kind, percent)| {
        let theirs = peers.iter().map(|(name, score)| {
            let percent = score.by_kind.get(kind).copied().unwrap_or_default();
            format!("{name} {percent:.1}")
        });
        let theirs = theirs.collect::<Vec<_>>().join(", ");
        (
            format!("found among ten, {kind:?}"),
            format!("{percent:.1} %   ({theirs})"),
        )
    }));
    let own = mebibytes(read.searched_own_bytes);
    let mapped = mebibytes(read.searched_mapped_bytes);
    rows.push(("build, processor time".into(), format!("{build_ms:.0} ms")));
    rows.push((
        "open, processor time".into(),
        format!("{:.1} ms", read.open_cpu_ms),
    ));
    rows.push((
        "memory".into(),
        format!("opened {:.1} MiB of its own, after all queries {own:.1} MiB, and {mapped:.1} MiB of files and program mapped", mebibytes(read.opened_own_bytes)),
    ));
    rows.push((
        "files".into(),
        format!("index {index_bytes} bytes, content {content_bytes} bytes"),
    ));
    let memory = read.searched_own_bytes + read.searched_mapped_bytes;
    Outcome {
        rows,
        aims: vec![
            (
                "98.5 % of queries find their entry among ten",
                score.recall_10 >= 98.5,
            ),
            (
                "half of the key presses within 1 ms of processor time",
                score.p50_ms <= 1.0,
            ),
            (
                "99 % of the key presses within 8 ms of processor time",
                score.p99_ms <= 8.0,
            ),
            (
                "reader within 48 MiB, mapped files included",
                memory <= MEMORY_BYTES,
            ),
        ],
        ours: json!({
            "search": figures(score), "build_cpu_ms": tenths(build_ms), "open_cpu_ms": tenths(read.open_cpu_ms),
            "index_bytes": index_bytes, "content_bytes": content_bytes,
            "opened_own_bytes": read.opened_own_bytes,
            "searched_own_bytes": read.searched_own_bytes,
            "searched_mapped_bytes": read.searched_mapped_bytes,
        }),
        peers: peers
            .iter()
            .map(|(name, score)| ((*name).to_owned(), figures(score)))
            .collect(),
    }
}

fn in_words(score: &Score) -> String {
    let (found, all) = score.by_hand;
    format!(
        "{:.2} % found among ten, {found} of {all} by hand; key press p50 {:.2} ms, p99 {:.2} ms, max {:.1} ms",
        score.recall_10, score.p50_ms, score.p99_ms, score.max_ms
    )
}

fn figures(score: &Score) -> Value {
    json!({
        "recall_10_percent": thousandths(score.recall_10),
        "by_hand_found": score.by_hand.0, "by_hand": score.by_hand.1,
        "key_press_p50_ms": thousandths(score.p50_ms), "key_press_p99_ms": thousandths(score.p99_ms),
        "key_press_max_ms": thousandths(score.max_ms), "key_presses": score.key_presses,
    })
}

fn thousandths(value: f64) -> f64 {
    (value * 1e3).round() / 1e3
}
