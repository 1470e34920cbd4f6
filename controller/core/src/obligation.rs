//! Machine: one obligation that comes back by the calendar (Điều 7.9, 8.2, 11.2, 15, 17), folded from
//! its log. Its terms are written into the log when it begins, so that settings changed later change
//! later periods only, and the same log gives the same obligation after any crash.
//!
//! The hour of an incident (Điều 8.3b) has the same shape (a log, what it stands at, stages that are
//! fired once) and stays with the incident: its deadline moves with the evidence, and its stages follow
//! what became of the department's notice.

mod calendar;
mod open;
mod stage;

pub use calendar::{Day, Monthly, Shift, UnknownShift, WorkingDays};
pub use open::{Cluster, Known, MOST_AT_ONCE, Rhythm, Rule, Rules, Unfit};
pub use stage::{Call, Hearer, Stage, UnknownHearer, When, due};

use crate::ledger::Span;
use cotmoc_proto::time::{MINUTE, Millis};
use cotmoc_proto::{ClusterId, TimeMs};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What was done longer ago than this needs a second person when it is recorded.
pub const BACKDATED_MS: Millis = 5 * MINUTE;

/// What is owed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Content for the walls (Điều 11.2).
    Contribution,
    /// A periodic report (Điều 7.9, 15, 17).
    Report,
    /// A day of operation of a cluster (Điều 8.2, 13.3a).
    AirTime,
    /// A backup that was restored for trial (Điều 7.3).
    RestoreDrill,
    /// The logs read again and found whole.
    LogCheck,
    /// Anything else that comes back.
    Other,
}

/// Who owes it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Subject {
    /// An agency or unit, by the name that people know it by.
    Agency(String),
    Cluster(ClusterId),
}

/// How much fulfils it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Owed {
    /// So many deliveries.
    Deliveries { least: u32 },
    /// So long on air within the period.
    OnAir { quota_ms: Millis },
}

/// What holds for one period, whatever settings say later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Terms {
    /// Which rule it follows.
    pub rule: String,
    pub kind: Kind,
    pub subject: Subject,
    pub period: Span,
    /// From here on it is late.
    pub due_ms: TimeMs,
    pub owed: Owed,
    pub stages: Vec<Stage>,
}

/// One line of the log. Lines are added, never changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// When the controller wrote it, by its trusted clock.
    pub at_ms: TimeMs,
    pub what: What,
}

/// What began, was done, or became known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum What {
    Opened(Terms),
    Delivered(Delivery),
    /// One person records what was done long ago.
    Proposed(Delivery),
    /// Another person agrees that it was.
    Agreed {
        by: String,
    },
    /// The newest delivery was recorded by mistake.
    Withdrawn {
        by: String,
        reason: String,
    },
    /// What the on-air ledger says of the period.
    Measured(Measure),
    /// The notices of a stage were handed to the outbox.
    Fired {
        stage: String,
    },
}

/// Something that was delivered, and who says so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Delivery {
    /// When it was done; the entry says when it was recorded.
    pub done_ms: TimeMs,
    /// Number and sign of the document, or the title of the item.
    pub reference: String,
    pub by: String,
    /// The second person, where it is recorded later than [`BACKDATED_MS`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second: Option<String>,
}

/// What the on-air ledger says of a period, up to a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measure {
    pub until_ms: TimeMs,
    pub on_air_ms: Millis,
    /// What no record tells of.
    pub unknown_ms: Millis,
    /// When the quota was full.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub full_ms: Option<TimeMs>,
}

/// Where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    Running {
        due: TimeMs,
    },
    Satisfied {
        at: TimeMs,
    },
    /// Since it was due; `late` is when it was done after all.
    Breached {
        due: TimeMs,
        late: Option<TimeMs>,
    },
    /// It was due, and the records that would decide are not there.
    Undecided {
        due: TimeMs,
    },
}

/// Why an entry cannot be added.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("an obligation begins with its terms, and begins once")]
    Opening,
    #[error("this obligation is measured by the on-air ledger, not recorded by people")]
    Measured,
    #[error("this obligation is fulfilled by deliveries, not by the on-air ledger")]
    NotMeasured,
    #[error("it lies in the future")]
    Future,
    #[error("it lies before the period of this obligation")]
    BeforePeriod,
    #[error("say its number, its sign or its title")]
    NoReference,
    #[error("say why")]
    NoReason,
    #[error("what was done more than {} minutes ago is recorded by two different persons", BACKDATED_MS / MINUTE)]
    SecondPerson,
    #[error("nothing is recorded that could be withdrawn")]
    NothingRecorded,
    #[error("nobody has proposed a record")]
    NotProposed,
}

