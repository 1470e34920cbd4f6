//! Machine: which assets cost their slots because they failed, and when each is tried again.

use cotmoc_proto::Digest;
use cotmoc_proto::time::{MINUTE, Millis};
use std::collections::{BTreeMap, BTreeSet};

/// How an asset failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// Its bytes on disk are not those that were signed, or cannot be read: it is shown again when
    /// it has been fetched anew, however often it failed before.
    Integrity,
    /// No decoder here can play it.
    Undecodable,
    /// It gave no picture in time, or stopped giving pictures.
    Stalled,
}

/// What a fault leads to beside the quarantine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultEffect {
    /// Tell the agent that the asset's file is damaged: check, delete, fetch anew.
    FetchAnew { asset: Digest },
    /// The asset is not shown until this time since the boot.
    RetryAt { asset: Digest, mono_ms: u64 },
    /// The asset is not shown until the process starts again or a new release comes.
    GivenUp { asset: Digest },
}

/// How long an asset rests after each fault of the kind that may pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FaultRules {
    /// One rest per fault in a row, in milliseconds; after the last one the asset is given up.
    pub rests_ms: Vec<Millis>,
}

impl Default for FaultRules {
    /// One minute, then ten, then given up.
    fn default() -> Self {
        Self {
            rests_ms: vec![MINUTE, 10 * MINUTE],
        }
    }
}

/// The machine.
#[derive(Debug, Clone)]
pub struct ItemFaults {
    rules: FaultRules,
    assets: BTreeMap<Digest, Case>,
}

#[derive(Debug, Clone, Copy)]
struct Case {
    faults: usize,
    rest: Rest,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rest {
    UntilFetched,
    Until { mono_ms: u64 },
    ForGood,
}

impl ItemFaults {
    /// Nothing has failed.
    #[must_use]
    pub fn new(rules: FaultRules) -> Self {
        Self {
            rules,
            assets: BTreeMap::new(),
        }
    }

    /// Takes in a fault of `asset` at `mono_ms` since the boot.
    pub fn failed(&mut self, asset: Digest, fault: Fault, mono_ms: u64) -> FaultEffect {
        let faults = self.assets.get(&asset).map_or(0, |case| case.faults);
        let (faults, rest) = match fault {
            Fault::Integrity => (faults, Rest::UntilFetched),
            Fault::Undecodable | Fault::Stalled => (faults + 1, self.rest(faults, mono_ms)),
        };
        self.assets.insert(asset, Case { faults, rest });
        match rest {
            Rest::UntilFetched => FaultEffect::FetchAnew { asset },
            Rest::Until { mono_ms } => FaultEffect::RetryAt { asset, mono_ms },
            Rest::ForGood => FaultEffect::GivenUp { asset },
        }
    }

    /// The asset was shown to its end without a fault: its earlier faults no longer count.
    pub fn played(&mut self, asset: &Digest) {
        self.assets.remove(asset);
    }

    /// The asset's file was checked and is what was signed.
    pub fn fetched(&mut self, asset: &Digest) {
        self.assets
            .retain(|digest, case| digest != asset || case.rest != Rest::UntilFetched);
    }

    /// A new release runs: what was given up is tried again. Damaged files stay damaged.
    pub fn released(&mut self) {
        self.assets
            .retain(|_, case| case.rest == Rest::UntilFetched);
    }

    /// The assets that may not be shown at `mono_ms` since the boot, for
    /// [`cotmoc_proto::resolve::ScreenState::unavailable`].
    #[must_use]
    pub fn unavailable(&self, mono_ms: u64) -> BTreeSet<Digest> {
        self.assets
            .iter()
            .filter(|(_, case)| case.rest.holds(mono_ms))
            .map(|(asset, _)| *asset)
            .collect()
    }

    /// When the set of unavailable assets changes by itself, after `mono_ms` since the boot.
    #[must_use]
    pub fn deadline(&self, mono_ms: u64) -> Option<u64> {
        self.assets
            .values()
            .filter_map(|case| match case.rest {
                Rest::Until { mono_ms } => Some(mono_ms),
                Rest::UntilFetched | Rest::ForGood => None,
            })
            .filter(|at| *at > mono_ms)
            .min()
    }

    fn rest(&self, faults: usize, mono_ms: u64) -> Rest {
        match self.rules.rests_ms.get(faults) {
            None => Rest::ForGood,
            Some(rest_ms) => Rest::Until {
                mono_ms: mono_ms.saturating_add(u64::try_from(*rest_ms).unwrap_or(0)),
            },
        }
    }
}

impl Rest {
    fn holds(self, mono_ms: u64) -> bool {
        match self {
            Self::UntilFetched | Self::ForGood => true,
            Self::Until { mono_ms: until } => mono_ms < until,
        }
    }
}

#[cfg(test)]
mod tests;
