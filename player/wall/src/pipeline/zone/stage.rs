//! Chooses, tick by tick, what a zone shows: the cue on air, the next one, standby or darkness.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::mpsc::Sender;

use super::programme::{Casualty, Change, Programme};
use crate::pipeline::clock::{Ticks, duration_ns};
use crate::pipeline::config::Patience;
use crate::pipeline::cue::{CueId, ItemFault, ZoneId};
use crate::pipeline::item::{Frame, Item, Taken, Workshop};
use crate::pipeline::report::EngineEvent;

/// The part of group time a cue is accountable for.
#[derive(Debug)]
pub(in crate::pipeline) struct Slot {
    pub cue: CueId,
    pub label: String,
    pub from_ns: i64,
    ends_ns: AtomicI64,
}

impl Slot {
    pub(in crate::pipeline) fn ends_ns(&self) -> i64 {
        self.ends_ns.load(Ordering::Acquire)
    }

    /// The plan gave the rest of the slot to something else.
    fn cut_at(&self, at_ns: i64) {
        self.ends_ns.fetch_min(at_ns, Ordering::AcqRel);
    }
}

/// What a frame belongs to.
#[derive(Clone, Debug)]
pub(in crate::pipeline) enum Owner {
    Cue(Arc<Slot>),
    Standby,
    Dark,
}

/// The frame chosen for a tick.
#[derive(Clone, Debug)]
pub(in crate::pipeline) struct Choice {
    pub frame: Frame,
    pub owner: Owner,
}

/// Pictures that need no decoding.
#[derive(Clone, Debug)]
pub(in crate::pipeline) struct Backdrops {
    pub standby: Frame,
    pub black: Frame,
}

/// What the sound mixer should play for a zone.
#[derive(Clone, Debug)]
pub(in crate::pipeline) struct Span {
    pub item: Arc<Item>,
    /// Group time at which the medium stands at 0.
    pub origin_ns: i64,
    pub from_ns: i64,
    pub ends_ns: i64,
    /// How long it rises from silence at its beginning and falls to silence at its end; 0 cuts.
    pub fade_in_ns: i64,
    pub fade_out_ns: i64,
    /// Thousandths of dB.
    pub gain_mdb: i32,
}

/// The cue that has the air.
#[derive(Debug)]
struct OnAir {
    item: Arc<Item>,
    slot: Arc<Slot>,
    origin_ns: i64,
    frame: Option<Frame>,
    /// Tick on which the shown frame was new.
    fresh_ns: i64,
    /// Since when nothing more will come from it although its slot goes on.
    spent_ns: Option<i64>,
    fault: Option<ItemFault>,
    held_ticks: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Backdrop {
    Standby,
    Dark,
}

/// The state of one zone. Knows no clock: the tick's group time is an argument.
#[derive(Debug)]
pub(super) struct Stage {
    zone: ZoneId,
    patience: Patience,
    ticks: Ticks,
    shop: Workshop,
    events: Sender<EngineEvent>,
    backdrops: Backdrops,
    backdrop: Backdrop,
    on_air: Option<OnAir>,
    programme: Programme,
}

/// What a stage is made of.
#[derive(Debug)]
pub(in crate::pipeline) struct StageParts {
    pub zone: ZoneId,
    pub patience: Patience,
    pub ticks: Ticks,
    pub shop: Workshop,
    pub events: Sender<EngineEvent>,
    pub backdrops: Backdrops,
}

impl Stage {
    pub(super) fn new(parts: StageParts) -> Self {
        Self {
            zone: parts.zone,
            patience: parts.patience,
            ticks: parts.ticks,
            shop: parts.shop,
            events: parts.events,
            backdrops: parts.backdrops,
            backdrop: Backdrop::Standby,
            on_air: None,
            programme: Programme::default(),
        }
    }

    pub(super) fn announce(&mut self, item: Arc<Item>) {
        let shown = self.on_air.as_ref().map(|air| air.slot.cue);
        if shown != Some(item.cue.id) {
            self.programme.add(Change::Item(item));
        }
    }

    pub(super) fn cut(&mut self, item: Arc<Item>) {
        item.open(&self.shop);
        self.programme.replace_all(Change::Item(item));
    }

