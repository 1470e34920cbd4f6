//! A process that holds nothing but an opened package, so that its memory can be told.

use super::queries::Query;
use super::timing::{ANSWERS, Score, score, thread_cpu_ms};
use anyhow::Context as _;
use cotmoc_lookup::package::{CANARIES, CONTENT, Files, INDEX, Limits, Lookup};
use cotmoc_lookup::query::{Effort, Searcher};
use cotmoc_proto::TimeMs;
use memmap2::Mmap;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::path::Path;

/// Name under which the benchmark starts itself as a reader.
pub const THE_READER: &str = "search-reader";
/// Folder of the package, for the reader.
pub const FOLDER: &str = "COTMOC_BENCH_FOLDER";
pub const QUERIES: &str = "queries.json";

/// What a reader found.
#[derive(Debug, Serialize, Deserialize)]
pub struct Read {
    pub score: Score,
    pub open_cpu_ms: f64,
    /// Memory that opening, and then searching, added: its own, and pages of the mapped files.
    pub opened_own_bytes: u64,
    pub searched_own_bytes: u64,
    pub searched_mapped_bytes: u64,
}

/// Opens the package in [`FOLDER`], searches, and prints what it found as JSON.
///
/// # Errors
/// If a file cannot be read.
pub fn serve() -> anyhow::Result<()> {
    let folder = std::env::var(FOLDER).context(FOLDER)?;
    let folder = Path::new(&folder);
    let queries: Vec<Query> = serde_json::from_slice(&std::fs::read(folder.join(QUERIES))?)?;
    let (own, _) = memory();
    let before = thread_cpu_ms();
    let lookup = Lookup::open(Files {
        content: map(&folder.join(CONTENT))?,
        index: map(&folder.join(INDEX))?,
        canaries: map(&folder.join(CANARIES))?,
    })?;
    let mut searcher = Searcher::new();
    let open_cpu_ms = thread_cpu_ms() - before;
    let (opened, _) = memory();
    let limits = Limits {
        now: TimeMs(1_795_366_800_000),
        count: ANSWERS,
        category: None,
        effort: Effort::Full,
    };
    let score = score(&queries, |typed| {
        let answer = lookup.search(&mut searcher, typed, &limits);
        let ids = answer.hits.iter().map(|hit| lookup.id_at(hit.document));
        Ok(ids.flatten().map(|id| id.to_string()).collect())
    })?;
    let (searched, mapped) = memory();
    super::super::say(&serde_json::to_string(&Read {
        score,
        open_cpu_ms,
        opened_own_bytes: opened.saturating_sub(own),
        searched_own_bytes: searched.saturating_sub(own),
        searched_mapped_bytes: mapped,
    })?);
    Ok(())
}

#[allow(
    unsafe_code,
    reason = "the files are this benchmark's own and nobody changes them"
)]
fn map(path: &Path) -> anyhow::Result<Mmap> {
    let file = File::open(path).with_context(|| path.display().to_string())?;
    // SAFETY: nobody writes to the file while it is mapped.
    Ok(unsafe { Mmap::map(&file) }?)
}

/// This process's own memory and its pages of files, in bytes.
fn memory() -> (u64, u64) {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let kibibytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
        kibibytes.unwrap_or_default() * 1024
    };
    (field("RssAnon:"), field("RssFile:"))
}
