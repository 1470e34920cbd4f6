//! Machine: what ails the board. Signs come in as they are seen, an edge of a line or the silence of
//! a screen; out come one event when an ailment has stood for its patience, one when it has been
//! gone for long enough, and remedies in between.
//!
//! ```text
//! well ──sign──▶ suspected ──present after raise_ms──▶ ill ──absent for clear_ms──▶ well
//!                    └─────────absent for clear_ms────────────────────────────────▶ ┘
//! ```
//!
//! A sign that comes and goes faster than `clear_ms` counts as standing, so flapping is neither lost
//! nor told over and over.

use cotmoc_proto::TimeMs;
use cotmoc_proto::device::Event;
use std::collections::BTreeMap;

mod glass;
mod rules;

pub use self::glass::Glass;
pub use rules::{Patience, Remedy, Rule, Rung};

/// What can ail a board.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trouble {
    /// A sense line says that mains power is gone.
    Mains,
    /// The board runs from its battery.
    Battery,
    BatteryLow,
    Door,
    Tamper,
    /// A line that is configured cannot be read.
    Line,
    /// A screen's process does not talk.
    Screen,
    /// A screen talks but lights nothing while it should.
    Picture,
    /// A screen says it is on air and presents nothing new.
    Frozen,
    /// A screen found that something is not what was signed.
    Integrity,
    /// The controller cannot be reached.
    Network,
    /// Heat, memory or disk.
    Host,
}

/// One trouble of one thing: a line by its name, a screen by its kind, the host by what it lacks.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Symptom {
    pub trouble: Trouble,
    pub subject: String,
}

/// What is seen of a symptom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    Present,
    Absent,
}

impl Sign {
    /// [`Sign::Present`] where `present`.
    #[must_use]
    pub const fn when(present: bool) -> Self {
        if present { Self::Present } else { Self::Absent }
    }
}

/// What a line is wired to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Active while mains power is there.
    Mains,
    /// Active while the board runs from its battery.
    OnBattery,
    /// Active while the battery is nearly empty.
    LowBattery,
    /// Active while the cabinet is open.
    Door,
    /// Active while the tamper switch is touched.
    Tamper,
}

impl std::str::FromStr for Role {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "mains" => Ok(Self::Mains),
            "on-battery" => Ok(Self::OnBattery),
            "low-battery" => Ok(Self::LowBattery),
            "door" => Ok(Self::Door),
            "tamper" => Ok(Self::Tamper),
            _ => Err(()),
        }
    }
}

/// The state of a line, as its wiring means it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineState {
    Active,
    Inactive,
}

impl Role {
    /// The trouble that a line of this role tells of.
    #[must_use]
    pub const fn trouble(self) -> Trouble {
        match self {
            Self::Mains => Trouble::Mains,
            Self::OnBattery => Trouble::Battery,
            Self::LowBattery => Trouble::BatteryLow,
            Self::Door => Trouble::Door,
            Self::Tamper => Trouble::Tamper,
        }
    }

    /// Whether `state` is a sign of that trouble.
    #[must_use]
    pub const fn sign(self, state: LineState) -> Sign {
        match (self, state) {
            (Self::Mains, LineState::Inactive)
            | (Self::OnBattery | Self::LowBattery | Self::Door | Self::Tamper, LineState::Active) => {
                Sign::Present
            }
            (Self::Mains, LineState::Active)
            | (
                Self::OnBattery | Self::LowBattery | Self::Door | Self::Tamper,
                LineState::Inactive,
            ) => Sign::Absent,
        }
    }
}

/// What a sign, or the time, leads to. Times are milliseconds since the boot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// A symptom has stood for its patience since its first sign.
    Raised { symptom: Symptom, since_ms: u64 },
    /// A symptom that was raised was last seen at `until_ms`.
    Cleared {
        symptom: Symptom,
        since_ms: u64,
        until_ms: u64,
    },
    /// The symptom has stood so long that this should be tried.
    Remedy { symptom: Symptom, remedy: Remedy },
}

/// One moment by both clocks of a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// Time since the boot, in milliseconds.
    pub mono_ms: u64,
    pub wall: TimeMs,
}

impl Now {
    fn wall_at(self, mono_ms: u64) -> String {
        let ago = self.mono_ms.saturating_sub(mono_ms);
        let ago = i64::try_from(ago).unwrap_or(i64::MAX);
        self.wall.plus(ago.saturating_neg()).0.to_string()
    }
}

impl Effect {
    /// The event that tells of it: what is concerned, by the wall clock of `now` `since_ms` and
    /// `until_ms`, and `since_mono_ms` since the boot, by which the end belongs to its beginning.
    #[must_use]
    pub fn event(&self, now: Now) -> Event {
        let (symptom, kind) = match self {
            Self::Raised { symptom, .. } => (symptom, symptom.trouble.rule().raised),
            Self::Cleared { symptom, .. } => (symptom, symptom.trouble.rule().cleared),
            Self::Remedy { symptom, remedy } => (symptom, remedy.event()),
        };
        let subject = (symptom.trouble.rule().subject, symptom.subject.clone());
        match self {
            Self::Raised { since_ms, .. } => {
                let since = ("since_ms", now.wall_at(*since_ms));
                Event::new(kind, [subject, since, mono(*since_ms)])
            }
            Self::Cleared {
                since_ms, until_ms, ..
            } => {
                let since = ("since_ms", now.wall_at(*since_ms));
                let until = ("until_ms", now.wall_at(*until_ms));
                Event::new(kind, [subject, since, until, mono(*since_ms)])
            }
            Self::Remedy { remedy, .. } => {
                let reason = ("reason", symptom.trouble.code().to_owned());
                Event::new(kind, [subject, reason, ("step", remedy.code().to_owned())])
            }
        }
    }
}

