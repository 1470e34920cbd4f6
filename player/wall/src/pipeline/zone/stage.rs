//! Chooses, tick by tick, what a zone shows: the cue on air, the next one, standby or darkness.

use std::sync::Arc;
use std::sync::mpsc::Sender;

use super::air::{Backdrops, Choice, OnAir, Outgoing, Owner, Place, Span};
use super::programme::{Casualty, Change, Programme};
use crate::pipeline::clock::{SECOND_NS, Ticks, duration_ns};
use crate::pipeline::config::Patience;
use crate::pipeline::cue::{ItemFault, ZoneId};
use crate::pipeline::item::{Frame, Item, Workshop, frame_at};
use crate::pipeline::report::EngineEvent;

/// While one item fades into another, the one after that is opened this long before its time.
const AHEAD_IN_FADE_NS: i64 = 2 * SECOND_NS;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Backdrop {
    Standby,
    Dark,
}

/// The state of one zone. Knows no clock: the tick's group time is an argument.
#[derive(Debug)]
pub(in crate::pipeline) struct Stage {
    zone: ZoneId,
    place: Arc<Place>,
    patience: Patience,
    ticks: Ticks,
    shop: Workshop,
    events: Sender<EngineEvent>,
    backdrops: Backdrops,
    backdrop: Backdrop,
    on_air: Option<OnAir>,
    outgoing: Option<Outgoing>,
    programme: Programme,
    /// Another scene is about to take the place of this one.
    succeeded: bool,
}

/// What a stage is made of.
#[derive(Debug)]
pub(in crate::pipeline) struct StageParts {
    pub zone: ZoneId,
    pub place: Arc<Place>,
    pub patience: Patience,
    pub ticks: Ticks,
    pub shop: Workshop,
    pub events: Sender<EngineEvent>,
    pub backdrops: Backdrops,
}

impl Stage {
    pub(in crate::pipeline) fn new(parts: StageParts) -> Self {
        Self {
            zone: parts.zone,
            place: parts.place,
            patience: parts.patience,
            ticks: parts.ticks,
            shop: parts.shop,
            events: parts.events,
            backdrops: parts.backdrops,
            backdrop: Backdrop::Standby,
            on_air: None,
            outgoing: None,
            programme: Programme::default(),
            succeeded: false,
        }
    }

    /// The standby picture has been decoded for this zone's size.
    pub(in crate::pipeline) fn furnish(&mut self, standby: Frame) {
        self.backdrops.standby = standby;
    }

    /// Nobody could see the zone before `at_ns`.
    pub(in crate::pipeline) fn reveal(&mut self, at_ns: i64) {
        if let Some(air) = &self.on_air {
            air.slot.reveal(at_ns);
        }
    }

    /// Whether whatever is on air stays until another scene is there.
    pub(in crate::pipeline) fn await_successor(&mut self, waits: bool) {
        self.succeeded = waits;
    }

    /// Lets go of sound that nobody hears, so that it does not hold up the pictures.
    pub(in crate::pipeline) fn pass_over_sound(&self, tick_ns: i64) {
        if let Some(air) = &self.on_air {
            let passed = frame_at(tick_ns - air.origin_ns);
            air.item.sound.read(passed, &mut []);
        }
    }

    /// Nothing that is due is still being decoded.
    pub(in crate::pipeline) fn is_settled(&self, tick_ns: i64) -> bool {
        !self.programme.waits_for_due(tick_ns)
    }

    pub(in crate::pipeline) fn announce(&mut self, item: Arc<Item>) {
        let shown = self.on_air.as_ref().map(|air| air.slot.cue);
        if shown != Some(item.cue.id) {
            self.programme.add(Change::Item(item));
        }
    }

    pub(in crate::pipeline) fn cut(&mut self, item: Arc<Item>) {
        item.open(&self.shop);
        self.programme.replace_all(Change::Item(item));
    }