    pub(super) fn darken(&mut self, at_ns: i64) {
        self.programme.end_with(Change::Dark { at_ns });
    }

    pub(super) fn stand_by(&mut self, at_ns: i64) {
        self.programme.end_with(Change::Standby { at_ns });
    }

    /// Decides what the tick at group time `tick_ns` shows.
    pub(super) fn tick(&mut self, tick_ns: i64) -> Choice {
        let ahead_ns = duration_ns(self.patience.preroll_ahead);
        self.report_casualties(tick_ns);
        self.programme.open_next(tick_ns, ahead_ns, &self.shop);
        match self.programme.take_due(tick_ns) {
            Some(Change::Item(item)) => {
                let origin_ns = item.cue.starts_at_ns - item.cue.offset_ns;
                self.put_on_air(item, origin_ns, tick_ns);
            }
            Some(Change::Dark { .. }) => self.clear_air(Backdrop::Dark, tick_ns),
            Some(Change::Standby { .. }) => self.clear_air(Backdrop::Standby, tick_ns),
            None => {}
        }
        self.advance(tick_ns);
        self.leave_spent(tick_ns);
        self.choice()
    }

    /// What sounds now and, as soon as it is certain, next.
    pub(super) fn spans(&self) -> Vec<Span> {
        let next_ns = self.programme.next_at_ns();
        let current = self.on_air.as_ref().map(|air| Span {
            item: Arc::clone(&air.item),
            origin_ns: air.origin_ns,
            from_ns: air.slot.from_ns,
            ends_ns: air
                .slot
                .ends_ns()
                .min(next_ns.unwrap_or(i64::MAX).max(air.slot.from_ns)),
            fade_in_ns: 0,
            fade_out_ns: 0,
            gain_mdb: air.item.cue.gain_mdb,
        });
        let next = self.programme.next_ready().map(|item| Span {
            item: Arc::clone(item),
            origin_ns: item.cue.starts_at_ns - item.cue.offset_ns,
            from_ns: item.cue.starts_at_ns,
            ends_ns: item.cue.ends_at_ns,
            fade_in_ns: 0,
            fade_out_ns: 0,
            gain_mdb: item.cue.gain_mdb,
        });
        current.into_iter().chain(next).collect()
    }

    pub(super) fn announced(&self) -> usize {
        self.programme.announced()
    }

    pub(super) fn next_ready(&self) -> bool {
        self.programme.next_ready().is_some()
    }

    /// Lets go of every item.
    pub(super) fn close(&mut self) {
        self.programme.clear();
        if let Some(air) = self.on_air.take() {
            air.item.release();
        }
    }

    fn report_casualties(&mut self, tick_ns: i64) {
        let limit = self.patience.preroll_limit;
        for Casualty { item, fault } in self.programme.remove_broken(tick_ns, limit) {
            if let Some(fault) = fault {
                self.report_fault(&item, fault);
            }
        }
    }

    fn report_fault(&self, item: &Item, fault: ItemFault) {
        tracing::warn!(zone = %self.zone, cue = %item.cue.id, item = %item.cue.medium.label,
            code = fault.code(), %fault, "An item cannot be shown.");
        self.tell(EngineEvent::Fault {
            zone: self.zone,
            cue: item.cue.id,
            label: item.cue.medium.label.clone(),
            fault,
        });
    }

    fn put_on_air(&mut self, item: Arc<Item>, origin_ns: i64, tick_ns: i64) {
        let due_ns = item.cue.starts_at_ns.max(item.announced_ns);
        let slot = Arc::new(Slot {
            cue: item.cue.id,
            label: item.cue.medium.label.clone(),
            from_ns: due_ns.min(tick_ns),
            ends_ns: AtomicI64::new(item.cue.ends_at_ns),
        });
        self.take_off_air(tick_ns);
        self.on_air = Some(OnAir {
            item,
            slot,
            origin_ns,
            frame: None,
            fresh_ns: tick_ns,
            spent_ns: None,
            fault: None,
            held_ticks: 0,
        });
    }

    fn clear_air(&mut self, backdrop: Backdrop, tick_ns: i64) {
        self.take_off_air(tick_ns);
        self.backdrop = backdrop;
    }

