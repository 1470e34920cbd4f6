//! What was announced for a zone and has not been shown yet, in the order of its time.

use std::sync::Arc;
use std::time::Duration;

use crate::pipeline::cue::{CueId, ItemFault};
use crate::pipeline::item::{Item, Workshop};

/// One planned change of what the zone shows.
#[derive(Clone, Debug)]
pub(super) enum Change {
    Item(Arc<Item>),
    Dark { at_ns: i64 },
    Standby { at_ns: i64 },
}

impl Change {
    fn at_ns(&self) -> i64 {
        match self {
            Self::Item(item) => item.cue.starts_at_ns,
            Self::Dark { at_ns } | Self::Standby { at_ns } => *at_ns,
        }
    }

    fn can_take_the_air(&self) -> bool {
        match self {
            Self::Item(item) => item.is_ready(),
            Self::Dark { .. } | Self::Standby { .. } => true,
        }
    }

    pub(super) fn item(&self) -> Option<&Arc<Item>> {
        match self {
            Self::Item(item) => Some(item),
            Self::Dark { .. } | Self::Standby { .. } => None,
        }
    }

    fn cue_id(&self) -> Option<CueId> {
        self.item().map(|item| item.cue.id)
    }

    fn release(&self) {
        if let Self::Item(item) = self {
            item.release();
        }
    }
}

/// Announced changes, earliest first, one per instant.
#[derive(Debug, Default)]
pub(super) struct Programme {
    changes: Vec<Change>,
}

/// An announced cue that will not be shown, and what is wrong with it; nothing, when group time leapt over its slot.
#[derive(Debug)]
pub(super) struct Casualty {
    pub item: Arc<Item>,
    pub fault: Option<ItemFault>,
}

impl Programme {
    /// The newest announcement for an instant replaces an older one; the same one again changes nothing.
    pub(super) fn add(&mut self, change: Change) {
        let at_ns = change.at_ns();
        let known = |c: &Change| c.at_ns() == at_ns && c.cue_id() == change.cue_id();
        if change.item().is_some() && self.changes.iter().any(known) {
            return;
        }
        self.remove(|c| c.at_ns() == at_ns);
        let place = self.changes.partition_point(|c| c.at_ns() < at_ns);
        self.changes.insert(place, change);
    }

    /// Puts `change` in the place of everything from its instant on.
    pub(super) fn end_with(&mut self, change: Change) {
        let at_ns = change.at_ns();
        self.remove(|c| c.at_ns() >= at_ns);
        self.changes.push(change);
    }

    pub(super) fn replace_all(&mut self, change: Change) {
        self.clear();
        self.changes.push(change);
    }

    pub(super) fn clear(&mut self) {
        self.remove(|_| true);
    }

    /// Opens the first cue when its time is near, one at a time: decoders are few.
    pub(super) fn open_next(&self, now_ns: i64, ahead_ns: i64, shop: &Workshop) {
        let next = self.changes.iter().find_map(Change::item);
        if let Some(item) = next
            && item.cue.starts_at_ns - now_ns <= ahead_ns
        {
            item.open(shop);
        }
    }

    /// Removes cues that failed, are not ready in time, or whose slot is over.
    pub(super) fn remove_broken(&mut self, now_ns: i64, limit: Duration) -> Vec<Casualty> {
        let broken: Vec<Casualty> = self
            .changes
            .iter()
            .filter_map(Change::item)
            .filter_map(|item| {
                let fault = fault_before_air(item, now_ns, limit);
                let over = item.cue.ends_at_ns <= now_ns;
                (over || fault.is_some()).then(|| Casualty {
                    item: Arc::clone(item),
                    fault,
                })
            })
            .collect();
        for casualty in &broken {
            self.remove(|c| c.item().is_some_and(|i| i.number == casualty.item.number));
        }
        broken
    }

    /// Takes the latest change that is due and can take the air; earlier ones are superseded.
    pub(super) fn take_due(&mut self, tick_ns: i64) -> Option<Change> {
        let due = self
            .changes
            .iter()
            .rposition(|c| c.at_ns() <= tick_ns && c.can_take_the_air())?;
        let mut taken = self.changes.drain(..=due).collect::<Vec<_>>();
        let change = taken.pop();
        taken.iter().for_each(Change::release);
        change
    }

    /// Takes the next cue ahead of its time, if it is ready.
    pub(super) fn take_early(&mut self) -> Option<Arc<Item>> {
        let first = self
            .changes
            .first()?
            .item()
            .filter(|item| item.is_ready())?;
        let item = Arc::clone(first);
        self.changes.remove(0);
        Some(item)
    }

    /// A cue is due and still being decoded.
    pub(super) fn waits_for_due(&self, tick_ns: i64) -> bool {
        self.changes
            .first()
            .is_some_and(|c| c.item().is_some() && c.at_ns() <= tick_ns)
    }

    /// The cue that will follow without a doubt, once it is ready.
    pub(super) fn next_ready(&self) -> Option<&Arc<Item>> {
        self.changes.first()?.item().filter(|item| item.is_ready())
    }

    /// When the next announced change happens.
    pub(super) fn next_at_ns(&self) -> Option<i64> {
        self.changes.first().map(Change::at_ns)
    }

    pub(super) fn announced(&self) -> usize {
        self.changes.iter().filter_map(Change::item).count()
    }

    fn remove(&mut self, which: impl Fn(&Change) -> bool) {
        self.changes.retain(|change| {
            let removed = which(change);
            if removed {
                change.release();
            }
            !removed
        });
    }
}

fn fault_before_air(item: &Item, now_ns: i64, limit: Duration) -> Option<ItemFault> {
    let over = item.cue.ends_at_ns <= now_ns;
    let waiting = item.is_opened() && !item.is_ready();
    // Who is asked for when its slot has begun may find too little of it left; that is no fault.
    let had_its_slot = item.announced_ns <= item.cue.starts_at_ns;
    let too_slow = waiting && (over && had_its_slot || item.opened_for() > limit);
    item.fault()
        .or_else(|| too_slow.then_some(ItemFault::NotReady))
}
