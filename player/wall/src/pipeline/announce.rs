//! Announcements: sound beside all zones, one after the other, for which the programme steps back.

use std::collections::VecDeque;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::clock::{SECOND_NS, duration_ns};
use super::config::Patience;
use super::cue::{Cue, CueId, ItemFault, MediumKind, ZoneId};
use super::item::{Item, RATE_HZ, Workshop};
use super::mixer::{BLOCK_NS, DUCK_NS};
use super::report::EngineEvent;
use super::zone::Span;

/// Announcements that are over are remembered, so that none sounds twice.
const REMEMBERED: usize = 1_024;

/// What the mixer shall do in a block.
#[derive(Debug, Default)]
pub(super) struct Call {
    /// Two where one ends and the next begins within the block.
    pub spans: Vec<Span>,
    pub duck: bool,
}

/// The announcements of a wall. The owner adds to them, the mixer plays them.
#[derive(Debug)]
pub(super) struct Announcer {
    shop: Workshop,
    patience: Patience,
    events: Mutex<Sender<EngineEvent>>,
    plan: Mutex<Plan>,
}

#[derive(Debug, Default)]
struct Plan {
    /// By the start of their slots.
    waiting: Vec<Waiting>,
    sounding: Option<Sounding>,
    /// It ends within the block that is being mixed.
    leaving: Option<Sounding>,
    /// When the last announcement was over.
    free_from_ns: i64,
    over: VecDeque<CueId>,
    numbers: u64,
}

#[derive(Debug)]
struct Waiting {
    cue: Cue,
    announced_ns: i64,
    item: Option<Arc<Item>>,
}

#[derive(Debug)]
struct Sounding {
    span: Span,
    heard: Option<Heard>,
    /// When there last was something to play.
    fresh_ns: i64,
    blamed: bool,
}

/// Group time of the first and the last sample, and how many.
#[derive(Clone, Copy, Debug)]
struct Heard {
    first_at_ns: i64,
    last_at_ns: i64,
    samples: u64,
}

impl Announcer {
    pub(super) fn new(shop: &Workshop, patience: &Patience, events: &Sender<EngineEvent>) -> Self {
        Self {
            shop: shop.clone(),
            patience: patience.clone(),
            events: Mutex::new(events.clone()),
            plan: Mutex::default(),
        }
    }

    pub(super) fn announce(&self, mut cue: Cue) {
        cue.medium.kind = MediumKind::Sound;
        let now_ns = self.shop.clock.now_ns();
        let mut plan = self.lock();
        if plan.knows(cue.id) || cue.ends_at_ns <= now_ns {
            return;
        }
        let place = plan
            .waiting
            .partition_point(|w| w.cue.starts_at_ns <= cue.starts_at_ns);
        let announced_ns = now_ns;
        plan.waiting.insert(
            place,
            Waiting {
                cue,
                announced_ns,
                item: None,
            },
        );
    }

    pub(super) fn silence(&self) {
        let mut plan = self.lock();
        for waiting in std::mem::take(&mut plan.waiting) {
            waiting.release();
        }
        self.bid_farewell(&mut plan);
        plan.leaving = plan.sounding.take();
        self.bid_farewell(&mut plan);
        plan.free_from_ns = 0;
    }

    /// Decides what sounds in the block at group time `at_ns`.
    pub(super) fn tend(&self, at_ns: i64) -> Call {
        let mut plan = self.lock();
        self.bid_farewell(&mut plan);
        self.look_after_sounding(&mut plan, at_ns);
        self.open_next(&mut plan, at_ns);
        self.remove_broken(&mut plan, at_ns);
        let next_ns = plan.next_ready_ns();
        if plan.sounding.is_none() && next_ns.is_some_and(|ns| ns < at_ns + BLOCK_NS) {
            plan.begin_next(at_ns);
        }
        let soon = next_ns.is_some_and(|ns| ns - at_ns <= DUCK_NS);
        let playing = plan.leaving.iter().chain(&plan.sounding);
        Call {
            spans: playing.map(|s| s.span.clone()).collect(),
            duck: soon || plan.sounding.is_some(),
        }
    }

