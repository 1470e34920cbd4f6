//! Machine: the on-air ledger (Điều 8.2): what a screen presented, from when to when, and how much
//! of each day's quota that makes.
//!
//! The screen tells what its sink presents ([`Fact`]); the ledger answers with lines to append to
//! its file and with closed intervals to send. Nothing else goes in: no plan, no network. Lines are
//! written at every change and at least every [`MARK_MS`], so a power cut leaves that much unknown
//! at most, and it is said to be unknown.
//!
//! Who does what: the wall reads its two files (old, then new) into [`Ledger::open`], appends and
//! syncs [`Step::lines`], records [`Step::closed`] with the link, and then appends
//! [`Ledger::handed_over`]. After a crash between the last two the same intervals are given again.
//! A believed clock that turns out to have been ahead takes back what it claimed of the future: the
//! totals here are right, and intervals already sent overlap with later ones, of which the later
//! ones hold. When the new file passes [`ROTATE_BYTES`], it becomes the old one.
//!
//! ```
//! use cotmoc_player_core::clock::Belief;
//! use cotmoc_player_core::ledger::{Condition, Fact, Ledger};
//! use cotmoc_proto::TimeMs;
//! use cotmoc_proto::device::ClockQuality;
//! use cotmoc_proto::time::HOUR;
//! use cotmoc_proto::window::OperatingWindow;
//!
//! let window = OperatingWindow::default();
//! // 23/11/2026 07:00 at the border gate.
//! let opening = TimeMs(1_795_392_000_000);
//! let at = |mono_ms: u64| Belief {
//!     mono_ms,
//!     now: opening.plus(i64::try_from(mono_ms).unwrap()),
//!     quality: ClockQuality::Synchronised,
//! };
//! let (mut ledger, opened) = Ledger::open(b"", "boot-1".parse().unwrap(), &at(0), &window);
//! let mut file = opened.step.lines;
//! for mono_ms in (0..=3_600_000).step_by(10_000) {
//!     file += &ledger.observe(Fact::Presented(Condition::OnAir), &at(mono_ms), &window).lines;
//! }
//! assert_eq!(ledger.today(&window, opening).on_air_ms, HOUR);
//!
//! // The power fails. Half an hour later the board is back.
//! let mut later = at(20_000);
//! later.now = opening.plus(HOUR + HOUR / 2);
//! let (ledger, _) = Ledger::open(file.as_bytes(), "boot-2".parse().unwrap(), &later, &window);
//! let today = ledger.today(&window, opening);
//! assert_eq!((today.on_air_ms, today.unknown_ms), (HOUR, 10_000));
//! assert_eq!(today.off_ms, HOUR / 2 - 10_000);
//! ```

mod day;
mod entry;
mod fold;

pub use day::DayTotal;

use crate::clock::Belief;
use cotmoc_proto::device::{OnAir, OnAirState};
use cotmoc_proto::playlist::CalendarDate;
use cotmoc_proto::time::{DAY, Millis, SECOND};
use cotmoc_proto::window::{DayTime, OperatingWindow};
use cotmoc_proto::{BootId, TimeMs};
use entry::{Entry, Line};
use fold::Fold;
use serde::{Deserialize, Serialize};

/// How often a line is written while nothing changes, and so the most that a power cut leaves
/// unknown.
pub const MARK_MS: Millis = 10 * SECOND;
/// The length of the ledger's file at which the next one is begun, in bytes: more than a day.
pub const ROTATE_BYTES: u64 = 2 << 20;
/// How far back a gap is divided into days.
const MOST_DIVIDED_MS: Millis = 31 * DAY;

/// What a sink presents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Condition {
    /// Items of the signed programme.
    OnAir,
    /// The signed fallback slide.
    Fallback,
    /// Darkness by plan.
    Standby,
    /// The slide built into the screen.
    Factory,
    /// Nothing: there is no output.
    OutputLost,
    /// Nothing: no frame came in time.
    Stalled,
}

impl Condition {
    /// The state it counts as.
    #[must_use]
    pub const fn state(self) -> OnAirState {
        match self {
            Self::OnAir | Self::Fallback => OnAirState::OnAir,
            Self::Standby => OnAirState::Standby,
            Self::Factory | Self::OutputLost | Self::Stalled => OnAirState::Off,
        }
    }

    /// The reason in the interval, empty where it is plain.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::OnAir | Self::Standby => "",
            Self::Fallback => "fallback",
            Self::Factory => "factory",
            Self::OutputLost => "output-lost",
            Self::Stalled => "stalled",
        }
    }
}

/// What the screen tells the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fact {
    /// This is what the sink presents now. Told at every change and every few seconds at least.
    Presented(Condition),
    /// The process ends in order.
    Stopping,
}

