//! The last mark of life, on the disk. Two blocks of one file are written in turn, in place: a block
//! that a power cut tears leaves the other, and a mark costs the flash one block and no rename.

use crate::reporter::Reporter;
use cotmoc_player_core::alive::{Life, Mark};
use cotmoc_proto::Digest;
use cotmoc_service::{boot, file};
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Between two marks: a power cut is dated this exactly.
const EVERY: Duration = Duration::from_secs(10);
const BLOCK: usize = 4_096;

/// A mark with its place in the row.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Entry {
    seq: u64,
    mark: Mark,
}

/// The file of marks.
#[derive(Debug)]
pub struct Marks {
    path: PathBuf,
    seq: u64,
    last: Option<Mark>,
    failing: bool,
}

/// A handle to the marks of this process.
pub type SharedMarks = Arc<Mutex<Marks>>;

impl Marks {
    /// The marks in `folder`. What is damaged there counts as not written.
    #[must_use]
    pub fn open(folder: &Path) -> Self {
        let path = folder.join("last-alive");
        let bytes = file::read_at_most(&path, 2 * BLOCK as u64).unwrap_or_default();
        let newest = bytes
            .chunks(BLOCK)
            .filter_map(entry)
            .max_by_key(|entry| entry.seq);
        Self {
            path,
            seq: newest.as_ref().map_or(0, |entry| entry.seq),
            last: newest.map(|entry| entry.mark),
            failing: false,
        }
    }

    /// The mark that was the last one when the file was opened.
    #[must_use]
    pub const fn last(&self) -> Option<&Mark> {
        self.last.as_ref()
    }

    /// Writes `mark`. A disk that does not take it is waited out; the marks before it stay.
    pub fn write(&mut self, mark: Mark) {
        let seq = self.seq.saturating_add(1);
        match store(&self.path, &Entry { seq, mark }) {
            Ok(()) => {
                self.seq = seq;
                self.failing = false;
            }
            Err(error) => {
                if !std::mem::replace(&mut self.failing, true) {
                    tracing::warn!(%error, "the mark of life cannot be written; a power cut would be dated too early");
                }
            }
        }
    }
}

/// A mark of this moment.
#[must_use]
pub fn mark(reporter: &Reporter, life: Life) -> Mark {
    let stamp = reporter.stamp();
    Mark {
        boot: boot::boot_id().unwrap_or_default(),
        mono_ms: stamp.mono_ms,
        wall_ms: stamp.wall_ms,
        clock: stamp.clock,
        life,
    }
}

/// Writes a mark now and again, for ever.
pub async fn keep_marking(marks: SharedMarks, reporter: Reporter) {
    let mut tick = tokio::time::interval(EVERY);
    loop {
        tick.tick().await;
        let (marks, mark) = (Arc::clone(&marks), mark(&reporter, Life::GoesOn));
        let written = tokio::task::spawn_blocking(move || write(&marks, mark));
        if let Err(error) = written.await {
            tracing::warn!(%error, "a mark of life was not written");
        }
    }
}

/// Writes `mark`.
pub fn write(marks: &Mutex<Marks>, mark: Mark) {
    let mut marks = marks.lock().unwrap_or_else(PoisonError::into_inner);
    marks.write(mark);
}

fn store(path: &Path, entry: &Entry) -> io::Result<()> {
    let text = serde_json::to_string(entry)?;
    let mut block = format!("{} {text}\n", Digest::of(text.as_bytes())).into_bytes();
    block.resize(BLOCK, b' ');
    let is_new = !path.exists();
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)?;
    file.write_all_at(&block, entry.seq % 2 * BLOCK as u64)?;
    file.sync_data()?;
    if is_new && let Some(folder) = path.parent() {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

fn entry(block: &[u8]) -> Option<Entry> {
    let text = std::str::from_utf8(block).ok()?;
    let (digest, rest) = text.split_once(' ')?;
    let json = rest.trim_end();
    (Digest::of(json.as_bytes()).to_string() == digest)
        .then(|| serde_json::from_str(json).ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use cotmoc_proto::TimeMs;
    use cotmoc_proto::device::ClockQuality;

    fn at(wall_ms: i64) -> Mark {
        Mark {
            boot: "b".to_owned(),
            mono_ms: 1,
            wall_ms: TimeMs(wall_ms),
            clock: ClockQuality::Held,
            life: Life::GoesOn,
        }
    }

    #[test]
    fn the_newest_mark_is_found_whichever_block_it_stands_in() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Marks::open(folder.path()).last(), None);
        for wall_ms in 1..6 {
            Marks::open(folder.path()).write(at(wall_ms));
            assert_eq!(Marks::open(folder.path()).last(), Some(&at(wall_ms)));
        }
    }

    #[test]
    fn a_block_that_is_torn_anywhere_leaves_the_mark_before_it() {
        let folder = tempfile::tempdir().unwrap();
        let mut marks = Marks::open(folder.path());
        marks.write(at(1));
        marks.write(at(2));
        let path = folder.path().join("last-alive");
        let whole = std::fs::read(&path).unwrap();
        for cut in [0, 1, 40, 90, 200] {
            let mut torn = whole.clone();
            torn[cut..BLOCK].fill(0);
            std::fs::write(&path, &torn).unwrap();
            assert_eq!(Marks::open(folder.path()).last(), Some(&at(1)), "{cut}");
        }
    }
}
