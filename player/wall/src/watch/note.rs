//! The last words of a process that ended itself, kept for the one that follows it.

use super::vitals::Ailment;
use cotmoc_service::{boot, file};
use serde::{Deserialize, Serialize};
use std::path::Path;

const MAX_BYTES: u64 = 64 << 10;
/// As many ends in this boot within this long, and new processes do not help.
const MOST_ENDS: usize = 5;
const WITHIN_MS: u64 = 600_000;

/// Why the last process ended itself, and when the ones before it did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastWords {
    pub reason: String,
    pub detail: String,
    boot: String,
    /// Since that boot.
    ends_ms: Vec<u64>,
    told: bool,
}

impl LastWords {
    /// Which remedy was taken: `process`, or `board` where new processes did not help.
    #[must_use]
    pub fn step(&self) -> &'static str {
        if self.is_for_the_board() {
            "board"
        } else {
            "process"
        }
    }

    pub(super) fn is_for_the_board(&self) -> bool {
        let last_ms = self.ends_ms.last().copied().unwrap_or(0);
        let recent = |ended_ms: &&u64| last_ms.saturating_sub(**ended_ms) <= WITHIN_MS;
        self.ends_ms.iter().filter(recent).count() >= MOST_ENDS
    }
}

/// What the process before this one said and nobody has been told yet. It is said once only.
#[must_use]
pub fn read(path: &Path) -> Option<LastWords> {
    let mut words = stored(path).filter(|words| !words.told)?;
    let found = words.clone();
    words.told = true;
    store(path, &words);
    Some(found)
}

/// Writes down why the process ends.
pub(super) fn append(path: &Path, ailment: &Ailment) -> LastWords {
    let boot = boot::boot_id().unwrap_or_default();
    let before = stored(path).filter(|words| words.boot == boot);
    let mut ends_ms = before.map(|words| words.ends_ms).unwrap_or_default();
    ends_ms.push(boot::since_boot_ms());
    let surplus = ends_ms.len().saturating_sub(MOST_ENDS);
    let words = LastWords {
        reason: ailment.code().to_owned(),
        detail: ailment.to_string(),
        boot,
        ends_ms: ends_ms.split_off(surplus),
        told: false,
    };
    store(path, &words);
    words
}

fn stored(path: &Path) -> Option<LastWords> {
    let bytes = file::read_at_most(path, MAX_BYTES).ok()?;
    serde_json::from_slice(&bytes).ok()
}

fn store(path: &Path, words: &LastWords) {
    let written = serde_json::to_vec(words)
        .map_err(|error| error.to_string())
        .and_then(|bytes| file::write_durably(path, &bytes).map_err(|error| error.to_string()));
    if let Err(error) = written {
        tracing::warn!(error, "Why the process ends could not be written down.");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AILMENT: Ailment = Ailment::Memory { used: 2, limit: 1 };

    #[test]
    fn last_words_are_heard_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("last-words.json");
        assert_eq!(read(&path), None);
        append(&path, &AILMENT);
        let words = read(&path).unwrap();
        assert_eq!((words.reason.as_str(), words.step()), ("memory", "process"));
        assert!(words.detail.contains("memory"), "{}", words.detail);
        assert_eq!(read(&path), None);
    }

    #[test]
    fn where_new_processes_do_not_help_the_board_is_next() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("last-words.json");
        let steps: Vec<&str> = (0..6).map(|_| append(&path, &AILMENT).step()).collect();
        assert_eq!(steps[..4], ["process"; 4]);
        assert_eq!(steps[4..], ["board"; 2]);
    }

    #[test]
    fn a_spoilt_note_is_no_note() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("last-words.json");
        std::fs::write(&path, b"{\"reason\":").unwrap();
        assert_eq!(read(&path), None);
        assert_eq!(append(&path, &AILMENT).step(), "process");
    }
}