    /// Takes note of what was mixed of item `number` so far.
    pub(super) fn heard(&self, number: u64, (first_at_ns, last_at_ns): (i64, i64), samples: u64) {
        let mut plan = self.lock();
        let Plan {
            sounding, leaving, ..
        } = &mut *plan;
        let mut playing = leaving.iter_mut().chain(sounding);
        let Some(sounding) = playing.find(|s| s.span.item.number == number) else {
            return;
        };
        let first = sounding.heard.map_or(first_at_ns, |h| h.first_at_ns);
        let started = sounding.heard.is_none();
        sounding.heard = Some(Heard {
            first_at_ns: first,
            last_at_ns,
            samples,
        });
        if started {
            let cue = sounding.cue();
            self.tell(EngineEvent::AnnouncementStarted {
                cue: cue.id,
                label: cue.medium.label.clone(),
                at_ns: first,
            });
        }
    }

    fn look_after_sounding(&self, plan: &mut Plan, at_ns: i64) {
        let Some(sounding) = &mut plan.sounding else {
            return;
        };
        if sounding.has_more_at(at_ns) {
            sounding.fresh_ns = at_ns;
        }
        let stalled = at_ns - sounding.fresh_ns > duration_ns(self.patience.stall_after);
        let fault = sounding.span.item.fault();
        let fault = fault.or(stalled.then_some(ItemFault::Stalled));
        if let Some(fault) = fault
            && !std::mem::replace(&mut sounding.blamed, true)
        {
            self.report_fault(sounding.cue(), fault);
        }
        let over_ns = sounding.over_ns();
        if over_ns < at_ns + BLOCK_NS || stalled {
            plan.free_from_ns = over_ns.min(at_ns + BLOCK_NS);
            plan.leaving = plan.sounding.take();
        }
    }

    fn bid_farewell(&self, plan: &mut Plan) {
        if let Some(sounding) = plan.leaving.take() {
            plan.over(sounding.cue().id);
            self.report_end(&sounding);
        }
    }

    /// Decoders are few: one announcement is opened at a time, beside the one that sounds.
    fn open_next(&self, plan: &mut Plan, at_ns: i64) {
        let number = plan.numbers;
        let Some((start_ns, next)) = plan.next() else {
            return;
        };
        let ahead_ns = duration_ns(self.patience.preroll_ahead);
        if next.item.is_none() && start_ns - at_ns <= ahead_ns {
            let cue = next.cue_from(start_ns);
            let item = Item::announce(number, cue, &self.shop);
            item.open(&self.shop);
            next.item = Some(item);
            plan.numbers += 1;
        }
    }

    fn remove_broken(&self, plan: &mut Plan, at_ns: i64) {
        let Some((start_ns, next)) = plan.next() else {
            return;
        };
        let over = at_ns >= start_ns + next.length_ns();
        let item = next.item.as_ref();
        let waiting = item.filter(|item| !item.is_ready());
        let slow =
            waiting.is_some_and(|item| over || item.opened_for() > self.patience.preroll_limit);
        let fault = item.and_then(|item| item.fault());
        let fault = fault.or(slow.then_some(ItemFault::NotReady));
        if !over && fault.is_none() {
            return;
        }
        let waiting = plan.waiting.remove(0);
        waiting.release();
        plan.over(waiting.cue.id);
        if let Some(fault) = fault {
            self.report_fault(&waiting.cue, fault);
        }
    }

    fn report_end(&self, sounding: &Sounding) {
        sounding.span.item.release();
        let cue = sounding.cue();
        match sounding.heard {
            Some(heard) => self.tell(EngineEvent::AnnouncementEnded {
                cue: cue.id,
                label: cue.medium.label.clone(),
                first_at_ns: heard.first_at_ns,
                last_at_ns: heard.last_at_ns,
                samples: heard.samples,
            }),
            None if !sounding.blamed => self.report_fault(cue, ItemFault::NotReady),
            None => {}
        }
    }