fn mono(since_ms: u64) -> (&'static str, String) {
    ("since_mono_ms", since_ms.to_string())
}

/// The machine. One per boot and process.
#[derive(Debug, Clone, Default)]
pub struct Symptoms {
    patience: BTreeMap<Symptom, Patience>,
    cases: BTreeMap<Symptom, Case>,
}

#[derive(Debug, Clone, Copy)]
struct Case {
    since_ms: u64,
    sign: Sign,
    /// When the sign last changed.
    changed_ms: u64,
    raised_ms: Option<u64>,
    /// Rungs of the ladder that were taken.
    rungs: usize,
}

impl Symptoms {
    /// A machine that has seen nothing, with `patience` of its own for some symptoms.
    #[must_use]
    pub const fn new(patience: BTreeMap<Symptom, Patience>) -> Self {
        Self {
            patience,
            cases: BTreeMap::new(),
        }
    }

    /// Takes in what is seen at `at_ms` since the boot. The signs of one symptom come in order.
    pub fn observe(&mut self, symptom: Symptom, sign: Sign, at_ms: u64) -> Vec<Effect> {
        let mut effects = self.advance(at_ms);
        match self.cases.get_mut(&symptom) {
            Some(case) if case.sign != sign => {
                case.sign = sign;
                case.changed_ms = at_ms;
            }
            None if sign == Sign::Present => {
                self.cases.insert(symptom, Case::suspected(at_ms));
            }
            Some(_) | None => {}
        }
        effects.extend(self.advance(at_ms));
        effects
    }

    /// What the time alone has led to by `now_ms`.
    pub fn advance(&mut self, now_ms: u64) -> Vec<Effect> {
        let mut effects = Vec::new();
        let patience = &self.patience;
        self.cases.retain(|symptom, case| {
            let rule = symptom.trouble.rule();
            let patience = patience.get(symptom).copied().unwrap_or(rule.patience);
            case.advance(symptom, patience, now_ms, &mut effects)
        });
        effects
    }

    /// When time alone leads to something next, as time since the boot.
    #[must_use]
    pub fn deadline(&self) -> Option<u64> {
        let due = |(symptom, case): (&Symptom, &Case)| {
            let rule = symptom.trouble.rule();
            let patience = self.patience.get(symptom).copied();
            case.deadline(patience.unwrap_or(rule.patience), rule.ladder)
        };
        self.cases.iter().filter_map(due).min()
    }

    /// The symptoms that were raised and not cleared.
    pub fn standing(&self) -> impl Iterator<Item = &Symptom> {
        let raised = |(symptom, case): (_, &Case)| case.raised_ms.map(|_| symptom);
        self.cases.iter().filter_map(raised)
    }
}

impl Case {
    const fn suspected(at_ms: u64) -> Self {
        Self {
            since_ms: at_ms,
            sign: Sign::Present,
            changed_ms: at_ms,
            raised_ms: None,
            rungs: 0,
        }
    }

    /// Whether the case goes on.
    fn advance(
        &mut self,
        symptom: &Symptom,
        patience: Patience,
        now_ms: u64,
        effects: &mut Vec<Effect>,
    ) -> bool {
        let since_ms = self.since_ms;
        if self.sign == Sign::Absent {
            let stands = now_ms < self.changed_ms.saturating_add(patience.clear_ms);
            if !stands && self.raised_ms.is_some() {
                effects.push(Effect::Cleared {
                    symptom: symptom.clone(),
                    since_ms,
                    until_ms: self.changed_ms,
                });
            }
            return stands;
        }
        if self.raised_ms.is_none() && now_ms >= self.raise_at(patience) {
            self.raised_ms = Some(self.raise_at(patience));
            effects.push(Effect::Raised {
                symptom: symptom.clone(),
                since_ms,
            });
        }
        while let Some(rung) = self.next_rung(symptom.trouble.rule().ladder)
            && now_ms >= self.due(rung)
        {
            self.rungs += 1;
            effects.push(Effect::Remedy {
                symptom: symptom.clone(),
                remedy: rung.remedy,
            });
        }
        true
    }

    fn deadline(&self, patience: Patience, ladder: &[Rung]) -> Option<u64> {
        match (self.sign, self.raised_ms) {
            (Sign::Absent, _) => Some(self.changed_ms.saturating_add(patience.clear_ms)),
            (Sign::Present, None) => Some(self.raise_at(patience)),
            (Sign::Present, Some(_)) => self.next_rung(ladder).map(|rung| self.due(rung)),
        }
    }

    /// Where the sign is back after a gap, the case is not raised before that.
    fn raise_at(&self, patience: Patience) -> u64 {
        let patient = self.since_ms.saturating_add(patience.raise_ms);
        patient.max(self.changed_ms)
    }

    fn next_rung<'l>(&self, ladder: &'l [Rung]) -> Option<&'l Rung> {
        self.raised_ms.and(ladder.get(self.rungs))
    }

    fn due(&self, rung: &Rung) -> u64 {
        let raised_ms = self.raised_ms.unwrap_or(u64::MAX);
        raised_ms.saturating_add(rung.after_ms)
    }
}

#[cfg(test)]
mod tests;