    pub(in crate::pipeline) fn darken(&mut self, at_ns: i64) {
        self.programme.end_with(Change::Dark { at_ns });
    }

    pub(in crate::pipeline) fn stand_by(&mut self, at_ns: i64) {
        self.programme.end_with(Change::Standby { at_ns });
    }

    /// Decides what the tick at group time `tick_ns` shows.
    pub(in crate::pipeline) fn tick(&mut self, tick_ns: i64) -> Choice {
        self.report_casualties(tick_ns);
        self.programme
            .open_next(tick_ns, self.ahead_ns(), &self.shop);
        match self.programme.take_due(tick_ns) {
            Some(Change::Item(item)) => {
                let origin_ns = item.cue.starts_at_ns - item.cue.offset_ns;
                let fade_ns = item.cue.crossfade_ns;
                self.put_on_air(item, (origin_ns, fade_ns), tick_ns);
            }
            Some(Change::Dark { .. }) => self.clear_air(Backdrop::Dark, tick_ns),
            Some(Change::Standby { .. }) => self.clear_air(Backdrop::Standby, tick_ns),
            None => {}
        }
        self.advance(tick_ns);
        self.leave_spent(tick_ns);
        self.fade(tick_ns);
        self.choice(tick_ns)
    }

    /// What sounds now and, as soon as it is certain, next.
    pub(in crate::pipeline) fn spans(&self) -> Vec<Span> {
        let fading = self.outgoing.as_ref().map(|out| Span {
            item: Arc::clone(&out.item),
            origin_ns: out.origin_ns,
            from_ns: out.since_ns,
            ends_ns: out.until_ns,
            fade_in_ns: 0,
            fade_out_ns: out.until_ns - out.from_ns,
            gain_mdb: out.item.cue.gain_mdb,
        });
        let next = self.programme.next_ready();
        let fade_ns = next.map_or(0, |item| self.fade_into(item));
        let current = self.on_air.as_ref().map(|air| self.span_of(air, fade_ns));
        let next = next.map(|item| Span {
            item: Arc::clone(item),
            origin_ns: item.cue.starts_at_ns - item.cue.offset_ns,
            from_ns: item.cue.starts_at_ns,
            ends_ns: item.cue.ends_at_ns,
            fade_in_ns: fade_ns,
            fade_out_ns: 0,
            gain_mdb: item.cue.gain_mdb,
        });
        fading.into_iter().chain(current).chain(next).collect()
    }

    fn span_of(&self, air: &OnAir, fade_ns: i64) -> Span {
        let (from_ns, ends_ns) = (air.slot.since_ns(), air.slot.ends_ns());
        let next_ns = self.programme.next_at_ns().unwrap_or(i64::MAX).max(from_ns);
        let fades = fade_ns > 0 && next_ns <= ends_ns;
        Span {
            item: Arc::clone(&air.item),
            origin_ns: air.origin_ns,
            from_ns,
            ends_ns: if fades {
                next_ns + fade_ns
            } else {
                ends_ns.min(next_ns)
            },
            fade_in_ns: air.fade_ns,
            fade_out_ns: if fades { fade_ns } else { 0 },
            gain_mdb: air.item.cue.gain_mdb,
        }
    }

    /// How long what is on air will fade into `item`.
    fn fade_into(&self, item: &Item) -> i64 {
        let fades = self.on_air.as_ref().is_some_and(|air| air.fault.is_none());
        let room_ns = item.cue.ends_at_ns - item.cue.starts_at_ns;
        let fade_ns = item.cue.crossfade_ns.min(room_ns);
        if fades { fade_ns.max(0) } else { 0 }
    }

    pub(in crate::pipeline) fn announced(&self) -> usize {
        self.programme.announced()
    }

    pub(in crate::pipeline) fn next_ready(&self) -> bool {
        self.programme.next_ready().is_some()
    }

