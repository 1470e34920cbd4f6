//! The engine's counters for whoever watches it, readable from any thread whatever the engine's owner does.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::aired::Aired;
use super::board::Board;

/// Reads the counters for as long as it is kept.
#[derive(Clone, Debug)]
pub struct Pulse {
    aired: Arc<Aired>,
    board: Arc<Board>,
}

/// The counters at one moment. All but the last only grow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Beats {
    /// Ticks the frame clock has worked through.
    pub ticks: u64,
    pub presented: u64,
    pub late: u64,
    pub dropped: u64,
    /// The first output presents where it is configured to.
    pub output_ok: bool,
}

impl Pulse {
    pub(super) const fn new(aired: Arc<Aired>, board: Arc<Board>) -> Self {
        Self { aired, board }
    }

    #[must_use]
    pub fn beats(&self) -> Beats {
        let totals = self.aired.totals();
        Beats {
            ticks: self.board.ticks(),
            presented: totals.presented,
            late: totals.late,
            dropped: totals.dropped + self.board.skipped_ticks(),
            output_ok: self.board.output_ok.load(Ordering::Relaxed),
        }
    }
}
