//! A board with a wall on it: true time, a disk, and everything the link was given.

use crate::clock::Belief;
use crate::ledger::{Condition, DayTotal, Fact, Ledger, Step};
use cotmoc_proto::TimeMs;
use cotmoc_proto::device::{ClockQuality, OnAir, OnAirState};
use cotmoc_proto::time::Millis;
use cotmoc_proto::window::OperatingWindow;

pub struct Board {
    pub file: Vec<u8>,
    pub sent: Vec<OnAir>,
    pub window: OperatingWindow,
    pub quality: ClockQuality,
    /// How far the wall's clock is off.
    pub off_ms: Millis,
    pub now: TimeMs,
    boots: u32,
    booted: TimeMs,
    ledger: Option<Ledger>,
}

impl Board {
    pub fn at(now: TimeMs) -> Self {
        Self {
            file: Vec::new(),
            sent: Vec::new(),
            window: OperatingWindow::default(),
            quality: ClockQuality::Synchronised,
            off_ms: 0,
            now,
            boots: 0,
            booted: now,
            ledger: None,
        }
    }

    pub fn belief(&self) -> Belief {
        Belief {
            mono_ms: u64::try_from(self.now.since(self.booted)).unwrap(),
            now: self.now.plus(self.off_ms),
            quality: self.quality,
        }
    }

    /// The power comes; `ms` later the wall's process starts.
    pub fn boot(&mut self, ms: Millis) {
        self.boots += 1;
        self.booted = self.now;
        self.now = self.now.plus(ms);
        self.start();
    }

    /// The wall's process starts in the running boot.
    pub fn start(&mut self) {
        let boot = format!("boot-{}", self.boots).parse().unwrap();
        let (ledger, opened) = Ledger::open(&self.file, boot, &self.belief(), &self.window);
        self.ledger = Some(ledger);
        self.carry_out(opened.step, true);
    }

    /// The wall's process is gone without a word.
    pub fn crash(&mut self) {
        self.ledger = None;
    }

    pub fn stop(&mut self) {
        self.tell(Fact::Stopping, true);
        self.ledger = None;
    }

    pub fn tell(&mut self, fact: Fact, hand_over: bool) {
        let (window, belief) = (self.window.clone(), self.belief());
        let step = self.ledger().observe(fact, &belief, &window);
        self.carry_out(step, hand_over);
    }

    pub fn show(&mut self, condition: Condition) {
        self.tell(Fact::Presented(condition), true);
    }

    /// Shows `condition` for `ms`, with a word every three seconds and at the end.
    pub fn play(&mut self, condition: Condition, ms: Millis) {
        let end = self.now.plus(ms);
        while self.now < end {
            self.show(condition);
            self.now = self.now.plus(3_000).min(end);
        }
        self.show(condition);
    }

    pub fn ledger(&mut self) -> &mut Ledger {
        self.ledger.as_mut().unwrap()
    }

    pub fn today(&mut self) -> DayTotal {
        let (window, now) = (self.window.clone(), self.belief().now);
        self.ledger().today(&window, now)
    }

    /// Every interval of the ledger: state, reason, start and end relative to `zero`.
    pub fn table(&mut self, zero: TimeMs) -> Vec<(OnAirState, String, Millis, Millis)> {
        rows(self.ledger().intervals(), zero)
    }

    fn carry_out(&mut self, step: Step, hand_over: bool) {
        self.file.extend_from_slice(step.lines.as_bytes());
        if step.closed.is_empty() {
            return;
        }
        self.sent.extend(step.closed);
        if hand_over {
            let belief = self.belief();
            let line = self.ledger().handed_over(&belief);
            self.file.extend_from_slice(line.as_bytes());
        }
    }
}

pub fn rows<'a>(
    intervals: impl Iterator<Item = &'a OnAir>,
    zero: TimeMs,
) -> Vec<(OnAirState, String, Millis, Millis)> {
    intervals
        .map(|i| {
            (
                i.state,
                i.reason.clone(),
                i.from_ms.since(zero),
                i.to_ms.since(zero),
            )
        })
        .collect()
}