    fn report_fault(&self, cue: &Cue, fault: ItemFault) {
        tracing::warn!(cue = %cue.id, item = %cue.medium.label, code = fault.code(), %fault,
            "An announcement cannot be heard.");
        self.tell(EngineEvent::Fault {
            zone: ZoneId::ANNOUNCEMENTS,
            cue: cue.id,
            label: cue.medium.label.clone(),
            fault,
        });
    }

    fn tell(&self, event: EngineEvent) {
        let events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        if events.send(event).is_err() {
            tracing::trace!("Nobody listens to the engine's events.");
        }
    }

    fn lock(&self) -> MutexGuard<'_, Plan> {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Plan {
    fn knows(&self, cue: CueId) -> bool {
        let waiting = self.waiting.iter().map(|w| w.cue.id);
        let sounding = self.sounding.iter().chain(&self.leaving);
        let sounding = sounding.map(|s| s.cue().id);
        let mut known = waiting.chain(sounding).chain(self.over.iter().copied());
        known.any(|id| id == cue)
    }

    fn over(&mut self, cue: CueId) {
        self.over.push_back(cue);
        if self.over.len() > REMEMBERED {
            self.over.pop_front();
        }
    }

    /// The announcement that is next, and when it begins: when its slot does, or when the one before it is over.
    fn next(&mut self) -> Option<(i64, &mut Waiting)> {
        let sounding = self.sounding.as_ref();
        let busy_ns = sounding.map_or(self.free_from_ns, Sounding::over_ns);
        let next = self.waiting.first_mut()?;
        let begins_ns = next.cue.starts_at_ns;
        let queued = begins_ns < busy_ns && next.announced_ns < busy_ns;
        Some((if queued { busy_ns } else { begins_ns }, next))
    }

    fn next_ready_ns(&mut self) -> Option<i64> {
        let (start_ns, next) = self.next()?;
        let ready = next.item.as_ref().is_some_and(|item| item.is_ready());
        ready.then_some(start_ns)
    }

    fn begin_next(&mut self, at_ns: i64) {
        let Some((start_ns, next)) = self.next() else {
            return;
        };
        let cue = next.cue_from(start_ns);
        let Some(item) = next.item.clone() else {
            return;
        };
        self.waiting.remove(0);
        self.sounding = Some(Sounding {
            span: Span {
                item,
                origin_ns: cue.starts_at_ns - cue.offset_ns,
                from_ns: if cue.starts_at_ns < at_ns {
                    at_ns
                } else {
                    cue.starts_at_ns
                },
                ends_ns: cue.ends_at_ns,
                fade_in_ns: 0,
                fade_out_ns: 0,
                gain_mdb: cue.gain_mdb,
            },
            heard: None,
            fresh_ns: at_ns,
            blamed: false,
        });
    }
}

impl Waiting {
    fn length_ns(&self) -> i64 {
        self.cue.ends_at_ns.saturating_sub(self.cue.starts_at_ns)
    }

    /// The cue with its slot moved to `start_ns`.
    fn cue_from(&self, start_ns: i64) -> Cue {
        Cue {
            starts_at_ns: start_ns,
            ends_at_ns: start_ns.saturating_add(self.length_ns()),
            ..self.cue.clone()
        }
    }

    fn release(&self) {
        if let Some(item) = &self.item {
            item.release();
        }
    }
}

impl Sounding {
    fn cue(&self) -> &Cue {
        &self.span.item.cue
    }

    /// When it is over: at the end of its slot or of its sound, whichever is first.
    fn over_ns(&self) -> i64 {
        let ends_at = self.span.item.sound.ends_at();
        let sound_ns = ends_at.map(|frame| self.span.origin_ns + frame_ns(frame));
        self.span.ends_ns.min(sound_ns.unwrap_or(i64::MAX))
    }

    fn has_more_at(&self, at_ns: i64) -> bool {
        let local_ns = at_ns - self.span.origin_ns;
        let frame = super::item::frame_at(local_ns);
        self.span.item.sound.goes_beyond(frame)
    }
}

/// The time at which `frame` stands, never before it.
fn frame_ns(frame: i64) -> i64 {
    frame.saturating_mul(SECOND_NS).saturating_add(RATE_HZ - 1) / RATE_HZ
}