    /// Lets go of every item.
    pub(in crate::pipeline) fn close(&mut self) {
        self.programme.clear();
        self.end_fade();
        if let Some(air) = self.on_air.take() {
            air.item.release();
        }
    }

    /// Another scene has the wall from `tick_ns` on.
    pub(in crate::pipeline) fn leave(&mut self, tick_ns: i64) {
        self.take_off_air(tick_ns, None);
        self.close();
    }

    /// How long before its time a cue is opened. Decoders are few, and a fade has two of them already.
    fn ahead_ns(&self) -> i64 {
        let ahead_ns = duration_ns(self.patience.preroll_ahead);
        match self.outgoing {
            Some(_) => ahead_ns.min(AHEAD_IN_FADE_NS),
            None => ahead_ns,
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

    /// `fade_ns` is how long what is on air fades into it.
    fn put_on_air(&mut self, item: Arc<Item>, (origin_ns, fade_ns): (i64, i64), tick_ns: i64) {
        let due_ns = item.cue.starts_at_ns.max(item.announced_ns).min(tick_ns);
        let until_ns = due_ns
            .saturating_add(fade_ns.max(0))
            .min(item.cue.ends_at_ns);
        let fade = (until_ns > tick_ns).then_some((due_ns, until_ns));
        self.take_off_air(tick_ns, fade);
        let mut air = OnAir::new(item, (origin_ns, due_ns), tick_ns);
        let outgoing = self.outgoing.as_ref();
        air.fade_ns = outgoing.map_or(0, |out| out.until_ns - out.from_ns);
        self.on_air = Some(air);
    }

    fn clear_air(&mut self, backdrop: Backdrop, tick_ns: i64) {
        self.take_off_air(tick_ns, None);
        self.backdrop = backdrop;
    }

    /// What was on air goes on fading for the time of `fade`, if that is given.
    fn take_off_air(&mut self, tick_ns: i64, fade: Option<(i64, i64)>) {
        self.end_fade();
        let Some(mut air) = self.on_air.take() else {
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
        self.outgoing = fade.and_then(|fade| air.fade_out(fade));
        if self.outgoing.is_none() {
            air.item.release();
        }
    }

    fn fade(&mut self, tick_ns: i64) {
        if let Some(outgoing) = &mut self.outgoing {
            outgoing.advance(tick_ns);
            if tick_ns >= outgoing.until_ns {
                self.end_fade();
            }
        }
    }

    fn end_fade(&mut self) {
        if let Some(outgoing) = self.outgoing.take() {
            outgoing.item.release();
        }
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
            self.put_on_air(item, (origin_ns, 0), tick_ns);
            return self.advance(tick_ns);
        }
        let waits = self.succeeded || self.programme.waits_for_due(tick_ns);
        if !waits && tick_ns - spent_ns >= duration_ns(self.patience.hold_limit) {
            self.clear_air(Backdrop::Standby, tick_ns);
        }
    }

    fn choice(&self, tick_ns: i64) -> Choice {
        let period_ns = self.ticks.period_ns();
        let outgoing = self.outgoing.as_ref();
        let choice = |frame: &Frame, owner, under| Choice {
            frame: frame.clone(),
            owner,
            place: Arc::clone(&self.place),
            under,
        };
        if let Some(air) = &self.on_air
            && let Some(frame) = &air.frame
        {
            let under = outgoing.map(|out| out.under(tick_ns, period_ns));
            return choice(frame, Owner::Cue(Arc::clone(&air.slot)), under);
        }
        match self.backdrop {
            Backdrop::Standby => choice(&self.backdrops.standby, Owner::Standby, None),
            Backdrop::Dark => choice(&self.backdrops.black, Owner::Dark, None),
        }
    }

    fn tell(&self, event: EngineEvent) {
        if self.events.send(event).is_err() {
            tracing::trace!("Nobody listens to the engine's events.");
        }
    }
}
