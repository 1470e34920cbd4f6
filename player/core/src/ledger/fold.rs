//! From lines to intervals. A stretch between two lines is known by the boot clock first; it gets
//! its place in the day from the first line after it whose wall clock can be believed.

use super::MARK_MS;
use super::entry::{Entry, Line};
use cotmoc_proto::device::{ClockQuality, OnAir, OnAirState};
use cotmoc_proto::time::{DAY, Millis, SECOND};
use cotmoc_proto::{BootId, TimeMs};
use std::collections::{BTreeSet, VecDeque};

/// A difference that slewing and rounding explain.
const TOLERANCE_MS: Millis = 2 * SECOND;
/// Longer without a line than this, and nobody can say what was presented.
const SILENCE_MS: Millis = 3 * MARK_MS;
/// How long closed intervals are kept for totals.
const KEPT_MS: Millis = 3 * DAY;

const POWER: &str = "power";
const RESTART: &str = "restart";
const STOPPED: &str = "stopped";
const STARTING: &str = "starting";
const CLOCK: &str = "clock";
const SILENT: &str = "silent";

/// What lines say so far.
#[derive(Debug, Clone, Default)]
pub(super) struct Fold {
    tail: Option<Tail>,
    /// Stretches of the tail's boot that have no place in the day yet.
    floating: Vec<Stretch>,
    /// Why nothing is known from `placed_until` on, if another boot follows.
    outage: Option<Outage>,
    placed_until: Option<TimeMs>,
    cuts: BTreeSet<TimeMs>,
    open: Option<OnAir>,
    kept: VecDeque<OnAir>,
    unsent: Vec<OnAir>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct What {
    state: OnAirState,
    reason: &'static str,
}

/// The last line, and what holds from it on.
#[derive(Debug, Clone)]
struct Tail {
    boot: BootId,
    mono_ms: u64,
    at: TimeMs,
    clock: ClockQuality,
    what: What,
    stopped: bool,
}

#[derive(Debug, Clone, Copy)]
struct Stretch {
    from_mono_ms: u64,
    to_mono_ms: u64,
    what: What,
    clock: ClockQuality,
    /// What an unbelievable clock said at its beginning.
    claimed: TimeMs,
}

#[derive(Debug, Clone, Copy)]
struct Outage {
    reason: &'static str,
    /// How much at its beginning may have been on air.
    unknown_ms: Millis,
    /// `false`: a boot without a believable clock lies in it.
    certain: bool,
}

impl Fold {
    pub fn push(&mut self, entry: Entry) {
        let what = match entry.line {
            Line::Cut => {
                self.cuts.insert(entry.at_ms);
                return;
            }
            Line::HandedOver => {
                self.unsent.clear();
                return;
            }
            Line::Start => What::off(self.reason_of_start(&entry)),
            Line::Stopped => What::off(STOPPED),
            Line::Presented(condition) => What {
                state: condition.state(),
                reason: condition.reason(),
            },
            Line::Mark => self
                .tail
                .as_ref()
                .filter(|tail| tail.boot == entry.boot)
                .map_or(What::unknown(SILENT), |tail| tail.what),
        };
        match self.tail.take() {
            Some(tail) if tail.boot != entry.boot => self.other_boot(&tail),
            Some(tail) if entry.line == Line::Start => self.other_run(&tail, &entry),
            Some(tail) => self.same_run(&tail, &entry),
            None => {}
        }
        if entry.is_trusted() {
            self.place(&entry);
            if let Some(over) = self.open.take_if(|open| !what.is_of(open)) {
                self.close(over);
            }
        }
        self.tail = Some(Tail {
            boot: entry.boot,
            mono_ms: entry.mono_ms,
            at: entry.at_ms,
            clock: entry.clock,
            what,
            stopped: entry.line == Line::Stopped,
        });
    }

    /// Up to when it is known, or known to be unknown, what the screen was.
    pub fn placed_until(&self) -> Option<TimeMs> {
        self.placed_until
    }