    fn take_off_air(&mut self, tick_ns: i64) {
        let Some(air) = self.on_air.take() else {
            return;
        };
        if air.fault.is_none() {
            air.slot.cut_at(tick_ns);
        }
        if air.held_ticks > 0 {
            self.tell(EngineEvent::Held {
                zone: self.zone,
                cue: air.slot.cue,
                ticks: air.held_ticks,
            });
        }
        air.item.release();
    }

    fn advance(&mut self, tick_ns: i64) {
        let stall_ns = duration_ns(self.patience.stall_after);
        let period_ns = self.ticks.period_ns();
        let Some(air) = &mut self.on_air else { return };
        if tick_ns >= air.slot.ends_ns() {
            air.held_ticks += 1;
            return air.spend(tick_ns);
        }
        let taken = air
            .item
            .pictures
            .take(tick_ns - air.origin_ns, air.frame.is_none());
        air.show(&taken, tick_ns);
        let fault = air.fault_now(&taken, tick_ns, stall_ns);
        if taken.exhausted
            && air.fault.is_some()
            && tick_ns - air.origin_ns + period_ns > taken.end_ns
            || matches!(air.fault, Some(ItemFault::Stalled))
        {
            air.spend(tick_ns);
        }
        let item = Arc::clone(&air.item);
        match fault {
            Some(ItemFault::Stalled) if item.can_replace_decoder() => {
                self.replace_decoder(&item, tick_ns);
            }
            Some(fault) => self.report_fault(&item, fault),
            None => {}
        }
    }

    fn replace_decoder(&mut self, item: &Item, tick_ns: i64) {
        if let Some(air) = &mut self.on_air {
            air.fault = None;
            air.spent_ns = None;
            air.fresh_ns = tick_ns;
        }
        item.report_stall();
        self.tell(EngineEvent::DecoderReplaced {
            zone: self.zone,
            cue: item.cue.id,
        });
    }

    /// Moves on from a cue that has nothing more to show.
    fn leave_spent(&mut self, tick_ns: i64) {
        let Some(air) = &self.on_air else { return };
        let Some(spent_ns) = air.spent_ns else { return };
        if air.fault.is_some()
            && let Some(item) = self.programme.take_early()
        {
            let origin_ns = tick_ns - item.cue.offset_ns;
            self.put_on_air(item, origin_ns, tick_ns);
            return self.advance(tick_ns);
        }
        let waits = self.programme.waits_for_due(tick_ns);
        if !waits && tick_ns - spent_ns >= duration_ns(self.patience.hold_limit) {
            self.clear_air(Backdrop::Standby, tick_ns);
        }
    }

    fn choice(&self) -> Choice {
        if let Some(air) = &self.on_air
            && let Some(frame) = &air.frame
        {
            return Choice {
                frame: frame.clone(),
                owner: Owner::Cue(Arc::clone(&air.slot)),
            };
        }
        match self.backdrop {
            Backdrop::Standby => Choice {
                frame: self.backdrops.standby.clone(),
                owner: Owner::Standby,
            },
            Backdrop::Dark => Choice {
                frame: self.backdrops.black.clone(),
                owner: Owner::Dark,
            },
        }
    }

    fn tell(&self, event: EngineEvent) {
        if self.events.send(event).is_err() {
            tracing::trace!("Nobody listens to the engine's events.");
        }
    }
}

impl OnAir {
    fn show(&mut self, taken: &Taken, tick_ns: i64) {
        if let Some(frame) = &taken.frame {
            self.frame = Some(frame.clone());
            self.fresh_ns = tick_ns;
        }
        if !taken.starved {
            self.fresh_ns = self.fresh_ns.max(tick_ns);
        }
    }

    /// A fault that is new at this tick.
    fn fault_now(&mut self, taken: &Taken, tick_ns: i64, stall_ns: i64) -> Option<ItemFault> {
        if self.fault.is_some() {
            return None;
        }
        let stalled = taken.starved && tick_ns - self.fresh_ns > stall_ns;
        let fault = self
            .item
            .fault()
            .or(stalled.then_some(ItemFault::Stalled))?;
        self.fault = Some(fault.clone());
        Some(fault)
    }

    fn spend(&mut self, tick_ns: i64) {
        self.spent_ns.get_or_insert(tick_ns);
    }
}