/// An obligation, as its log says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Obligation {
    terms: Terms,
    /// Each with the time at which it was recorded.
    deliveries: Vec<(TimeMs, Delivery)>,
    proposal: Option<Delivery>,
    measure: Option<Measure>,
    fired: BTreeMap<String, TimeMs>,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 6] = [
        Self::Contribution,
        Self::Report,
        Self::AirTime,
        Self::RestoreDrill,
        Self::LogCheck,
        Self::Other,
    ];

    /// The name in settings.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Contribution => "contribution",
            Self::Report => "report",
            Self::AirTime => "air-time",
            Self::RestoreDrill => "restore-drill",
            Self::LogCheck => "log-check",
            Self::Other => "other",
        }
    }

    /// The kind for people, in Vietnamese and in English.
    #[must_use]
    pub const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Contribution => ("cung cấp nội dung", "content contribution"),
            Self::Report => ("báo cáo định kỳ", "periodic report"),
            Self::AirTime => ("thời lượng phát sóng trong ngày", "time on air of the day"),
            Self::RestoreDrill => ("diễn tập khôi phục từ bản sao lưu", "restore drill"),
            Self::LogCheck => ("kiểm tra tính toàn vẹn của nhật ký", "log verification"),
            Self::Other => ("nghĩa vụ khác", "other obligation"),
        }
    }
}

impl std::str::FromStr for Kind {
    type Err = UnknownKind;
    fn from_str(text: &str) -> Result<Self, UnknownKind> {
        let found = Self::ALL.into_iter().find(|kind| kind.as_str() == text);
        found.ok_or_else(|| UnknownKind(text.to_owned()))
    }
}

/// A name that stands for no kind of obligation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no kind of obligation")]
pub struct UnknownKind(String);

impl std::fmt::Display for Subject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Agency(name) => f.write_str(name),
            Self::Cluster(cluster) => write!(f, "{cluster}"),
        }
    }
}

impl Obligation {
    /// Reads the whole log.
    ///
    /// # Errors
    /// [`Refused`] by the first entry that cannot follow those before it.
    pub fn replay(log: &[Entry]) -> Result<Self, Refused> {
        let (first, rest) = log.split_first().ok_or(Refused::Opening)?;
        let mut obligation = Self::open(first)?;
        for entry in rest {
            obligation.add(entry)?;
        }
        Ok(obligation)
    }

    /// Begins with the entry that holds its terms.
    ///
    /// # Errors
    /// [`Refused::Opening`] for any other entry.
    pub fn open(entry: &Entry) -> Result<Self, Refused> {
        let What::Opened(terms) = &entry.what else {
            return Err(Refused::Opening);
        };
        Ok(Self {
            terms: terms.clone(),
            deliveries: Vec::new(),
            proposal: None,
            measure: None,
            fired: BTreeMap::new(),
        })
    }

    /// Adds an entry.
    ///
    /// # Errors
    /// [`Refused`]; then nothing has changed.
    pub fn add(&mut self, entry: &Entry) -> Result<(), Refused> {
        let is_measured = matches!(self.terms.owed, Owed::OnAir { .. });
        match &entry.what {
            What::Opened(_) => return Err(Refused::Opening),
            What::Delivered(_)
            | What::Proposed(_)
            | What::Agreed { .. }
            | What::Withdrawn { .. }
                if is_measured =>
            {
                return Err(Refused::Measured);
            }
            What::Delivered(delivery) => self.deliver(delivery.clone(), entry.at_ms)?,
            What::Proposed(delivery) => {
                self.check(delivery, entry.at_ms)?;
                self.proposal = Some(delivery.clone());
            }
            What::Agreed { by } => {
                let proposal = self.proposal.clone().ok_or(Refused::NotProposed)?;
                let second = Some(by.clone());
                self.deliver(Delivery { second, ..proposal }, entry.at_ms)?;
            }
            What::Withdrawn { reason, .. } => self.withdraw(reason)?,
            What::Measured(_) if !is_measured => return Err(Refused::NotMeasured),
            What::Measured(measure) => self.measure = Some(*measure),
            What::Fired { stage } => {
                self.fired.entry(stage.clone()).or_insert(entry.at_ms);
            }
        }
        Ok(())
    }