    pub fn is_cut(&self, at: TimeMs) -> bool {
        self.cuts.contains(&at)
    }

    /// Closed intervals that no line says are recorded elsewhere.
    pub fn unsent(&self) -> &[OnAir] {
        &self.unsent
    }

    pub fn intervals(&self) -> impl Iterator<Item = &OnAir> {
        self.kept.iter().chain(&self.open)
    }

    fn reason_of_start(&self, entry: &Entry) -> &'static str {
        match &self.tail {
            None => STARTING,
            Some(tail) if tail.stopped => STOPPED,
            Some(tail) if tail.boot == entry.boot => RESTART,
            Some(_) => POWER,
        }
    }

    fn same_run(&mut self, tail: &Tail, entry: &Entry) {
        let length = i64::try_from(entry.mono_ms.saturating_sub(tail.mono_ms)).unwrap_or(i64::MAX);
        let known = if length > SILENCE_MS { MARK_MS } else { length };
        self.float(tail, entry, known, (tail.what, What::unknown(SILENT)));
    }

    fn other_run(&mut self, tail: &Tail, entry: &Entry) {
        let reason = if tail.stopped { STOPPED } else { RESTART };
        let unknown_ms = if tail.stopped { 0 } else { MARK_MS };
        let parts = (What::unknown(reason), What::off(reason));
        self.float(tail, entry, unknown_ms, parts);
    }

    fn other_boot(&mut self, tail: &Tail) {
        let certain = self.floating.is_empty() && tail.clock != ClockQuality::Untrusted;
        for stretch in std::mem::take(&mut self.floating) {
            self.unsent.push(stretch.as_claimed());
        }
        let outage = Outage {
            reason: if tail.stopped { STOPPED } else { POWER },
            unknown_ms: if tail.stopped { 0 } else { MARK_MS },
            certain: certain && self.outage.is_none(),
        };
        self.outage = Some(outage);
    }

    /// Two stretches between `tail` and `entry`: the first `first_ms` long at most, then the rest.
    fn float(&mut self, tail: &Tail, entry: &Entry, first_ms: Millis, what: (What, What)) {
        let end = entry.mono_ms.max(tail.mono_ms);
        let middle = tail
            .mono_ms
            .saturating_add(u64::try_from(first_ms).unwrap_or(0))
            .min(end);
        for (from, to, what) in [(tail.mono_ms, middle, what.0), (middle, end, what.1)] {
            let into = i64::try_from(from - tail.mono_ms).unwrap_or(i64::MAX);
            let stretch = Stretch {
                from_mono_ms: from,
                to_mono_ms: to,
                what,
                clock: tail.clock.min(entry.clock),
                claimed: tail.at.plus(into),
            };
            match self.floating.last_mut() {
                _ if from == to => {}
                Some(last) if last.goes_on_as(&stretch) => last.to_mono_ms = to,
                Some(_) | None => self.floating.push(stretch),
            }
        }
    }

    /// Gives every floating stretch its place, counted back from `entry`.
    fn place(&mut self, entry: &Entry) {
        let at = |mono_ms: u64| {
            let back = i64::try_from(entry.mono_ms.saturating_sub(mono_ms)).unwrap_or(i64::MAX);
            entry.at_ms.plus(back.saturating_neg())
        };
        let floating = std::mem::take(&mut self.floating);
        let first = floating.first();
        self.take_back(first.map_or(entry.at_ms, |stretch| at(stretch.from_mono_ms)));
        for stretch in floating {
            self.fill_up_to(at(stretch.from_mono_ms));
            let to = at(stretch.to_mono_ms);
            self.extend(to, stretch.what, stretch.clock.max(ClockQuality::Held));
        }
        self.fill_up_to(entry.at_ms);
    }

