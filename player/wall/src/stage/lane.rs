//! One zone of the engine and the cues that it was told to follow.

use crate::pipeline::ZoneId;
use cotmoc_player_core::program::{CuePlan, CueShow};
use cotmoc_proto::TimeMs;

/// What one zone follows, what is on air first.
#[derive(Debug)]
pub(super) struct Lane {
    pub zone: ZoneId,
    /// How large it is.
    pub pixels: u64,
    pub known: Vec<CuePlan>,
}

impl Lane {
    pub(super) const fn new(zone: ZoneId, pixels: u64) -> Self {
        Self {
            zone,
            pixels,
            known: Vec::new(),
        }
    }

    /// Keeps what `plan` asks for as well, and returns how many of its cues need no order. Where
    /// what follows has changed in place, only that is ordered anew; else everything is.
    pub(super) fn agree(&mut self, plan: &[CuePlan], now: TimeMs) -> usize {
        self.known.retain(|cue| cue.until > now);
        let pairs = || self.known.iter().zip(plan);
        let agree = pairs().take_while(|(a, b)| is_same(a, b)).count();
        let differs = agree < self.known.len();
        let in_place = agree > 0 && pairs().skip(agree).all(|(a, b)| a.from == b.from);
        let keep = if differs && !in_place { 0 } else { agree };
        self.known.truncate(keep);
        keep
    }
}

/// Whether the engine, having been told `known`, does what `plan` asks.
fn is_same(known: &CuePlan, plan: &CuePlan) -> bool {
    match known.show {
        CueShow::Item { .. } => {
            known.show == plan.show && known.from == plan.from && known.until == plan.until
        }
        // What has no start of its own begins, in every new plan, when the plan was made.
        CueShow::Dark
        | CueShow::Fallback { .. }
        | CueShow::Template { .. }
        | CueShow::Factory { .. } => known.show == plan.show && known.zone == plan.zone,
    }
}