    /// What holds for it.
    #[must_use]
    pub const fn terms(&self) -> &Terms {
        &self.terms
    }

    /// What was delivered, each with the time at which it was recorded.
    #[must_use]
    pub fn deliveries(&self) -> &[(TimeMs, Delivery)] {
        &self.deliveries
    }

    /// What one person has recorded and another has to agree to.
    #[must_use]
    pub const fn proposal(&self) -> Option<&Delivery> {
        self.proposal.as_ref()
    }

    /// What the ledger said last.
    #[must_use]
    pub const fn measure(&self) -> Option<&Measure> {
        self.measure.as_ref()
    }

    /// When the notices of `stage` were handed to the outbox.
    #[must_use]
    pub fn fired(&self, stage: &str) -> Option<TimeMs> {
        self.fired.get(stage).copied()
    }

    /// Where it stands at `now`. Done at the moment at which it was due is late.
    #[must_use]
    pub fn standing(&self, now: TimeMs) -> Standing {
        let due = self.terms.due_ms;
        match self.fulfilled() {
            Some(at) if at < due => Standing::Satisfied { at },
            Some(late) => Standing::Breached {
                due,
                late: Some(late),
            },
            None if now < due => Standing::Running { due },
            None if self.is_undecided() => Standing::Undecided { due },
            None => Standing::Breached { due, late: None },
        }
    }

    /// Whether nobody has to do anything about it any more.
    #[must_use]
    pub fn is_fulfilled(&self) -> bool {
        self.fulfilled().is_some()
    }

    /// When enough was done.
    fn fulfilled(&self) -> Option<TimeMs> {
        match self.terms.owed {
            // A day that reached its quota did so within its window.
            Owed::OnAir { .. } => self.measure?.full_ms,
            Owed::Deliveries { least } => {
                let mut done: Vec<TimeMs> =
                    self.deliveries.iter().map(|(_, d)| d.done_ms).collect();
                done.sort_unstable();
                let last = usize::try_from(least.max(1)).unwrap_or(usize::MAX) - 1;
                done.get(last).copied()
            }
        }
    }

    /// Whether what no record tells of could still make the quota.
    fn is_undecided(&self) -> bool {
        let Owed::OnAir { quota_ms } = self.terms.owed else {
            return false;
        };
        self.measure.is_none_or(|measure| {
            let untold = self.terms.due_ms.since(measure.until_ms).max(0);
            measure.on_air_ms + measure.unknown_ms + untold >= quota_ms
        })
    }

    fn deliver(&mut self, delivery: Delivery, recorded: TimeMs) -> Result<(), Refused> {
        self.check(&delivery, recorded)?;
        if delivery.is_backdated(recorded) && !delivery.has_second() {
            return Err(Refused::SecondPerson);
        }
        self.proposal = None;
        self.deliveries.push((recorded, delivery));
        Ok(())
    }

    fn check(&self, delivery: &Delivery, recorded: TimeMs) -> Result<(), Refused> {
        if delivery.reference.trim().is_empty() {
            return Err(Refused::NoReference);
        }
        if delivery.done_ms > recorded {
            return Err(Refused::Future);
        }
        if delivery.done_ms < self.terms.period.from_ms {
            return Err(Refused::BeforePeriod);
        }
        Ok(())
    }

    /// What waits for a second person goes first.
    fn withdraw(&mut self, reason: &str) -> Result<(), Refused> {
        if reason.trim().is_empty() {
            return Err(Refused::NoReason);
        }
        if self.proposal.take().is_none() {
            self.deliveries.pop().ok_or(Refused::NothingRecorded)?;
        }
        Ok(())
    }
}

impl Delivery {
    /// Whether so long has passed until it is recorded that two persons have to say so.
    #[must_use]
    pub fn is_backdated(&self, recorded: TimeMs) -> bool {
        recorded.since(self.done_ms) > BACKDATED_MS
    }

    fn has_second(&self) -> bool {
        self.second.as_ref().is_some_and(|second| {
            let (second, by) = (second.trim(), self.by.trim());
            !second.is_empty() && second != by
        })
    }
}