    /// Voids what was claimed of the time from `now` on, by a clock that was ahead.
    fn take_back(&mut self, now: TimeMs) {
        if self
            .placed_until
            .is_none_or(|until| until.since(now) <= TOLERANCE_MS)
        {
            return;
        }
        self.outage = None;
        self.placed_until = Some(now);
        if let Some(mut open) = self.open.take_if(|open| open.from_ms < now) {
            open.to_ms = now;
            self.close(open);
        }
        self.open = None;
        self.kept.retain(|kept| kept.from_ms < now);
        for kept in &mut self.kept {
            kept.to_ms = kept.to_ms.min(now);
        }
    }

    /// Accounts for the time up to `to` if nothing has: an outage, a step of the clock, or a
    /// difference too small to speak of, which the next stretch takes.
    fn fill_up_to(&mut self, to: TimeMs) {
        let Some(from) = self.placed_until else {
            self.placed_until = Some(to);
            return;
        };
        let clock = ClockQuality::Held;
        match self.outage.take() {
            Some(outage) if outage.certain => {
                let known = from.plus(outage.unknown_ms).min(to);
                self.extend(known, What::unknown(outage.reason), clock);
                self.extend(to, What::off(outage.reason), clock);
            }
            Some(_) => self.extend(to, What::unknown(CLOCK), clock),
            None if to.since(from) > TOLERANCE_MS => {
                self.extend(to, What::unknown(CLOCK), clock);
            }
            None => {}
        }
    }

    /// The screen was `what` from where time has been accounted for until `to`.
    fn extend(&mut self, to: TimeMs, what: What, clock: ClockQuality) {
        let mut from = self.placed_until.unwrap_or(to);
        while from < to {
            let next = self.cuts.iter().find(|cut| from < **cut);
            let end = next.map_or(to, |cut| to.min(*cut));
            self.add(OnAir {
                state: what.state,
                from_ms: from,
                to_ms: end,
                reason: what.reason.to_owned(),
                clock,
            });
            from = end;
        }
        self.placed_until = Some(from);
        self.cuts = self.cuts.split_off(&from);
    }

    fn add(&mut self, next: OnAir) {
        let is_cut = self.cuts.contains(&next.from_ms);
        match &mut self.open {
            Some(open) if !is_cut && open.state == next.state && open.reason == next.reason => {
                open.to_ms = next.to_ms;
                open.clock = open.clock.min(next.clock);
            }
            Some(_) | None => {
                if let Some(closed) = self.open.replace(next) {
                    self.close(closed);
                }
            }
        }
    }

    fn close(&mut self, closed: OnAir) {
        let oldest = closed.to_ms.plus(-KEPT_MS);
        self.unsent.push(closed.clone());
        self.kept.push_back(closed);
        while self.kept.front().is_some_and(|kept| kept.to_ms < oldest) {
            self.kept.pop_front();
        }
    }
}

impl What {
    const fn off(reason: &'static str) -> Self {
        Self {
            state: OnAirState::Off,
            reason,
        }
    }

    const fn unknown(reason: &'static str) -> Self {
        Self {
            state: OnAirState::Unknown,
            reason,
        }
    }

    fn is_of(self, interval: &OnAir) -> bool {
        self.state == interval.state && self.reason == interval.reason
    }
}

impl Stretch {
    fn goes_on_as(&self, next: &Self) -> bool {
        self.to_mono_ms == next.from_mono_ms
            && self.what == next.what
            && (self.clock == ClockQuality::Untrusted) == (next.clock == ClockQuality::Untrusted)
    }

    /// The interval that the unbelievable clock of its boot makes of it.
    fn as_claimed(&self) -> OnAir {
        let length = i64::try_from(self.to_mono_ms - self.from_mono_ms).unwrap_or(i64::MAX);
        OnAir {
            state: self.what.state,
            from_ms: self.claimed,
            to_ms: self.claimed.plus(length),
            reason: self.what.reason.to_owned(),
            clock: ClockQuality::Untrusted,
        }
    }
}