/// What one fact leads to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Step {
    /// To be appended to the file and synced, as one write; often empty.
    pub lines: String,
    /// Intervals that are complete, each given once, to be sent as records.
    pub closed: Vec<OnAir>,
}

/// What opening a ledger found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    pub step: Step,
    /// Lines that were torn or damaged, and left out.
    pub damaged: usize,
}

/// The machine. One per process.
#[derive(Debug, Clone)]
pub struct Ledger {
    boot: BootId,
    fold: Fold,
    /// The last line of this process, cuts left out.
    last: Entry,
    condition: Option<Condition>,
    /// How many of the fold's unsent intervals have been given out.
    given: usize,
}

impl Ledger {
    /// Goes on with the ledger in `file` (old and new file, one after the other). The process has
    /// just started, in this `boot`. Whatever is damaged in the file costs its own line only.
    #[must_use]
    pub fn open(
        file: &[u8],
        boot: BootId,
        now: &Belief,
        window: &OperatingWindow,
    ) -> (Self, Opened) {
        let (entries, damaged) = entry::read(file);
        let mut fold = Fold::default();
        for entry in entries {
            fold.push(entry);
        }
        let last = Entry::new(&boot, now, Line::Start);
        let mut ledger = Self {
            boot,
            fold,
            last,
            condition: None,
            given: 0,
        };
        let step = ledger.write(Line::Start, now, window);
        (ledger, Opened { step, damaged })
    }

    /// Takes in one fact.
    pub fn observe(&mut self, fact: Fact, now: &Belief, window: &OperatingWindow) -> Step {
        let line = match fact {
            Fact::Stopping => Line::Stopped,
            Fact::Presented(condition) if self.condition != Some(condition) => {
                self.condition = Some(condition);
                Line::Presented(condition)
            }
            Fact::Presented(_) if self.is_due(now) => Line::Mark,
            Fact::Presented(_) => return Step::default(),
        };
        self.write(line, now, window)
    }

    /// The line that says: every interval given out so far is where it will not be lost.
    pub fn handed_over(&mut self, now: &Belief) -> String {
        let entry = Entry::new(&self.boot, now, Line::HandedOver);
        let line = entry::write(&entry);
        self.fold.push(entry);
        self.given = 0;
        line
    }

    /// When the next fact is due at the latest, as time since the boot.
    #[must_use]
    pub fn deadline(&self) -> u64 {
        self.last
            .mono_ms
            .saturating_add(u64::try_from(MARK_MS).unwrap_or(0))
    }

    /// The totals of the local day that `now` falls on, up to the last line written.
    #[must_use]
    pub fn today(&self, window: &OperatingWindow, now: TimeMs) -> DayTotal {
        let date = CalendarDate(window.zone.date(now));
        DayTotal::of(self.fold.intervals(), window, date)
    }

    /// The intervals of the last days in order, the open one last.
    pub fn intervals(&self) -> impl Iterator<Item = &OnAir> {
        self.fold.intervals()
    }

    fn is_due(&self, now: &Belief) -> bool {
        now.mono_ms >= self.deadline() || now.quality != self.last.clock
    }

    fn write(&mut self, line: Line, now: &Belief, window: &OperatingWindow) -> Step {
        let mut step = Step::default();
        for at in self.cuts(now, window) {
            let cut = Belief { now: at, ..*now };
            let cut = Entry::new(&self.boot, &cut, Line::Cut);
            step.lines += &entry::write(&cut);
            self.fold.push(cut);
        }
        let entry = Entry::new(&self.boot, now, line);
        step.lines += &entry::write(&entry);
        self.last = entry.clone();
        self.fold.push(entry);
        let unsent = self.fold.unsent();
        step.closed
            .extend(unsent.get(self.given..).unwrap_or_default().iter().cloned());
        self.given = unsent.len();
        step
    }

    /// Where intervals between the last placed time and `now` are divided: midnight, opening and
    /// closing.
    fn cuts(&self, now: &Belief, window: &OperatingWindow) -> Vec<TimeMs> {
        let Some(from) = self.fold.placed_until().filter(|_| now.is_trusted()) else {
            return Vec::new();
        };
        let from = from.max(now.now.plus(-MOST_DIVIDED_MS));
        let mut cuts = Vec::new();
        let mut date = window.zone.date(from);
        let last = window.zone.date(now.now);
        while date <= last {
            let (opens, closes) = window.on(date);
            cuts.extend([window.zone.at(date, DayTime::MIDNIGHT), opens, closes]);
            let Ok(next) = date.tomorrow() else { break };
            date = next;
        }
        cuts.retain(|at| from <= *at && *at <= now.now && !self.fold.is_cut(*at));
        cuts.sort_unstable();
        cuts.dedup();
        cuts
    }
}

#[cfg(test)]
mod tests;
