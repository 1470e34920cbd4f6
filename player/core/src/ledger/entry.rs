//! The lines of the ledger's file. Each carries a checksum and stands between two line ends, so a
//! torn or damaged line costs nothing but itself.

use super::Condition;
use crate::clock::Belief;
use cotmoc_proto::device::ClockQuality;
use cotmoc_proto::{BootId, Digest, TimeMs};
use serde::{Deserialize, Serialize};

const SUM_DIGITS: usize = 16;

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Entry {
    pub boot: BootId,
    pub mono_ms: u64,
    pub at_ms: TimeMs,
    pub clock: ClockQuality,
    pub line: Line,
}

/// What a line says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Line {
    /// A process started; it presents nothing yet.
    Start,
    /// From now on this is presented.
    Presented(Condition),
    /// What was presented still is.
    Mark,
    /// The process ends in order.
    Stopped,
    /// Intervals are divided at this line's time.
    Cut,
    /// Every interval that the lines before this one close is recorded elsewhere.
    HandedOver,
}

impl Entry {
    pub fn new(boot: &BootId, now: &Belief, line: Line) -> Self {
        Self {
            boot: boot.clone(),
            mono_ms: now.mono_ms,
            at_ms: now.now,
            clock: now.quality,
            line,
        }
    }

    pub fn is_trusted(&self) -> bool {
        self.clock != ClockQuality::Untrusted
    }
}

/// The line as it is appended.
pub(super) fn write(entry: &Entry) -> String {
    let json = serde_json::to_string(entry).expect("numbers, names and words are always writable");
    format!("\n{} {json}\n", sum(json.as_bytes()))
}

/// Every whole line, and how many were not whole.
pub(super) fn read(file: &[u8]) -> (Vec<Entry>, usize) {
    let mut damaged = 0;
    let entries = file
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .filter_map(|line| {
            let entry = read_line(line);
            damaged += usize::from(entry.is_none());
            entry
        })
        .collect();
    (entries, damaged)
}

fn read_line(line: &[u8]) -> Option<Entry> {
    let (found, rest) = line.split_at_checked(SUM_DIGITS)?;
    let json = rest.strip_prefix(b" ")?;
    (found == sum(json).as_bytes())
        .then(|| serde_json::from_slice(json).ok())
        .flatten()
}

fn sum(json: &[u8]) -> String {
    Digest::of(json)
        .to_string()
        .chars()
        .take(SUM_DIGITS)
        .collect()
}

#[cfg(test)]
mod tests;
